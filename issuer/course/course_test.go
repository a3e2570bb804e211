package course

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

func bls() Course {
	return Course{Code: "BLS", Title: "Basic Life Support", Level: "healthcare provider", Meets: []string{"BLS", "CPR"},
		Validity: Validity{Months: 24, Until: UntilEndOfMonth}, Pass: Pass{Score: 84, Attendance: 100, Skills: true}}
}

func TestExpires(t *testing.T) {
	for _, c := range []struct {
		completed string
		months    int
		until     Until
		want      string
	}{
		{"2026-11-07", 24, UntilEndOfMonth, "2028-11-30"},
		{"2026-11-07", 24, UntilDay, "2028-11-07"},
		{"2024-02-29", 12, UntilDay, "2025-02-28"},
		{"2024-02-29", 24, UntilEndOfMonth, "2026-02-28"},
		{"2026-02-28", 24, UntilEndOfMonth, "2028-02-29"},
		{"2026-12-31", 1, UntilDay, "2027-01-31"},
		{"2026-12-31", 2, UntilDay, "2027-02-28"},
	} {
		day, err := card.ParseDate(c.completed)
		if err != nil {
			t.Fatal(err)
		}
		got := Course{Validity: Validity{c.months, c.until}}.Expires(day).String()
		if got != c.want {
			t.Errorf("%s and %d months until %s: got %s, want %s", c.completed, c.months, c.until, got, c.want)
		}
	}
}

func TestQualificationIsFrozen(t *testing.T) {
	c := bls()
	q := c.Qualification()
	c.Meets[0] = "ALS"
	if q.Title != "Basic Life Support" || q.Level != "healthcare provider" || q.Meets[0] != "BLS" {
		t.Errorf("got %+v, want the course as it was when asked", q)
	}
}

func TestFind(t *testing.T) {
	catalogue, err := New([]Course{bls()})
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]bool{"BLS": true, " bls ": true, "Bls": true, "ALS": false, "": false, "BLS1": false} {
		if got, ok := catalogue.Find(code); ok != want || (ok && got.Code != "BLS") {
			t.Errorf("Find(%q): got %v %q, want %v", code, ok, got.Code, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		want  string
		spoil func(c *Course)
	}{
		{"courses[1].code", func(c *Course) { c.Code = "als 2" }},
		{"courses[1].code", func(c *Course) { *c = bls() }},
		{"courses[1].title", func(c *Course) { c.Title = " " }},
		{"courses[1].level", func(c *Course) { c.Level = "line\nbreak" }},
		{"courses[1].meets", func(c *Course) { c.Meets = []string{"CPR"} }},
		{"courses[1].meets[1]", func(c *Course) { c.Meets = []string{"ALS", "cpr"} }},
		{"courses[1].meets[2]", func(c *Course) { c.Meets = []string{"ALS", "CPR", "CPR"} }},
		{"courses[1].validity.months", func(c *Course) { c.Validity.Months = 0 }},
		{"courses[1].validity.months", func(c *Course) { c.Validity.Months = 121 }},
		{"courses[1].validity.until", func(c *Course) { c.Validity.Until = "week" }},
		{"courses[1].pass.score", func(c *Course) { c.Pass.Score = 130 }},
		{"courses[1].pass.attendance", func(c *Course) { c.Pass.Attendance = math.NaN() }},
	} {
		second := bls()
		second.Code, second.Meets = "ALS", []string{"ALS"}
		c.spoil(&second)
		_, err := New([]Course{bls(), second})
		var invalid *InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%s: got %v, want an InvalidError", c.want, err)
		} else if got := invalid.Key; got != c.want {
			t.Errorf("got the key %q, want %q", got, c.want)
		}
	}
	if _, err := New(nil); err == nil {
		t.Error("an empty catalogue: got no error")
	}
}

func TestMonthsAreBounded(t *testing.T) {
	c := bls()
	c.Validity.Months = MaxMonths
	if _, err := New([]Course{c}); err != nil {
		t.Errorf("got %v, want none", err)
	}
	day := card.Date{Year: 2026, Month: time.November, Day: 7}
	if got, want := c.Expires(day).String(), "2036-11-30"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
