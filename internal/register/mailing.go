package register

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/cardproof/cardproof/card"
)

// ErrMailMoved says that a mail is no longer in the hands of the run that wanted to change it.
var ErrMailMoved = errors.New("another run has this mail")

// BeginMail takes a queued mail for sending: of all that try, one gets it. It is false where the mail is in another state or turn,
// or where its card's learner has another address by now.
func (db *DB) BeginMail(ctx context.Context, id, turn int64, actor string, at time.Time) (ok bool, err error) {
	err = db.inTx(ctx, "begin a mail", func(tx *sql.Tx) error {
		ok, err = moved(tx.ExecContext(ctx, `UPDATE mails SET state = 'sending', phase = 'begun', attempts = attempts + 1, changed_at = ?
			WHERE id = ? AND turn = ? AND state = 'queued'
			AND (number IS NULL OR address = (SELECT c.email FROM cards c WHERE c.number = mails.number))`, at.Unix(), id, turn))
		if err != nil || !ok {
			return err
		}
		return noteMail(ctx, tx, id, actor, MailSending, "", at)
	})
	return ok && err == nil, err
}

// MarkDot records that the final dot of a mail is about to be sent. When it returns, that is on disk: from here on nobody may send
// the mail again by itself. The error is ErrMailMoved where the mail is in other hands.
func (db *DB) MarkDot(ctx context.Context, id, turn int64, at time.Time) error {
	return db.inTx(ctx, "mark a mail", func(tx *sql.Tx) error {
		ok, err := moved(tx.ExecContext(ctx, "UPDATE mails SET phase = 'dot', changed_at = ? WHERE id = ? AND turn = ? AND phase = 'begun'", at.Unix(), id, turn))
		if err == nil && !ok {
			err = ErrMailMoved
		}
		return err
	})
}

// EndMail records what came of a mail that was being sent, or that was found not to be sent at all: an end, or MailQueued for a later
// attempt. The error is ErrMailMoved where the mail is in other hands.
func (db *DB) EndMail(ctx context.Context, id, turn int64, state MailState, words, actor string, at time.Time) error {
	return db.inTx(ctx, "end a mail", func(tx *sql.Tx) error {
		ok, err := moved(tx.ExecContext(ctx, `UPDATE mails SET state = ?, phase = '', words = ?, changed_at = ?
			WHERE id = ? AND turn = ? AND state IN ('queued', 'sending')`, string(state), words, at.Unix(), id, turn))
		if err == nil && !ok {
			err = ErrMailMoved
		}
		if err != nil {
			return err
		}
		return noteMail(ctx, tx, id, actor, state, words, at)
	})
}

// The words of mails that a run left behind which was killed.
const (
	wordsBroken = "the program was stopped before the whole mail was sent"
	wordsDot    = "the program was stopped after the mail was sent and before the server's answer was read"
)

// RecoverMails puts right what a run left that is over for certain: call it only as the one run that sends. A mail whose final dot may
// have been sent becomes MailUnknown; any other that was being sent is queued again, in a turn of its own. So are
// those of held, from the mail to its turn, that are still queued in that turn: a job of the dead run has them, which never ends.
func (db *DB) RecoverMails(ctx context.Context, held map[int64]int64, actor string, at time.Time) (unknown int, err error) {
	err = db.inTx(ctx, "recover mails", func(tx *sql.Tx) error {
		var left []Mail
		err := forEach(ctx, tx, func(rows *sql.Rows) error {
			m, err := scanMail(rows)
			left = append(left, m)
			return err
		}, "SELECT "+mailColumns+" FROM mails m WHERE m.state = 'sending'")
		if err != nil {
			return err
		}
		for _, m := range left {
			if m.Dot {
				unknown++
				if err := leave(ctx, tx, m.ID, "state = 'unknown', phase = ''", wordsDot, at); err != nil {
					return err
				}
				if err := noteMail(ctx, tx, m.ID, actor, MailUnknown, wordsDot, at); err != nil {
					return err
				}
				continue
			}
			if err := leave(ctx, tx, m.ID, "state = 'queued', phase = '', turn = turn + 1", wordsBroken, at); err != nil {
				return err
			}
			if err := noteMail(ctx, tx, m.ID, actor, MailQueued, wordsBroken, at); err != nil {
				return err
			}
		}
		for id, turn := range held {
			_, err := tx.ExecContext(ctx, "UPDATE mails SET turn = turn + 1, changed_at = ? WHERE id = ? AND turn = ? AND state = 'queued'", at.Unix(), id, turn)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return unknown, err
}

// leave takes one mail out of sending.
func leave(ctx context.Context, tx *sql.Tx, id int64, set, words string, at time.Time) error {
	_, err := tx.ExecContext(ctx, "UPDATE mails SET "+set+", words = ?, changed_at = ? WHERE id = ? AND state = 'sending'", words, at.Unix(), id)
	return err
}

// ResendMails queues mails once more that a person wants to be sent again, to the address and in the language that their learner has now,
// and answers them. One that is queued or being sent is left alone.
func (db *DB) ResendMails(ctx context.Context, ids []int64, actor string, at time.Time) (queued []Mail, err error) {
	if err := checkHand(actor, at); err != nil {
		return nil, wrap("send mails again", err)
	}
	err = db.inTx(ctx, "send mails again", func(tx *sql.Tx) error {
		for _, id := range ids {
			m, err := scanMail(tx.QueryRowContext(ctx, `UPDATE mails AS m SET state = 'queued', turn = turn + 1, attempts = 0, words = '', queued_at = ?, changed_at = ?,
				copy = copy + CASE state WHEN 'accepted' THEN 1 ELSE 0 END,
				address = coalesce((SELECT c.email FROM cards c WHERE c.number = m.number AND c.email <> ''), m.address),
				language = coalesce((SELECT c.language FROM cards c WHERE c.number = m.number AND c.language <> ''), m.language)
				WHERE m.id = ? AND m.state NOT IN ('queued', 'sending')
				AND (m.address <> '' OR EXISTS (SELECT 1 FROM cards c WHERE c.number = m.number AND c.email <> ''))
				RETURNING `+mailColumnsBare, at.Unix(), at.Unix(), id))
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			if err := noteMail(ctx, tx, id, actor, MailQueued, "again, by hand", at); err != nil {
				return err
			}
			queued = append(queued, m)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return queued, nil
}

// MailEvent is what happened to a mail.
type MailEvent struct {
	At    time.Time
	Kind  string // of the mail
	Actor string
	State MailState
	Words string
}

// MailHistory answers what happened to the mails of a card, the oldest first.
func (l *Ledger) MailHistory(ctx context.Context, number card.Number) (events []MailEvent, err error) {
	if err := l.check(); err != nil {
		return nil, wrap("read the history of mails", err)
	}
	err = forEach(ctx, l.read, func(rows *sql.Rows) error {
		var e MailEvent
		var at int64
		err := rows.Scan(&at, &e.Kind, &e.Actor, &e.State, &e.Words)
		e.At = fromUnix(at)
		events = append(events, e)
		return err
	}, "SELECT e.at, m.kind, e.actor, e.state, e.words FROM mail_events e JOIN mails m ON m.id = e.mail WHERE m.number = ? ORDER BY e.seq", string(number))
	return events, wrap("read the history of mails", err)
}
