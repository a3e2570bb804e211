package register

import (
	"context"
	"errors"
	"testing"

	"github.com/cardproof/cardproof/card"
)

const national = 100_000 // cards: a month of a national body

// bothB runs a benchmark on a register in a file, and on one in PostgreSQL on this machine, whose disk syncs nothing.
func bothB(b *testing.B, run func(b *testing.B, open func(testing.TB) *DB)) {
	b.Run("SQLite", func(b *testing.B) { run(b, newDB) })
	b.Run("PostgreSQL", func(b *testing.B) { run(b, newServerDB) })
}

func filled(b *testing.B) (*DB, []card.Entry) { return filledBy(b, newDB) }

func filledBy(b *testing.B, open func(testing.TB) *DB) (*DB, []card.Entry) {
	db := open(b)
	entries := learners(0, national)
	issue(b, db, "b1", entries...)
	return db, entries
}

func BenchmarkFindRecord(b *testing.B) { bothB(b, benchmarkFindRecord) }

func benchmarkFindRecord(b *testing.B, open func(testing.TB) *DB) {
	db, entries := filledBy(b, open)
	r, err := OpenReader(b.Context(), db.where, ReaderOptions{})
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

func BenchmarkRelease(b *testing.B) { bothB(b, benchmarkRelease) }

func benchmarkRelease(b *testing.B, open func(testing.TB) *DB) {
	for range b.N {
		b.StopTimer()
		db := open(b)
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

func BenchmarkPlan(b *testing.B) { bothB(b, benchmarkPlan) }

func benchmarkPlan(b *testing.B, open func(testing.TB) *DB) {
	for range b.N {
		b.StopTimer()
		db := open(b)
		entries := learners(0, national)
		b.StartTimer()
		plan(b, db, "b1", entries...)
		b.StopTimer()
		db.Close()
	}
}

func BenchmarkReserveStatus(b *testing.B) { bothB(b, benchmarkReserveStatus) }

func benchmarkReserveStatus(b *testing.B, open func(testing.TB) *DB) {
	for range b.N {
		b.StopTimer()
		db := open(b)
		b.StartTimer()
		if _, err := db.ReserveStatus(b.Context(), national); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		db.Close()
	}
}

func BenchmarkMarkIssued(b *testing.B) { bothB(b, benchmarkMarkIssued) }

func benchmarkMarkIssued(b *testing.B, open func(testing.TB) *DB) {
	db := open(b)
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
