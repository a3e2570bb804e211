package heading

import "testing"

func TestIsNameLike(t *testing.T) {
	for text, want := range map[string]bool{
		"Nom de jeune fille": false, "Second name": true, "Drugie nazwisko": true, "Preferred name": true, "Teilnehmernachname": true, "Name 2": true,
		"Nombre y apellido(s) como en el DNI": true, "Segundo": true, "M.I.": false, "Prefix": true, "Imię ojca": false, "Middle name of participant on course day": true,
		"Nazwisko panieńskie": false, "Nom d'épouse": true, "Zusatz": true, "Vor-/Nachname des Teilnehmers": true,
		"Course name": false, "Name of instructor": false, "username": false, "User name": false, "Kursname": false, "Nom du cours": false,
		"Nombre del curso": false, "Nazwa kursu": false, "Instructor last name": false, "Nombre d'heures": false, "Last update": false, "First attempt": false,
		"Remarks": false, "": false, "Segundo examen": false, "File name": false, "Emergency contact name": false, "Dienststelle": false, "Rufnummer": false,
	} {
		if got := IsNameLike(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// A heading whose meaning the cells settle must not have one of its own.
func TestResultsAreNotKnown(t *testing.T) {
	for _, key := range results {
		if column, ok := Column(key); ok {
			t.Errorf("%q: got %s, want none", key, column)
		}
	}
	if !IsResult("Puntuación") || !IsResult("Ergebnis:") || IsResult("Result %") || IsResult("") {
		t.Error("want the results of offices, and no others")
	}
}
