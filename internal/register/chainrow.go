package register

import (
	"context"
	"database/sql"
	"fmt"
)

// cardEventColumns are those of events e that the chain covers, in the order of cardEvent.dest.
const cardEventColumns = "e.seq, e.at, e.number, e.actor, e.action, e.reason, e.detail, e.salt, e.words"

// cardEvent takes rows of cardEventColumns, cardColumns, and the card's keys in the catalogue and in batches, one after the other.
type cardEvent struct {
	seq, at                               int64
	number, actor, action, reason, detail string
	salt, words                           []byte
	card                                  cardRow
	dest                                  []any
}

func newCardEvent() *cardEvent {
	e := &cardEvent{card: newCardRow()}
	e.dest = append([]any{&e.seq, &e.at, &e.number, &e.actor, &e.action, &e.reason, &e.detail, &e.salt, &e.words}, e.card.dest...)
	return e
}

func (e *cardEvent) facts() []any { return []any{e.at, e.number, e.actor, e.action} }

// hashWords is the hash of the event's words, or the one that was kept when they were erased.
func (e *cardEvent) hashWords() []byte {
	if e.salt == nil {
		return e.words
	}
	return hashWords(e.salt, e.reason, e.detail)
}

func (e *cardEvent) hashCard(of rowHashes) ([]byte, error) { return e.card.hash(e.salt, of) }

// cardRow takes rows of cardColumns and the card's keys in the catalogue and in batches.
type cardRow struct {
	values    []any
	catalogue *int64
	batch     *string
	dest      []any
}

func newCardRow() cardRow {
	r := cardRow{catalogue: new(int64), batch: new(string)}
	r.values, r.dest = anyValues(cardColumnCount)
	r.dest = append(r.dest, r.catalogue, r.batch)
	return r
}

func (r cardRow) hash(salt []byte, of rowHashes) ([]byte, error) {
	course, batch := of[rowKey{"catalogue", *r.catalogue, ""}], of[rowKey{"batches", 0, *r.batch}]
	if course == nil || batch == nil {
		return nil, fmt.Errorf("%w: a card without its batch or its course", ErrCorrupt)
	}
	return hashCard(salt, r.values, course, batch), nil
}

// anyValues are places for values as the database hands them over.
func anyValues(n int) (values, dest []any) {
	values, dest = make([]any, n), make([]any, n)
	for i := range values {
		dest[i] = &values[i]
	}
	return values, dest
}

// rowHashes are the hashes of rows that many cards share.
type rowHashes map[rowKey][]byte

type rowKey struct {
	table string
	id    int64
	name  string
}

const (
	catalogueValues = "q.course, q.title, q.level, q.trained, q.meets, q.entry"
	batchValues     = "b.id, b.roster, b.actor, b.created_at, b.held"
)

// load hashes the rows that the cards of some events point at, as far as they are not known yet.
func (h rowHashes) load(ctx context.Context, q querier, after, last int64) error {
	const ofEvents = " IN (SELECT c.%s FROM events e JOIN cards c ON c.number = e.number WHERE e.seq > ? AND e.seq <= ?)"
	return h.read(ctx, q, " WHERE q.id"+fmt.Sprintf(ofEvents, "catalogue"), " WHERE b.id"+fmt.Sprintf(ofEvents, "batch"), after, last)
}

// loadAll hashes all rows of the catalogue and of batches.
func (h rowHashes) loadAll(ctx context.Context, q querier) error { return h.read(ctx, q, "", "") }

func (h rowHashes) read(ctx context.Context, q querier, ofCatalogue, ofBatches string, args ...any) error {
	err := forEach(ctx, q, func(rows *sql.Rows) error {
		k := rowKey{table: "catalogue"}
		values, dest := anyValues(6)
		err := rows.Scan(append([]any{&k.id}, dest...)...)
		h[k] = hashRow(values)
		return err
	}, "SELECT q.id, "+catalogueValues+" FROM catalogue q"+ofCatalogue, args...)
	if err != nil {
		return err
	}
	return forEach(ctx, q, func(rows *sql.Rows) error {
		k := rowKey{table: "batches"}
		values, dest := anyValues(5)
		err := rows.Scan(append([]any{&k.name}, dest...)...)
		h[k] = hashRow(values)
		return err
	}, "SELECT b.id, "+batchValues+" FROM batches b"+ofBatches, args...)
}
