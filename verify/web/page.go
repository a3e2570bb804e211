package web

import (
	"html/template"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/verify/web/phrase"
)

// pageSet is every page, parsed at the start.
type pageSet struct {
	frame                        *template.Template // what stands around each; never executed, so that it can be cloned
	home, verdict, notice, files *template.Template
}

func parsePages(pages fs.FS) (set *pageSet, err error) {
	set = &pageSet{}
	if set.frame, err = template.New("frame.html").Option("missingkey=error").ParseFS(pages, "frame.html", "parts.html", "upload.html"); err != nil {
		return nil, err
	}
	for name, page := range map[string]**template.Template{
		"home.html": &set.home, "verdict.html": &set.verdict, "notice.html": &set.notice, "files.html": &set.files,
	} {
		if *page, err = set.parse(pages, name); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// parse reads a page that stands within the frame.
func (s *pageSet) parse(pages fs.FS, name string) (*template.Template, error) {
	t, err := s.frame.Clone()
	if err != nil {
		return nil, err
	}
	return t.ParseFS(pages, name)
}

// loadTexts reads what the pages say, once for a program, and checks that no verdict is without words.
var loadTexts = sync.OnceValues(func() (*phrase.Catalogue, error) {
	texts, err := phrase.Load(assets.Pages())
	if err != nil {
		return nil, err
	}
	for _, l := range texts.Languages {
		if err := checkTexts(l); err != nil {
			return nil, err
		}
	}
	return texts, nil
})

// frame is what every page has around its own content.
type frame struct {
	T           *phrase.Language
	Title       string
	Index       bool // whether search engines may list the page
	Style, Icon string
	Home        string // the address of the home page
	Switch      []switchLink
	Issuer      Issuer
	Contact     string
	Ask, Made   string
	Form        form
}

func (s *site) frame(rd reader, w wanted, title string) frame {
	return frame{
		T:       rd.Language,
		Title:   title + " · " + s.Issuer.Name,
		Style:   s.assetURL("site.css"),
		Icon:    s.assetURL("icon.svg"),
		Home:    "/" + rd.query(""),
		Switch:  s.switchOf(rd, w),
		Issuer:  s.Issuer,
		Contact: s.Contact,
		Ask:     rd.Say(rd.Frame.Ask, "issuer", s.Issuer.Name),
		Made:    rd.Say(rd.Frame.Made, "program", strings.TrimSpace("Cardproof "+s.Version)),
		Form:    rd.form(w, "/"+rd.query("")),
	}
}

// form is the one field in which a person asks about a card.
type form struct {
	phrase.Form
	Value   string
	Problem string // what was wrong with the value; empty for nothing
	Need    string // the requirement that the next card is asked about, too; empty for none
	Now     string // in words: what is asked for now
	Alone   string // where to ask without it
	Lang    string // empty where the browser says it by itself
}

func (rd reader) form(w wanted, alone string) form {
	f := form{Form: rd.Form, Need: w.code, Alone: alone, Lang: rd.lang()}
	if w.code != "" {
		f.Now = rd.Say(rd.Form.Asking, "need", w.code)
	}
	return f
}

type homePage struct {
	frame
	Issued string // the first point of what a check proves
	Upload uploadForm
	Tones  []toneLine
	// Where learners ask for the links to their cards, and what is said about it; empty where they can't.
	OwnText, OwnLink string
}

// toneLine explains one colour of the answers, with the words that come in it.
type toneLine struct {
	Tone       tone
	Word, Says string
	Words      []string
}

func (rd reader) toneLines() (lines []toneLine) {
	for _, t := range tones {
		line := toneLine{Tone: t, Word: rd.Home.Tones[string(t)].Word, Says: rd.Home.Tones[string(t)].Says}
		for _, code := range slices.Sorted(maps.Keys(looks)) {
			if word := rd.Verdicts[string(code)].Word; looks[code].tone == t && !slices.Contains(line.Words, word) {
				line.Words = append(line.Words, word)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// request is the number of a request within a sentence.
type request struct {
	phrase.Sides
	ID string
}

type noticePage struct {
	frame
	phrase.Notice
	Request *request // by which the issuer finds it in the log; nil where nobody has to
}

func (s *site) writeHome(w http.ResponseWriter, rd reader, status int, want wanted, problem string) error {
	p := homePage{
		frame: s.frame(rd, want, rd.Home.Title), Issued: rd.Say(rd.Home.Proves.Issued, "issuer", s.Issuer.Name), Upload: rd.upload(want), Tones: rd.toneLines(),
	}
	if s.Find != "" {
		p.OwnText, p.OwnLink = rd.Say(rd.Home.Own.Text, "issuer", s.Issuer.Name), s.Find+rd.query("")
	}
	p.Index, p.Form.Problem = status == http.StatusOK, problem
	return writePage(w, rd, status, s.pages.home, p)
}

// writeNotice is the page for a request that is about no card. Its words are those for the status: what an error says in detail is
// for programs, in English.
func (s *site) writeNotice(w http.ResponseWriter, r *http.Request, status int) error {
	rd := s.readerOf(r)
	notice, ok := rd.Notices[strconv.Itoa(status)]
	if !ok {
		notice = rd.Notices["other"]
	}
	p := noticePage{frame: s.frame(rd, wanted{}, notice.Heading), Notice: notice}
	if id := httpd.RequestID(r.Context()); id != "" && status >= http.StatusInternalServerError {
		sides, err := rd.Frame.Request.Around("request")
		if err != nil {
			return err
		}
		p.Request = &request{sides, id}
	}
	return writePage(w, rd, status, s.pages.notice, p)
}

func writePage(w http.ResponseWriter, rd reader, status int, t *template.Template, data any) error {
	w.Header().Set("Content-Language", rd.Code)
	w.Header().Set("Vary", vary)
	return httpd.Write(w, status, "text/html; charset=utf-8", func(b io.Writer) error { return t.Execute(b, data) })
}

// vary names what of a request an answer depends on, beside its address.
const vary = "Accept, Accept-Language"
