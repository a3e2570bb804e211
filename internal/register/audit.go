package register

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/cardproof/cardproof/card"
)

// maxFaults bounds how many cards an Audit names.
const maxFaults = 100

// Audit is what a walk along the chain has found.
type Audit struct {
	Head   Head  // the last entry of the chain
	Whole  int64 // the entries that are well, from the first on; all of them where Broken is nil
	Cards  int64 // that were compared with the chain
	Broken *Fault
	Faults []Fault // cards, batches and events that are not what the chain says, at most maxFaults
	Faulty int64   // how many there are
}

// IsWhole says whether nothing was found.
func (a Audit) IsWhole() bool { return a.Broken == nil && a.Faulty == 0 }

// Fault is a row that was altered, taken out, or put in past the program.
type Fault struct {
	Entry  int64  // of the chain; 0 where no entry tells
	Table  string // where the row is, or ought to be
	Row    int64  // its seq; 0 where it has none
	Number card.Number
	What   string // a clause, such as "was altered"
}

// Audit walks the whole chain, and compares every card with what the chain and its events say of it. expect is a head that was noted
// before, or nil: a chain alone does not tell that its end was cut off or written anew. An error means that it could not be
// walked; what it found is in the answer.
func (l *Ledger) Audit(ctx context.Context, expect *Head) (found Audit, err error) {
	err = l.longSnapshot(ctx, "audit the register", func(tx *sql.Tx) error {
		found, err = auditIn(ctx, tx, expect)
		return err
	})
	return found, err
}

func auditIn(ctx context.Context, tx *sql.Tx, expect *Head) (Audit, error) {
	a := &auditor{tx: tx, expect: expect, told: map[card.Number]*told{}, rows: rowHashes{}}
	if err := a.walk(ctx); err != nil {
		return a.found, err
	}
	// Cards are compared also behind a break: the history and the hashes there still tell which rows don't fit together, though no longer
	// that nobody wrote both anew.
	if err := a.cards(ctx); err != nil {
		return a.found, err
	}
	return a.found, a.releases(ctx)
}

// Head is the last entry of the chain; of a new register, the zero Head.
func (l *Ledger) Head(ctx context.Context) (head Head, err error) {
	err = l.snapshot(ctx, "read the head of the chain", func(tx *sql.Tx) (err error) {
		head, err = headOf(ctx, tx)
		return err
	})
	return head, err
}

// told is what the history has said of a card so far.
type told struct {
	state  card.State
	salt   []byte
	hash   []byte // of its row, by its last event
	wiped  bool   // words of its history are gone
	erased bool
}

type auditor struct {
	tx     *sql.Tx
	expect *Head
	told   map[card.Number]*told
	rows   rowHashes
	ends   logEnds // the last row of each log that is in the chain
	found  Audit
}

// chainLink is an entry of the chain with the row of the log that it is about.
type chainLink struct {
	seq, entry int64
	log        string
	card, hash []byte
	event      eventRow
	key        keyRow
}

// eventRow and keyRow are rows that may not be there.
type eventRow struct {
	seq, at                               sql.NullInt64
	number, actor, action, reason, detail sql.NullString
	salt, words                           []byte
}

type keyRow struct {
	seq    sql.NullInt64
	values []any
}

const walkQuery = `SELECT h.seq, h.log, h.entry, h.card, h.hash, e.seq, e.at, e.number, e.actor, e.action, e.reason, e.detail, e.salt, e.words,
	k.seq, k.at, k.key_id, k.actor, k.action, k.since, k.reason
	FROM chain h LEFT JOIN events e ON h.log = 'events' AND e.seq = h.entry
	LEFT JOIN key_events k ON h.log = 'key_events' AND k.seq = h.entry ORDER BY h.seq`

