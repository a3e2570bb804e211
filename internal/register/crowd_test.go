package register

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// What a crowd of programs does at once. Each has a roster of its own, and all want the same class and the same replacement.
const (
	crowd       = 4
	cardsOfEach = 120 // of each program
	shared      = 30
)

// TestACrowdIssuesAtOnce has several processes issue their own and the same rosters at once: numbers, places in status lists, learners and
// replacements stay unique, and events have an order in which nothing appears late.
func TestACrowdIssuesAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		old := learner(900_000)
		issue(t, db, "before", old)
		var wg sync.WaitGroup
		said := make([]string, crowd)
		for i := range said {
			cmd := program(t, "crowd", db.where)
			cmd.Env = append(cmd.Env, "REGISTER_TEST_OLD="+string(old.Number), fmt.Sprint("REGISTER_TEST_PART=", i))
			wg.Go(func() {
				out, err := cmd.Output()
				said[i] = string(out) + fmt.Sprint(err)
			})
		}
		wg.Wait()
		sharedBy, replacedBy := 0, 0
		for _, s := range said {
			switch s {
			case "shared replaced done<nil>":
				sharedBy, replacedBy = sharedBy+1, replacedBy+1
			case "shared done<nil>":
				sharedBy++
			case "replaced done<nil>":
				replacedBy++
			case "done<nil>":
			default:
				t.Errorf("a program said %q", s)
			}
		}
		if sharedBy != 1 || replacedBy != 1 {
			t.Errorf("%d programs issued the class, and %d the replacement, want one of each", sharedBy, replacedBy)
		}
		checkCrowd(t, db)
	})
}

func checkCrowd(t *testing.T, db *DB) {
	t.Helper()
	const want = crowd*cardsOfEach + shared + 2 // the replaced card, and its replacement
	var cards, numbers, learners, places, taken, superseded int
	err := db.read.QueryRow(`SELECT count(*), count(DISTINCT number), count(DISTINCT learner_id || completed || course), count(status_idx),
		(SELECT count(*) FROM status_slots), (SELECT count(*) FROM cards WHERE state = 'superseded') FROM cards`).
		Scan(&cards, &numbers, &learners, &places, &taken, &superseded)
	if err != nil || cards != want || numbers != want || learners != want-1 || places != crowd*cardsOfEach || taken != places || superseded != 1 {
		t.Errorf("got %d cards with %d numbers of %d learners, %d places of %d, %d superseded, %v", cards, numbers, learners, places, taken, superseded, err)
	}
	unfinished, err := db.Unfinished(t.Context())
	if err != nil || len(unfinished) > 0 {
		t.Errorf("%d cards are unfinished, %v", len(unfinished), err)
	}
}

// playCrowd says what it was the one to do.
func playCrowd(ctx context.Context, db *DB) error {
	var part int
	if _, err := fmt.Sscan(os.Getenv("REGISTER_TEST_PART"), &part); err != nil {
		return err
	}
	for from := 0; from < cardsOfEach; from += cardsOfEach / 4 {
		entries := learners(10_000*(part+1)+from, cardsOfEach/4)
		slots, err := db.ReserveStatus(ctx, len(entries))
		if err != nil {
			return err
		}
		for i := range entries {
			entries[i].Status = slots[i].Ref(issuer)
		}
		if err := issueIn(ctx, db, fmt.Sprintf("part %d of %d", from, part), entries...); err != nil {
			return err
		}
	}
	next := learner(900_000)
	next.Replaces = card.Number(os.Getenv("REGISTER_TEST_OLD"))
	for _, one := range []struct {
		word    string
		entries []card.Entry
	}{{"shared ", learners(500_000, shared)}, {"replaced ", []card.Entry{next}}} {
		err := issueIn(ctx, db, fmt.Sprint(one.word, part), one.entries...)
		move := (*card.MoveError)(nil)
		if errors.Is(err, card.ErrConflict) || errors.As(err, &move) {
			continue
		}
		if err != nil {
			return err
		}
		fmt.Print(one.word)
	}
	fmt.Print("done")
	return nil
}

// issueIn plans and issues a batch.
func issueIn(ctx context.Context, db *DB, batch string, entries ...card.Entry) error {
	in := intention(batch, entries...)
	in.Reason = "the name was misspelt"
	if err := db.Plan(ctx, in); err != nil {
		return err
	}
	return db.MarkIssued(ctx, "office", later, allFinished(entries))
}

// Programs that know nothing of this package's lock can't slip a second card of a learner past the rule either, nor an event that appears late.
func TestStrangersWriteOneAfterTheOther(t *testing.T) {
	t.Parallel()
	db := newServerDB(t)
	first, second := learner(1), learner(1)
	plan(t, db, "b1", learner(2))
	pool, err := OpenServerPool(db.where, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	in := intention("b1")
	values := func(e card.Entry) []any {
		signed, err := signedValues(&e, 1)
		if err != nil {
			t.Fatal(err)
		}
		all := slices.Concat(fixedValues(&e, &in), signed)
		return all
	}
	tx, err := pool.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), forServer(insertCards(1)), values(first)...); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := pool.ExecContext(context.Background(), forServer(insertCards(1)), values(second)...)
		done <- err
	}()
	within(t, func() bool { // the second waits for the first
		var waiting bool
		err := db.read.QueryRow("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)").Scan(&waiting)
		return err == nil && waiting
	})
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !isTaken(err) {
		t.Errorf("a second card of the learner: got %v, want a refusal", err)
	}
}
