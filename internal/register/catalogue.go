package register

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/card"
)

// qualificationColumns are those of card.Qualification, of the catalogue q.
const qualificationColumns = "q.title, q.level, q.trained, q.meets"

// frozenColumns are all that a card has of the catalogue.
const frozenColumns = qualificationColumns + ", q.entry"

// frozen is a course as it stood when a card of it was planned.
type frozen struct {
	qualification card.Qualification
	entry         string
}

// frozenRow takes a row of frozenColumns, or of qualificationColumns.
type frozenRow struct {
	f     frozen
	meets string
}

func (x *frozenRow) qualificationDest() []any {
	q := &x.f.qualification
	return []any{&q.Title, &q.Level, &q.Trained, &x.meets}
}

func (x *frozenRow) dest() []any { return append(x.qualificationDest(), &x.f.entry) }

func (x *frozenRow) frozen() (frozen, error) {
	if err := json.Unmarshal([]byte(x.meets), &x.f.qualification.Meets); err != nil {
		return frozen{}, fmt.Errorf("%w: catalogue, column meets", ErrCorrupt)
	}
	x.f.qualification.Meets = slices.Clip(x.f.qualification.Meets) // many cards share it
	return x.f, nil
}

// shelf is the catalogue by its ids: a list of many cards holds each course once in memory.
type shelf map[int64]frozen

func readShelf(ctx context.Context, tx *sql.Tx) (shelf, error) {
	all := shelf{}
	return all, forEach(ctx, tx, func(rows *sql.Rows) error {
		var id int64
		var row frozenRow
		if err := rows.Scan(append([]any{&id}, row.dest()...)...); err != nil {
			return err
		}
		f, err := row.frozen()
		all[id] = f
		return err
	}, "SELECT q.id, "+frozenColumns+" FROM catalogue q")
}

// contentColumns are what an entry of the catalogue says.
const contentColumns = "course, title, level, trained, meets, entry"

// content holds contentColumns.
type content [6]string

func contentOf(course string, q card.Qualification, entry string) (content, error) {
	meets, err := json.Marshal(append([]string{}, q.Meets...)) // [] rather than null
	return content{course, q.Title, q.Level, q.Trained, string(meets), entry}, err
}

// cataloguer stores courses in one transaction, each once.
type cataloguer struct {
	tx  *sql.Tx
	ids map[content]int64
}

func newCataloguer(tx *sql.Tx) *cataloguer { return &cataloguer{tx: tx, ids: map[content]int64{}} }

// id is the place of a course in the catalogue, which takes it in where it is new.
func (c *cataloguer) id(ctx context.Context, course string, q card.Qualification, entry string) (int64, error) {
	key, err := contentOf(course, q, entry)
	if err != nil {
		return 0, err
	}
	if id, ok := c.ids[key]; ok {
		return id, nil
	}
	args := []any{key[0], key[1], key[2], key[3], key[4], key[5]}
	var id int64
	err = c.tx.QueryRowContext(ctx, "SELECT id FROM catalogue WHERE ("+contentColumns+") = ("+placeholders(len(key))+")", args...).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = c.tx.QueryRowContext(ctx, "INSERT INTO catalogue ("+contentColumns+") VALUES ("+placeholders(len(key))+") RETURNING id", args...).Scan(&id)
	}
	if err != nil {
		return 0, fmt.Errorf("course %s of the catalogue: %w", course, err)
	}
	c.ids[key] = id
	return id, nil
}

// makeCurrent makes exactly these entries the current ones.
func (c *cataloguer) makeCurrent(ctx context.Context, entries []card.CatalogueEntry) error {
	ids := make([]int64, len(entries))
	for i, e := range entries {
		id, err := c.id(ctx, e.Course, e.Qualification, e.Entry)
		if err != nil {
			return err
		}
		ids[i] = id
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	// In two steps: a course has one current entry at any moment.
	for _, s := range []string{
		"UPDATE catalogue SET current = 0 WHERE current = 1 AND id NOT IN (SELECT CAST(value AS bigint) FROM json_each(?))",
		"UPDATE catalogue SET current = 1 WHERE current = 0 AND id IN (SELECT CAST(value AS bigint) FROM json_each(?))",
	} {
		if _, err := c.tx.ExecContext(ctx, s, string(list)); err != nil {
			return err
		}
	}
	return nil
}

// requirements answers what a card may be asked for today: every code that a current course meets, in order, each once.
func (o *opened) requirements(ctx context.Context) ([]card.Requirement, error) {
	var all []card.Requirement
	err := forEach(ctx, o.read, func(rows *sql.Rows) error {
		var r card.Requirement
		var by string
		if err := rows.Scan(&r.Code, &r.Title, &by); err != nil {
			return err
		}
		if len(all) == 0 || all[len(all)-1].Code != r.Code {
			all = append(all, r)
		}
		if last := &all[len(all)-1]; r.Title == "" {
			last.MetBy = append(last.MetBy, by)
		}
		return nil
	}, `SELECT m.value, coalesce((SELECT t.title FROM catalogue t WHERE t.current = 1 AND t.course = m.value), ''), coalesce(nullif(q.title, ''), q.course)
		FROM catalogue q, json_each(q.meets) m WHERE q.current = 1 ORDER BY m.value, q.course`)
	slices.SortFunc(all, func(a, b card.Requirement) int { return strings.Compare(a.Code, b.Code) }) // a database has an order of its own for letters
	return all, err
}
