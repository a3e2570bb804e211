package roster

import (
	"strings"
	"testing"
)

// The column is known in six languages, and each learner has a language of their own or none.
func TestLanguageColumn(t *testing.T) {
	for _, heading := range []string{"language", "Language", "Sprache", "langue", "idioma", "Język", "JEZYK", "اللغة", "Preferred language", "Korrespondenzsprache"} {
		ro := mustRead(t, "name,course,completed,"+heading+"\nAna,TALK,2026-11-07,de-CH\nBela,TALK,2026-11-07,\nCarl,TALK,2026-11-07,polski\n")
		checked := Check(ro, testRules(t))
		want(t, heading, refused(checked.Problems), nil)
		if len(checked.Completions) != 3 {
			t.Fatalf("%s: got %d completions", heading, len(checked.Completions))
		}
		for i, code := range []string{"de", "", "pl"} {
			if got := checked.Completions[i].Language; got != code {
				t.Errorf("%s, row %d: got %q, want %q", heading, i, got, code)
			}
		}
	}
}

// A language that there are no mails in refuses the row, and says what is taken; so does one that is no language.
func TestUnknownLanguage(t *testing.T) {
	checked := Check(mustRead(t, "name,course,completed,Sprache\nAna,TALK,2026-11-07,Italienisch\nBela,TALK,2026-11-07,en/de\nCarl,TALK,2026-11-07,fr\n"), testRules(t))
	want(t, "problems", refused(checked.Problems), []string{"2 language unknown_language", "3 language unknown_language"})
	p := first(checked.Problems)
	for _, says := range []string{"en, de, fr, es, pl, ar", "leave the cell empty", `--map "Sprache="`} {
		if !strings.Contains(p.Remedy, says) {
			t.Errorf("got the remedy %q, want %q in it", p.Remedy, says)
		}
	}
	if p.Value != "Italienisch" {
		t.Errorf("got the value %q", p.Value)
	}
	o := testOptions()
	o.Columns = []string{"Sprache="}
	ro, err := Read(strings.NewReader("name,course,completed,Sprache\nAna,TALK,2026-11-07,Italienisch\n"), o)
	if err != nil {
		t.Fatal(err)
	}
	if checked := Check(ro, testRules(t)); len(checked.Completions) != 1 || checked.Completions[0].Language != "" {
		t.Errorf("a column that is not read: got %+v", checked.Problems)
	}
}

// One language for every row may be set, as where a whole class is written to in it.
func TestSetLanguage(t *testing.T) {
	for value, code := range map[string]string{"German": "de", "pl": "pl"} {
		ro, err := Read(strings.NewReader("name,course,completed\nAna,TALK,2026-11-07\n"), optionsWith(nil, []string{"language=" + value}))
		if err != nil {
			t.Fatal(err)
		}
		if checked := Check(ro, testRules(t)); len(checked.Completions) != 1 || checked.Completions[0].Language != code {
			t.Errorf("%s: got %+v", value, checked)
		}
	}
}

func TestCheckLanguage(t *testing.T) {
	if code, problems := CheckLanguage(" Deutsch "); code != "de" || len(problems) > 0 {
		t.Errorf("got %q, %+v", code, problems)
	}
	if code, problems := CheckLanguage(""); code != "" || len(problems) > 0 {
		t.Errorf("got %q, %+v", code, problems)
	}
	if code, problems := CheckLanguage("Klingon"); code != "" || len(problems) != 1 || problems[0].Code != "unknown_language" || strings.Contains(problems[0].Remedy, "--map") {
		t.Errorf("got %q, %+v", code, problems)
	}
}
