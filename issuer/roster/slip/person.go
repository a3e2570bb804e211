package slip

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cardproof/cardproof/issuer/roster/cell"
	"github.com/cardproof/cardproof/issuer/roster/fold"
)

// Kind is what a text is that stands where a name should.
type Kind byte

// The kinds. Of the first three, the text is refused as a name.
const (
	Name        Kind = iota
	Placeholder      // a word that says that there is no name: "n/a", "TBD", "WAHR"
	NoName           // it holds what no name has: an e-mail address, digits, parentheses, a sign
	Mixed            // a word of it has letters of two alphabets
	Several          // it names more than one person
	Odd              // one of its words is such a word or joins two people, and may be a name as well: Christopher Null
)

// placeholders are the keys of a word that stands by itself in a cell where there is no name, in five languages.
var placeholders = strings.Fields("na nd nc nn bd tbd tba tbc unknown unnamed noname nobody none nil null nan missing empty blank pending test dummy sample example " +
	"name firstname lastname fullname anonymous undefined deleted cancelled canceled withdrawn absent noshow vacant open " +
	"unbekannt ohnename leer entfallt offen fehlt storniert abgesagt abgemeldet abwesend " +
	"inconnu inconnue vide neant annule annulee absente adefinir " +
	"desconocido desconocida vacio vacia cancelado cancelada ausente " +
	"nieznany nieznana nieznane brak puste anulowano anulowany anulowana nieobecny nieobecna " +
	"true false wahr falsch vrai faux verdadero falso prawda falsz yes no ja nein oui non nie tak")

// phrases are those of several words; one that is a word by itself would be found in names of short words.
var phrases = strings.Fields("nn na ka notapplicable notavailable notknown tobeannounced tobedetermined tobeconfirmed noname noshow firstname lastname fullname testuser testperson " +
	"keineangabe ohnename nonrenseigne sansnom adefinir sinnombre nodisponible pordefinir pordeterminar noaplica brakdanych niepodano niedotyczy")

// odd are those of them that make a person look beside another word of the name. The others are often words of names.
var odd = strings.Fields("tbd tba tbc unknown unnamed null none undefined deleted cancelled canceled withdrawn dummy test anonymous missing " +
	"unbekannt storniert abgesagt inconnu inconnue annule annulee desconocido desconocida cancelado cancelada nieznany nieznana brak anulowano true false wahr falsch vrai faux " +
	"verdadero falso prawda falsz")

// joining are words that join two people. "y", "i" and "e" stand between two last names as well, and so does the German "und".
var joining = []string{"and", "et", "oraz", "plus"}

// kinship are the slashes of names in the manner of South Asia: son of, daughter of, wife of.
var kinship = []string{"s/o", "d/o", "w/o", "a/l", "a/p"}

// KindOf says whether a text may be a person's name, in NFC and with single spaces. It tells what is certainly none; whether the
// person exists is beyond it.
func KindOf(name string) Kind {
	if isPlaceholder(name) {
		return Placeholder
	}
	words := strings.Fields(name)
	found, strange := Name, 0
	for i, word := range words {
		key := fold.Key(word)
		switch {
		case slices.Contains(kinship, strings.ToLower(word)) && i > 0 && i < len(words)-1:
		case strings.ContainsAny(word, "&/;＆；／"):
			return Several
		case strings.ContainsFunc(word, isNoNameSign), isOnlySigns(word), hasColon(word):
			return NoName
		case cell.MixedScripts(word):
			found = Mixed
		case slices.Contains(odd, key):
			strange++
		case slices.Contains(joining, strings.ToLower(word)) && i > 0 && i < len(words)-1 && found == Name:
			found = Odd
		}
	}
	switch {
	case strange == len(words):
		return Placeholder
	case strange > 0 && found == Name:
		return Odd
	}
	return found
}

func isPlaceholder(name string) bool {
	key, known := fold.Key(name), placeholders
	if strings.Contains(name, " ") {
		known = phrases
	}
	return slices.Contains(known, key) || isRepeated(key) || IsSheetError(name)
}

// maxRepeated bounds the letters of a cell that was filled with one letter.
const maxRepeated = 20

// isRepeated says whether a text is one letter again and again, as a cell is filled that may not be empty; "x" is so by itself.
func isRepeated(key string) bool {
	first, n := utf8.DecodeRuneInString(key)
	return first < utf8.RuneSelf && n > 0 && strings.Trim(key, key[:n]) == "" && (first == 'x' || len(key) > 2) && len(key) <= maxRepeated
}

// sheetErrors are what spreadsheets show where a formula fails, in five languages.
var sheetErrors = strings.Fields("#N/A #NV #ND #N/D #REF! #BEZUG! #VALUE! #WERT! #VALEUR! #¡VALOR! #VALOR! #ARG! #DIV/0! #¡DIV/0! #DZIEL/0! #NAME? #NOM? #¿NOMBRE? #NOMBRE? #NAZWA? " +
	"#NUM! #ZAHL! #NOMBRE! #¡NUM! #LICZBA! #NULL! #NUL! #¡NULO! #ZERO! #ADR! #¡REF! #SPILL! #CALC! #FIELD! #BLOCKED! #UNKNOWN! #GETTING_DATA #ÜBERLAUF! #PROPAGATION! Err:502 Err:508")

// IsSheetError says whether a text is the error that a spreadsheet shows in place of a value.
func IsSheetError(text string) bool {
	text = strings.TrimSpace(text)
	return slices.ContainsFunc(sheetErrors, func(known string) bool { return strings.EqualFold(text, known) })
}

// isNoNameSign finds signs that stand in no name. Pictures and foreign symbols are not among them: whether the card can show them
// is for the drawing to say.
func isNoNameSign(r rune) bool {
	return unicode.In(r, unicode.Nd, unicode.No) || strings.ContainsRune(`#%*+<=>@[\]^_{|}~()!?¡¿§¶¦©®™°±«»×÷$£¢¥€¤¬†‡•…（）［］！？＠＃`, r)
}

// hasColon says whether a word ends with a colon; inside of one it shortens a Swedish name, K:son.
func hasColon(word string) bool { return strings.HasSuffix(word, ":") || strings.HasPrefix(word, ":") }

// isOnlySigns says whether a word is punctuation alone. A dash, a dot in the middle or a comma may stand between two words of a name.
func isOnlySigns(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool {
		return !unicode.IsPunct(r) || unicode.Is(unicode.Pd, r) || strings.ContainsRune("·・־,", r)
	})
}
