package cell

import (
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/cardproof/cardproof/issuer/roster/fold"
)

// languageNames are the languages in which learners are written to, each with its name in English, in itself, and in the others of them.
// The first one is what a message says.
var languageNames = []struct {
	code  string
	names []string
}{
	{"en", []string{"English", "Englisch", "anglais", "inglés", "angielski", "الإنجليزية", "إنجليزي"}},
	{"de", []string{"German", "Deutsch", "allemand", "alemán", "niemiecki", "الألمانية", "ألماني"}},
	{"fr", []string{"French", "français", "Französisch", "francés", "francuski", "الفرنسية", "فرنسي"}},
	{"es", []string{"Spanish", "español", "castellano", "Spanisch", "espagnol", "hiszpański", "الإسبانية", "إسباني"}},
	{"pl", []string{"Polish", "polski", "Polnisch", "polonais", "polaco", "البولندية", "بولندي"}},
	{"ar", []string{"Arabic", "العربية", "عربي", "Arabisch", "arabe", "árabe", "arabski"}},
}

var (
	languageByName  = languageKeys()
	languageMatcher = language.NewMatcher(languageTags())
)

func languageKeys() map[string]string {
	keys := map[string]string{}
	for _, l := range languageNames {
		for _, name := range l.names {
			keys[fold.Key(name)], keys[fold.Spelled(name)] = l.code, l.code
		}
	}
	return keys
}

func languageTags() (tags []language.Tag) {
	for _, code := range LanguageCodes() {
		tags = append(tags, language.Make(code))
	}
	return tags
}

// LanguageCodes are the codes that Language answers.
func LanguageCodes() (codes []string) {
	for _, l := range languageNames {
		codes = append(codes, l.code)
	}
	return slices.Clip(codes)
}

// Language is the code of the language in which a learner is written to, as a cell names it: by a BCP 47 tag, such as de-CH, or by the
// language's name in English, in itself, or in another of them. It is false for a language that there are no texts in.
func Language(text string) (code string, ok bool) {
	if code, ok = languageByName[fold.Key(text)]; ok {
		return code, true
	}
	tag, err := language.Parse(strings.TrimSpace(text))
	if err != nil {
		return "", false
	}
	_, i, confidence := languageMatcher.Match(tag)
	if confidence < language.High { // a near one is another language
		return "", false
	}
	return languageNames[i].code, true
}
