package serve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/cardproof/cardproof/keys"
)

// fileTime is how long a look at the set's file may take before the last good set goes on without it.
const fileTime = time.Second

var (
	// errSlowFile says that the set's file does not answer, such as on a mount that hangs.
	errSlowFile = errors.New("the file of the key set does not answer")
	// ErrKeysLost says that a set lacks a key that was held until now, and that the register names. Public halves are never taken out of a
	// set: it is another centre's, or an older one.
	ErrKeysLost = errors.New("the key set lacks a key that was in it until now and that the register names: put the centre's own in its place")
)

// fileLook is what a look at the set's file has found.
type fileLook struct {
	set     *keys.Set // nil where the file is the one that was read before
	seen    os.FileInfo
	settled bool // the file was older than settledAge when it was read
	err     error
}

// fetch looks at the file, for fileTime at most. A look that takes longer goes on by itself, and no other is begun before its end: on a
// mount that hangs, one waits and not one for each second.
func (k *KeySet) fetch() fileLook {
	wait := time.Duration(0)
	if k.pending == nil {
		found, before := make(chan fileLook, 1), k.last
		go func() { found <- lookAtFile(k.path, before) }()
		k.pending, wait = found, fileTime
	}
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case l := <-k.pending:
		k.pending = nil
		return l
	case <-late.C:
	}
	select { // both may have been there
	case l := <-k.pending:
		k.pending = nil
		return l
	default:
		return fileLook{err: fmt.Errorf("%w: %s", errSlowFile, k.path)}
	}
}

// lookAtFile reads the file unless it is the one of before. A file that is being written while it is read is read again at the next look.
func lookAtFile(path string, before fileLook) fileLook {
	now, err := os.Stat(path)
	if err == nil && before.settled && os.SameFile(now, before.seen) && now.Size() == before.seen.Size() && now.ModTime().Equal(before.seen.ModTime()) {
		return fileLook{}
	}
	set, loadErr := keys.Load(path) // it says what is wrong
	if loadErr != nil {
		return fileLook{err: loadErr}
	}
	return fileLook{set: set, seen: now, settled: err == nil && time.Since(now.ModTime()) > settledAge}
}

// mayTakeOver is ErrKeysLost for a set that lacks a key which the register names, or what the register said.
func (k *KeySet) mayTakeOver(ctx context.Context, set *keys.Set) error {
	var lost []string
	for _, old := range k.last.set.All() {
		if _, ok := set.Find(old.ID); !ok {
			lost = append(lost, old.ID)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	named, err := k.register.KeyIDs(ctx)
	if err != nil {
		return fmt.Errorf("the key set lacks a key that was in it until now: %w", err)
	}
	for _, id := range lost {
		if slices.Contains(named, id) {
			return fmt.Errorf("%w: %s", ErrKeysLost, id)
		}
	}
	return nil
}
