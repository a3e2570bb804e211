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

// MarkIssued turns planned cards to issued, all or none. A card that replaces another supersedes it in the same moment, and
// of one that renews another both histories say so. A card that is issued already with the same token and file is passed over,
// so that the same work done twice is no error. Otherwise the error is card.ErrNotFound; card.ErrConflict where the card was
// planned anew with another digest; card.ErrRevokedKey where its key was revoked and does not speak for it; card.ErrHeld where its batch waits for the release; a *card.LapsedError where a card that it presupposes
// is not in force any more; a *card.MoveError where the card, or the one that it replaces, is in another state.
func (db *DB) MarkIssued(ctx context.Context, actor string, at time.Time, finished []card.Finished) error {
	return db.mark(ctx, "mark cards as issued", actor, at, finished, card.Issued)
}

// MarkProved gives planned cards their token and file, all or none; they stay planned. A card that has them already, or is out
// with them, is passed over; of one that is still planned later files take the place of earlier ones. The errors are those
// of MarkIssued but card.ErrHeld; the MoveError is to issued, which is what a proof is for.
func (db *DB) MarkProved(ctx context.Context, actor string, at time.Time, finished []card.Finished) error {
	return db.mark(ctx, "mark cards as proved", actor, at, finished, card.Planned)
}

// mark gives cards their finished files, and the state that they have from then on: issued or still planned.
func (db *DB) mark(ctx context.Context, doing, actor string, at time.Time, finished []card.Finished, to card.State) error {
	if err := checkHand(actor, at); err != nil {
		return wrap(doing, err)
	}
	return db.inTx(ctx, doing, func(tx *sql.Tx) error {
		m := &marker{tx: tx, to: to, events: newEvents(tx, actor, at)}
		var err error
		// Compiling this statement, with all the triggers behind it, takes longer than running it.
		m.update, err = tx.PrepareContext(ctx, "UPDATE cards SET state = ?, changed_at = ?, token = ?, sha256 = ? WHERE number = ?")
		if err != nil {
			return err
		}
		m.find, err = tx.PrepareContext(ctx, `SELECT state, changed_at, digest, token, sha256, replaces, renews, evidence,
			(SELECT held = 1 AND released_at IS NULL FROM batches WHERE id = batch),
			coalesce((SELECT k.since FROM key_events k WHERE k.key_id = cards.key_id AND k.action = 'revoked' ORDER BY k.seq DESC LIMIT 1) <= recorded_at, 1 = 0)
			FROM cards WHERE number = ?`)
		if err != nil {
			return err
		}
		for _, f := range finished {
			if err := m.mark(ctx, f); err != nil {
				return fmt.Errorf("card %s: %w", f.Number, err)
			}
		}
		return m.events.flush(ctx)
	})
}

type marker struct {
	tx           *sql.Tx
	to           card.State
	find, update *sql.Stmt // closed with the transaction
	events       *events
}

func (m *marker) mark(ctx context.Context, f card.Finished) error {
	if f.Token == "" || !sha256Hex.MatchString(f.SHA256) {
		return errors.New("a finished card needs its token and the SHA-256 of its file")
	}
	var state card.State
	var changed int64
	var digest []byte
	var token, sum string
	var held, fallen bool
	l := link{number: f.Number}
	err := m.find.QueryRowContext(ctx, string(f.Number)).Scan(&state, &changed, &digest, &token, &sum, &l.replaces, &l.renews, &l.evidence, &held, &fallen)
	same := token == f.Token && sum == f.SHA256
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return card.ErrNotFound
	case err != nil:
		return err
	case same && (state == card.Issued || state == m.to):
		return nil
	case state != card.Planned:
		return &card.MoveError{Number: f.Number, From: state, To: card.Issued}
	case !bytes.Equal(digest, f.Digest[:]):
		return fmt.Errorf("%w: it was planned anew", card.ErrConflict)
	case m.to == card.Issued && held:
		return card.ErrHeld
	case fallen: // by another machine, since this one has looked at the keys
		return card.ErrRevokedKey
	}
	if m.to == card.Issued {
		changed = m.events.at.Unix()
	}
	if _, err := m.update.ExecContext(ctx, string(m.to), changed, f.Token, f.SHA256, string(f.Number)); err != nil {
		return err
	}
	if m.to == card.Planned {
		m.events.queue(f.Number, "proved", "", "")
		return nil
	}
	return l.followIssue(ctx, m.tx, m.events)
}

// link is what a card has to do with others.
type link struct {
	number           card.Number
	replaces, renews sql.NullString
	evidence         string // names the cards that it presupposes
}

// followIssue does what follows when a card became issued: its event, the end of the card that it replaces, and the word in
// the history of the one that it renews. A card that it presupposes may have been withdrawn while it was made: then it is not issued.
func (l link) followIssue(ctx context.Context, tx *sql.Tx, events *events) error {
	if err := l.checkPriors(ctx, tx); err != nil {
		return err
	}
	events.queue(l.number, "issued", "", "")
	if l.renews.Valid {
		events.queue(card.Number(l.renews.String), "renewed", "", "renewed by "+l.number.String())
	}
	if !l.replaces.Valid {
		return nil
	}
	return supersede(ctx, tx, events, card.Number(l.replaces.String), l.number)
}

