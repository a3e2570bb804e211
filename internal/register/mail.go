package register

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/cardproof/cardproof/card"
)

// MailState is where a mail stands.
type MailState string

// The states of a mail.
const (
	MailQueued    MailState = "queued"
	MailSending   MailState = "sending"
	MailAccepted  MailState = "accepted"   // the server has taken it
	MailRefused   MailState = "refused"    // the server never will, or the address can't be written to
	MailGivenUp   MailState = "given_up"   // it was tried for as long as the configuration says
	MailNoAddress MailState = "no_address" // the learner has none
	MailUnknown   MailState = "unknown"    // it was with the server, whose answer never came: it may be delivered or not
	MailStopped   MailState = "stopped"    // its card was not in force when its turn came, or was renewed
)

// MailStates are all states, in the order in which a person wants to see them.
func MailStates() []MailState {
	return []MailState{MailQueued, MailSending, MailAccepted, MailRefused, MailGivenUp, MailNoAddress, MailUnknown, MailStopped}
}

// Kinds of mails.
const (
	MailIssued   = "issued"
	MailReplaced = "replaced"
	MailReminder = "reminder"
	MailLinks    = "links"
)

// NewMail is a mail that is owed. Its event is unique for ever.
type NewMail struct {
	Event    string
	Kind     string
	Number   card.Number // empty for MailLinks
	Address  string      // may be empty
	Language string
}

// Mail is a mail as the register holds it.
type Mail struct {
	ID int64
	NewMail
	State     MailState
	Dot       bool // of one that is being sent: all of it may be with the server
	Turn      int64
	Copy      int64 // how often a person had it sent again after the server had taken it
	Attempts  int64
	Words     string // what the server said last
	QueuedAt  time.Time
	ChangedAt time.Time
}

// mailColumns are of mails m; mailColumnsBare stand behind RETURNING, which knows no other name of a table.
const (
	mailColumns = `m.id, m.event, m.kind, coalesce(m.number, ''), m.address, m.language, m.state, m.phase = 'dot', m.turn, m.copy, m.attempts,
	m.words, m.queued_at, m.changed_at`
	mailColumnsBare = `id, event, kind, coalesce(number, ''), address, language, state, phase = 'dot', turn, copy, attempts,
	words, queued_at, changed_at`
)

func scanMail(row interface{ Scan(...any) error }) (m Mail, err error) {
	var queued, changed int64
	err = row.Scan(&m.ID, &m.Event, &m.Kind, &m.Number, &m.Address, &m.Language, &m.State, &m.Dot, &m.Turn, &m.Copy, &m.Attempts, &m.Words, &queued, &changed)
	m.QueuedAt, m.ChangedAt = fromUnix(queued), fromUnix(changed)
	return m, err
}

