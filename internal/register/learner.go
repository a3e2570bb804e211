package register

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/card"
)

// keysInQuery is how many learners one query looks up.
const keysInQuery = 500

// FindLearners looks up which of the completions have a card already, all at one moment. The answer has one match for each
// key, in the order of the keys. A card that was revoked before it was issued counts as none.
func (l *Ledger) FindLearners(ctx context.Context, keys []card.LearnerKey) ([]card.LearnerMatch, error) {
	matches := make([]card.LearnerMatch, len(keys))
	err := l.inParts(ctx, "look up learners", len(keys), func(look *lookup, from, to int) error {
		return look.learners(ctx, keys[from:to], matches[from:to])
	})
	return matches, err
}

// FindCards looks up all cards of learners, whatever their course and day, all at one moment. The answer has one list for
// each key, in the order of the keys, the oldest card first; cards that were given up are left out. Of a key only the ID, the
// e-mail and the name count: a card is the learner's by an equal ID, and by e-mail and name that are equal and not
// empty, unless both sides have an ID and these differ.
func (l *Ledger) FindCards(ctx context.Context, keys []card.LearnerKey) ([][]card.Entry, error) {
	found := make([][]card.Entry, len(keys))
	err := l.inParts(ctx, "look up the cards of learners", len(keys), func(look *lookup, from, to int) error {
		return look.cards(ctx, keys[from:to], found[from:to])
	})
	return found, err
}

// inParts has fn look up n keys, part by part, all at one moment. In a register without any card there is nothing to find.
func (l *Ledger) inParts(ctx context.Context, doing string, n int, fn func(look *lookup, from, to int) error) error {
	return l.snapshot(ctx, doing, func(tx *sql.Tx) error {
		var any bool
		if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM cards)").Scan(&any); err != nil || !any {
			return err
		}
		of, err := readShelf(ctx, tx)
		if err != nil {
			return err
		}
		look := &lookup{tx: tx, of: of, joins: map[string]*sql.Stmt{}}
		for from := 0; from < n; from += keysInQuery {
			if err := fn(look, from, min(from+keysInQuery, n)); err != nil {
				return err
			}
		}
		return nil
	})
}

// The ways from a key, with its columns in k, to a learner's cards c. That the learner ID is not empty lets SQLite use an index
// that leaves the empty ones out. With an ID on both sides, e-mail and name add nothing: it is the same and found already, or
// differs, and the card is somebody else's.
const (
	completionByID    = "k_id = c.learner_id AND c.learner_id <> '' AND k_course = c.course AND k_completed = c.completed"
	completionByName  = "k_name = c.name_fold AND k_email = c.email AND k_course = c.course AND k_completed = c.completed"
	completionByEmail = "k_email = c.email AND k_course = c.course AND k_completed = c.completed"
	learnerByID       = "k_id = c.learner_id AND c.learner_id <> ''"
	learnerByName     = "k_name = c.name_fold AND k_email = c.email AND (k_id = '' OR c.learner_id = '')"
)

// lookup finds cards by their learners, in one transaction.
type lookup struct {
	tx    *sql.Tx
	of    shelf
	joins map[string]*sql.Stmt // by their text; closed with the transaction
}

