// Package cell reads the cells of a roster: days, numbers, words for passed, and what a text shows of the way it came.
//
// It reads what can mean one thing only. What may mean two is told as such, so that a person decides.
package cell

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/roster/fold"
)

// DateOrder is the order of day, month and year where a date in figures leaves it open.
type DateOrder string

// The orders. AnyOrder takes only dates that can mean one day.
const (
	AnyOrder DateOrder = ""
	DMY      DateOrder = "dmy"
	MDY      DateOrder = "mdy"
	YMD      DateOrder = "ymd"
)

// DateProblem is one of the ways in which a text is no day. Each reads on after "the date ".
type DateProblem string

// The problems of a date.
const (
	NoDate        DateProblem = "is no day of the calendar"
	NoDateAtAll   DateProblem = "is a text, and no date"
	NoYear        DateProblem = "has no year"
	AmbiguousDate DateProblem = "may mean two days"
	ShortYear     DateProblem = "has a year of two figures"
	SerialNumber  DateProblem = "is a number of days as spreadsheets count them"
	OtherOrder    DateProblem = "is not in the order that was said"
	OtherWeekday  DateProblem = "falls on another day of the week"
)

func (p DateProblem) Error() string { return string(p) }

// The years that a roster can mean; a year outside of them is a slip.
const firstYear, lastYear = 1900, 2199

var (
	timeOfDay = regexp.MustCompile(`^(.*[^ ,T])(?:,? |T)([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]{1,9})?)?( ?[AaPp]\.?[Mm]\.?)?$`)
	figures   = regexp.MustCompile(`^([0-9]{1,4})([./-]) ?([0-9]{1,2})([./-]) ?([0-9]{1,4})\.?(?: ?r\.?)?$`)
	// 10.11. and 10/11; a point between them may as well be a decimal one, so there has to be one at the end.
	dayAndMonth = regexp.MustCompile(`^[0-9]{1,2}(\.[0-9]{1,2}\.|[/-][0-9]{1,2})$`)
	compact     = regexp.MustCompile(`^([0-9]{4})([0-9]{2})([0-9]{2})$`)
	serial      = regexp.MustCompile(`^[0-9]{5}([.,][0-9]+)?$`)
)

// Date reads a day: 2026-11-07 and the like with the year first, 7.11.2026 with the day first, a month as a word or an
// abbreviation in English, German, French, Spanish or Polish, a Roman numeral for the month, and 7/11/2026 where the figures or
// the order leave one reading. A time of day behind it is dropped. The error is a DateProblem.
func Date(text string, order DateOrder) (card.Date, error) {
	if len(text) == len(time.DateOnly) && text[4] == '-' { // nearly every cell of a large roster
		if day, err := card.ParseDate(text); err == nil {
			return inRange(day)
		}
	}
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 60 {
		return card.Date{}, NoDate
	}
	if m := timeOfDay.FindStringSubmatch(text); m != nil {
		text = m[1]
	}
	rest, weekday := cutWeekday(text)
	found, err := dateIn(rest, order)
	if err == nil && weekday >= 0 && weekday != weekdayOf(found) {
		return card.Date{}, OtherWeekday
	}
	return found, err
}

// dateIn reads a day without a time of day and without a day of the week.
func dateIn(text string, order DateOrder) (card.Date, error) {
	if m := compact.FindStringSubmatch(text); m != nil {
		return day(m[1], m[2], m[3])
	}
	if serial.MatchString(text) {
		return card.Date{}, SerialNumber
	}
	if m := figures.FindStringSubmatch(text); m != nil && m[2] == m[4] {
		return inFigures(m[1], m[3], m[5], m[2], order)
	}
	return inWords(text, order)
}

// inFigures reads three figures with a separator between them.
func inFigures(a, b, c, separator string, order DateOrder) (card.Date, error) {
	switch {
	case len(a) == 4 && len(c) <= 2:
		return day(a, b, c)
	case len(a) > 2:
		return card.Date{}, NoDate
	case len(c) == 4 && order == YMD:
		return card.Date{}, OtherOrder
	case len(c) == 4:
		return yearLast(a, b, c, separator, order)
	case len(c) > 2:
		return card.Date{}, NoDate
	}
	return shortYear(a, b, c, order)
}

