package register

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

// TestCutMoves breaks each move of a batch off at every row that it writes, as a crash would. Nothing of it may be left, and
// the same call again has to finish the work.
func TestCutMoves(t *testing.T) { onEach(t, cutMoves) }

func cutMoves(t *testing.T, open func(testing.TB) *DB) {
	for name, run := range map[string]func(db *DB, cards []card.Entry) error{
		"prove": func(db *DB, cards []card.Entry) error {
			return db.MarkProved(t.Context(), "office", later, allFinished(cards))
		},
		"release": func(db *DB, cards []card.Entry) error {
			out, err := db.Release(t.Context(), "b1", "office", later)
			return wanted(len(out), len(cards), err)
		},
		"discard": func(db *DB, cards []card.Entry) error {
			gone, err := db.Discard(t.Context(), "b1", "office", later, "x")
			return wanted(len(gone), len(cards), err)
		},
		"change": func(db *DB, cards []card.Entry) error {
			done, err := db.ChangeBatch(t.Context(), card.BatchChange{Batch: "b1", To: card.Revoked, Actor: "office", Reason: "x", At: later})
			return wanted(len(done.Changed), len(cards), err)
		},
		"plan": func(db *DB, _ []card.Entry) error {
			in := intention("b2", learners(100, 3)...)
			in.Catalogue = []card.CatalogueEntry{{Course: "BLS", Qualification: courses, Entry: `{"new":1}`}}
			return db.Plan(t.Context(), in)
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			wrong, old := learner(50), learner(51)
			issue(t, db, "b0", wrong, old)
			right, next := learner(50), learner(51)
			right.Replaces, next.Renews, next.Completed.Day = wrong.Number, old.Number, 8
			cards := append(learners(0, 2), right, next)
			planHeld(t, db, "b1", cards...)
			if name == "release" {
				prove(t, db, cards...)
			}
			before := dump(t, db)
			rows := 1
			for ; ; rows++ {
				cutAt(t, db, rows)
				err := run(db, cards)
				if err == nil {
					break // it writes fewer rows than that, and is done
				}
				if !strings.Contains(err.Error(), "cut") {
					t.Fatalf("cut at row %d: got %v", rows, err)
				}
				if after := dump(t, db); !reflect.DeepEqual(after, before) {
					t.Fatalf("cut at row %d: something is left of it", rows)
				}
			}
			if least := 2 * len(cards); rows <= least {
				t.Errorf("it was cut at %d rows only, want more than %d: the test proves nothing", rows-1, least)
			}
			if reflect.DeepEqual(dump(t, db), before) {
				t.Error("the call that was not cut did nothing")
			}
		})
	}
}

