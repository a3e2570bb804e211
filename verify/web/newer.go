package web

import (
	"strings"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
)

// newer is the card that stands for a replaced one, with what is said of it before and behind its number.
type newer struct {
	Number        card.Number
	Before, After string
}

// newerSays is what is known of the newer card. One that was itself withdrawn must not pass for a good one.
var newerSays = map[verify.Code]string{
	verify.Expired:       "has expired",
	verify.NotYetValid:   "does not count yet",
	verify.Revoked:       "was withdrawn for good",
	verify.Suspended:     "is withdrawn for now",
	verify.KeyRevoked:    "is not valid",
	verify.UnknownIssuer: "is not valid",
	verify.InvalidClaims: "is not valid",
}

func (p *verdictPage) setNewer(v verify.Verdict) {
	r := v.Replacement
	if r == nil {
		r = &verify.Replacement{Number: v.Card.ReplacedBy, Code: verify.StatusUnknown}
	}
	p.Newer = &newer{Number: r.Number, Before: "It has the number", After: ". Whether that one is valid could not be learned: check it."}
	if r.Code == verify.Valid {
		p.Newer.After = ", and that one is valid today."
	} else if says, ok := newerSays[r.Code]; ok {
		p.Advice = "Do not accept this card. Ask the holder for another one. If in doubt, ask the issuer."
		p.Newer.Before, p.Newer.After = "The card that replaced it,", ", "+says+": do not accept that one either."
	}
}

// qualifiesHeading stands over the requirements of a card. Of one that is not in force it must not sound as if it was.
func qualifiesHeading(code verify.Code) string {
	switch code {
	case verify.Valid:
		return "What this card qualifies for"
	case verify.NotYetValid:
		return "What this card is made out for"
	case verify.StatusUnknown:
		return "What this card qualified for on the day of issue"
	}
	return "What this card qualified for"
}

// jump leads from the verdict to the requirements, which stand below the card's lines: on a telephone nobody would find them.
type jump struct{ Says, Link string }

func (p *verdictPage) setJump(v verify.Verdict, a asked) {
	meets := v.Card.Qualification.Meets
	switch {
	case len(p.Choices) == 0:
	case a.wanted.code != "" && p.Word != noAnswer:
		p.Jump = &jump{Link: "Ask for something else"}
	case a.wanted.asked():
		p.Jump = &jump{Link: "Choose what you need"}
	case len(meets) == 0:
		p.Jump = &jump{Link: "Does it meet what you need?"}
	default:
		p.Jump = &jump{Says: "It qualifies for " + strings.Join(meets, ", ") + ".", Link: "Does it meet what you need?"}
	}
}
