package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cardproof/cardproof/card"
)

var errNoActor = errors.New("the register takes no change without an actor")
var errNoReason = errors.New("the register takes no such change without a reason")
var errNoTime = errors.New("the register takes no change without a time")

// Plan records a batch and its cards as planned, all or none. It is ErrConflict (of package card) where another run has
// planned one of the cards: the same number, the same learner, course and day, or a replacement of the same card, or has
// given up the card that one of them renews. A card can be replaced only while it is issued, or after it was revoked, which issues
// it anew and leaves it revoked; for others the error is a *card.MoveError.
func (db *DB) Plan(ctx context.Context, in card.Intention) error {
	if err := checkIntention(&in); err != nil {
		return wrap("plan a batch", err)
	}
	return db.inTx(ctx, "plan a batch", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO batches (id, roster, actor, created_at, held) VALUES (?, ?, ?, ?, ?)",
			in.Batch, in.Roster, in.Actor, in.At.Unix(), in.Held)
		if err != nil {
			return fmt.Errorf("batch %s: %w", in.Batch, err)
		}
		catalogue := newCataloguer(tx)
		if in.Catalogue != nil {
			if err := catalogue.makeCurrent(ctx, in.Catalogue); err != nil {
				return err
			}
		}
		p := &planner{tx: tx, in: &in, catalogue: catalogue, events: newEvents(tx, in.Actor, in.At)}
		for from := 0; from < len(in.Entries); from += cardsInInsert {
			if err := p.plan(ctx, in.Entries[from:min(from+cardsInInsert, len(in.Entries))]); err != nil {
				return err
			}
		}
		return p.events.flush(ctx)
	})
}

// cardsInInsert is how many cards one statement plans. Each statement costs SQLite a savepoint of its own.
const cardsInInsert = 200

// planner plans the cards of one batch.
type planner struct {
	tx        *sql.Tx
	in        *card.Intention
	catalogue *cataloguer
	events    *events
	insert    *sql.Stmt // of cardsInInsert cards; closed with the transaction
}

func (p *planner) plan(ctx context.Context, entries []card.Entry) error {
	values := make([][]any, len(entries))
	for i := range entries {
		v, err := p.values(ctx, &entries[i])
		if err != nil {
			return fmt.Errorf("card %s: %w", entries[i].Number, err)
		}
		values[i] = v
	}
	err := p.insertWhole(ctx, values)
	if err == nil {
		return nil
	}
	// The statement has left nothing behind, and does not say which card it is about. Tried alone, that card does.
	for i := range entries {
		if one := p.insertWhole(ctx, values[i:i+1]); one != nil {
			return refusedCard(&entries[i], one)
		}
	}
	return err
}

// values are those of a card's row. They also put the event of it into the queue.
func (p *planner) values(ctx context.Context, e *card.Entry) ([]any, error) {
	if e.Replaces != "" {
		old, err := stateOf(ctx, p.tx, e.Replaces)
		if err != nil {
			return nil, fmt.Errorf("the card to replace: %w", err)
		}
		if old != card.Issued && old != card.Revoked {
			return nil, &card.MoveError{Number: e.Replaces, From: old, To: card.Superseded}
		}
	}
	if e.Renews != "" {
		var givenUp bool
		err := p.tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM cards WHERE number = ? AND NOT "+notGivenUp+")", string(e.Renews)).Scan(&givenUp)
		if err != nil {
			return nil, err
		}
		if givenUp {
			return nil, fmt.Errorf("%w: card %s, which it renews, was given up", card.ErrConflict, e.Renews)
		}
	}
	course, err := p.catalogue.id(ctx, e.Course, e.Qualification, e.Catalogue)
	if err != nil {
		return nil, err
	}
	signed, err := signedValues(e, course)
	if err != nil {
		return nil, err
	}
	p.events.queue(e.Number, "planned", p.in.Reason, planDetail(e))
	return append(fixedValues(e, p.in), signed...), nil
}

// planDetail says in words what a card has to do with others, and how the prerequisites were met.
func planDetail(e *card.Entry) string {
	var says []string
	if e.Replaces != "" {
		says = append(says, "replaces "+e.Replaces.String())
	}
	if e.Renews != "" {
		says = append(says, "renews "+e.Renews.String())
	}
	if e.Evidence != "" {
		says = append(says, "prerequisites: "+e.Evidence)
	}
	return strings.Join(says, "; ")
}

// insertWhole inserts rows by one statement: all, or none of them, after which the transaction can go on. SQLite takes a refused statement
// back by itself; to PostgreSQL it ends the transaction, but for a savepoint.
func (p *planner) insertWhole(ctx context.Context, rows [][]any) error {
	if _, err := p.tx.ExecContext(ctx, "SAVEPOINT cards_of_a_statement"); err != nil {
		return err
	}
	err := p.insertAll(ctx, rows)
	after := "RELEASE SAVEPOINT cards_of_a_statement"
	if err != nil {
		after = "ROLLBACK TO SAVEPOINT cards_of_a_statement"
	}
	_, ended := p.tx.ExecContext(ctx, after)
	return errors.Join(err, ended)
}