// checkPriors looks at the cards that met the prerequisites. A card that takes the place of one that was out was judged with that one,
// and corrects what it says.
func (l link) checkPriors(ctx context.Context, tx *sql.Tx) error {
	met := card.MetByCards(l.evidence)
	if len(met) == 0 {
		return nil
	}
	if l.replaces.Valid {
		var bare bool
		if err := tx.QueryRowContext(ctx, "SELECT token = '' FROM cards WHERE number = ?", l.replaces.String).Scan(&bare); err != nil || !bare {
			return err
		}
	}
	for _, m := range met {
		prior, err := mustFind(ctx, tx, m.Card)
		if err != nil {
			return err
		}
		chain, err := chainOf(ctx, tx, prior)
		if err != nil {
			return err
		}
		if last := lastOut(chain); last.State != card.Issued {
			return &card.LapsedError{Number: l.number, Prior: m.Card, State: last.State}
		}
	}
	return nil
}

// supersede ends the old card in favour of the new one, for the reason that the new one was planned with.
func supersede(ctx context.Context, tx *sql.Tx, events *events, old, by card.Number) error {
	state, err := stateOf(ctx, tx, old)
	if err != nil {
		return err
	}
	var reason string
	var planned int64
	err = tx.QueryRowContext(ctx, "SELECT reason, seq FROM events WHERE number = ? AND action = 'planned'", string(by)).Scan(&reason, &planned)
	if err != nil {
		return err
	}
	if state == card.Revoked {
		return issueAnew(ctx, tx, events, old, by, reason, planned)
	}
	if state != card.Issued {
		return &card.MoveError{Number: old, From: state, To: card.Superseded}
	}
	_, err = tx.ExecContext(ctx, "UPDATE cards SET state = 'superseded', changed_at = ?, replaced_by = ? WHERE number = ?",
		events.at.Unix(), string(by), string(old))
	if err != nil {
		return err
	}
	events.queue(old, "superseded", reason, "replaced by "+by.String())
	return nil
}

// issueAnew notes at a revoked card that another was issued in its place. Revoked is for ever, so its state stays. Only a card
// that was planned after the revocation may do so: a correction that was begun before would undo what its planner did not know.
func issueAnew(ctx context.Context, tx *sql.Tx, events *events, old, by card.Number, reason string, planned int64) error {
	var known bool
	err := tx.QueryRowContext(ctx, "SELECT coalesce(max(seq), ?2) < ?2 FROM events WHERE number = ?1 AND action = 'revoked'", string(old), planned).Scan(&known)
	if err != nil {
		return err
	}
	if !known {
		return &card.MoveError{Number: old, From: card.Revoked, To: card.Superseded}
	}
	events.queue(old, "issued anew", reason, "issued anew as "+by.String())
	return nil
}

// Change revokes, suspends or reinstates a card and answers it as it is now. Revoked and superseded are for ever; a planned
// card can only be revoked, which gives it up, and with it the finished file that it may have. The error is card.ErrNotFound or
// a *card.MoveError, whose From equals its To where the card was in that state already.
func (db *DB) Change(ctx context.Context, c card.Change) (entry card.Entry, err error) {
	err = db.change(ctx, "change a card", c, func(tx *sql.Tx, events *events) error {
		if err := changeOne(ctx, tx, events, c); err != nil {
			return err
		}
		if err := events.flush(ctx); err != nil {
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

// ChangeAll changes several cards as Change does one, all or none; c has no number of its own. It answers which of them moved: those that
// were in the state already are left alone, and are no error.
func (db *DB) ChangeAll(ctx context.Context, numbers []card.Number, c card.Change) (moved []card.Number, err error) {
	err = db.change(ctx, "change cards", c, func(tx *sql.Tx, events *events) error {
		for _, n := range numbers { // a number of no card is told before all else: the person meant another one
			if _, err := stateOf(ctx, tx, n); err != nil {
				return fmt.Errorf("%w: %s", err, n)
			}
		}
		for _, n := range numbers {
			c.Number = n
			err := changeOne(ctx, tx, events, c)
			var move *card.MoveError
			switch {
			case errors.As(err, &move) && move.From == move.To:
				continue
			case err != nil:
				return err
			}
			moved = append(moved, n)
		}
		return events.flush(ctx)
	})
	if err != nil {
		return nil, err
	}
	return moved, nil
}

func (db *DB) change(ctx context.Context, doing string, c card.Change, do func(*sql.Tx, *events) error) error {
	if err := checkReasoned(c.Actor, c.Reason, c.At); err != nil {
		return wrap(doing, err)
	}
	return db.inTx(ctx, doing, func(tx *sql.Tx) error { return do(tx, newEvents(tx, c.Actor, c.At)) })
}

func changeOne(ctx context.Context, tx *sql.Tx, events *events, c card.Change) error {
	from, err := stateOf(ctx, tx, c.Number)
	if err != nil {
		return err
	}
	action := actionOf(from, c.To)
	if action == "" {
		return &card.MoveError{Number: c.Number, From: from, To: c.To}
	}
	events.queue(c.Number, action, c.Reason, c.Detail)
	return move(ctx, tx, events, c.Number, c.To)
}

// moveSet is what an UPDATE of cards sets to move them, with the new state and the time. A card that is still planned leaves
// its finished file behind: one that is revoked with a token was out, and stays its learner's card.
const moveSet = `state = ?, changed_at = ?, token = CASE state WHEN 'planned' THEN '' ELSE token END,
	sha256 = CASE state WHEN 'planned' THEN '' ELSE sha256 END`

// move brings a card into a state that actionOf allows.
func move(ctx context.Context, tx *sql.Tx, events *events, n card.Number, to card.State) error {
	_, err := tx.ExecContext(ctx, "UPDATE cards SET "+moveSet+" WHERE number = ?", string(to), events.at.Unix(), string(n))
	return err
}

// actionOf names the move in the history; no name means that it is not allowed. A suspended card can't be
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
