package cell

import (
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

func TestLanguage(t *testing.T) {
	for text, want := range map[string]string{
		"en": "en", "EN": "en", "en-GB": "en", "en_US": "en", "de": "de", "de-CH": "de", "deu": "de", "DE-at": "de", "pl-PL": "pl", "es-419": "es", "ar-EG": "ar", "fr-CA": "fr",
		"German": "de", "deutsch": "de", " Deutsch ": "de", "Français": "fr", "francais": "fr", "FRENCH": "fr", "español": "es", "Castellano": "es", "polski": "pl",
		"Polish": "pl", "العربية": "ar", "Arabic": "ar", "Englisch": "en", "Französisch": "fr", "Franzoesisch": "fr", "angielski": "en",
		"": "", "xx": "", "it": "", "Italian": "", "pt-BR": "", "uk": "", "und": "", "both": "", "en/de": "", "German, English": "", "1": "", "=en": "", "deutschland": "", "ja": "", "nein": "",
		"yes": "", "-": "", "\x00": "",
	} {
		got, ok := Language(text)
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", text, got, ok, want)
		}
	}
}

// Every language is known by its name in itself and in each of the others, as CLDR has them.
func TestLanguageNames(t *testing.T) {
	n := 0
	for _, code := range LanguageCodes() {
		names := []string{display.Self.Name(language.Make(code))}
		for _, in := range LanguageCodes() {
			names = append(names, display.Languages(language.Make(in)).Name(language.Make(code)))
		}
		for _, name := range names {
			n++
			if got, ok := Language(name); !ok || got != code {
				t.Errorf("%q: got %q, %v, want %s", name, got, ok, code)
			}
		}
	}
	if n != 42 {
		t.Errorf("got %d names, want seven of each of six languages", n)
	}
}
