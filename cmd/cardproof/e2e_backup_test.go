//go:build e2e

package main

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// restored restores a backup into a folder of its own, and answers the centre in it.
func (c *centreDir) restored(from string) *centreDir {
	c.t.Helper()
	to := filepath.Join(c.t.TempDir(), "restored")
	c.must("restore", "--from", from, "--to", to)
	r := *c
	r.dir, r.args = to, nil
	return &r
}

// TestRestoredServes has a restored centre answer for each card as the old one did.
func TestRestoredServes(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	c.must("issue", c.roster(12), "--out", "out")
	cards := c.cards("out")
	c.must("revoke", cards[0].number, "--reason", "a test")
	c.must("suspend", cards[1].number, "--reason", "a test")
	c.must("erase", "--learner", cards[2].number, "--reason", "a test", "--yes")
	c.must("backup", "--to", "backups", "--with-keys")
	want := []string{"revoked", "suspended", "revoked"}
	r := c.restored(c.path("backups"))
	origin := r.serve()
	for i, l := range cards {
		code := "valid"
		if i < len(want) {
			code = want[i]
		}
		u, err := url.Parse(l.url)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/n/" + l.number, u.Path} {
			v, status, body := ask(t, origin+path)
			if string(v.Code) != code || status != 200 || v.Valid != (code == "valid") {
				t.Errorf("card %d at %s: got %s, %d, want %s", i, path[:3], v.Code, status, code)
			}
			if i == 2 && (v.Card != nil || !strings.Contains(v.Message, "erased") || strings.Contains(body, l.name)) {
				t.Errorf("the erased card: got %s", body)
			}
		}
	}
	if out, code := r.run("doctor", "--offline"); code != 0 {
		t.Errorf("doctor: %d: %s", code, out)
	}
	r.must("issue", c.path("roster.csv"), "--out", "out") // it goes on from there
}

// TestBackupWhileIssuing makes backups while classes are issued. Each is whole: every card that it calls issued has its file.
func TestBackupWhileIssuing(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	const backups, class = 3, 100
	enough := make(chan struct{})
	type outcome struct {
		cards int
		err   error
	}
	done := make(chan outcome, 1)
	go func() { // one class after the other until there are backups enough, however fast either is
		var o outcome
		defer func() { done <- o }()
		for {
			if o.err = os.WriteFile(c.path("roster.csv"), []byte(rosterFrom(o.cards, class)), 0o600); o.err != nil {
				return
			}
			if o.err = c.command("issue", c.path("roster.csv"), "--out", "out").Run(); o.err != nil {
				return
			}
			o.cards += class
			select {
			case <-enough:
				return
			default:
			}
		}
	}()
	for range backups {
		c.must("backup", "--to", "backups")
		c.restored(c.path("backups")).must("audit", "verify")
		if err := os.RemoveAll(c.path("backups")); err != nil { // the next is named by the second
			t.Fatal(err)
		}
	}
	close(enough)
	issued := <-done
	if issued.err != nil {
		t.Fatal(issued.err)
	}
	c.must("backup", "--to", "backups")
	r := c.restored(c.path("backups"))
	files, err := filepath.Glob(r.path("data/cards/*/*.pdf"))
	if err != nil || len(files) != issued.cards {
		t.Fatalf("the last backup has %d files of cards, %v, want %d", len(files), err, issued.cards)
	}
	if out, code := r.run(append([]string{"verify", "--json"}, files...)...); code != 0 {
		t.Errorf("not all are valid: %s", out)
	}
}

// TestKillBackupAndRestore ends backups and restores by SIGKILL at random moments. What was there before stays, nothing half is ever taken
// for whole, and the same command again does its work.
func TestKillBackupAndRestore(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	c.must("issue", c.roster(120), "--out", "out")
	start := time.Now()
	c.must("backup", "--to", "whole")
	took := time.Since(start)
	killed := 0
	for range 15 {
		if killAfter(t, c.command("backup", "--to", "backups"), rand.N(took)) {
			killed++
		}
		for _, d := range c.backups("backups") {
			c.restored(d).must("audit", "verify")
			if err := os.RemoveAll(d); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.must("backup", "--to", "backups")
	if left, err := filepath.Glob(c.path("backups/.partial-*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	start = time.Now()
	c.restored(c.path("backups"))
	took = time.Since(start)
	for range 15 {
		to := c.path("again")
		if killAfter(t, c.command("restore", "--from", "backups", "--to", to), rand.N(took)) {
			killed++
		}
		if _, err := os.Stat(to); err == nil { // it was done before it was killed
			r := *c
			r.dir, r.args = to, nil
			r.must("audit", "verify")
			if err := os.RemoveAll(to); err != nil {
				t.Fatal(err)
			}
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	c.must("restore", "--from", "backups", "--to", "again")
	if left, err := filepath.Glob(c.path(".again*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	t.Logf("%d of 30 runs were killed", killed)
	if killed < 10 {
		t.Errorf("%d of 30 runs were killed: too few to prove anything", killed)
	}
}

// backups are the whole backups in a folder.
func (c *centreDir) backups(folder string) (dirs []string) {
	c.t.Helper()
	sums, err := filepath.Glob(filepath.Join(c.path(folder), "[0-9]*", "SHA256SUMS"))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, s := range sums {
		dirs = append(dirs, filepath.Dir(s))
	}
	return dirs
}

// TestKillErase ends an erasure by SIGKILL at random moments. The learner is either still there, or gone; the next erasure finishes what was left.
func TestKillErase(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	c.must("issue", c.roster(10), "--out", "out")
	cards := c.cards("out")
	start := time.Now()
	c.must("erase", "--learner", cards[0].number, "--reason", "a test", "--yes")
	took := time.Since(start)
	for _, l := range cards[1:] {
		killAfter(t, c.command("erase", "--learner", l.number, "--reason", "a test", "--yes"), rand.N(took))
		c.must("audit", "verify")
	}
	for _, l := range cards {
		c.must("erase", "--learner", l.number, "--reason", "a test", "--yes")
	}
	if files, err := filepath.Glob(c.path("data/cards/*/*.pdf")); err != nil || len(files) != 0 {
		t.Errorf("files: got %v, %v", files, err)
	}
	c.must("doctor", "--offline")
}
