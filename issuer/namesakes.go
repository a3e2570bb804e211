package issuer

import (
	"context"
	"fmt"
	"slices"

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
		if len(cards) == 0 {
			continue
		}
		if err := p.compareDay(ctx, fresh[k], cards); err != nil {
			return err
		}
	}
	return nil
}

// compareRows looks at rows of the same name, course and day. Where one of two has no e-mail address, nobody can tell whether they are two
// people, and the later row is refused; with two addresses they are two, and are told of.
func (p *preparation) compareRows() {
	type nameKey struct {
		name string
		dayKey
	}
	last := make(map[nameKey]int32, len(p.checked.Completions)) // place of the last row of a name
	before := map[int32]int32{}                                 // and of the one before it, where there are several
	for n := range p.checked.Completions {
		c := &p.checked.Completions[n]
		k := nameKey{card.FoldName(c.Name), dayKey{c.Course.Code, c.Completed}}
		m, ok := last[k]
		last[k] = int32(n)
		if !ok {
			continue
		}
		before[int32(n)] = m
		for tries := 0; ok && tries < maxCompared; tries++ {
			if p.compareTwo(&p.checked.Completions[m], c) {
				break
			}
			m, ok = before[m]
		}
	}
}

// compareTwo tells of two rows of one name, the first before the second, and returns whether there was anything to tell.
func (p *preparation) compareTwo(first, second *roster.Completion) bool {
	if areTwo(first.LearnerID, second.LearnerID, first.Class, second.Class) || p.issued[first.Row] && p.issued[second.Row] {
		return false
	}
	if first.Email != "" && second.Email != "" {
		p.say(roster.Problem{Row: second.Row, Column: roster.ColumnName, Code: "similar_name", Value: second.Name, Severity: roster.Notice,
			Message: fmt.Sprintf("The name is that of row %d of the same course and day; by the e-mail addresses they are two people.", first.Row),
			Remedy:  "Delete one of the two rows if they are one person."})
		return true
	}
	if p.issued[second.Row] {
		first, second = second, first
	}
	var both []int
	if !p.issued[first.Row] {
		both = []int{first.Row}
	}
	p.say(roster.Problem{Row: second.Row, Rows: both, Column: roster.ColumnEmail, Code: "duplicate_row",
		Message: fmt.Sprintf("Rows %d and %d have the same name, course and day, and one of them has no e-mail address.",
			min(first.Row, second.Row), max(first.Row, second.Row)),
		Remedy: "Delete one of the two. If they are two people, give each an e-mail address or a learner_id."})
	return true
}

// areTwo says whether learner IDs, or the names of their classes, tell two people of one name apart.
func areTwo(id, otherID, class, otherClass string) bool {
	return id != "" && otherID != "" && id != otherID || inOtherClass(class, otherClass)
}

func inOtherClass(class, other string) bool {
	return class != "" && other != "" && card.FoldName(class) != card.FoldName(other)
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
		p.settle(c, claimed[c.card.Number] == 1)
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
		h, err := p.follow(ctx, k.Entry)
		if err != nil {
			return nil, err
		}
		e := h.Entry
		same := card.FoldName(r.row.Name) == card.FoldName(k.Name)
		if p.own[e.Number] || seen[e.Number] && !same || isElse(r.row, e, same) {
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
	switch {
	case len(own) == 1 && len(doubt) == 0:
		return &own[0], nil
	case len(own)+len(doubt) > 1:
		p.say(ambiguous(r.row.Row))
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
func (p *preparation) settle(c claim, alone bool) {
	if !alone {
		p.say(ambiguous(c.row.Row))
		return
	}
	p.matches[c.at] = card.LearnerMatch{Entry: c.card, By: card.ByName}
	p.own[c.card.Number], p.issued[c.row.Row] = true, c.card.State != card.Planned
	if found := met(*c.row, p.matches[c.at], p.held); found != nil {
		p.say(*found)
	}
}

func ambiguous(row int) roster.Problem {
	return roster.Problem{Row: row, Code: "learner_ambiguous", Message: "Several learners of this name have to do with a card for this course and day.",
		Remedy: "Add the e-mail address with which each was issued, or the column learner_id, to tell them apart."}
}

// differs asks about a card of the same name, or nearly so, whose e-mail address is another. It does not show that address.
func differs(c roster.Completion, e card.Entry, nearly bool) roster.Problem {
	found := roster.Problem{Row: c.Row, Column: roster.ColumnEmail, Code: "learner_differs", Value: c.Email,
		Message: fmt.Sprintf("Card %s of this course and day is in this name, with another e-mail address.", e.Number)}
	mend := fmt.Sprintf("correct the address by `cardproof replace %s --email %s`, or in this row", e.Number, quoted(c.Email))
	switch {
	case nearly:
		found.Column, found.Code, found.Value = roster.ColumnName, "name_differs", c.Name
		found.Message = fmt.Sprintf("Card %s of this course and day is in nearly the same name, %q.", e.Number, e.Name)
		mend = fmt.Sprintf("correct the card by `cardproof replace %s --name %s`, or the row", e.Number, quoted(c.Name))
	case c.Email == "" || e.Learner.Email == "":
		found.Column, found.Value = roster.ColumnClass, c.Class
		found.Message = fmt.Sprintf("Card %s of this course and day is in this name, in class %s.", e.Number, e.Class)
		mend = "correct the class, or leave the row out"
	}
	switch e.State {
	case card.Planned:
		found.Message += " Nobody has it yet."
		mend = fmt.Sprintf("give it up with `cardproof revoke %s --reason TEXT`, or its batch with `cardproof discard %s`", e.Number, e.Batch)
	case card.Suspended:
		found.Message += " It is withdrawn for now."
	case card.Revoked:
		found.Message += " It was withdrawn for good."
		mend = fmt.Sprintf("leave the row out, or issue the card anew by `cardproof replace %s --anew --reason TEXT`", e.Number)
	}
	found.Remedy = fmt.Sprintf("If it is the same person, %s. If they are two people, give each a learner_id: this one in the row, the other by `cardproof replace %s --learner-id ID`.",
		mend, e.Number)
	return found
}
