package register

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/cardproof/cardproof/card"
)

const national = 100_000 // cards: a month of a national body

func filled(b *testing.B) (*DB, []card.Entry) {
	db := newDB(b)
	entries := learners(0, national)
	issue(b, db, "b1", entries...)
	return db, entries
}

func BenchmarkFindRecord(b *testing.B) {
	db, entries := filled(b)
	r, err := OpenReader(b.Context(), db.path, ReaderOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	find := func(ctx context.Context, i int) error {
		_, ok, err := r.FindRecord(ctx, entries[(i*7919)%len(entries)].Number)
		if err == nil && !ok {
			err = errors.New("not found")
		}
		return err
	}
	b.Run("one", func(b *testing.B) {
		for i := range b.N {
			if err := find(context.Background(), i); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel with cancel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				ctx, cancel := context.WithCancel(context.Background()) // as a request's context
				if err := find(ctx, i); err != nil {
					b.Error(err)
				}
				cancel()
			}
		})
	})
}

func BenchmarkFindLearners(b *testing.B) {
	db, entries := filled(b)
	for name, change := range map[string]func(*card.LearnerKey){
		"all by ID":   func(*card.LearnerKey) {},
		"all by name": func(k *card.LearnerKey) { k.ID = "" },
		"none":        func(k *card.LearnerKey) { k.ID, k.Name = "x"+k.ID, "x"+k.Name },
	} {
		keys := make([]card.LearnerKey, len(entries))
		for i, e := range entries {
			keys[i] = keyOf(e)
			change(&keys[i])
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if _, err := db.FindLearners(b.Context(), keys); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFindCards(b *testing.B) {
	empty := newDB(b)
	db, entries := filled(b)
	for _, c := range []struct {
		name   string
		db     *DB
		change func(*card.LearnerKey)
	}{
		{"empty register", empty, func(*card.LearnerKey) {}},
		{"all by ID and name", db, func(*card.LearnerKey) {}},
		{"none", db, func(k *card.LearnerKey) { k.ID, k.Name = "x"+k.ID, "x"+k.Name }},
	} {
		keys := make([]card.LearnerKey, len(entries))
		for i, e := range entries {
			keys[i] = keyOf(e)
			c.change(&keys[i])
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if _, err := c.db.FindCards(b.Context(), keys); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBatches(b *testing.B) {
	db, _ := filled(b)
	b.ResetTimer()
	for range b.N {
		if _, err := db.Batches(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRelease(b *testing.B) {
	for i := range b.N {
		b.StopTimer()
		db, err := Create(b.Context(), filepath.Join(b.TempDir(), fmt.Sprint(i, ".db")))
		if err != nil {
			b.Fatal(err)
		}
		entries := learners(0, national)
		planHeld(b, db, "b1", entries...)
		prove(b, db, entries...)
		b.StartTimer()
		if _, err := db.Release(b.Context(), "b1", "office", later); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		db.Close()
	}
}

func BenchmarkPlan(b *testing.B) {
	for i := range b.N {
		b.StopTimer()
		db, err := Create(b.Context(), filepath.Join(b.TempDir(), fmt.Sprint(i, ".db")))
		if err != nil {
			b.Fatal(err)
		}
		entries := learners(0, national)
		b.StartTimer()
		plan(b, db, "b1", entries...)
		b.StopTimer()
		db.Close()
	}
}

func BenchmarkReserveStatus(b *testing.B) {
	for i := range b.N {
		b.StopTimer()
		db, err := Create(b.Context(), filepath.Join(b.TempDir(), fmt.Sprint(i, ".db")))
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, err := db.ReserveStatus(b.Context(), national); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		db.Close()
	}
}

func BenchmarkMarkIssued(b *testing.B) {
	db := newDB(b)
	entries := learners(0, 64*max(b.N, 1))
	plan(b, db, "b1", entries...)
	b.ResetTimer()
	for i := range b.N {
		var done []card.Finished
		for _, e := range entries[64*i : 64*i+64] {
			done = append(done, finished(e))
		}
		if err := db.MarkIssued(b.Context(), "office", later, done); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAudit(b *testing.B) {
	db, _ := filled(b)
	b.ResetTimer()
	b.ReportAllocs()
	for range b.N {
		found, err := db.Audit(b.Context(), nil)
		if err != nil || !found.IsWhole() {
			b.Fatal(found, err)
		}
	}
}
