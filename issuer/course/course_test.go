package course

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

func bls() Course {
	return Course{Code: "BLS", Title: "Basic Life Support", Level: "healthcare provider", Trained: "Give CPR & use an AED.", Meets: []string{"BLS", "CPR"},
		Validity: Validity{Months: 24, Until: UntilEndOfMonth}, Pass: Pass{Score: 84, Attendance: 100, Skills: true}}
}

// als2 has every key that bls has not.
func als2() Course {
	return Course{Code: "ALS2", Title: "Advanced Life Support 2", Meets: []string{"ALS2"}, Validity: Validity{Months: 24, Until: UntilDay},
		Pass: Pass{Score: 85, Attendance: 100, Skills: true, Scenario: true,
			Extra: []Extra{{Column: "Rhythm quiz", AtLeast: 7.5}, {Column: "Mega-code", Passed: true}}},
		Prerequisites:    []Prerequisite{{Course: "BLS", External: true}, {Course: "CPR"}},
		ExperienceMonths: 6, ParticipantsPerInstructor: 6, Hours: 24, Days: 3, Credits: 8.5}
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
		{"2026-11-07", MaxMonths, UntilEndOfMonth, "2036-11-30"},
		{"2026-11-07", 0, UntilNone, card.NoExpiry.String()},
	} {
		day, err := card.ParseDate(c.completed)
		if err != nil {
			t.Fatal(err)
		}
		one := bls()
		one.Validity = Validity{c.months, c.until}
		if _, err := New([]Course{one}); err != nil {
			t.Errorf("%+v: got %v, want it allowed", one.Validity, err)
		}
		if got := one.Expires(day).String(); got != c.want {
			t.Errorf("%s and %d months until %s: got %s, want %s", c.completed, c.months, c.until, got, c.want)
		}
	}
}

func TestQualificationIsFrozen(t *testing.T) {
	c := bls()
	got := c.Qualification()
	c.Meets[0] = "ALS"
	want := card.Qualification{Title: "Basic Life Support", Level: "healthcare provider", Trained: "Give CPR & use an AED.", Meets: []string{"BLS", "CPR"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// The register keeps these texts for ever: a change of this form is a change of what is compared with them.
func TestEntry(t *testing.T) {
	for _, c := range []struct {
		course Course
		want   string
	}{
		{bls(), `{"code":"BLS","title":"Basic Life Support","level":"healthcare provider","trained":"Give CPR & use an AED.","meets":["BLS","CPR"],` +
			`"validity":{"months":24,"until":"end_of_month"},"pass":{"score":84,"attendance":100,"skills":true}}`},
		{als2(), `{"code":"ALS2","title":"Advanced Life Support 2","meets":["ALS2"],"validity":{"months":24,"until":"day"},` +
			`"pass":{"score":85,"attendance":100,"skills":true,"scenario":true,"extra":[{"column":"Rhythm quiz","at_least":7.5},{"column":"Mega-code","passed":true}]},` +
			`"prerequisites":[{"course":"BLS","external":true},{"course":"CPR"}],"experience_months":6,"participants_per_instructor":6,"hours":24,"days":3,"credits":8.5}`},
		{Course{Code: "TALK", Title: "Talk", Meets: []string{"TALK"}, Prerequisites: []Prerequisite{}, Validity: Validity{Until: UntilNone}},
			`{"code":"TALK","title":"Talk","meets":["TALK"],"validity":{"until":"none"}}`},
	} {
		got, err := c.course.Entry()
		if err != nil || got != c.want {
			t.Errorf("got %s, %v\nwant %s", got, err, c.want)
		}
	}
	impossible := bls()
	impossible.Credits = math.Inf(1)
	if got, err := impossible.Entry(); err == nil || got != "" {
		t.Errorf("infinite credits: got %q, %v, want an error", got, err)
	}
}

// An entry is written with the keys of config.yaml, each key has one, and none is there when nothing is said.
func TestEntryHasTheKeysOfTheConfiguration(t *testing.T) {
	fields := 0
	for _, of := range []reflect.Type{reflect.TypeFor[Course](), reflect.TypeFor[Prerequisite](), reflect.TypeFor[Validity](),
		reflect.TypeFor[Pass](), reflect.TypeFor[Extra]()} {
		for field := range of.Fields() {
			fields++
			name, option, _ := strings.Cut(field.Tag.Get("json"), ",")
			if want := field.Tag.Get("mapstructure"); name != want || want == "" || !strings.HasPrefix(option, "omit") {
				t.Errorf("%s.%s: got the member %q (%s), want %q, left out when it is zero", of.Name(), field.Name, name, option, want)
			}
		}
	}
	if fields < 20 {
		t.Errorf("got %d fields, want all of a course", fields)
	}
}
