package issuer

import (
	"context"
	"fmt"
	"slices"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
	"github.com/cardproof/cardproof/issuer/roster"
)

// AnewError says why no card is issued in the place of another.
type AnewError struct {
	Number  card.Number // the card that was to be issued anew
	Message string
	Remedy  string
}

func (e *AnewError) Error() string {
	return fmt.Sprintf("card %s is not issued anew: %s", e.Number, e.Message)
}

// CheckAnew says whether Replace would issue a revoked card anew as it stands: nil, an *AnewError, card.ErrNotFound, or what the register said.
func (i *Issuer) CheckAnew(ctx context.Context, old card.Number) error {
	e, ok, err := i.Register.FindEntry(ctx, old)
	if err == nil && !ok {
		err = fmt.Errorf("%w: %s", card.ErrNotFound, old)
	}
	if err != nil {
		return err
	}
	return i.checkAnew(ctx, e, e, "")
}

// checkAnew judges whether want may be issued in the place of the revoked card e: only where that was out, or was taken out by itself of a
// batch that waits no more, and where its learner has no other card of the course and day. The begun card is given up for want. The
// register has the same wall, for two runs at once.
func (i *Issuer) checkAnew(ctx context.Context, e, want card.Entry, begun card.Number) error {
	refuse := func(remedy, format string, args ...any) error {
		return &AnewError{e.Number, fmt.Sprintf(format, args...), remedy}
	}
	if e.State != card.Revoked {
		return refuse("", "it is %s", e.State)
	}
	r, err := i.Register.FindRevocation(ctx, e.Number)
	switch {
	case err != nil:
		return err
	case !r.WasOut && !r.TakenOut:
		return refuse("Issue the learner's row of the roster, or correct the card that is in force.", "it was given up before anybody had it, with its batch or for another card")
	case !r.WasOut && r.BatchWaits:
		return refuse(fmt.Sprintf("First release that batch with `cardproof release %s`, or give it up with `cardproof discard %s`.", e.Batch, e.Batch),
			"it was taken out of batch %s, which waits", e.Batch)
	}
	other, ok, err := i.living(ctx, e, want, begun)
	if err != nil {
		return err
	}
	if ok {
		return refuse(fmt.Sprintf("See it with `cardproof show %s`. A wrong name is corrected with `cardproof replace`.", other.Number),
			"the learner has card %s of this course and day, which is %s", other.Number, other.State)
	}
	if r.WasOut {
		return nil
	}
	found, err := i.judgeAnew(ctx, e, want)
	if err == nil && len(found) > 0 {
		err = refuse("Put that right first.", "%s", found[0].Message)
	}
	return err
}

// living finds another card of the course and day that the learner may have or get: by ID, by e-mail and name, by e-mail and nearly the
// same name, or by the name where nothing tells two people apart. What was recorded at the address after the revocation is likely the
// row that was mended, where a word of the name is the same; a family's cards are of before.
func (i *Issuer) living(ctx context.Context, e, want card.Entry, begun card.Number) (card.Entry, bool, error) {
	names := []string{e.Name, want.Name}
	var keys []card.LearnerKey
	for _, name := range names {
		keys = append(keys, card.LearnerKey{ID: e.Learner.ID, Email: e.Learner.Email, Name: name, Course: e.Course, Completed: e.Completed})
	}
	own, err := i.Register.FindCards(ctx, keys)
	if err != nil {
		return card.Entry{}, false, err
	}
	atAddress, err := i.Register.FindByEmail(ctx, keys[:1])
	if err != nil {
		return card.Entry{}, false, err
	}
	named, err := i.Register.FindByName(ctx, names)
	if err != nil {
		return card.Entry{}, false, err
	}
	near := func(c card.Entry) bool {
		other, later := newAlike(c.Name), !c.RecordedAt.Before(e.ChangedAt)
		return !haveOtherIDs(c, e) && slices.ContainsFunc(names, func(name string) bool {
			own := newAlike(name)
			return own.isLike(other) || later && own.sharesWord(other)
		})
	}
	candidates := slices.Concat(own...)
	candidates = append(candidates, keep(slices.Concat(atAddress...), near)...)
	candidates = append(candidates, keep(slices.Concat(named...), func(c card.Entry) bool { return !areApart(c, e) })...)
	for _, c := range candidates {
		if c.Course != e.Course || c.Completed != e.Completed {
			continue
		}
		h, err := i.follow(ctx, c)
		if err != nil {
			return card.Entry{}, false, err
		}
		for _, one := range []card.Entry{c, h.Entry} {
			if isLiving(one.State) && one.Number != begun {
				return one, true, nil
			}
		}
	}
	return card.Entry{}, false, nil
}

// isLiving says whether a card is in force, or may come into force.
func isLiving(s card.State) bool {
	return s == card.Planned || s == card.Issued || s == card.Suspended
}

func haveOtherIDs(a, b card.Entry) bool {
	return a.Learner.ID != "" && b.Learner.ID != "" && a.Learner.ID != b.Learner.ID
}

// areApart says whether something tells the learners of two cards of one name apart.
func areApart(a, b card.Entry) bool {
	differ := func(a, b string) bool { return a != "" && b != "" && a != b }
	return haveOtherIDs(a, b) || differ(a.Learner.Email, b.Learner.Email) || differ(card.FoldName(a.Class), card.FoldName(b.Class))
}

func keep(all []card.Entry, is func(card.Entry) bool) []card.Entry {
	return slices.DeleteFunc(all, func(e card.Entry) bool { return !is(e) })
}

// judgeAnew judges a card that was taken out of its batch as the release would have judged it.
func (i *Issuer) judgeAnew(ctx context.Context, e, want card.Entry) ([]roster.Problem, error) {
	want.State, want.Replaces = card.Planned, "" // the old one counts for nobody
	shown := want
	shown.Number = e.Number // the new one's number is nobody's yet
	found, err := i.recheckCard(ctx, e.Batch, shown)
	if err != nil || len(found) > 0 {
		return found, err
	}
	c, err := courseOf(e, map[string]*course.Course{})
	if err != nil || c.ParticipantsPerInstructor == 0 {
		return nil, err
	}
	k := classOf{dayKey{e.Course, e.Completed}, card.FoldName(e.Class)}
	known := &days{i, map[dayKey][]card.Entry{}}
	others, err := known.cards(ctx, k.dayKey)
	if err != nil {
		return nil, err
	}
	known.found[k.dayKey] = append(slices.Clone(others), want)
	exceeded, err := recheckClass(ctx, e.Batch, k, c, known, []card.Entry{want})
	if exceeded != nil {
		found = append(found, *exceeded)
	}
	return found, err
}
