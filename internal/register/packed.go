package register

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/cardproof/cardproof/card"
)

// The look-up of one card is what a busy server does most, and half its time went into handing over 25 columns one by one. So the
// query hands over the row as one text.

// packedSeparator can be in no column: names and codes have no control characters (card.CheckName).
const packedSeparator = "\x1f"

// packedRecord asks for a card's place in the catalogue, and for publicColumns as one text. A NULL is an empty field, a blob is
// hexadecimal.
var packedRecord = func() string {
	columns := strings.Split(publicColumns, ",")
	for i, c := range columns {
		c = strings.TrimSpace(c)
		if c == "c.digest" {
			c = "hex(c.digest)"
		}
		columns[i] = "coalesce(" + c + ", '')"
	}
	return "SELECT " + strings.Join(columns, " || char(31) || ") + " FROM cards c WHERE c.number = ?"
}()

func (o *opened) findPacked(ctx context.Context, number card.Number) (card.Record, error) {
	var packed string
	if err := o.record.QueryRowContext(ctx, string(number)).Scan(&packed); err != nil {
		return card.Record{}, err
	}
	var row recordRow
	if err := row.unpack(packed); err != nil {
		return card.Record{}, err
	}
	of, err := o.says.find(ctx, o.read, row.catalogue)
	switch {
	case errors.Is(err, sql.ErrNoRows): // and not: there is no such card
		return card.Record{}, unreadable(number, "catalogue")
	case err != nil:
		return card.Record{}, err
	case of.course != row.r.Course:
		return card.Record{}, unreadable(number, "catalogue")
	}
	return row.record(of.says)
}

// unpack reads the text of packedRecord.
func (x *recordRow) unpack(packed string) error {
	var err error
	for i, to := range x.dest() {
		field, rest, more := strings.Cut(packed, packedSeparator)
		if more == (i == recordColumns-1) {
			return fmt.Errorf("%w: a card with a number of columns of its own", ErrCorrupt)
		}
		packed = rest
		switch to := to.(type) {
		case *string:
			*to = field
		case *card.Number:
			*to = card.Number(field)
		case *card.State:
			*to = card.State(field)
		case *int64:
			*to, err = strconv.ParseInt(field, 10, 64)
		case *sql.NullInt64:
			if to.Valid = field != ""; to.Valid {
				to.Int64, err = strconv.ParseInt(field, 10, 64)
			}
		case *sql.NullString:
			*to = sql.NullString{String: field, Valid: field != ""}
		case *[]byte:
			*to, err = hex.DecodeString(field)
		default:
			panic(fmt.Sprintf("a column for a %T", to))
		}
		if err != nil {
			return fmt.Errorf("%w: column %d of a card", ErrCorrupt, i)
		}
	}
	return nil
}

var recordColumns = len((&recordRow{}).dest())

// qualifications are the rows of a register's catalogue that were asked for. They never change: what a course says anew is a row of its own.
type qualifications struct{ known sync.Map } // by id

// qualified is what a course says, with the course: a card that points at the row of another one was altered.
type qualified struct {
	course string
	says   card.Qualification
}

func (q *qualifications) find(ctx context.Context, from *sql.DB, id int64) (qualified, error) {
	if v, ok := q.known.Load(id); ok {
		return v.(qualified), nil
	}
	var row frozenRow
	var course string
	err := from.QueryRowContext(ctx, "SELECT q.course, "+qualificationColumns+" FROM catalogue q WHERE q.id = ?", id).
		Scan(append([]any{&course}, row.qualificationDest()...)...)
	if err != nil {
		return qualified{}, err
	}
	f, err := row.frozen()
	if err != nil {
		return qualified{}, err
	}
	found := qualified{course, f.qualification}
	q.known.Store(id, found)
	return found, nil
}
