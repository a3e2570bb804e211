package register

import (
	"context"
	"database/sql"
	"errors"

	"github.com/cardproof/cardproof/card"
)

// FindCompleted answers the cards of a course that was completed on one day, in the order in which they were planned; those that
// were given up are left out. Which of them were one class is for the issuer to say: it folds the names of all scripts.
func (l *Ledger) FindCompleted(ctx context.Context, course string, completed card.Date) (entries []card.Entry, err error) {
	err = l.snapshot(ctx, "look up a class", func(tx *sql.Tx) (err error) {
		entries, err = listEntries(ctx, tx, "c.course = ? AND c.completed = ? AND "+notGivenUp, course, completed.String())
		return err
	})
	return entries, err
}

// ClassDays answers the days on which cards of a class (in any case of A to Z) and course were completed, the oldest first. Those
// that were given up do not count. Without a name there is no class.
func (l *Ledger) ClassDays(ctx context.Context, course, class string) (days []card.Date, err error) {
	if class == "" {
		return nil, nil
	}
	err = l.snapshot(ctx, "look up the days of a class", func(tx *sql.Tx) error {
		return forEach(ctx, tx, func(rows *sql.Rows) error {
			var text string
			if err := rows.Scan(&text); err != nil {
				return err
			}
			day, err := card.ParseDate(text)
			days = append(days, day)
			return err
		}, "SELECT DISTINCT completed FROM cards WHERE class = ? COLLATE NOCASE AND class <> '' AND course = ? AND "+notGivenUp+" ORDER BY completed", class, course)
	})
	return days, err
}

// FindByEmail looks up the cards of e-mail addresses, courses and days, whatever the name, all at one moment. The answer has one list
// for each key, in the order of the keys, the oldest card first; cards that were given up are left out. A key without an e-mail
// finds nothing. Give each address, course and day once: an office's address may have thousands of cards.
func (l *Ledger) FindByEmail(ctx context.Context, keys []card.LearnerKey) ([][]card.Entry, error) {
	found := make([][]card.Entry, len(keys))
	err := l.inParts(ctx, "look up addresses", len(keys), func(look *lookup, from, to int) error {
		var wanted [][]any
		for i, k := range keys[from:to] {
			if email := foldEmail(k.Email); email != "" {
				wanted = append(wanted, []any{i, email, k.Course, k.Completed.String()})
			}
		}
		hits, err := look.join(ctx, to-from, wanted, "k_pos, k_email, k_course, k_completed", completionByEmail)
		for i, list := range hits {
			for _, h := range list {
				found[from+i] = append(found[from+i], h.Entry)
			}
		}
		return err
	})
	return found, err
}

// FindWithdrawn answers the cards that somebody withdrew one by one before they were out, in the order in which they were planned,
// whatever became of their batch. They were given up, and stand in nobody's way in the register; the issuer does not make them
// again unasked. Those that a batch took along when it was discarded are not among them, and none that another card is out for.
func (l *Ledger) FindWithdrawn(ctx context.Context) (entries []card.Entry, err error) {
	err = l.snapshot(ctx, "look up withdrawn cards", func(tx *sql.Tx) (err error) {
		entries, err = listEntries(ctx, tx, `c.state = 'revoked' AND c.token = '' AND `+takenOut+`
			AND NOT EXISTS (SELECT 1 FROM cards n WHERE n.replaces = c.number AND n.state <> 'planned' AND NOT (n.state = 'revoked' AND n.token = ''))`)
		return err
	})
	return entries, err
}

// takenOut says of a card c that a person withdrew it by itself: what goes with a batch, or for a correction, has a detail.
const takenOut = "EXISTS (SELECT 1 FROM events e WHERE e.number = c.number AND e.action = 'revoked' AND e.detail = '')"

// FindRevocation answers how a card that is revoked came to be so.
func (l *Ledger) FindRevocation(ctx context.Context, number card.Number) (r card.Revocation, err error) {
	err = l.snapshot(ctx, "look up a revocation", func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT c.token <> '' AND EXISTS (SELECT 1 FROM events e WHERE e.number = c.number AND e.action = 'issued'),
			c.token = '' AND c.replaces IS NULL AND `+takenOut+`,
			EXISTS (SELECT 1 FROM cards w WHERE w.batch = c.batch AND w.state = 'planned') FROM cards c WHERE c.number = ? AND c.state = 'revoked'`,
			string(number)).Scan(&r.WasOut, &r.TakenOut, &r.BatchWaits)
		if errors.Is(err, sql.ErrNoRows) {
			err = card.ErrNotFound
		}
		return err
	})
	return r, err
}

// FindByName looks up the cards of names, folded by card.FoldName, whoever bears them, all at one moment: one list for each name, in their
// order, the oldest card first. Those that were given up are left out. A name alone is nobody: this is for what a person should look at.
func (l *Ledger) FindByName(ctx context.Context, names []string) ([][]card.Entry, error) {
	found := make([][]card.Entry, len(names))
	err := l.inParts(ctx, "look up names", len(names), func(look *lookup, from, to int) error {
		var wanted [][]any
		for i, name := range names[from:to] {
			wanted = append(wanted, []any{i, card.FoldName(name)})
		}
		hits, err := look.join(ctx, to-from, wanted, "k_pos, k_name", "k_name = c.name_fold")
		for i, list := range hits {
			for _, h := range list {
				found[from+i] = append(found[from+i], h.Entry)
			}
		}
		return err
	})
	return found, err
}
