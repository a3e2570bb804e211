package sheet

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// format is what a number format makes of a number (ECMA-376-1, 18.8.30 and 18.8.31).
type format struct {
	kind      Kind // Number, Percent or Date
	isElapsed bool // of a Date: hours that go on beyond a day, [h]:mm
	hasDay    bool // of a Date
	isClock   bool // of a Date: neither day, month nor year
	zeros     int  // of a Number: digits that are always shown, where it shows nothing else
}

// builtinFormat is one of the formats that a workbook does not spell out. 27 to 36 and 50 to 58 are dates in East Asia.
func builtinFormat(id int) format {
	switch {
	case id == 9 || id == 10:
		return format{kind: Percent}
	case id == 17:
		return format{kind: Date}
	case id >= 14 && id <= 16, id == 22, id >= 27 && id <= 36, id >= 50 && id <= 58:
		return format{kind: Date, hasDay: true}
	case id >= 18 && id <= 21, id == 45, id == 47:
		return format{kind: Date, isClock: true}
	case id == 46:
		return format{kind: Date, isClock: true, isElapsed: true}
	}
	return format{kind: Number}
}

// formatOf reads a format code. Its first section counts, which is that of positive numbers; the first sign in it that shows
// a digit or a part of a date says what it is.
func formatOf(code string) format {
	signs, isElapsed := formatSigns(code)
	number := strings.IndexAny(signs, "0#?")
	date := strings.IndexAny(signs, "ydhsmge")
	switch {
	case strings.Contains(signs, "%"):
		return format{kind: Percent}
	case isElapsed:
		return format{kind: Date, isClock: true, isElapsed: true}
	case date >= 0 && (number < 0 || date < number):
		hasClock := strings.ContainsAny(signs, "hs")
		hasDay := strings.Contains(strings.NewReplacer("dddd", "", "ddd", "").Replace(signs), "d")
		hasYear := strings.ContainsAny(signs, "yge")
		return format{kind: Date, hasDay: hasDay, isClock: hasClock && !hasDay && !hasYear}
	case len(signs) > 1 && strings.Trim(signs, "0") == "":
		return format{kind: Number, zeros: len(signs)}
	}
	return format{kind: Number}
}

// formatSigns leaves of a code's first section what is neither quoted nor escaped nor in brackets, in lower case.
func formatSigns(code string) (signs string, isElapsed bool) {
	var b strings.Builder
	lower := strings.ToLower(code)
	for i := 0; i < len(lower); i++ {
		c := lower[i]
		switch {
		case c == ';':
			return b.String(), isElapsed
		case c == '"', c == '[':
			closing := map[byte]string{'"': `"`, '[': "]"}[c]
			n := strings.Index(lower[i+1:], closing)
			if n < 0 {
				return b.String(), isElapsed
			}
			if inside := lower[i+1 : i+1+n]; c == '[' && inside != "" && strings.Trim(inside, inside[:1]) == "" && strings.Contains("hms", inside[:1]) {
				isElapsed = true
			}
			i += n + 1
		case c == '\\', c == '_', c == '*':
			i++
		case c == 'e' && i+1 < len(lower) && (lower[i+1] == '+' || lower[i+1] == '-'): // 0.00E+00
		case strings.HasPrefix(lower[i:], "general"):
			i += len("general") - 1
		case strings.HasPrefix(lower[i:], "am/pm"):
			i += len("am/pm") - 1
		case strings.HasPrefix(lower[i:], "a/p"):
			i += len("a/p") - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), isElapsed
}

// apply is the text that a number has with this format, in the form of its Kind.
func (f format) apply(v float64, is1904 bool) (string, Kind) {
	switch {
	case f.kind == Percent:
		return formatNumber(v*100) + "%", Percent
	case f.kind == Date && f.isClock && (f.isElapsed || v < 1):
		return clock(v)
	case f.kind == Date:
		return f.date(v, is1904)
	case f.zeros > 0 && v >= 0 && v == math.Trunc(v) && v < 1e15:
		return fmt.Sprintf("%0*d", f.zeros, int64(v)), Text // 00123 is a number of a person, and not the number 123
	}
	return formatNumber(v), Number
}

// epoch1900 is day 0 from March 1900 on. Before, days are one later, for Excel counts a 29 February 1900.
var epoch1900 = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// midnightNoise is what a sum of days and hours may be short of midnight by.
const midnightNoise = 1e-9

// date is the day that a number of days means. What is no day of a calendar stays a number, for somebody to look at it. Where a format shows a month and no day, and the day is the
// first, nobody wrote a day.
func (f format) date(v float64, is1904 bool) (string, Kind) {
	const firstDay, lastDay, leapDay = 1, 2_958_465, 60 // 9999-12-31
	if v < firstDay || v >= lastDay+1 || !is1904 && math.Trunc(v) == leapDay {
		return formatNumber(v), Number
	}
	epoch := epoch1900
	if is1904 {
		epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	} else if v < leapDay {
		epoch = epoch.AddDate(0, 0, 1)
	}
	days := math.Floor(v + midnightNoise)
	seconds := min(math.Round(max(v-days, 0)*86400), 86400-1) // a time of day never leads to another day
	t := epoch.AddDate(0, 0, int(days)).Add(time.Duration(seconds) * time.Second)
	if t.Year() > 9999 {
		return formatNumber(v), Number
	}
	isMidnight := t.Equal(t.Truncate(24 * time.Hour))
	switch {
	case !isMidnight:
		return t.Format("2006-01-02T15:04:05"), Date
	case !f.hasDay && !f.isClock && t.Day() == 1:
		return t.Format("2006-01"), Text
	}
	return t.Format(time.DateOnly), Date
}

// clock is a time of day or a length of time. No Kind stands for it.
func clock(v float64) (string, Kind) {
	if v < 0 || v > 1e6 {
		return formatNumber(v), Number
	}
	s := int64(math.Round(v * 86400))
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60), Text
}

// isoDate reads the date of a cell that has it in letters (ISO 8601).
func isoDate(value string) (string, Kind) {
	value = strings.TrimSuffix(strings.TrimSpace(value), "Z")
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		t, err := time.Parse(layout, value)
		if err != nil {
			continue
		}
		if t.Equal(t.Truncate(24 * time.Hour)) {
			return t.Format(time.DateOnly), Date
		}
		return t.Format("2006-01-02T15:04:05"), Date
	}
	return value, Text
}

func parseNumber(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) || strings.ContainsAny(s, "xX_") {
		return 0, errors.New("it is said to be a number, and is none")
	}
	return v, nil
}

// formatNumber writes a number as a spreadsheet knows it: with 15 digits, beyond which a double has only noise.
func formatNumber(v float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 15, 64), 64)
	if err != nil {
		rounded = v
	}
	if rounded == 0 {
		return "0" // and not -0
	}
	if size := math.Abs(rounded); size < 1e-9 || size >= 1e21 {
		return strconv.FormatFloat(rounded, 'g', -1, 64)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
