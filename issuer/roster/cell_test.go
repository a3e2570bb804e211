package roster

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// TestOneCell changes one cell of a good row at a time. A want without a column says that the row stays good.
func TestOneCell(t *testing.T) {
	for _, c := range []struct{ column, value, want, code string }{
		{"name", "  Ana \u00a0 Bela ", "", ""},
		{"name", "Ana\nBela", "name", "bad_character"},
		{"name", "Ana\u200bBela", "name", "bad_character"},
		{"name", "Ana\u00adBela", "name", "bad_character"},
		{"name", "Ana\ue000", "name", "bad_character"},
		{"name", "محمد\u200cعلی", "", ""},
		{"name", "@ana", "name", "bad_character"},
		{"name", "＝ana", "name", "bad_character"},
		{"name", "12345", "name", "bad_character"},
		{"name", "#N/A", "name", "missing_value"},
		{"name", "#REF!", "name", "missing_value"},
		{"name", "n/a", "name", "missing_value"},
		{"name", "TBD", "name", "missing_value"},
		{"name", "unbekannt", "name", "missing_value"},
		{"name", "WAHR", "name", "missing_value"},
		{"name", "?", "name", "mojibake"},
		{"name", "ana@example.org", "name", "bad_character"},
		{"name", "Ana Bela; Carl Dorn", "name", "bad_character"},
		{"name", "Ana Bela & Carl Dorn", "name", "bad_character"},
		{"name", "Ana Bela (cancelled)", "name", "bad_character"},
		{"name", "Ana Bela 2", "name", "bad_character"},
		{"name", "Pаul Smith", "name", "bad_character"},
		{"name", "Ana© Bela", "name", "bad_character"},
		{"name", "Ana¾ Bela", "name", "bad_character"},
		{"name", "Christopher Null", "", ""},
		{"name", "True Bela", "", ""},
		{"name", "Ana Sum", "", ""},
		{"instructor", "TBD", "instructor", "missing_value"},
		{"instructor", "#N/A", "instructor", "missing_value"},
		{"instructor", "ruth@example.org", "instructor", "bad_character"},
		{"instructor", "Ruth & Tom", "instructor", "bad_character"},
		{"instructor", "12345", "instructor", "missing_value"},
		{"instructor", "Instructor 7", "", ""},
		{"name", "M?ller", "name", "mojibake"},
		{"name", "M\ufffdller", "name", "mojibake"},
		{"name", strings.Repeat("W", 41), "name", "too_long"},
		{"name", strings.Repeat("é", 60), "", ""},
		{"name", strings.Repeat("e\u0301", 60), "", ""}, // counted in NFC
		{"name", strings.Repeat("é", 61), "name", "too_long"},
		{"name", "\u00a0", "name", "missing_value"},
		{"email", "", "", ""},
		{"email", "ANA@Example.ORG", "", ""},
		{"email", "Ana <ana@example.org>", "email", "bad_email"},
		{"email", "ana@localhost", "email", "bad_email"},
		{"course", "bls ", "", ""},
		{"course", "Basic  life support", "", ""},
		{"course", "cpr aed", "", ""},
		{"course", "", "course", "missing_value"},
		{"course", "Basic Life", "course", "unknown_course"},
		{"completed", "2026-11-21", "", ""},
		{"completed", "2026-11-22", "completed", "future_date"},
		{"completed", "2024-11-01", "", ""},
		{"completed", "2024-10-31", "completed", "already_expired"},
		{"completed", "07.11.2026", "", ""},
		{"completed", "7 listopada 2026", "", ""},
		{"completed", "07/11/2026", "completed", "ambiguous_date"},
		{"completed", "7-11-26", "completed", "ambiguous_date"},
		{"completed", "11/11/2026", "", ""},
		{"completed", "13/11/2026", "", ""},
		{"completed", "2026-11-07T10:00:00", "", ""},
		{"completed", "2026-11-07T10:00:00Z", "completed", "bad_date"},
		{"completed", "46333", "completed", "bad_date"},
		{"completed", "", "completed", "missing_value"},
		{"attendance", "100 %", "", ""},
		{"attendance", "99.99", "attendance", "low_attendance"},
		{"attendance", "1", "attendance", "low_attendance"},
		{"score", "84\u00a0%", "", ""},
		{"score", "91,5", "", ""},
		{"score", "83.9", "score", "low_score"},
		{"score", "0.94", "score", "low_score"},
		{"score", "21/25", "", ""}, // 84 %
		{"score", "21 / 25", "", ""},
		{"score", "20/25", "score", "low_score"},
		{"score", "26/25", "score", "bad_number"},
		{"score", "21/0", "score", "bad_number"},
		{"score", "130", "score", "bad_number"},
		{"score", "NaN", "score", "bad_number"},
		{"score", "0x5A", "score", "bad_number"},
		{"score", "-90", "score", "bad_number"},
		{"score", "1e2", "score", "bad_number"},
		{"score", "", "score", "missing_value"},
		{"skills", "Passed", "", ""},
		{"skills", "Réussi", "", ""},
		{"skills", "✓", "", ""},
		{"skills", "nicht bestanden", "skills", "skills_not_passed"},
		{"skills", "pass?", "skills", "skills_not_passed"},
		{"skills", "1", "", ""},
		{"skills", "-1", "skills", "skills_not_passed"},
		{"skills", "#N/A", "skills", "skills_not_passed"},
		{"skills", "n/a", "skills", "skills_not_passed"},
		{"skills", "", "skills", "missing_value"},
		{"scenario", "fail", "scenario", "scenario_not_passed"}, // even though the course does not ask for it
		{"scenario", "-", "", ""},
		{"passed", "Bestanden", "", ""},
		{"passed", "no", "passed", "not_passed"},
		{"passed", "failed: resit", "passed", "not_passed"},
		{"passed", "absent", "passed", "not_passed"},
		{"passed", "-", "passed", "not_passed"},
		{"passed", "0", "passed", "not_passed"},
		{"passed", "see notes", "passed", "not_passed"},
		{"passed", "2", "passed", "not_passed"},
		{"passed", "", "passed", "missing_value"},
		{"experience_months", "none", "", ""},
		{"instructor", "", "", ""},
		{"instructor", "Ruth\u202eAdeyemi", "instructor", "bad_character"},
		{"instructor", "JosÃ© Lima", "instructor", "mojibake"},
		{"instructor", "Ruth 😀", "instructor", "undrawable"},
		{"instructor", strings.Repeat("r", 61), "instructor", "too_long"},
		{"instructor_id", "+41", "instructor_id", "bad_character"},
		{"class", "BLS 7?", "", ""},
		{"class", "\u202ex", "class", "bad_character"},
		{"learner_id", strings.Repeat("7", 61), "learner_id", "too_long"},
		{"prior_card", "7K4M-9QXD-2HPR\nexternal: card?", "", ""},
		{"prior_card", "external: \u202ex", "prior_card", "bad_character"},
		{"prior_card", strings.Repeat("7", 2049), "prior_card", "too_long"},
	} {
		row := map[string]string{"name": "Ana Bela", "email": "ana@example.org", "course": "BLS", "completed": "2026-11-07",
			"attendance": "100", "score": "90", "skills": "pass", "passed": "yes", "instructor": "Ruth", "instructor_id": "I-1", "class": "C-1", "learner_id": "L-1"}
		row[c.column] = c.value
		checked := checkRow(t, row, DateOrder(""))
		var expected []string
		if c.code != "" {
			expected = []string{fmt.Sprintf("2 %s %s", c.want, c.code)}
		}
		want(t, fmt.Sprintf("%s %q", c.column, c.value), refused(checked.Problems), expected)
		if got, want := len(checked.Completions), 1-len(expected); got != want {
			t.Errorf("%s %q: got %d completions, want %d", c.column, c.value, got, want)
		}
		if c.code == "" && c.column == "name" && checked.Completions[0].Name != normal(c.value) {
			t.Errorf("name %q: got %q, want it in NFC with single spaces", c.value, checked.Completions[0].Name)
		}
	}
}

// checkRow checks a roster of one row that has every canonical column but the two parts of the name.
func checkRow(t testing.TB, row map[string]string, order DateOrder) *Checked {
	t.Helper()
	columns := slices.DeleteFunc(Columns(), func(c string) bool { return c == ColumnFirstName || c == ColumnLastName })
	cells := make([]string, len(columns))
	if _, said := row[ColumnPassed]; !said {
		columns = slices.DeleteFunc(columns, func(c string) bool { return c == ColumnPassed })
		cells = cells[1:]
	}
	for i, column := range columns {
		cells[i] = row[column]
	}
	table := &sheet.Table{Format: sheet.CSV, Rows: []sheet.Row{{Line: 1, Cells: columns}, {Line: 2, Cells: cells}}}
	o := testOptions()
	o.DateOrder = order
	d, err := newDictionary(o)
	if err != nil {
		t.Fatal(err)
	}
	ro, err := fromTable(table, d)
	if err != nil {
		t.Fatal(err)
	}
	return Check(ro, testRules(t))
}
