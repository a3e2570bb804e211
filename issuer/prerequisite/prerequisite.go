// Package prerequisite judges whether a learner had, on the day of completion, the cards that a course asks for.
//
// It is a pure decision: what the roster claims and what the register holds go in, evidence or refusals come out.
package prerequisite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

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

// Held is a card of this centre that may meet a prerequisite.
type Held struct {
	card.Entry          // as it stands today, with every replacement followed
	Names      []string // the names that it and those that it replaced bear, in any order
	Claimed    bool     // the roster names it; otherwise it was found by the learner
}

// Learner is whose prerequisites are judged.
type Learner struct {
	Name      string
	ID        string // the centre's own number; may be empty
	Email     string // may be empty
	Completed card.Date
}

// Refusal is a prerequisite that is not met.
type Refusal struct{ Code, Message, Remedy string }

const byEvidence = " by evidence of another centre: "

// Judge says how the prerequisites of a course are met, in words for the register, or which are not. Evidence of another centre
// counts for the prerequisite that it names; where it names none, for the only one that no card meets.
func Judge(c *course.Course, who Learner, claims Claims, held []Held) (evidence string, refusals []Refusal) {
	if refusal := claims.check(c); refusal != nil {
		return "", []Refusal{*refusal}
	}
	answers := make([]answer, len(c.Prerequisites))
	var open []string // what no card meets, and no evidence names
	for i, p := range c.Prerequisites {
		answers[i] = byHeld(p.Course, who, held, len(claims.Cards) > 0)
		if answers[i].text == "" && claims.of(p.Course) == "" {
			open = append(open, p.Course)
		}
	}
	if unnamed := claims.of(""); unnamed != "" && len(open) > 1 {
		return "", []Refusal{{Missing, fmt.Sprintf("The evidence of another centre does not say whether it is of %s.", strings.Join(open, " or ")),
			fmt.Sprintf("Name the course of each: %s.", exampleOf(open))}}
	}
	var met []string
	for i, p := range c.Prerequisites {
		text, refusal := answers[i].text, (*Refusal)(nil)
		if text == "" && !answers[i].barred && len(claims.External) > 0 {
			answers[i] = barred(answers[i], c, p.Course, who, held)
		}
		if text == "" {
			text, refusal = withoutCard(p, answers[i], cmp.Or(claims.of(p.Course), claims.of("")), claims, held)
		}
		if refusal != nil {
			refusals = append(refusals, *refusal)
			continue
		}
		met = append(met, text)
	}
	return strings.Join(met, "; "), refusals
}

func exampleOf(codes []string) string {
	pieces := make([]string, len(codes))
	for i, code := range codes {
		pieces[i] = fmt.Sprintf("external %s: what you saw", code)
	}
	return `"` + strings.Join(pieces, "; ") + `"`
}

// answer is what the register's cards say of one prerequisite.
type answer struct {
	text    string   // how it is met; empty where it is not
	nearest *Refusal // about the card that comes nearest to meeting it; nil where there is none
	barred  bool     // a card speaks against the learner, so that no evidence of elsewhere makes up for it
}

// byHeld asks the cards that the register has; where the roster names some, only those.
func byHeld(requirement string, who Learner, held []Held, only bool) (a answer) {
	for _, h := range held {
		if !meets(h.Entry, requirement) || only && !h.Claimed {
			continue
		}
		refusal, bars := whyNot(h, requirement, who)
		if refusal == nil {
			return answer{text: card.Met{Requirement: requirement, Card: h.Number}.String()}
		}
		if a.nearest == nil || bars && !a.barred || refusal.Code == Expired && !a.barred {
			a.nearest, a.barred = refusal, a.barred || bars
		}
	}
	return a
}

// barred looks, where evidence of elsewhere is to count, also at the learner's cards that the roster does not name, and at those that it
// names without need: one that is somebody else's, or of no use, was meant for another.
func barred(a answer, c *course.Course, requirement string, who Learner, held []Held) answer {
	for _, h := range held {
		if meets(h.Entry, requirement) {
			if refusal, bars := whyNot(h, requirement, who); bars {
				return answer{nearest: refusal, barred: true}
			}
		}
		if !h.Claimed {
			continue
		}
		if refusal := notTheirs(h, who); refusal != nil {
			return answer{nearest: refusal, barred: true}
		}
		if !slices.ContainsFunc(c.Prerequisites, func(p course.Prerequisite) bool { return meets(h.Entry, p.Course) }) {
			return answer{barred: true, nearest: &Refusal{Missing, fmt.Sprintf("Beside the evidence of another centre, prior_card names card %s, which is of %s.", h.Number, h.Course),
				"Leave that card out, or correct the number."}}
		}
	}
	return a
}

