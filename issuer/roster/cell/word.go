package cell

import (
	"slices"
	"strings"
	"unicode"

	"github.com/cardproof/cardproof/issuer/roster/fold"
)

// Outcome is what a word says of a test.
type Outcome byte

// The outcomes. A word that is not known is no pass.
const (
	Unknown Outcome = iota
	Passed
	Failed
)

// outcomes are the keys of the words in five languages, and of what spreadsheets write for true and false.
var outcomes = outcomeKeys(
	"pass passed yes y ok okay true x 1 p complete completed satisfactory successful competent met done distinction merit "+
		"passwithdistinction passwithmerit passedwithdistinction passedwithmerit mitauszeichnung mitauszeichnungbestanden "+
		"bestanden ja j erfullt erfuellt wahr erfolgreich "+
		"reussi reussie oui valide validee acquis acquise vrai admis admise satisfaisant "+
		"aprobado aprobada apto apta si superado superada verdadero aprobo "+
		"zdane zdany zdana zal zaliczone zdal zdala zaliczono zaliczyl zaliczyla zaliczony zaliczona tak t prawda pozytywny pozytywnie",
	"fail failed no n false 0 f notpassed didnotpass notyet unsatisfactory unsuccessful notcompetent notyetcompetent nyc nc "+
		"refer referred referral incomplete "+
		"nichtbestanden nein durchgefallen nichterfullt nichterfuellt falsch nb "+
		"echec echoue echouee non nonvalide nonvalidee nonacquis nonacquise refuse refusee ajourne ajournee faux nonreussi "+
		"noapto noapta suspenso suspendido suspendida reprobado reprobada noaprobado noaprobada nosuperado nosuperada falso "+
		"niezdane niezdany niezdana niezal niezdal niezdala niezaliczone niezaliczono niezaliczyl niezaliczyla niezaliczony niezaliczona nie falsz oblany oblane negatywny negatywnie")

// attended and missed are the keys of further words about being there.
var (
	attended = strings.Fields("present attended attending there full fully anwesend dagewesen teilgenommen vollstandig vollstaendig presents presente presentes " +
		"asistio asiste asistido obecny obecna obecni")
	missed = strings.Fields("absent absente noshow didnotattend notattended notpresent abwesend fehlt fehlend gefehlt nichtanwesend nichterschienen nichtteilgenommen " +
		"nonpresent nonpresente ausente noasistio nopresentado nopresentada nieobecny nieobecna")
)

// Attended reads a word about being there from the beginning to the end: what Test knows, and words such as "anwesend" and "absent".
// Figures say nothing: 1 may be a day, a share or a per cent.
func Attended(text string) Outcome {
	text = strings.TrimSpace(text)
	switch key := fold.Key(text); {
	case strings.ContainsFunc(text, unicode.IsDigit):
		return Unknown
	case isPlainWord(text) && slices.Contains(attended, key):
		return Passed
	case isPlainWord(text) && slices.Contains(missed, key):
		return Failed
	}
	return Test(text)
}

// PassWords are words that Test understands as passed, for a remedy.
const PassWords = "pass, yes, ok, bestanden, ja, réussi, oui, aprobado, sí, zdane, tak, x, 1 or ✓"

func outcomeKeys(passed, failed string) map[string]Outcome {
	words := map[string]Outcome{}
	for _, word := range strings.Fields(passed) {
		words[word] = Passed
	}
	for _, word := range strings.Fields(failed) {
		words[word] = Failed
	}
	return words
}

// Test reads a word about a test. It is the whole cell or nothing: a sign beside the word ("pass?", "x?", "(yes)", "~ok") casts doubt
// on it.
func Test(text string) Outcome {
	text = strings.TrimSpace(text)
	switch {
	case slices.Contains([]string{"✓", "✔", "✔\ufe0f", "☑", "☑\ufe0f", "✅"}, text):
		return Passed
	case slices.Contains([]string{"✗", "✘", "☒", "❌", "✖", "✖\ufe0f", "-", "–", "—"}, text):
		return Failed
	case !isPlainWord(text):
		return Unknown
	}
	return outcomes[fold.Key(text)]
}

// isPlainWord says whether a text is made of letters, or is one number; hyphens and spaces may stand between words, and a full
// stop behind one.
func isPlainWord(text string) bool {
	before, inWord := ' ', false
	for _, r := range text {
		switch isLetter := unicode.IsLetter(r) || unicode.IsMark(r); {
		case isLetter, unicode.IsDigit(r) && len(text) == 1:
			inWord = true
		case unicode.IsSpace(r) && before != '-', inWord && (r == '-' || r == '.'):
			inWord = false
		default:
			return false
		}
		before = r
	}
	return before != '-'
}
