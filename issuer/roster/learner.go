package roster

import (
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// CheckLearner checks a learner's e-mail address and ID as they stand in a row, and answers them as they are recorded. Either may be empty.
// What has a problem is answered empty.
func CheckLearner(email, id string) (cleanEmail, cleanID string, problems []Problem) {
	ro := &Roster{Heading: []string{ColumnEmail, ColumnLearnerID}, column: map[string]int{ColumnEmail: 0, ColumnLearnerID: 1}}
	row := sheet.Row{Cells: []string{strings.TrimSpace(email), strings.TrimSpace(id)}}
	c := checker{roster: ro, single: true}
	cleanEmail, cleanID = c.email(row), c.text(row, ColumnLearnerID)
	return cleanEmail, cleanID, slices.DeleteFunc(c.out.Problems, func(p Problem) bool { return p.Severity == Notice })
}