func (p *planner) insertAll(ctx context.Context, rows [][]any) error {
	args := slices.Concat(rows...)
	if len(rows) != cardsInInsert {
		_, err := p.tx.ExecContext(ctx, insertCards(len(rows)), args...)
		return err
	}
	if p.insert == nil {
		var err error
		if p.insert, err = p.tx.PrepareContext(ctx, insertCards(cardsInInsert)); err != nil {
			return err
		}
	}
	_, err := p.insert.ExecContext(ctx, args...)
	return err
}

func insertCards(n int) string {
	columns := slices.Concat(fixedColumns, signedColumns)
	return "INSERT INTO cards (" + strings.Join(columns, ", ") + ") VALUES " + manyRows(n, len(columns))
}

func refusedCard(e *card.Entry, err error) error {
	if isTaken(err) {
		err = fmt.Errorf("%w: %w", card.ErrConflict, err)
	}
	return fmt.Errorf("card %s: %w", e.Number, err)
}

func checkIntention(in *card.Intention) error {
	switch {
	case in.Actor == "":
		return errNoActor
	case in.At.IsZero():
		return errNoTime
	case in.Batch == "":
		return errors.New("a batch has no name")
	}
	courses := map[string]bool{}
	for _, c := range in.Catalogue {
		if courses[c.Course] {
			return fmt.Errorf("the catalogue has course %s twice", c.Course)
		}
		courses[c.Course] = true
	}
	for i := range in.Entries {
		e := &in.Entries[i]
		if e.Replaces != "" && in.Reason == "" {
			return errNoReason
		}
		if err := checkEntry(e); err != nil {
			return fmt.Errorf("card %s: %w", e.Number, err)
		}
	}
	return nil
}

// checkEntry is the last wall before the ledger: what is recorded here is never changed again.
func checkEntry(e *card.Entry) error {
	if err := e.Validate(); err != nil {
		return err
	}
	switch {
	case e.KeyID == "" || e.Digest == [32]byte{}:
		return errors.New("a planned card needs the key and the digest of its token")
	case e.Completed.IsZero() || e.IssuedOn.IsZero() || e.ExpiresOn.IsZero():
		return errors.New("a planned card needs the days of completion, issue and expiry")
	case e.Token != "" || e.SHA256 != "" || e.ReplacedBy != "":
		return errors.New("a planned card has no token, no file and no successor")
	}
	return nil
}

// Replan gives planned cards another issue time, key, digest, entry of the catalogue, status slot or printed days: what a later
// run needs that finishes an earlier one's cards with another key. The number and the holder stay, and the entries have to
// name them unchanged. A card that was proved has to be proved again. RecordedAt becomes the given time, since when the register has held this digest: a revoked key is
// believed only in what was recorded before. All or none; the error is card.ErrConflict where a card is no longer planned,
// card.ErrNotFound where there is none.
func (db *DB) Replan(ctx context.Context, actor string, at time.Time, entries []card.Entry) error {
	if err := checkHand(actor, at); err != nil {
		return wrap("plan again", err)
	}
	for i := range entries {
		if err := checkEntry(&entries[i]); err != nil {
			return wrap("plan again", fmt.Errorf("card %s: %w", entries[i].Number, err))
		}
	}
	return db.inTx(ctx, "plan again", func(tx *sql.Tx) error {
		update, err := tx.PrepareContext(ctx, "UPDATE cards SET "+strings.Join(signedColumns, " = ?, ")+` = ?, token = '', sha256 = '', changed_at = ?, recorded_at = max(recorded_at, ?)
			WHERE number = ? AND state = 'planned' AND name = ? AND course = ? AND completed = ? AND learner_id = ?`)
		if err != nil {
			return err
		}
		catalogue, events := newCataloguer(tx), newEvents(tx, actor, at)
		for i := range entries {
			if err := replanOne(ctx, tx, update, catalogue, events, &entries[i]); err != nil {
				return fmt.Errorf("card %s: %w", entries[i].Number, err)
			}
		}
		return events.flush(ctx)
	})
}

func replanOne(ctx context.Context, tx *sql.Tx, update *sql.Stmt, catalogue *cataloguer, events *events, e *card.Entry) error {
	course, err := catalogue.id(ctx, e.Course, e.Qualification, e.Catalogue)
	if err != nil {
		return err
	}
	values, err := signedValues(e, course)
	if err != nil {
		return err
	}
	values = append(values, events.at.Unix(), events.at.Unix(), string(e.Number), e.Name, e.Course, e.Completed.String(), e.Learner.ID)
	done, err := update.ExecContext(ctx, values...)
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err != nil {
		return err
	}
	if n == 1 {
		events.queue(e.Number, "planned again", "", "key "+e.KeyID)
		return nil
	}
	state, err := stateOf(ctx, tx, e.Number)
	if err != nil {
		return err
	}
	if state == card.Planned {
		return errors.New("the register has it for another holder, course or day")
	}
	return fmt.Errorf("%w: it is %s", card.ErrConflict, state)
}
