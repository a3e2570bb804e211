package post

import (
	"bytes"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify/web/phrase"
)

// texts are what mails say in one language.
type texts struct {
	Greeting       phrase.Sentence `yaml:"greeting"`
	GreetingNobody string          `yaml:"greeting_nobody"`
	Issued         opening         `yaml:"issued"`
	Replaced       opening         `yaml:"replaced"`
	Reminder       opening         `yaml:"reminder"`
	Links          opening         `yaml:"links"`
	Test           opening         `yaml:"test"`
	Attached       string          `yaml:"attached"`
	Open           string          `yaml:"open"`
	Link           string          `yaml:"link"`
	Private        string          `yaml:"private"`
	PrivateSeveral string          `yaml:"private_several"`
	Colon          string          `yaml:"colon"`
	Number         string          `yaml:"number"`
	Through        string          `yaml:"through"`
	Forever        string          `yaml:"forever"`
	Check          phrase.Sentence `yaml:"check"`
	Automatic      phrase.Sentence `yaml:"automatic"`
	Stop           phrase.Sentence `yaml:"stop"`
	StopHere       string          `yaml:"stop_here"`
	StopPage       struct {
		AskTitle        string          `yaml:"ask_title"`
		Title           string          `yaml:"title"`
		Ask             phrase.Sentence `yaml:"ask"`
		Button          string          `yaml:"button"`
		Done            phrase.Sentence `yaml:"done"`
		IncompleteTitle string          `yaml:"incomplete_title"`
		Incomplete      phrase.Sentence `yaml:"incomplete"`
	} `yaml:"stop_page"`
}

// opening is how a kind of mail begins.
type opening struct {
	Subject phrase.Sentence `yaml:"subject"`
	Lead    phrase.Sentence `yaml:"lead"`
	Ignore  string          `yaml:"ignore"`
}

func readTexts(files fs.FS, code string) (*texts, error) {
	raw, err := fs.ReadFile(files, "text/"+code+".yaml")
	if err != nil {
		return nil, err
	}
	t := new(texts)
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(t); err != nil {
		return nil, fmt.Errorf("mail/text/%s.yaml: %w", code, err)
	}
	return t, nil
}

func (t *texts) opening(k Kind) opening {
	switch k {
	case Replaced:
		return t.Replaced
	case Reminder:
		return t.Reminder
	case Links:
		return t.Links
	case Test:
		return t.Test
	}
	return t.Issued
}

// page is what the templates show.
type page struct {
	Code, Dir, Subject, Issuer, Primary, OnPrimary string
	Logo                                           bool
	Greeting, Lead, Attached, Open, LinkLead       string
	Links                                          []Link
	Private, Colon, NumberLabel, Number            string
	ThroughLabel, Through, Forever, Check, Ignore  string
	Automatic, Stop, StopLead, StopHere            string
}

func (w *Writer) page(l Letter) *page {
	lang := w.languages.Named(l.Language)
	if lang == nil {
		lang = w.languages.Named("en")
	}
	t := w.texts[lang.Code]
	name, course, issuer := cleanLine(l.Name, 80), cleanLine(l.Course, 80), cleanLine(w.brand.Issuer, 80)
	through := ""
	if !l.Through.IsZero() && l.Through != card.NoExpiry {
		through = lang.Date(l.Through)
	}
	say := func(s phrase.Sentence) string {
		return lang.Say(s, "name", name, "course", course, "issuer", issuer, "through", through, "address", w.brand.Check)
	}
	open := t.opening(l.Kind)
	p := &page{
		Code: lang.Code, Dir: lang.Dir, Subject: cleanLine(say(open.Subject), 150), Issuer: issuer, Primary: w.brand.Primary,
		OnPrimary: inkOn(w.brand.Primary), Logo: len(w.brand.Logo) > 0, Greeting: t.GreetingNobody, Lead: say(open.Lead), Open: t.Open,
		LinkLead: t.Link, Links: l.Links, Private: t.Private, Colon: t.Colon, Ignore: open.Ignore, Automatic: say(t.Automatic),
		Stop: l.Stop, StopLead: say(t.Stop), StopHere: t.StopHere,
	}
	if len(p.Links) > 1 {
		p.Private = t.PrivateSeveral
	}
	if name != "" {
		p.Greeting = say(t.Greeting)
	}
	for i := range p.Links {
		p.Links[i].Name = cleanLine(p.Links[i].Name, 80)
	}
	if len(l.PDF) > 0 {
		p.Attached = t.Attached
	}
	if l.Number == "" {
		return p
	}
	p.NumberLabel, p.Number, p.ThroughLabel, p.Through, p.Check = t.Number, l.Number.String(), t.Through, through, bare(say(t.Check), w.brand.Check)
	if through == "" {
		p.Forever = t.Forever
	}
	return p
}

// inkOn is black or white, whichever reads better on a colour (WCAG 2.2, relative luminance, without its gamma: near enough for two).
func inkOn(colour string) string {
	n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil || 299*(n>>16)+587*(n>>8&255)+114*(n&255) < 150_000 {
		return "#ffffff"
	}
	return "#111827"
}

// bare takes the marks of direction away that stand around an address in a text: a mail program would make the one behind it a part of the link.
// An address needs none, since its letters go in one direction.
func bare(text, address string) string {
	return strings.ReplaceAll(text, "\u2068"+address+"\u2069", address)
}

// StopState is what the page about reminders has to say.
type StopState int

// The states of the page about reminders.
const (
	StopAsked      StopState = iota // it asks whether to stop them
	StopDone                        // they are stopped
	StopIncomplete                  // the link stands for nobody, and nothing was stopped
)

// StopPage is what the page shows on which reminders are stopped. Said is empty where it asks.
type StopPage struct{ Code, Dir, Title, Ask, Button, Said, Primary, OnPrimary string }

// StopPage is the page in the language that suits an Accept-Language header.
func (w *Writer) StopPage(accept string, state StopState) StopPage {
	lang := w.languages.Accepted(accept)
	t := w.texts[lang.Code].StopPage
	issuer := cleanLine(w.brand.Issuer, 80)
	p := StopPage{
		Code: lang.Code, Dir: lang.Dir, Title: t.AskTitle, Ask: lang.Say(t.Ask, "issuer", issuer), Button: t.Button,
		Primary: w.brand.Primary, OnPrimary: inkOn(w.brand.Primary),
	}
	switch state {
	case StopDone:
		p.Title, p.Said = t.Title, lang.Say(t.Done, "issuer", issuer)
	case StopIncomplete:
		p.Title, p.Said = t.IncompleteTitle, lang.Say(t.Incomplete, "issuer", issuer)
	}
	return p
}
