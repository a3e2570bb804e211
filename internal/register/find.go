package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/cardproof/cardproof/card"
)

// notGivenUp leaves out the cards that were revoked before they were issued: they have no token, and nobody ever had them.
// The unique index of replaces has the same words, without which SQLite would not use it.
const notGivenUp = "NOT (state = 'revoked' AND token = '')"

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// FindEntry answers a card with all that the issuer knows of it, and false where the register has no card of the number.
func (l *Ledger) FindEntry(ctx context.Context, number card.Number) (card.Entry, bool, error) {
	if err := l.check(); err != nil {
		return card.Entry{}, false, wrap("look up a card", err)
	}
	e, ok, err := findEntry(ctx, l.read, number)
	return e, ok, wrap("look up a card", err)
}

func findEntry(ctx context.Context, q querier, number card.Number) (card.Entry, bool, error) {
	var row entryRow
	var says frozenRow
	err := q.QueryRowContext(ctx, "SELECT "+entryColumns+", "+frozenColumns+" FROM cards c JOIN catalogue q ON q.id = c.catalogue WHERE c.number = ?",
		string(number)).Scan(append(row.dest(), says.dest()...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return card.Entry{}, false, nil
	}
	if err != nil {
		return card.Entry{}, false, err
	}
	of, err := says.frozen()
	if err != nil {
		return card.Entry{}, false, err
	}
	e, err := row.entry(of)
	return e, err == nil, err
}

// mostNumbers is how many cards a statement looks up. Each is an argument of it, and a database takes only so many.
const mostNumbers = 1000

// errManyNumbers says that a caller did not look cards up in groups.
var errManyNumbers = fmt.Errorf("more than %d cards to be looked up at once", mostNumbers)

// FindEntries answers the cards of the numbers that the register has, in the order in which they were planned, each once and all as they stand
// at one moment. There may be any count of numbers.
func (l *Ledger) FindEntries(ctx context.Context, numbers []card.Number) (entries []card.Entry, err error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	var found []*hit
	err = l.snapshot(ctx, "look up cards", func(tx *sql.Tx) error {
		shelf, err := readShelf(ctx, tx)
		if err != nil {
			return err
		}
		for group := range slices.Chunk(numbers, mostNumbers) {
			hits, err := findGroup(ctx, tx, shelf, group)
			if err != nil {
				return err
			}
			found = append(found, hits...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	oldestFirst(found)
	for n, h := range found {
		if n == 0 || h.seq != found[n-1].seq { // a number may be in two groups
			entries = append(entries, h.Entry)
		}
	}
	return entries, nil
}

// findGroup answers the cards of mostNumbers numbers at the most.
func findGroup(ctx context.Context, tx *sql.Tx, of shelf, numbers []card.Number) (found []*hit, err error) {
	in, args, err := inNumbers(numbers)
	if err != nil {
		return nil, err
	}
	err = forEach(ctx, tx, func(rows *sql.Rows) (err error) {
		h := new(hit)
		h.Entry, err = scanEntry(rows, of, &h.seq)
		found = append(found, h)
		return err
	}, "SELECT c.seq, "+entryColumns+" FROM cards c WHERE c.number"+in, args...)
	return found, err
}

// inNumbers is the condition that something is one of some numbers, and its arguments.
func inNumbers(numbers []card.Number) (in string, args []any, err error) {
	if len(numbers) > mostNumbers {
		return "", nil, errManyNumbers
	}
	for _, n := range numbers {
		args = append(args, string(n))
	}
	return " IN (" + placeholders(len(numbers)) + ")", args, nil
}

// FindReplacement is the card, planned or later, that was recorded to replace another. One that was given up is none.
func (l *Ledger) FindReplacement(ctx context.Context, old card.Number) (card.Entry, bool, error) {
	if err := l.check(); err != nil {
		return card.Entry{}, false, wrap("find a replacement", err)
	}
	number, err := replacementOf(ctx, l.read, old)
	if err != nil || number == "" {
		return card.Entry{}, false, wrap("find a replacement", err)
	}
	return l.FindEntry(ctx, number)
}

// replacementOf is the number of the card that was recorded to replace another, or empty.
func replacementOf(ctx context.Context, q querier, old card.Number) (number card.Number, err error) {
	err = q.QueryRowContext(ctx, "SELECT number FROM cards WHERE replaces = ? AND "+notGivenUp, string(old)).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return number, err
}

// FindRenewal is the newest card in force that was issued as the renewal of another, and false where there is none.
func (l *Ledger) FindRenewal(ctx context.Context, old card.Number) (number card.Number, ok bool, err error) {
	if err := l.check(); err != nil {
		return "", false, wrap("find a renewal", err)
	}
	err = l.read.QueryRowContext(ctx, "SELECT number FROM cards WHERE renews = ? AND state = 'issued' ORDER BY issued_at DESC, seq DESC LIMIT 1",
		string(old)).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return number, err == nil, wrap("find a renewal", err)
}

// Unfinished answers the cards that are planned, in the order in which they were planned.
func (l *Ledger) Unfinished(ctx context.Context) (entries []card.Entry, err error) {
	err = l.snapshot(ctx, "list the unfinished cards", func(tx *sql.Tx) (err error) {
		entries, err = listEntries(ctx, tx, "c.state = 'planned'")
		return err
	})
	return entries, err
}

// listEntries answers the cards c that a condition chooses, in the order in which they were planned.
func listEntries(ctx context.Context, tx *sql.Tx, where string, args ...any) ([]card.Entry, error) {
	shelf, err := readShelf(ctx, tx)
	if err != nil {
		return nil, err
	}
	var entries []card.Entry
	err = forEach(ctx, tx, func(rows *sql.Rows) error {
		e, err := scanEntry(rows, shelf)
		entries = append(entries, e)
		return err
	}, "SELECT "+entryColumns+" FROM cards c WHERE "+where+" ORDER BY c.seq", args...)
	return entries, err
}

// scanEntry reads a row of the given columns and then of entryColumns.
func scanEntry(rows *sql.Rows, of shelf, before ...any) (card.Entry, error) {
	var row entryRow
	if err := rows.Scan(append(before, row.dest()...)...); err != nil {
		return card.Entry{}, err
	}
	says, ok := of[row.catalogue]
	if !ok {
		return card.Entry{}, unreadable(row.r.Number, "catalogue")
	}
	return row.entry(says)
}

// snapshot runs fn on the register as it stands at one moment, whatever is written meanwhile.
func (l *Ledger) snapshot(ctx context.Context, doing string, fn func(*sql.Tx) error) error {
	if err := l.check(); err != nil {
		return wrap(doing, err)
	}
	tx, err := l.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return wrap(doing, err)
	}
	defer tx.Rollback() // it only read
	return wrap(doing, fn(tx))
}

// forEach runs a query and hands every row to fn.
func forEach(ctx context.Context, q querier, fn func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	return eachRow(rows, err, fn)
}

// eachRow hands every row of a query's answer to fn.
func eachRow(rows *sql.Rows, err error, fn func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
