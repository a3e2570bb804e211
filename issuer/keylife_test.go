package issuer

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/internal/signer"
	"github.com/cardproof/cardproof/keys"
)

// reload takes over the key set as its file has it, and opens the key that is active.
func (b *bench) reload(t *testing.T) {
	t.Helper()
	var err error
	if b.Keys, err = keys.Load(filepath.Join(b.keys, keys.FileName)); err != nil {
		t.Fatal(err)
	}
	if b.Key, err = OpenKey(b.keys, b.Keys, testURL, nil); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) rotate(t *testing.T, now time.Time) Rotation {
	t.Helper()
	r, err := RotateKey(t.Context(), b.keys, testURL, keys.Cards, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	b.reload(t)
	return r
}

func TestRotateKey(t *testing.T) {
	b := newBench(t)
	first := b.Keys.All()[0]
	now := testNow.Add(time.Hour)
	got := b.rotate(t, now)
	if len(got.Retired) != 1 || got.Retired[0].ID != first.ID || got.Retired[0].State != keys.Retired || !got.Retired[0].RetiredAt.Equal(now) {
		t.Errorf("got %+v, want the first key, retired now", got.Retired)
	}
	if active, ok := b.Keys.Active(testURL, keys.Cards); !ok || active.ID != got.Made.ID || !active.NotBefore.Equal(now) {
		t.Errorf("the active key: got %+v, want %s", active, got.Made.ID)
	}
	if _, err := RotateKey(t.Context(), b.keys, testURL, keys.Cards, nil, now.Add(-time.Minute)); !errors.Is(err, ErrClock) {
		t.Errorf("with the clock turned back: got %v, want ErrClock", err)
	}
	for _, tc := range []struct {
		url     string
		purpose keys.Purpose
	}{{"https://other.example.org", keys.Cards}, {testURL, keys.StatusLists}} {
		if _, err := RotateKey(t.Context(), b.keys, tc.url, tc.purpose, nil, now); !errors.Is(err, ErrNoActiveKey) {
			t.Errorf("%+v: got %v, want ErrNoActiveKey", tc, err)
		}
	}
	if again, err := keys.Load(filepath.Join(b.keys, keys.FileName)); err != nil || !reflect.DeepEqual(again.All(), b.Keys.All()) {
		t.Errorf("what was refused has changed the set: %v", err)
	}
}

// A run that is killed after the private half leaves a file that nothing names; the next run makes another.
func TestRotateKeyAfterAKill(t *testing.T) {
	b := newBench(t)
	orphan := filepath.Join(b.keys, "AAAAAAAAAAA.pem")
	if err := os.WriteFile(orphan, []byte("cut off"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.rotate(t, testNow)
	b.mustIssue(t, b.plan(t, 1))
	if data, err := os.ReadFile(orphan); err != nil || string(data) != "cut off" {
		t.Errorf("the file of the killed run: got %q, %v, want it left as it was", data, err)
	}
}

// Without its folder's leave, the set is not changed, and the old key goes on.
func TestRotateKeyThatCannotWriteTheSet(t *testing.T) {
	b := newBench(t)
	first := b.Key.signing.ID
	path := filepath.Join(b.keys, keys.FileName)
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := RotateKey(t.Context(), b.keys, testURL, keys.Cards, nil, testNow); !errors.Is(err, ErrKeySetLost) {
		t.Fatalf("without a set: got %v, want ErrKeySetLost", err)
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	b.reload(t)
	if b.Key.signing.ID != first {
		t.Errorf("got key %s, want %s", b.Key.signing.ID, first)
	}
}

func TestRotateManyAtOnce(t *testing.T) {
	b := newBench(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := RotateKey(t.Context(), b.keys, testURL, keys.Cards, nil, testNow); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	b.reload(t)
	active := 0
	for _, k := range b.Keys.All() {
		if k.State == keys.Active {
			active++
		}
	}
	if len(b.Keys.All()) != 9 || active != 1 {
		t.Errorf("got %d keys, %d of them active, want 9 and 1", len(b.Keys.All()), active)
	}
}

func TestRotateKeepsThePassphrase(t *testing.T) {
	dir := t.TempDir()
	say := func(secret string) Passphrase { return func() ([]byte, error) { return []byte(secret), nil } }
	for _, p := range []keys.Purpose{keys.Cards, keys.StatusLists} {
		if _, err := CreateKey(t.Context(), dir, testURL, p, &Custody{Passphrase: say("correct horse")}, testNow); err != nil {
			t.Fatal(err)
		}
		for name, pass := range map[string]Passphrase{"none": nil, "another": say("wrong")} {
			if _, err := RotateKey(t.Context(), dir, testURL, p, &Custody{Passphrase: pass}, testNow); !errors.Is(err, ErrKeyPassphrase) {
				t.Errorf("%s, %s: got %v, want ErrKeyPassphrase", p, name, err)
			}
		}
		done, err := RotateKey(t.Context(), dir, testURL, p, &Custody{Passphrase: say("correct horse")}, testNow)
		if err != nil || done.Made.Purpose != p || done.Retired[0].Purpose != p {
			t.Fatalf("%s: got %+v, %v", p, done, err)
		}
		if encrypted, err := signer.IsEncrypted(dir, done.Made); err != nil || !encrypted {
			t.Errorf("%s: the new key is encrypted: got %v, %v, want true", p, encrypted, err)
		}
	}
}

// A batch that broke off before anything was signed is planned anew with the next key, under the same numbers.
func TestAPlannedBatchOutlivesItsKey(t *testing.T) {
	for name, end := range map[string]func(b *bench, id string) error{
		"rotated": func(b *bench, id string) error { return nil },
		"revoked": func(b *bench, id string) error { return RevokeKey(t.Context(), b.keys, id, testNow) },
	} {
		b := newBench(t)
		old := b.Key.signing.ID
		if _, err := b.record(t.Context(), b.plan(t, 3)); err != nil {
			t.Fatal(err)
		}
		before, err := b.db.KeyCards(t.Context(), old)
		if err != nil || len(before) != 3 {
			t.Fatalf("%s: planned: got %v, %v", name, before, err)
		}
		b.at(t, "2026-11-22")
		b.rotate(t, b.Now())
		if err := end(b, old); err != nil {
			t.Fatal(err)
		}
		b.reload(t)
		if r := b.mustIssue(t, b.plan(t, 3)); r.Issued != 3 {
			t.Errorf("%s: got %d issued, want 3", name, r.Issued)
		}
		after, err := b.db.KeyCards(t.Context(), b.Key.signing.ID)
		if err != nil || len(after) != 3 {
			t.Fatalf("%s: issued: got %v, %v", name, after, err)
		}
		for i := range after {
			if after[i].Number != before[i].Number || after[i].State != card.Issued {
				t.Errorf("%s: got %+v, want card %s issued", name, after[i], before[i].Number)
			}
		}
	}
}

// A held batch that was signed is released as it is after a rotation; after a revocation it is made anew.
func TestAHeldBatchOutlivesItsKey(t *testing.T) {
	const class = "name,email,course,completed,score,instructor\nAna Silva,ana@example.org,BLS,2026-11-07,90,Ruth Adeyemi\nRui Costa,rui@example.org,BLS,2026-11-07,90,Ruth Adeyemi\n"
	for name, tc := range map[string]struct {
		since time.Time // zero for no revocation
		anew  bool
	}{
		"rotated": {time.Time{}, false}, "revoked later": {testNow.Add(time.Minute), false}, "revoked before": {testNow, true},
	} {
		b := newBench(t)
		old := b.Key.signing.ID
		held, err := b.Issue(t.Context(), b.hold(t, class), Delivery{})
		if err != nil || held.Held != 2 {
			t.Fatalf("%s: got %+v, %v", name, held, err)
		}
		b.at(t, "2026-11-22")
		b.rotate(t, b.Now())
		if !tc.since.IsZero() {
			if err := RevokeKey(t.Context(), b.keys, old, tc.since); err != nil {
				t.Fatal(err)
			}
		}
		b.reload(t)
		_, err = b.Release(t.Context(), held.Batch, b.out("out"))
		var lost *KeyLostError
		if errors.As(err, &lost) != tc.anew || lost != nil && (lost.Cards != 2 || lost.KeyID != old || lost.Batch != held.Batch) {
			t.Fatalf("%s: release: got %v", name, err)
		}
		if tc.anew {
			if r, err := b.Issue(t.Context(), b.hold(t, class), Delivery{}); err != nil || r.Held != 2 || r.Batches[0] != held.Batch {
				t.Fatalf("%s: made anew: got %+v, %v", name, r, err)
			}
			if _, err = b.Release(t.Context(), held.Batch, b.out("out")); err != nil {
				t.Fatalf("%s: release: got %v", name, err)
			}
		}
		want := old
		if tc.anew {
			want = b.Key.signing.ID
		}
		entries, err := b.db.BatchEntries(t.Context(), held.Batch)
		if err != nil || len(entries) != 2 {
			t.Fatalf("%s: got %d cards, %v", name, len(entries), err)
		}
		for _, e := range entries {
			if e.State != card.Issued || e.KeyID != want || !b.believes(e) {
				t.Errorf("%s: got card %s %s of key %s, want it issued of %s", name, e.Number, e.State, e.KeyID, want)
			}
		}
	}
}

// A card that fell with its key is not delivered once more, and the list says why.
func TestACardThatFellWithItsKeyIsNotDelivered(t *testing.T) {
	b := newBench(t)
	first := b.mustIssue(t, b.plan(t, 2))
	old := b.Key.signing.ID
	b.at(t, "2026-11-22")
	b.rotate(t, b.Now())
	if err := RevokeKey(t.Context(), b.keys, old, testNow.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	b.reload(t)
	d := b.out("again")
	r, err := b.Issue(t.Context(), b.plan(t, 2), d)
	if err != nil || len(r.Lines) != 2 {
		t.Fatalf("got %+v, %v", r, err)
	}
	for n, l := range r.Lines {
		if l.State != keyRevoked || l.File != "" || l.Number != first.Lines[n].Number {
			t.Errorf("got card %s, %s, file %q, want it key_revoked and without a file", l.Number, l.State, l.File)
		}
	}
	if files, err := filepath.Glob(filepath.Join(d.Dir, "*.pdf")); err != nil || len(files) > 0 {
		t.Errorf("got the files %q, %v", files, err)
	}
}

// A key that is not active any more signs nothing, even if a run opened it before.
func TestARetiredKeySignsNoMore(t *testing.T) {
	b := newBench(t)
	plan, opened := b.plan(t, 1), b.Key
	b.rotate(t, testNow)
	b.Key = opened
	if _, err := b.Issue(t.Context(), plan, b.out("out")); !errors.Is(err, ErrKeyNotActive) {
		t.Errorf("got %v, want ErrKeyNotActive", err)
	}
	if uses, err := b.db.KeyUses(t.Context()); err != nil || len(uses) != 0 {
		t.Errorf("got %v, %v, want no card", uses, err)
	}
}
