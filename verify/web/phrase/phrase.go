// Package phrase is what the public pages say, in each language: one file for each, all with the same keys and the same
// placeholders. It knows no card and no verdict; it only says what it is told to say.
package phrase

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/bidi"

	"github.com/cardproof/cardproof/card"
)

// codes are the languages, the first of which is spoken to whoever names none of them. Each has its file text/CODE.yaml.
var codes = []string{"en", "de", "fr", "es", "pl", "ar"}

// Language is one language with all its texts. It is read-only.
type Language struct {
	Code string // BCP 47, such as "de"
	Texts
}

// Catalogue has every language of the pages. It is read-only, so that many may use it at once.
type Catalogue struct {
	Languages []*Language // in the order in which a reader is offered them
	matcher   language.Matcher
}

// Load reads text/*.yaml. The error names the first language that lacks a text, has one too many, or one with other
// placeholders than the English one.
func Load(pages fs.FS) (*Catalogue, error) {
	c := &Catalogue{}
	var tags []language.Tag
	for _, code := range codes {
		data, err := fs.ReadFile(pages, "text/"+code+".yaml")
		if err != nil {
			return nil, err
		}
		t, err := read(data)
		if err != nil {
			return nil, fmt.Errorf("text/%s.yaml: %w", code, err)
		}
		c.Languages = append(c.Languages, &Language{code, *t})
		if err := sameShape(&c.Languages[0].Texts, t); err != nil {
			return nil, fmt.Errorf("text/%s.yaml: %w", code, err)
		}
		tags = append(tags, language.Make(code))
	}
	if files, err := fs.Glob(pages, "text/*"); err != nil || len(files) != len(codes) {
		return nil, errors.Join(fmt.Errorf("%d files of texts for %d languages", len(files), len(codes)), err)
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

// Named is the language of a code, or nil.
func (c *Catalogue) Named(code string) *Language {
	for _, l := range c.Languages {
		if l.Code == code {
			return l
		}
	}
	return nil
}

// maxAccept is how long a header may be that is read, in bytes: no browser sends so much, and to read it takes time.
const maxAccept = 1000

// Accepted is the language that suits the header Accept-Language best (RFC 9110, section 12.5.4): English where it names none
// of ours or can't be read. The matching is that of golang.org/x/text/language, so Swiss German is German.
func (c *Catalogue) Accepted(header string) *Language {
	if len(header) > maxAccept {
		return c.Languages[0]
	}
	wanted, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return c.Languages[0]
	}
	_, i, _ := c.matcher.Match(wanted...)
	return c.Languages[i]
}

// Say puts values into the places of a sentence: the pairs are a placeholder's name and its value. Values are isolated; one that
// is made of isolated parts is left as it is.
func (l *Language) Say(s Sentence, pairs ...string) string {
	values := make([]string, len(pairs))
	for i := 0; i < len(pairs); i += 2 {
		values[i], values[i+1] = "{"+pairs[i]+"}", pairs[i+1]
		if !strings.ContainsRune(values[i+1], isolate) {
			values[i+1] = l.Isolate(values[i+1])
		}
	}
	return strings.NewReplacer(values...).Replace(string(s)) // one pass: what a value has in braces stays as it is
}

// Two characters of the bidirectional algorithm (Unicode Standard Annex 9).
const (
	isolate    = '\u2068' // FSI: what follows has the direction of its own first letter
	endIsolate = '\u2069' // PDI
)

// Isolate keeps a value that may run in another direction than the language from moving its neighbours, and them from moving it.
func (l *Language) Isolate(value string) string {
	if value == "" || l.Dir == "ltr" && !hasRightToLeft(value) {
		return value
	}
	return string(isolate) + value + string(endIsolate)
}

func hasRightToLeft(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		p, _ := bidi.LookupRune(r)
		return p.Class() == bidi.R || p.Class() == bidi.AL
	})
}

// Date is the day with the month as a word. The digits are Western in every language, because those are printed on the card.
func (l *Language) Date(d card.Date) string {
	if d.IsZero() {
		return ""
	}
	day := strconv.Itoa(d.Day)
	if d.Day == 1 {
		day = l.FirstDay
	}
	return strings.NewReplacer("{day}", day, "{month}", l.Months[d.Month-1], "{year}", strconv.Itoa(d.Year)).Replace(string(l.DateForm))
}

// List is several words as one text: A; A and B; A, B and C.
func (l *Language) List(words []string) string {
	if len(words) == 0 {
		return ""
	}
	text := l.Isolate(words[0])
	for i, w := range words[1:] {
		form := l.ListMore
		if i == len(words)-2 {
			form = l.ListLast
		}
		text = strings.NewReplacer("{list}", text, "{next}", l.Isolate(w)).Replace(string(form))
	}
	return text
}
