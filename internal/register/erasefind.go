package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/cardproof/cardproof/card"
)

// cardsOfLearner are all cards of the learner ?1 (ID), ?2 (e-mail), ?3 (folded name), and those that stand in one row of replacements with
// them, whatever became of them: also those that were given up, which hold the same details.
const cardsOfLearner = `WITH RECURSIVE own (number, replaces) AS (
	SELECT number, replaces FROM cards WHERE learner_id <> '' AND learner_id = ?1
	UNION
	SELECT number, replaces FROM cards WHERE ?2 <> '' AND ?3 <> '' AND name_fold = ?3 AND email = ?2 AND (learner_id = '' OR ?1 = '')
	UNION
	SELECT number, replaces FROM cards WHERE number = ?4
	UNION
	` + besideOwn + `
)
`

// besideOwn are the cards next to some in their rows of replacements, in three terms, each with an index.
const besideOwn = `SELECT c.number, c.replaces FROM own CROSS JOIN cards c ON c.number = own.replaces
	UNION
	SELECT c.number, c.replaces FROM own CROSS JOIN cards c ON c.replaces = own.number AND NOT (c.state = 'revoked' AND c.token = '')
	UNION
	SELECT c.number, c.replaces FROM own CROSS JOIN cards c ON c.replaces = own.number AND c.state = 'revoked' AND c.token = ''`

// CardsToErase answers all cards of the learners that the keys name, each once and the oldest first, but those that were erased before.
// Of a key the ID, the e-mail and the name count, as for FindCards. number, which may be empty, is a card whose learner is meant as well.
func (l *Ledger) CardsToErase(ctx context.Context, keys []card.LearnerKey, number card.Number) (cards []card.Entry, err error) {
	err = l.snapshot(ctx, "find a learner's cards", func(tx *sql.Tx) error {
		own := map[any]bool{}
		for _, k := range append(keys, card.LearnerKey{}) {
			id, email, name := identityOf(k)
			err := forEach(ctx, tx, func(rows *sql.Rows) error {
				var n string
				err := rows.Scan(&n)
				own[n] = true
				return err
			}, cardsOfLearner+"SELECT number FROM own", id, email, name, string(number))
			if err != nil {
				return err
			}
		}
		var numbers []any
		for n := range own {
			numbers = append(numbers, n)
		}
		if len(numbers) == 0 {
			return nil
		}
		cards, err = listEntries(ctx, tx, "c.name <> '"+card.ErasedName+"' AND c.number IN ("+placeholders(len(numbers))+")", numbers...)
		return err
	})
	return cards, err
}

// CardsEndedBefore answers the cards whose last valid day was over before a time and whose details were not erased, in the order in which they were
// planned. Planned ones are not among them.
func (l *Ledger) CardsEndedBefore(ctx context.Context, at time.Time) (cards []card.Entry, err error) {
	err = l.snapshot(ctx, "find the cards that ended", func(tx *sql.Tx) (err error) {
		cards, err = listEntries(ctx, tx, "c.expires_at < ? AND c.state <> 'planned' AND c.name <> '"+card.ErasedName+"'", at.Unix())
		return err
	})
	return cards, err
}

// ErasedCards answers the cards whose details were erased, in the order in which they were planned.
func (l *Ledger) ErasedCards(ctx context.Context) (numbers []card.Number, err error) {
	err = l.each(ctx, func(rows *sql.Rows) error {
		var n card.Number
		err := rows.Scan(&n)
		numbers = append(numbers, n)
		return err
	}, "SELECT number FROM cards WHERE name_fold = ? ORDER BY seq", card.ErasedName)
	return numbers, wrap("list the erased cards", err)
}

