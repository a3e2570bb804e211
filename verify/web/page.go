package web

import (
	"context"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/verify"
)

// pageSet is every page, parsed at the start.
type pageSet struct{ home, verdict, notice, files *template.Template }

func parsePages(pages fs.FS) (*pageSet, error) {
	frame, err := template.New("frame.html").Option("missingkey=error").ParseFS(pages, "frame.html", "parts.html", "upload.html")
	if err != nil {
		return nil, err
	}
	set := &pageSet{}
	for name, page := range map[string]**template.Template{
		"home.html": &set.home, "verdict.html": &set.verdict, "notice.html": &set.notice, "files.html": &set.files,
	} {
		t, err := frame.Clone()
		if err != nil {
			return nil, err
		}
		if *page, err = t.ParseFS(pages, name); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// frame is what every page has around its own content.
type frame struct {
	Title       string
	Index       bool // whether search engines may list the page
	Style, Icon string
	Issuer      Issuer
	Contact     string
	Version     string
}

func (s *site) frame(title string) frame {
	return frame{
		Title:   title,
		Style:   s.assetURL("site.css"),
		Icon:    s.assetURL("icon.svg"),
		Issuer:  s.Issuer,
		Contact: s.Contact,
		Version: s.Version,
	}
}

// form is the one field in which a person asks about a card.
type form struct {
	Value   string
	Problem string // what was wrong with the value; empty for nothing
	Need    string // the requirement that the next card is asked about, too; empty for none
	Alone   string // where to ask without it; empty for the home page
}

type homePage struct {
	frame
	Form   form
	Upload uploadForm
	Tones  []toneLine
}

// toneLine explains one colour of the answers.
type toneLine struct {
	Tone       tone
	Word, Says string
}

var toneLines = []toneLine{
	{green, "Valid", "Genuine, and in force today."},
	{amber, "Not this one", "Genuine, but suspended, replaced, not in force yet, or not what you need."},
	{red, "Do not accept", "Expired, withdrawn, altered or forged."},
	{grey, "No answer", "Mistyped, not found, not checked, or no answer to what you need."},
}

type noticePage struct {
	frame
	Heading, Text string
	Form          form
}

type verdictPage struct {
	frame
	Word, Message, Advice string
	Tone                  tone
	Also                  []string // the other things that hold, in words
	Newer                 *newer
	Heading               string // over the fields
	Fields                []field
	Meets                 string // beside the word, such as: Meets BLS
	Answer                string // why the card meets what it is needed for, or does not
	Jump                  *jump
	QualifiesHeading      string
	Qualifies             []string
	Trained               string
	Choices               []choice
	CheckedAt, StatusAsOf *moment
	FormHeading           string
	Form                  form
}

// field is one line of the card.
type field struct{ Label, Value, Kind string }

// moment is a time for people and for programs.
type moment struct{ Words, RFC3339 string }

func momentOf(t time.Time) *moment {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &moment{card.DateOf(t).Words() + ", " + t.Format("15:04:05") + " UTC", t.Format(time.RFC3339)}
}

func (s *site) writeHome(w http.ResponseWriter, status int, f form) error {
	p := homePage{s.frame("Check a certification card · " + s.Issuer.Name), f, uploadForm{Text: uploadText, Need: f.Need}, toneLines}
	p.Index = status == http.StatusOK
	return writePage(w, status, s.pages.home, p)
}

// writeNotice is the page for a request that is about no card.
func (s *site) writeNotice(w http.ResponseWriter, e *httpd.Error) error {
	heading, text := http.StatusText(e.Status), e.Detail
	switch e.Status {
	case http.StatusNotFound:
		heading, text = "This page does not exist", "You can check a card here."
	case http.StatusMethodNotAllowed:
		heading, text = "This page can’t be asked in this way", "You can check a card here."
	case http.StatusInternalServerError:
		heading = "Something went wrong"
	}
	return writePage(w, e.Status, s.pages.notice, noticePage{s.frame(heading + " · " + s.Issuer.Name), heading, text, form{}})
}

func (s *site) writeVerdict(ctx context.Context, w http.ResponseWriter, status int, v verify.Verdict, a asked) error {
	known := s.known(ctx, v)
	p := s.verdictPage(v, a, known)
	if v.IsValid() { // about any other card the answer is never yes
		p.Choices = choicesOf(known, v.Card, a.wanted.code)
		p.setJump(v, a)
	}
	return writePage(w, status, s.pages.verdict, p)
}

func (s *site) verdictPage(v verify.Verdict, a asked, known []card.Requirement) verdictPage {
	look, message := looks[v.Code], v.Message()
	p := verdictPage{FormHeading: "Check another card"}
	switch {
	case v.Code == verify.Malformed && a.byNumber:
		look, message = mistyped, shapeMessage
		if numberSlip(a.typed) {
			message = slipMessage
		}
		p.Form.Problem = "Compare it with the number on the card."
	case v.Code == verify.Valid && a.byNumber:
		// Nobody has seen the card itself: a forged one may carry this number.
		message, look.advice = byNumberMessage, byNumberAdvice
	case v.Specimen:
		look, p.FormHeading = specimen, "Type the card number"
	case v.Code == verify.Malformed:
		message, p.FormHeading = scanMessage, "Type the card number"
	}
	if a.byNumber && (v.Code == verify.Malformed || v.Code == verify.NotFound) {
		p.FormHeading = "Type the number again"
		if !isLong(a.typed) {
			p.Form.Value = a.typed
		}
	}
	p.Word, p.Tone, p.Advice, p.Message = look.word, look.tone, look.advice, message
	for _, c := range v.Reasons {
		if text := c.Message(); text != "" {
			p.Also = append(p.Also, text)
		}
	}
	if v.Code != verify.Malformed && v.Code != verify.RateLimited && v.Code != verify.Unavailable {
		p.CheckedAt, p.StatusAsOf = momentOf(v.CheckedAt), momentOf(v.StatusAsOf)
	}
	if v.Card != nil {
		p.setCard(v, s.issuerName(v.Card.Issuer))
	}
	p.setNeed(v, a, known)
	title := p.Word
	if p.Meets != "" {
		title += " · " + p.Meets
	}
	p.frame = s.frame(title + " · Card check · " + s.Issuer.Name)
	return p
}

// setCard fills in the lines of the card. Some of them are in the register only, and are left out where it did not answer.
func (p *verdictPage) setCard(v verify.Verdict, issuer string) {
	c := v.Card
	p.Heading = "Compare with the card in front of you"
	if v.Code != verify.Valid {
		p.Heading = "What is printed on the card" // it says "valid through" all the same
	}
	if v.Code == verify.Superseded && c.ReplacedBy != "" {
		p.setNewer(v)
	}
	course := c.Course
	if c.Qualification.Title != "" {
		course = c.Qualification.Title + " (" + c.Course + ")"
	}
	p.Qualifies, p.Trained, p.QualifiesHeading = c.Qualification.Meets, c.Qualification.Trained, qualifiesHeading(v.Code)
	validity, until := c.ExpiresOn.Validity()
	instructor := strings.Trim(c.Instructor+" · "+c.InstructorID, " ·") // as on the card
	for _, f := range []field{
		{"Holder", c.Name, "name"},
		{"Course", course, ""},
		{"Level", c.Qualification.Level, ""},
		{"Issued", c.IssuedOn.Words(), ""},
		{validity, until, "until"},
		{"Card number", c.Number.String(), "number"},
		{"Instructor", instructor, ""},
		{"Issued by", issuer, ""},
	} {
		if f.Value != "" {
			p.Fields = append(p.Fields, f)
		}
	}
}

func writePage(w http.ResponseWriter, status int, t *template.Template, data any) error {
	return httpd.Write(w, status, "text/html; charset=utf-8", func(b io.Writer) error { return t.Execute(b, data) })
}
