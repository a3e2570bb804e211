package register

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/cardproof/cardproof/card"
)

// History answers what happened to a card, the oldest event first.
func (l *Ledger) History(ctx context.Context, number card.Number) ([]card.Event, error) {
	if err := l.check(); err != nil {
		return nil, wrap("read a card's history", err)
	}
	var events []card.Event
	err := forEach(ctx, l.read, func(rows *sql.Rows) error {
		var e card.Event
		var at int64
		err := rows.Scan(&at, &e.Number, &e.Actor, &e.Action, &e.Reason, &e.Detail)
		e.At = fromUnix(at)
		events = append(events, e)
		return err
	}, "SELECT at, number, actor, action, reason, detail FROM events WHERE number = ? ORDER BY seq", string(number))
	return events, wrap("read a card's history", err)
}

// eventsInInsert is how many events one statement writes.
const eventsInInsert = 100

// events writes the history of one transaction. What is queued has to be flushed.
type events struct {
	tx     *sql.Tx
	insert *sql.Stmt // of eventsInInsert events; closed with the transaction
	actor  string
	at     time.Time
	queued [][]any
}

func newEvents(tx *sql.Tx, actor string, at time.Time) *events {
	return &events{tx: tx, actor: actor, at: at}
}

func (e *events) queue(n card.Number, action, reason, detail string) {
	e.queued = append(e.queued, []any{e.at.Unix(), string(n), e.actor, action, reason, detail, newSalt()})
}

// flush writes what is queued, card by card and of each in its order. The cards have to be there. Numbers are random, and in their
// order an index takes them in twice as fast.
func (e *events) flush(ctx context.Context) error {
	slices.SortStableFunc(e.queued, func(a, b []any) int { return strings.Compare(a[1].(string), b[1].(string)) })
	for len(e.queued) > 0 {
		part := e.queued[:min(len(e.queued), eventsInInsert)]
		if err := e.write(ctx, part); err != nil {
			return err
		}
		e.queued = e.queued[len(part):]
	}
	e.queued = nil
	return nil
}

func (e *events) write(ctx context.Context, rows [][]any) error {
	args := slices.Concat(rows...)
	if len(rows) != eventsInInsert {
		_, err := e.tx.ExecContext(ctx, insertEvents(len(rows)), args...)
		return err
	}
	if e.insert == nil {
		var err error
		if e.insert, err = e.tx.PrepareContext(ctx, insertEvents(eventsInInsert)); err != nil {
			return err
		}
	}
	_, err := e.insert.ExecContext(ctx, args...)
	return err
}

func insertEvents(n int) string {
	return "INSERT INTO events (at, number, actor, action, reason, detail, salt) VALUES " + manyRows(n, 7)
}

func checkHand(actor string, at time.Time) error {
	if actor == "" {
		return errNoActor
	}
	if at.IsZero() {
		return errNoTime
	}
	return nil
}

func checkReasoned(actor, reason string, at time.Time) error {
	if reason == "" {
		return errNoReason
	}
	return checkHand(actor, at)
}
