package register

import (
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
	if err := l.check(); err != nil {
		return nil, wrap("look up learners", err)
	}
	matches := make([]card.LearnerMatch, len(keys))
	tx, err := l.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, wrap("look up learners", err)
	}
	defer tx.Rollback() // it only read
	for from := 0; from < len(keys); from += keysInQuery {
		to := min(from+keysInQuery, len(keys))
		if err := findLearners(ctx, tx, keys[from:to], matches[from:to]); err != nil {
			return nil, wrap("look up learners", err)
		}
	}
	return matches, nil
}

// findLearners asks by learner ID first, and by e-mail and name for those whom no ID has found.
func findLearners(ctx context.Context, q querier, keys []card.LearnerKey, matches []card.LearnerMatch) error {
	var wanted [][]any
	for i, k := range keys {
		if k.ID != "" {
			wanted = append(wanted, []any{i, k.ID, k.Course, k.Completed.String()})
		}
	}
	byID, err := joinCards(ctx, q, len(keys), wanted, "learner_id, course, completed")
	if err != nil {
		return err
	}
	wanted = wanted[:0]
	for i, k := range keys {
		if len(byID[i]) == 0 {
			wanted = append(wanted, []any{i, card.FoldName(k.Name), foldEmail(k.Email), k.Course, k.Completed.String()})
		}
	}
	byName, err := joinCards(ctx, q, len(keys), wanted, "name_fold, email, course, completed")
	if err != nil {
		return err
	}
	for i, k := range keys {
		if len(byID[i]) > 0 {
			matches[i], err = matchByID(ctx, q, k, byID[i])
		} else {
			matches[i], err = matchByName(ctx, q, k, byName[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// joinCards finds the cards whose columns equal the wanted rows; each row begins with the position of its key. The answer
// has the cards of every key, the oldest first.
func joinCards(ctx context.Context, q querier, keys int, wanted [][]any, columns string) ([][]card.Entry, error) {
	found := make([][]card.Entry, keys)
	if len(wanted) == 0 {
		return found, nil
	}
	var args []any
	for _, w := range wanted {
		args = append(args, w...)
	}
	names := strings.Split(columns, ", ")
	equal := make([]string, len(names))
	for i, c := range names {
		equal[i] = "k_" + c + " = " + c
	}
	row := "(" + placeholders(len(wanted[0])) + "), "
	// CROSS JOIN tells SQLite to go from the keys to the cards, by the index, and never the other way round. The learner_id
	// that is not empty lets it use an index that leaves the empty ones out.
	query := "WITH k (k_pos, k_" + strings.Join(names, ", k_") + ") AS (VALUES " +
		strings.TrimSuffix(strings.Repeat(row, len(wanted)), ", ") + ") SELECT k_pos, " + entryColumns +
		" FROM k CROSS JOIN cards WHERE " + notGivenUp + " AND " + strings.Join(equal, " AND ")
	if names[0] == "learner_id" {
		query += " AND learner_id <> ''"
	}
	err := forEach(ctx, q, func(rows *sql.Rows) error {
		var pos int
		var row entryRow
		if err := rows.Scan(append([]any{&pos}, row.dest()...)...); err != nil {
			return err
		}
		e, err := row.entry()
		found[pos] = append(found[pos], e)
		return err
	}, query+" ORDER BY k_pos, seq", args...)
	return found, err
}

func matchByID(ctx context.Context, q querier, k card.LearnerKey, found []card.Entry) (card.LearnerMatch, error) {
	var ends []card.Entry
	known, name := false, card.FoldName(k.Name)
	for _, e := range found {
		chain, err := chainOf(ctx, q, e)
		if err != nil {
			return card.LearnerMatch{}, err
		}
		known = known || slices.ContainsFunc(chain, func(e card.Entry) bool { return card.FoldName(e.Name) == name })
		ends = append(ends, lastOut(chain))
	}
	return card.LearnerMatch{Entry: current(ends), By: card.ByID, NameDiffers: !known}, nil
}

func matchByName(ctx context.Context, q querier, k card.LearnerKey, found []card.Entry) (card.LearnerMatch, error) {
	var same, other []card.Entry
	roots := map[card.Number]bool{}
	for _, e := range found {
		chain, err := chainOf(ctx, q, e)
		if err != nil {
			return card.LearnerMatch{}, err
		}
		end := lastOut(chain)
		switch {
		case k.ID == "" || e.Learner.ID == "":
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
func lastOut(chain []card.Entry) card.Entry {
	last := chain[len(chain)-1]
	if last.State == card.Planned && len(chain) > 1 {
		return chain[len(chain)-2]
	}
	return last
}

// current chooses among the ends of several chains: the oldest that is out, or the oldest.
func current(ends []card.Entry) *card.Entry {
	for i := range ends {
		if ends[i].State != card.Planned {
			return &ends[i]
		}
	}
	return &ends[0]
}

// chainOf answers the card with all that it replaced before it, and all that have replaced it after it.
func chainOf(ctx context.Context, q querier, e card.Entry) ([]card.Entry, error) {
	chain := []card.Entry{e}
	for chain[0].Replaces != "" {
		before, err := mustFind(ctx, q, chain[0].Replaces)
		if err != nil {
			return nil, err
		}
		chain = slices.Insert(chain, 0, before)
	}
	for chain[len(chain)-1].ReplacedBy != "" {
		after, err := mustFind(ctx, q, chain[len(chain)-1].ReplacedBy)
		if err != nil {
			return nil, err
		}
		chain = append(chain, after)
	}
	return chain, nil
}

// mustFind finds a card that another one names; the file's foreign keys see to it that it is there.
func mustFind(ctx context.Context, q querier, n card.Number) (card.Entry, error) {
	e, ok, err := findEntry(ctx, q, n)
	if err == nil && !ok {
		err = unreadable(n, "number")
	}
	return e, err
}
