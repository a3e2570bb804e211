package register

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/cardproof/cardproof/card"
)

// KeyAction is what became of a key.
type KeyAction string

// The actions of a key's history.
const (
	KeyInUse   KeyAction = "in use"
	KeyRetired KeyAction = "retired"
	KeyRevoked KeyAction = "revoked"
)

// KeyEvent is an entry in the history of a key.
type KeyEvent struct {
	At     time.Time
	KeyID  string
	Actor  string
	Action KeyAction
	Since  time.Time // from when on it holds
	Reason string    // may be empty
}

// KeyUse is what hangs on a key.
type KeyUse struct {
	Cards      map[card.State]int
	LastIssued time.Time // the latest claim iat of its cards
}

// KeyCard is a card that hangs on a key.
type KeyCard struct {
	Number     card.Number
	State      card.State
	Batch      string
	RecordedAt time.Time
}

// RecordKeys adds to the history of the keys, all or none. What stands there last of a key and an action is not added again, so that
// the same call may be repeated.
func (db *DB) RecordKeys(ctx context.Context, events []KeyEvent) error {
	const doing = "record the keys"
	for _, e := range events {
		if err := checkHand(e.Actor, e.At); err != nil {
			return wrap(doing, err)
		}
		if e.KeyID == "" || e.Since.IsZero() {
			return wrap(doing, errors.New("an event needs its key and since when it holds"))
		}
	}
	return db.inTx(ctx, doing, func(tx *sql.Tx) error {
		for _, e := range events {
			_, err := tx.ExecContext(ctx, `INSERT INTO key_events (at, key_id, actor, action, since, reason)
				SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ?5 IS DISTINCT FROM (SELECT since FROM key_events WHERE key_id = ?2 AND action = ?4 ORDER BY seq DESC LIMIT 1)`,
				e.At.Unix(), e.KeyID, e.Actor, string(e.Action), e.Since.Unix(), e.Reason)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// KeyHistory answers what became of a key, the oldest event first.
func (l *Ledger) KeyHistory(ctx context.Context, keyID string) ([]KeyEvent, error) {
	var events []KeyEvent
	err := l.each(ctx, func(rows *sql.Rows) error {
		var e KeyEvent
		var at, since int64
		err := rows.Scan(&at, &e.KeyID, &e.Actor, &e.Action, &since, &e.Reason)
		e.At, e.Since = fromUnix(at), fromUnix(since)
		events = append(events, e)
		return err
	}, "SELECT at, key_id, actor, action, since, reason FROM key_events WHERE key_id = ? ORDER BY seq", keyID)
	return events, wrap("read a key's history", err)
}

// RetiredKeys answers every key of which there is a history, and whether it was retired.
func (l *Ledger) RetiredKeys(ctx context.Context) (map[string]bool, error) {
	retired := map[string]bool{}
	err := l.each(ctx, func(rows *sql.Rows) error {
		var id string
		var is bool
		err := rows.Scan(&id, &is)
		retired[id] = is
		return err
	}, "SELECT key_id, max(CASE action WHEN 'retired' THEN 1 ELSE 0 END) FROM key_events GROUP BY key_id")
	return retired, wrap("read the keys' history", err)
}

// RevokedKeys answers which keys were revoked, each with the time since when, as the last revocation of it says.
func (l *Ledger) RevokedKeys(ctx context.Context) (map[string]time.Time, error) {
	err := l.check()
	if err != nil {
		return nil, wrap("read the revoked keys", err)
	}
	revoked, err := l.revokedKeys(ctx)
	return revoked, wrap("read the revoked keys", err)
}

// RevokedKeys answers which keys were revoked, as Ledger.RevokedKeys does.
func (r *Reader) RevokedKeys(ctx context.Context) (revoked map[string]time.Time, err error) {
	err = r.ask(ctx, func(file *opened) (err error) {
		revoked, err = file.revokedKeys(ctx)
		return err
	})
	return revoked, wrap("read the revoked keys", err)
}

func (o *opened) revokedKeys(ctx context.Context) (map[string]time.Time, error) {
	revoked := map[string]time.Time{}
	return revoked, forEach(ctx, o.read, func(rows *sql.Rows) error {
		var id string
		var since int64
		err := rows.Scan(&id, &since)
		revoked[id] = fromUnix(since) // a later row takes the place of an earlier one
		return err
	}, "SELECT key_id, since FROM key_events WHERE action = 'revoked' ORDER BY seq")
}

// KeyUses answers what hangs on each key, by its ID. A key without a card is not there.
func (l *Ledger) KeyUses(ctx context.Context) (map[string]KeyUse, error) {
	uses := map[string]KeyUse{}
	err := l.each(ctx, func(rows *sql.Rows) error {
		var id string
		var state card.State
		var n int
		var last int64
		if err := rows.Scan(&id, &state, &n, &last); err != nil {
			return err
		}
		use, ok := uses[id]
		if !ok {
			use.Cards = map[card.State]int{}
		}
		use.Cards[state] = n
		if t := fromUnix(last); t.After(use.LastIssued) {
			use.LastIssued = t
		}
		uses[id] = use
		return nil
	}, "SELECT key_id, state, count(*), max(issued_at) FROM cards GROUP BY key_id, state")
	return uses, wrap("count the cards", err)
}

// CountRecorded counts the cards of a key by their state: those that the register held before a time, and those that it took in then
// or later.
func (l *Ledger) CountRecorded(ctx context.Context, keyID string, at time.Time) (before, since map[card.State]int, err error) {
	before, since = map[card.State]int{}, map[card.State]int{}
	err = l.each(ctx, func(rows *sql.Rows) error {
		var earlier bool
		var state card.State
		var n int
		err := rows.Scan(&earlier, &state, &n)
		if earlier {
			before[state] = n
		} else {
			since[state] = n
		}
		return err
	}, "SELECT recorded_at < ?, state, count(*) FROM cards WHERE key_id = ? GROUP BY 1, 2", at.Unix(), keyID)
	return before, since, wrap("count the cards", err)
}

// KeyCards answers the cards of a key in the order in which they were planned.
func (l *Ledger) KeyCards(ctx context.Context, keyID string) ([]KeyCard, error) {
	var cards []KeyCard
	err := l.each(ctx, func(rows *sql.Rows) error {
		var c KeyCard
		var at int64
		err := rows.Scan(&c.Number, &c.State, &c.Batch, &at)
		c.RecordedAt = fromUnix(at)
		cards = append(cards, c)
		return err
	}, "SELECT number, state, batch, recorded_at FROM cards WHERE key_id = ? ORDER BY seq", keyID)
	return cards, wrap("list the cards of a key", err)
}

// each runs a query on the file at the path and hands every row to fn.
func (l *Ledger) each(ctx context.Context, fn func(*sql.Rows) error, query string, args ...any) error {
	if err := l.check(); err != nil {
		return err
	}
	return forEach(ctx, l.read, fn, query, args...)
}