// withoutCard judges a prerequisite that no card of this centre meets.
func withoutCard(p course.Prerequisite, a answer, external string, claims Claims, held []Held) (string, *Refusal) {
	switch {
	case a.barred:
		return "", a.nearest
	case external != "" && !p.External:
		return "", &Refusal{Missing, fmt.Sprintf("The course takes no evidence of another centre for %s.", p.Course),
			fmt.Sprintf("Write the number of a %s card of this centre, or set prerequisites.external of the course in config.yaml if it may be taken.", p.Course)}
	case external != "" && len(claims.Cards) > countClaimed(held):
		return "", &Refusal{Missing, "Beside the evidence of another centre, prior_card names a card that this centre has not issued.",
			"Correct the number, or leave it out."}
	case external != "":
		return p.Course + byEvidence + external, nil
	case a.nearest != nil:
		return "", a.nearest
	}
	return "", absent(p, claims, held)
}

func countClaimed(held []Held) int {
	n := 0
	for _, h := range held {
		if h.Claimed {
			n++
		}
	}
	return n
}

// IsBarred says whether a card speaks against evidence of another centre for a course: one of the learner, as far as can be told, that
// would meet a prerequisite and is withdrawn.
func IsBarred(c *course.Course, who Learner, h Held) bool {
	return slices.ContainsFunc(c.Prerequisites, func(p course.Prerequisite) bool {
		_, bars := whyNot(h, p.Course, who)
		return p.External && bars && meets(h.Entry, p.Course) && notTheirs(h, who) == nil
	})
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

// WhyNot says why a card does not meet a prerequisite of a learner, or nil.
func WhyNot(h Held, requirement string, who Learner) *Refusal {
	refusal, _ := whyNot(h, requirement, who)
	return refusal
}

// whyNot says why a card that meets the requirement can't be counted, or nil, and whether that is against the learner: a card that
// is withdrawn or somebody else's, rather than one that is over.
func whyNot(h Held, requirement string, who Learner) (refusal *Refusal, bars bool) {
	if refusal := notTheirs(h, who); refusal != nil {
		return refusal, true
	}
	remedy := "Correct prior_card, or leave the row out."
	if !h.Claimed {
		remedy = "Write the number of a card that is in force into prior_card, or leave the row out."
	}
	missing := func(format string, args ...any) *Refusal {
		return &Refusal{Missing, fmt.Sprintf(format, args...), remedy}
	}
	over := h.ExpiresOn.Before(who.Completed)
	switch {
	case h.State == card.Revoked:
		return missing("Card %s, the learner's %s, was withdrawn for good.", h.Number, requirement), !over
	case h.State == card.Suspended:
		return missing("Card %s, the learner's %s, is withdrawn for now.", h.Number, requirement), !over
	case h.State != card.Issued:
		return missing("Card %s, the learner's %s, is not released yet.", h.Number, requirement), false
	case who.Completed.Before(h.Completed):
		return missing("Card %s, the learner's %s, was completed only on %s.", h.Number, requirement, h.Completed.Words()), false
	case over:
		return &Refusal{Expired, fmt.Sprintf("Card %s, the learner's %s, was valid only through %s.", h.Number, requirement, h.ExpiresOn.Words()), remedy}, false
	}
	return nil, false
}

// notTheirs says why a card is not the learner's, or nil. A name that was corrected is the card's no longer: a row that still has it
// would spread the mistake.
func notTheirs(h Held, who Learner) *Refusal {
	name := card.FoldName(who.Name)
	is := func(n string) bool { return card.FoldName(n) == name }
	switch {
	case !is(h.Name) && slices.ContainsFunc(h.Names, is):
		return &Refusal{Missing, fmt.Sprintf("Card %s was corrected from this name to %q.", h.Number, h.Name),
			"Correct the name in the roster."}
	case !is(h.Name):
		return &Refusal{Missing, fmt.Sprintf("Card %s is in another name.", h.Number),
			fmt.Sprintf("Correct the name in the roster or the number in prior_card, or if the card is wrong, `cardproof replace %s --name \"...\"`.", h.Number)}
	case who.ID != "" && h.Learner.ID != "" && who.ID != h.Learner.ID:
		return &Refusal{Missing, fmt.Sprintf("Card %s is of somebody of this name with another learner ID.", h.Number),
			"Correct the learner ID or prior_card, or leave the row out."}
	case who.ID != "" && who.ID == h.Learner.ID:
		return nil // an address may change, and an ID is a person
	case who.Email != "" && h.Learner.Email != "" && !strings.EqualFold(who.Email, h.Learner.Email):
		return &Refusal{Missing, fmt.Sprintf("Card %s is of somebody of this name with another e-mail address.", h.Number),
			fmt.Sprintf("Correct prior_card. If it is the same person, write the address that `cardproof show %s` shows, or leave the address out.", h.Number)}
	}
	return nil
}

// meets asks the card as it was issued, not today's catalogue.
func meets(e card.Entry, requirement string) bool {
	return e.Course == requirement || slices.Contains(e.Qualification.Meets, requirement)
}
