package issuer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/roster"
)

// maxCompared bounds how many names at one address are compared each with each. An address that more learners share is an
// office's; there only the same words in another order are found.
const maxCompared = 50

// address is an e-mail address with a course and day: whoever has a card of it under nearly the same name is likely the same learner.
type address struct {
	email, course string
	completed     card.Date
}

// atAddress is a row, or a card of the register, at an address.
type atAddress struct {
	row  *roster.Completion // nil for a card
	card *card.Entry
	id   string
	name string
	alike
}

// compareAddresses looks for learners who would get a second card under a corrected name.
func (p *preparation) compareAddresses(ctx context.Context) error {
	groups := map[address][]*roster.Completion{}
	fresh := map[address]bool{}
	var order []address
	for n := range p.checked.Completions {
		c := &p.checked.Completions[n]
		if c.Email == "" {
			continue
		}
		k := address{c.Email, c.Course.Code, c.Completed}
		if !fresh[k] && !p.issued[c.Row] {
			fresh[k] = true
			order = append(order, k)
		}
		groups[k] = append(groups[k], c)
	}
	keys := make([]card.LearnerKey, len(order))
	for i, k := range order {
		keys[i] = card.LearnerKey{Email: k.email, Course: k.course, Completed: k.completed}
	}
	found, err := p.Register.FindByEmail(ctx, keys)
	if err != nil {
		return err
	}
	for i, k := range order {
		if len(groups[k])+len(found[i]) < 2 {
			continue
		}
		if err := p.compare(ctx, groups[k], found[i]); err != nil {
			return err
		}
	}
	return nil
}

// compare holds the rows of one address against each other and against the cards that the register has of it.
func (p *preparation) compare(ctx context.Context, rows []*roster.Completion, cards []card.Entry) error {
	all := make([]atAddress, 0, len(rows)+len(cards))
	for n := range cards {
		e := &cards[n]
		if !p.own[e.Number] {
			all = append(all, atAddress{card: e, id: e.Learner.ID, name: card.FoldName(e.Name), alike: newAlike(e.Name)})
		}
	}
	var others []int // rows at whose address there is somebody else
	for _, c := range rows {
		all = append(all, atAddress{row: c, id: c.LearnerID, name: card.FoldName(c.Name), alike: newAlike(c.Name)})
	}
	few := len(all) <= maxCompared
	bySorted := map[string][]int{}
	var firsts []int
	if few {
		for n := range all {
			firsts = append(firsts, n)
		}
	}
	for n := range all {
		one := &all[n]
		near := bySorted[one.sorted]
		bySorted[one.sorted] = append(near, n)
		if one.row == nil || p.issued[one.row.Row] {
			continue
		}
		shared, twice := !few, false
		if few {
			near = firsts[:n]
		}
		for _, m := range near {
			other := &all[m]
			switch {
			case one.name == other.name: // looked up before
			case one.id != "" && other.id != "" && one.id != other.id, !one.isLike(other.alike):
				shared = true
			case !twice:
				twice = true
				if err := p.sayTwice(ctx, one.row, other); err != nil {
					return err
				}
			}
		}
		if shared && !twice {
			others = append(others, one.row.Row)
		}
	}
	if len(others) == 0 {
		return nil
	}
	found := roster.Problem{Row: others[0], Rows: others[1:], Column: roster.ColumnEmail, Code: "shared_email", Value: rows[0].Email, Severity: roster.Notice,
		Message: "Several learners of this course and day have this e-mail address.", Remedy: "Correct it if it should be the learner's own."}
	if err := p.nameShared(ctx, &found, rows, cards); err != nil {
		return err
	}
	p.say(found)
	return nil
}

// nameShared names the first card of an address that none of the rows has, and what corrects it if a row is its learner under another name.
func (p *preparation) nameShared(ctx context.Context, found *roster.Problem, rows []*roster.Completion, cards []card.Entry) error {
	for _, one := range cards {
		h, err := p.follow(ctx, one)
		if err != nil {
			return err
		}
		e := h.Entry
		if p.own[e.Number] || p.own[one.Number] {
			continue
		}
		name := `"..."`
		if n := slices.IndexFunc(rows, func(c *roster.Completion) bool { return c.Row == found.Row }); n >= 0 && len(found.Rows) == 0 {
			name = quoted(rows[n].Name)
		}
		found.Message += fmt.Sprintf(" Card %s is in the name %q.", e.Number, e.Name)
		switch e.State {
		case card.Issued:
			found.Remedy += fmt.Sprintf(" If this is the same learner under a corrected name, leave the row out and correct that card by `cardproof replace %s --name %s`.", e.Number, name)
		case card.Revoked:
			found.Remedy += fmt.Sprintf(" That card was withdrawn for good. If this is the same learner, leave the row out, or issue it anew by `cardproof replace %s --anew --name %s --reason TEXT`.", e.Number, name)
		default:
			found.Remedy += fmt.Sprintf(" If this is the same learner, leave the row out, and see that card with `cardproof show %s`.", e.Number)
		}
		return nil
	}
	return nil
}

// sayTwice refuses a row that is likely the same learner as another row, or as one who has a card.
func (p *preparation) sayTwice(ctx context.Context, c *roster.Completion, other *atAddress) error {
	const apart = "If they are two people, tell them apart by learner_id or by an e-mail address of their own."
	if other.row != nil {
		p.say(roster.Problem{Row: c.Row, Rows: []int{other.row.Row}, Column: roster.ColumnName, Code: "duplicate_row", Value: c.Name,
			Message: fmt.Sprintf("Rows %d and %d have the same e-mail address, course and day, and nearly the same name.", other.row.Row, c.Row),
			Remedy:  "Delete one of the two. " + apart})
		return nil
	}
	h, err := p.follow(ctx, *other.card)
	if err != nil {
		return err
	}
	e := h.Entry
	found := roster.Problem{Row: c.Row, Column: roster.ColumnName, Code: "name_differs", Value: c.Name,
		Message: fmt.Sprintf("Card %s of this course and day has the same e-mail address, and nearly the same name, %q.", e.Number, e.Name)}
	name := quoted(c.Name)
	switch e.State {
	case card.Planned:
		found.Remedy = fmt.Sprintf("Nobody has it yet: give up its batch with `cardproof discard %s` and issue the roster, or release it and then correct the card. %s", e.Batch, apart)
	case card.Revoked:
		found.Remedy = fmt.Sprintf("It was withdrawn for good. Issue it anew by `cardproof replace %s --anew --name %s --reason TEXT`, or leave the row out. %s", e.Number, name, apart)
	case card.Suspended:
		found.Remedy = fmt.Sprintf("It is withdrawn for now. Put it in force with `cardproof reinstate %s --reason TEXT`, and then correct it by `cardproof replace %s --name %s`. %s", e.Number, e.Number, name, apart)
	default:
		found.Remedy = fmt.Sprintf("Correct that card by `cardproof replace %s --name %s`, or the name in the roster. %s", e.Number, name, apart)
	}
	p.say(found)
	return nil
}

// quoted is a text as a word of a command that is copied to a shell.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(text) + `"`
}
