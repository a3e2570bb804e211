package web

import (
	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/web/phrase"
)

// newer is the card that stands for a replaced one, with what is said of it before and behind its number.
type newer struct {
	phrase.Sides
	Number card.Number
	Query  string
}

// setNewer says what is known of the newer card. One that was itself withdrawn must not pass for a good one.
func (p *verdictPage) setNewer(rd reader, v verify.Verdict) error {
	r := v.Replacement
	if r == nil {
		r = &verify.Replacement{Number: v.Card.ReplacedBy, Code: verify.StatusUnknown}
	}
	sentence := rd.Newer.Unknown
	if r.Code == verify.Valid {
		sentence = rd.Newer.Valid
	} else if bad, ok := rd.Newer.Bad[string(r.Code)]; ok {
		sentence, p.Advice = bad, rd.Verdicts[string(verify.Revoked)].Advice
	}
	sides, err := sentence.Around("number")
	if err != nil {
		return err
	}
	p.Newer = &newer{sides, r.Number, rd.query(p.Form.Need)}
	return nil
}

// qualifiesHeading stands over the requirements of a card. Of one that is not in force it must not sound as if it was.
func (rd reader) qualifiesHeading(code verify.Code) string {
	switch code {
	case verify.Valid:
		return rd.Card.Qualifies.Now
	case verify.NotYetValid:
		return rd.Card.Qualifies.Later
	case verify.StatusUnknown:
		return rd.Card.Qualifies.Unknown
	}
	return rd.Card.Qualifies.Once
}

// jump leads from the verdict to the requirements, which stand below the card's lines: on a telephone nobody would find them.
type jump struct{ Says, Link string }

func (p *verdictPage) setJump(rd reader, v verify.Verdict, a asked) {
	meets := v.Card.Qualification.Meets
	switch {
	case len(p.Choices) == 0:
	case a.wanted.code != "" && p.Word != rd.Need.NoAnswer:
		p.Jump = &jump{Link: rd.Need.Other}
	case a.wanted.asked():
		p.Jump = &jump{Link: rd.Need.Choose}
	case len(meets) == 0:
		p.Jump = &jump{Link: rd.Need.Does}
	default:
		p.Jump = &jump{Says: rd.Say(rd.Need.Qualifies, "codes", rd.List(meets)), Link: rd.Need.Does}
	}
}
