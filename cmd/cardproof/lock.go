package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/register"
)

// issueLock says that one run alone works on a register's batches and keys: by a file in the data folder, and where the register is a
// database, by a lock in that as well, for the data folders of other machines.
type issueLock struct {
	file   *flock.Flock
	server *register.WorkLock
}

// Unlock lets the next run in. It is no error where nothing is held.
func (l *issueLock) Unlock() error { return errors.Join(l.server.Close(), l.file.Unlock()) }

// How often a run looks whether the one before has ended.
const (
	lookAtFile   = 100 * time.Millisecond
	lookAtServer = 500 * time.Millisecond
)

// lockIssuing waits until nobody else issues from the register or changes its keys. Unlock the lock, also after an error.
func (a *app) lockIssuing(ctx context.Context, c *config.Config) (*issueLock, error) {
	l := &issueLock{
		file:   flock.New(filepath.Join(c.Data, "issue.lock"), flock.SetPermissions(0o600)),
		server: register.IssueLock(registerPath(c)),
	}
	locked, err := l.file.TryLock()
	told := err == nil && !locked
	if told {
		a.sayWaiting()
		_, err = l.file.TryLockContext(ctx, lookAtFile)
	}
	if err != nil {
		return l, err
	}
	for {
		held, err := l.server.Hold(ctx)
		if held || err != nil {
			return l, err
		}
		if !told {
			a.sayWaiting()
			told = true
		}
		select {
		case <-ctx.Done():
			return l, ctx.Err()
		case <-time.After(lookAtServer):
		}
	}
}

func (a *app) sayWaiting() {
	a.say("another run is issuing from this register; waiting for it to end ...\n")
}
