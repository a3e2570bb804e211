package document

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/cardproof/cardproof/card"
)

// Difference is a line on which a file prints something else than was signed.
type Difference struct {
	Page    int    // from 1; 0 where the file does not tell the page
	Line    string // what is printed there, in a word or two: "holder", "card number", "course", "issued", "completed", "valid through"
	Printed string // at most 60 characters, all of which can be printed
	Signed  string
}

// Compare holds what a file prints against its cards: signed has an entry for each of Cards, nil where nobody vouches for it, and centre
// is the name of the issuer. It looks at the text of the pages with a card's code and of those that look like a card's, as far as the file
// gives its text. Codes, links and the address that is printed to check a card at have to lead to one of the origins or to the issuer of their
// card; without origins that is not asked.
//
// What is surely another line makes the file Altered. What can't be found, read or seen, or is more than was signed, makes a file without a
// seal Unchecked: a program that printed it anew may have lost or added it. So it is if other programs may see other pages in it. A file that
// is Intact is Doubtful with another line: the centre's own programs seal none.
func (f *File) Compare(signed []*card.Record, centre string, origins ...string) {
	if len(signed) != len(f.Cards) {
		return
	}
	c := comparison{}
	vouched := !slices.Contains(signed, nil) // else a worse verdict speaks for the file
	for _, p := range f.pages {
		var cards []*card.Record
		for _, i := range p.cards {
			cards = append(cards, signed[i])
		}
		switch {
		case len(cards) > 0 && !slices.Contains(cards, nil):
			c.page(p, cards, centre)
			c.leads(p, cards, origins)
		case len(cards) == 0 && vouched && c.stray(p, signed, centre):
			c.leads(p, signed, origins)
		}
	}
	if len(f.Blank) > 0 && f.State == Unsealed { // of a scan, nobody says that more than its QR was checked
		c.doubt(printedPage{number: f.Blank[0]}, "it is a picture, or drawn without text, and has no QR code that can be read")
	}
	if len(origins) > 0 {
		c.follow(f.links, signed, origins)
	}
	if f.State == Intact {
		c.differences = slices.DeleteFunc(c.differences, f.isOwnDesign)
	}
	f.Differences = c.differences
	plain := f.State == Unsealed || f.State == Pictured
	switch {
	case len(c.differences) > 0 && f.State == Intact:
		f.State, f.Signer, f.At, f.Why = Doubtful, "", time.Time{}, fmt.Errorf("%w: it is sealed, and prints something else than was signed", ErrCompare)
	case len(c.differences) > 0 && f.State != Contradict && f.State != Foreign:
		f.State = Altered
	case len(c.elsewhere) > 0 && plain:
		f.State, f.Why = Unchecked, fmt.Errorf("%w: %w: %s", ErrCompare, ErrElsewhere, c.elsewhere[0])
	case f.twofold != nil && plain:
		f.State, f.Why = Unchecked, fmt.Errorf("%w: %w", ErrCompare, f.twofold)
	case len(c.doubts) > 0 && plain:
		f.State, f.Why = Unchecked, fmt.Errorf("%w: %s", ErrCompare, c.doubts[0])
	}
}

// isOwnDesign says whether a difference in a sealed file may be the way of a design of the centre's own, with other words in other places.
// What no design can leave out is proved of every file before it is released: name, number and last day.
func (f *File) isOwnDesign(d Difference) bool {
	return !slices.Contains([]string{"holder", "card number", "valid through"}, d.Line) ||
		slices.ContainsFunc(f.pages, func(p printedPage) bool { return p.holds(fold(d.Signed)) })
}

// ErrCompare says that a person has to compare the lines. ErrElsewhere says that a code, a link or a printed address does not lead to the issuer.
var (
	ErrCompare   = errors.New("compare")
	ErrElsewhere = errors.New("a code, a link or an address in it does not lead to the issuer")
)

// comparison collects what was found.
type comparison struct {
	differences []Difference
	doubts      []string
	elsewhere   []string
}

func (c *comparison) doubt(p printedPage, format string, args ...any) {
	where := fmt.Sprintf("page %d: ", p.number)
	if p.number == 0 {
		where = ""
	}
	c.doubts = append(c.doubts, where+fmt.Sprintf(format, args...))
}

