package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cardproof/cardproof/card"
)

var errNoActor = errors.New("the register takes no change without an actor")
var errNoReason = errors.New("the register takes no such change without a reason")
var errNoTime = errors.New("the register takes no change without a time")

// Plan records a batch and its cards as planned, all or none. It is ErrConflict (of package card) where another run has
// planned one of the cards: the same number, the same learner, course and day, or a replacement of the same card. A card
// can be replaced only while it is issued; for others the error is a *card.MoveError.
func (db *DB) Plan(ctx context.Context, in card.Intention) error {
	if err := checkIntention(&in); err != nil {
		return wrap("plan a batch", err)
	}
	return db.inTx(ctx, "plan a batch", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO batches (id, roster, actor, created_at) VALUES (?, ?, ?, ?)",
			in.Batch, in.Roster, in.Actor, in.At.Unix())
		if err != nil {
			return fmt.Errorf("batch %s: %w", in.Batch, err)
		}
		columns := append(append([]string{}, fixedColumns...), signedColumns...)
		insert, err := tx.PrepareContext(ctx, "INSERT INTO cards ("+strings.Join(columns, ", ")+") VALUES ("+placeholders(len(columns))+")")
		if err != nil {
			return err
		}
		events, err := newEvents(ctx, tx, in.Actor, in.At)
		if err != nil {
			return err
		}
		for i := range in.Entries {
			if err := planOne(ctx, tx, insert, events, &in, &in.Entries[i]); err != nil {
				return fmt.Errorf("card %s: %w", in.Entries[i].Number, err)
			}
		}
		return nil
	})
}

func planOne(ctx context.Context, tx *sql.Tx, insert *sql.Stmt, events *events, in *card.Intention, e *card.Entry) error {
	detail := ""
	if e.Replaces != "" {
		old, err := stateOf(ctx, tx, e.Replaces)
		if err != nil {
			return fmt.Errorf("the card to replace: %w", err)
		}
		if old != card.Issued {
			return &card.MoveError{Number: e.Replaces, From: old, To: card.Superseded}
		}
		detail = "replaces " + e.Replaces.String()
	}
	signed, err := signedValues(e)
	if err != nil {
		return err
	}
	_, err = insert.ExecContext(ctx, append(fixedValues(e, in), signed...)...)
	if isTaken(err) {
		return fmt.Errorf("%w: %w", card.ErrConflict, err)
	}
	if err != nil {
		return err
	}
	return events.add(ctx, e.Number, "planned", in.Reason, detail)
}

func checkIntention(in *card.Intention) error {
	switch {
	case in.Actor == "":
		return errNoActor
	case in.At.IsZero():
		return errNoTime
	case in.Batch == "":
		return errors.New("a batch has no name")
	}
	for i := range in.Entries {
		e := &in.Entries[i]
		if e.Replaces != "" && in.Reason == "" {
			return errNoReason
		}
		if err := checkEntry(e); err != nil {
			return fmt.Errorf("card %s: %w", e.Number, err)
		}
	}
	return nil
}

// checkEntry is the last wall before the ledger: what is recorded here is never changed again.
func checkEntry(e *card.Entry) error {
	if err := e.Validate(); err != nil {
		return err
	}
	switch {
	case e.KeyID == "" || e.Digest == [32]byte{}:
		return errors.New("a planned card needs the key and the digest of its token")
	case e.Completed.IsZero() || e.IssuedOn.IsZero() || e.ExpiresOn.IsZero():
		return errors.New("a planned card needs the days of completion, issue and expiry")
	case e.Token != "" || e.SHA256 != "" || e.ReplacedBy != "":
		return errors.New("a planned card has no token, no file and no successor")
	}
	return nil
}

// Replan gives planned cards another issue time, key, digest, qualification, status slot or printed days: what a later run
// needs that finishes an earlier one's cards with another key. The number and the holder stay, and the entries have to
// name them unchanged. RecordedAt becomes the given time, since when the register has held this digest: a revoked key is
// believed only in what was recorded before. All or none; the error is card.ErrConflict where a card is no longer planned,
// card.ErrNotFound where there is none.
func (db *DB) Replan(ctx context.Context, actor string, at time.Time, entries []card.Entry) error {
	if err := checkHand(actor, at); err != nil {
		return wrap("plan again", err)
	}
	for i := range entries {
		if err := checkEntry(&entries[i]); err != nil {
			return wrap("plan again", fmt.Errorf("card %s: %w", entries[i].Number, err))
		}
	}
	return db.inTx(ctx, "plan again", func(tx *sql.Tx) error {
		update, err := tx.PrepareContext(ctx, "UPDATE cards SET "+strings.Join(signedColumns, " = ?, ")+` = ?, changed_at = ?, recorded_at = max(recorded_at, ?)
			WHERE number = ? AND state = 'planned' AND name = ? AND course = ? AND completed = ? AND learner_id = ?`)
		if err != nil {
			return err
		}
		events, err := newEvents(ctx, tx, actor, at)
		if err != nil {
			return err
		}
		for i := range entries {
			if err := replanOne(ctx, tx, update, events, &entries[i]); err != nil {
				return fmt.Errorf("card %s: %w", entries[i].Number, err)
			}
		}
		return nil
	})
}

func replanOne(ctx context.Context, tx *sql.Tx, update *sql.Stmt, events *events, e *card.Entry) error {
	values, err := signedValues(e)
	if err != nil {
		return err
	}
	values = append(values, events.at.Unix(), events.at.Unix(), string(e.Number), e.Name, e.Course, e.Completed.String(), e.Learner.ID)
	done, err := update.ExecContext(ctx, values...)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 1 {
		if err != nil {
			return err
		}
		return events.add(ctx, e.Number, "planned again", "", "key "+e.KeyID)
	}
	state, err := stateOf(ctx, tx, e.Number)
	if err != nil {
		return err
	}
	if state == card.Planned {
		return errors.New("the register has it for another holder, course or day")
	}
	return fmt.Errorf("%w: it is %s", card.ErrConflict, state)
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
