//go:build e2e

package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/internal/post/posttest"
)

// room is a mount namespace of its own, in which a test may mount small disks without being root.
type room struct {
	t   *testing.T
	pid string
}

// newRoomCentre is a centre that has not begun yet, and whose commands see the disks of a room.
func newRoomCentre(t *testing.T) (*centreDir, *room) {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool(t, "unshare"), "--user", "--map-root-user", "--mount", "sh", "-c", "echo ready; exec sleep infinity")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // it was killed
	})
	if n, _ := out.Read(make([]byte, 8)); n == 0 {
		_ = cmd.Wait() // what it wrote says why
		t.Fatalf("this test needs a user and a mount namespace, and this machine gives none (unshare --user --mount; "+
			"a container needs CAP_SYS_ADMIN, or user namespaces allowed): %s", errs.String())
	}
	r := &room{t, strconv.Itoa(cmd.Process.Pid)}
	c := &centreDir{t: t, dir: t.TempDir()}
	c.bin = c.write("in-room", fmt.Sprintf("#!/bin/sh\nexec nsenter --target %s --user --mount --preserve-credentials sh -c 'cd %q && exec \"$0\" \"$@\"' %q \"$@\"\n", r.pid, c.dir, bin))
	output(t, "chmod", "+x", c.bin)
	return c, r
}

// do runs a shell command in the room.
func (r *room) do(format string, args ...any) {
	r.t.Helper()
	output(r.t, "nsenter", "--target", r.pid, "--user", "--mount", "--preserve-credentials", "sh", "-c", fmt.Sprintf(format, args...))
}

func (r *room) mount(dir, size string) {
	r.t.Helper()
	r.do("mkdir -p %q && mount -t tmpfs -o mode=700,size=%s none %q", dir, size, dir)
}

func (r *room) remount(dir, how string) { r.t.Helper(); r.do("mount -o remount,%s %q", how, dir) }

// fill takes all the room that is left on a disk.
func (r *room) fill(dir string) {
	r.t.Helper()
	r.do("dd if=/dev/zero of=%q/filling bs=1k 2>/dev/null || true", dir)
}

// wants runs a command that has to end with a code, and to say all of some texts.
func (c *centreDir) wants(code int, texts []string, args ...string) {
	c.t.Helper()
	got, gotCode := c.said(args...)
	for _, want := range texts {
		if !strings.Contains(got, want) {
			c.t.Errorf("cardproof %s does not say %q: %s", strings.Join(args, " "), want, got)
		}
	}
	if gotCode != code {
		c.t.Errorf("cardproof %s ended with %d, want %d", strings.Join(args, " "), gotCode, code)
	}
}

// valid finds that all cards of a folder are valid, and that there are as many as there should be.
func (c *centreDir) valid(out string, rows int) {
	c.t.Helper()
	c.wants(exitDone, []string{fmt.Sprintf("%d cards: %d valid\n", rows, rows)}, "verify", out)
	if has := c.counts(); has["issued"] != rows || has["planned"] != 0 {
		c.t.Errorf("the register holds %v, want %d issued", has, rows)
	}
}

var diskFull = []string{"error: ", "hint: The disk is full. Make room, and run the same command again"}

// TestFullDisk fills the disk of the register and the archive in the middle of a batch, and then to the last byte. Nothing is lost, the server
// goes on, and with room again so does everything else.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	c, r := newRoomCentre(t)
	data := c.path("data")
	r.mount(data, "4m")
	c.must("init")
	const rows = 120
	roster := c.roster(rows)
	c.wants(exitFailed, diskFull, "issue", roster, "--out", "out")
	has := c.counts()
	if has["issued"] == 0 || has["planned"] == 0 || has["issued"]+has["planned"] != rows {
		t.Errorf("the register holds %v: the test proves nothing", has)
	}
	card := c.cards("out")[0]
	origin := c.serve()
	r.fill(data)
	c.wants(exitFailed, diskFull, "issue", roster, "--out", "out")
	c.wants(exitFailed, diskFull, "revoke", card.number, "--reason", "a mistake")
	c.wants(exitDone, []string{"VALID"}, "verify", card.number)
	if v, code, _ := ask(t, origin+"/n/"+card.number); code != http.StatusOK || !v.Valid {
		t.Errorf("the server, with a full disk: got %d, %s", code, v.Code)
	}
	second := c.serve() // also one that starts now
	if v, code, _ := ask(t, second+"/n/"+card.number); code != http.StatusOK || !v.Valid {
		t.Errorf("a server that starts with a full disk: got %d, %s", code, v.Code)
	}
	r.remount(data, "size=2g")
	r.do("rm %q", data+"/filling")
	c.must("issue", roster, "--out", "out")
	c.valid("out", rows)
	checkAgain(t, c, rows)
	c.must("revoke", card.number, "--reason", "a mistake")
	if v, _, _ := ask(t, origin+"/n/"+card.number); v.Code != "revoked" {
		t.Errorf("the server does not follow the register any more: got %s", v.Code)
	}
}

