package register

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

// role is the variable by which the test binary runs as another program that uses the register.
const role = "REGISTER_TEST_ROLE"

func TestMain(m *testing.M) {
	if r := os.Getenv(role); r != "" {
		if err := play(r, os.Args[1]); err != nil {
			fmt.Println("failed:", err)
		}
		return
	}
	os.Exit(runTests(m))
}

func play(role, path string) error {
	ctx := context.Background()
	if role == "read" {
		return playReader(ctx, path)
	}
	db, err := Open(ctx, path)
	if err != nil {
		return err
	}
	defer db.Close()
	switch role {
	case "plan": // a roster of learners whom another process plans as well
		err := db.Plan(ctx, intention(fmt.Sprint("batch ", os.Getpid()), learners(0, 500)...))
		if errors.Is(err, card.ErrConflict) {
			fmt.Println("conflict")
			return nil
		}
		fmt.Println("planned")
		return err
	case "batches":
		return playBatches(ctx, db)
	case "crowd":
		return playCrowd(ctx, db)
	case "work": // until it is killed
		for i := 0; ; i++ {
			entries := learners(i*100, 100)
			if err := db.Plan(ctx, intention(fmt.Sprint("batch ", i), entries...)); err != nil {
				return err
			}
			var done []card.Finished
			for _, e := range entries {
				done = append(done, finished(e))
			}
			if err := db.MarkIssued(ctx, "office", later, done); err != nil {
				return err
			}
			fmt.Println(i)
		}
	}
	return errors.New("no such role")
}

// playReader answers each number on its input with the card's state.
func playReader(ctx context.Context, path string) error {
	if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
		f.Close()
		return errors.New("the register is writable for this user: the test proves nothing")
	}
	r, err := OpenReader(ctx, path, ReaderOptions{})
	if err != nil {
		return err
	}
	defer r.Close()
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		rec, ok, err := r.FindRecord(ctx, card.Number(in.Text()))
		if err == nil {
			err = r.Ping(ctx)
		}
		fmt.Println(rec.State, ok, err)
	}
	return in.Err()
}

func program(t *testing.T, as, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, path)
	cmd.Env = append(os.Environ(), role+"="+as)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestTwoProcessesPlanTheSame(t *testing.T) { onBoth(t, testTwoProcessesPlanTheSame) }

func testTwoProcessesPlanTheSame(t *testing.T, db *DB) {
	outputs := make(chan string)
	for range 3 {
		cmd := program(t, "plan", db.where)
		go func() {
			out, err := cmd.Output()
			outputs <- fmt.Sprint(strings.TrimSpace(string(out)), err)
		}()
	}
	got := map[string]int{}
	for range 3 {
		got[<-outputs]++
	}
	if got["planned<nil>"] != 1 || got["conflict<nil>"] != 2 {
		t.Errorf("got %v, want one planned and two conflicts", got)
	}
	if entries, err := db.Unfinished(t.Context()); err != nil || len(entries) != 500 {
		t.Errorf("got %d cards, %v, want 500", len(entries), err)
	}
}

func TestKilled(t *testing.T) { onEach(t, killed) }

func killed(t *testing.T, open func(testing.TB) *DB) {
	for round := range 4 {
		fresh := open(t)
		path := fresh.where
		fresh.Close()
		cmd := program(t, "work", path)
		said := runAndKill(t, cmd, 2+round, time.Duration(round)*5*time.Millisecond)
		checkAfterKill(t, path, said)
	}
}

// runAndKill starts a program and kills it a moment after it has said so many lines, each a number. It answers the last one.
func runAndKill(t *testing.T, cmd *exec.Cmd, lines int, after time.Duration) int {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	input := bufio.NewReader(out)
	said := -1
	for range lines {
		if _, err := fmt.Fscanln(input, &said); err != nil {
			t.Fatalf("the worker: %v", err)
		}
	}
	time.Sleep(after) // into the next batch
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, input)
	cmd.Wait()
	return said
}

