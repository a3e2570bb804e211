package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/cardproof/cardproof/card"
)

// Release turns all planned cards of a held batch to issued, all or none, with all that follows as in MarkIssued, and answers
// them in the order in which they were planned. A batch that was released before is no error, and answers none. Cards that
// were given up do not count. The error is card.ErrNoBatch; card.ErrNotHeld; card.ErrUnproved where a planned card has no
// finished file; card.ErrDiscarded where nothing of the batch is left; a *card.LapsedError where a card that one of these presupposes
// is not in force any more; a *card.MoveError where one that it replaces is not.
func (db *DB) Release(ctx context.Context, batch, actor string, at time.Time) (out []card.Number, err error) {
	if err := checkHand(actor, at); err != nil {
		return nil, wrap("release a batch", err)
	}
	err = db.inTx(ctx, "release a batch", func(tx *sql.Tx) error {
		b, err := mustFindBatch(ctx, tx, batch)
		if err != nil {
			return err
		}
		links, err := toRelease(ctx, tx, b)
		if err != nil || len(links) == 0 {
			return err
		}
		// In this order: the file itself refuses to issue a card of a held batch before that.
		if _, err := tx.ExecContext(ctx, "UPDATE batches SET released_at = ? WHERE id = ?", at.Unix(), b.id); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE cards SET state = 'issued', changed_at = ? WHERE batch = ? AND state = 'planned'", at.Unix(), b.id)
		if err != nil {
			return err
		}
		events := newEvents(tx, actor, at)
		for _, l := range links {
			if err := l.followIssue(ctx, tx, events); err != nil {
				return fmt.Errorf("card %s: %w", l.number, err)
			}
			out = append(out, l.number)
		}
		return events.flush(ctx)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// toRelease are the planned cards of a batch, if it may be released; none where it was released before.
func toRelease(ctx context.Context, tx *sql.Tx, b batchRow) ([]link, error) {
	switch {
	case !b.held:
		return nil, card.ErrNotHeld
	case b.released:
		return nil, nil
	}
	var links []link
	unproved := 0
	err := forEach(ctx, tx, func(rows *sql.Rows) error {
		var l link
		var bare bool
		err := rows.Scan(&l.number, &l.replaces, &l.renews, &l.evidence, &bare)
		links = append(links, l)
		if bare {
			unproved++
		}
		return err
	}, "SELECT number, replaces, renews, evidence, token = '' FROM cards WHERE batch = ? AND state = 'planned' ORDER BY seq", b.id)
	switch {
	case err != nil:
		return nil, err
	case unproved > 0:
		return nil, fmt.Errorf("%w: %d of %d have no file yet", card.ErrUnproved, unproved, len(links))
	case len(links) == 0:
		return nil, card.ErrDiscarded
	}
	return links, nil
}

// Discard gives up all planned cards of a batch, held or not: nobody ever had them, and their learners can be issued others.
// It answers them in the order in which they were planned; a batch that was discarded before answers none. The error is
// card.ErrNoBatch, or card.ErrReleased where a card of the batch is or was out.
func (db *DB) Discard(ctx context.Context, batch, actor string, at time.Time, reason string) (gone []card.Number, err error) {
	if err := checkReasoned(actor, reason, at); err != nil {
		return nil, wrap("discard a batch", err)
	}
	err = db.inTx(ctx, "discard a batch", func(tx *sql.Tx) error {
		b, err := mustFindBatch(ctx, tx, batch)
		if err != nil {
			return err
		}
		cards, err := cardsOf(ctx, tx, b)
		if err != nil {
			return err
		}
		events := newEvents(tx, actor, at)
		for _, c := range cards {
			switch {
			case c.state == card.Planned:
				events.queue(c.number, "revoked", reason, withBatch(b))
				gone = append(gone, c.number)
			case !c.givenUp():
				return card.ErrReleased
			}
		}
		_, err = tx.ExecContext(ctx, "UPDATE cards SET "+moveSet+" WHERE batch = ? AND state = 'planned'", string(card.Revoked), at.Unix(), b.id)
		if err != nil {
			return err
		}
		return events.flush(ctx)
	})
	if err != nil {
		return nil, err
	}
	return gone, nil
}

// standing is where a card stands.
type standing struct {
	number card.Number
	batch  string
	state  card.State
	bare   bool // it has no token
}

const standingColumns = "number, batch, state, token = ''"

func (s *standing) dest() []any { return []any{&s.number, &s.batch, &s.state, &s.bare} }

// givenUp says the same as notGivenUp does not.
func (s standing) givenUp() bool { return s.state == card.Revoked && s.bare }

// cardsOf are the cards of a batch in the order in which they were planned, those that were given up among them.
func cardsOf(ctx context.Context, tx *sql.Tx, b batchRow) ([]standing, error) {
	var cards []standing
	return cards, forEach(ctx, tx, func(rows *sql.Rows) error {
		var s standing
		err := rows.Scan(s.dest()...)
		cards = append(cards, s)
		return err
	}, "SELECT "+standingColumns+" FROM cards WHERE batch = ? ORDER BY seq", b.id)
}

// ChangeBatch revokes, suspends or reinstates all cards of a batch, all or none. Planned cards can only be revoked, which gives
// them up. A card that was replaced, or revoked and issued anew, stands for the last that took its place, which may be of another batch;
// also one that was taken out of its held batch.
// What is in the state already, or can't come into it, is counted and left alone: the same change twice is no error. The error
// is card.ErrNoBatch.
func (db *DB) ChangeBatch(ctx context.Context, c card.BatchChange) (changed card.BatchChanged, err error) {
	err = checkReasoned(c.Actor, c.Reason, c.At)
	if err == nil && c.To != card.Revoked && c.To != card.Suspended && c.To != card.Issued {
		err = errors.New("a batch can be revoked, suspended or reinstated, and nothing else")
	}
	if err != nil {
		return changed, wrap("change a batch", err)
	}
	err = db.inTx(ctx, "change a batch", func(tx *sql.Tx) error {
		b, err := mustFindBatch(ctx, tx, c.Batch)
		if err != nil {
			return err
		}
		cards, err := cardsOf(ctx, tx, b)
		if err != nil {
			return err
		}
		m := &batchMover{tx: tx, batch: b, change: c, events: newEvents(tx, c.Actor, c.At), seen: map[card.Number]bool{}}
		for _, s := range cards {
			if err := m.one(ctx, s); err != nil {
				return fmt.Errorf("card %s: %w", s.number, err)
			}
		}
		changed = m.changed
		return m.events.flush(ctx)
	})
	if err != nil {
		return card.BatchChanged{}, err
	}
	return changed, nil
}

func withBatch(b batchRow) string { return card.WithBatch(b.id) }

// batchMover moves the cards of one batch.
type batchMover struct {
	tx      *sql.Tx
	batch   batchRow
	change  card.BatchChange
	events  *events
	seen    map[card.Number]bool
	changed card.BatchChanged
}

func (m *batchMover) one(ctx context.Context, s standing) error {
	first, detail := s.number, withBatch(m.batch)
	for s.state == card.Superseded || s.state == card.Revoked {
		var next standing
		err := m.tx.QueryRowContext(ctx, "SELECT "+standingColumns+" FROM cards WHERE replaces = ? AND state <> 'planned' AND "+notGivenUp, string(s.number)).Scan(next.dest()...)
		if errors.Is(err, sql.ErrNoRows) && s.state == card.Revoked {
			break // it was not issued anew
		}
		if err != nil {
			return err
		}
		s = next
	}
	if s.batch != m.batch.id {
		detail += ", as the replacement of " + first.String()
	}
	if m.seen[s.number] {
		return nil
	}
	m.seen[s.number] = true
	action := actionOf(s.state, m.change.To)
	switch {
	case s.givenUp() && m.change.To != card.Revoked:
		return nil // nobody ever had it
	case s.state == m.change.To:
		m.changed.Already++
		return nil
	case action == "":
		m.changed.Left++
		return nil
	}
	m.events.queue(s.number, action, m.change.Reason, detail)
	m.changed.Changed = append(m.changed.Changed, s.number)
	return move(ctx, m.tx, m.events, s.number, m.change.To)
}