// walk goes along the chain, and stops looking at hashes where it is broken first.
func (a *auditor) walk(ctx context.Context) error {
	var x chainLink
	values, dest := anyValues(6)
	x.key.values = values
	e := &x.event
	dest = append([]any{&x.seq, &x.log, &x.entry, &x.card, &x.hash, &e.seq, &e.at, &e.number, &e.actor, &e.action, &e.reason, &e.detail, &e.salt, &e.words,
		&x.key.seq}, dest...)
	err := forEach(ctx, a.tx, func(rows *sql.Rows) error {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		a.link(&x)
		return nil
	}, walkQuery)
	if err != nil {
		return err
	}
	var last logEnds
	if last, err = endsOfLogs(ctx, a.tx); err != nil {
		return err
	}
	for _, log := range []struct {
		table           string
		chained, exists int64
	}{{cardLog, a.ends.cards, last.cards}, {keyLog, a.ends.keys, last.keys}} {
		if log.exists > log.chained {
			a.breaks(Fault{Entry: a.found.Head.Seq + 1, Table: log.table, Row: log.chained + 1, What: "is in no chain: it was put in past the program, or the end of the chain was cut off"})
		}
	}
	if a.expect != nil && a.found.Broken == nil && a.expect.Seq > a.found.Head.Seq {
		a.breaks(Fault{Entry: a.found.Head.Seq + 1, Table: "chain", What: fmt.Sprintf("is missing, and all up to the noted entry %d: this is an older register, or its end was cut off", a.expect.Seq)})
	}
	return nil
}

// breaks notes where the chain is broken, if it was well so far.
func (a *auditor) breaks(f Fault) {
	if a.found.Broken == nil {
		a.found.Broken = &f
	}
}

// link takes the next entry of the chain.
func (a *auditor) link(x *chainLink) {
	a.listen(x)
	end := &a.ends.cards
	if x.log == keyLog {
		end = &a.ends.keys
	}
	before := *end
	*end = x.entry
	if a.found.Broken != nil {
		a.found.Head = headFrom(x)
		return
	}
	there := x.event.seq.Valid || x.key.seq.Valid
	row := Fault{Entry: x.seq, Table: x.log, Row: x.entry, Number: card.Number(x.event.number.String)}
	next := linkUp(a.found.Head, x.log, x.entry, x.facts(), x.event.hashWords(), x.card)
	a.found.Head = headFrom(x)
	switch {
	case x.seq != a.found.Whole+1:
		row.Table, row.Row, row.Entry, row.Number = "chain", a.found.Whole+1, a.found.Whole+1, ""
		row.What = "is missing"
	case x.entry > before+1:
		row.Row, row.Number = before+1, ""
		row.What = "is not in the chain where it belongs: it was put in past the program, or its entry was taken out"
	case !there:
		row.What = "is missing"
	case x.entry != before+1:
		row.What = "stands in the chain twice"
	case next != a.found.Head:
		row.What = "was altered, or its entry of the chain was"
	case a.expect != nil && a.expect.Seq == x.seq && a.expect.Hash != next.Hash:
		row.Table, row.Row, row.Number = "chain", x.seq, ""
		row.What = "has another hash than the noted one: this entry or one before it was written anew"
	default:
		a.found.Whole++
		return
	}
	a.found.Broken = &row
}

func headFrom(x *chainLink) Head {
	h := Head{Seq: x.seq}
	copy(h.Hash[:], x.hash)
	return h
}

func (x *chainLink) facts() []any {
	if x.log == keyLog {
		return x.key.values
	}
	e := &x.event
	return []any{e.at.Int64, e.number.String, e.actor.String, e.action.String}
}

func (e *eventRow) hashWords() []byte {
	switch {
	case !e.seq.Valid, e.salt != nil && e.words != nil: // the second can't be, and fits no chain
		return nil
	case e.salt == nil:
		return e.words
	}
	return hashWords(e.salt, e.reason.String, e.detail.String)
}

// stateAfter is the state in which an event leaves its card; empty for one that leaves it as it is.
var stateAfter = map[string]card.State{
	"planned": card.Planned, "issued": card.Issued, "suspended": card.Suspended, "revoked": card.Revoked,
	"reinstated": card.Issued, "superseded": card.Superseded,
}

// listen follows what the history says of a card.
func (a *auditor) listen(x *chainLink) {
	e := &x.event
	if !e.seq.Valid {
		return
	}
	n := card.Number(e.number.String)
	t := a.told[n]
	if t == nil {
		t = &told{}
		a.told[n] = t
	}
	if s := stateAfter[e.action.String]; s != "" {
		t.state = s
	}
	t.erased = t.erased || e.action.String == actionErased
	t.wiped = t.wiped || e.salt == nil
	t.salt, t.hash = append(t.salt[:0], e.salt...), append(t.hash[:0], x.card...)
}