// checkAfterKill wants whole batches only, each card with its events, and nothing lost of what the worker had reported.
func checkAfterKill(t *testing.T, path string, said int) {
	t.Helper()
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var cards, issued, batches, events int
	check, whole := "", "(SELECT * FROM pragma_quick_check)"
	if db.server {
		whole = "'ok'"
	}
	err = db.read.QueryRow(`SELECT (SELECT count(*) FROM cards), (SELECT count(*) FROM cards WHERE state = 'issued'),
		(SELECT count(*) FROM batches), (SELECT count(*) FROM events), `+whole).
		Scan(&cards, &issued, &batches, &events, &check)
	if err != nil || check != "ok" {
		t.Fatalf("quick_check: got %q, %v", check, err)
	}
	if cards != 100*batches || issued%100 != 0 || issued < 100*(said+1) || events != cards+issued {
		t.Errorf("got %d cards in %d batches, %d issued, %d events, after %d were reported", cards, batches, issued, events, 100*(said+1))
	}
}

// TestReaderOfAnotherUser has the public server read as a user who may write neither the files nor the folder: with no writer
// there, with one that comes and goes, and after one was gone.
func TestReaderOfAnotherUser(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	e := learner(1)
	issue(t, db, "b1", e)
	path := db.path
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := program(t, "read", path)
	shareReadOnly(t, cmd, path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewScanner(out)
	check := func(when string, want card.State) {
		t.Helper()
		fmt.Fprintln(in, e.Number.Compact())
		if !answers.Scan() {
			t.Fatalf("%s: the reader is gone: %v", when, answers.Err())
		}
		if got, want := answers.Text(), fmt.Sprintf("%s true <nil>", want); got != want {
			t.Fatalf("%s: got %q, want %q", when, got, want)
		}
	}
	check("no writer", card.Issued)
	for range 3 {
		writable(t, path, true)
		writer, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		check("a writer came", card.Issued)
		for _, to := range []card.State{card.Suspended, card.Issued, card.Suspended} {
			if _, err := writer.Change(t.Context(), card.Change{Number: e.Number, To: to, Actor: "office", Reason: "x", At: later}); err != nil {
				t.Fatal(err)
			}
			check("changed", to)
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
		writable(t, path, false)
		check("the writer is gone", card.Suspended)
		writable(t, path, true)
		again, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := again.Change(t.Context(), card.Change{Number: e.Number, To: card.Issued, Actor: "office", Reason: "x", At: later}); err != nil {
			t.Fatal(err)
		}
		again.Close()
		writable(t, path, false)
		check("a writer came and went in between", card.Issued)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestReaderAfterCrash has the same server start on what a killed writer left: cards that stand only in the -wal file.
func TestReaderAfterCrash(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	e := learner(1)
	issue(t, db, "b1", e)
	path := filepath.Join(t.TempDir(), "register.db")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		content, err := os.ReadFile(db.path + suffix) // as it is at this moment, with the writer still there
		if err != nil {
			t.Fatal(err)
		}
		if suffix == "-wal" && len(content) == 0 {
			t.Fatal("the -wal file is empty: the test proves nothing")
		}
		if err := os.WriteFile(path+suffix, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := program(t, "read", path)
	shareReadOnly(t, cmd, path)
	cmd.Stdin = strings.NewReader(e.Number.Compact() + "\n")
	if out, err := cmd.Output(); err != nil || string(out) != "issued true <nil>\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

// shareReadOnly lets the program read the register and nothing more: as another user where we may choose one, or else
// by the modes of files and folder.
func shareReadOnly(t *testing.T, cmd *exec.Cmd, path string) {
	t.Helper()
	dir := filepath.Dir(path)
	t.Cleanup(func() { writable(t, path, true) })
	writable(t, path, false)
	if os.Geteuid() != 0 {
		return
	}
	// The other user has to reach the folder and the program.
	copied := filepath.Join(dir, "program")
	binary, err := os.ReadFile(cmd.Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(copied, binary, 0o755), os.Chmod(copied, 0o755), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	cmd.Path, cmd.Dir = copied, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
}

// writable gives or takes the right to write; others may always read.
func writable(t *testing.T, path string, yes bool) {
	t.Helper()
	file, folder := os.FileMode(0o444), os.FileMode(0o555)
	if yes {
		file, folder = 0o644, 0o755
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Chmod(path+suffix, file); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Dir(path), folder); err != nil {
		t.Fatal(err)
	}
}
