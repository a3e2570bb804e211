package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/archive"
)

// TestTheArchiveIsNotMounted has a machine start without the disk of the archive: nothing stands in its place, or the empty folder on which it is
// mounted, or what was put there by mistake. No command puts a file there, or takes its files for gone.
func TestTheArchiveIsNotMounted(t *testing.T) {
	o := newOffice(t, time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	place, away := filepath.Join(o.dir, "data", "cards"), filepath.Join(o.dir, "data", "away")
	if err := os.Mkdir(place, 0o700); err != nil { // a new centre's disk is empty
		t.Fatal(err)
	}
	o.write("first.csv", classHead+"Ana Silva,ana@example.org,BLS,2026-11-07,100,90,pass,Ruth Adeyemi,I-2041,C-1\n")
	o.write("held.csv", classHead+"Zoe Silva,zoe@example.org,BLS,2026-11-07,100,90,pass,Ruth Adeyemi,I-2041,C-2\n")
	o.write("next.csv", classHead+"Rui Costa,rui@example.org,BLS,2026-11-07,100,90,pass,Ruth Adeyemi,I-2041,C-3\n")
	o.want(exitDone, nil, "issue", "first.csv", "--out", "out")
	o.want(exitDone, nil, "issue", "held.csv", "--hold")
	before := o.entries()
	if err := os.Rename(place, away); err != nil {
		t.Fatal(err)
	}
	for _, make := range []func() error{
		func() error { return nil },
		func() error { return os.Mkdir(place, 0o700) },
		func() error { return os.WriteFile(filepath.Join(place, ".shared"), []byte("a mark\n"), 0o600) },
	} {
		if err := make(); err != nil {
			t.Fatal(err)
		}
		for _, command := range [][]string{
			{"issue", "next.csv", "--out", "out2"},
			{"replace", before["Ana Silva"].Number.String(), "--name", "Ana Sílva", "--out", "out2"},
			{"discard", before["Zoe Silva"].Batch},
			{"erase", "--learner", "ana@example.org", "--reason", "a request", "--yes"},
			{"archive", "tidy"},
		} {
			o.want(exitFailed, []string{"the folder of the archive is gone", place, "hint: See that its disk or share is mounted", "backup", archive.AnewName}, command...)
		}
		o.want(exitFailed, []string{"problem", "the folder of the archive is gone"}, "doctor", "--offline")
		if after := o.entries(); len(after) != 2 || after["Zoe Silva"].State != before["Zoe Silva"].State {
			t.Errorf("the register has changed: %v", after)
		}
		if left, err := filepath.Glob(filepath.Join(place, "[^.]*")); err != nil || len(left) != 0 {
			t.Errorf("files were put there: %v, %v", left, err)
		}
	}
	// Cards are stopped all the same.
	o.want(exitDone, nil, "suspend", before["Ana Silva"].Number.String(), "--reason", "x")
	o.want(exitDone, nil, "reinstate", before["Ana Silva"].Number.String(), "--reason", "x")

	if err := errors.Join(os.RemoveAll(place), os.Rename(away, place)); err != nil {
		t.Fatal(err)
	}
	o.want(exitDone, []string{"1 issued"}, "issue", "next.csv", "--out", "out2")
	o.want(exitDone, []string{"are whole"}, "audit", "verify")
}

// TestTheArchiveIsLost loses it for good, and begins anew on purpose. A backup that is older than the last cards brings it back as well.
func TestTheArchiveIsLost(t *testing.T) {
	o := newOffice(t, time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	place := filepath.Join(o.dir, "data", "cards")
	row := func(file, name string) {
		o.write(file, classHead+name+" Silva,"+strings.ToLower(name)+"@example.org,BLS,2026-11-07,100,90,pass,Ruth Adeyemi,I-2041,C-"+name+"\n")
	}
	row("a.csv", "Ana")
	row("b.csv", "Rui")
	row("c.csv", "Zoe")
	row("d.csv", "Max")
	o.want(exitDone, nil, "issue", "a.csv", "--out", "out")
	older := filepath.Join(o.dir, "older")
	if err := os.CopyFS(older, os.DirFS(place)); err != nil {
		t.Fatal(err)
	}
	o.want(exitDone, nil, "issue", "b.csv", "--out", "out")
	if err := errors.Join(os.RemoveAll(place), os.Rename(older, place)); err != nil {
		t.Fatal(err)
	}
	o.want(exitDone, []string{"1 issued"}, "issue", "c.csv", "--out", "out")
	if err := os.RemoveAll(place); err != nil {
		t.Fatal(err)
	}
	o.want(exitFailed, []string{"the folder of the archive is gone"}, "issue", "d.csv", "--out", "out")
	o.keepAs(archive.AnewName, "", 0)
	o.want(exitDone, []string{"1 issued"}, "issue", "d.csv", "--out", "out")
	row("e.csv", "Eva")
	o.want(exitDone, []string{"1 issued"}, "issue", "e.csv", "--out", "out")
	if _, err := os.Stat(filepath.Join(place, archive.AnewName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file that begins an archive anew is still there: %v", err)
	}
	if got := o.kept(); len(got) != 2 {
		t.Errorf("got %v, want the two new files", got)
	}
	o.want(exitFailed, []string{"3 files are missing or altered"}, "doctor", "--offline")
	for _, name := range []string{".shared", ".shared-123", archive.AnewName} { // what no card is
		o.keepAs(name, "a mark\n", 0)
	}
	o.want(exitDone, []string{"2 cards: 2 valid", "passed over"}, "verify", "data/cards")
}
