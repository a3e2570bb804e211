package backup

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/keys"
)

const issuer = "https://cards.example.org"

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// centre is a centre with cards, on disk.
type centre struct {
	t     *testing.T
	dir   string
	db    *register.DB
	store *archive.Folder
	keyID string
	cards []card.Entry
}

func newCentre(t *testing.T, cards int) *centre {
	t.Helper()
	c := &centre{t: t, dir: t.TempDir()}
	for _, folder := range []string{"data", "keys"} {
		if err := os.Mkdir(filepath.Join(c.dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if c.db, err = register.Create(t.Context(), filepath.Join(c.dir, "data", "register.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.db.Close() })
	c.store = archive.NewFolder(filepath.Join(c.dir, "data", "cards"))
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if c.keyID, err = keys.IDOf(public); err != nil {
		t.Fatal(err)
	}
	set, err := keys.NewSet(keys.Key{ID: c.keyID, Alg: "EdDSA", Public: public, Issuer: issuer, Purpose: keys.Cards, State: keys.Active, NotBefore: noon})
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Save(filepath.Join(c.dir, "keys", keys.FileName)); err != nil {
		t.Fatal(err)
	}
	c.write("config.yaml", "issuer: {name: Test}\n")
	c.write("brand/logo.svg", "<svg/>")
	c.issue("b1", cards)
	return c
}

func (c *centre) write(name, text string) {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *centre) issue(batch string, n int) {
	c.t.Helper()
	in := card.Intention{Batch: batch, Actor: "office", At: noon}
	files := map[card.Number][]byte{}
	for i := range n {
		number, err := card.NewNumber(rand.Reader)
		if err != nil {
			c.t.Fatal(err)
		}
		e := card.Entry{Record: card.Record{
			Card:  card.Card{Issuer: issuer, Number: number, IssuedAt: noon, ExpiresAt: noon.AddDate(2, 0, 0), Name: fmt.Sprintf("Learner %s %d", batch, i), Course: "BLS"},
			KeyID: c.keyID, Digest: sha256.Sum256([]byte(number)), Qualification: card.Qualification{Title: "Basic Life Support", Meets: []string{"BLS"}},
			Completed: card.Date{Year: 2026, Month: 11, Day: 7}, IssuedOn: card.Date{Year: 2026, Month: 11, Day: 21}, ExpiresOn: card.Date{Year: 2028, Month: 11, Day: 20},
		}, Learner: card.Learner{ID: fmt.Sprint(batch, i), Email: fmt.Sprintf("%s.%d@example.org", batch, i)}}
		in.Entries = append(in.Entries, e)
		files[number] = []byte("%PDF-1.7 " + string(number) + strings.Repeat("x", i))
	}
	if err := c.db.Plan(c.t.Context(), in); err != nil {
		c.t.Fatal(err)
	}
	sums, err := c.store.Put(c.t.Context(), files)
	if err != nil {
		c.t.Fatal(err)
	}
	var done []card.Finished
	for i, e := range in.Entries {
		in.Entries[i].SHA256 = sums[e.Number]
		done = append(done, card.Finished{Number: e.Number, Digest: e.Digest, Token: "token." + string(e.Number), SHA256: sums[e.Number]})
	}
	if err := c.db.MarkIssued(c.t.Context(), "office", noon.Add(time.Minute), done); err != nil {
		c.t.Fatal(err)
	}
	c.cards = append(c.cards, in.Entries...)
}

func (c *centre) centre() Centre {
	return Centre{Register: c.db.Ledger, Archive: c.store, Issuer: issuer, Files: []File{
		{filepath.Join(c.dir, "config.yaml"), "config.yaml"}, {filepath.Join(c.dir, "brand/logo.svg"), "brand/logo.svg"},
		{filepath.Join(c.dir, "keys", keys.FileName), "keys/" + keys.FileName},
	}}
}

func (c *centre) take(folder string, at time.Time) Made {
	c.t.Helper()
	made, err := Take(c.t.Context(), c.centre(), folder, Options{Now: at})
	if err != nil {
		c.t.Fatal(err)
	}
	return made
}

// same says whether a restored folder has everything of the centre.
func (c *centre) same(dir string) {
	c.t.Helper()
	for _, name := range []string{"config.yaml", "brand/logo.svg", "keys/" + keys.FileName} {
		want, err := os.ReadFile(filepath.Join(c.dir, name))
		if err != nil {
			c.t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != string(want) {
			c.t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
	ledger, err := register.OpenReadOnly(c.t.Context(), filepath.Join(dir, "data", "register.db"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer ledger.Close()
	store := archive.NewFolder(filepath.Join(dir, "data", "cards"))
	for _, e := range c.cards {
		got, ok, err := ledger.FindEntry(c.t.Context(), e.Number)
		if err != nil || !ok || got.Name != e.Name || got.State != card.Issued {
			c.t.Fatalf("card %s: got %+v, %v, %v", e.Number, got, ok, err)
		}
		if _, err := store.Get(c.t.Context(), e.Number, got.SHA256); err != nil {
			c.t.Error(err)
		}
	}
}

func TestBackupAndRestore(t *testing.T) {
	c := newCentre(t, 20)
	folder, to := filepath.Join(t.TempDir(), "backups"), filepath.Join(t.TempDir(), "restored")
	first := c.take(folder, noon)
	if first.Cards != 20 || first.Copied != 20 || !first.Whole || len(first.Missing) != 0 {
		t.Errorf("first: got %+v", first)
	}
	c.issue("b2", 5)
	second := c.take(folder, noon.Add(time.Hour))
	if second.Cards != 25 || second.Copied != 5 {
		t.Errorf("second: got %d cards, %d copied, want 25 and 5", second.Cards, second.Copied)
	}
	for _, made := range []Made{first, second} { // anybody can check it
		cmd := exec.Command("sha256sum", "--check", "--strict", "--quiet", sumsName)
		cmd.Dir = made.Path
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", made.Path, err, out)
		}
	}
	done, err := Restore(t.Context(), folder, to, &second.Audit.Head)
	if err != nil || done.From != second.Path || !done.Audit.IsWhole() || len(done.Found) != 0 {
		t.Fatalf("got %+v, %v", done, err)
	}
	c.same(to)
	if _, err := Restore(t.Context(), folder, to, nil); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("into a folder in use: got %v", err)
	}
	early := filepath.Join(t.TempDir(), "early")
	if done, err = Restore(t.Context(), first.Path, early, &second.Audit.Head); err != nil || done.Audit.IsWhole() {
		t.Errorf("an earlier one, with the later head: got %+v, %v, want a broken chain", done.Audit, err)
	}
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := d.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: others may read it (%v, %v)", path, info.Mode(), err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestBackupNeverOverwrites(t *testing.T) {
	c := newCentre(t, 1)
	folder := t.TempDir()
	c.take(folder, noon)
	if _, err := Take(t.Context(), c.centre(), folder, Options{Now: noon}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the same second: got %v", err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 3 { // the backup, the cards, the lock
		t.Errorf("the folder has %v, %v", entries, err)
	}
}

// TestEveryByteOfABackupCounts alters each file of a backup in turn, and takes each away. No restore may say that it is done.
func TestEveryByteOfABackupCounts(t *testing.T) {
	c := newCentre(t, 3)
	folder := t.TempDir()
	made := c.take(folder, noon)
	var files []string
	for _, dir := range []string{made.Path, filepath.Join(folder, cardsName)} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(files) != 3+6 {
		t.Fatalf("the backup has %v", files)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		altered := slices.Clone(data)
		altered[len(altered)/2] ^= 1
		for what, spoil := range map[string]func() error{
			"altered": func() error { return os.WriteFile(path, altered, 0o600) },
			"cut":     func() error { return os.WriteFile(path, data[:len(data)-1], 0o600) },
			"gone":    func() error { return os.Remove(path) },
		} {
			if what == "cut" && filepath.Base(path) == sumsName {
				continue // the end of the last line
			}
			if err := spoil(); err != nil {
				t.Fatal(err)
			}
			to := filepath.Join(t.TempDir(), "restored")
			_, err := Restore(t.Context(), made.Path, to, nil)
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNoBackup) && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s %s: got %v", path, what, err)
			}
			for _, left := range []string{to, whileRestoring(to)} {
				if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s %s: %s is there (%v)", path, what, left, err)
				}
			}
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := Restore(t.Context(), made.Path, filepath.Join(t.TempDir(), "restored"), nil); err != nil {
		t.Errorf("put right again: got %v", err)
	}
}

// TestDamagedArchive backs up a centre with one file altered and one gone: all the rest is worth having.
func TestDamagedArchive(t *testing.T) {
	c := newCentre(t, 4)
	for i, spoil := range []func(string) error{os.Remove, func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) }} {
		if err := spoil(filepath.Join(c.dir, "data", "cards", filepath.FromSlash(archive.Name(c.cards[i].Number, c.cards[i].SHA256)))); err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	made := c.take(folder, noon)
	if made.Cards != 2 || len(made.Missing) != 2 {
		t.Errorf("got %+v, want 2 of 4 missing", made.Note)
	}
	done, err := Restore(t.Context(), folder, filepath.Join(t.TempDir(), "restored"), nil)
	if err != nil || len(done.Missing) != 2 {
		t.Errorf("restored: got %+v, %v", done.Note, err)
	}
}

func TestRecheck(t *testing.T) {
	c := newCentre(t, 2)
	folder := t.TempDir()
	made := c.take(folder, noon)
	e, _, err := c.db.FindEntry(t.Context(), c.cards[0].Number)
	if err != nil {
		t.Fatal(err)
	}
	pooled := filepath.Join(made.Path, poolName(e.SHA256))
	data, err := os.ReadFile(pooled)
	if err != nil {
		t.Fatal(err)
	}
	data[3] ^= 1
	if err := os.WriteFile(pooled, data, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Take(t.Context(), c.centre(), folder, Options{Now: noon.Add(time.Hour), Recheck: true})
	if err != nil || again.Copied != 1 {
		t.Errorf("got %+v, %v, want 1 copied again", again, err)
	}
	if _, err := Restore(t.Context(), made.Path, filepath.Join(t.TempDir(), "restored"), nil); err != nil {
		t.Errorf("the first backup: got %v", err)
	}
}

// TestErasedStaysOut has a learner's details erased, and then makes a backup.
func TestErasedStaysOut(t *testing.T) {
	c := newCentre(t, 2)
	gone := c.cards[0]
	if _, err := c.db.Erase(t.Context(), []card.Number{gone.Number}, "office", "asked for", noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.store.Remove(t.Context(), gone.Number); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	made := c.take(folder, noon)
	if made.Cards != 1 || len(made.Missing) != 0 || !made.Whole {
		t.Errorf("got %+v", made.Note)
	}
	data, err := os.ReadFile(filepath.Join(made.Path, registerName))
	if err != nil || strings.Contains(string(data), gone.Learner.Email) || strings.Contains(string(data), gone.Name) {
		t.Errorf("the backup knows who it was (%v)", err)
	}
	if _, err := Restore(t.Context(), folder, filepath.Join(t.TempDir(), "restored"), nil); err != nil {
		t.Error(err)
	}
}

// TestErasedMeanwhile saves the register before an erasure and looks for its files after it.
func TestErasedMeanwhile(t *testing.T) {
	c := newCentre(t, 1)
	tk := &taker{centre: c.centre(), folder: t.TempDir(), sums: map[string]string{}}
	tk.dir = filepath.Join(tk.folder, partial)
	if _, err := c.db.Erase(t.Context(), []card.Number{c.cards[0].Number}, "office", "asked for", noon); err != nil {
		t.Fatal(err)
	}
	if _, err := c.store.Remove(t.Context(), c.cards[0].Number); err != nil {
		t.Fatal(err)
	}
	p := &pool{taker: tk}
	err := p.add(t.Context(), register.CardFile{Number: c.cards[0].Number, State: card.Issued, SHA256: strings.Repeat("0", 64)})
	if !errors.Is(err, ErrErasedMeanwhile) {
		t.Errorf("got %v", err)
	}
}
