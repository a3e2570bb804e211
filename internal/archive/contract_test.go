package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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
	write func(t *testing.T, name string, data []byte) // whatever stands there
}

// contract is what every archive does. empty makes a new one.
func contract(t *testing.T, empty func(t *testing.T) bench) {
	for _, c := range []struct {
		name string
		test func(*testing.T, bench)
	}{
		{"keeps a group", keepsAGroup}, {"keeps both", keepsBoth}, {"reads old names", readsOldNames}, {"mends", mends}, {"refuses what is missing or altered", refuses},
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

// Two machines make one card, and the second comes late: the recorded file is whole, and each can be had.
func keepsBoth(t *testing.T, b bench) {
	sums := map[string]string{}
	for _, data := range []string{"sealed here", "sealed there, and late", "sealed here"} {
		sums[data] = b.put(t, one, data)
		for want, sum := range sums {
			if got, err := b.Get(t.Context(), one, sum); err != nil || string(got) != want {
				t.Errorf("after %q: got %q, %v, want %q", data, got, err, want)
			}
		}
	}
	if _, err := b.Get(t.Context(), one, SHA256([]byte("sealed nowhere"))); !errors.Is(err, ErrMissing) {
		t.Errorf("a third: got %v, want ErrMissing", err)
	}
	files := b.files(t)
	if len(files) != 2 || files[0].Number != one || files[1].Number != one || sums["sealed here"] != files[0].SHA256 && sums["sealed here"] != files[1].SHA256 {
		t.Fatalf("got %v, want both files", files)
	}
	for range 2 { // the second time it is missing
		if err := b.RemoveFile(t.Context(), File{Number: one, SHA256: sums["sealed here"]}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Get(t.Context(), one, sums["sealed here"]); !errors.Is(err, ErrMissing) {
		t.Errorf("the removed one: got %v, want ErrMissing", err)
	}
	if _, err := b.Get(t.Context(), one, sums["sealed there, and late"]); err != nil {
		t.Errorf("the other one: got %v", err)
	}
}

// A centre that is older than the names with a SHA-256 goes on with its files.
func readsOldNames(t *testing.T, b bench) {
	b.write(t, Name(one, ""), []byte("of long ago"))
	old := SHA256([]byte("of long ago"))
	if got, err := b.Get(t.Context(), one, old); err != nil || string(got) != "of long ago" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := b.Get(t.Context(), one, SHA256([]byte("another"))); !errors.Is(err, ErrAltered) {
		t.Errorf("of other content: got %v, want ErrAltered", err)
	}
	sum := b.put(t, one, "of today")
	for want, sum := range map[string]string{"of long ago": old, "of today": sum} {
		if got, err := b.Get(t.Context(), one, sum); err != nil || string(got) != want {
			t.Errorf("beside each other: got %q, %v, want %q", got, err, want)
		}
	}
	b.write(t, Name(one, old), []byte("damaged"))
	if _, err := b.Get(t.Context(), one, old); err != nil {
		t.Errorf("damaged under one of its names: got %v", err)
	}
	if err := b.RemoveFile(t.Context(), File{Number: one}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Get(t.Context(), one, old); !errors.Is(err, ErrAltered) {
		t.Errorf("damaged under its only name: got %v, want ErrAltered", err)
	}
}

// The same file once more puts a damaged one right.
func mends(t *testing.T, b bench) {
	sum := b.put(t, one, "a card")
	b.write(t, Name(one, sum), []byte("damaged"))
	b.put(t, one, "a card")
	if got, err := b.Get(t.Context(), one, sum); err != nil || string(got) != "a card" {
		t.Errorf("got %q, %v", got, err)
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
		b.write(t, Name(one, sum), []byte(altered))
		if got, err := b.Get(t.Context(), one, sum); !errors.Is(err, ErrAltered) || got != nil {
			t.Errorf("an altered file: got %q, %v, want ErrAltered", got, err)
		}
	}
}

func removes(t *testing.T, b bench) {
	if n, err := b.Remove(t.Context(), one); n != 0 || err != nil {
		t.Errorf("an archive without a file: got %d, %v", n, err)
	}
	sums := []string{b.put(t, one, "a card"), b.put(t, one, "the same card, sealed anew"), SHA256([]byte("of long ago"))}
	b.write(t, Name(one, ""), []byte("of long ago"))
	neighbour := b.put(t, two, "a card")
	for _, want := range []int{3, 0} {
		if n, err := b.Remove(t.Context(), one); n != want || err != nil {
			t.Fatalf("got %d, %v, want %d", n, err, want)
		}
	}
	for _, sum := range sums {
		if _, err := b.Get(t.Context(), one, sum); !errors.Is(err, ErrMissing) {
			t.Errorf("after that: got %v, want ErrMissing", err)
		}
	}
	if _, err := b.Get(t.Context(), two, neighbour); err != nil {
		t.Errorf("its neighbour: got %v", err)
	}
}

func (b bench) files(t *testing.T) (found []File) {
	t.Helper()
	for f, err := range b.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if age := time.Since(f.Written); age < -time.Minute || age > time.Hour {
			t.Errorf("%v was written %v ago", f, age)
		}
		found = append(found, f)
	}
	return found
}

func (b bench) list(t *testing.T) (found []card.Number) {
	t.Helper()
	for _, f := range b.files(t) {
		found = append(found, f.Number)
	}
	slices.Sort(found)
	return found
}

func lists(t *testing.T, b bench) {
	if got := b.list(t); len(got) != 0 {
		t.Errorf("an empty archive: got %v", got)
	}
	b.write(t, Name(two, ""), []byte("of long ago"))
	sum := b.put(t, one, "a card")
	b.put(t, three, "a card")
	for _, name := range []string{"00/notes.txt", "00/000000000001.pdf", "7F/000000000000.pdf", "000000000000.pdf", "00/0000-0000-0000.pdf", "00/deep/000000000000.pdf",
		"00/000000000000-.pdf", "00/000000000000-" + sum[1:] + ".pdf", "00/000000000000-" + strings.ToUpper(sum) + ".pdf", "00/000000000000" + sum + ".pdf", "00/000000000000-" + sum + "-1.pdf"} {
		b.write(t, name, []byte("x"))
	}
	if got, want := b.list(t), []card.Number{one, two, three}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, f := range b.files(t) {
		if f.Number == one && f.SHA256 != sum || f.Number == two && f.SHA256 != "" {
			t.Errorf("got %+v", f)
		}
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
	_, removeErr := b.Remove(ctx, one)
	removeOneErr := b.RemoveFile(ctx, File{Number: one, SHA256: sum})
	for doing, err := range map[string]error{"put": err, "get": getErr, "remove": removeErr, "remove one": removeOneErr, "list": listErr} {
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
	from.write(t, Name("000000000104", ""), []byte("of long ago"))
	wanted = append(wanted, Wanted{"000000000104", SHA256([]byte("of long ago"))})
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
	if got := from.list(t); len(got) != 4 {
		t.Errorf("the source has %v after that", got)
	}
	for _, f := range to.files(t) {
		if f.SHA256 == "" {
			t.Errorf("%s was written under a name of before", f.Number)
		}
	}
	done, err := Copy(t.Context(), from, to, wanted)
	if err != nil || done.Copied != 0 || done.There != 4 || len(done.Bad) != 0 {
		t.Errorf("a second copy: got %+v, %v", done, err)
	}
	other := to.put(t, one, "of another machine")
	to.write(t, Name(one, wanted[0].SHA256), []byte("damaged there"))
	from.write(t, Name(two, wanted[1].SHA256), []byte("damaged here"))
	if _, err := to.Remove(t.Context(), two); err != nil {
		t.Fatal(err)
	}
	done, err = Copy(t.Context(), from, to, wanted)
	if err != nil || done.Copied != 1 || done.There != 2 || len(done.Bad) != 1 || !errors.Is(done.Bad[0], ErrAltered) {
		t.Errorf("files damaged at both ends: got %+v, %v", done, err)
	}
	for _, sum := range []string{other, wanted[0].SHA256} {
		if _, err := to.Get(t.Context(), one, sum); err != nil {
			t.Errorf("beside each other: got %v", err)
		}
	}
}

func TestFolderKeepsTheContract(t *testing.T) {
	contract(t, func(t *testing.T) bench { return folderBench(t) })
}

func folderBench(t *testing.T) bench {
	dir := filepath.Join(t.TempDir(), "cards")
	a := NewFolder(dir)
	return bench{a, func(t *testing.T, name string, data []byte) { write(t, a.path(name), data) }}
}
