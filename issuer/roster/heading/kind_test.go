package heading

import "testing"

func TestWhatHeadingsAreAbout(t *testing.T) {
	for _, c := range []struct {
		name string
		is   func(string) bool
		yes  []string
		no   []string
	}{
		{"verdict", IsVerdict, []string{"Pass?", "Pass/Fail", "Result", "Outcome", "Zertifikat", "Kursergebnis (gesamt)", "Resultado", "Did they pass?", "Reçu", "Passed (Y/N)"},
			[]string{"Lunch", "Certificate by post", "Result no.", "Not passed", "Bus pass", "Remarks", "Note", "Retest"}},
		{"failure", IsFailure, []string{"Failed", "Fail", "Retest needed", "Nicht bestanden", "No apto", "No show", "Nachprüfung", "Absent", "nicht erfüllt", "not met"}, []string{"Pass/Fail", "Passed or failed", "No.", "Remarks", "Apto/No apto", ""}},
		{"test", IsTest, []string{"CPR test 2", "Praxis 2", "Attended day 2", "Anwesend Tag 1"}, []string{"Vegetarian", "Test fee paid"}},
		{"other day", IsOtherDay, []string{"geb. am", "Geburtsdatum", "Date of birth", "Start date", "von", "Kursbeginn", "inicio", "od", "Gültig bis", "Valid until", "Fecha de nacimiento", "Data urodzenia", "Date de naissance", "Timestamp", "Rechnungsdatum", "Ausstellungsdatum", "Letzte Auffrischung", "vom"},
			[]string{"bis", "Day 2", "Datum der Runde", "von - bis"}},
		{"end", IsEnd, []string{"Kurs bis", "End", "hasta", "fin", "au", "do"}, []string{"Valid until", "gültig bis", "Datum", "Kurs von"}},
		{"course day", IsCourseDay, []string{"Day 1", "Tag 2", "J1", "Día 1", "Attended day 2", "1. Tag", "2e jour"}, []string{"Day", "Geburtstag", "Day rate 100", "D123", "Attended"}},
		{"exam day", IsExamDay, []string{"Exam date", "Prüfungstag", "final day"}, []string{"Datum", "Letzte Auffrischung", "Rechnungsdatum"}},
		{"scenario", IsScenario, []string{"Szenario 2", "Megacode"}, []string{"Infant skills"}},
		{"identity", IsIdentity, []string{"DNI/NIE", "Badge no."}, []string{"Room", "ID"}},
	} {
		for _, text := range c.yes {
			if !c.is(text) {
				t.Errorf("%q: got no %s, want one", text, c.name)
			}
		}
		for _, text := range c.no {
			if c.is(text) {
				t.Errorf("%q: got a %s, want none", text, c.name)
			}
		}
	}
}

func TestFullMark(t *testing.T) {
	for text, want := range map[string]float64{"Nota (sobre 10)": 10, "Note /20": 20, "Punkte (von 120)": 120, "Exam out of 50": 50, "Score [max. 40 points]": 40, "Note sur 12,5": 12.5,
		"Nota": 0, "Exam 2": 0, "Examen de 2026": 0, "Weekday 7": 0, "/0": 0} {
		if _, got, ok := FullMark(text); ok != (want > 0) || (ok && got != want) {
			t.Errorf("%q: got %v, %v, want %v", text, got, ok, want)
		}
	}
}
