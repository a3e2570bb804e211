package register

import (
	"context"
	"database/sql"
	"time"

	"github.com/cardproof/cardproof/card"
)

const (
	wordsCorrected = "the address or the language was corrected"
	// underway are the mails of which the server can't have the whole: nobody has got them yet.
	underway = "(m.state = 'queued' OR m.state = 'sending' AND m.phase = 'begun')"
)

// followCard has the mails of a card that nobody has got yet go to the address and in the language that the register has now, in a turn of their
// own. A run that is sending one to the address before can't mark its dot any more, and without its dot the server throws it away.
func followCard(ctx context.Context, tx *sql.Tx, number card.Number, actor string, at time.Time) (followed int, err error) {
	var ids []int64
	err = forEach(ctx, tx, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT m.id FROM mails m JOIN cards c ON c.number = m.number WHERE m.number = ? AND `+underway+` AND c.email <> ''
		AND (c.email <> m.address OR c.language <> '' AND c.language <> m.language)`, string(number))
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		_, err := tx.ExecContext(ctx, `UPDATE mails AS m SET state = 'queued', phase = '', turn = turn + 1, attempts = 0, words = '', queued_at = ?, changed_at = ?,
			address = (SELECT c.email FROM cards c WHERE c.number = m.number),
			language = coalesce((SELECT c.language FROM cards c WHERE c.number = m.number AND c.language <> ''), m.language)
			WHERE m.id = ?`, at.Unix(), at.Unix(), id)
		if err != nil {
			return 0, err
		}
		if err := noteMail(ctx, tx, id, actor, MailQueued, wordsCorrected, at); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// FollowCard does for a card what Amend does by itself: its mails that nobody has got yet go to the address that the register has now. It answers
// how many were queued anew by that. An address that was corrected by an older version has left such mails behind.
func (db *DB) FollowCard(ctx context.Context, number card.Number, actor string, at time.Time) (followed int, err error) {
	if err := checkHand(actor, at); err != nil {
		return 0, wrap("correct a mail", err)
	}
	err = db.inTx(ctx, "correct a mail", func(tx *sql.Tx) error {
		followed, err = followCard(ctx, tx, number, actor, at)
		return err
	})
	return followed, err
}

// FirstAttempt is when a mail was first tried since it was queued by hand or by its event; zero where it was not.
func (l *Ledger) FirstAttempt(ctx context.Context, id int64) (first time.Time, err error) {
	if err := l.check(); err != nil {
		return first, wrap("look up an attempt", err)
	}
	var at sql.NullInt64
	err = l.read.QueryRowContext(ctx, `SELECT min(e.at) FROM mail_events e JOIN mails m ON m.id = e.mail
		WHERE m.id = ? AND e.state = 'sending' AND e.at >= m.queued_at`, id).Scan(&at)
	if err == nil && at.Valid {
		first = fromUnix(at.Int64)
	}
	return first, wrap("look up an attempt", err)
}

// Unmailed is how many cards of a batch have no mail.
type Unmailed struct {
	Batch string
	Cards int
}

// Unmailed counts, batch by batch, the cards in force that have not ended by now and have no mail of their issue.
func (l *Ledger) Unmailed(ctx context.Context, now time.Time) (all []Unmailed, err error) {
	err = l.each(ctx, func(rows *sql.Rows) error {
		var u Unmailed
		err := rows.Scan(&u.Batch, &u.Cards)
		all = append(all, u)
		return err
	}, `SELECT c.batch, count(*) FROM cards c WHERE c.state = 'issued' AND c.expires_at > ? AND `+unmailed+` GROUP BY c.batch ORDER BY min(c.seq)`, now.Unix())
	return all, wrap("count the cards without a mail", err)
}

// unmailed are the cards c that have no mail of their issue.
const unmailed = `NOT EXISTS (SELECT 1 FROM mails m WHERE m.number = c.number AND m.kind IN ('issued', 'replaced'))`

// Misaddressed are the cards in force whose own mail went to another address than their learner has now, in the order in which they were
// planned: it was corrected after that.
func (l *Ledger) Misaddressed(ctx context.Context) (numbers []card.Number, err error) {
	err = l.each(ctx, func(rows *sql.Rows) error {
		var n card.Number
		err := rows.Scan(&n)
		numbers = append(numbers, n)
		return err
	}, `SELECT c.number FROM mails m JOIN cards c ON c.number = m.number WHERE m.kind IN ('issued', 'replaced') AND m.state IN ('accepted', 'unknown', 'refused', 'given_up')
		AND c.state = 'issued' AND c.email <> '' AND c.email <> m.address ORDER BY c.seq`)
	return numbers, wrap("look for mails that went astray", err)
}

// batchList is the name of a batch as classes take it. The error is card.ErrNoBatch, wrapped with the name.
func (l *Ledger) batchList(ctx context.Context, batch string) (list string, err error) {
	err = l.snapshot(ctx, "look up a batch", func(tx *sql.Tx) error {
		list, err = batchIDs(ctx, tx, []string{batch})
		return err
	})
	return list, err
}
