package roster

import (
	"errors"
	"testing"

	"github.com/cardproof/cardproof/issuer/course"
)

// A pass rule of the catalogue on a column that every roster may have would be asked beside the rule that the column stands for.
func TestCatalogueKnowsTheRostersColumns(t *testing.T) {
	asks := func(column string) error {
		_, err := course.New([]course.Course{{Code: "BLS", Title: "Basic Life Support", Meets: []string{"BLS"},
			Validity: course.Validity{Until: course.UntilNone}, Pass: course.Pass{Extra: []course.Extra{{Column: column, Passed: true}}}}})
		return err
	}
	if err := asks("oral_exam"); err != nil {
		t.Fatalf("a column of the centre's own: got %v, want none", err)
	}
	for _, column := range append([]string{columnProblem}, canonical...) {
		var invalid *course.InvalidError
		if err := asks(column); !errors.As(err, &invalid) || invalid.Key != "courses[0].pass.extra[0].column" {
			t.Errorf("a pass rule of its own on the column %s: got %v, want it refused; name it in issuer/course as well", column, err)
		}
	}
}
