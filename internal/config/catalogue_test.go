package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
)

func shippedCatalogue(t *testing.T) *course.Catalogue {
	t.Helper()
	c, err := Load(shipped, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Catalogue
}

func TestShippedCatalogue(t *testing.T) {
	type facts struct {
		title, level, expires string
		pass                  course.Pass
		prerequisites         []course.Prerequisite
		months, ratio, days   int
		hours, credits        float64
	}
	usual := course.Pass{Score: 84, Attendance: 100, Skills: true}
	external := func(code string) []course.Prerequisite { return []course.Prerequisite{{Course: code, External: true}} }
	want := map[string]facts{
		"CPR-AED": {title: "CPR and AED for Lay Rescuers", level: "lay rescuer", expires: "2028-11-30", pass: usual},
		"BLS":     {title: "Basic Life Support", level: "healthcare provider", expires: "2028-11-30", pass: usual},
		"ALS1":    {title: "Advanced Life Support 1", level: "healthcare provider", expires: "2028-11-07", pass: usual},
		"ALS2": {title: "Advanced Life Support 2", level: "healthcare provider", expires: "2028-11-07",
			pass:          course.Pass{Score: 85, Attendance: 100, Skills: true, Scenario: true},
			prerequisites: external("ALS1"), months: 6, ratio: 6, hours: 24, days: 3},
		"PALS": {title: "Pediatric Advanced Life Support", level: "healthcare provider", expires: "2028-11-30", pass: usual, prerequisites: external("BLS")},
		"EKG":  {title: "EKG Technician", level: "technician", expires: "2028-11-30", pass: usual},
		"FA":   {title: "First Aid", level: "lay rescuer", expires: "2028-11-30", pass: usual},
		"BBP":  {title: "Bloodborne Pathogens", level: "workplace", expires: "2027-11-30", pass: usual},
	}
	catalogue := shippedCatalogue(t)
	if got, want := strings.Join(catalogue.Codes(), " "), "CPR-AED BLS ALS1 ALS2 PALS EKG FA BBP"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, c := range catalogue.Courses() {
		got := facts{c.Title, c.Level, c.Expires(card.Date{Year: 2026, Month: time.November, Day: 7}).String(), c.Pass, c.Prerequisites,
			c.ExperienceMonths, c.ParticipantsPerInstructor, c.Days, c.Hours, c.Credits}
		if !reflect.DeepEqual(got, want[c.Code]) {
			t.Errorf("%s: got %+v, want %+v", c.Code, got, want[c.Code])
		}
		// The page says "Trained to" before it, and ends the sentence nowhere else.
		if !strings.HasSuffix(c.Trained, ".") || strings.Count(c.Trained, ".") != 1 || len(c.Trained) < 60 {
			t.Errorf("%s: got trained %q, want one sentence", c.Code, c.Trained)
		}
	}
}

// What employers ask, for each pair of the shipped courses: does a card of this course meet that requirement? The table is
// written by hand; a change of the catalogue that changes an answer has to change it here as well.
func TestEveryPairOfTheShippedCourses(t *testing.T) {
	requirements := strings.Fields("CPR CPR-AED BLS ALS1 ALS2 PALS EKG FA BBP")
	table := map[string]string{
		//          CPR CPR-AED BLS ALS1 ALS2 PALS EKG FA BBP
		"CPR-AED": "yes yes     no  no   no   no   no  no no",
		"BLS":     "yes no      yes no   no   no   no  no no",
		"ALS1":    "no  no      no  yes  no   no   no  no no",
		"ALS2":    "no  no      no  yes  yes  no   no  no no",
		"PALS":    "no  no      no  no   no   yes  no  no no",
		"EKG":     "no  no      no  no   no   no   yes no no",
		"FA":      "no  no      no  no   no   no   no  yes no",
		"BBP":     "no  no      no  no   no   no   no  no yes",
	}
	entries, err := shippedCatalogue(t).Entries()
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, e := range entries {
		row := strings.Fields(table[e.Course])
		if len(row) != len(requirements) {
			t.Fatalf("%s: got %d answers in the table, want %d", e.Course, len(row), len(requirements))
		}
		for i, need := range requirements {
			asked++
			got := "no"
			if slices.Contains(e.Qualification.Meets, need) {
				got = "yes"
			}
			if got != row[i] {
				t.Errorf("does a card of %s meet %s? got %s, want %s", e.Course, need, got, row[i])
			}
		}
		// Nor does a card meet anything that is in no column of the table.
		for _, m := range e.Qualification.Meets {
			if !slices.Contains(requirements, m) {
				t.Errorf("%s meets %s, which the table does not ask about", e.Course, m)
			}
		}
	}
	if want := 8 * 9; asked != want || len(entries) != len(table) {
		t.Errorf("got %d questions about %d courses, want %d about %v", asked, len(entries), want, slices.Sorted(maps.Keys(table)))
	}
}
