package serve

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cardproof/cardproof/keys"
)

const (
	// keysAge is how long a look at the key set's file holds.
	keysAge = time.Second
	// unknownAge is how long it holds for a key that is not in the set: a new key counts at once, and yet whoever asks for keys that
	// do not exist can't make the server look at the disk for each request.
	unknownAge = 100 * time.Millisecond
	// staleAge is when a look is so old that nobody is answered from it: a server that was idle for an hour may have missed a lot.
	staleAge = 2 * keysAge
	// settledAge is when a file that was not changed since may be taken for unchanged, however coarse the file system's clock is.
	settledAge = 2 * time.Second
	// revokedTime is how long the register may take to say which keys were revoked.
	revokedTime = time.Second
)

// KeySet is the public keys as their file has them now: a change of the file counts within a second, a new key at once. A key that was
// revoked by the register's record is revoked here too, whatever the file says; so an older copy of the file brings no key back.
//
// Where the file is gone or can't be used, or has lost a key that the register names, the last good set goes on, without an end: what was revoked meanwhile the register knows, so
// all that can be missing is a new key. Ready says so until it is mended. KeySet is safe for concurrent use.
type KeySet struct {
	path     string
	register keyRecord
	log      *slog.Logger
	start    time.Time
	looked   atomic.Int64 // when the file was last looked at, as time since start
	held     atomic.Pointer[heldKeys]

	mu      sync.Mutex    // one looks at a time, for fileTime and revokedTime at most; it guards what follows
	last    fileLook      // that gave the set in hand
	pending chan fileLook // of a look at the file that is not done; nil for none
	since   map[string]time.Time
}

// keyRecord is what the register says of the keys; *register.Reader is one.
type keyRecord interface {
	// RevokedKeys answers which keys were revoked, each with the time since when.
	RevokedKeys(ctx context.Context) (map[string]time.Time, error)
	// KeyIDs answers the keys of the register's history.
	KeyIDs(ctx context.Context) ([]string, error)
}

// heldKeys are what requests are answered from.
type heldKeys struct {
	set  *keys.Set
	jwks []byte
	err  error // why the file can't be used now
}

// openKeySet reads the set's file and what the register says of its keys. The error is that of keys.Load, or what the register said.
func openKeySet(ctx context.Context, path string, register keyRecord, log *slog.Logger) (*KeySet, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	k := &KeySet{path: path, register: register, log: log, start: time.Now()}
	k.held.Store(&heldKeys{})
	since, err := register.RevokedKeys(ctx)
	if err != nil {
		return nil, err
	}
	k.since = since
	if k.last = k.fetch(); k.last.err != nil {
		return nil, k.last.err
	}
	return k, k.publish(nil)
}

// current is the whole set as it is now.
func (k *KeySet) current() *keys.Set {
	k.look(keysAge)
	return k.held.Load().set
}

// Find is the key of an ID. It is what a verifier asks.
func (k *KeySet) Find(id string) (keys.Key, bool) {
	k.look(keysAge)
	if key, ok := k.held.Load().set.Find(id); ok {
		return key, true
	}
	k.look(unknownAge)
	return k.held.Load().set.Find(id)
}

// JWKS is the published part of the set.
func (k *KeySet) JWKS() ([]byte, error) {
	k.look(keysAge)
	return k.held.Load().jwks, nil
}

// Ready says why the set's file can't be used, or nil.
func (k *KeySet) Ready(context.Context) error {
	k.look(keysAge)
	return k.held.Load().err
}

func (k *KeySet) age() time.Duration { return time.Since(k.start) - time.Duration(k.looked.Load()) }

// look looks at the file if the last look is older than most. While another request does so, a known key is answered from the set in
// hand, unless that is stale.
func (k *KeySet) look(most time.Duration) {
	age := k.age()
	if age < most {
		return
	}
	if most == keysAge && age < staleAge {
		if !k.mu.TryLock() {
			return
		}
	} else {
		k.mu.Lock()
	}
	defer k.mu.Unlock()
	if k.age() < most { // another request was faster
		return
	}
	k.refresh()
	k.looked.Store(int64(time.Since(k.start)))
}

// refresh takes over what has changed.
func (k *KeySet) refresh() {
	before := k.held.Load()
	changed := false
	found := k.fetch()
	// The register's own trouble is told by each request that asks it; what it said last goes on.
	ctx, cancel := context.WithTimeout(context.Background(), revokedTime)
	defer cancel()
	err := found.err
	if found.set != nil {
		if err = k.mayTakeOver(ctx, found.set); err == nil {
			k.last, changed = found, true
		}
	}
	if since, err := k.register.RevokedKeys(ctx); err == nil && !sameTimes(since, k.since) {
		k.since, changed = since, true
	}
	if !changed && sameError(err, before.err) {
		return
	}
	if err != nil && !sameError(err, before.err) {
		k.log.Error("the key set can't be taken over; the last good one goes on", "error", err.Error())
	}
	if err := k.publish(err); err != nil {
		k.log.Error("the key set can't be published; the last good one goes on", "error", err.Error())
	}
}

// publish answers requests from now on by the set in hand; err is why its file can't be used now.
func (k *KeySet) publish(err error) error {
	before := k.held.Load()
	set, behind := k.last.set.WithRevoked(k.since)
	jwks, encodeErr := set.JWKS()
	if encodeErr != nil {
		return encodeErr
	}
	if before.set == nil || !sameKeys(before.set, set) {
		k.tell(before.set, set, behind)
	}
	k.held.Store(&heldKeys{set, jwks, err})
	return nil
}

// tell logs what has become of the keys. Their IDs are public.
func (k *KeySet) tell(before, now *keys.Set, behind []string) {
	if before != nil {
		k.log.Info("the keys have changed", "keys", len(now.All()))
		for _, old := range before.All() {
			if _, ok := now.Find(old.ID); !ok {
				k.log.Error("a key is gone from the key set: cards that it signed read as a stranger's; restore it", "kid", old.ID)
			}
		}
	}
	for _, id := range behind {
		k.log.Warn("the key set is older than the register, which has this key as revoked: export it again", "kid", id)
	}
}

func sameKeys(a, b *keys.Set) bool {
	x, errX := a.Encode()
	y, errY := b.Encode()
	return errX == nil && errY == nil && string(x) == string(y)
}

func sameTimes(a, b map[string]time.Time) bool {
	if len(a) != len(b) {
		return false
	}
	for id, t := range a {
		if u, ok := b[id]; !ok || !t.Equal(u) {
			return false
		}
	}
	return true
}

func sameError(a, b error) bool {
	return (a == nil) == (b == nil) && (a == nil || a.Error() == b.Error())
}