func (c *comparison) differ(p printedPage, line, printed, signed string) {
	c.differences = append(c.differences, Difference{p.number, line, clean(printed), signed})
}

// page compares one page with its cards. With several on it, it can't be told what belongs to which: then it is asked no more than
// whether all of it is there, and nothing else.
func (c *comparison) page(p printedPage, cards []*card.Record, centre string) {
	if len(p.lines) == 0 {
		c.doubt(p, "it has no text that could be compared")
		return
	}
	if p.veiled {
		c.doubt(p, "some of its text can't be seen, or something lies over it")
	}
	if p.covered {
		c.doubt(p, "something lies over its QR code")
	}
	p.mark(cards, centre)
	known := slices.Concat(phrases, []string{fold(centre)})
	for _, r := range cards {
		known = append(known, fold(r.Name), fold(r.Qualification.Title), fold(r.Qualification.Level), fold(r.Course+r.Qualification.Level), fold(r.Instructor))
	}
	for _, r := range cards {
		c.holder(p, r, known, len(cards) == 1)
		c.course(p, r, known, len(cards) == 1)
	}
	c.numbers(p, cards)
	c.days(p, cards)
	c.extras(p, cards, centre)
}

// holder compares the name. What stands in its place is the line above the course.
func (c *comparison) holder(p printedPage, r *card.Record, known []string, alone bool) {
	from, to := p.find(nameKey(r.Name), nameKey)
	if from >= 0 {
		for _, i := range []int{from - 1, to} {
			if i < from && (!alone || i < 1) {
				continue // it is the centre's, under whatever name it was then
			}
			if i < len(p.lines) && looksLikeName(p.lines[i]) && !isKnown(p.lines[i], known) {
				c.doubt(p, "“%s” stands beside the holder's name", clean(p.lines[i]))
				return
			}
		}
		if larger := p.larger(from, to, known); larger >= 0 {
			c.doubt(p, "“%s” is printed larger than the holder's name", clean(p.lines[larger]))
		}
		return
	}
	if place := p.place(r); alone && place >= 0 && !isKnown(p.lines[place], known) && !p.garbled() && isAnother(p.lines[place], r.Name) && !p.holds(fold(r.Name)) {
		c.differ(p, "holder", p.lines[place], r.Name)
		return
	}
	c.doubt(p, "the holder's name is not found on a line of its own")
}

// place is the line where a name stands in the designs that come with Cardproof, or -1.
func (p printedPage) place(r *card.Record) int {
	below := slices.IndexFunc(p.lines, func(line string) bool { return fold(line) == afterName })
	if below < 0 {
		below, _ = p.find(fold(r.Qualification.Title), fold)
	}
	if below < 1 || strings.ContainsFunc(p.lines[below-1], unicode.IsDigit) {
		return -1
	}
	return below - 1
}

func (p printedPage) garbled() bool { return slices.ContainsFunc(p.lines, isGarbled) }

// isKnown says whether a line is, or begins or ends, something that the card says.
func isKnown(line string, known []string) bool {
	folded := fold(line)
	return folded == "" || slices.ContainsFunc(known, func(text string) bool { return strings.HasPrefix(text, folded) || strings.HasSuffix(text, folded) })
}

// course compares the title and the code. What stands in the title's place is the line below the name, where the line below that has
// the code.
func (c *comparison) course(p printedPage, r *card.Record, known []string, alone bool) {
	title := fold(r.Qualification.Title)
	if from, to := p.find(title, fold); from >= 0 {
		switch {
		case to >= len(p.lines):
		case looksLikeName(p.lines[to]) && !isKnown(p.lines[to], known):
			c.doubt(p, "“%s” stands below the course", clean(p.lines[to]))
		case strings.Contains(p.lines[to], "·") && !isKnown(p.lines[to], known) && fold(p.lines[to]) != fold(r.Course+r.Qualification.Level):
			c.doubt(p, "code and level of the course are not those of the card")
		}
		return
	}
	place := p.placeOfCourse(r)
	if alone && place >= 0 && !isKnown(p.lines[place], known) && !p.garbled() && !p.holds(title) && isAnother(p.lines[place], r.Qualification.Title) {
		c.differ(p, "course", p.lines[place], r.Qualification.Title)
		return
	}
	c.doubt(p, "the course is not found on a line of its own")
}

