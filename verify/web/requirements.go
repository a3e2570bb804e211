package web

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
)

// RequirementFinder tells what employers may ask a card for; the register is one. It answers none, and no error, where it
// knows of nothing. The error's text goes to the log.
type RequirementFinder interface {
	Requirements(ctx context.Context) ([]card.Requirement, error)
}

const (
	requirementsAge   = time.Minute      // a catalogue changes once in months
	requirementsRetry = 10 * time.Second // after an error
	requirementsTime  = time.Second      // for asking: the page is worth more than its list
	maxRequirements   = 64               // that a page offers
)

// requirements keeps the list of requirements for a while. The list is an offer: without it a page has only the card's own.
type requirements struct {
	finder RequirementFinder // nil for none
	log    *slog.Logger
	now    func() time.Time

	mu   sync.Mutex
	list []card.Requirement
	next time.Time // when to ask again
}

// get is the list as it was learned last; it may be empty. Nobody waits for a question that another request has begun.
func (q *requirements) get(ctx context.Context) []card.Requirement {
	q.mu.Lock()
	now := q.now()
	if q.finder == nil || now.Before(q.next) {
		defer q.mu.Unlock()
		return q.list
	}
	q.next = now.Add(requirementsRetry)
	q.mu.Unlock()

	// Whoever asks does it for all others: a reader who hangs up must not end it.
	ask, cancel := context.WithTimeout(context.WithoutCancel(ctx), requirementsTime)
	defer cancel()
	list, err := q.finder.Requirements(ask)

	q.mu.Lock()
	defer q.mu.Unlock()
	if err != nil {
		q.log.WarnContext(ctx, "the list of requirements could not be read", "error", err)
		return q.list
	}
	q.list = slices.Clone(list)
	q.next = now.Add(requirementsAge)
	return q.list
}

// known is what the centre's courses meet. For a card that nobody vouches for, the register is not asked.
func (s *site) known(ctx context.Context, v verify.Verdict) []card.Requirement {
	if v.Card == nil {
		return nil
	}
	return s.needs.get(ctx)
}