// learners asks by learner ID first, and by e-mail and name for those whom no ID has found.
func (l *lookup) learners(ctx context.Context, keys []card.LearnerKey, matches []card.LearnerMatch) error {
	var wanted [][]any
	for i, k := range keys {
		if k.ID != "" {
			wanted = append(wanted, []any{i, k.ID, k.Course, k.Completed.String()})
		}
	}
	byID, err := l.join(ctx, len(keys), wanted, "k_pos, k_id, k_course, k_completed", completionByID)
	if err != nil {
		return err
	}
	wanted = wanted[:0]
	for i, k := range keys {
		if len(byID[i]) == 0 {
			wanted = append(wanted, []any{i, card.FoldName(k.Name), foldEmail(k.Email), k.Course, k.Completed.String()})
		}
	}
	byName, err := l.join(ctx, len(keys), wanted, "k_pos, k_name, k_email, k_course, k_completed", completionByName)
	if err != nil {
		return err
	}
	for i, k := range keys {
		if len(byID[i]) > 0 {
			matches[i], err = matchByID(ctx, l.tx, k, byID[i])
		} else {
			matches[i], err = matchByName(ctx, l.tx, k, byName[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *lookup) cards(ctx context.Context, keys []card.LearnerKey, found [][]card.Entry) error {
	var ids, names [][]any
	for i, k := range keys {
		if k.ID != "" {
			ids = append(ids, []any{i, k.ID})
		}
		if name, email := card.FoldName(k.Name), foldEmail(k.Email); name != "" && email != "" {
			names = append(names, []any{i, name, email, k.ID})
		}
	}
	byID, err := l.join(ctx, len(keys), ids, "k_pos, k_id", learnerByID)
	if err != nil {
		return err
	}
	byName, err := l.join(ctx, len(keys), names, "k_pos, k_name, k_email, k_id", learnerByName)
	if err != nil {
		return err
	}
	for i := range keys {
		both := append(byID[i], byName[i]...)
		if len(byID[i]) > 0 && len(byName[i]) > 0 {
			oldestFirst(both)
		}
		for _, h := range both {
			found[i] = append(found[i], h.Entry)
		}
	}
	return nil
}

// hit is a card that was found, with its place in the order of all cards.
type hit struct {
	seq int64
	card.Entry
}

func oldestFirst(hits []*hit) {
	slices.SortFunc(hits, func(a, b *hit) int { return cmp.Compare(a.seq, b.seq) })
}

// join finds the cards that a condition ties to the wanted rows, whose columns are named; the first is the position of the
// row's key. The answer has the cards of every key, the oldest first.
func (l *lookup) join(ctx context.Context, keys int, wanted [][]any, columns, where string) ([][]*hit, error) {
	found := make([][]*hit, keys)
	if len(wanted) == 0 {
		return found, nil
	}
	rowsInQuery := 1 // one of three sizes, so that few statements serve all
	for rowsInQuery < len(wanted) {
		rowsInQuery = min(rowsInQuery*32, keysInQuery)
	}
	args := make([]any, rowsInQuery*len(wanted[0])) // rows that are not wanted are NULL, and equal nothing
	for i, w := range wanted {
		copy(args[i*len(w):], w)
	}
	values := strings.Replace(manyRows(rowsInQuery, len(wanted[0])), "?", "CAST(? AS bigint)", 1) // else PostgreSQL takes a position for a text
	statement, err := l.statement(ctx, columns, values, where)
	if err != nil {
		return nil, err
	}
	rows, err := statement.QueryContext(ctx, args...)
	err = eachRow(rows, err, func(rows *sql.Rows) error {
		var pos int
		h := new(hit)
		e, err := scanEntry(rows, l.of, &pos, &h.seq)
		h.Entry = e
		found[pos] = append(found[pos], h)
		return err
	})
	for _, hits := range found { // most have one at the most: SQLite would sort all of them, with all their columns
		oldestFirst(hits)
	}
	return found, err
}

func (l *lookup) statement(ctx context.Context, columns, values, where string) (*sql.Stmt, error) {
	// CROSS JOIN tells SQLite to go from the keys to the cards, by the index, and never the other way round.
	query := "WITH k (" + columns + ") AS (VALUES " + values + ") SELECT k_pos, c.seq, " + entryColumns +
		" FROM k CROSS JOIN cards c WHERE " + notGivenUp + " AND " + where
	if s, ok := l.joins[query]; ok {
		return s, nil
	}
	s, err := l.tx.PrepareContext(ctx, query)
	l.joins[query] = s
	return s, err
}

func matchByID(ctx context.Context, q querier, k card.LearnerKey, found []*hit) (card.LearnerMatch, error) {
	var ends []*card.Entry
	known, name := false, card.FoldName(k.Name)
	for _, h := range found {
		chain, err := chainOf(ctx, q, &h.Entry)
		if err != nil {
			return card.LearnerMatch{}, err
		}
		known = known || slices.ContainsFunc(chain, func(e *card.Entry) bool { return card.FoldName(e.Name) == name })
		ends = append(ends, lastOut(chain))
	}
	return card.LearnerMatch{Entry: current(ends), By: card.ByID, NameDiffers: !known}, nil
}

func matchByName(ctx context.Context, q querier, k card.LearnerKey, found []*hit) (card.LearnerMatch, error) {
	var same, other []*card.Entry
	roots := map[card.Number]bool{}
	for _, h := range found {
		chain, err := chainOf(ctx, q, &h.Entry)
		if err != nil {
			return card.LearnerMatch{}, err
		}
		end := lastOut(chain)
		switch {
		case k.ID == "" || h.Learner.ID == "":
			same = append(same, end)
			roots[chain[0].Number] = true
		case k.Email != "":
			other = append(other, end)
		}
		// With two IDs that differ and no e-mail, they are namesakes and nothing else.
	}
	switch {
	case len(same) > 0:
		return card.LearnerMatch{Entry: current(same), By: card.ByName, Ambiguous: len(roots) > 1}, nil
	case len(other) > 0:
		return card.LearnerMatch{Entry: current(other), By: card.ByName, OtherID: true}, nil
	}
	return card.LearnerMatch{}, nil
}

// lastOut is the last card of a chain, but not a replacement that is only planned: until it is finished, the old card counts.
func lastOut(chain []*card.Entry) *card.Entry {
	last := chain[len(chain)-1]
	if last.State == card.Planned && len(chain) > 1 {
		return chain[len(chain)-2]
	}
	return last
}

// current chooses among the ends of several chains: the oldest that is out, or the oldest.
func current(ends []*card.Entry) *card.Entry {
	for _, e := range ends {
		if e.State != card.Planned {
			return e
		}
	}
	return ends[0]
}

// chainOf answers the card with all that it replaced before it, and all that have replaced it after it. A card that was revoked
// and issued anew was not superseded and names no successor; there the chain goes on with the card that names it.
func chainOf(ctx context.Context, q querier, e *card.Entry) ([]*card.Entry, error) {
	chain := []*card.Entry{e}
	for chain[0].Replaces != "" {
		before, err := mustFind(ctx, q, chain[0].Replaces)
		if err != nil {
			return nil, err
		}
		chain = slices.Insert(chain, 0, before)
	}
	for {
		last := chain[len(chain)-1]
		next := last.ReplacedBy
		if last.State == card.Revoked {
			var err error
			if next, err = replacementOf(ctx, q, last.Number); err != nil {
				return nil, err
			}
		}
		if next == "" {
			return chain, nil
		}
		after, err := mustFind(ctx, q, next)
		if err != nil {
			return nil, err
		}
		chain = append(chain, after)
	}
}

// mustFind finds a card that another one names; the file's foreign keys see to it that it is there.
func mustFind(ctx context.Context, q querier, n card.Number) (*card.Entry, error) {
	e, ok, err := findEntry(ctx, q, n)
	if err == nil && !ok {
		err = unreadable(n, "number")
	}
	return &e, err
}