// QueueMails records mails that are owed, and answers those that wait now to be sent. An event that has its mail already is left
// alone, and one without an address is recorded as such; neither is answered.
func (db *DB) QueueMails(ctx context.Context, mails []NewMail, actor string, at time.Time) (queued []Mail, err error) {
	if err := checkHand(actor, at); err != nil {
		return nil, wrap("queue mails", err)
	}
	err = db.inTx(ctx, "queue mails", func(tx *sql.Tx) error {
		for _, n := range mails {
			state := MailQueued
			if n.Address == "" {
				state = MailNoAddress
			}
			m, err := scanMail(tx.QueryRowContext(ctx, `INSERT INTO mails (event, kind, number, address, language, state, phase, turn, copy, attempts, words, queued_at, changed_at)
				SELECT ?, ?, ?, ?, ?, ?, '', 1, 0, 0, '', ?, ? WHERE NOT EXISTS (SELECT 1 FROM mails WHERE event = ?) RETURNING `+mailColumnsBare,
				n.Event, n.Kind, nullable(n.Number), n.Address, n.Language, string(state), at.Unix(), at.Unix(), n.Event))
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			if err := noteMail(ctx, tx, m.ID, actor, state, "", at); err != nil {
				return err
			}
			if state == MailQueued {
				queued = append(queued, m)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return queued, nil
}

func noteMail(ctx context.Context, tx *sql.Tx, id int64, actor string, state MailState, words string, at time.Time) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO mail_events (at, mail, actor, state, words) VALUES (?, ?, ?, ?, ?)", at.Unix(), id, actor, string(state), words)
	return err
}

// FindMail answers a mail, and false where there is none.
func (l *Ledger) FindMail(ctx context.Context, id int64) (Mail, bool, error) {
	if err := l.check(); err != nil {
		return Mail{}, false, wrap("look up a mail", err)
	}
	m, err := scanMail(l.read.QueryRowContext(ctx, "SELECT "+mailColumns+" FROM mails m WHERE m.id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return Mail{}, false, nil
	}
	return m, err == nil, wrap("look up a mail", err)
}

// MailFilter chooses mails: those that meet all members that are set.
type MailFilter struct {
	Batch  string // as in Selection: also of the cards that took the place of one of the batch
	Number card.Number
	States []MailState
	After  int64 // mails with a higher ID
	Limit  int   // 0 for all
}

// Mails answers the mails of a filter in the order in which they were queued first. The error is card.ErrNoBatch where there is no such batch.
func (l *Ledger) Mails(ctx context.Context, f MailFilter) (mails []Mail, err error) {
	if err := l.check(); err != nil {
		return nil, wrap("list mails", err)
	}
	where, args := "m.id > ?", []any{f.After}
	if f.Batch != "" {
		list, err := l.batchList(ctx, f.Batch)
		if err != nil {
			return nil, err
		}
		where += " AND m.number IN (" + classes + "SELECT number FROM class)"
		args = append(args, list)
	}
	if f.Number != "" {
		where += " AND m.number = ?"
		args = append(args, string(f.Number))
	}
	if len(f.States) > 0 {
		where += " AND m.state IN (" + placeholders(len(f.States)) + ")"
		for _, s := range f.States {
			args = append(args, string(s))
		}
	}
	limit := int64(math.MaxInt64)
	if f.Limit > 0 {
		limit = int64(f.Limit)
	}
	err = forEach(ctx, l.read, func(rows *sql.Rows) error {
		m, err := scanMail(rows)
		mails = append(mails, m)
		return err
	}, "SELECT "+mailColumns+" FROM mails m WHERE "+where+" ORDER BY m.id LIMIT ?", append(args, limit)...)
	return mails, wrap("list mails", err)
}

// CardsToMail answers the cards of a batch that are in force and have no mail of their issue yet, in the order in which they were
// planned, also those that took the place of one of the batch. The error is card.ErrNoBatch.
func (l *Ledger) CardsToMail(ctx context.Context, batch string) (cards []card.Entry, err error) {
	err = l.snapshot(ctx, "list the cards to mail", func(tx *sql.Tx) error {
		list, err := batchIDs(ctx, tx, []string{batch})
		if err != nil {
			return err
		}
		cards, err = listEntries(ctx, tx, "c.seq IN ("+classes+"SELECT seq FROM class) AND c.state = 'issued' AND "+unmailed, list)
		return err
	})
	return cards, err
}

// CardsToRemind answers the cards in force with an address that end more than after and at most days days from now, had not ended sooner than
// that when they were issued, were not renewed, have no reminder of so many days yet, and whose address wants reminders.
func (l *Ledger) CardsToRemind(ctx context.Context, days, after int, now time.Time) (cards []card.Entry, err error) {
	err = l.snapshot(ctx, "list the cards to remind of", func(tx *sql.Tx) error {
		cards, err = listEntries(ctx, tx, `c.state = 'issued' AND c.expires_at > ? AND c.expires_at <= ? AND c.issued_at <= c.expires_at - ? AND c.email <> ''
			AND NOT EXISTS (SELECT 1 FROM mails m WHERE m.event = ? || c.number)
			AND NOT EXISTS (SELECT 1 FROM cards r WHERE r.renews = c.number AND r.state = 'issued')
			AND NOT EXISTS (SELECT 1 FROM mail_stops s WHERE s.address = c.email)`,
			now.Unix()+int64(after)*secondsOfDay, now.Unix()+int64(days)*secondsOfDay, int64(days)*secondsOfDay, ReminderEvent(days, ""))
		return err
	})
	return cards, err
}

const secondsOfDay = 24 * 60 * 60

// ReminderEvent is the event of the reminder so many days before a card ends.
func ReminderEvent(days int, n card.Number) string {
	return fmt.Sprintf("reminder-%d:%s", days, n.Compact())
}

// IssueEvent is the event of a card's own mail, and its kind: that of a replacement tells that it is one.
func IssueEvent(e *card.Entry) (event, kind string) {
	kind = MailIssued
	if e.Replaces != "" {
		kind = MailReplaced
	}
	return kind + ":" + e.Number.Compact(), kind
}

// WantsReminders says whether an address has not said that it wants none.
func (l *Ledger) WantsReminders(ctx context.Context, address string) (wants bool, err error) {
	if err := l.check(); err != nil {
		return false, wrap("look up a wish", err)
	}
	err = l.read.QueryRowContext(ctx, "SELECT NOT EXISTS (SELECT 1 FROM mail_stops WHERE address = ?)", foldEmail(address)).Scan(&wants)
	return wants, wrap("look up a wish", err)
}

// NewStopLink records the hash of a secret by which an address can stop its reminders.
func (db *DB) NewStopLink(ctx context.Context, secret, address string, at time.Time) error {
	hash := sha256.Sum256([]byte(secret))
	return db.inTx(ctx, "make a link that stops reminders", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO mail_stop_links (hash, address, at) VALUES (?, ?, ?)", hash[:], foldEmail(address), at.Unix())
		return err
	})
}

// StopBySecret stops the reminders of the address that a secret stands for, and says whether it stands for one. Twice is no error.
func (db *DB) StopBySecret(ctx context.Context, secret string, at time.Time) (known bool, err error) {
	hash := sha256.Sum256([]byte(secret))
	var address string
	err = db.read.QueryRowContext(ctx, "SELECT address FROM mail_stop_links WHERE hash = ?", hash[:]).Scan(&address)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, wrap("stop reminders", err)
	}
	return true, db.StopReminders(ctx, address, "the learner", at)
}

// StopReminders records that an address wants no more reminders. Twice is no error.
func (db *DB) StopReminders(ctx context.Context, address, actor string, at time.Time) error {
	if err := checkHand(actor, at); err != nil {
		return wrap("stop reminders", err)
	}
	if foldEmail(address) == "" {
		return wrap("stop reminders", errors.New("there is no address"))
	}
	return db.inTx(ctx, "stop reminders", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO mail_stops (address, actor, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", foldEmail(address), actor, at.Unix())
		return err
	})
}

// StartReminders undoes StopReminders, and says whether there was anything to undo.
func (db *DB) StartReminders(ctx context.Context, address, actor string, at time.Time) (was bool, err error) {
	if err := checkHand(actor, at); err != nil {
		return false, wrap("start reminders", err)
	}
	if foldEmail(address) == "" {
		return false, wrap("start reminders", errors.New("there is no address"))
	}
	err = db.inTx(ctx, "start reminders", func(tx *sql.Tx) error {
		was, err = moved(tx.ExecContext(ctx, "DELETE FROM mail_stops WHERE address = ?", foldEmail(address)))
		return err
	})
	return was, err
}

// moved is how many rows a statement changed, as an answer to whether it was one.
func moved(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	if n > 1 {
		return false, fmt.Errorf("%d rows have one key", n)
	}
	return n == 1, err
}
