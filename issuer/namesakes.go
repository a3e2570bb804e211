package issuer

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/roster"
)

// namesake is a row and the name that it has.
type namesake struct {
	row *roster.Completion
	at  int // in the completions
	alike
}

// compareNames looks for learners who would get a second card of a course and day because their e-mail address was mended, added or
// left out. Those whom the rows of this roster have are passed over: two rows that stand in one list are two people.
func (p *preparation) compareNames(ctx context.Context) error {
	p.compareRows()
	p.compareNearRows()
	fresh := map[dayKey][]namesake{}
	var order []dayKey
	for n := range p.checked.Completions {
		c := &p.checked.Completions[n]
		if p.matches[n].Entry != nil || p.refused[c.Row] {
			continue
		}
		k := dayKey{c.Course.Code, c.Completed}
		if fresh[k] == nil {
			order = append(order, k)
		}
		fresh[k] = append(fresh[k], namesake{row: c, at: n})
	}
	for _, k := range order {
		cards, err := p.Register.FindCompleted(ctx, k.course, k.completed)
		if err != nil {
			return err
		}
		cards = append(cards, p.gone.days[k]...)
		if len(cards) == 0 {
			continue
		}
		if err := p.compareDay(ctx, fresh[k], cards); err != nil {
			return err
		}
	}
	return nil
}

// areTwo says whether learner IDs, or the names of their classes, tell two people of one name apart.
func areTwo(id, otherID, class, otherClass string) bool {
	return id != "" && otherID != "" && id != otherID || inOtherClass(class, otherClass)
}

func inOtherClass(class, other string) bool {
	return class != "" && other != "" && foldClass(class) != foldClass(other)
}

// foldClass is the name of a class for comparison, without spaces and signs: "BLS-117" is "BLS 117".
func foldClass(class string) string {
	folded := card.FoldName(class)
	bare := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, folded)
	return cmp.Or(bare, folded)
}

// known is a card of the register, or several of one learner, with the name that it has or had.
type known struct {
	card.Entry
	alike
}

// compareDay holds rows of one course and day, which the register does not know, against its cards of that day.
func (p *preparation) compareDay(ctx context.Context, rows []namesake, cards []card.Entry) error {
	all := make([]known, len(cards))
	byWord := map[string][]int{}
	for n, e := range cards {
		all[n] = known{e, newAlike(e.Name)}
		for _, word := range all[n].keys() {
			byWord[word] = append(byWord[word], n)
		}
	}
	var claims []claim
	claimed := map[card.Number]int{}
	for _, r := range rows {
		r.alike = newAlike(r.row.Name)
		var near []int // they share a word, or are written without it
		for _, word := range r.keys() {
			near = append(near, byWord[word]...)
		}
		slices.Sort(near)
		found, err := p.meetNamesakes(ctx, r, all, slices.Compact(near))
		if err != nil {
			return err
		}
		if found != nil {
			claims = append(claims, claim{r, found})
			claimed[found.Number]++
		}
	}
	for _, c := range claims {
		if err := p.settle(ctx, c, claimed[c.card.Number] == 1); err != nil {
			return err
		}
	}
	return nil
}

// keys are what names that are like each other nearly always have in common: one word of them, or all of it written as one.
func (a alike) keys() []string {
	keys := append([]string{a.whole}, a.words...)
	return slices.Compact(slices.Sorted(slices.Values(append(keys, a.spelled...))))
}

// claim is a row whose card this certainly is, unless another row says so too.
type claim struct {
	namesake
	card *card.Entry
}

// meetNamesakes judges the cards whose name is like that of a row. It returns the one that is certainly the row's, if there is one,
// and refuses the row where a person has to say.
func (p *preparation) meetNamesakes(ctx context.Context, r namesake, all []known, near []int) (*card.Entry, error) {
	var own, doubt []card.Entry
	nearly := false // doubt holds cards of nearly the same name alone
	seen := map[card.Number]bool{}
	for _, n := range near {
		k := all[n]
		if !r.isLike(k.alike) {
			continue
		}
		e := k.Entry
		if !isWithdrawn(e) {
			h, err := p.follow(ctx, e)
			if err != nil {
				return nil, err
			}
			e = h.Entry
		}
		same := card.FoldName(r.row.Name) == card.FoldName(k.Name)
		if p.own[e.Number] || seen[e.Number] && !same {
			continue
		}
		if isElse(r.row, e, same) {
			if err := p.sayApart(ctx, *r.row, e, same); err != nil {
				return nil, err
			}
			continue
		}
		seen[e.Number] = true
		switch {
		case !same && len(doubt) == 0:
			doubt, nearly = append(doubt, e), true
		case !same:
		case (r.row.Email == "" || e.Learner.Email == "") && !inOtherClass(r.row.Class, e.Class):
			own = appendOnce(own, e)
		case nearly:
			doubt, nearly = []card.Entry{e}, false
		default:
			doubt = appendOnce(doubt, e)
		}
	}
	if nearly && len(own) > 0 {
		doubt = nil
	}
	if isLiveToo := slices.ContainsFunc(own, func(e card.Entry) bool { return !isWithdrawn(e) }); isLiveToo {
		own, doubt = slices.DeleteFunc(own, isWithdrawn), slices.DeleteFunc(doubt, isWithdrawn)
	}
	switch {
	case len(own) == 1 && len(doubt) == 0:
		return &own[0], nil
	case len(own)+len(doubt) > 1:
		p.say(ambiguous(r.row.Row))
	case len(doubt) > 0 && isWithdrawn(doubt[0]):
		return nil, p.askWithdrawn(ctx, *r.row, doubt[0])
	case len(doubt) > 0:
		p.say(differs(*r.row, doubt[0], nearly))
	}
	return nil, nil
}

// isElse says whether a card of the name of a row, or nearly so, is somebody else's or was judged before.
func isElse(c *roster.Completion, e card.Entry, same bool) bool {
	if c.LearnerID != "" && e.Learner.ID != "" && c.LearnerID != e.Learner.ID {
		return true
	}
	if same {
		return false
	}
	return inOtherClass(c.Class, e.Class) || c.Email != "" && c.Email == e.Learner.Email // compareAddresses asks about those
}

func appendOnce(list []card.Entry, e card.Entry) []card.Entry {
	if slices.ContainsFunc(list, func(o card.Entry) bool { return o.Number == e.Number }) {
		return list
	}
	return append(list, e)
}

// settle gives a row the card that it alone claims.
func (p *preparation) settle(ctx context.Context, c claim, alone bool) error {
	if !alone {
		p.say(ambiguous(c.row.Row))
		return nil
	}
	p.matches[c.at] = card.LearnerMatch{Entry: c.card, By: card.ByName}
	p.own[c.card.Number], p.issued[c.row.Row] = true, c.card.State != card.Planned
	if isWithdrawn(*c.card) {
		return p.sayWithdrawn(ctx, *c.row, *c.card)
	}
	if found := met(*c.row, p.matches[c.at], p.held); found != nil {
		p.say(*found)
	}
	return nil
}
