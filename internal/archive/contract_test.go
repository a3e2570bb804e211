package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cardproof/cardproof/card"
)

const (
	one   card.Number = "000000000000"
	two   card.Number = "000000000012"
	three card.Number = "7F3K9QWX2MTZ"
)

// bench is an archive under test, with ways past it.
type bench struct {
	Archive
	overwrite func(t *testing.T, number card.Number, data []byte)
	stray     func(t *testing.T, name string) // puts a file into the archive that is none of a card
}

// contract is what every archive does. empty makes a new one.
func contract(t *testing.T, empty func(t *testing.T) bench) {
	for _, c := range []struct {
		name string
		test func(*testing.T, bench)
	}{
		{"keeps a group", keepsAGroup}, {"replaces", replaces}, {"refuses what is missing or altered", refuses},
		{"removes", removes}, {"lists", lists}, {"is interrupted", isInterrupted}, {"copies", func(t *testing.T, b bench) { copies(t, b, empty(t)) }},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, empty(t)) })
	}
}

func (b bench) put(t *testing.T, number card.Number, data string) string {
	t.Helper()
	sums, err := b.Put(t.Context(), map[card.Number][]byte{number: []byte(data)})
	if err != nil {
		t.Fatal(err)
	}
	return sums[number]
}

func keepsAGroup(t *testing.T, b bench) {
	files := map[card.Number][]byte{one: []byte("one"), two: {}, three: bytes.Repeat([]byte("three"), 100_000)}
	for range 2 { // the second time they are there already
		sums, err := b.Put(t.Context(), files)
		if err != nil || len(sums) != len(files) {
			t.Fatalf("got %d sums, %v", len(sums), err)
		}
		for n, want := range files {
			got, err := b.Get(t.Context(), n, sums[n])
			if err != nil || !bytes.Equal(got, want) || sums[n] != SHA256(want) {
				t.Errorf("%s: got %d bytes, %v, want %d", n, len(got), err, len(want))
			}
		}
	}
}

// A file of a run that was broken off gives way, also to one of another content.
func replaces(t *testing.T, b bench) {
	old := b.put(t, one, "sealed yesterday")
	sum := b.put(t, one, "sealed today")
	if got, err := b.Get(t.Context(), one, sum); err != nil || string(got) != "sealed today" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := b.Get(t.Context(), one, old); !errors.Is(err, ErrAltered) {
		t.Errorf("the old one: got %v, want ErrAltered", err)
	}
}

func refuses(t *testing.T, b bench) {
	if _, err := b.Get(t.Context(), one, ""); !errors.Is(err, ErrMissing) {
		t.Errorf("an empty archive: got %v, want ErrMissing", err)
	}
	sum := b.put(t, one, "a card")
	if _, err := b.Get(t.Context(), two, sum); !errors.Is(err, ErrMissing) {
		t.Errorf("no file: got %v, want ErrMissing", err)
	}
	for _, altered := range []string{"a carb", "a car", "a card ", ""} {
		b.overwrite(t, one, []byte(altered))
		if got, err := b.Get(t.Context(), one, sum); !errors.Is(err, ErrAltered) || got != nil {
			t.Errorf("an altered file: got %q, %v, want ErrAltered", got, err)
		}
	}
}

func removes(t *testing.T, b bench) {
	if err := b.Remove(t.Context(), one); err != nil {
		t.Errorf("an archive without a file: got %v", err)
	}
	b.put(t, one, "a card")
	sum := b.put(t, two, "a card")
	for range 2 { // the second time it is missing
		if err := b.Remove(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Get(t.Context(), one, ""); !errors.Is(err, ErrMissing) {
		t.Errorf("the file after that: got %v, want ErrMissing", err)
	}
	if _, err := b.Get(t.Context(), two, sum); err != nil {
		t.Errorf("its neighbour: got %v", err)
	}
	b.put(t, one, "another card") // its place is free again
}

func (b bench) list(t *testing.T) (found []card.Number) {
	t.Helper()
	for n, err := range b.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, n)
	}
	slices.Sort(found)
	return found
}

func lists(t *testing.T, b bench) {
	if got := b.list(t); len(got) != 0 {
		t.Errorf("an empty archive: got %v", got)
	}
	want := []card.Number{one, two, three}
	for _, n := range want {
		b.put(t, n, "a card")
	}
	for _, name := range []string{"00/notes.txt", "00/000000000001.pdf", "7F/000000000000.pdf", "000000000000.pdf", "00/0000-0000-0000.pdf", "00/deep/000000000000.pdf"} {
		b.stray(t, name)
	}
	if got := b.list(t); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for range b.List(t.Context()) {
		break // who has seen enough may go
	}
}

// Who breaks off learns that, and not that a file is missing.
func isInterrupted(t *testing.T, b bench) {
	sum := b.put(t, one, "a card")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.Put(ctx, map[card.Number][]byte{two: []byte("two")})
	_, getErr := b.Get(ctx, one, sum)
	listErr := error(nil)
	for _, err := range b.List(ctx) {
		listErr = err
	}
	for doing, err := range map[string]error{"put": err, "get": getErr, "remove": b.Remove(ctx, one), "list": listErr} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", doing, err)
		}
	}
	if _, err := b.Get(t.Context(), one, sum); err != nil {
		t.Errorf("the file after that: got %v", err)
	}
}

// copies goes from one archive to another of the same kind; TestCopyBothWays exchanges the kinds.
func copies(t *testing.T, from, to bench) {
	var wanted []Wanted
	for i, n := range []card.Number{one, two, three} {
		wanted = append(wanted, Wanted{n, from.put(t, n, fmt.Sprintf("card %d", i))})
	}
	to.put(t, two, "card 1") // of a copy that was broken off
	for range 2 {
		if _, err := Copy(t.Context(), from, to, wanted); err != nil {
			t.Fatal(err)
		}
		for _, w := range wanted {
			if _, err := to.Get(t.Context(), w.Number, w.SHA256); err != nil {
				t.Errorf("at the destination: %v", err)
			}
		}
	}
	if got := from.list(t); len(got) != 3 {
		t.Errorf("the source has %v after that", got)
	}
	done, err := Copy(t.Context(), from, to, wanted)
	if err != nil || done.Copied != 0 || done.There != 3 || len(done.Bad) != 0 {
		t.Errorf("a second copy: got %+v, %v", done, err)
	}
	to.overwrite(t, one, []byte("of another centre"))
	from.overwrite(t, two, []byte("damaged"))
	if err := to.Remove(t.Context(), two); err != nil {
		t.Fatal(err)
	}
	done, err = Copy(t.Context(), from, to, wanted)
	if err != nil || done.Copied != 0 || done.There != 1 || len(done.Bad) != 2 {
		t.Errorf("a damaged file, and another one in its place: got %+v, %v", done, err)
	}
	if got, err := to.Get(t.Context(), one, SHA256([]byte("of another centre"))); err != nil {
		t.Errorf("the other one was written over: %q, %v", got, err)
	}
}

func TestFolderKeepsTheContract(t *testing.T) {
	contract(t, func(t *testing.T) bench { return folderBench(t) })
}

func folderBench(t *testing.T) bench {
	dir := filepath.Join(t.TempDir(), "cards")
	a := NewFolder(dir)
	return bench{a, func(t *testing.T, n card.Number, data []byte) { write(t, a.path(n), data) },
		func(t *testing.T, name string) { write(t, filepath.Join(dir, name), []byte("x")) }}
}
