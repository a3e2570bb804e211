package main

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/internal/register"
)

// issuingLock lets one run of this machine work at a time, by a file; and of a register in a database keeps apart what all machines do, by
// the database: one plans and issues at a time, beside it the workers of the queue, and who changes keys, erases or copies is alone.
type issuingLock struct {
	*register.IssueLock
	file *flock.Flock
}

// waitingFor says to who waits what another machine does.
var waitingFor = map[register.Holding]string{
	register.Making:  "another machine works on this register; waiting until nobody issues",
	register.Issuing: "another machine is issuing from this register; waiting for it to end",
	register.Alone:   "another machine changes the keys, erases or copies, or waits to; waiting for it to end",
}

// lockIssuing waits until nobody does what this run excludes. db is the register. Where the error is nil, unlock the lock.
func (a *app) lockIssuing(ctx context.Context, c *config.Config, db *register.DB, how register.Holding) (*issuingLock, error) {
	// A machine whose register is a database, and whose files go elsewhere, may begin with keys and config.yaml alone.
	if err := durable.MakeFolder(c.Data, 0o700); err != nil {
		return nil, err
	}
	file := flock.New(filepath.Join(c.Data, "issue.lock"), flock.SetPermissions(0o600))
	locked, err := file.TryLock()
	if err == nil && !locked {
		a.say("another run is issuing from this register; waiting for it to end ...\n")
		_, err = file.TryLockContext(ctx, 100*time.Millisecond)
	}
	if err != nil {
		return nil, errors.Join(err, file.Unlock())
	}
	waited := func() {}
	session, err := db.LockIssuing(ctx, how, func(behind register.Holding) {
		a.say("%s ...\n", waitingFor[behind])
		waited()
		if behind != register.Issuing { // which may take hours
			waited = after(longWait, func() { a.say("%s\n", mayHang) })
		}
	})
	waited()
	if err != nil {
		return nil, errors.Join(err, file.Unlock())
	}
	return &issuingLock{session, file}, nil
}

// longWait is longer than a machine has cards in hand, unless it hangs.
const longWait = time.Minute

// mayHang says what may keep a lock for good. Nobody takes it away: what a machine that hangs has begun to write comes to its end when the archive is back.
const mayHang = "still waiting; `cardproof queue` shows the machines that make cards. One whose archive or token hangs keeps the others waiting until that answers again, or until its `cardproof work` has ended."

// after runs do after some time, unless stop is called before that. What has begun by then ends before stop does.
func after(d time.Duration, do func()) (stop func()) {
	ended := make(chan struct{})
	timer := time.AfterFunc(d, func() {
		defer close(ended)
		do()
	})
	return sync.OnceFunc(func() {
		if !timer.Stop() {
			<-ended
		}
	})
}

// whileIssuing runs what the lock covers, breaks it off where the lock is lost, and gives the lock back.
func (a *app) whileIssuing(ctx context.Context, c *config.Config, db *register.DB, how register.Holding, do func(context.Context) error) error {
	lock, err := a.lockIssuing(ctx, c, db, how)
	if err != nil {
		return err
	}
	err = lock.While(ctx, do)
	if unlockErr := lock.Unlock(); err == nil {
		err = unlockErr // after another failure it is of no account: the system gives the lock back as well
	}
	return err
}

// Unlock lets the next run in.
func (l *issuingLock) Unlock() error { return errors.Join(l.Close(), l.file.Unlock()) }
