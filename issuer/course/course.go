// Package course is the catalogue of courses that a training centre teaches: what a card of each is called, what it
// qualifies for, how long it lasts, and what a learner has to reach.
//
// Nothing here is tied to one field of training: courses are configuration. The package knows neither the configuration
// file nor the roster; both are read into its types.
package course

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/cardproof/cardproof/card"
)

// Course is one course as the catalogue describes it. The first tag is the key of the configuration file, the second the member
// of Entry; the two are the same.
type Course struct {
	Code  string `mapstructure:"code" json:"code,omitzero"`   // 1 to 16 of A-Z, 0-9 and the hyphen; signed into every card
	Title string `mapstructure:"title" json:"title,omitzero"` // printed
	Level string `mapstructure:"level" json:"level,omitzero"` // printed; such as "healthcare provider"; may be empty
	// Trained is what the holder was trained to do, one sentence for employers; it may be empty.
	Trained  string   `mapstructure:"trained" json:"trained,omitzero"`
	Meets    []string `mapstructure:"meets" json:"meets,omitempty"` // the requirements that a card answers, its own code among them
	Validity Validity `mapstructure:"validity" json:"validity,omitzero"`
	Pass     Pass     `mapstructure:"pass" json:"pass,omitzero"`

	Prerequisites []Prerequisite `mapstructure:"prerequisites" json:"prerequisites,omitempty"`
	// ExperienceMonths is the least experience; 0 asks for none.
	ExperienceMonths int `mapstructure:"experience_months" json:"experience_months,omitzero"`
	// ParticipantsPerInstructor is how many each instructor of a class may have; 0 sets no limit.
	ParticipantsPerInstructor int `mapstructure:"participants_per_instructor" json:"participants_per_instructor,omitzero"`

	Hours   float64 `mapstructure:"hours" json:"hours,omitzero"`     // of the course; 0 says nothing
	Days    int     `mapstructure:"days" json:"days,omitzero"`       // on which they are held; 0 says nothing
	Credits float64 `mapstructure:"credits" json:"credits,omitzero"` // of continuing education; 0 says nothing
}

// Prerequisite is a requirement that the learner has to meet by a card that is in force on the day of completion.
type Prerequisite struct {
	// Course is the code of a course, or a requirement that courses of the catalogue meet. Any card that meets it will do.
	Course string `mapstructure:"course" json:"course,omitzero"`
	// External says whether evidence of another centre will do, which the roster writes as "external: ...".
	External bool `mapstructure:"external" json:"external,omitzero"`
}

// Validity says how long a card lasts.
type Validity struct {
	Months int   `mapstructure:"months" json:"months,omitzero"` // from the day of completion, 1 to 120; 0 with UntilNone
	Until  Until `mapstructure:"until" json:"until,omitzero"`   // how the last valid day is found
}

// Until is the way in which the last valid day is found.
type Until string

// The ways. A card of 7 November 2026 that lasts 24 months is valid through 7 November 2028, or through 30 November 2028.
const (
	UntilDay        Until = "day"
	UntilEndOfMonth Until = "end_of_month"
	UntilNone       Until = "none" // the card does not expire; it takes no months
)

// Pass is what a learner has to reach. A mark of 0 and a false ask for nothing.
type Pass struct {
	Score      float64 `mapstructure:"score" json:"score,omitzero"`           // least exam score in per cent
	Attendance float64 `mapstructure:"attendance" json:"attendance,omitzero"` // least attendance in per cent
	Skills     bool    `mapstructure:"skills" json:"skills,omitzero"`         // the skills test must be passed
	Scenario   bool    `mapstructure:"scenario" json:"scenario,omitzero"`     // the scenario test must be passed
	Extra      []Extra `mapstructure:"extra" json:"extra,omitempty"`          // what the roster says in columns of the centre's own
}

// Extra is a column of the centre's own in which the learner has to reach something: a mark or a pass, one of the two.
type Extra struct {
	Column  string  `mapstructure:"column" json:"column,omitzero"`     // the column's heading
	AtLeast float64 `mapstructure:"at_least" json:"at_least,omitzero"` // least number in the column
	Passed  bool    `mapstructure:"passed" json:"passed,omitzero"`     // the test must be passed
}

// Expires is the last valid day of a card for a course that was completed on the given day, or card.NoExpiry.
func (c *Course) Expires(completed card.Date) card.Date {
	if c.Validity.Until == UntilNone {
		return card.NoExpiry
	}
	last := completed.AddMonths(c.Validity.Months)
	if c.Validity.Until == UntilEndOfMonth {
		return last.EndOfMonth()
	}
	return last
}

// Qualification is what a card of the course says beside the code, to be frozen on the day of issue.
func (c *Course) Qualification() card.Qualification {
	return card.Qualification{Title: c.Title, Level: c.Level, Trained: c.Trained, Meets: append([]string(nil), c.Meets...)}
}

// Entry is the whole course as JSON, to be frozen in the register beside its cards: the keys of the configuration in their
// order here, without those that are left out. Courses that say the same have the same Entry.
func (c *Course) Entry() (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // it is kept and read, never part of a page as it is
	if err := e.Encode(c); err != nil {
		return "", fmt.Errorf("the course %s as JSON: %w", c.Code, err)
	}
	return string(bytes.TrimRight(b.Bytes(), "\n")), nil
}

// FromEntry reads what Entry wrote. Members that are not known here, as a newer version may have written, are passed over.
func FromEntry(entry string) (Course, error) {
	var c Course
	if err := json.Unmarshal([]byte(entry), &c); err != nil {
		return Course{}, fmt.Errorf("the catalogue's entry: %w", err)
	}
	return c, nil
}
