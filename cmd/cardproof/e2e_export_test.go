//go:build e2e

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/register"
)

// TestExportOfManyCards hands out 20,000 cards in little memory, and other programs read what came of it.
func TestExportOfManyCards(t *testing.T) {
	t.Parallel()
	const cards = 20_000
	c := newCentre(t)
	fill(t, c, cards)
	cmd := c.command("export", "--all", "--zip", "all.zip", "--merge", "all.csv")
	own, all := peakMemory(t, cmd)
	t.Logf("%d cards took %d kB of memory, %d kB with the program itself, and %v", cards, own, all, cmd.ProcessState.UserTime())
	if own < 1<<10 || own > 28<<10 {
		t.Errorf("got %d kB of memory, want 28 MB at the most", own)
	}
	output(t, "unzip", "-tq", c.path("all.zip"))
	const script = `import csv, io, sys, zipfile, hashlib
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
rows = list(csv.DictReader(io.TextIOWrapper(z.open("cards.csv"), "utf-8")))
names = z.namelist()
assert names == [r["file"] for r in rows] + ["cards.csv"], "the list is not that of the files"
assert len({n.lower() for n in names}) == len(names), "names collide"
assert all(i.flag_bits & 0x800 for i in z.infolist()), "names that are not marked as UTF-8"
for r in rows[::100]:
    assert hashlib.sha256(z.read(r["file"])).hexdigest() == r["sha256"]
merge = list(csv.DictReader(open(sys.argv[2], encoding="utf-8", newline="")))
assert [r["file"] for r in merge] == [r["file"] for r in rows]
print(len(rows))`
	if got := strings.TrimSpace(output(t, "python3", "-c", script, c.path("all.zip"), c.path("all.csv"))); got != fmt.Sprint(cards) {
		t.Errorf("got %s cards, want %d", got, cards)
	}
}

// peakMemory runs a command and says how much memory it took at the most, in kB: its own, and all that was resident. Between the two lies
// what the system maps of the program's file, 15 to 45 MB as it has them at hand: every process shares these, and they can be dropped at any moment.
// What the system says at the end (ru_maxrss) has the memory of the test in it.
func peakMemory(t testing.TB, cmd *exec.Cmd) (own, all int) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return own, all
		case <-time.After(5 * time.Millisecond):
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid)) // gone when the program is
			var anonymous, shared int
			for name, to := range map[string]*int{"VmHWM:": &all, "RssAnon:": &anonymous, "RssShmem:": &shared} {
				if _, rest, ok := strings.Cut(string(status), name); ok {
					fmt.Sscan(rest, to)
				}
			}
			own = max(own, anonymous+shared)
		}
	}
}

// fill puts cards into the register of a centre, and files into its archive, as an issuing run of hours leaves them. The files are no cards.
func fill(t *testing.T, c *centreDir, cards int) {
	t.Helper()
	db, err := register.Open(t.Context(), c.path("data/register.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	key := c.signingKey()
	const group = 2000
	for from := 0; from < cards; from += group {
		in, done := grown(t, key, fmt.Sprintf("B-%d", from), from, group, nil, func(n card.Number) []byte {
			data := []byte(strings.Repeat(string(n), 300))
			path := filepath.Join(c.path("data/cards"), filepath.FromSlash(archive.Name(n, archive.SHA256(data))))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			return data
		})
		if err := db.Plan(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		if err := db.MarkIssued(t.Context(), "test", in.At, done); err != nil {
			t.Fatal(err)
		}
	}
}
