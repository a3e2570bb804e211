package serve

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/verify"
)

// askedEvery is how often the register is asked for its newest event. A check never waits for it but the first.
const askedEvery = 30 * time.Second

// newest follows the latest time that the register has on record, for a machine whose clock was set back.
type newest struct {
	reader *register.Reader
	now    func() time.Time
	log    *slog.Logger
	mu     sync.Mutex // held by the one that asks
	asked  time.Time
	at     atomic.Int64 // Unix seconds; 0 for none
}

func (n *newest) latest(ctx context.Context) time.Time {
	if n.mu.TryLock() {
		if n.asked.IsZero() || time.Since(n.asked) >= askedEvery {
			n.ask(ctx)
		}
		n.mu.Unlock()
	}
	if at := n.at.Load(); at != 0 {
		return time.Unix(at, 0).UTC()
	}
	return time.Time{}
}

func (n *newest) ask(ctx context.Context) {
	n.asked = time.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second) // the answer is for others, too
	defer cancel()
	at, err := n.reader.LastEvent(ctx)
	if err != nil || at.IsZero() {
		return // what is wrong with the register, the look-up of the card tells
	}
	n.at.Store(at.Unix())
	if now := n.now(); verify.ClockIsBehind(now, at) {
		n.log.Error("the clock of this machine is behind the register: set it right; cards that have expired meanwhile read as of unknown state",
			"clock", now.UTC().Format(time.RFC3339), "register", at.Format(time.RFC3339))
	}
}
