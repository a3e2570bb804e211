package register

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/cardproof/cardproof/card"
)

// Selection chooses cards. Without any of its fields it is all of them; those that were given up are never among them.
type Selection struct {
	// Batches are names, read as by FindBatch; nil for all. A card that took the place of one of a batch is of it, too, whatever batch it
	// was issued with: it is the learner's card of that class.
	Batches  []string
	Course   string    // the code; empty for all
	From, To card.Date // the first and the last day of completion; the zero day for no limit
}

// Cards are the cards of a selection at one moment, however many they are: only their places in the register are in memory.
type Cards struct {
	tx     *sql.Tx
	of     shelf
	places []int64
}

// cardsInQuery is how many cards one query reads.
const cardsInQuery = 500

// WithCards hands the cards of a selection to fn, as the register stands at one moment, and returns what fn returns. The error is
// card.ErrNoBatch, wrapped with the name, where there is no batch of a name.
func (l *Ledger) WithCards(ctx context.Context, s Selection, fn func(*Cards) error) error {
	const doing = "list the cards of a selection"
	if err := l.check(); err != nil {
		return wrap(doing, err)
	}
	conn, err := l.read.Conn(ctx)
	if err != nil {
		return wrap(doing, err)
	}
	if l.server {
		defer conn.Close()
	} else {
		// Every page is read once: to keep many of them in memory, as for look-ups, gains nothing. So the connection is not used again.
		defer closeForGood(conn)
		if _, err := conn.ExecContext(ctx, "PRAGMA cache_size(-1000)"); err != nil {
			return wrap(doing, err)
		}
	}
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return wrap(doing, err)
	}
	defer tx.Rollback() // it only read
	c := &Cards{tx: tx}
	if c.of, err = readShelf(ctx, tx); err == nil {
		c.places, err = places(ctx, tx, s)
	}
	if err != nil {
		return wrap(doing, err)
	}
	return fn(c) // not wrapped: what fails in it is not the register's
}

// closeForGood takes a connection out of its pool.
func closeForGood(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // it says what it was told
	conn.Close()
}

// places are the cards of a selection by their place in the register, in the order in which they were planned.
func places(ctx context.Context, tx *sql.Tx, s Selection) (found []int64, err error) {
	from, where, args := "", []string{notGivenUp}, []any(nil)
	if s.Batches != nil {
		ids, err := batchIDs(ctx, tx, s.Batches)
		if err != nil {
			return nil, err
		}
		from, where, args = classes, append(where, "seq IN (SELECT seq FROM class)"), append(args, ids)
	}
	for _, limit := range []struct{ term, value string }{{"course = ?", s.Course}, {"completed >= ?", s.From.String()}, {"completed <= ?", s.To.String()}} {
		if limit.value != "" {
			where, args = append(where, limit.term), append(args, limit.value)
		}
	}
	return found, forEach(ctx, tx, func(rows *sql.Rows) error {
		var place int64
		err := rows.Scan(&place)
		found = append(found, place)
		return err
	}, from+"SELECT seq FROM cards WHERE "+strings.Join(where, " AND ")+" ORDER BY seq", args...)
}

// classes are the cards of batches, a list in JSON, and those that took their place.
const classes = `WITH RECURSIVE class (seq, number) AS (
		SELECT seq, number FROM cards WHERE batch IN (SELECT value FROM json_each(?))
		UNION SELECT n.seq, n.number FROM class c JOIN cards n ON n.replaces = c.number AND NOT (n.state = 'revoked' AND n.token = '')
	)
	`

// batchIDs are the names of batches as they were given, as a list in JSON.
func batchIDs(ctx context.Context, tx *sql.Tx, names []string) (string, error) {
	ids := make([]string, len(names))
	for i, name := range names {
		b, err := mustFindBatch(ctx, tx, name)
		if errors.Is(err, card.ErrNoBatch) {
			err = fmt.Errorf("%w: %s", card.ErrNoBatch, name)
		}
		if err != nil {
			return "", err
		}
		ids[i] = b.id
	}
	list, err := json.Marshal(ids)
	return string(list), err
}

// Len is how many cards there are.
func (c *Cards) Len() int { return len(c.places) }

// Each calls fn with every card, in the order in which they were planned, until that fails. It may be called again.
func (c *Cards) Each(ctx context.Context, fn func(card.Entry) error) error {
	for from := 0; from < len(c.places); from += cardsInQuery {
		list, err := json.Marshal(c.places[from:min(from+cardsInQuery, len(c.places))])
		if err != nil {
			return err
		}
		var part []card.Entry // read whole, so that no query is open while fn writes
		err = forEach(ctx, c.tx, func(rows *sql.Rows) error {
			e, err := scanEntry(rows, c.of)
			part = append(part, e)
			return err
		}, "SELECT "+entryColumns+" FROM cards c WHERE c.seq IN (SELECT CAST(value AS bigint) FROM json_each(?)) ORDER BY c.seq", string(list))
		if err != nil {
			return wrap("read the cards of a selection", err)
		}
		for _, e := range part {
			if err := fn(e); err != nil {
				return err
			}
		}
	}
	return nil
}
