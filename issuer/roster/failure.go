package roster

import (
	"slices"
	"strings"
	"unicode"

	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/heading"
)

// noFailures are words that Test takes for failed below the heading of a test, and that say nothing of one elsewhere: "no" may be
// an answer about lunch.
var noFailures = strings.Fields("no n nein non nie false falsch faux falso falsz 0 f nb nc")

// aloneOnly are words for failed that mean something else within a sentence: "referred by the hospital", "not yet paid".
var aloneOnly = strings.Fields("refer referred referral refuse refusee notyet negatywny negatywnie suspendido suspendida failure")

// notDone are the words for a learner who failed or was not there to the end, beside those that cell.Test knows.
var notDone = setOf("absent absents absente absentes absentee noshow didnotattend notattended cancelled canceled cancellation withdrawn withdrew droppedout dropout dnf dns fails failing " +
	"abwesend fehlt fehlte fehlend gefehlt nichterschienen nichtteilgenommen abgemeldet abgesagt absage storno storniert abgebrochen abbruch durchgef unbestanden " +
	"annule annulee abandon abandonne recale recalee nonpresent nonpresente ajournes echoues " +
	"ausente ausentes noasistio nopresentado nopresentada cancelado cancelada anulado anulada suspensos " +
	"nieobecny nieobecna nieobecni rezygnacja zrezygnowal zrezygnowala odwolany odwolana niezdany niezdana")

// Words that together say that somebody failed: one that denies, and one of success not far behind it.
var (
	denials = setOf("not no didnt doesnt hasnt hadnt wasnt isnt never without nicht nie niemals ohne kein keine keinen non pas jamais sans nunca sin bez n")
	success = setOf("pass passed passing complete completed completing finish finished attend attended attending present there competent met achieved satisfactory successful success successfully ok eligible " +
		"certified bestanden bestand bestehen erfullt erfuellt teilgenommen erschienen anwesend abgeschlossen absolviert geschafft erfolgreich erfolg erreicht " +
		"acquis acquise acquises valide validee reussi reussie admis admise presente satisfaisant termine terminee succes " +
		"apto apta aptos aptas aprobo aprobado aprobada supero superado superada asistio presento completo termino exito " +
		"zdal zdala zdany zdana zdane zaliczyl zaliczyla zaliczony zaliczona zaliczone zaliczono obecny obecna ukonczyl ukonczyla powodzenia")
	verbs = strings.Fields("erschien kam bestand") // German denies them behind
)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}

// mostBetween is how many words may stand between a denial and what it denies: "hat nicht alle Teile bestanden".
const mostBetween = 2

// mostJoined is how many words a key of cell.Test or of notDone is written with: "did not attend".
const mostJoined = 4

var (
	dashes      = strings.NewReplacer(" - ", ";", " – ", ";")
	apostrophes = strings.NewReplacer("'", "", "’", "")
)

// longestKey bounds what may be such a key.
const longestKey = 30

// clauses takes a cell apart where a sign ends a thought. A full stop does not: "nicht best.".
func clauses(text string) []string {
	return strings.FieldsFunc(dashes.Replace(text), func(r rune) bool { return strings.ContainsRune(",;:()[]/|–—!?\n", r) })
}

// tokens are the keys of a text's words.
func tokens(text string) []string {
	var keys []string
	for _, word := range strings.FieldsFunc(apostrophes.Replace(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) }) {
		if key := fold.Key(word); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// isFailure says whether a cell has, anywhere in it, a word for failed or not there. A bare "no" is none: what it is about decides.
func isFailure(text string) bool {
	if !strings.ContainsFunc(text, unicode.IsLetter) {
		return false
	}
	before := ""
	for i, clause := range clauses(text) {
		keys := tokens(clause)
		whole := strings.Join(keys, "")
		isBareNo := slices.Contains(noFailures, whole)
		switch {
		case isBareNo && whole == "nb" && i > 0, isBareNo && i > 0 && isAboutPassing(before):
			return true // "Theorie bestanden, Praxis: nein"
		case !isBareNo && cell.Test(whole) == cell.Failed && whole != "", notDone[whole], saysFailed(keys):
			return true
		}
		before = clause
	}
	return false
}

func isAboutPassing(text string) bool { return heading.IsVerdict(text) || heading.IsTest(text) }

// saysFailed looks through the words of one clause.
func saysFailed(keys []string) bool {
	for i, key := range keys {
		joined := ""
		for _, next := range keys[i:min(i+mostJoined, len(keys))] {
			if joined += next; isWordForFailed(joined) {
				return true
			}
		}
		rest := keys[i+1:]
		within := rest[:min(len(rest), mostBetween+1)]
		switch {
		case len(rest) == 0:
		case denials[key] && slices.ContainsFunc(within, func(next string) bool { return success[next] }):
			return true
		case key == "nicht" && rest[0] == "best", slices.Contains(verbs, key) && rest[0] == "nicht":
			return true
		case len(rest) == 2 && rest[0] == "n" && rest[1] == "b", len(rest) == 1 && rest[0] == "nb": // "Praxis n.b."
			return true
		}
	}
	return false
}

func isWordForFailed(key string) bool {
	if len(key) > longestKey || (!notDone[key] && cell.Test(key) != cell.Failed) {
		return false
	}
	return !slices.Contains(noFailures, key) && !slices.Contains(aloneOnly, key)
}

// again are the words for a test that is to be taken once more. They ask, and refuse nobody: "pass (resit)" is a pass.
var again = strings.Fields("resit resits retake retakes retest remediation reassessment nachprufung nachpruefung wiederholungsprufung wiederholungspruefung rattrapage recuperacion poprawka")

// isToRepeat says whether a cell of a column that is not read speaks of such a test.
func isToRepeat(text string) bool {
	return slices.ContainsFunc(tokens(text), func(key string) bool { return slices.Contains(again, key) })
}
