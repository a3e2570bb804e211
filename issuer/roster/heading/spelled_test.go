package heading

import "testing"

func TestIsSpelled(t *testing.T) {
	for text, want := range map[string]bool{"Imię": true, "IMIĘ:": true, "Imiê": false, "Imie": false, "Prénom *": true, "Pr\u00e8nom": false, "Prüfung %": true, "Obecność": true,
		"Name": false, "": false, "Pre\u0301nom": true} {
		if got := IsSpelled(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}