// TestFullOtherDisks fills the disks of the output folder, of a backup and of temporary files.
func TestFullOtherDisks(t *testing.T) {
	t.Parallel()
	c, r := newRoomCentre(t)
	c.must("init")
	const rows = 40
	roster := c.roster(rows)
	r.mount(c.path("out"), "600k")
	c.wants(exitFailed, append(diskFull, "the output folder can't be written"), "issue", roster, "--out", "out")
	r.remount(c.path("out"), "size=100m")
	c.must("issue", roster, "--out", "out")
	c.valid("out", rows)
	r.mount(c.path("backups"), "600k")
	c.wants(exitFailed, diskFull, "backup", "--to", "backups")
	r.remount(c.path("backups"), "size=100m")
	c.must("backup", "--to", "backups")
	c.must("restore", "--from", "backups", "--to", "restored")
	r.mount(c.path("temporary"), "64k")
	r.fill(c.path("temporary"))
	c.env = append(c.env, "TMPDIR="+c.path("temporary"))
	c.must("issue", roster, "--out", "more")
	c.valid("more", rows)
	c.must("export", "--all", "--zip", "all.zip")
	c.must("backup", "--to", "others") // backups of one folder are named by the second
	checkSound(t, c)
}

// TestMailsOnAFullDisk has a full disk when mails are to be sent: none is lost, and none is sent twice.
func TestMailsOnAFullDisk(t *testing.T) {
	t.Parallel()
	c, r := newRoomCentre(t)
	server := posttest.Start(t)
	r.mount(c.path("data"), "20m")
	c.must("init")
	c.mailing(server)
	const rows = 20
	c.must("issue", c.roster(rows), "--out", "out")
	batch := c.batches()[0].ID
	r.fill(c.path("data"))
	c.wants(exitFailed, diskFull, "mail", "send", "--batch", batch)
	r.do("rm %q", c.path("data/filling"))
	c.must("mail", "send", "--batch", batch)
	r.fill(c.path("data"))
	c.wants(exitFailed, diskFull, "work", "--once")
	r.do("rm %q", c.path("data/filling"))
	c.must("work", "--once")
	c.must("mail", "send", "--batch", batch)
	c.must("work", "--once")
	to := map[string]int{}
	for _, m := range server.Mails() {
		if to[m.To]++; to[m.To] > 1 {
			t.Errorf("%s has %d mails", m.To, to[m.To])
		}
	}
	if len(to) != rows {
		t.Errorf("%d learners have a mail, want %d", len(to), rows)
	}
}

// TestReadOnlyDisks takes the right to write from the disks of the register, the archive and the output folder, as a system does with a disk
// that fails. What only reads goes on.
func TestReadOnlyDisks(t *testing.T) {
	t.Parallel()
	c, r := newRoomCentre(t)
	data, cards, out := c.path("data"), c.path("data/cards"), c.path("out")
	r.mount(data, "1g")
	r.mount(cards, "1g")
	r.mount(out, "1g")
	c.must("init")
	const rows = 20
	roster := c.roster(rows)
	r.remount(cards, "ro")
	c.wants(exitFailed, []string{"read-only file system", "hint: That place can only be read. Mount it for writing"}, "issue", roster, "--out", "out")
	c.wants(exitFailed, []string{"data/cards can only be read"}, "doctor", "--offline")
	r.remount(cards, "rw")
	r.remount(out, "ro")
	c.wants(exitFailed, []string{"the output folder can't be written", "hint: Name a folder that you may write"}, "issue", roster, "--out", "out")
	r.remount(out, "rw")
	c.must("issue", roster, "--out", "out")
	c.valid("out", rows)
	c.must("issue", roster, "--out", "plain") // which this test sees, too
	number := c.cards("plain")[0].number
	r.remount(data, "ro")
	readOnly := []string{"the register can't be read or written", "where its disk can only be read, mount it for writing"}
	c.wants(exitRegister, readOnly, "issue", roster, "--out", "out")
	c.wants(exitRegister, readOnly, "revoke", number, "--reason", "a mistake")
	c.wants(exitFailed, []string{"data can only be read"}, "doctor", "--offline")
	c.wants(exitDone, []string{"VALID"}, "verify", number)
	c.must("backup", "--to", "backups")
	origin := c.serve()
	if v, code, _ := ask(t, origin+"/n/"+number); code != http.StatusOK || !v.Valid {
		t.Errorf("the server, on a disk that can only be read: got %d, %s", code, v.Code)
	}
	r.remount(data, "rw")
	c.must("revoke", number, "--reason", "a mistake")
	if v, _, _ := ask(t, origin+"/n/"+number); v.Code != "revoked" {
		t.Errorf("the server does not follow the register: got %s", v.Code)
	}
	checkSound(t, c)
}
