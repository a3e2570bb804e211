package issuer

import (
	"slices"
	"sync/atomic"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/roster"
)

// Plan is a checked batch: the permit to issue it. Only Prepare and its kin make one, and it works once.
type Plan struct {
	roster   string
	held     bool             // its cards wait for their release
	reason   string           // why cards are replaced
	lines    []line           // in the order of the roster
	amended  []card.Amendment // addresses that the roster knows and the register does not; Issue says who and when
	problems []roster.Problem
	refused  int
	dense    int
	used     atomic.Bool
}

// line is one row of a roster and its card. A plan may have 100,000 of them, so the card of a completion is only made when the
// plan is issued.
type line struct {
	row        int
	completion *roster.Completion // what a new card is made of; nil where entry is there
	number     card.Number        // of a new card
	evidence   string             // likewise
	entry      *card.Entry        // the card
	before     card.State         // its state when the plan was made; empty for a card that the register did not hold
	// givesUp is an unfinished card that says something else than the roster does now. It was never released, and this one
	// is recorded in its place.
	givesUp card.Number
}

func (l line) isNew() bool { return l.before == "" }

func (l line) isUnfinished() bool { return l.before == card.Planned }

// New is how many cards the plan will record for the first time.
func (p *Plan) New() int { return p.count(line.isNew) }

// Unfinished is how many cards an earlier run recorded and did not finish.
func (p *Plan) Unfinished() int { return p.count(line.isUnfinished) }

// AlreadyIssued is how many rows have their card already, in whatever state it is now.
func (p *Plan) AlreadyIssued() int { return len(p.lines) - p.New() - p.Unfinished() }

// Refused is how many rows have a problem that keeps them from being issued.
func (p *Plan) Refused() int { return p.refused }

// Empty says whether there is nothing to do.
func (p *Plan) Empty() bool { return len(p.lines) == 0 }

// Dense is how many cards to come have a QR with modules below 0.38 mm: it is read, but with less of a reserve than it should have.
func (p *Plan) Dense() int { return p.dense }

// Problems is everything that was found, in the order of the rows.
func (p *Plan) Problems() []roster.Problem { return slices.Clone(p.problems) }

func (p *Plan) count(is func(line) bool) int {
	n := 0
	for _, l := range p.lines {
		if is(l) {
			n++
		}
	}
	return n
}
