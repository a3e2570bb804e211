package register

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/cardproof/cardproof/card"
)

// actionErased is the event that opens the one door by which a learner's details leave the register. The triggers know it too.
const actionErased = "erased"

// ErrSending says that a mail of a learner is with the mail server just now, so that its address can't be erased yet.
var ErrSending = errors.New("a mail of this learner is being sent")

// Erased is what came of an erasure.
type Erased struct {
	Cards []card.Number // whose details are gone; not those that were erased before
	Links int
	Mails int
}

// Erase takes the details of learners out of some cards for good, all or none: name, e-mail, learner ID, evidence, token, the digest and
// the SHA-256 of the file, and the words of their events. The cards themselves stay, with number, course, days and instructor; those that were
// not withdrawn or replaced before are revoked first, for the same reason. Links and mails of a learner of whom no other card is left go too.
// A card that was erased before is passed over. The error is card.ErrNotFound or ErrSending.
//
// The reason stays for ever, so it names nobody. The archived files are the caller's to remove.
func (db *DB) Erase(ctx context.Context, numbers []card.Number, actor, reason string, at time.Time) (done Erased, err error) {
	const doing = "erase the details of cards"
	if err := checkReasoned(actor, reason, at); err != nil {
		return done, wrap(doing, err)
	}
	err = db.inTx(ctx, doing, func(tx *sql.Tx) error {
		e := &eraser{tx: tx, events: newEvents(tx, actor, at), reason: reason}
		if err := e.withdraw(ctx, numbers); err != nil {
			return err
		}
		// The door opens by what the history says: that has to be written first.
		if err := e.events.flush(ctx); err != nil {
			return err
		}
		for _, c := range e.cards {
			if err := e.erase(ctx, c); err != nil {
				return fmt.Errorf("card %s: %w", c.Number, err)
			}
			e.done.Cards = append(e.done.Cards, c.Number)
		}
		for _, c := range e.cards {
			if err := e.eraseLearner(ctx, c); err != nil {
				return fmt.Errorf("the learner of card %s: %w", c.Number, err)
			}
		}
		done = e.done
		return nil
	})
	if err != nil {
		return Erased{}, err
	}
	_ = db.sweep(ctx) // what is left now goes with the next
	return done, nil
}

// sweep takes what was erased out of the register's files as well, as far as others who read leave it. A database does it by itself
// sooner or later; its own log and backups are its keeper's.
func (db *DB) sweep(ctx context.Context) error {
	statement := "PRAGMA wal_checkpoint(TRUNCATE)"
	if db.server {
		statement = "VACUUM cards, events, links, mails, mail_events, mail_stops, mail_stop_links" // it leaves the tables of another role
	}
	_, err := db.write.ExecContext(ctx, statement)
	return err
}

type eraser struct {
	tx     *sql.Tx
	events *events
	reason string
	cards  []card.Entry // as they were
	last   int64        // the last event before the erasure
	done   Erased
}

// withdraw revokes the cards that still count or may come to, and writes into the histories of all that they are erased.
func (e *eraser) withdraw(ctx context.Context, numbers []card.Number) error {
	if err := e.tx.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM events").Scan(&e.last); err != nil {
		return err
	}
	seen := map[card.Number]bool{}
	for _, n := range numbers {
		c, ok, err := findEntry(ctx, e.tx, n)
		switch {
		case err != nil:
			return err
		case !ok:
			return fmt.Errorf("%w: %s", card.ErrNotFound, n)
		case seen[n] || c.IsErased():
			continue
		}
		seen[n] = true
		if action := actionOf(c.State, card.Revoked); action != "" {
			e.events.queue(n, action, e.reason, "to be erased")
			if err := move(ctx, e.tx, e.events, n, card.Revoked); err != nil {
				return err
			}
		}
		e.events.queue(n, actionErased, e.reason, "")
		e.cards = append(e.cards, c)
	}
	return nil
}

