package issuer

import (
	"cmp"
	"context"
	"fmt"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/issuer/prerequisite"
	"github.com/cardproof/cardproof/issuer/roster"
	"github.com/cardproof/cardproof/verify"
)

// judgePrerequisites looks up what the courses of the rows presuppose: by what the row names, and where it names nothing, by its
// learner. It returns the evidence by row, and the problems of the rows that have none.
func (i *Issuer) judgePrerequisites(ctx context.Context, rows []roster.Completion) (map[int]string, []roster.Problem, error) {
	var asked []roster.Completion
	for _, c := range rows {
		if c.Course != nil && len(c.Course.Prerequisites) > 0 && c.Name != "" && !c.Completed.IsZero() {
			asked = append(asked, c)
		}
	}
	found, err := i.cardsOfLearners(ctx, asked)
	if err != nil {
		return nil, nil, err
	}
	namesakes, err := i.namesakes(ctx, asked)
	if err != nil {
		return nil, nil, err
	}
	evidence := map[int]string{}
	var problems []roster.Problem
	for n, c := range asked {
		claims := prerequisite.ReadClaims(c.PriorCard)
		named, err := i.claimed(ctx, claims.Cards)
		if err != nil {
			return nil, nil, err
		}
		who := prerequisite.Learner{Name: c.Name, ID: c.LearnerID, Email: c.Email, Completed: c.Completed}
		text, refusals := prerequisite.Judge(c.Course, who, claims, append(named, found[n]...))
		evidence[c.Row] = text
		if len(refusals) == 0 {
			notice, err := i.withdrawnNamesake(ctx, c, who, namesakes[n])
			if err != nil {
				return nil, nil, err
			}
			problems = append(problems, notice...)
		}
		for _, r := range refusals {
			problems = append(problems, roster.Problem{Row: c.Row, Column: roster.ColumnPriorCard, Code: r.Code, Value: c.PriorCard,
				Message: r.Message, Remedy: r.Remedy})
		}
	}
	return evidence, problems, nil
}

// namesakes finds the cards in the names of those rows that bring evidence of another centre.
func (i *Issuer) namesakes(ctx context.Context, rows []roster.Completion) ([][]card.Entry, error) {
	all := make([][]card.Entry, len(rows))
	var names []string
	var of []int
	for n, c := range rows {
		if len(prerequisite.ReadClaims(c.PriorCard).External) > 0 {
			names, of = append(names, c.Name), append(of, n)
		}
	}
	found, err := i.Register.FindByName(ctx, names)
	for k, n := range of {
		all[n] = found[k]
	}
	return all, err
}

// withdrawnNamesake is a notice where evidence of elsewhere is taken from somebody in whose name a card of this centre is withdrawn that
// nothing but the name ties to the row.
func (i *Issuer) withdrawnNamesake(ctx context.Context, c roster.Completion, who prerequisite.Learner, namesakes []card.Entry) ([]roster.Problem, error) {
	for _, e := range namesakes {
		h, err := i.follow(ctx, e)
		if err != nil {
			return nil, err
		}
		if prerequisite.IsBarred(c.Course, who, h) {
			return []roster.Problem{{Row: c.Row, Column: roster.ColumnPriorCard, Code: "withdrawn_namesake", Value: c.PriorCard, Severity: roster.Notice,
				Message: fmt.Sprintf("Card %s of %s in this name is withdrawn.", h.Number, h.Course),
				Remedy:  "If it is this learner's, evidence of another centre does not make up for it: add the learner's ID or e-mail address, or leave the row out."}}, nil
		}
	}
	return nil, nil
}

// cardsOfLearners finds the cards of those rows that name none, and of those that bring evidence of another centre.
func (i *Issuer) cardsOfLearners(ctx context.Context, rows []roster.Completion) ([][]prerequisite.Held, error) {
	held := make([][]prerequisite.Held, len(rows))
	var keys []card.LearnerKey
	var of []int
	for n, c := range rows {
		claims := prerequisite.ReadClaims(c.PriorCard)
		if len(claims.Cards) == 0 || len(claims.External) > 0 {
			keys, of = append(keys, c.Learner()), append(of, n)
		}
	}
	found, err := i.Register.FindCards(ctx, keys)
	if err != nil {
		return nil, err
	}
	for k, entries := range found {
		for _, e := range entries {
			h, err := i.follow(ctx, e)
			if err != nil {
				return nil, err
			}
			held[of[k]] = append(held[of[k]], h)
		}
	}
	return held, nil
}

// claimed are the cards that a row names; what names none of this register is left out.
func (i *Issuer) claimed(ctx context.Context, texts []string) ([]prerequisite.Held, error) {
	var held []prerequisite.Held
	for _, text := range texts {
		number, digest, ok := i.readClaim(text)
		if !ok {
			continue
		}
		e, ok, err := i.Register.FindEntry(ctx, number)
		if err != nil {
			return nil, err
		}
		if !ok || digest != nil && *digest != e.Digest {
			continue // a token that the register does not have as it stands is a forgery
		}
		h, err := i.follow(ctx, e)
		if err != nil {
			return nil, err
		}
		h.Claimed = true
		held = append(held, h)
	}
	return held, nil
}

// readClaim reads a card's number, token or link. The digest is that of the token, where it is one.
func (i *Issuer) readClaim(text string) (card.Number, *[32]byte, bool) {
	in := verify.ReadInput(text)
	if in.Token == "" {
		n, err := card.ParseNumber(in.Number)
		return n, nil, err == nil
	}
	raw, err := token.FromPath(in.Token)
	if err != nil {
		return "", nil, false
	}
	opened, err := i.open(raw)
	if err != nil {
		return "", nil, false
	}
	return opened.Card.Number, &opened.Digest, true
}

// follow goes from a card to the one that stands for it today: that by which it was replaced, or issued anew after it was revoked.
// Names has those of the cards before it as well.
func (i *Issuer) follow(ctx context.Context, e card.Entry) (prerequisite.Held, error) {
	h := prerequisite.Held{Entry: e, Names: []string{e.Name}}
	for before := e.Replaces; before != ""; {
		old, ok, err := i.Register.FindEntry(ctx, before)
		if err != nil || !ok {
			return h, cmp.Or(err, card.ErrNotFound)
		}
		h.Names, before = append(h.Names, old.Name), old.Replaces
	}
	for {
		next, ok, err := i.successor(ctx, h.Entry)
		if err != nil || !ok {
			return h, err
		}
		h.Entry, h.Names = next, append(h.Names, next.Name)
	}
}

// successor is the card that took the place of another and is out, or false.
func (i *Issuer) successor(ctx context.Context, e card.Entry) (card.Entry, bool, error) {
	if e.State != card.Superseded && e.State != card.Revoked {
		return card.Entry{}, false, nil
	}
	next, ok, err := i.Register.FindReplacement(ctx, e.Number)
	if err == nil && !ok && e.State == card.Superseded {
		err = card.ErrNotFound
	}
	return next, ok && err == nil && next.State != card.Planned, err
}