// yearLast reads figures of which the last is the year. Dots mean that the day comes first, unless it was said otherwise.
func yearLast(a, b, year, separator string, order DateOrder) (card.Date, error) {
	first, second := atoi(a), atoi(b)
	if separator == "." && order == AnyOrder {
		order = DMY
	}
	dayFirst, monthFirst := second <= 12, first <= 12
	switch {
	case !dayFirst && !monthFirst:
		return card.Date{}, NoDate
	case order == DMY && !dayFirst, order == MDY && !monthFirst:
		if separator == "." && order == DMY {
			return card.Date{}, NoDate
		}
		return card.Date{}, OtherOrder
	case order == MDY && separator == "." && dayFirst && first != second: // two conventions that contradict each other
		return card.Date{}, AmbiguousDate
	case order == DMY, order == AnyOrder && !monthFirst, first == second:
		return day(year, b, a)
	case order == MDY, order == AnyOrder && !dayFirst:
		return day(year, a, b)
	}
	return card.Date{}, AmbiguousDate
}

func shortYear(a, b, c string, order DateOrder) (card.Date, error) {
	place := map[DateOrder][3]string{DMY: {c, b, a}, MDY: {c, a, b}, YMD: {a, b, c}}
	parts, ok := place[order]
	if !ok {
		return card.Date{}, ShortYear
	}
	if len(parts[0]) != 2 {
		return card.Date{}, NoDate
	}
	found, err := day("20"+parts[0], parts[1], parts[2])
	if err != nil {
		return card.Date{}, OtherOrder
	}
	return found, nil
}

// inWords reads a day whose month is a word.
func inWords(text string, order DateOrder) (card.Date, error) {
	tokens, ok := tokensOf(text)
	place := slices.IndexFunc(tokens, func(t token) bool { return t.month != 0 })
	switch {
	case ok && isDayAndMonth(tokens), dayAndMonth.MatchString(text), isWeekdayAndDay(text):
		return card.Date{}, NoYear
	case place < 0 && !strings.ContainsFunc(text, unicode.IsDigit):
		return card.Date{}, NoDateAtAll
	case !ok || len(tokens) != 3:
		return card.Date{}, NoDate
	}
	if place < 0 || place == 2 || (place == 0 && tokens[0].roman) {
		return card.Date{}, NoDate
	}
	numbers := append(tokens[:place:place], tokens[place+1:]...)
	if numbers[0].month != 0 || numbers[1].month != 0 {
		return card.Date{}, NoDate
	}
	first, second, month := numbers[0].text, numbers[1].text, tokens[place].figures()
	switch {
	case len(first) == 4 && len(second) <= 2 && place == 1:
		return day(first, month, second)
	case len(second) == 4 && len(first) <= 2:
		return day(second, month, first)
	case len(first) > 2 || len(second) > 2:
		return card.Date{}, NoDate
	case order == YMD && place == 1 && len(first) == 2:
		return day("20"+first, month, second)
	case (order == DMY && place == 1 || order == MDY && place == 0) && len(second) == 2:
		return day("20"+second, month, first)
	}
	return card.Date{}, ShortYear
}

// isDayAndMonth says whether a text has a month as a word and a day of it, and nothing more.
func isDayAndMonth(tokens []token) bool {
	if len(tokens) != 2 || (tokens[0].month != 0) == (tokens[1].month != 0) {
		return false
	}
	dayOfMonth := tokens[0]
	if dayOfMonth.month != 0 {
		dayOfMonth = tokens[1]
	}
	return !tokens[0].roman && len(dayOfMonth.text) <= 2 && atoi(dayOfMonth.text) >= 1 && atoi(dayOfMonth.text) <= 31
}

// isWeekdayAndDay says so of a text with an abbreviated day of the week before it.
func isWeekdayAndDay(text string) bool {
	first, after, _ := strings.Cut(text, " ")
	_, isWeekday := shortDays[fold.Key(first)]
	tokens, ok := tokensOf(after)
	return isWeekday && ok && isDayAndMonth(tokens)
}

func weekdayOf(d card.Date) time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()
}

// day is the day of a year of four figures, or NoDate where no calendar has it.
func day(year, month, dayOfMonth string) (card.Date, error) {
	d := card.Date{Year: atoi(year), Month: time.Month(atoi(month)), Day: atoi(dayOfMonth)}
	if card.DateOf(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)) != d {
		return card.Date{}, NoDate
	}
	return inRange(d)
}

func inRange(d card.Date) (card.Date, error) {
	if d.Year < firstYear || d.Year > lastYear {
		return card.Date{}, NoDate
	}
	return d, nil
}

// atoi is the number of at most four figures.
func atoi(s string) int {
	n := 0
	for _, b := range []byte(s) {
		n = n*10 + int(b-'0')
	}
	return n
}