// cutAt has the n-th row that the register writes from now on fail.
func cutAt(t testing.TB, db *DB, n int) {
	t.Helper()
	if db.server {
		cutServerAt(t, db, n)
		return
	}
	statements := []string{"DROP TABLE IF EXISTS temp.written", "CREATE TEMP TABLE written (rows INTEGER)", "INSERT INTO temp.written VALUES (0)"}
	for i, what := range []string{"UPDATE ON cards", "INSERT ON cards", "INSERT ON events", "UPDATE ON batches", "INSERT ON batches",
		"UPDATE ON catalogue", "INSERT ON catalogue"} {
		statements = append(statements, fmt.Sprintf("DROP TRIGGER IF EXISTS temp.cut%d", i), fmt.Sprintf(`CREATE TEMP TRIGGER cut%d AFTER %s BEGIN
			UPDATE written SET rows = rows + 1;
			SELECT RAISE(ABORT, 'cut') FROM written WHERE rows = %d;
		END`, i, what, n))
	}
	for _, s := range statements {
		if _, err := db.write.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
}

func cutServerAt(t testing.TB, db *DB, n int) {
	t.Helper()
	statements := []string{"CREATE TABLE IF NOT EXISTS written (rows bigint)", "DELETE FROM written", "INSERT INTO written VALUES (0)",
		fmt.Sprintf(`CREATE OR REPLACE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			UPDATE written SET rows = rows + 1;
			IF (SELECT rows FROM written) = %d THEN RAISE EXCEPTION 'cut'; END IF;
			RETURN NULL;
		END $$`, n)}
	for _, table := range []string{"cards", "events", "batches", "catalogue"} {
		statements = append(statements, "CREATE OR REPLACE TRIGGER cut AFTER INSERT OR UPDATE ON "+table+" FOR EACH ROW EXECUTE FUNCTION cut()")
	}
	for _, s := range statements {
		if _, err := db.write.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReleaseOrDiscard has several writers decide about one batch at once: one of them has it, and the others learn so.
func TestReleaseOrDiscard(t *testing.T) { onBoth(t, testReleaseOrDiscard) }

func testReleaseOrDiscard(t *testing.T, first *DB) {
	second, err := Open(t.Context(), first.where)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	for round := range 12 {
		cards := learners(round*100, 40)
		batch := fmt.Sprint("b", round)
		planHeld(t, first, batch, cards...)
		prove(t, first, cards...)
		var wg sync.WaitGroup
		var out, gone [2]int
		for i, db := range []*DB{first, second} {
			wg.Go(func() {
				numbers, err := db.Release(context.Background(), batch, "one", later)
				if out[i] = len(numbers); err != nil && !errors.Is(err, card.ErrDiscarded) {
					t.Errorf("release: got %v", err)
				}
			})
			wg.Go(func() {
				numbers, err := db.Discard(context.Background(), batch, "other", later, "x")
				if gone[i] = len(numbers); err != nil && !errors.Is(err, card.ErrReleased) {
					t.Errorf("discard: got %v", err)
				}
			})
		}
		wg.Wait()
		b, _, err := first.FindBatch(t.Context(), batch)
		released, discarded := out[0]+out[1], gone[0]+gone[1]
		if err != nil || released+discarded != 40 || released*discarded != 0 || b.Cards[card.Issued] != released || b.GivenUp != discarded {
			t.Errorf("got %d released and %d discarded, and the batch %+v, %v", released, discarded, b, err)
		}
	}
}

// TestKilledBatches kills a program that holds, proves, releases, discards and revokes batches. Every batch has to be in a
// state between two of its steps, and the same step again has to finish it.
func TestKilledBatches(t *testing.T) { onEach(t, killedBatches) }

func killedBatches(t *testing.T, open func(testing.TB) *DB) {
	for round := range 4 {
		fresh := open(t)
		path := fresh.where
		fresh.Close()
		said := runAndKill(t, program(t, "batches", path), 3+round, time.Duration(round)*4*time.Millisecond)
		db, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		batches, err := db.Batches(t.Context())
		if err != nil || len(batches) <= said {
			t.Fatalf("got %d batches, %v, after %d were reported", len(batches), err, said+1)
		}
		for i, b := range batches {
			step := fmt.Sprint(b.Cards, b.Proved, b.GivenUp)
			if !slices.Contains(batchSteps, step) {
				t.Errorf("batch %s was left as %s, between two steps", b.ID, step)
			}
			if i > 0 && b.Cards[card.Planned] > 0 {
				t.Errorf("batch %s was left as %s, though the program went on to the next", b.ID, step)
			}
		}
		last := batches[0].ID
		entries, err := db.BatchEntries(t.Context(), last)
		if err == nil && batches[0].Cards[card.Planned] > 0 {
			prove(t, db, entries...)
			_, err = db.Release(t.Context(), last, "office", later)
		}
		if again, ok, findErr := db.FindBatch(t.Context(), last); err != nil || !ok || again.Cards[card.Planned] != 0 {
			t.Errorf("finishing batch %s: got %+v, %v, %v", last, again, err, findErr)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// batchSteps are the states of a batch of 20 between the steps of playBatches: its cards, those proved, those given up.
var batchSteps = []string{
	"map[planned:20] 0 0", "map[planned:20] 10 0", "map[planned:20] 20 0", "map[issued:20] 0 0", "map[revoked:20] 0 0", "map[] 0 20",
}

// playBatches goes on until it is killed.
func playBatches(ctx context.Context, db *DB) error {
	for i := 0; ; i++ {
		entries, batch := learners(i*20, 20), fmt.Sprintf("batch %04d", i)
		in := intention(batch, entries...)
		in.Held, in.At = true, noon.Add(time.Duration(i)*time.Second)
		err := db.Plan(ctx, in)
		for half := 0; half < 20 && err == nil; half += 10 {
			err = db.MarkProved(ctx, "office", later, allFinished(entries[half:half+10]))
		}
		switch {
		case err != nil:
		case i%3 == 0:
			_, err = db.Discard(ctx, batch, "office", later, "x")
		default:
			if _, err = db.Release(ctx, batch, "office", later); err == nil && i%3 == 1 {
				_, err = db.ChangeBatch(ctx, card.BatchChange{Batch: batch, To: card.Revoked, Actor: "office", Reason: "x", At: later})
			}
		}
		if err != nil {
			return err
		}
		fmt.Println(i)
	}
}

func wanted(got, want int, err error) error {
	if err == nil && got != want {
		err = fmt.Errorf("got %d cards, want %d", got, want)
	}
	return err
}
