package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/register"
)

// entries are the cards of the register, by the name of the learner.
func (o *office) entries() map[string]card.Entry {
	o.t.Helper()
	ledger, err := register.OpenReadOnly(o.t.Context(), filepath.Join(o.dir, "data", "register.db"))
	if err != nil {
		o.t.Fatal(err)
	}
	defer ledger.Close() // it only read
	found := map[string]card.Entry{}
	err = ledger.WithCards(o.t.Context(), register.Selection{}, func(cards *register.Cards) error {
		return cards.Each(o.t.Context(), func(e card.Entry) error { found[e.Name] = e; return nil })
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return found
}

// keep puts a file of a card into the archive, past the program, and answers its name there.
func (o *office) keep(n card.Number, sha256, content string, age time.Duration) string {
	o.t.Helper()
	name := archive.Name(n, sha256)
	o.keepAs(name, content, age)
	return name
}

func (o *office) keepAs(name, content string, age time.Duration) {
	o.t.Helper()
	path := filepath.Join(o.dir, "data", "cards", filepath.FromSlash(name))
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(content), 0o600)
	}
	if err == nil {
		err = os.Chtimes(path, o.now.Add(-age), o.now.Add(-age))
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

// kept are the names in the archive, in order.
func (o *office) kept() (names []string) {
	o.t.Helper()
	paths, err := filepath.Glob(filepath.Join(o.dir, "data/cards/*/*.pdf"))
	if err != nil {
		o.t.Fatal(err)
	}
	for _, path := range paths {
		names = append(names, filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path))
	}
	return names
}

// tidyOffice has three issued cards, one that waits, and one that was given up: Ana, Ida, Rui, Zoe and Max. before are the entries before Max's
// was given up.
func tidyOffice(t *testing.T) (o *office, before map[string]card.Entry) {
	t.Helper()
	o = newOffice(t, time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	class := func(file string, names ...string) {
		rows := ""
		for _, name := range names {
			rows += fmt.Sprintf("%s Silva,%s@example.org,BLS,2026-11-07,100,90,pass,Ruth Adeyemi,I-2041,%s\n", name, strings.ToLower(name), file)
		}
		o.write(file, classHead+rows)
	}
	class("out.csv", "Ana", "Ida", "Rui")
	class("held.csv", "Zoe")
	class("given.csv", "Max")
	o.want(exitDone, nil, "issue", "out.csv", "--out", "out")
	o.want(exitDone, nil, "issue", "held.csv", "--hold")
	o.want(exitDone, nil, "issue", "given.csv", "--hold")
	before = o.entries()
	o.want(exitDone, nil, "discard", before["Max Silva"].Batch, "--reason", "a trial")
	return o, before
}

const day = 24 * time.Hour

func sumOf(text string) string { return archive.SHA256([]byte(text)) }

// TestArchiveTidy has files of every kind beside those of the register. Only those go that no card will ever need.
func TestArchiveTidy(t *testing.T) {
	o, before := tidyOffice(t)
	number := func(name string) card.Number { return before[name+" Silva"].Number }
	mine := o.kept()
	if len(mine) != 4 {
		t.Fatalf("got %v, want the files of three cards and of one that waits", mine)
	}
	stay := append(mine,
		o.keep(number("Ana"), sumOf("a late one"), "a late one", day-time.Second),
		o.keep(number("Rui"), "", "of long ago", 9*day), // as a centre has them that is older than the names
		o.keep(number("Zoe"), sumOf("a second one"), "a second one", 9*day),
		o.keep("7F3K9QWX2MTZ", sumOf("another's"), "another's", 9*day))
	slices.Sort(stay)
	o.keep(number("Ana"), sumOf("of two machines"), "of two machines", day)
	o.keep(number("Max"), sumOf("after it was given up"), "after it was given up", 2*day)
	o.keep(number("Max"), "", "after it was given up", 2*day)

	o.want(exitDone, []string{"warning", "3 files are there beside those of the register", "archive tidy", "1 file is there of cards that this register does not know", "7F3K-9QWX-2MTZ"}, "doctor", "--offline")
	o.want(exitDone, []string{"3 files would be removed; nothing was changed", number("Max").String(), "not recorded", "1 more file is younger than a day", "does not know"}, "archive", "tidy")
	if got := o.kept(); len(got) != len(stay)+3 {
		t.Errorf("the look has changed something: %v", got)
	}
	o.wantTidied(tidied{Recent: 1, Unknown: 1}, 3)
	if got := o.kept(); !slices.Equal(got, stay) {
		t.Errorf("got %v, want %v", got, stay)
	}
	if out := o.want(exitDone, []string{"0 files removed"}, "archive", "tidy", "--yes"); strings.Contains(out, "would") {
		t.Error(out)
	}
	if out := o.want(exitDone, nil, "doctor", "--offline"); strings.Contains(out, "beside those") {
		t.Errorf("after that: %s", out)
	}
}

// wantTidied tidies, and holds the counts against what is wanted.
func (o *office) wantTidied(want tidied, files int) {
	o.t.Helper()
	var got tidied
	if err := json.Unmarshal([]byte(o.want(exitDone, nil, "archive", "tidy", "--yes", "--json")), &got); err != nil {
		o.t.Fatal(err)
	}
	if got.DryRun != want.DryRun || len(got.Files) != files || got.Recent != want.Recent || got.Unknown != want.Unknown {
		o.t.Errorf("got %+v, want %+v with %d files", got, want, files)
	}
}

// TestArchiveTidyTakesWhatIsBroken has what killed writes leave, under the names of a temporary file. It goes after a day, whatever its card is, and
// verify passes it over meanwhile.
func TestArchiveTidyTakesWhatIsBroken(t *testing.T) {
	o, before := tidyOffice(t)
	whole := o.kept()
	leave := func(n card.Number, sha256 string, age time.Duration) string {
		folder, base := filepath.Split(archive.Name(n, sha256))
		left := folder + "." + base + "8153"
		o.keepAs(left, "half a card", age)
		return left
	}
	ana, zoe := before["Ana Silva"], before["Zoe Silva"]
	old := []string{leave(ana.Number, sumOf("half"), 3*day), leave(ana.Number, "", day), leave(zoe.Number, zoe.SHA256, day)}
	stay := []string{leave(ana.Number, ana.SHA256, day-time.Second), leave("7F3K9QWX2MTZ", sumOf("another's"), 9*day)}
	there := func(names []string) (n int) {
		for _, name := range names {
			if _, err := os.Stat(filepath.Join(o.dir, "data/cards", name)); err == nil {
				n++
			}
		}
		return n
	}

	if out := o.want(exitDone, []string{"VALID"}, "verify", filepath.Join("data/cards", filepath.Dir(archive.Name(ana.Number, "")))); strings.Contains(out, "NO CARD") {
		t.Errorf("verify: %s", out)
	}
	o.want(exitDone, []string{"3 files are there beside those of the register"}, "doctor", "--offline")
	o.want(exitDone, []string{"3 files would be removed", "broken off", "1 more file is younger than a day"}, "archive", "tidy")
	if got := there(old); got != len(old) {
		t.Errorf("the look has removed some: %d are there", got)
	}
	o.wantTidied(tidied{Recent: 1, Unknown: 1}, len(old))
	if there(old) != 0 || there(stay) != len(stay) {
		t.Errorf("%d are there that should have gone, and %d of %d that stay", there(old), there(stay), len(stay))
	}
	if got := o.kept(); !slices.Equal(got, whole) {
		t.Errorf("got %v, want %v", got, whole)
	}
	o.keepAs(".shared", "a mark", 9*day)
	o.keepAs(".shared-123", "half a m", day)
	o.keepAs(".shared-456", "", day-time.Second)
	o.want(exitDone, []string{"1 file is there beside those of the register: a mark of the archive"}, "doctor", "--offline")
	o.want(exitDone, []string{"none", "1 file would be removed", "2 more files are younger"}, "archive", "tidy")
	o.wantTidied(tidied{Recent: 2, Unknown: 1}, 1)
	if there([]string{".shared", ".shared-123", ".shared-456"}) != 2 {
		t.Error("the mark went, or what a killed run left of one stayed")
	}
	leave(ana.Number, sumOf("a late half"), 0)
	o.want(exitDone, []string{"1 card, 1 file"}, "erase", "--learner", "ana@example.org", "--reason", "a request", "--yes")
	leave(ana.Number, sumOf("one that came later"), 0)
	o.want(exitFailed, []string{"files of erased cards are still there"}, "doctor", "--offline")
	o.wantTidied(tidied{Recent: 1, Unknown: 1}, 1)
}

// TestArchiveTidyAfterAnErasure erases cards with several files: every one goes, of any name and age. One that comes late is told, and goes.
func TestArchiveTidyAfterAnErasure(t *testing.T) {
	o, before := tidyOffice(t)
	number := func(name string) card.Number { return before[name+" Silva"].Number }
	o.keep(number("Ana"), sumOf("a late one"), "a late one", day-time.Second)
	o.keep(number("Rui"), "", "of long ago", 9*day)
	o.want(exitDone, []string{"2 files"}, "erase", "--learner", "ana@example.org", "--reason", "a request", "--yes")
	o.want(exitDone, []string{"1 card, 2 files"}, "erase", "--learner", "rui@example.org", "--reason", "a request", "--yes")
	late := o.keep(number("Ana"), sumOf("of a machine that was cut off"), "of a machine that was cut off", 0)
	o.want(exitFailed, []string{"files of erased cards are still there: " + number("Ana").String(), "archive tidy --yes"}, "doctor", "--offline")
	o.want(exitDone, []string{"1 file would be removed", "erased"}, "archive", "tidy")
	o.want(exitDone, []string{"1 file removed"}, "archive", "tidy", "--yes")
	if slices.Contains(o.kept(), late) {
		t.Errorf("%s is still there", late)
	}
	o.want(exitDone, []string{"1 put in force"}, "release", before["Zoe Silva"].Batch, "--out", "held")
	o.want(exitDone, nil, "doctor", "--offline")
}

// TestArchiveOfBefore has a centre whose files have names without a SHA-256. It goes on as it is; copies get the names of today.
func TestArchiveOfBefore(t *testing.T) {
	o := newOffice(t, time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	o.write("class.csv", classHead+"Ana Silva,ana@example.org,BLS,2026-11-07,100,90,pass,Ruth Adeyemi,I-2041,C-1\nRui Costa,rui@example.org,BLS,2026-11-07,100,90,pass,Ruth Adeyemi,I-2041,C-1\n")
	o.want(exitDone, nil, "issue", "class.csv", "--out", "out")
	today := o.kept()
	for _, name := range today {
		number, _, _ := strings.Cut(name, "-")
		if err := os.Rename(filepath.Join(o.dir, "data/cards", name), filepath.Join(o.dir, "data/cards", number+".pdf")); err != nil {
			t.Fatal(err)
		}
	}
	before := o.kept()
	if len(before) != 2 || slices.Equal(before, today) {
		t.Fatalf("got %v", before)
	}
	o.want(exitDone, []string{"2 files read, each as the register says"}, "doctor", "--offline")
	o.want(exitDone, []string{"2 already"}, "issue", "class.csv", "--out", "again")
	o.want(exitDone, []string{"0 files removed"}, "archive", "tidy", "--yes")
	if got := o.kept(); !slices.Equal(got, before) {
		t.Errorf("got %v, want %v", got, before)
	}
	o.want(exitDone, nil, "archive", "copy", "--to", "copied")
	o.want(exitDone, nil, "backup", "--to", "backups")
	o.want(exitDone, nil, "restore", "--from", "backups", "--to", "restored")
	for _, name := range today {
		want, err := os.ReadFile(filepath.Join(o.dir, "out", name[3:15]+".pdf"))
		if err != nil {
			t.Fatal(err)
		}
		for _, folder := range []string{"copied", "restored/data/cards"} {
			if got, err := os.ReadFile(filepath.Join(o.dir, folder, name)); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: got %d bytes, %v, want the file that was delivered", folder, len(got), err)
			}
		}
		if got, err := os.ReadFile(filepath.Join(o.dir, "again", name[3:15]+".pdf")); err != nil || !slices.Equal(got, want) {
			t.Errorf("delivered again: got %d bytes, %v", len(got), err)
		}
	}
	o.want(exitDone, []string{"1 file,"}, "erase", "--learner", "ana@example.org", "--reason", "a request", "--yes")
	if got := o.kept(); len(got) != 1 {
		t.Errorf("after an erasure: got %v", got)
	}
}
