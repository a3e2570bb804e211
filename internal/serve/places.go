package serve

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/statuslist"
	"github.com/cardproof/cardproof/verify/web"
)

const (
	// listAge is how long a look at where a list comes from holds, and staleList from when on a question waits for the next look.
	listAge   = time.Second
	staleList = 5 * listAge
	// listTime is how long it waits then: the folder may be on a mount that hangs.
	listTime = time.Second
	// agreedAge is how long a comparison of a list with the register holds.
	agreedAge = 2 * time.Second
)

// places are the lists in hand as a verifier asks them, one place after the other: unpacked once for each signing. They vouch for no card;
// they show that a register is older than they are. Safe for concurrent use.
type places struct {
	source web.StatusLists
	issuer string
	keys   statuslist.KeyFinder
	start  time.Time
	byURI  sync.Map // of *placeList; only the genuine cards of the register name a list, so they are few
}

// placeList is a list in hand, and what came of the last comparison with the register.
type placeList struct {
	number int64
	looked atomic.Int64 // as time since start; 0 for never
	held   atomic.Pointer[unpacked]

	mu      sync.Mutex
	loading chan struct{} // closed when the look that is under way is done; nil for none

	comparing sync.Mutex // guards what follows
	compared  time.Time
	differs   error
}

// unpacked is a list whose signature was right. Revoked and superseded are for good, so an expired one still tells who is.
type unpacked struct {
	etag  string
	keyID string
	at    time.Time // iat
	list  statuslist.List
	final map[card.State][]int64 // the places of the cards that are revoked, and of those that are superseded
}

func newPlaces(source web.StatusLists, issuer string, set statuslist.KeyFinder) *places {
	return &places{source: source, issuer: issuer, keys: set, start: time.Now().Add(-staleList)}
}

// FindStatus is what the list in hand says of a place.
func (p *places) FindStatus(at card.StatusRef) (statuslist.Status, time.Time, bool) {
	h := p.find(at.URI)
	if h == nil {
		return 0, time.Time{}, false
	}
	status, err := h.list.At(at.Index)
	return status, h.at, err == nil
}

// find is the list of an address as it is now; nil for none.
func (p *places) find(uri string) *unpacked {
	l, ok := p.byURI.Load(uri)
	if !ok {
		text, own := strings.CutPrefix(uri, p.issuer+"/s/")
		n, isNumber := statuslist.Number(text)
		if !own || !isNumber {
			return nil
		}
		l, _ = p.byURI.LoadOrStore(uri, &placeList{number: n})
	}
	return p.current(l.(*placeList))
}

// current looks for a newer list if the last look is old, and waits for that where it is very old.
func (p *places) current(l *placeList) *unpacked {
	age := time.Since(p.start) - time.Duration(l.looked.Load())
	if age < listAge {
		return l.held.Load()
	}
	l.mu.Lock()
	done := l.loading
	if done == nil {
		done = make(chan struct{})
		l.loading = done
		go func() {
			defer close(done)
			p.load(l)
			l.looked.Store(int64(time.Since(p.start)))
			l.mu.Lock()
			defer l.mu.Unlock()
			l.loading = nil
		}()
	}
	l.mu.Unlock()
	if age >= staleList {
		late := time.NewTimer(listTime)
		defer late.Stop()
		select {
		case <-done:
		case <-late.C:
		}
	}
	return l.held.Load()
}

// load takes over a list that was signed anew. One whose key was revoked counts no more: whoever has that key can write what he likes.
func (p *places) load(l *placeList) {
	before := l.held.Load()
	if before != nil {
		if k, ok := p.keys.Find(before.keyID); !ok || k.State == keys.Revoked {
			l.held.Store(nil)
			before = nil
		}
	}
	list, err := p.source.StatusList(l.number)
	if err != nil || before != nil && list.ETag == before.etag {
		return // whose list it is says why there is none
	}
	opened, err := statuslist.Open(string(list.Raw), statuslist.Expected{
		URI: statuslist.URI(p.issuer, l.number), Issuer: p.issuer, Keys: p.keys, Now: list.IssuedAt,
	})
	if err != nil {
		return
	}
	next := &unpacked{etag: list.ETag, keyID: opened.KeyID, at: list.IssuedAt, list: opened.List, final: map[card.State][]int64{}}
	for i := range int64(next.list.Len()) {
		switch status, _ := next.list.At(i); status {
		case statuslist.Revoked:
			next.final[card.Revoked] = append(next.final[card.Revoked], i)
		case statuslist.Superseded:
			next.final[card.Superseded] = append(next.final[card.Superseded], i)
		}
	}
	l.held.Store(next)
}

// agree is verify.ErrOlder where a list in hand has a card as revoked or superseded that is not so in the register, or what the register said.
func (p *places) agree(ctx context.Context, r *register.Reader) error {
	if p == nil {
		return nil
	}
	numbers, _, err := r.StatusLists(ctx, "")
	if err != nil {
		return err
	}
	for _, n := range numbers {
		uri := statuslist.URI(p.issuer, n)
		held := p.find(uri)
		if held == nil {
			continue
		}
		l, _ := p.byURI.Load(uri)
		if err := l.(*placeList).compare(ctx, r, held); err != nil {
			return err
		}
	}
	return nil
}

func (l *placeList) compare(ctx context.Context, r *register.Reader, held *unpacked) error {
	l.comparing.Lock()
	defer l.comparing.Unlock()
	if time.Since(l.compared) < agreedAge {
		return l.differs
	}
	count := 0
	for state, all := range held.final {
		n, err := r.CountNotIn(ctx, l.number, all, state)
		if err != nil {
			return err
		}
		count += n
	}
	l.compared, l.differs = time.Now(), nil
	if count > 0 {
		l.differs = fmt.Errorf("%w: status list %d, %d cards", verify.ErrOlder, l.number, count)
	}
	return l.differs
}
