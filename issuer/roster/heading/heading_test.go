package heading

import (
	"slices"
	"testing"

	"github.com/cardproof/cardproof/issuer/roster/fold"
)

// A synonym that stands for two columns would be read as one or the other by chance.
func TestNoSynonymStandsForTwoColumns(t *testing.T) {
	seen := map[string]string{}
	for _, column := range columns {
		seen[fold.Key(column)] = column
	}
	count := 0
	for _, language := range languages {
		for column, texts := range language {
			for _, text := range texts {
				for _, key := range []string{fold.Key(text), fold.Spelled(text)} {
					if key == "" {
						t.Errorf("%q: got no key", text)
					}
					if other, ok := seen[key]; ok && other != column {
						t.Errorf("%q: got %s and %s, want one column", text, column, other)
					}
					seen[key] = column
				}
				if IsRunningNumber(text) {
					t.Errorf("%q stands for %s and for a running number", text, column)
				}
				count++
			}
		}
	}
	if count < 500 {
		t.Errorf("got %d synonyms, want those of five languages", count)
	}
}

func TestEveryColumnHasANameInEveryLanguage(t *testing.T) {
	rare := []string{NamePrefix, SecondLastName, NameSuffix} // not every language has the thing
	for i, language := range languages {
		for _, column := range append(Columns()[1:], FullName, LastThenFirst) { // "Name" is one word in several
			if slices.Contains(rare, column) {
				continue
			}
			if len(language[column]) == 0 {
				t.Errorf("language %d has no word for %s", i, column)
			}
		}
	}
}

func TestColumn(t *testing.T) {
	for text, want := range map[string]string{
		"name": Name, "LEARNER_ID": LearnerID, "Learner ID": LearnerID, " e-mail: ": Email, "E-Mail-Adresse": Email, "Adresse électronique": Email,
		"Adresse e\u0301lectronique": Email, "Correo electrónico": Email, "Imię i nazwisko": FullName, "Date of completion": Completed, "Exam %": Score,
		"Attended": Attendance, "Practical": Skills, "Class no.": Class, "Written exam": Score, "Practical skills": Skills, "Experience (months)": ExperienceMonths,
		"Completed on": Completed, "Result %": Score, "Result": "", "Note": "", "ID": "", "Date of birth": "", "Remarks": "", "": "", "%": "",
		"Pruefungsergebnis": Score, "PRÜFUNGSERGEBNIS": Score, "Course title": Course, "Vorname": FirstName, "Nom": Name, "Nom et prénom": LastThenFirst,
		"Name*": Name, "Apellido materno": SecondLastName, "2º apellido": SecondLastName, "Primer Apellido": LastName, "Drugie imię": MiddleName,
		"Second prénom": MiddleName, "Namenszusatz": NamePrefix, "Middle name": MiddleName, "Nom d'usage": LastName, "QCM": Score, "Teilnehmer:innen": FullName, "Teilnehmende(r)": FullName, "TN": FullName, "Praxisteil": Skills, "Puntaje": "", "Note /100": Score, "Punkte (von 100)": Score,
		"Note sur 20": "", "Test (out of 100)": Score, "Written test (out of 50)": "", "Name 100": "", "E‑mail": Email, "N° de formateur": InstructorID, "Nº de formateur": InstructorID,
	} {
		if got, ok := Column(text); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{"No.", "Nr.", "#", "Lp.", "N°", "Nº", "№", "lfd. Nr."} {
		if !IsRunningNumber(text) {
			t.Errorf("%q: got no running number", text)
		}
	}
	for text, want := range map[string]bool{"ALS1 card": true, "als-1 Card no.": true, "Carte ALS1": true, "Karta ALS1": true, "ALS2 card": false, "ALS1": false, "card": false} {
		if got := IsPriorCard(text, []string{"BLS", "ALS1"}); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	for text, want := range map[string]string{"Emial": Email, "Cuorse": Course, "Kursteilnehmer 2026": Name, "Score obtained": Score} {
		if got, away := Nearest(text); got != want || away > 0.6 {
			t.Errorf("%q: got %s, %.2f away, want %s", text, got, away, want)
		}
	}
}

func FuzzColumn(f *testing.F) {
	for _, seed := range []string{"name", "E-Mail-Adresse", "N°", "%%", "\xff", "İ", "ﬁrst name"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key := fold.Key(text)
		if again := fold.Key(key); again != key {
			t.Errorf("%q: got the key %q of the key %q, want itself", text, again, key)
		}
		column, ok := Column(text)
		if other, also := Column(key); other != column || also != ok {
			t.Errorf("%q: got %q, %v, but %q, %v for its key", text, column, ok, other, also)
		}
		if !fold.IsOneApart(text, text+"x") || fold.IsOneApart(text, text) {
			t.Errorf("%q is not itself", text)
		}
	})
}
