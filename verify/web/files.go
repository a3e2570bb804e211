package web

import (
	"fmt"
	"net/http"

	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/document"
)

// uploadWords are all words around the field for files.
type uploadWords struct{ Heading, Label, Hint, Button string }

var uploadText = uploadWords{
	Heading: "Check a file",
	Label:   "PDF or photograph",
	Hint:    "Also several files, a scan of many cards, or a ZIP file; 20 MB together. Files are checked and forgotten: nothing of them is kept.",
	Button:  "Check the files",
}

// uploadForm is the field in which a person gives files.
type uploadForm struct {
	Text    uploadWords
	Need    string // the requirement that the cards are asked about, too; empty for none
	Problem string
}

// filesWords are all other words of the page about files.
type filesWords struct {
	Title, Lead, Heading, HeadingOne, AllGood, NotAllGood, ResultsHeading, Link, NoCard, FileWord, NotChecked, Page, Differs, NoFile string
}

var filesText = filesWords{
	Title:          "File check",
	Lead:           "Every card in your files is checked, and each gets its own answer.",
	Heading:        "%d answers",
	HeadingOne:     "1 answer",
	AllGood:        "All cards are valid. Compare every line with the cards in front of you, and the names with photo IDs.",
	NotAllGood:     "Not everything here can be accepted: %d of %d can. Look at each of the others.",
	ResultsHeading: "Each card",
	Link:           "The whole answer",
	NoCard:         "NO CARD FOUND",
	FileWord:       "DO NOT RELY ON THE FILE",
	NotChecked:     "NOT CHECKED",
	Page:           "%s, page %d",
	Differs:        "Its %s reads “%s”; signed was “%s”.",
	NoFile:         "Choose a file first.",
}

// filesPage is the page about files; without results it is the form alone.
type filesPage struct {
	frame
	Text             filesWords
	Heading, Summary string
	Results          []fileLine
	Upload           uploadForm
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
	want := wantedIn(r.URL.RawQuery)
	p := filesPage{frame: s.frame(uploadText.Heading + " · " + s.Issuer.Name), Text: filesText, Upload: uploadForm{Text: uploadText, Need: want.code}}
	status := http.StatusOK
	if want.bad {
		status, p.Upload.Problem = http.StatusBadRequest, badNeed
	}
	return writePage(w, status, s.pages.files, p)
}

// checkFilesForm answers a person about files, in a list. Where not everything could be checked the status is 503, as the API's.
func (s *site) checkFilesForm(w http.ResponseWriter, r *http.Request) error {
	all, status, err := s.check(w, r, readForm)
	if e := httpd.AsError(err); err != nil && e.Status < http.StatusInternalServerError && e.Status != http.StatusTooManyRequests {
		problem := e.Detail
		if e == errNoFile {
			problem = filesText.NoFile
		}
		return writePage(w, e.Status, s.pages.files, filesPage{
			frame: s.frame(uploadText.Heading + " · " + s.Issuer.Name), Text: filesText, Upload: uploadForm{Text: uploadText, Problem: problem},
		})
	}
	if err != nil {
		return err
	}
	p := filesPage{frame: s.frame(filesText.Title + " · " + s.Issuer.Name), Text: filesText, Upload: uploadForm{Text: uploadText}}
	good := 0
	for _, c := range all {
		line := c.line()
		if line.good {
			good++
		}
		p.Results = append(p.Results, line)
	}
	p.Heading, p.Summary = fmt.Sprintf(filesText.Heading, len(all)), filesText.AllGood
	if len(all) == 1 {
		p.Heading = filesText.HeadingOne
	}
	if good < len(all) {
		p.Summary = fmt.Sprintf(filesText.NotAllGood, good, len(all))
	}
	return writePage(w, status, s.pages.files, p)
}

// line is an answer for a person. It is green only where card, file and requirement are all right.
func (c checked) line() fileLine {
	look := looks[c.verdict.Code]
	l := fileLine{Tone: look.tone, Word: look.word, Message: c.answer.Message, Where: c.answer.Input}
	if c.answer.Page > 0 {
		l.Where = fmt.Sprintf(filesText.Page, c.answer.Input, c.answer.Page)
	}
	if v := c.answer.Card; v != nil {
		l.Holder, l.Card = v.Name, v.Course.Title+" ("+v.Course.Code+"), "+v.Number
		if raw, err := token.FromPath(c.Input.Token); err == nil {
			l.Link = "/c/" + token.Digits(raw)
		}
	}
	switch meets, file := c.answer.Meets, c.answer.File; {
	case c.Problem != nil && c.verdict.Code == verify.Unavailable:
		l.Word = filesText.NotChecked
	case c.Problem != nil:
		l.Word = filesText.NoCard
	case c.verdict.IsValid() && file != nil && !file.Reliable:
		l.Tone, l.Word, l.Message = fileTone(file.State), filesText.FileWord, file.Message
	case c.verdict.IsValid() && meets != nil && !meets.Answer:
		l.Tone, l.Message = amber, meets.Because
		l.Word = "NOT " + meets.Need
		if meets.Code != verify.NeedNotMet {
			l.Tone, l.Word = grey, noAnswer
		}
	case c.verdict.IsValid():
		l.good = true
		if meets != nil {
			l.Meets, l.Message = "Meets "+meets.Need, meets.Because
		}
		if file != nil && file.State != document.Intact {
			l.Message += " " + file.Message
		}
	}
	if c.answer.File != nil {
		for _, d := range c.answer.File.Differences {
			l.Differences = append(l.Differences, fmt.Sprintf(filesText.Differs, d.Line, d.Printed, d.Signed))
		}
	}
	return l
}

// fileTone is how bad it is that a file is not to be relied on.
func fileTone(s document.State) tone {
	switch s {
	case document.Altered, document.Contradict, document.Changed, document.Foreign:
		return red
	}
	return amber
}
