//go:build e2e

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/archive/archivetest"
	"github.com/cardproof/cardproof/internal/nettest"
	"github.com/cardproof/cardproof/internal/pgtest"
)

// Limits that the hosts have to keep when a cable is cut.
const (
	answerLimit  = 11 * time.Second // the server's own is 10 s for one question
	recoverLimit = 8 * time.Second
	giveUpLimit  = 45 * time.Second // for a command
	lockLimit    = 30 * time.Second // for who writes next
)

func path(l cardLine) string { return l.url[strings.Index(l.url, "/c/"):] }

// TestCablesOfTheRegister cuts the database off from the worker, in the middle of a batch, and from the server, under load: in silence and for
// a moment, with the database started anew meanwhile, and with the cable pulled. Nothing is valid that was not looked up, nobody hangs, and
// all go on by themselves or by the same command.
func TestCablesOfTheRegister(t *testing.T) {
	t.Parallel()
	l := newLAN(t)
	all := []*nettest.Host{l.db, l.worker, l.server}
	l.centre.must("issue", l.centre.roster(2), "--out", "first")
	first := l.centre.cards("first")
	origin := l.serveOn(l.server, l.pg.NetworkURL(l.database, "reader"))
	asked := l.load(origin+path(first[0]), 20)
	time.Sleep(time.Second)
	atFirst := goroutines(t, l.server)

	batch := l.inTheMiddle("issue", l.centre.roster(400), "--out", "out")
	nettest.Cut(t, all...)
	cut := time.Now()
	time.Sleep(9 * time.Second)
	if n := goroutines(t, l.server); n > atFirst+300 {
		t.Errorf("cut off, the server has %d goroutines, and %d before", n, atFirst)
	}
	if batch.hasEnded() {
		t.Error("the batch ended although it was cut off")
	}
	nettest.Mend(t, all...)
	mended := time.Now()
	if code, said, took := batch.within(t, time.Minute); code != 0 {
		t.Errorf("issue, after a short cut: got %d: %s", code, said)
	} else {
		t.Logf("issue ended %s after the cable was back", took)
	}
	l.valid(origin+path(first[0]), mended, "after a short cut")
	wantUnknown(t, asked.end(), cut, mended)

	l.halfOpen(origin+path(first[0]), first[1])
	cards := l.centre.cards("out")
	if got := l.centre.counts(); len(cards) != 800 || got["issued"] != 800 || len(got) != 1 {
		t.Errorf("got %d cards, and %v in the register, want 800 issued", len(cards), got)
	}
	checkRecorded(t, l.centre.path("data/cards"), cards)
	var made struct{ OK bool }
	if out := l.centre.must("--json", "audit", "verify"); json.Unmarshal(out, &made) != nil || !made.OK {
		t.Errorf("audit: got %s", out)
	}
	time.Sleep(time.Second) // what was begun last comes to its end
	if n := goroutines(t, l.server); n > atFirst+10 {
		t.Errorf("in the end the server has %d goroutines, and %d at first", n, atFirst)
	}
}

// halfOpen cuts the cable in the middle of a batch for longer than the worker waits, has another host write, starts the database anew, and
// mends the cable: the worker's session and all of the server's are gone, and nobody told them.
func (l *lan) halfOpen(url string, other cardLine) {
	t := l.t
	t.Helper()
	all := []*nettest.Host{l.db, l.worker, l.server}
	batch := l.inTheMiddle("issue", l.centre.roster(800), "--out", "out")
	nettest.Cut(t, all...)
	cut := time.Now()
	elsewhere := *l.centre
	elsewhere.bin = l.client.Program(t, mustProgram(t))
	elsewhere.must("suspend", other.number, "--reason", "a question")
	if took := time.Since(cut); took > lockLimit {
		t.Errorf("another host wrote only after %s", took)
	} else {
		t.Logf("another host wrote %s after the cut", took)
	}
	code, said, _ := batch.within(t, giveUpLimit)
	t.Logf("issue gave up %s after the cut", time.Since(cut))
	// Whichever is noticed first: the work at hand, or the lock's session.
	told := strings.Contains(said, "the database of the register can't be reached") || strings.Contains(said, "the connection to the register's database was lost")
	if code != exitRegister || !told || !strings.Contains(strings.ToLower(said), "run the command again") {
		t.Errorf("issue, cut off: got %d: %s", code, said)
	}
	if code, _, took := l.begin("issue", l.centre.path("roster.csv"), "--out", "out").within(t, giveUpLimit); code != exitRegister {
		t.Errorf("issue, begun while cut off: got %d after %s", code, took)
	} else {
		t.Logf("issue that began while cut off gave up after %s", took)
	}
	if err := l.pg.Halt(true); err != nil {
		t.Fatal(err)
	}
	if err := l.pg.Run(); err != nil {
		t.Fatal(err)
	}
	nettest.Mend(t, all...)
	mended := time.Now()
	l.valid(url, mended, "after the database was started anew")
	until(t, recoverLimit, func() bool { // the worker's system may still take the database's host for gone
		_, code := l.centre.run("reinstate", other.number, "--reason", "answered")
		return code == exitDone
	})
	l.centre.must("issue", l.centre.path("roster.csv"), "--out", "out")
	t.Logf("the same command finished %s after the cable was back", time.Since(mended))
	l.db.Unplug(t)
	time.Sleep(4 * time.Second)
	if r := l.ask(url); r.status != 503 || r.code != "status_unknown" || r.took > answerLimit {
		t.Errorf("unplugged: got %+v", r)
	}
	l.db.Plug(t)
	l.valid(url, time.Now(), "plugged in again")
}

