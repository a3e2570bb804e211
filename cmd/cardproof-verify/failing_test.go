package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// place is the register's file of the site, where its symbolic link leads to.
func (s *site) place() string { return filepath.Join(s.centre, "data", "register.db") }

// moveRegister moves all three files.
func (s *site) moveRegister(from, to string) {
	s.t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(from+suffix, to+suffix); err != nil && !os.IsNotExist(err) {
			s.t.Fatal(err)
		}
	}
}

// A server whose register fails says so, with a status that says so too; nothing is valid then. Once the register is back, the
// next answer is right again, without a restart.
func TestRegisterFailsAndComesBack(t *testing.T) {
	s := newSite(t)
	v := s.launch("CARDPROOF_SERVER_MONITOR_LISTEN=127.0.0.1:0", "CARDPROOF_SERVER_RATE_LIMIT_PER_CLIENT=0")
	code, number := s.codePath(), "/n/"+s.number
	v.answersWell("at first", code, number)
	away := filepath.Join(t.TempDir(), "away.db")
	whole := s.read(s.place())
	for _, step := range []struct {
		name       string
		fail, mend func()
		kind       string // as the monitor counts it
	}{
		{"moved away", func() { s.moveRegister(s.place(), away) }, func() { s.moveRegister(away, s.place()) }, "missing"},
		{"another program's file", func() { s.moveRegister(s.place(), away); s.write(s.place(), strings.Repeat("not a register ", 1000)) },
			func() { os.Remove(s.place()); s.moveRegister(away, s.place()) }, "corrupt"},
		{"empty", func() { s.moveRegister(s.place(), away); s.write(s.place(), "") },
			func() { os.Remove(s.place()); s.moveRegister(away, s.place()) }, "corrupt"},
		{"damaged in the middle", func() { s.damage(whole) }, func() { s.write(s.place(), string(whole)) }, "corrupt"},
		{"cut short", func() { s.write(s.place(), string(whole[:len(whole)/2])) }, func() { s.write(s.place(), string(whole)) }, "corrupt"},
	} {
		step.fail()
		v.answersNothing(step.name, step.kind, code, number)
		step.mend()
		v.answersWell(step.name+", and back", code, number)
	}
}

// answersWell wants a genuine card to be valid, by its QR and by its number.
func (v *server) answersWell(when, code, number string) {
	v.t.Helper()
	for _, path := range []string{code, number} {
		if status, got := v.verdict(path); status != 200 || got != "valid" {
			v.t.Errorf("%s, %.3s: got %d %s, want it valid", when, path, status, got)
		}
	}
}

// answersNothing wants a server whose register fails to say so everywhere. kind is how the monitor counts it.
func (v *server) answersNothing(when, kind, code, number string) {
	v.t.Helper()
	for path, want := range map[string]string{code: "status_unknown", number: "unavailable"} {
		if status, got := v.verdict(path); status != 503 || got != want {
			v.t.Errorf("%s, %.3s: got %d %s, want 503 %s", when, path, status, got, want)
		}
	}
	if status, _ := get(v.t, "http://"+v.address+"/readyz"); status != 503 {
		v.t.Errorf("%s: /readyz got %d, want 503", when, status)
	}
	if _, metrics := get(v.t, "http://"+v.monitor+"/metrics"); !strings.Contains(metrics, `cardproof_register_errors_total{kind="`+kind+`"}`) {
		v.t.Errorf("%s: the monitor does not count it as %s", when, kind)
	}
}

func (s *site) read(path string) []byte {
	s.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

// damage overwrites all pages but the first, and what might mend them. The register's own header stays as it is.
func (s *site) damage(whole []byte) {
	s.t.Helper()
	broken := bytes.Clone(whole)
	for i := 4096; i < len(broken); i++ {
		broken[i] = 0xa5
	}
	s.write(s.place(), string(broken))
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(s.place() + suffix); err != nil && !os.IsNotExist(err) {
			s.t.Fatal(err)
		}
	}
}

// Another centre's register knows none of the cards, and says nothing about them: neither that they are valid nor that they are forged.
func TestRegisterOfAnotherCentre(t *testing.T) {
	s, other := newSite(t), newSite(t)
	v := s.launch()
	away := filepath.Join(t.TempDir(), "away.db")
	s.moveRegister(s.place(), away)
	other.moveRegister(other.place(), s.place())
	if status, got := v.verdict(s.codePath()); status != 503 || got != "status_unknown" {
		t.Errorf("got %d %s, want 503 status_unknown", status, got)
	}
	if status, got := v.verdict("/n/" + s.number); status != 503 || got != "unavailable" {
		t.Errorf("by number: got %d %s, want 503 unavailable", status, got)
	}
	if status, _ := get(t, "http://"+v.address+"/readyz"); status != 503 || !strings.Contains(v.said(), "not the register of this centre") {
		t.Errorf("/readyz: got %d, want 503 and the reason in the log: %s", status, v.said())
	}
	var stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if got := run(ctx, []string{"--config", s.config(), "--listen", "127.0.0.1:0"}, nil, io.Discard, &stderr); got != exitRegister || !strings.Contains(stderr.String(), "hint: Name in verify.yaml") {
		t.Errorf("started beside it: got exit code %d and %q", got, stderr.String())
	}
	s.moveRegister(s.place(), other.place())
	s.moveRegister(away, s.place())
	if status, got := v.verdict(s.codePath()); got != "valid" {
		t.Errorf("back again: got %d %s, want valid", status, got)
	}
}

// pendingByte is where SQLite's lock lies that keeps new readers out (sqlite.org/fileformat.html, "the lock-byte page").
const pendingByte = 0x40000000

// While a program keeps readers out for eight seconds, each question gets its answer within the time that one may take, even if
// many ask; afterwards all is well.
func TestRegisterThatIsLocked(t *testing.T) {
	s := newSite(t)
	v := s.launch("CARDPROOF_SERVER_RATE_LIMIT_PER_CLIENT=0")
	// What the server has open already, it would read past the lock; so it has to open the file anew.
	away := filepath.Join(filepath.Dir(s.place()), "away.db")
	s.moveRegister(s.place(), away)
	if _, got := v.verdict(s.codePath()); got != "status_unknown" {
		t.Fatalf("without a register: got %s", got)
	}
	f, err := os.OpenFile(away, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart, Start: pendingByte, Len: 1}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &lock); err != nil {
		t.Fatal(err)
	}
	s.moveRegister(away, s.place())
	release := time.AfterFunc(8*time.Second, func() { f.Close() }) // which gives up the lock
	defer release.Stop()
	const asking = 12
	start := time.Now()
	codes := make(chan string, asking)
	for range asking {
		go func() {
			_, code := v.verdict(s.codePath())
			codes <- code
		}()
	}
	unknown := 0
	for range asking {
		switch code := <-codes; code {
		case "status_unknown":
			unknown++
		case "valid": // asked again once the lock was gone
		default:
			t.Errorf("got %s", code)
		}
	}
	if took := time.Since(start); unknown == 0 || took > 16*time.Second {
		t.Errorf("%d of %d were not answered by the register, and it took %s", unknown, asking, took)
	}
	within(t, 20*time.Second, "valid again", func() bool { _, code := v.verdict(s.codePath()); return code == "valid" })
}
