package card

import (
	"cmp"
	"fmt"
	"time"
)

// Date is a day of the calendar, with no time of day and no zone; its zero value is no day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// NoExpiry stands for the last valid day of a card that does not expire: the token's claim exp has to hold some day, and the form
// 2006-01-02 has none later.
var NoExpiry = Date{9999, time.December, 31}

// DateOf is the day on which t falls in its location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate reads the form 2006-01-02 and refuses days that no calendar has.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date of the form YYYY-MM-DD", s)
	}
	return DateOf(t), nil
}

// IsZero says whether d is no day.
func (d Date) IsZero() bool { return d == Date{} }

// String is the form 2006-01-02, or nothing for no day.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// Words is the day with the month as a word, "21 November 2026": no reader takes the day for the month.
func (d Date) Words() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d %s %d", d.Day, d.Month, d.Year)
}

// Before says whether d is earlier than o.
func (d Date) Before(o Date) bool { return d.compare(o) < 0 }

func (d Date) compare(o Date) int {
	return cmp.Or(cmp.Compare(d.Year, o.Year), cmp.Compare(d.Month, o.Month), cmp.Compare(d.Day, o.Day))
}

// Start is the first instant of the day in loc. It is not always midnight, nor the only one: where the clocks skip that hour, the
// day begins behind it, and where they repeat it, at the first of the two.
func (d Date) Start(loc *time.Location) time.Time {
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
	if DateOf(t).Before(d) { // in a gap time.Date may give an instant of the day before
		_, t = t.ZoneBounds()
		return t
	}
	_, before := t.Add(-time.Nanosecond).Zone()
	_, after := t.Zone()
	if first := t.Add(time.Duration(after-before) * time.Second); first.Before(t) && DateOf(first) == d {
		return first
	}
	return t
}

// End is the first instant after the day in loc: the exclusive end that the claim exp holds.
func (d Date) End(loc *time.Location) time.Time {
	return DateOf(time.Date(d.Year, d.Month, d.Day+1, 12, 0, 0, 0, time.UTC)).Start(loc)
}

// LastDayBefore is the last day of which an instant lies before the exclusive end t: what a card prints for exp.
func LastDayBefore(t time.Time, loc *time.Location) Date {
	return DateOf(t.Add(-time.Nanosecond).In(loc))
}

// AddMonths is the same day n months later, or the month's last day where it has no such day (31 January and one
// month is 28 or 29 February, not 3 March as time.AddDate says).
func (d Date) AddMonths(n int) Date {
	first := time.Date(d.Year, d.Month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := DateOf(first).EndOfMonth()
	return Date{last.Year, last.Month, min(d.Day, last.Day)}
}

// EndOfMonth is the last day of the day's month.
func (d Date) EndOfMonth() Date {
	return DateOf(time.Date(d.Year, d.Month+1, 0, 0, 0, 0, 0, time.UTC))
}