// valid waits for a card to be valid again.
func (l *lan) valid(url string, since time.Time, when string) {
	l.t.Helper()
	until(l.t, recoverLimit, func() bool { return l.ask(url).code == "valid" })
	l.t.Logf("%s: valid %s later", when, time.Since(since))
}

// wantUnknown finds that while a cable was cut every question was answered in time, and none with valid. What was on its way within a second of
// the cut is no such question, nor is one that waited until the cable was back.
func wantUnknown(t *testing.T, replies []reply, cut, mended time.Time) {
	t.Helper()
	before, during := map[string]int{}, map[string]int{}
	longest := time.Duration(0)
	for _, r := range replies {
		said, end := fmt.Sprint(r.status, " ", r.code), r.asked.Add(r.took)
		switch {
		case end.Before(cut):
			before[said]++
		case end.After(cut.Add(time.Second)) && end.Before(mended):
			during[said]++
		}
		longest = max(longest, r.took)
	}
	t.Logf("cut off for %s, the server said %v, after %s at the longest; before, %v", mended.Sub(cut), during, longest, before)
	if during["503 status_unknown"] == 0 || len(during) != 1 || longest > answerLimit {
		t.Errorf("cut off, the server said %v, after %s at the longest", during, longest)
	}
	if before["200 valid"] == 0 || len(before) != 1 {
		t.Errorf("before, the server said %v", before)
	}
}

// TestCablesOfTheCopies has two servers behind a balancer, one on the database and one on a copy of it. A copy that was left behind says
// nothing about any card once it is a minute old, and the balancer asks the other; so it does where a server is cut off from its database.
func TestCablesOfTheCopies(t *testing.T) {
	t.Parallel()
	l := newLAN(t)
	l.centre.must("issue", l.centre.roster(2), "--out", "out")
	cards := l.centre.cards("out")
	// The copy lives on the host of its server, and follows over the cable.
	follower, err := l.pg.CopyAt(pgtest.Place{Enter: l.other.Enter, Address: l.other.Address, Clients: nettest.Network,
		Set: []string{"primary_conninfo=host=" + l.db.Address + " user=" + pgtest.Owner + " connect_timeout=3", "wal_receiver_timeout=2s"}})
	if err != nil {
		t.Fatal(err)
	}
	stopLast(t, follower)
	first := l.serveOn(l.server, l.pg.NetworkURL(l.database, "reader"))
	second := l.serveOn(l.other, follower.NetworkURL(l.database, "reader"))
	balanced := l.balance(l.server, l.other)

	nettest.Cut(t, l.db, l.other)
	cut := time.Now()
	l.centre.must("revoke", cards[0].number, "--reason", "issued by mistake")
	until(t, 75*time.Second, func() bool { return l.ask(second+"/readyz").status == 503 })
	t.Logf("the copy fell behind %s after the cut", time.Since(cut))
	if took := time.Since(cut); took < 50*time.Second {
		t.Errorf("the copy answered for %s only, want a minute", took)
	}
	for _, c := range cards {
		if r := l.ask(second + path(c)); r.status != 503 || r.code != "status_unknown" {
			t.Errorf("by a copy that is behind: got %+v", r)
		}
	}
	until(t, recoverLimit, func() bool {
		return !slices.ContainsFunc(l.some(balanced+path(cards[0])), func(r reply) bool { return r.code != "revoked" })
	})
	nettest.Mend(t, l.db, l.other)
	mended := time.Now()
	until(t, 20*time.Second, func() bool { return l.ask(second+path(cards[0])).code == "revoked" })
	t.Logf("the copy follows again %s after the cable was back", time.Since(mended))

	nettest.Cut(t, l.db, l.server)
	cut = time.Now()
	until(t, recoverLimit+answerLimit, func() bool {
		return !slices.ContainsFunc(l.some(balanced+path(cards[1])), func(r reply) bool { return r.code != "valid" || r.took > time.Second })
	})
	t.Logf("the balancer left the server without a database %s after the cut", time.Since(cut))
	nettest.Mend(t, l.db, l.server)
	until(t, recoverLimit, func() bool { return l.ask(first+"/readyz").status == 200 })
}

