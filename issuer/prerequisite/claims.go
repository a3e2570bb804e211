package prerequisite

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
)

// minEvidence is how many letters and figures an evidence has at least: "no", "none" and "-" are none.
const minEvidence = 6

// maxEvidence bounds the evidence of another centre in characters: it is kept for ever.
const maxEvidence = 200

// numberSymbols is how many letters and figures a card number has.
const numberSymbols = 12

// Claims are what a roster's cell says of earlier cards.
type Claims struct {
	Cards    []string // numbers, tokens and links, as they stand
	External []External
}

// External is evidence of another centre.
type External struct {
	Code string // the prerequisite that it is for; empty where the cell does not say
	Text string
}

// ReadClaims reads a cell such as "7F3K-9QWX-2MTD", "external: ALS1 card of another centre", or "external ALS1: ...; external BLS: ...".
// Several stand apart by a semicolon or a line break. Words behind an evidence that are no card go on with it.
func ReadClaims(cell string) Claims {
	var c Claims
	goesOn := 0 // how many of External the last evidence was for
	for _, piece := range strings.FieldsFunc(cell, func(r rune) bool { return r == ';' || r == '\n' }) {
		piece = strings.Join(strings.Fields(piece), " ")
		kind, text, _ := strings.Cut(piece, ":")
		codes, ok := readExternal(kind)
		text = strings.TrimSpace(text)
		switch {
		case piece == "":
		case ok && strings.Contains(piece, ":") && text == "":
			goesOn = 0
		case ok && strings.Contains(piece, ":"):
			for _, code := range codes {
				c.External = append(c.External, External{code, text})
			}
			goesOn = len(codes)
		case goesOn > 0 && isProse(piece):
			for n := range c.External[len(c.External)-goesOn:] {
				one := &c.External[len(c.External)-1-n]
				one.Text += ", " + piece
			}
		default:
			c.Cards, goesOn = append(c.Cards, piece), 0
		}
	}
	return c
}

// isProse says whether a piece is words rather than a number, a token or a link, which have no spaces but within a number. A number
// that was mistyped is still meant as one.
func isProse(piece string) bool {
	symbols := strings.Count(strings.Map(sayingSomething, piece), "x")
	return strings.Contains(piece, " ") && !strings.Contains(piece, "://") && symbols != numberSymbols
}

// readExternal reads what stands before the colon: the word in the languages of the headings, and the codes that the evidence is
// for, if it says; otherwise one empty code.
func readExternal(kind string) (codes []string, ok bool) {
	words := strings.FieldsFunc(strings.ToLower(kind), func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == '+' })
	if len(words) == 0 || !slices.Contains([]string{"external", "extern", "externe", "externo", "externa", "zewnętrzny", "zewnętrzna"}, words[0]) {
		return nil, false
	}
	for _, word := range words[1:] {
		code := strings.ToUpper(word)
		if !card.IsCourseCode(code) {
			return nil, false
		}
		codes = append(codes, code)
	}
	if len(codes) == 0 {
		codes = []string{""}
	}
	return codes, true
}

func checkExternal(text string) *Refusal {
	if n := strings.Count(strings.Map(sayingSomething, text), "x"); n < minEvidence || isNothing(text) {
		return &Refusal{Missing, "The evidence of another centre does not say what was seen.",
			"Write which card it was, of whom, and when you saw it, such as \"external: ALS1 card of Lyon, seen 2026-10-19\"; where there is none, leave the cell empty."}
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return &Refusal{BadCharacter, "The evidence has a control or text-direction character.", "Type it anew."}
	}
	if utf8.RuneCountInString(text) > maxEvidence {
		return &Refusal{TooLong, fmt.Sprintf("The evidence has more than %d characters.", maxEvidence), "Shorten it; it is kept with the card."}
	}
	return nil
}

// nothing are the words of people who have seen no evidence, and those that stand beside them, in the languages of the headings.
var nothing = wordSet("no none not nil missing pending unknown unavailable available awaiting awaited follows follow requested expected outstanding",
	"kein keine keinen keiner nichts nicht vorhanden unbekannt ausstehend fehlt folgt nachgereicht angefordert offen liegt vor wird noch",
	"aucun aucune inconnu inconnue attente manquant manquante absent absente disponible pas demandé demandée",
	"ninguno ninguna desconocido desconocida pendiente falta sin disponible",
	"brak nieznany nieznana nieznane oczekuje oczekiwana niedostępny niedostępna niedostępne niema nie ma w toku")

// beside are words that say nothing by themselves.
var beside = wordSet("card cards evidence certificate proof yet to be is the a an on of for in n na tba tbc tbd", "karte karten nachweis zertifikat der die das", "carte cartes preuve certificat de la le en non",
	"tarjeta carné certificado prueba el la no", "karta karty zaświadczenie dowód")

func wordSet(lists ...string) map[string]bool {
	set := map[string]bool{}
	for _, list := range lists {
		for _, word := range strings.Fields(list) {
			set[word] = true
		}
	}
	return set
}

// isNothing says whether an evidence only says that there is none: "pending", "no card", "keine Karte".
func isNothing(text string) bool {
	said := false
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return sayingSomething(r) == ' ' }) {
		lower := strings.ToLower(word)
		if !nothing[lower] && !beside[lower] && word != strings.ToUpper(word) {
			return false
		}
		if strings.ContainsFunc(word, unicode.IsDigit) && !card.IsCourseCode(word) {
			return false // a day or a number was seen
		}
		said = said || nothing[lower]
	}
	return said
}

// sayingSomething maps letters and figures to x, and all else to a space.
func sayingSomething(r rune) rune {
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return 'x'
	}
	return ' '
}

// of is the evidence for a prerequisite; without a code, the evidence that names none.
func (c Claims) of(code string) string {
	var texts []string
	for _, e := range c.External {
		if e.Code == code {
			texts = append(texts, e.Text)
		}
	}
	return strings.Join(texts, ", ")
}

// check refuses evidence that says nothing, can't be kept, or is for what the course does not ask.
func (c Claims) check(of *course.Course) *Refusal {
	if len(of.Prerequisites) == 0 {
		return nil
	}
	for _, e := range c.External {
		if refusal := checkExternal(c.of(e.Code)); refusal != nil {
			return refusal
		}
		asked := func(p course.Prerequisite) bool { return p.Course == e.Code }
		if e.Code != "" && !slices.ContainsFunc(of.Prerequisites, asked) {
			return &Refusal{Missing, fmt.Sprintf("The evidence is of %s, which %s does not ask for.", e.Code, of.Code),
				"Name what the course asks for, as in \"external " + of.Prerequisites[0].Course + ": what you saw\"."}
		}
	}
	return nil
}
