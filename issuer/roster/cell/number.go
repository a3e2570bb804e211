package cell

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

var fraction = regexp.MustCompile(`^([0-9]{1,6}(?:[.,][0-9]{1,6})?)\s*[/⁄∕]\s*([0-9]{1,6})$`)

var number = regexp.MustCompile(`^[0-9]{1,9}([.,][0-9]{1,15})?$`)

// Number reads a number that is not negative, with a decimal point or comma and no signs between the thousands; a per cent sign
// may follow. The text of a spreadsheet's own number has that form as well.
func Number(text string) (value float64, percent, ok bool) {
	text = strings.TrimFunc(text, unicode.IsSpace)
	if rest, is := strings.CutSuffix(text, "%"); is {
		text, percent = strings.TrimRightFunc(rest, unicode.IsSpace), true
	}
	if !number.MatchString(text) {
		return 0, false, false
	}
	value, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	return value, percent, err == nil
}

// Fraction reads a mark with what it is out of, such as "23 / 25": the mark is not above the whole, and the whole is not nothing.
func Fraction(text string) (part, whole float64, ok bool) {
	m := fraction.FindStringSubmatch(strings.TrimFunc(text, unicode.IsSpace))
	if m == nil {
		return 0, 0, false
	}
	part, _, _ = Number(m[1])
	whole, _, ok = Number(m[2])
	if !ok || whole == 0 || part > whole {
		return 0, 0, false
	}
	return part, whole, true
}
