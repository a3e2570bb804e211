// Package prerequisite judges whether a learner had, on the day of completion, the cards that a course asks for.
//
// It is a pure decision: what the roster claims and what the register holds go in, evidence or refusals come out.
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

// The codes of refusals.
const (
	Missing      = "prerequisite_missing"
	Expired      = "prerequisite_expired"
	BadCharacter = "bad_character"
	TooLong      = "too_long"
)

// minEvidence is how many letters and figures an evidence has at least: "no", "none" and "-" are none.
const minEvidence = 6

// maxEvidence bounds the evidence of another centre in characters: it is kept for ever.
const maxEvidence = 200

// Held is a card of this centre that may meet a prerequisite.
type Held struct {
	card.Entry          // as it stands today, with every replacement followed
	Names      []string // the names that it and those that it replaced bear
	Claimed    bool     // the roster names it; otherwise it was found by the learner
}

// Claims are what a roster's cell says of earlier cards.
type Claims struct {
	Cards    []string // numbers, tokens and links, as they stand
	External string   // evidence of another centre; empty for none
}

// ReadClaims reads a cell such as "7F3K-9QWX-2MTD" or "external: ALS1 card of another centre"; several stand apart by a
// semicolon or a line break.
func ReadClaims(cell string) Claims {
	var c Claims
	var external []string
	for _, piece := range strings.FieldsFunc(cell, func(r rune) bool { return r == ';' || r == '\n' }) {
		piece = strings.Join(strings.Fields(piece), " ")
		if kind, text, ok := strings.Cut(piece, ":"); ok && isExternal(kind) {
			external = append(external, strings.TrimSpace(text))
		} else if piece != "" {
			c.Cards = append(c.Cards, piece)
		}
	}
	c.External = strings.Join(slices.DeleteFunc(external, func(s string) bool { return s == "" }), "; ")
	return c
}

// isExternal knows the word in the languages of the headings.
func isExternal(word string) bool {
	return slices.Contains([]string{"external", "extern", "externe", "externo", "externa", "zewnętrzny", "zewnętrzna"},
		strings.ToLower(strings.TrimSpace(word)))
}

// Learner is whose prerequisites are judged.
type Learner struct {
	Name      string
	Completed card.Date
}

// Refusal is a prerequisite that is not met.
type Refusal struct{ Code, Message, Remedy string }

// Judge says how the prerequisites of a course are met, in words for the register, or which are not.
func Judge(c *course.Course, who Learner, claims Claims, held []Held) (evidence string, refusals []Refusal) {
	if refusal := checkExternal(claims.External); refusal != nil {
		return "", []Refusal{*refusal}
	}
	var met []string
	for _, p := range c.Prerequisites {
		text, refusal := judgeOne(p, who, claims, held)
		if refusal != nil {
			refusals = append(refusals, *refusal)
			continue
		}
		met = append(met, text)
	}
	return strings.Join(met, "; "), refusals
}

func checkExternal(text string) *Refusal {
	if text == "" {
		return nil
	}
	if n := strings.Count(strings.Map(sayingSomething, text), "x"); n < minEvidence {
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

// sayingSomething maps letters and figures to x, and all else to a space.
func sayingSomething(r rune) rune {
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return 'x'
	}
	return ' '
}

func judgeOne(p course.Prerequisite, who Learner, claims Claims, held []Held) (string, *Refusal) {
	var nearest *Refusal // about the card that comes nearest to meeting it
	for _, h := range held {
		if !meets(h.Entry, p.Course) {
			continue
		}
		refusal := whyNot(h, p.Course, who)
		if refusal == nil {
			return fmt.Sprintf("%s by card %s", p.Course, h.Number), nil
		}
		if nearest == nil || refusal.Code == Expired {
			nearest = refusal
		}
	}
	if claims.External != "" {
		if p.External {
			return fmt.Sprintf("%s by evidence of another centre: %s", p.Course, claims.External), nil
		}
		return "", &Refusal{Missing, fmt.Sprintf("The course takes no evidence of another centre for %s.", p.Course),
			fmt.Sprintf("Write the number of a %s card of this centre, or set prerequisites.external of the course in config.yaml if it may be taken.", p.Course)}
	}
	if nearest != nil {
		return "", nearest
	}
	return "", absent(p, claims, held)
}

// absent is the refusal where no card is known that would meet the prerequisite.
func absent(p course.Prerequisite, claims Claims, held []Held) *Refusal {
	message := fmt.Sprintf("The course asks for a current %s, and this centre has issued none to this learner.", p.Course)
	if i := slices.IndexFunc(held, func(h Held) bool { return h.Claimed }); i >= 0 {
		message = fmt.Sprintf("The course asks for a current %s, and card %s is of %s.", p.Course, held[i].Number, held[i].Course)
	} else if len(claims.Cards) > 0 {
		message = fmt.Sprintf("The course asks for a current %s, and this centre has issued no such card as prior_card names.", p.Course)
	}
	remedy := fmt.Sprintf("Write the number of the learner's %s card into prior_card", p.Course)
	if p.External {
		remedy += ", or \"external: \" and what you have seen of another centre's card"
	}
	return &Refusal{Missing, message, remedy + "."}
}

// whyNot says why a card that meets the requirement can't be counted, or nil.
func whyNot(h Held, requirement string, who Learner) *Refusal {
	remedy := "Correct prior_card, or leave the row out."
	if !h.Claimed {
		remedy = "Write the number of a card that is in force into prior_card, or leave the row out."
	}
	missing := func(format string, args ...any) *Refusal {
		return &Refusal{Missing, fmt.Sprintf(format, args...), remedy}
	}
	name := card.FoldName(who.Name)
	switch {
	case !slices.ContainsFunc(h.Names, func(n string) bool { return card.FoldName(n) == name }):
		return missing("Card %s was issued to somebody of another name.", h.Number)
	case h.State == card.Revoked:
		return missing("Card %s, the learner's %s, was withdrawn for good.", h.Number, requirement)
	case h.State == card.Suspended:
		return missing("Card %s, the learner's %s, is withdrawn for now.", h.Number, requirement)
	case h.State != card.Issued:
		return missing("Card %s, the learner's %s, is not released yet.", h.Number, requirement)
	case who.Completed.Before(h.Completed):
		return missing("Card %s, the learner's %s, was completed only on %s.", h.Number, requirement, h.Completed.Words())
	case h.ExpiresOn.Before(who.Completed):
		return &Refusal{Expired, fmt.Sprintf("Card %s, the learner's %s, was valid only through %s.", h.Number, requirement, h.ExpiresOn.Words()), remedy}
	}
	return nil
}

// meets asks the card as it was issued, not today's catalogue.
func meets(e card.Entry, requirement string) bool {
	return e.Course == requirement || slices.Contains(e.Qualification.Meets, requirement)
}
