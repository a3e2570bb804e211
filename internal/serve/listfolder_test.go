package serve

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/statuslist"
)

const testIssuer = "https://cards.example.org"

// folder is a folder of lists with its key, and a clock that a test puts on.
type folder struct {
	*listFolder
	t       *testing.T
	log     bytes.Buffer
	signing token.SigningKey
	time    time.Time
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	f := &folder{t: t, time: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)}
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte("s"), ed25519.SeedSize))
	id, err := keys.IDOf(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	f.signing = token.SigningKey{ID: id, Alg: token.EdDSA, Key: private}
	set, err := keys.NewSet(keys.Key{
		ID: id, Alg: token.EdDSA, Public: private.Public(), Issuer: testIssuer, Purpose: keys.StatusLists, State: keys.Active, NotBefore: f.time.Add(-time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	f.listFolder = newListFolder(filepath.Join(t.TempDir(), "s"), testIssuer, set, func() time.Time { return f.time }, slog.New(slog.NewTextHandler(&f.log, nil)))
	if err := os.Mkdir(f.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return f
}

// sign is list n of that time, which counts for an hour.
func (f *folder) sign(n int64, iat time.Time) string {
	f.t.Helper()
	l, err := statuslist.New(statuslist.Bits, statuslist.Size)
	if err != nil {
		f.t.Fatal(err)
	}
	packed, err := l.Encode()
	if err != nil {
		f.t.Fatal(err)
	}
	raw, err := statuslist.Sign(statuslist.Claims{
		URI: statuslist.URI(testIssuer, n), IssuedAt: iat, ExpiresAt: iat.Add(time.Hour), TTL: time.Minute, Bits: statuslist.Bits, Packed: packed,
	}, f.signing)
	if err != nil {
		f.t.Fatal(err)
	}
	return raw
}

// put puts a file in the place of list n, as status publish does.
func (f *folder) put(n int64, text string) {
	f.t.Helper()
	beside := filepath.Join(f.dir, ".new")
	if err := errors.Join(os.WriteFile(beside, []byte(text), 0o644), os.Rename(beside, filepath.Join(f.dir, ListFile(n)))); err != nil {
		f.t.Fatal(err)
	}
}

// want asks for list n, and wants the one of that time, or the error.
func (f *folder) want(name string, n int64, iat time.Time, want error) {
	f.t.Helper()
	list, err := f.StatusList(n)
	if !errors.Is(err, want) || !list.IssuedAt.Equal(iat) || (err == nil) != (len(list.Raw) > 0) {
		f.t.Errorf("%s: got a list of %s, %v, want one of %s, %v", name, list.IssuedAt, err, iat, want)
	}
}

func TestFolderFollowsItsFiles(t *testing.T) {
	f := newFolder(t)
	begin := f.time
	f.want("an empty folder", 1, time.Time{}, statuslist.ErrNoneNow)
	f.want("an empty folder", 2, time.Time{}, statuslist.ErrNoneNow)
	f.put(1, f.sign(1, begin))
	f.want("a list", 1, begin, nil)
	f.want("again", 1, begin, nil)
	f.want("beyond the last", 2, time.Time{}, statuslist.ErrNoList)
	f.put(3, f.sign(3, begin))
	f.want("a gap", 2, time.Time{}, statuslist.ErrNoneNow)
	f.time = begin.Add(10 * time.Minute)
	f.put(1, f.sign(1, f.time))
	f.want("a newer list", 1, f.time, nil)
}

// Whatever is put there or taken away, the list in hand counts until it expires, and nothing else is ever handed out.
func TestFolderKeepsTheListInHand(t *testing.T) {
	newer := func(f *folder) string { return f.sign(1, f.time) }
	for name, spoil := range map[string]func(t *testing.T, f *folder){
		"empty":           func(t *testing.T, f *folder) { f.put(1, "") },
		"cut off":         func(t *testing.T, f *folder) { f.put(1, newer(f)[:300]) },
		"no list":         func(t *testing.T, f *folder) { f.put(1, "<html>") },
		"another list":    func(t *testing.T, f *folder) { f.put(1, f.sign(2, f.time)) },
		"an older one":    func(t *testing.T, f *folder) { f.put(1, f.sign(1, f.time.Add(-30*time.Minute))) },
		"a changed one":   func(t *testing.T, f *folder) { f.put(1, newer(f)[:200]+"-"+newer(f)[201:]) },
		"of the future":   func(t *testing.T, f *folder) { f.put(1, f.sign(1, f.time.Add(2*time.Minute))) },
		"a line end more": func(t *testing.T, f *folder) { f.put(1, newer(f)+"\n") },
		"gone": func(t *testing.T, f *folder) {
			if err := os.RemoveAll(f.dir); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFolder(t)
			begin := f.time
			f.put(1, f.sign(1, begin))
			f.want("at first", 1, begin, nil)
			f.time = begin.Add(10 * time.Minute)
			spoil(t, f)
			f.want("spoilt", 1, begin, nil)
			f.want("spoilt, again", 1, begin, nil)
			if name != "gone" && strings.Count(f.log.String(), "level=ERROR") != 1 {
				t.Errorf("got this log, want one line of the level Error: %s", f.log.String())
			}
			f.time = begin.Add(time.Hour)
			f.want("expired", 1, time.Time{}, statuslist.ErrNoneNow)
			if name == "gone" {
				if err := os.Mkdir(f.dir, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			f.put(1, newer(f))
			f.want("mended", 1, f.time, nil)
		})
	}
}

// A pipe that nobody writes into keeps no question waiting.
func TestFolderWithAPipe(t *testing.T) {
	f := newFolder(t)
	begin := f.time
	f.put(1, f.sign(1, begin))
	f.want("at first", 1, begin, nil)
	path := filepath.Join(f.dir, ListFile(1))
	if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600), syscall.Mkfifo(filepath.Join(f.dir, ListFile(2)), 0o600)); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.want("a pipe in its place", 1, begin, nil)
		f.want("a pipe from the first", 2, time.Time{}, statuslist.ErrNoneNow)
		if _, err := readList(path); !errors.Is(err, durable.ErrNotRegular) {
			t.Errorf("got %v, want %v", err, durable.ErrNotRegular)
		}
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it hangs")
	}
}

// The list in hand ends with the trust in its key.
func TestFolderOfARevokedKey(t *testing.T) {
	f := newFolder(t)
	f.put(1, f.sign(1, f.time))
	f.want("at first", 1, f.time, nil)
	if err := f.listFolder.keys.(*keys.Set).Revoke(f.signing.ID, f.time); err != nil {
		t.Fatal(err)
	}
	f.want("revoked", 1, time.Time{}, statuslist.ErrNoneNow)
}

// ReadLists takes what a key of the issuer has signed, and nothing else.
func TestReadLists(t *testing.T) {
	f := newFolder(t)
	f.put(1, f.sign(1, f.time))
	f.put(2, f.sign(1, f.time))
	f.put(3, "<html>")
	got, err := ReadLists(f.dir, testIssuer, f.listFolder.keys, f.time)
	if err != nil || len(got) != 1 || !got[1].IssuedAt.Equal(f.time) {
		t.Errorf("got %v, %v, want list 1", got, err)
	}
	if got, err := ReadLists(filepath.Join(f.dir, "none"), testIssuer, f.listFolder.keys, f.time); err != nil || len(got) != 0 {
		t.Errorf("no folder: got %v, %v, want none", got, err)
	}
}

// A server that starts beside a list that has expired hands out nothing.
func TestFolderWithAnExpiredList(t *testing.T) {
	f := newFolder(t)
	f.put(1, f.sign(1, f.time))
	f.time = f.time.Add(time.Hour)
	f.want("expired", 1, time.Time{}, statuslist.ErrNoneNow)
	if !strings.Contains(f.log.String(), "expired") {
		t.Errorf("the log does not say why: %s", f.log.String())
	}
}
