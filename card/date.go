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
// 2006-01-02 has none later. Programs read that day; people read what Validity and ValidThrough say.
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

// Validity is the last valid day as people read it, beside its label: "Valid through", "30 November 2028". Of a card that does not
// expire it says so; the text is empty for no day.
func (d Date) Validity() (label, text string) {
	if d == NoExpiry {
		return "Validity", "No expiry date"
	}
	return "Valid through", d.Words()
}

// ValidThrough is the last valid day within a sentence: "valid through 30 November 2028", or "no expiry date"; nothing for no day.
func (d Date) ValidThrough() string {
	switch {
	case d.IsZero():
		return ""
	case d == NoExpiry:
		return "no expiry date"
	}
	return "valid through " + d.Words()
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

// LastDayBefore is the last day of which an instant lies before the exclusive end t: what a card prints for exp. The end of
// NoExpiry is told as such in every zone. In one that is not the issuer's it falls a day off, where no date is meant either, and
// in the year 10000 no date could be written.
func LastDayBefore(t time.Time, loc *time.Location) Date {
	d := DateOf(t.Add(-time.Nanosecond).In(loc))
	if !d.Before(Date{NoExpiry.Year, NoExpiry.Month, NoExpiry.Day - 1}) {
		return NoExpiry
	}
	return d
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
