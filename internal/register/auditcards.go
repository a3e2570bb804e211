package register

import (
	"bytes"
	"context"
	"database/sql"

	"github.com/cardproof/cardproof/card"
)

// cards compares every card with what its history says.
func (a *auditor) cards(ctx context.Context) error {
	if err := a.rows.loadAll(ctx, a.tx); err != nil {
		return err
	}
	row := newCardRow()
	var seq int64
	var number card.Number
	var state card.State
	var name string
	err := forEach(ctx, a.tx, func(rows *sql.Rows) error {
		if err := rows.Scan(append([]any{&seq, &number, &state, &name}, row.dest...)...); err != nil {
			return err
		}
		a.found.Cards++
		t := a.told[number]
		delete(a.told, number)
		if what := a.compare(t, row, state, name); what != "" {
			a.fault(Fault{Table: "cards", Row: seq, Number: number, What: what})
		}
		return nil
	}, "SELECT c.seq, c.number, c.state, c.name, "+cardColumns+", c.catalogue, c.batch FROM cards c ORDER BY c.seq")
	if err != nil {
		return err
	}
	for number := range a.told {
		a.fault(Fault{Table: "cards", Number: number, What: "is missing, and has a history"})
	}
	return nil
}

// compare says what is wrong with a card; nothing where it is what its history says.
func (a *auditor) compare(t *told, row cardRow, state card.State, name string) string {
	if t == nil {
		return "has no history: it was put in past the program"
	}
	if t.state != state {
		return "is " + string(state) + ", and its history says " + string(t.state)
	}
	hash, err := row.hash(t.salt, a.rows)
	switch {
	case err != nil:
		return "names a batch or a course that is not there"
	case !bytes.Equal(hash, t.hash):
		return "was altered, or what its course or its batch says was"
	case t.erased != (name == card.ErasedName), t.wiped && !t.erased:
		return "was erased only in part, or not by the program"
	}
	return ""
}

func (a *auditor) fault(f Fault) {
	a.found.Faulty++
	if len(a.found.Faults) < maxFaults {
		a.found.Faults = append(a.found.Faults, f)
	}
}

// releases looks whether held batches were released when the history of their cards says so. It is all of a batch that may change, and
// so all of it that no card's hash covers.
func (a *auditor) releases(ctx context.Context) error {
	return forEach(ctx, a.tx, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		a.fault(Fault{Table: "batches", What: "says of batch " + id + " another time of release than the history of its cards"})
		return err
	}, `SELECT b.id FROM batches b WHERE b.held = 1 AND b.released_at IS DISTINCT FROM (SELECT min(e.at) FROM cards c JOIN events e ON e.number = c.number
		WHERE c.batch = b.id AND e.action = 'issued')`)
}
