package web

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/web/phrase"
)

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
	Checked, Register     *moment
	Address               string // where to check the card again, for who has the page on paper; empty for none
	FormHeading           string
}

// field is one line of the card. What is printed in English beside a value in another language is there to be compared.
type field struct {
	Label, Value               string
	Kind                       string
	Own                        bool   // the value is the card's own text, in whatever language it was signed
	PrintedLabel, PrintedValue string // empty where they are the same as Label and Value, or not printed
}

// Fit is a class for a heading with a long word: on a narrow screen it gets smaller letters instead of a break in the word.
func (p verdictPage) Fit() string {
	longest := 0
	for _, word := range strings.Fields(p.Word) {
		longest = max(longest, utf8.RuneCountInString(word))
	}
	switch { // the narrowest screens have some 170 pixels beside the icon
	case longest > 13:
		return "longest"
	case longest > 10:
		return "longer"
	case longest > 7:
		return "long"
	}
	return ""
}

func (s *site) writeVerdict(ctx context.Context, w http.ResponseWriter, rd reader, status int, v verify.Verdict, a asked) error {
	known := s.known(ctx, v)
	p, err := s.verdictPage(rd, v, a, known)
	if err != nil {
		return err
	}
	if v.IsValid() { // about any other card the answer is never yes
		p.Choices = choicesOf(rd, known, v.Card, a.wanted.code)
		p.setJump(rd, v, a)
	}
	return writePage(w, rd, status, s.pages.verdict, p)
}

func (s *site) verdictPage(rd reader, v verify.Verdict, a asked, known []card.Requirement) (verdictPage, error) {
	p := verdictPage{frame: s.frame(rd, a.wanted, ""), FormHeading: rd.Form.Another, Tone: looks[v.Code].tone}
	p.setWords(rd, v, a)
	for _, c := range v.Reasons {
		if text := rd.Verdicts[string(c)].Message; text != "" {
			p.Also = append(p.Also, rd.Say(rd.Card.Also, "reason", text))
		}
	}
	if v.Code != verify.Malformed && v.Code != verify.RateLimited && v.Code != verify.Unavailable {
		if err := p.setTimes(rd, v); err != nil {
			return p, err
		}
	}
	if v.Card != nil {
		p.Address = s.Issuer.URL + "/n/" + v.Card.Number.String()
		if err := p.setCard(rd, s.english(), v, s.issuerName(v.Card.Issuer)); err != nil {
			return p, err
		}
	}
	if !rd.posted {
		p.Form.Alone = "?" + strings.TrimPrefix(rd.query(""), "?") // the same card, without the question
	}
	p.setNeed(rd, v, a, known)
	title := p.Word
	if p.Meets != "" {
		title += " · " + p.Meets
	}
	p.Title = title + " · " + rd.Frame.Check + p.Title
	return p, nil
}

// setWords says what the verdict means, and what to do. Where a number was typed there is more to say than of a scan.
func (p *verdictPage) setWords(rd reader, v verify.Verdict, a asked) {
	said := rd.Verdicts[string(v.Code)]
	p.Word, p.Message, p.Advice = said.Word, said.Message, said.Advice
	switch {
	case v.Code == verify.Malformed && a.byNumber:
		p.Word, p.Message, p.Advice = rd.Number.Mistyped, rd.Number.Shape, rd.Number.Retype
		if numberSlip(a.typed) {
			p.Message = rd.Number.Slip
		}
		p.Form.Problem = rd.Form.Compare
	case v.Code == verify.Valid && a.byNumber:
		// Nobody has seen the card itself: a forged one may carry this number.
		p.Message, p.Advice = rd.Number.Message, rd.Number.Advice
	case v.Specimen:
		p.Word, p.Message, p.Advice, p.FormHeading = rd.Specimen.Word, rd.Specimen.Message, rd.Specimen.Advice, rd.Form.Instead
	case v.Erased:
		p.Word, p.Message, p.Advice = rd.Erased.Word, rd.Erased.Message, rd.Erased.Advice
	case v.Code == verify.Malformed:
		p.FormHeading = rd.Form.Instead
	}
	if a.byNumber && (v.Code == verify.Malformed || v.Code == verify.NotFound) {
		p.FormHeading = rd.Form.Again
		if !isLong(a.typed) {
			p.Form.Value = a.typed
		}
	}
}

// setTimes says when the check was made, and as of when the register was asked.
func (p *verdictPage) setTimes(rd reader, v verify.Verdict) (err error) {
	sentence := rd.Card.Checked
	if v.StatusAsOf.Equal(v.CheckedAt) {
		sentence = rd.Card.CheckedWith
	} else if p.Register, err = rd.moment(rd.Card.Register, v.StatusAsOf); err != nil {
		return err
	}
	p.Checked, err = rd.moment(sentence, v.CheckedAt)
	return err
}

// setCard fills in the lines of the card. Some of them are in the register only, and are left out where it did not answer.
func (p *verdictPage) setCard(rd reader, printed *phrase.Language, v verify.Verdict, issuer string) error {
	c := v.Card
	p.Heading = rd.Card.Compare
	if v.Code != verify.Valid {
		p.Heading = rd.Card.Printed // it says "valid through" all the same
	}
	if v.Code == verify.Superseded && c.ReplacedBy != "" {
		if err := p.setNewer(rd, v); err != nil {
			return err
		}
	}
	p.Qualifies, p.Trained, p.QualifiesHeading = c.Qualification.Meets, c.Qualification.Trained, rd.qualifiesHeading(v.Code)
	p.Fields = fieldsOf(rd.Language, printed, c, issuer)
	return nil
}

// fieldsOf are the lines of a card for a reader of l, in the order of the card's front. Cards are printed in English: a label or a date that reads otherwise there
// has the printed form beside it.
func fieldsOf(l, printed *phrase.Language, c *card.Record, issuer string) (fields []field) {
	course := c.Course
	if c.Qualification.Title != "" {
		course = c.Qualification.Title + " (" + c.Course + ")"
	}
	through, until := validity(l, c.ExpiresOn)
	throughPrinted, untilPrinted := validity(printed, c.ExpiresOn)
	for _, f := range []field{
		{l.Card.Holder, c.Name, "name", true, "", ""},
		{l.Card.Course, course, "", true, "", ""},
		{l.Card.Level, c.Qualification.Level, "", true, "", ""},
		{through, until, "until", false, throughPrinted, untilPrinted},
		{l.Card.Completed, l.Date(c.Completed), "", false, printed.Card.Completed, printed.Date(c.Completed)},
		{l.Card.Issued, l.Date(c.IssuedOn), "", false, printed.Card.Issued, printed.Date(c.IssuedOn)},
		{l.Card.Teacher, strings.Trim(c.Instructor+" · "+c.InstructorID, " ·"), "", true, printed.Card.Teacher, ""}, // as on the card
		{l.Card.Number, c.Number.String(), "number", true, printed.Card.Number, ""},
		{l.Card.Issuer, issuer, "", true, "", ""},
	} {
		if f.PrintedLabel == f.Label {
			f.PrintedLabel = ""
		}
		if f.PrintedValue == f.Value {
			f.PrintedValue = ""
		}
		if f.Value != "" {
			fields = append(fields, f)
		}
	}
	return fields
}

// validity is the last valid day beside its label.
func validity(l *phrase.Language, d card.Date) (label, text string) {
	if d == card.NoExpiry {
		return l.Card.Validity, l.Card.NoExpiry
	}
	return l.Card.Through, l.Date(d)
}
