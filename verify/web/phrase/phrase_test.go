package phrase

import (
	"bytes"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/card"
)

func load(t *testing.T) *Catalogue {
	t.Helper()
	c, err := Load(assets.Pages())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDates(t *testing.T) {
	first, fifth := card.Date{Year: 2026, Month: time.May, Day: 1}, card.Date{Year: 2026, Month: time.November, Day: 5}
	c := load(t)
	for code, want := range map[string][2]string{
		"en": {"1 May 2026", "5 November 2026"},
		"de": {"1. Mai 2026", "5. November 2026"},
		"fr": {"1er mai 2026", "5 novembre 2026"},
		"es": {"1 de mayo de 2026", "5 de noviembre de 2026"},
		"pl": {"1 maja 2026", "5 listopada 2026"},
		"ar": {"1 مايو 2026", "5 نوفمبر 2026"},
	} {
		l := c.Named(code)
		if got := [2]string{l.Date(first), l.Date(fifth)}; got != want {
			t.Errorf("%s: got %q, want %q", code, got, want)
		}
		if got := l.Date(card.Date{}); got != "" {
			t.Errorf("%s: no day reads %q", code, got)
		}
	}
	for m := time.January; m <= time.December; m++ {
		d := card.Date{Year: 2028, Month: m, Day: 29}
		if got, want := c.Named("en").Date(d), d.Words(); got != want {
			t.Errorf("got %q, the card prints %q", got, want)
		}
	}
}

func TestAccepted(t *testing.T) {
	c := load(t)
	for header, want := range map[string]string{
		"": "en", "*": "en", "en-US,en;q=0.9": "en", "de-CH": "de", "gsw": "de", "fr-CA, en;q=0.8": "fr", "es-419": "es", "pl": "pl",
		"ar-EG,ar;q=0.9": "ar", "ary": "ar", "en;q=0.2, pl;q=0.9": "pl", "ja": "en", "ja, de;q=0.5": "de", "ja;q=1, nothing at all": "en",
		"de;q=0": "en", strings.Repeat("de,", 2000): "en", "\x00": "en", "xx-invalid-": "en",
	} {
		if got := c.Accepted(header).Code; got != want {
			t.Errorf("%.40q: got %s, want %s", header, got, want)
		}
	}
	if c.Named("DE") != nil || c.Named("") != nil || c.Named("de").Code != "de" {
		t.Error("a language is found by its exact code alone")
	}
}

func TestSay(t *testing.T) {
	c := load(t)
	for _, tc := range []struct {
		code, value, want string
	}{
		{"en", "BLS", "Checking for BLS."},
		{"en", "{need} {x}", "Checking for {need} {x}."},
		{"en", "دعم", "Checking for \u2068دعم\u2069."},
		{"ar", "BLS", "السؤال عن \u2068BLS\u2069."},
		{"ar", "\u2068BLS\u2069 \u2068CPR\u2069", "السؤال عن \u2068BLS\u2069 \u2068CPR\u2069."},
	} {
		l := c.Named(tc.code)
		if got := l.Say(l.Form.Asking, "need", tc.value); got != tc.want {
			t.Errorf("%s, %q: got %q, want %q", tc.code, tc.value, got, tc.want)
		}
	}
	for code, want := range map[string]string{"en": "A, B and C", "de": "A, B und C", "ar": "\u2068A\u2069، \u2068B\u2069 و\u2068C\u2069"} {
		if got := c.Named(code).List([]string{"A", "B", "C"}); got != want {
			t.Errorf("%s: got %q, want %q", code, got, want)
		}
	}
	if got := c.Named("en").List(nil) + c.Named("en").List([]string{"A"}) + c.Named("en").List([]string{"A", "B"}); got != "AA and B" {
		t.Errorf("got %q", got)
	}
	if _, err := Sentence("Checked.").Around("time"); err == nil {
		t.Error("a sentence without the place is taken")
	}
}

// A catalogue with a gap, a text too many, or another placeholder is refused, and the error says which.
func TestLoadRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ file, old, new, want string }{
		"a text missing":       {"de", "  button: Prüfen\n", "", ".Form.Button"},
		"an empty text":        {"de", "  button: Prüfen\n", "  button: \"\"\n", ".Form.Button"},
		"a blank text":         {"de", "  button: Prüfen\n", "  button: \" \"\n", ".Form.Button"},
		"an unknown text":      {"fr", "form:\n", "form:\n  buton: x\n", "buton"},
		"a text twice":         {"fr", "  button: Contrôler\n", "  button: Contrôler\n  button: Contrôler\n", "already defined"},
		"a verdict missing":    {"pl", "  expired:\n", "  expird:\n", "without .Verdicts.expired"},
		"a placeholder lost":   {"es", "Se pregunta por {need}.", "Se pregunta.", ".Form.Asking"},
		"a placeholder spelt":  {"es", "Se pregunta por {need}.", "Se pregunta por {ned}.", ".Form.Asking"},
		"a placeholder twice":  {"es", "Se pregunta por {need}.", "Se pregunta por {need} {need}.", ".Form.Asking"},
		"a month missing":      {"ar", "[يناير, ", "[", "want 12"},
		"no direction":         {"ar", "dir: rtl", "dir: up", "direction"},
		"the English one bare": {"en", "  button: Check\n", "", ".Form.Button"},
		"no file":              {"pl", "", "", "pl.yaml"},
		"a file too many":      {"xx", "", "name: x\n", "7 files"},
	} {
		files := fstest.MapFS{}
		for _, code := range codes {
			data, err := fs.ReadFile(assets.Pages(), "text/"+code+".yaml")
			if err != nil {
				t.Fatal(err)
			}
			files["text/"+code+".yaml"] = &fstest.MapFile{Data: data}
		}
		path := "text/" + tc.file + ".yaml"
		switch {
		case name == "no file":
			delete(files, path)
		case files[path] == nil:
			files[path] = &fstest.MapFile{Data: []byte(tc.new)}
		case !bytes.Contains(files[path].Data, []byte(tc.old)):
			t.Fatalf("%s: the file has no %q to be changed", name, tc.old)
		default:
			files[path].Data = bytes.Replace(files[path].Data, []byte(tc.old), []byte(tc.new), 1)
		}
		if _, err := Load(files); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, tc.want)
		}
	}
}

// Words of the languages that have formal ways to speak to a person: none of the familiar ones.
func TestFormalAddress(t *testing.T) {
	familiar := map[string][]string{
		"de": {"du", "dir", "dich", "dein", "deine"}, "fr": {"tu", "te", "toi", "ton", "ta", "tes"}, "es": {"tú", "tu", "tus", "vos"}, "pl": {"ty", "cię", "twój", "twoja"},
	}
	for code, words := range familiar {
		for path, text := range textsOf(&load(t).Named(code).Texts) {
			for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" .,:;?!()", r) }) {
				if slices.Contains(words, word) && path != ".Dir" {
					t.Errorf("%s: %s says %q", code, path, word)
				}
			}
		}
	}
}
