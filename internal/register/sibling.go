package register

import (
	"context"
	"database/sql"
	"strings"

	"github.com/cardproof/cardproof/card"
)

// siblings counts the cards, by batch and state, that are of the course, day and class of a card of a batch, but neither of that batch
// themselves nor in the place of one of its cards. Those that another took the place of are left out.
const siblings = `WITH RECURSIVE
	own (number) AS (
		SELECT number FROM cards WHERE batch = ?1 AND NOT (state = 'revoked' AND token = '')
		UNION SELECT n.number FROM own JOIN cards n ON n.replaces = own.number
	),
	met (course, completed, class) AS (
		SELECT DISTINCT course, completed, class FROM cards WHERE batch = ?1 AND NOT (state = 'revoked' AND token = '')
	)
	SELECT b.id, b.roster, c.state, count(*) FROM met CROSS JOIN cards c JOIN batches b ON b.id = c.batch
	WHERE c.course = met.course AND c.completed = met.completed AND c.class = met.class
		AND c.state <> 'superseded' AND NOT (c.state = 'revoked' AND c.token = '') AND c.batch <> ?1 COLLATE NOCASE AND c.number NOT IN (SELECT number FROM own)
	GROUP BY b.id, c.state ORDER BY b.created_at, b.rowid`

// Siblings answers the other batches that hold cards of the same course, day and class as a batch, the oldest first: a class whose list
// was issued in parts. Replacements of the batch's own cards do not count. The error is card.ErrNoBatch where there is none of
// the name.
func (l *Ledger) Siblings(ctx context.Context, batch string) (found []card.Sibling, err error) {
	err = l.snapshot(ctx, "look for other batches of a class", func(tx *sql.Tx) error {
		b, err := mustFindBatch(ctx, tx, batch)
		if err != nil {
			return err
		}
		return forEach(ctx, tx, func(rows *sql.Rows) error {
			s := card.Sibling{Cards: map[card.State]int{}}
			var state card.State
			var n int
			if err := rows.Scan(&s.Batch, &s.Roster, &state, &n); err != nil {
				return err
			}
			if last := len(found) - 1; last >= 0 && strings.EqualFold(found[last].Batch, s.Batch) {
				found[last].Cards[state] += n
				return nil
			}
			s.Cards[state] = n
			found = append(found, s)
			return nil
		}, siblings, b.id)
	})
	return found, err
}
