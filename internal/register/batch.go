package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/card"
)

// Batches answers all batches, the newest first.
func (l *Ledger) Batches(ctx context.Context) (batches []card.Batch, err error) {
	err = l.snapshot(ctx, "list the batches", func(tx *sql.Tx) (err error) {
		batches, err = listBatches(ctx, tx, nil)
		return err
	})
	return batches, err
}

// FindBatch answers a batch by its name, in any case and with spaces around it, and false where there is none.
func (l *Ledger) FindBatch(ctx context.Context, id string) (batch card.Batch, ok bool, err error) {
	err = l.snapshot(ctx, "look up a batch", func(tx *sql.Tx) error {
		found, err := listBatches(ctx, tx, foldBatch(id))
		if ok = err == nil && len(found) == 1; ok {
			batch = found[0]
		}
		return err
	})
	return batch, ok, err
}

// BatchEntries answers the cards of a batch in the order in which they were planned, without those that were given up. The
// error is card.ErrNoBatch where there is none of the name, which is read as by FindBatch.
func (l *Ledger) BatchEntries(ctx context.Context, id string) (entries []card.Entry, err error) {
	err = l.snapshot(ctx, "list the cards of a batch", func(tx *sql.Tx) error {
		b, err := mustFindBatch(ctx, tx, id)
		if err == nil {
			entries, err = listEntries(ctx, tx, "c.batch = ? AND "+notGivenUp, b.id)
		}
		return err
	})
	return entries, err
}

// Unmade is a planned card without a finished file, and the key that its token was planned for.
type Unmade struct {
	Number card.Number
	KeyID  string
}

// BatchUnmade answers what is still to be made of a batch, in the order in which it was planned. The error is card.ErrNoBatch where there is none
// of the name.
func (l *Ledger) BatchUnmade(ctx context.Context, id string) (cards []Unmade, err error) {
	err = l.snapshot(ctx, "list what is to be made of a batch", func(tx *sql.Tx) error {
		b, err := mustFindBatch(ctx, tx, id)
		if err != nil {
			return err
		}
		return forEach(ctx, tx, func(rows *sql.Rows) error {
			var u Unmade
			err := rows.Scan(&u.Number, &u.KeyID)
			cards = append(cards, u)
			return err
		}, "SELECT number, key_id FROM cards WHERE batch = ? AND state = 'planned' AND token = '' ORDER BY seq", b.id)
	})
	return cards, err
}

// BatchGivenUp answers the cards of a batch that were given up before they were issued: the archive may hold files of them,
// which nobody shall get. The error is card.ErrNoBatch where there is no batch of the name.
func (l *Ledger) BatchGivenUp(ctx context.Context, id string) (numbers []card.Number, err error) {
	err = l.snapshot(ctx, "list what was given up of a batch", func(tx *sql.Tx) error {
		b, err := mustFindBatch(ctx, tx, id)
		if err != nil {
			return err
		}
		return forEach(ctx, tx, func(rows *sql.Rows) error {
			var n card.Number
			err := rows.Scan(&n)
			numbers = append(numbers, n)
			return err
		}, "SELECT number FROM cards WHERE batch = ? AND NOT "+notGivenUp+" ORDER BY seq", b.id)
	})
	return numbers, err
}

// listBatches answers the batch of a name, or all batches where that is nil.
func listBatches(ctx context.Context, tx *sql.Tx, id any) ([]card.Batch, error) {
	var batches []card.Batch
	place := map[string]int{}
	err := forEach(ctx, tx, func(rows *sql.Rows) error {
		b := card.Batch{Cards: map[card.State]int{}}
		var at int64
		err := rows.Scan(&b.ID, &b.Roster, &b.Actor, &at, &b.Held)
		b.At = fromUnix(at)
		place[b.ID] = len(batches)
		batches = append(batches, b)
		return err
	}, "SELECT id, roster, actor, created_at, held FROM batches WHERE CAST(?1 AS text) IS NULL OR id = ?1 COLLATE NOCASE ORDER BY created_at DESC, rowid DESC", id)
	if err != nil || len(batches) == 0 {
		return nil, err
	}
	where, args := "", []any(nil)
	if id != nil {
		where, args = " WHERE batch = ?", []any{batches[0].ID}
	}
	err = forEach(ctx, tx, func(rows *sql.Rows) error {
		var batch, course, completed string
		var state card.State
		var bare bool
		var n int
		if err := rows.Scan(&batch, &state, &bare, &course, &completed, &n); err != nil {
			return err
		}
		i, ok := place[batch]
		if !ok {
			return fmt.Errorf("%w: cards of batch %s, and no such batch", ErrCorrupt, batch)
		}
		day, err := card.ParseDate(completed)
		if err != nil {
			return fmt.Errorf("%w: cards of batch %s, column completed", ErrCorrupt, batch)
		}
		count(&batches[i], state, bare, course, day, n)
		return nil
	}, "SELECT batch, state, token = '', course, completed, count(*) FROM cards"+where+
		" GROUP BY batch, state, token = '', course, completed ORDER BY completed, course", args...)
	if err != nil {
		return nil, err
	}
	only := any(nil)
	if id != nil {
		only = batches[0].ID
	}
	return batches, eachReplaced(ctx, tx, only, func(batch string, old standing, last card.Standing) {
		if i, ok := place[batch]; ok {
			countReplaced(&batches[i], old, last.State)
		}
	})
}

