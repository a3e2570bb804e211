package work

import (
	"sync"
	"time"
)

// patience is how long this machine has been kept from making cards by others that change keys, erase or copy, or wait to. The zero value is that of
// one that nobody keeps.
type patience struct {
	mu    sync.Mutex
	since time.Time
	last  time.Time // when it was so
	told  time.Time
}

// stillKept is after what time without a turn this machine is kept no longer: the jobs may have gone elsewhere. A turn comes after each other.
const stillKept = 2 * jobTime

// tellKept is after what time it is told again that this machine is kept waiting.
const tellKept = 5 * time.Minute

// wait notes that a turn got no lock that began at one time and ends now. It answers since when no turn has got one, and whether to tell of that.
func (p *patience) wait(began, now time.Time) (since time.Time, tell bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if began.Sub(p.last) > stillKept {
		p.since = began.UTC().Truncate(time.Second)
	}
	p.last = now
	if !p.told.IsZero() && now.Sub(p.told) < tellKept {
		return p.since, false
	}
	p.told = now
	return p.since, true
}

// end notes that a turn got the lock.
func (p *patience) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since, p.last, p.told = time.Time{}, time.Time{}, time.Time{}
}

// from is since when this machine has waited; zero where it does not.
func (p *patience) from(now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.last) > stillKept {
		return time.Time{}
	}
	return p.since
}

// keptWaiting tells that a turn got no lock. For some minutes that is as it should be; after that somebody has to look.
//
// The lock of a machine that hangs is not taken from it. It records nothing any more after endTime, but a write into the archive that has begun goes
// on when what hangs is back: after an erasure, the file of somebody who was erased would lie there again.
func (m *Maker) keptWaiting(began time.Time) {
	now := m.Now()
	since, tell := m.kept.wait(began, now)
	if !tell {
		return
	}
	const says = "cards wait: another machine changes keys, erases or copies, or waits to"
	waited := now.Sub(since)
	if waited < tellKept {
		m.Log.Warn(says, "machine", m.name, "waited", waited.Round(time.Second).String())
		return
	}
	m.Log.Error(says+"; see `cardproof queue` for a machine that hangs and keeps it from that", "machine", m.name, "waited", waited.Round(time.Second).String())
}
