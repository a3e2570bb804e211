package course

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cardproof/cardproof/card"
)

// Catalogue is the checked list of a centre's courses, in the order of the configuration. Only New makes one.
type Catalogue struct {
	courses []Course
	byCode  map[string]int
}

// InvalidError says which key of the catalogue is wrong.
type InvalidError struct {
	Key    string // such as courses[2].pass.score
	Reason string // reads on after the key
}

func (e *InvalidError) Error() string { return e.Key + " " + e.Reason }

// MaxMonths bounds a card's validity: ten years.
const MaxMonths = 120

// maxTextRunes bounds what is printed of a course beside its code.
const maxTextRunes = 60

var requirement = regexp.MustCompile(`^[A-Z0-9-]{1,16}$`)

// New checks a catalogue as a whole. The error is an *InvalidError about the first key that is wrong.
func New(courses []Course) (*Catalogue, error) {
	if len(courses) == 0 {
		return nil, &InvalidError{"courses", "is empty, and a roster needs at least one course"}
	}
	c := &Catalogue{courses: slices.Clone(courses), byCode: make(map[string]int, len(courses))}
	for i, one := range courses {
		if err := one.validate(fmt.Sprintf("courses[%d]", i)); err != nil {
			return nil, err
		}
		if first, double := c.byCode[one.Code]; double {
			return nil, &InvalidError{fmt.Sprintf("courses[%d].code", i),
				fmt.Sprintf("is %s, which courses[%d] has already", one.Code, first)}
		}
		c.byCode[one.Code] = i
	}
	return c, nil
}

// Find returns the course of a code, in any case and with spaces around it.
func (c *Catalogue) Find(code string) (Course, bool) {
	i, ok := c.byCode[strings.ToUpper(strings.TrimSpace(code))]
	if !ok {
		return Course{}, false
	}
	return c.courses[i], true
}

// Courses returns the courses in the order of the configuration.
func (c *Catalogue) Courses() []Course { return slices.Clone(c.courses) }

// Codes returns the codes in the order of the configuration.
func (c *Catalogue) Codes() []string {
	codes := make([]string, len(c.courses))
	for i, one := range c.courses {
		codes[i] = one.Code
	}
	return codes
}

func (c Course) validate(key string) error {
	if !card.IsCourseCode(c.Code) {
		return &InvalidError{key + ".code", fmt.Sprintf("is %q; a code is 1 to 16 of A-Z, 0-9 and the hyphen", c.Code)}
	}
	if strings.TrimSpace(c.Title) == "" {
		return &InvalidError{key + ".title", "is empty, but it is printed on the card"}
	}
	for _, text := range []struct{ key, value string }{{".title", c.Title}, {".level", c.Level}} {
		if !isPrintable(text.value) {
			return &InvalidError{key + text.key,
				fmt.Sprintf("has to be one line of at most %d characters without spaces around it", maxTextRunes)}
		}
	}
	if err := c.validateMeets(key + ".meets"); err != nil {
		return err
	}
	if c.Validity.Months < 1 || c.Validity.Months > MaxMonths {
		return &InvalidError{key + ".validity.months", fmt.Sprintf("is %d; it has to be from 1 to %d", c.Validity.Months, MaxMonths)}
	}
	if c.Validity.Until != UntilDay && c.Validity.Until != UntilEndOfMonth {
		return &InvalidError{key + ".validity.until", fmt.Sprintf("is %q; it has to be %s or %s", c.Validity.Until, UntilDay, UntilEndOfMonth)}
	}
	return c.Pass.validate(key + ".pass")
}

func (c Course) validateMeets(key string) error {
	for i, m := range c.Meets {
		if !requirement.MatchString(m) {
			return &InvalidError{fmt.Sprintf("%s[%d]", key, i), fmt.Sprintf("is %q; a requirement is 1 to 16 of A-Z, 0-9 and the hyphen", m)}
		}
		if slices.Contains(c.Meets[:i], m) {
			return &InvalidError{fmt.Sprintf("%s[%d]", key, i), "says " + m + " a second time"}
		}
	}
	if !slices.Contains(c.Meets, c.Code) {
		return &InvalidError{key, "does not name the course's own code " + c.Code}
	}
	return nil
}

func (p Pass) validate(key string) error {
	for _, mark := range []struct {
		key   string
		value float64
	}{{".score", p.Score}, {".attendance", p.Attendance}} {
		if !(mark.value >= 0 && mark.value <= 100) { // so put, NaN is refused too
			return &InvalidError{key + mark.key, fmt.Sprintf("is %v; it has to be from 0 to 100", mark.value)}
		}
	}
	return nil
}

func isPrintable(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxTextRunes && strings.TrimSpace(s) == s &&
		strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}
