package course

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// refused wants a catalogue to be refused with a key and with words that say why.
func refused(t *testing.T, name string, courses []Course, key, reason string) {
	t.Helper()
	_, err := New(courses)
	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		t.Errorf("%s: got %v, want an InvalidError of %s", name, err, key)
		return
	}
	if invalid.Key != key || !strings.Contains(invalid.Reason, reason) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: got %q, want the key %s and %q", name, err, key, reason)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		key, reason string
		spoil       func(c *Course)
	}{
		{"code", "als 2", func(c *Course) { c.Code = "als 2" }},
		{"code", "16", func(c *Course) { c.Code = strings.Repeat("A", 17) }},
		{"code", "--", func(c *Course) { c.Code, c.Meets = "--", []string{"--"} }},
		{"title", "empty", func(c *Course) { c.Title = " " }},
		{"title", "no letter", func(c *Course) { c.Title = "..." }},
		{"title", "60", func(c *Course) { c.Title = strings.Repeat("ö", 61) }},
		{"level", "one line", func(c *Course) { c.Level = "line\nbreak" }},
		{"level", "one line", func(c *Course) { c.Level = "a\u202eb" }},
		{"trained", "120", func(c *Course) { c.Trained = strings.Repeat("ö", 121) }},
		{"trained", "one line", func(c *Course) { c.Trained = "a\tb" }},
		{"trained", "one line", func(c *Course) { c.Trained = "a\xff" }},
		{"trained", "spaces", func(c *Course) { c.Trained = "a " }},
		{"meets", "own code ALS", func(c *Course) { c.Meets = []string{"CPR"} }},
		{"meets[1]", "cpr", func(c *Course) { c.Meets = []string{"ALS", "cpr"} }},
		{"meets[2]", "second time", func(c *Course) { c.Meets = []string{"ALS", "CPR", "CPR"} }},
		{"validity.months", "is 0", func(c *Course) { c.Validity.Months = 0 }},
		{"validity.months", "is 121", func(c *Course) { c.Validity.Months = 121 }},
		{"validity.months", "is -1", func(c *Course) { c.Validity = Validity{-1, UntilDay} }},
		{"validity.months", "leave months out", func(c *Course) { c.Validity = Validity{24, UntilNone} }},
		{"validity.until", "day, end_of_month or none", func(c *Course) { c.Validity.Until = "week" }},
		{"validity.until", "day, end_of_month or none", func(c *Course) { c.Validity.Until = "" }},
		{"pass.score", "is 130", func(c *Course) { c.Pass.Score = 130 }},
		{"pass.score", "is -1", func(c *Course) { c.Pass.Score = -1 }},
		{"pass.attendance", "NaN", func(c *Course) { c.Pass.Attendance = math.NaN() }},
		{"pass.attendance", "is 100.5", func(c *Course) { c.Pass.Attendance = 100.5 }},
		{"pass.extra[0].column", "empty", func(c *Course) { c.Pass.Extra = []Extra{{Passed: true}} }},
		{"pass.extra[0].column", "empty", func(c *Course) { c.Pass.Extra = []Extra{{Column: " - ", Passed: true}} }},
		{"pass.extra[0].column", "60", func(c *Course) { c.Pass.Extra = []Extra{{Column: strings.Repeat("a", 61), Passed: true}} }},
		{"pass.extra[1].column", "second time", func(c *Course) {
			c.Pass.Extra = []Extra{{Column: "Mega code", Passed: true}, {Column: "MegaCode", AtLeast: 3}}
		}},
		{"pass.extra[0].column", "learner_id is a column", func(c *Course) { c.Pass.Extra = []Extra{{Column: "Learner ID", Passed: true}} }},
		{"pass.extra[0].column", "score is a column", func(c *Course) { c.Pass.Extra = []Extra{{Column: "score", AtLeast: 3}} }},
		{"pass.extra[0]", "one of the two", func(c *Course) { c.Pass.Extra = []Extra{{Column: "Quiz"}} }},
		{"pass.extra[0]", "one of the two", func(c *Course) { c.Pass.Extra = []Extra{{Column: "Quiz", AtLeast: 3, Passed: true}} }},
		{"pass.extra[0].at_least", "is -3", func(c *Course) { c.Pass.Extra = []Extra{{Column: "Quiz", AtLeast: -3}} }},
		{"pass.extra[0].at_least", "NaN", func(c *Course) { c.Pass.Extra = []Extra{{Column: "Quiz", AtLeast: math.NaN()}} }},
		{"pass.extra[0].at_least", "Inf", func(c *Course) { c.Pass.Extra = []Extra{{Column: "Quiz", AtLeast: math.Inf(1)}} }},
		{"experience_months", "is -1", func(c *Course) { c.ExperienceMonths = -1 }},
		{"experience_months", "is 601", func(c *Course) { c.ExperienceMonths = 601 }},
		{"participants_per_instructor", "is 101", func(c *Course) { c.ParticipantsPerInstructor = 101 }},
		{"participants_per_instructor", "is -1", func(c *Course) { c.ParticipantsPerInstructor = -1 }},
		{"hours", "is -0.5", func(c *Course) { c.Hours = -0.5 }},
		{"hours", "is 2001", func(c *Course) { c.Hours = 2001 }},
		{"hours", "more than 3 days", func(c *Course) { c.Hours, c.Days = 72.5, 3 }},
		{"days", "is 367", func(c *Course) { c.Days = 367 }},
		{"days", "is -1", func(c *Course) { c.Days = -1 }},
		{"credits", "is 1001", func(c *Course) { c.Credits = 1001 }},
		{"credits", "NaN", func(c *Course) { c.Credits = math.NaN() }},
	} {
		second := plain("ALS", "Advanced Life Support")
		c.spoil(&second)
		refused(t, c.key, []Course{bls(), second}, "courses[1]."+c.key, c.reason)
	}
}

// What stands at the limits is allowed.
func TestLimitsAreInclusive(t *testing.T) {
	c := plain(strings.Repeat("A", 16), strings.Repeat("ö", 60))
	c.Level, c.Trained = strings.Repeat("ö", 60), strings.Repeat("ö", MaxTrainedRunes)
	c.Pass = Pass{Score: 100, Attendance: 100, Extra: []Extra{{Column: strings.Repeat("ö", 60), AtLeast: maxExtraMark}}}
	c.ExperienceMonths, c.ParticipantsPerInstructor, c.Hours, c.Days, c.Credits = 600, 100, 2000, 366, 1000
	newCatalogue(t, c)
	newCatalogue(t, Course{Code: "A", Title: "T", Meets: []string{"A"}, Validity: Validity{Months: 1, Until: UntilDay}})
}