// erase takes the details out of one card, the words out of its history, and the address out of its mails.
func (e *eraser) erase(ctx context.Context, c card.Entry) error {
	type wordy struct {
		seq            int64
		reason, detail string
		salt           []byte
	}
	var before []wordy
	err := forEach(ctx, e.tx, func(rows *sql.Rows) error {
		var w wordy
		err := rows.Scan(&w.seq, &w.reason, &w.detail, &w.salt)
		before = append(before, w)
		return err
	}, "SELECT seq, reason, detail, salt FROM events WHERE number = ? AND seq <= ? AND salt IS NOT NULL", string(c.Number), e.last)
	if err != nil {
		return err
	}
	for _, w := range before {
		_, err := e.tx.ExecContext(ctx, "UPDATE events SET reason = CASE reason WHEN '' THEN '' ELSE ? END, detail = '', salt = NULL, words = ? WHERE seq = ?",
			card.ErasedName, hashWords(w.salt, w.reason, w.detail), w.seq)
		if err != nil {
			return err
		}
	}
	_, err = e.tx.ExecContext(ctx, `UPDATE cards SET name = ?1, name_fold = ?1, learner_id = '', email = '', language = '', evidence = '', digest = ?4,
		token = CASE token WHEN '' THEN '' ELSE ?1 END, sha256 = CASE token WHEN '' THEN '' ELSE ?2 END WHERE number = ?3`,
		card.ErasedName, noSHA256, string(c.Number), make([]byte, sha256.Size))
	if err != nil {
		return err
	}
	return e.eraseMails(ctx, "number = ?", string(c.Number))
}

// noSHA256 is what stands for that of a file which is gone.
const noSHA256 = "0000000000000000000000000000000000000000000000000000000000000000"

// eraseLearner takes out what the register holds of a card's learner beside cards, if no other card of that learner is left.
func (e *eraser) eraseLearner(ctx context.Context, c card.Entry) error {
	id, email, name := identityOf(card.LearnerKey{ID: c.Learner.ID, Email: c.Learner.Email, Name: c.Name})
	var others, sameAddress bool
	err := e.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM cards WHERE learner_id = ?1 AND learner_id <> '')
		OR EXISTS (SELECT 1 FROM cards WHERE name_fold = ?3 AND email = ?2 AND ?2 <> '' AND (learner_id = '' OR ?1 = '')),
		EXISTS (SELECT 1 FROM cards WHERE email = ?2 AND email <> '')`, id, email, name).Scan(&others, &sameAddress)
	if err != nil {
		return err
	}
	if !others {
		if err := e.eraseLinks(ctx, id, email, name); err != nil {
			return err
		}
	}
	if sameAddress || email == "" {
		return nil
	}
	if err := e.eraseMails(ctx, "address = ?", email); err != nil {
		return err
	}
	for _, table := range []string{"mail_stops", "mail_stop_links"} {
		if _, err := e.tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE address = ?", email); err != nil {
			return err
		}
	}
	return nil
}

func (e *eraser) eraseLinks(ctx context.Context, id, email, name string) error {
	if _, err := endLinks(ctx, e.tx, id, email, name, e.events.actor, e.events.at); err != nil {
		return err
	}
	n, err := countRows(e.tx.ExecContext(ctx, "UPDATE links AS l SET learner_id = ?4, email = '', name_fold = '' WHERE "+theirLinks, id, email, name, card.ErasedName))
	e.done.Links += n
	return err
}

// eraseMails takes the address out of the mails that a condition chooses, and the words of the server, which may name it. A mail that
// has no address is never sent.
func (e *eraser) eraseMails(ctx context.Context, where string, arg any) error {
	var sending bool
	if err := e.tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM mails WHERE phase = 'dot' AND "+where+")", arg).Scan(&sending); err != nil {
		return err
	}
	if sending {
		return ErrSending
	}
	var ids []any
	err := forEach(ctx, e.tx, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, "SELECT id FROM mails WHERE "+where+" AND (address <> '' OR words <> '')", arg)
	if err != nil {
		return err
	}
	for _, id := range ids {
		_, err := e.tx.ExecContext(ctx, "UPDATE mails SET address = '', state = 'no_address', phase = '', words = '', turn = turn + 1, changed_at = ? WHERE id = ?",
			e.events.at.Unix(), id)
		if err == nil {
			_, err = e.tx.ExecContext(ctx, "UPDATE mail_events SET words = '' WHERE mail = ? AND words <> ''", id)
		}
		if err != nil {
			return err
		}
		e.done.Mails++
	}
	return nil
}

func countRows(result sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}