// TestCablesOfTheArchive cuts the bucket off from the worker, in the middle of a batch, and from the server, whose learners ask for files.
func TestCablesOfTheArchive(t *testing.T) {
	t.Parallel()
	l := newLAN(t)
	bucket := archivetest.StartOn(t, l.other, l.other.Address+":9000")
	bucket.MakeBucket(t, testBucket)
	l.centre.env = archivetest.Env()
	l.centre.archive("s3://"+testBucket+"/centre", bucket.Endpoint())
	folder := filepath.Join(bucket.Dir, testBucket, "centre")
	l.centre.must("issue", l.centre.roster(1), "--out", "out")
	card := l.centre.cards("out")[0]
	var made struct{ Link string }
	if err := json.Unmarshal(l.centre.must("links", "make", card.number, "--json"), &made); err != nil {
		t.Fatal(err)
	}
	serving := *l.centre
	serving.bin = l.server.Program(t, mustProgram(t))
	serve := serving.command("serve", "--listen", l.server.Address+":8080")
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(serve.Process.Signal(os.Interrupt), serve.Wait()); err != nil {
			t.Errorf("the server did not stop in peace: %v", err)
		}
	})
	origin := "http://" + l.server.Address + ":8080"
	until(t, 20*time.Second, func() bool { return l.ask(origin+"/readyz").status == 200 })
	file := origin + made.Link[strings.Index(made.Link, "/my/"):] + "/card.pdf"
	if r := l.askFor(file, time.Minute); r.status != 200 {
		t.Fatalf("a learner's file: got %+v", r)
	}

	all := []*nettest.Host{l.worker, l.server, l.other}
	batch := l.begin("issue", l.centre.roster(400), "--out", "out")
	until(t, time.Minute, func() bool { return len(archived(t, folder)) > 1 })
	nettest.Cut(t, all...)
	cut := time.Now()
	r := l.askFor(file, time.Minute)
	t.Logf("a learner's file, cut off: %+v", r)
	if r.status != 503 || r.took > 45*time.Second {
		t.Errorf("a learner's file, cut off: got %+v, want 503", r)
	}
	if r := l.ask(origin + path(card)); r.code != "valid" || r.took > 5*time.Second {
		t.Errorf("without the archive, a card reads %+v, want valid", r)
	}
	code, said, _ := batch.within(t, 100*time.Second)
	t.Logf("issue gave up %s after the cut", time.Since(cut))
	if code != exitFailed || !strings.Contains(said, "the bucket of the archive does not answer") || !strings.Contains(said, "run the same command again") {
		t.Errorf("issue without the bucket: got %d: %s", code, said)
	}
	nettest.Mend(t, all...)
	mended := time.Now()
	until(t, recoverLimit, func() bool { return l.askFor(file, time.Minute).status == 200 })
	t.Logf("a learner's file again %s after the cable was back", time.Since(mended))
	l.centre.must("issue", l.centre.path("roster.csv"), "--out", "out")
	checkRecorded(t, folder, l.centre.cards("out"))
}

// some asks as often as a balancer needs to have asked every server.
func (l *lan) some(url string) (all []reply) {
	for range 6 {
		all = append(all, l.ask(url))
	}
	return all
}

// balance runs a balancer on the client's host.
func (l *lan) balance(servers ...*nettest.Host) (origin string) {
	l.t.Helper()
	var addresses []string
	for _, h := range servers {
		addresses = append(addresses, h.Address+":8080")
	}
	at := l.client.Address + ":8000"
	said := l.centre.balancer(l.client.Program(l.t, haproxy()), at, addresses...)
	origin = "http://" + at
	for end := time.Now().Add(20 * time.Second); l.ask(origin+"/readyz").status != 200; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			l.t.Fatalf("the balancer does not answer: %s", said)
		}
	}
	return origin
}
