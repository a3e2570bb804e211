package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
	"github.com/cardproof/cardproof/issuer"
)

// A run that can't deliver what is made tells of that too where cards are unmade, and the delivery decides how it ends.
func TestBothEndsOfAQueuedRun(t *testing.T) {
	unmade := fail(exitFailed, fmt.Errorf("%w: 3 cards failed", errUnmade), "Put the batch into the queue again.")
	withdrawn := &issuer.UndeliveredError{Rows: []*issuer.RowError{{Row: 7, Err: &card.MoveError{Number: "7F3K9QWX2MTZ", From: card.Revoked, To: card.Issued}}}}
	for _, test := range []struct {
		undelivered, unmade error
		code                int
		want                []string
	}{
		{nil, unmade, exitFailed, []string{"error: not every card was made: 3 cards failed\n", "hint: Put the batch"}},
		{withdrawn, nil, exitFailed, []string{"error: one card was not delivered: row 7"}},
		{withdrawn, unmade, exitFailed, []string{"one card was not delivered: row 7", "; not every card was made: 3 cards failed", "hint: Put the batch"}},
		{fmt.Errorf("deliver: %w", register.ErrLockLost), unmade, exitRegister, []string{register.ErrLockLost.Error(), "; not every card", "hint: See that the database server runs", "hint: Put the batch"}},
		{fmt.Errorf("write out/1.pdf: %w", syscall.ENOSPC), unmade, exitFailed, []string{"error: write out/1.pdf: no space left", "hint: The disk is full", "hint: Put the batch"}},
		{context.Canceled, unmade, exitInterrupted, []string{"error: interrupted; not every card was made"}},
	} {
		var said bytes.Buffer
		a := &app{stderr: &said}
		code := a.report(errors.Join(both(test.undelivered, test.unmade), nil)) // as issue joins it
		if code != test.code {
			t.Errorf("%v and %v: exit code %d, want %d", test.undelivered, test.unmade, code, test.code)
		}
		for _, want := range test.want {
			if !strings.Contains(said.String(), want) {
				t.Errorf("%v and %v: it said\n%swant %q", test.undelivered, test.unmade, &said, want)
			}
		}
	}
	if got := both(nil, nil); got != nil {
		t.Errorf("of a good end: got %v", got)
	}
}

// Keys that are changed while a run waits for workers leave it with a batch on record: "Nothing was changed" would be wrong.
func TestKeysChangedDuringTheWait(t *testing.T) {
	f := explain(undelivered(fmt.Errorf("%w: key k is not in it", errOldSet)))
	hints := strings.Join(f.hints, " ")
	if f.code != exitKey || strings.Contains(hints, "Nothing was changed") || !strings.Contains(hints, "none of it is delivered yet") || !strings.Contains(hints, "run the same command again") {
		t.Errorf("got %+v", f)
	}
	if err := fmt.Errorf("take the lock: %w", register.ErrUnreachable); undelivered(err) != err {
		t.Errorf("another error: got %v", undelivered(err))
	}
}

// A machine that is kept waiting looks idle and has cards in hand. That is told, with the time since when.
func TestMachinesThatAreKeptWaiting(t *testing.T) {
	at := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	lane := work.Lane{Key: "key", Setup: "here"}
	working, kept, earlier := work.Machine{Name: "a:1", Lane: lane}, work.Machine{Name: "b:1", Lane: lane, Kept: at}, work.Machine{Name: "c:1", Lane: lane, Kept: at.Add(-time.Minute)}
	hangs := work.Machine{Name: "d:1", Why: "it hangs", Kept: at.Add(-time.Hour)} // and waits for nobody
	if got := whyKept([]work.Machine{working, hangs}); got != "" {
		t.Errorf("nobody is kept: got %q", got)
	}
	machines := []work.Machine{working, kept, earlier, hangs}
	if got := whyKept(machines); !strings.Contains(got, "since 2026-05-01T07:59:00Z another machine changes keys") {
		t.Errorf("two are kept: got %q", got)
	}
	b := queuedBatch{Running: map[string]int{}}
	b.take(&work.BatchJobs{Running: map[string][]card.Number{"b:1": {"1"}}}, machines)
	if text := b.text(); !strings.Contains(text, "1 in hand on b:1") || !strings.Contains(text, "it waits: since 2026-05-01T07:59:00Z") {
		t.Errorf("a batch in hand: got %q", text)
	}
	for _, test := range []struct {
		machine work.Machine
		want    string
	}{
		{working, "makes cards with key key"},
		{kept, "makes cards with key key; has waited since 2026-05-01T08:00:00Z for another to change keys, erase or copy"},
		{hangs, "makes no cards: it hangs"},
	} {
		if got := machineText(test.machine, map[work.Lane]bool{lane: true}); got != test.want {
			t.Errorf("%s: got %q, want %q", test.machine.Name, got, test.want)
		}
	}
}

// What is said after a long wait is said once, and not of a wait that was over before.
func TestAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said := 0
		stop := after(time.Minute, func() { said++ })
		time.Sleep(time.Minute - time.Second)
		stop()
		time.Sleep(time.Hour)
		if said != 0 {
			t.Errorf("after a short wait it was said %d times", said)
		}
		stop = after(time.Minute, func() { said++ })
		time.Sleep(time.Hour)
		stop()
		stop()
		if said != 1 {
			t.Errorf("after a long wait it was said %d times, want once", said)
		}
	})
}
