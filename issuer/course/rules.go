package course

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cardproof/cardproof/card"
)

// InvalidError says which key of the catalogue is wrong.
type InvalidError struct {
	Key    string // such as courses[2].pass.score
	Reason string // reads on after the key
}

func (e *InvalidError) Error() string { return e.Key + " " + e.Reason }

// The limits of a course.
const (
	MaxMonths       = 120 // of a card's validity: ten years
	MaxTrainedRunes = 120 // of Trained: one sentence that still fits on a page of a phone

	maxTextRunes    = 60 // of title, level and column headings
	maxExperience   = 600
	maxParticipants = 100
	maxHours        = 2000
	maxDays         = 366
	maxCredits      = 1000
	maxExtraMark    = 1e6
)

// rosterColumns are the columns that every roster may have. A pass rule of its own on one of them would be asked beside the
// rule that the column stands for. The list is held against the roster's own by a test there.
var rosterColumns = []string{"name", "first_name", "middle_name", "name_prefix", "last_name", "second_last_name", "name_suffix", "email", "course",
	"completed", "attendance", "score", "skills", "scenario", "passed", "instructor", "instructor_id", "class", "prior_card", "experience_months", "learner_id", "language", "problem"}

// validate checks what can be seen of the course alone; the key is its own path.
func (c *Course) validate(key string) error {
	if !card.IsCourseCode(c.Code) || fold(c.Code) == "" {
		return &InvalidError{key + ".code", fmt.Sprintf("is %q; a code is 1 to 16 of A-Z, 0-9 and the hyphen", c.Code)}
	}
	if fold(c.Title) == "" {
		return &InvalidError{key + ".title", "is empty or has no letter, but it is printed on the card"}
	}
	for _, text := range []struct {
		key, value string
		most       int
	}{{".title", c.Title, maxTextRunes}, {".level", c.Level, maxTextRunes}, {".trained", c.Trained, MaxTrainedRunes}} {
		if !isPrintable(text.value, text.most) {
			return &InvalidError{key + text.key, notPrintable(text.most)}
		}
	}
	for _, check := range []error{
		c.validateMeets(key + ".meets"),
		c.Validity.validate(key + ".validity"),
		c.Pass.validate(key + ".pass"),
		inRange(key+".experience_months", float64(c.ExperienceMonths), maxExperience),
		inRange(key+".participants_per_instructor", float64(c.ParticipantsPerInstructor), maxParticipants),
		inRange(key+".hours", c.Hours, maxHours),
		inRange(key+".days", float64(c.Days), maxDays),
		inRange(key+".credits", c.Credits, maxCredits),
	} {
		if check != nil {
			return check
		}
	}
	if c.Days > 0 && c.Hours > 24*float64(c.Days) {
		return &InvalidError{key + ".hours", fmt.Sprintf("is %v, more than %d days have", c.Hours, c.Days)}
	}
	return nil
}

func (c *Course) validateMeets(key string) error {
	for i, m := range c.Meets {
		if !card.IsCourseCode(m) {
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

func (v Validity) validate(key string) error {
	switch v.Until {
	case UntilNone:
		if v.Months != 0 {
			return &InvalidError{key + ".months", fmt.Sprintf("is %d, but with until: %s the card does not expire; leave months out", v.Months, UntilNone)}
		}
	case UntilDay, UntilEndOfMonth:
		if v.Months < 1 || v.Months > MaxMonths {
			return &InvalidError{key + ".months", fmt.Sprintf("is %d; it has to be from 1 to %d", v.Months, MaxMonths)}
		}
	default:
		return &InvalidError{key + ".until", fmt.Sprintf("is %q; it has to be %s, %s or %s", v.Until, UntilDay, UntilEndOfMonth, UntilNone)}
	}
	return nil
}

func (p Pass) validate(key string) error {
	if err := inRange(key+".score", p.Score, 100); err != nil {
		return err
	}
	if err := inRange(key+".attendance", p.Attendance, 100); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, extra := range p.Extra {
		key := fmt.Sprintf("%s.extra[%d]", key, i)
		if err := extra.validate(key); err != nil {
			return err
		}
		if seen[fold(extra.Column)] {
			return &InvalidError{key + ".column", fmt.Sprintf("says %q a second time", extra.Column)}
		}
		seen[fold(extra.Column)] = true
	}
	return nil
}

func (x Extra) validate(key string) error {
	column := fold(x.Column)
	if column == "" {
		return &InvalidError{key + ".column", "is empty or has no letter, but it is the heading that a roster has"}
	}
	if !isPrintable(x.Column, maxTextRunes) {
		return &InvalidError{key + ".column", notPrintable(maxTextRunes)}
	}
	if i := slices.IndexFunc(rosterColumns, func(name string) bool { return fold(name) == column }); i >= 0 {
		return &InvalidError{key + ".column", fmt.Sprintf("is %q, but %s is a column that every roster may have", x.Column, rosterColumns[i])}
	}
	if !(x.AtLeast >= 0 && x.AtLeast <= maxExtraMark) { // so put, NaN is refused too
		return &InvalidError{key + ".at_least", fmt.Sprintf("is %v; it has to be more than 0 and at most %d", x.AtLeast, int(maxExtraMark))}
	}
	if (x.AtLeast > 0) == x.Passed {
		return &InvalidError{key, "has to ask for one of the two: at_least, a number above 0, or passed: true"}
	}
	return nil
}

func notPrintable(most int) string {
	return fmt.Sprintf("has to be one line of at most %d characters without spaces around it", most)
}

func inRange(key string, value, most float64) error {
	if value >= 0 && value <= most { // never so of NaN
		return nil
	}
	return &InvalidError{key, fmt.Sprintf("is %v; it has to be from 0 to %v", value, most)}
}

// isPrintable says whether a text can be printed on one line of so many runes; it may be empty.
func isPrintable(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && strings.TrimSpace(s) == s &&
		strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}
