package register

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/cardproof/cardproof/card"
)

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// MarkIssued turns planned cards to issued, all or none. A card that replaces another supersedes it in the same moment. A
// card that is issued already with the same token and file is passed over, so that the same work done twice is no
// error. Otherwise the error is card.ErrNotFound; card.ErrConflict where the card was planned anew with another digest; a
// *card.MoveError where the card, or the one that it replaces, is in another state.
func (db *DB) MarkIssued(ctx context.Context, actor string, at time.Time, finished []card.Finished) error {
	if err := checkHand(actor, at); err != nil {
		return wrap("mark cards as issued", err)
	}
	return db.inTx(ctx, "mark cards as issued", func(tx *sql.Tx) error {
		events, err := newEvents(ctx, tx, actor, at)
		if err != nil {
			return err
		}
		// Compiling this statement, with all the triggers behind it, takes longer than running it.
		update, err := tx.PrepareContext(ctx, "UPDATE cards SET state = 'issued', changed_at = ?, token = ?, sha256 = ? WHERE number = ?")
		if err != nil {
			return err
		}
		find, err := tx.PrepareContext(ctx, "SELECT state, digest, token, sha256, replaces FROM cards WHERE number = ?")
		if err != nil {
			return err
		}
		for _, f := range finished {
			if err := markOne(ctx, tx, find, update, events, f); err != nil {
				return fmt.Errorf("card %s: %w", f.Number, err)
			}
		}
		return nil
	})
}

func markOne(ctx context.Context, tx *sql.Tx, find, update *sql.Stmt, events *events, f card.Finished) error {
	if f.Token == "" || !sha256Hex.MatchString(f.SHA256) {
		return errors.New("an issued card needs its token and the SHA-256 of its file")
	}
	var state card.State
	var digest []byte
	var token, sum string
	var replaces sql.NullString
	err := find.QueryRowContext(ctx, string(f.Number)).Scan(&state, &digest, &token, &sum, &replaces)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return card.ErrNotFound
	case err != nil:
		return err
	case state == card.Issued && token == f.Token && sum == f.SHA256:
		return nil
	case state != card.Planned:
		return &card.MoveError{Number: f.Number, From: state, To: card.Issued}
	case !bytes.Equal(digest, f.Digest[:]):
		return fmt.Errorf("%w: it was planned anew", card.ErrConflict)
	}
	if _, err := update.ExecContext(ctx, events.at.Unix(), f.Token, f.SHA256, string(f.Number)); err != nil {
		return err
	}
	if err := events.add(ctx, f.Number, "issued", "", ""); err != nil {
		return err
	}
	if !replaces.Valid {
		return nil
	}
	return supersede(ctx, tx, events, card.Number(replaces.String), f.Number)
}

// supersede ends the old card in favour of the new one, for the reason that the new one was planned with.
func supersede(ctx context.Context, tx *sql.Tx, events *events, old, by card.Number) error {
	state, err := stateOf(ctx, tx, old)
	if err != nil {
		return err
	}
	if state != card.Issued {
		return &card.MoveError{Number: old, From: state, To: card.Superseded}
	}
	var reason string
	err = tx.QueryRowContext(ctx, "SELECT reason FROM events WHERE number = ? AND action = 'planned'", string(by)).Scan(&reason)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE cards SET state = 'superseded', changed_at = ?, replaced_by = ? WHERE number = ?",
		events.at.Unix(), string(by), string(old))
	if err != nil {
		return err
	}
	return events.add(ctx, old, "superseded", reason, "replaced by "+by.String())
}

// Change revokes, suspends or reinstates a card and answers it as it is now. Revoked and superseded are for ever; a planned
// card can only be revoked, which gives it up. The error is card.ErrNotFound or a *card.MoveError, whose From equals its
// To where the card was in that state already.
func (db *DB) Change(ctx context.Context, c card.Change) (entry card.Entry, err error) {
	if err := checkHand(c.Actor, c.At); err != nil {
		return card.Entry{}, wrap("change a card", err)
	}
	if c.Reason == "" {
		return card.Entry{}, wrap("change a card", errNoReason)
	}
	err = db.inTx(ctx, "change a card", func(tx *sql.Tx) error {
		from, err := stateOf(ctx, tx, c.Number)
		if err != nil {
			return err
		}
		action := actionOf(from, c.To)
		if action == "" {
			return &card.MoveError{Number: c.Number, From: from, To: c.To}
		}
		_, err = tx.ExecContext(ctx, "UPDATE cards SET state = ?, changed_at = ? WHERE number = ?",
			string(c.To), c.At.Unix(), string(c.Number))
		if err != nil {
			return err
		}
		events, err := newEvents(ctx, tx, c.Actor, c.At)
		if err != nil {
			return err
		}
		if err := events.add(ctx, c.Number, action, c.Reason, ""); err != nil {
			return err
		}
		entry, _, err = findEntry(ctx, tx, c.Number)
		return err
	})
	if err != nil {
		return card.Entry{}, err
	}
	return entry, nil
}

// actionOf names the move in the history; no name means that Change does not allow it. A suspended card can't be
// superseded: its successor would be valid, and would lift the suspension by the back door.
func actionOf(from, to card.State) string {
	switch {
	case to == card.Revoked && (from == card.Planned || from == card.Issued || from == card.Suspended):
		return "revoked"
	case to == card.Suspended && from == card.Issued:
		return "suspended"
	case to == card.Issued && from == card.Suspended:
		return "reinstated"
	}
	return ""
}

func stateOf(ctx context.Context, tx *sql.Tx, n card.Number) (state card.State, err error) {
	err = tx.QueryRowContext(ctx, "SELECT state FROM cards WHERE number = ?", string(n)).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		return "", card.ErrNotFound
	}
	return state, err
}

// events writes the history of one transaction.
type events struct {
	insert *sql.Stmt // closed with its transaction
	actor  string
	at     time.Time
}

func newEvents(ctx context.Context, tx *sql.Tx, actor string, at time.Time) (*events, error) {
	insert, err := tx.PrepareContext(ctx, "INSERT INTO events (at, number, actor, action, reason, detail) VALUES (?, ?, ?, ?, ?, ?)")
	return &events{insert: insert, actor: actor, at: at}, err
}

func (e *events) add(ctx context.Context, n card.Number, action, reason, detail string) error {
	_, err := e.insert.ExecContext(ctx, e.at.Unix(), string(n), e.actor, action, reason, detail)
	return err
}