// lastReplacements goes from every card that was replaced or issued anew, of one batch or of all, to the last card that took its
// place and is or was out. A card that was given up takes nobody's place, but another may be issued in the place of it.
const lastReplacements = `WITH RECURSIVE chain (batch, old, state, bare, number, now) AS (
		SELECT o.batch, o.number, o.state, o.token = '', n.number, n.state FROM cards n JOIN cards o ON o.number = n.replaces
		WHERE (CAST(?1 AS text) IS NULL OR o.batch = ?1) AND n.replaces IS NOT NULL AND NOT (n.state = 'revoked' AND n.token = '') AND n.state <> 'planned'
		UNION ALL
		SELECT c.batch, c.old, c.state, c.bare, n.number, n.state FROM chain c JOIN cards n ON n.replaces = c.number
		WHERE NOT (n.state = 'revoked' AND n.token = '') AND n.state <> 'planned'
	)
	SELECT batch, old, state, bare, number, now FROM chain c WHERE NOT EXISTS (SELECT 1 FROM cards n WHERE n.replaces = c.number
		AND NOT (n.state = 'revoked' AND n.token = '') AND n.state <> 'planned')`

// eachReplaced calls do for every card of a batch, or of all where that is nil, that was replaced or issued anew.
func eachReplaced(ctx context.Context, tx *sql.Tx, batch any, do func(batch string, old standing, last card.Standing)) error {
	return forEach(ctx, tx, func(rows *sql.Rows) error {
		var old standing
		var last card.Standing
		if err := rows.Scan(&old.batch, &old.number, &old.state, &old.bare, &last.Number, &last.State); err != nil {
			return err
		}
		do(old.batch, old, last)
		return nil
	}, lastReplacements, batch)
}

// LastReplacements answers for the cards of a batch that were replaced or issued anew where the last card stands that took their
// place, which may be of another batch. The error is card.ErrNoBatch where there is none of the name.
func (l *Ledger) LastReplacements(ctx context.Context, batch string) (map[card.Number]card.Standing, error) {
	found := map[card.Number]card.Standing{}
	err := l.snapshot(ctx, "list what was replaced of a batch", func(tx *sql.Tx) error {
		b, err := mustFindBatch(ctx, tx, batch)
		if err != nil {
			return err
		}
		return eachReplaced(ctx, tx, b.id, func(_ string, old standing, last card.Standing) { found[old.number] = last })
	})
	return found, err
}

// countReplaced counts a replaced card as the one that took its place. One that was given up is not among the batch's cards.
func countReplaced(b *card.Batch, old standing, last card.State) {
	if b.Stands == nil {
		b.Stands = maps.Clone(b.Cards)
	}
	if !old.givenUp() {
		b.Stands[old.state]--
	}
	b.Stands[last]++
}

// count adds n cards of a batch that are in a state, with or without a token.
func count(b *card.Batch, state card.State, bare bool, course string, day card.Date, n int) {
	switch {
	case state == card.Revoked && bare:
		b.GivenUp += n
		return
	case state == card.Planned && !bare:
		b.Proved += n
	}
	b.Cards[state] += n
	if !slices.Contains(b.Courses, course) {
		b.Courses = append(b.Courses, course)
	}
	if len(b.Days) == 0 || b.Days[len(b.Days)-1] != day { // they come in order
		b.Days = append(b.Days, day)
	}
}

// batchRow is what the moves of a batch ask about it.
type batchRow struct {
	id       string // as it was given
	held     bool
	released bool
}

// mustFindBatch is card.ErrNoBatch where there is no batch of the name.
func mustFindBatch(ctx context.Context, q querier, id string) (b batchRow, err error) {
	err = q.QueryRowContext(ctx, "SELECT id, held, released_at IS NOT NULL FROM batches WHERE id = ? COLLATE NOCASE", foldBatch(id)).Scan(&b.id, &b.held, &b.released)
	if errors.Is(err, sql.ErrNoRows) {
		err = card.ErrNoBatch
	}
	return b, err
}

// foldBatch is a batch's name without the spaces around it. In the file, the names compare in any case.
func foldBatch(id string) string { return strings.TrimSpace(id) }