// LearnersOfAddress answers the learners who have or had a card under an address, whatever became of it: also one that is only planned, or was
// given up. Each is there once for each name.
func (l *Ledger) LearnersOfAddress(ctx context.Context, email string) (keys []card.LearnerKey, err error) {
	err = l.each(ctx, func(rows *sql.Rows) error {
		k := card.LearnerKey{Email: foldEmail(email)}
		err := rows.Scan(&k.ID, &k.Name)
		keys = append(keys, k)
		return err
	}, "SELECT learner_id, name FROM cards WHERE email = ? AND email <> '' ORDER BY seq", foldEmail(email))
	return distinctLearners(keys), wrap("find the learners of an address", err)
}

// LearnersByID answers the learner of an ID that the centre gave: one key, or none where no card has it.
func (l *Ledger) LearnersByID(ctx context.Context, id string) (keys []card.LearnerKey, err error) {
	if err := l.check(); err != nil {
		return nil, wrap("find a learner", err)
	}
	var has bool
	err = l.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM cards WHERE learner_id = ? AND learner_id <> '')", id).Scan(&has)
	if err != nil || !has {
		return nil, wrap("find a learner", err)
	}
	return []card.LearnerKey{{ID: id}}, nil
}

// SaveTo writes the register as it stands at this moment into a new file at path, whole and without what was deleted from it, whoever
// writes meanwhile. It is not synced yet. The file may not be there.
func (l *Ledger) SaveTo(ctx context.Context, path string) error {
	const doing = "save the register"
	if l.server {
		return l.saveServer(ctx, path)
	}
	if err := l.check(); err != nil {
		return wrap(doing, err)
	}
	// A connection that only reads can't write the copy either.
	pool, err := openPool(l.path, writeAccess, 1)
	if err != nil {
		return wrap(doing, err)
	}
	_, err = pool.ExecContext(ctx, "VACUUM INTO ?", path)
	if closeErr := pool.Close(); err == nil {
		err = closeErr
	}
	return wrap(doing, err)
}

// ErrNoFile says that a register is in a database, and has no file that could be looked at.
var ErrNoFile = errors.New("the register is in a database, and has no file")

// Integrity answers what SQLite finds wrong with the file itself: damaged pages and indexes, rows that break a rule of their table,
// and rows that point at others which are not there. Nothing means that it is sound. The error of a register in a database is ErrNoFile.
func (l *Ledger) Integrity(ctx context.Context) (found []string, err error) {
	if l.server {
		return nil, wrap("check the register's file", ErrNoFile)
	}
	err = l.each(ctx, func(rows *sql.Rows) error {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			found = append(found, line)
		}
		return nil
	}, "PRAGMA integrity_check(20)")
	if err != nil {
		return nil, wrap("check the register's file", err)
	}
	err = l.each(ctx, func(rows *sql.Rows) error {
		var table, parent string
		var rowid sql.NullInt64
		var key int64
		err := rows.Scan(&table, &rowid, &parent, &key)
		found = append(found, fmt.Sprintf("row %d of %s points at a row of %s that is not there", rowid.Int64, table, parent))
		return err
	}, "PRAGMA foreign_key_check")
	return found, wrap("check the register's file", err)
}

// CardFile is the finished file of a card.
type CardFile struct {
	Number card.Number
	State  card.State
	SHA256 string // in hex
}

// EachFile goes through the finished files that the register names, in the order in which their cards were planned. Those of planned cards are
// among them: they may be made anew at any time. Those of erased cards are not, for there are none.
func (l *Ledger) EachFile(ctx context.Context, each func(CardFile) error) error {
	var stopped error // what each said is not the register's fault
	err := l.each(ctx, func(rows *sql.Rows) error {
		var f CardFile
		if err := rows.Scan(&f.Number, &f.State, &f.SHA256); err != nil {
			return err
		}
		stopped = each(f)
		return stopped
	}, "SELECT number, state, sha256 FROM cards WHERE token <> '' AND name <> ? ORDER BY seq", card.ErasedName)
	if stopped != nil {
		return stopped
	}
	return wrap("list the files of cards", err)
}
