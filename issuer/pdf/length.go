package pdf

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
)

// LengthError says which text does not fit in which place. It is an ErrTooLong.
type LengthError struct {
	Page  string // of the design, such as design.Wallet
	Field string // that is too long there, such as "course"
	Over  int    // about how many characters are too many; letters differ in width
}

func (e *LengthError) Error() string {
	return fmt.Sprintf("%v: on the page %s, {%s} has about %d characters too many", ErrTooLong, e.Page, e.Field, e.Over)
}

func (e *LengthError) Unwrap() error { return ErrTooLong }

// tooLong finds out how much of a cell's text is too much. Other errors than ErrTooLong stay as they are, and so do those of a text that
// is the design's own.
func (i *item) tooLong(err error, page string, c *cell, value func(string) string) error {
	var known *LengthError
	if !errors.Is(err, ErrTooLong) || errors.As(err, &known) {
		return err
	}
	field, length := "", 0
	for _, f := range c.fields {
		if n := utf8.RuneCountInString(value(f)); n > length {
			field, length = f, n
		}
	}
	if field == "" {
		return err
	}
	text := []rune(value(field))
	over := sort.Search(length, func(cut int) bool {
		shorter := strings.TrimSpace(string(text[:length-cut]))
		return i.tryCell(c, c.text.Fill(func(f string) string {
			if f == field {
				return shorter
			}
			return value(f)
		})) == nil
	})
	return &LengthError{Page: page, Field: field, Over: max(over, 1)}
}

// worst keeps for each field the place in which it is the most too long, in the order in which they came.
func worst(all []*LengthError) error {
	var out []error
	for n, one := range all {
		first := true
		for m, other := range all {
			if other.Field != one.Field || m == n {
				continue
			}
			if other.Over > one.Over || other.Over == one.Over && m < n {
				first = false
			}
		}
		if first {
			out = append(out, one)
		}
	}
	if len(out) == 1 {
		return out[0]
	}
	return errors.Join(out...)
}
