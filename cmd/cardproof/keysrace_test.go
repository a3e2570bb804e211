package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
)

// transcript is what a command writes, read while it runs.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *transcript) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *transcript) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// A run that waited while the key was rotated signs with the next key: with the one that it opened, its cards would read as signed
// after the end of that one.
func TestIssueThatWaitedForARotation(t *testing.T) {
	t.Chdir(t.TempDir())
	do := func(out *transcript, args ...string) int {
		return run(t.Context(), args, &app{stdin: strings.NewReader(""), stdout: out, stderr: out, now: time.Now})
	}
	must := func(args ...string) string {
		t.Helper()
		var out transcript
		if code := do(&out, args...); code != exitDone {
			t.Fatalf("%s: exit code %d\n%s", strings.Join(args, " "), code, out.String())
		}
		return out.String()
	}
	must("init", "--quiet")
	roster := "name,email,course,completed,score,attendance,skills,instructor\nAna Silva,ana@example.org,BLS,2026-11-07,90,100,yes,Ruth Adeyemi\n"
	if err := os.WriteFile("class.csv", []byte(roster), 0o600); err != nil {
		t.Fatal(err)
	}
	lock := flock.New(filepath.Join("data", "issue.lock"), flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		t.Fatal(err)
	}
	var out transcript
	code := make(chan int)
	go func() { code <- do(&out, "issue", "class.csv", "--out", "out") }()
	for begin := time.Now(); !strings.Contains(out.String(), "another run is issuing"); time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatalf("it does not wait: %s", out.String())
		}
	}
	time.Sleep(1100 * time.Millisecond) // the set counts in whole seconds
	done, err := issuer.RotateKey(t.Context(), "keys", "http://localhost:8080", keys.Cards, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if got := <-code; got != exitDone {
		t.Fatalf("issue: exit code %d\n%s", got, out.String())
	}
	if got := must("keys", "list", "--csv", "--", done.Made.ID); strings.Count(got, ",issued,") != 1 {
		t.Errorf("the next key has these cards: %s, want one", got)
	}
	files, err := filepath.Glob("out/*.pdf")
	if err != nil || len(files) != 1 {
		t.Fatalf("got the files %v, %v, want one", files, err)
	}
	must("verify", files[0])
}
