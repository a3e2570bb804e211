package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/document"
	"github.com/cardproof/cardproof/verify/intake"
	"github.com/cardproof/cardproof/verify/web/phrase"
)

// uploadForm is the field in which a person gives files.
type uploadForm struct {
	phrase.Files
	Need    string // the requirement that the cards are asked about, too; empty for none
	Lang    string // empty where the browser says it by itself
	Problem string
}

func (rd reader) upload(w wanted) uploadForm {
	return uploadForm{Files: rd.Files, Need: w.code, Lang: rd.lang()}
}

// filesPage is the page about files; without results it is the form alone.
type filesPage struct {
	frame
	Count, Summary string
	Passed         string // the files that were passed over, in a sentence; empty for none
	Results        []fileLine
	Upload         uploadForm
}

// fileLine is one answer of the list.
type fileLine struct {
	Tone         tone
	Word, Meets  string
	Holder, Card string
	Message      string
	Differences  []string
	Where        string
	Link         string
	good         bool
}

func (s *site) filesForm(w http.ResponseWriter, r *http.Request) error {
	rd, want := s.readerOf(r), wantedIn(r.URL.RawQuery)
	p := filesPage{frame: s.frame(rd, want, rd.Files.Title), Upload: rd.upload(want)}
	status := http.StatusOK
	if want.bad {
		status, p.Upload.Problem = http.StatusBadRequest, rd.Form.BadNeed
	}
	return writePage(w, rd, status, s.pages.files, p)
}

// checkFilesForm answers a person about files, in a list. Where not everything could be checked the status is 503, as the API's.
func (s *site) checkFilesForm(w http.ResponseWriter, r *http.Request) error {
	f, all, status, err := s.check(w, r, readForm)
	rd := s.readerOf(r)
	if chosen := s.texts.Named(f.lang); chosen != nil {
		rd.Language, rd.chosen = chosen, true
	}
	if e := httpd.AsError(err); err != nil && e.Status < http.StatusInternalServerError && e.Status != http.StatusTooManyRequests {
		p := filesPage{frame: s.frame(rd, f.want, rd.Files.Title), Upload: rd.upload(f.want)}
		p.Upload.Problem = rd.fileProblem(e, f.want)
		return writePage(w, rd, e.Status, s.pages.files, p)
	}
	if err != nil {
		return err
	}
	p := filesPage{frame: s.frame(rd, wanted{}, rd.Files.Title), Upload: rd.upload(wanted{})}
	good := 0
	for _, c := range all {
		line := rd.fileLine(c, f.want)
		if line.good {
			good++
		}
		p.Results = append(p.Results, line)
	}
	p.Count, p.Summary = rd.Say(rd.Files.Count, "count", strconv.Itoa(len(all))), rd.Files.AllGood
	if good < len(all) {
		p.Summary = rd.Say(rd.Files.NotAllGood, "good", strconv.Itoa(good), "all", strconv.Itoa(len(all)))
	}
	if passed := f.batch.Passed; len(passed) > 0 {
		p.Passed = rd.Say(rd.Files.Passed, "files", "\u2068"+strings.Join(passed, "\u2069, \u2068")+"\u2069") // each name in its own direction
	}
	return writePage(w, rd, status, s.pages.files, p)
}

// fileProblem is why files were not checked at all.
func (rd reader) fileProblem(e *httpd.Error, want wanted) string {
	switch {
	case e == errNoFile:
		return rd.Files.None
	case want.bad:
		return rd.Form.BadNeed
	case e.Status == http.StatusRequestEntityTooLarge:
		return rd.Files.TooLarge
	}
	return rd.Files.Unreadable
}

// fileLine is an answer for a person. It is green only where card, file and requirement are all right.
func (rd reader) fileLine(c checked, want wanted) fileLine {
	v, said := c.verdict, rd.Verdicts[string(c.verdict.Code)]
	l := fileLine{Tone: looks[v.Code].tone, Word: said.Word, Message: said.Message, Where: c.answer.Input}
	if c.answer.Page > 0 {
		l.Where = rd.Say(rd.Files.Page, "file", c.answer.Input, "page", strconv.Itoa(c.answer.Page))
	}
	if v.Card != nil {
		title := v.Card.Qualification.Title
		if title == "" {
			title = v.Card.Course
		}
		l.Holder, l.Card = v.Card.Name, fmt.Sprintf("%s (%s), %s", title, v.Card.Course, v.Card.Number)
		if raw, err := token.FromPath(c.Input.Token); err == nil {
			l.Link = "/c/" + token.Digits(raw) + rd.query(want.code)
		}
	}
	switch file := c.answer.File; {
	case c.Problem != nil:
		l.Word, l.Message = rd.Files.NoCard, rd.Files.Problems[string(intake.KindOf(c.Problem))]
		switch {
		case v.Code == verify.Unavailable, intake.KindOf(c.Problem) == intake.Incomplete:
			l.Word = rd.Files.NotChecked
		case errors.Is(c.Problem, intake.ErrTwofold):
			l.Tone, l.Word = amber, rd.Files.DoNotRely
		}
	case v.Specimen:
		l.Word, l.Message = rd.Specimen.Word, rd.Specimen.Message
	case v.Erased:
		l.Word, l.Message = rd.Erased.Word, rd.Erased.Message
	case v.IsValid() && file != nil && !file.Reliable:
		l.Tone, l.Word, l.Message = fileTone(file.State), rd.Files.DoNotRely, rd.fileState(c.File)
	case v.IsValid():
		rd.judgeNeed(&l, c, want)
	}
	if c.File != nil {
		for _, d := range c.File.Differences {
			l.Differences = append(l.Differences, rd.Say(rd.Files.Differs, "line", rd.lineName(d.Line), "printed", "“"+d.Printed+"”", "signed", "“"+d.Signed+"”"))
		}
	}
	return l
}

// judgeNeed finishes the line of a valid card in a file that can be relied on.
func (rd reader) judgeNeed(l *fileLine, c checked, want wanted) {
	if want.asked() && c.need.Answer {
		l.Meets, l.Message = rd.Say(rd.Need.Meets, "need", c.need.Code), rd.because(c.verdict, c.need)
	}
	if want.asked() && !c.need.Answer {
		l.Tone, l.Word, l.Message = amber, rd.Say(rd.Need.Not, "need", c.need.Code), rd.because(c.verdict, c.need)
		if c.need.Unknown || c.need.Strange {
			l.Tone, l.Word = grey, rd.Need.NoAnswer
		}
		return
	}
	l.good = true
	if c.File != nil && c.File.State != document.Intact {
		l.Message += " " + rd.fileState(c.File)
	}
}

// fileState is what is to be said of a file, in the reader's words.
func (rd reader) fileState(f *document.File) string {
	if f.State == document.Unchecked && errors.Is(f.Why, document.ErrCompare) {
		return rd.Files.States["uncompared"]
	}
	return rd.Files.States[string(f.State)]
}

// lineName is a line of a card that a file prints in other words, by the label that the page has for it.
func (rd reader) lineName(line string) string {
	label, ok := map[string]string{
		"holder": rd.Card.Holder, "card number": rd.Card.Number, "course": rd.Card.Course, "issued": rd.Card.Issued,
		"completed": rd.Card.Completed, "valid through": rd.Card.Through,
	}[line]
	if !ok {
		return line
	}
	return label
}

// fileTone is how bad it is that a file is not to be relied on.
func fileTone(s document.State) tone {
	switch s {
	case document.Altered, document.Contradict, document.Changed, document.Foreign:
		return red
	}
	return amber
}