// placeOfCourse is the line where the title of a course stands in the designs that come with Cardproof, or -1.
func (p printedPage) placeOfCourse(r *card.Record) int {
	for i := 1; i < len(p.lines); i++ {
		before, _, dotted := strings.Cut(p.lines[i], "·")
		if fold(before) == fold(r.Course) && (dotted || r.Qualification.Level == "") {
			return i - 1
		}
	}
	_, to := p.find(nameKey(r.Name), nameKey)
	if to > 0 && to+1 < len(p.lines) && fold(p.lines[to]) == afterName {
		return to + 1
	}
	return -1
}

// numbers compares the numbers of all cards of a page.
func (c *comparison) numbers(p printedPage, cards []*card.Record) {
	printed := p.numbers()
	var strange []string
	for _, n := range printed {
		if !slices.ContainsFunc(cards, func(r *card.Record) bool { return r.Number == n }) {
			strange = append(strange, n.String())
		}
	}
	value, labelled := p.behind(labelsOfNumber)
	for _, r := range cards {
		found := slices.Contains(printed, r.Number)
		switch {
		case !found && len(cards) == 1 && len(strange) > 0:
			c.differ(p, "card number", strange[0], r.Number.String())
			return
		case !found && len(cards) == 1 && labelled && cardForm.MatchString(dashes.Replace(value)) && !p.holds(fold(r.Number.String())):
			c.differ(p, "card number", value, r.Number.String())
			return
		case !found && !p.holds(fold(r.Number.String())):
			c.doubt(p, "the card number is not found")
			return
		}
	}
	if len(strange) > 0 {
		c.doubt(p, "it also prints the card number %s", strange[0])
	}
}

// day is one of the days that a page prints of a card.
type day struct {
	line   string
	labels []string
	needed bool // whether every page with a code has it
	of     func(*card.Record) string
}

var days = []day{
	{"valid through", labelsOfExpiry, true, func(r *card.Record) string { _, text := r.ExpiresOn.Validity(); return text }},
	{"issued", labelsOfIssue, false, func(r *card.Record) string { return r.IssuedOn.Words() }},
	{"completed", labelsOfCompleted, false, func(r *card.Record) string { return r.Completed.Words() }},
}

// days compares the days of all cards of a page: each that is there, what stands behind its label, and that there is no other.
func (c *comparison) days(p printedPage, cards []*card.Record) {
	var signed []string
	said := ""
	for _, r := range cards {
		q := r.Qualification
		said += fold(r.Name + q.Title + q.Level + q.Trained)
		for _, d := range days {
			signed = append(signed, fold(d.of(r)))
		}
	}
	printed := p.dates()
	before := len(c.differences)
	for _, d := range days {
		value, labelled := p.behind(d.labels)
		want := d.of(cards[0])
		if labelled && len(cards) == 1 && want != "" && saysDay(value) && !slices.ContainsFunc(signed, func(s string) bool { return s != "" && strings.Contains(fold(value), s) }) {
			c.differ(p, d.line, value, want)
			continue
		}
		for _, r := range cards {
			if want := fold(d.of(r)); want != "" && !slices.Contains(printed, want) && (d.needed || labelled) {
				c.doubt(p, "the day of “%s” is not found", d.line)
			}
		}
	}
	if len(c.differences) > before {
		return
	}
	for _, one := range printed {
		if !slices.Contains(signed, one) && !strings.Contains(said, one) {
			c.doubt(p, "it also prints a day that is none of the card's")
			return
		}
	}
}

// saysDay says whether a text behind a label is a day in any form, or that there is none.
func saysDay(value string) bool {
	return !cardForm.MatchString(dashes.Replace(value)) && (yearForm.MatchString(value) || fold(value) == fold(noExpiry))
}

// clean makes a stranger's text fit to be shown: one line, no control characters, at most 60 characters.
func clean(s string) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return '\ufffd'
		}
		return r
	}, strings.TrimSpace(s)))
	if len(runes) > 60 {
		runes = append(runes[:57], []rune("...")...)
	}
	return string(runes)
}
