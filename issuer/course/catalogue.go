package course

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/spelling"
)

// Catalogue is the checked list of a centre's courses, in the order of the configuration. Only New makes one.
type Catalogue struct {
	courses []Course
	byCode  map[string]int
	byName  map[string]int // folded code, title, or both in a row
}

// New checks a catalogue as a whole. The error is an *InvalidError about the first key that is wrong.
func New(courses []Course) (*Catalogue, error) {
	if len(courses) == 0 {
		return nil, &InvalidError{"courses", "is empty, and a roster needs at least one course"}
	}
	c := &Catalogue{courses: slices.Clone(courses), byCode: make(map[string]int, len(courses)), byName: make(map[string]int, 4*len(courses))}
	for i := range c.courses {
		if err := c.courses[i].validate(key(i, "")); err != nil {
			return nil, err
		}
	}
	for _, check := range []func() error{c.indexCodes, c.indexTitles, c.checkExtras, c.checkMeets, c.checkPrerequisites} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	c.indexBoth()
	return c, nil
}

// key is the path of a course's key, such as courses[2].pass.score.
func key(i int, of string) string { return fmt.Sprintf("courses[%d]%s", i, of) }

// indexCodes refuses codes that a roster could mean each other by: ALS-1 and ALS1 are one to Find.
func (c *Catalogue) indexCodes() error {
	for i := range c.courses {
		code := c.courses[i].Code
		if first, double := c.byCode[code]; double {
			return &InvalidError{key(i, ".code"), fmt.Sprintf("is %s, which %s has already", code, key(first, ""))}
		}
		if first, double := c.byName[fold(code)]; double {
			return &InvalidError{key(i, ".code"), fmt.Sprintf("is %s, which a roster can't tell from %s of %s", code, c.courses[first].Code, key(first, ""))}
		}
		c.byCode[code], c.byName[fold(code)] = i, i
	}
	return nil
}

func (c *Catalogue) indexTitles() error {
	for i := range c.courses {
		title := fold(c.courses[i].Title)
		if first, double := c.byName[title]; double && first != i {
			what := "title"
			if fold(c.courses[first].Code) == title {
				what = "code"
			}
			return &InvalidError{key(i, ".title"), fmt.Sprintf("is %q, which a roster can't tell from the %s of %s", c.courses[i].Title, what, key(first, ""))}
		}
		c.byName[title] = i
	}
	return nil
}

// indexBoth lets rosters write "BLS - Basic Life Support" and "Basic Life Support (BLS)". What would name two courses names none.
func (c *Catalogue) indexBoth() {
	both := make(map[string][]int, 2*len(c.courses))
	for i := range c.courses {
		code, title := fold(c.courses[i].Code), fold(c.courses[i].Title)
		both[code+title] = append(both[code+title], i)
		if title+code != code+title {
			both[title+code] = append(both[title+code], i)
		}
	}
	for name, of := range both {
		if _, taken := c.byName[name]; !taken && len(of) == 1 {
			c.byName[name] = of[0]
		}
	}
}

// Find returns the course of a code or a title, or of both in a row, in any case and with any spaces, hyphens and punctuation
// between the letters: "cpr aed" is CPR-AED. The course is the catalogue's own and may not be changed.
func (c *Catalogue) Find(text string) (*Course, bool) {
	i, ok := c.byCode[text]
	if !ok {
		i, ok = c.byName[fold(text)]
	}
	if !ok {
		return nil, false
	}
	return &c.courses[i], true
}

// Nearest is the code of the course that a text which Find does not know probably means, or nothing.
func (c *Catalogue) Nearest(text string) string {
	names := make([]string, 0, len(c.byName))
	for name := range c.byName {
		names = append(names, name)
	}
	if i, ok := c.byName[spelling.Nearest(fold(text), names)]; ok {
		return c.courses[i].Code
	}
	return ""
}

// fold is a code or a title for comparison: its letters, digits and symbols in NFC, without case. Symbols stay, because "BLS+" may
// be another course than BLS.
func fold(text string) string {
	kept := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.Is(unicode.Cf, r) { // Cf: soft hyphens and the like, which nobody sees
			return -1
		}
		return r
	}, norm.NFC.String(text))
	return norm.NFC.String(cases.Fold().String(kept)) // folding may leave NFC
}

// Courses returns the courses in the order of the configuration.
func (c *Catalogue) Courses() []Course { return slices.Clone(c.courses) }

// Codes returns the codes in the order of the configuration.
func (c *Catalogue) Codes() []string {
	codes := make([]string, len(c.courses))
	for i := range c.courses {
		codes[i] = c.courses[i].Code
	}
	return codes
}

// Titles returns the titles in the order of the configuration.
func (c *Catalogue) Titles() []string {
	titles := make([]string, len(c.courses))
	for i := range c.courses {
		titles[i] = c.courses[i].Title
	}
	return titles
}

// ExtraColumns returns the headings of all columns that pass rules name beside the roster's own, each once, in the order of the
// configuration.
func (c *Catalogue) ExtraColumns() []string {
	var columns []string
	for i := range c.courses {
		for _, extra := range c.courses[i].Pass.Extra {
			if !slices.Contains(columns, extra.Column) {
				columns = append(columns, extra.Column)
			}
		}
	}
	return columns
}

// Entries returns the courses as the register keeps them, in the order of the configuration.
func (c *Catalogue) Entries() ([]card.CatalogueEntry, error) {
	entries := make([]card.CatalogueEntry, len(c.courses))
	for i := range c.courses {
		one := &c.courses[i]
		entry, err := one.Entry()
		if err != nil {
			return nil, err
		}
		entries[i] = card.CatalogueEntry{Course: one.Code, Qualification: one.Qualification(), Entry: entry}
	}
	return entries, nil
}
