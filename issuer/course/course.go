// Package course is the catalogue of courses that a training centre teaches: what a card of each is called, what it
// qualifies for, how long it lasts, and what a learner has to reach.
//
// Nothing here is tied to one field of training: courses are configuration. The package knows neither the configuration
// file nor the roster; both are read into its types.
package course

import (
	"github.com/cardproof/cardproof/card"
)

// Course is one course as the catalogue describes it. The tags are the keys of the configuration file.
type Course struct {
	Code     string   `mapstructure:"code"`    // 1 to 16 of A-Z, 0-9 and the hyphen; signed into every card
	Title    string   `mapstructure:"title"`   // printed
	Level    string   `mapstructure:"level"`   // printed; such as "healthcare provider"; may be empty
	Trained  string   `mapstructure:"trained"` // what the holder was trained to do, one sentence for employers; may be empty
	Meets    []string `mapstructure:"meets"`   // the requirements that a card answers, its own code among them
	Validity Validity `mapstructure:"validity"`
	Pass     Pass     `mapstructure:"pass"`

	Prerequisites             []Prerequisite `mapstructure:"prerequisites"`
	ExperienceMonths          int            `mapstructure:"experience_months"`           // least experience; 0 asks for none
	ParticipantsPerInstructor int            `mapstructure:"participants_per_instructor"` // most in a class; 0 sets no limit

	Hours   float64 `mapstructure:"hours"`   // of the course; 0 says nothing
	Days    int     `mapstructure:"days"`    // on which they are held; 0 says nothing
	Credits float64 `mapstructure:"credits"` // of continuing education; 0 says nothing
}

// Prerequisite is a requirement that the learner has to meet by a card that is in force on the day of completion.
type Prerequisite struct {
	Course   string `mapstructure:"course"`   // a course of the catalogue; a card of another course that meets it will do
	External bool   `mapstructure:"external"` // whether evidence of another centre will do, which the roster writes as "external: ..."
}

// Validity says how long a card lasts.
type Validity struct {
	Months int   `mapstructure:"months"` // from the day of completion, 1 to 120
	Until  Until `mapstructure:"until"`  // how the last valid day is found
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
	Score      float64 `mapstructure:"score"`      // least exam score in per cent
	Attendance float64 `mapstructure:"attendance"` // least attendance in per cent
	Skills     bool    `mapstructure:"skills"`     // the skills test must be passed
	Scenario   bool    `mapstructure:"scenario"`   // the scenario test must be passed
	Extra      []Extra `mapstructure:"extra"`      // what the roster says in columns of the centre's own
}

// Extra is a column of the centre's own in which the learner has to reach something: a mark or a pass, one of the two.
type Extra struct {
	Column  string  `mapstructure:"column"`   // the column's heading
	AtLeast float64 `mapstructure:"at_least"` // least number in the column
	Passed  bool    `mapstructure:"passed"`   // the test must be passed
}

// Expires is the last valid day of a card for a course that was completed on the given day.
func (c Course) Expires(completed card.Date) card.Date {
	last := completed.AddMonths(c.Validity.Months)
	if c.Validity.Until == UntilEndOfMonth {
		return last.EndOfMonth()
	}
	return last
}

// Qualification is what a card of the course says beside the code, to be frozen on the day of issue.
func (c Course) Qualification() card.Qualification {
	return card.Qualification{Title: c.Title, Level: c.Level, Meets: append([]string(nil), c.Meets...)}
}
