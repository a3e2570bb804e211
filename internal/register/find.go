package register

import (
	"context"
	"database/sql"
	"errors"

	"github.com/cardproof/cardproof/card"
)

// notGivenUp leaves out the cards that were revoked before they were issued: they have no token, and nobody ever had them.
// The unique index of replaces has the same words, without which SQLite would not use it.
const notGivenUp = "NOT (state = 'revoked' AND token = '')"

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// FindEntry answers a card with all that the issuer knows of it, and false where the register has no card of the number.
func (l *Ledger) FindEntry(ctx context.Context, number card.Number) (card.Entry, bool, error) {
	if err := l.check(); err != nil {
		return card.Entry{}, false, wrap("look up a card", err)
	}
	e, ok, err := findEntry(ctx, l.read, number)
	return e, ok, wrap("look up a card", err)
}

func findEntry(ctx context.Context, q querier, number card.Number) (card.Entry, bool, error) {
	var row entryRow
	err := q.QueryRowContext(ctx, "SELECT "+entryColumns+" FROM cards WHERE number = ?", string(number)).Scan(row.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return card.Entry{}, false, nil
	}
	if err != nil {
		return card.Entry{}, false, err
	}
	e, err := row.entry()
	return e, err == nil, err
}

// FindReplacement is the card, planned or later, that was recorded to replace another. One that was given up is none.
func (l *Ledger) FindReplacement(ctx context.Context, old card.Number) (card.Entry, bool, error) {
	if err := l.check(); err != nil {
		return card.Entry{}, false, wrap("find a replacement", err)
	}
	var number card.Number
	err := l.read.QueryRowContext(ctx, "SELECT number FROM cards WHERE replaces = ? AND "+notGivenUp, string(old)).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return card.Entry{}, false, nil
	}
	if err != nil {
		return card.Entry{}, false, wrap("find a replacement", err)
	}
	return l.FindEntry(ctx, number)
}

// Unfinished answers the cards that are planned, in the order in which they were planned.
func (l *Ledger) Unfinished(ctx context.Context) ([]card.Entry, error) {
	if err := l.check(); err != nil {
		return nil, wrap("list the unfinished cards", err)
	}
	var entries []card.Entry
	err := forEach(ctx, l.read, func(rows *sql.Rows) error {
		var row entryRow
		if err := rows.Scan(row.dest()...); err != nil {
			return err
		}
		e, err := row.entry()
		entries = append(entries, e)
		return err
	}, "SELECT "+entryColumns+" FROM cards WHERE state = 'planned' ORDER BY seq")
	return entries, wrap("list the unfinished cards", err)
}

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

// CountByKey counts the cards of each key ID by their state.
func (l *Ledger) CountByKey(ctx context.Context) (map[string]map[card.State]int, error) {
	if err := l.check(); err != nil {
		return nil, wrap("count the cards", err)
	}
	counts := map[string]map[card.State]int{}
	err := forEach(ctx, l.read, func(rows *sql.Rows) error {
		var key string
		var state card.State
		var n int
		if err := rows.Scan(&key, &state, &n); err != nil {
			return err
		}
		if counts[key] == nil {
			counts[key] = map[card.State]int{}
		}
		counts[key][state] = n
		return nil
	}, "SELECT key_id, state, count(*) FROM cards GROUP BY key_id, state")
	return counts, wrap("count the cards", err)
}

// forEach runs a query and hands every row to fn.
func forEach(ctx context.Context, q querier, fn func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
