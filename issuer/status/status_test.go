package status

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/statuslist"
)

const testIssuer = "https://cards.example.org"

// centre is a publisher over a real register with a real key, and a clock that a test puts on.
type centre struct {
	*Publisher
	t    *testing.T
	db   *register.DB
	path string
	set  *keys.Set
	now  time.Time
}

func newCentre(t *testing.T) *centre {
	t.Helper()
	c := &centre{t: t, path: t.TempDir() + "/register.db", now: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)}
	var err error
	if c.db, err = register.Create(t.Context(), c.path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.db.Close() })
	reader, err := register.OpenReader(t.Context(), c.path, register.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	dir := t.TempDir()
	k, err := issuer.CreateKey(t.Context(), dir, testIssuer, keys.StatusLists, nil, c.now)
	if err != nil {
		t.Fatal(err)
	}
	if c.set, err = keys.NewSet(k); err != nil {
		t.Fatal(err)
	}
	key, err := issuer.OpenStatusKey(dir, c.set, testIssuer, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Publisher = New(Options{
		Register: reader, Keys: func(context.Context) (*keys.Set, error) { return c.set, nil }, Sign: key.SignList, Issuer: testIssuer, TTL: 5 * time.Minute, Lifetime: time.Hour, Now: func() time.Time { return c.now },
	})
	return c
}

// issue records n cards and returns their numbers and places.
func (c *centre) issue(batch string, n int) (numbers []card.Number, places []int64) {
	c.t.Helper()
	slots, err := c.db.ReserveStatus(c.t.Context(), n)
	if err != nil {
		c.t.Fatal(err)
	}
	in := card.Intention{Batch: batch, Roster: "r.csv", Actor: "office", At: c.now}
	var done []card.Finished
	for i, s := range slots {
		number, err := card.NewNumber(rand.Reader)
		if err != nil {
			c.t.Fatal(err)
		}
		digest := sha256.Sum256([]byte(number))
		in.Entries = append(in.Entries, card.Entry{
			Record: card.Record{
				Card: card.Card{Issuer: testIssuer, Number: number, IssuedAt: c.now, ExpiresAt: c.now.AddDate(2, 0, 0),
					Name: fmt.Sprintf("Zoë %s %d", batch, i), Course: "BLS", Status: s.Ref(testIssuer)},
				KeyID: "abcdefghijk", Digest: digest, Qualification: card.Qualification{Title: "Basic Life Support", Meets: []string{"BLS"}},
				Completed: card.Date{Year: 2026, Month: 11, Day: 7}, IssuedOn: card.Date{Year: 2026, Month: 11, Day: 21},
				ExpiresOn: card.Date{Year: 2028, Month: 11, Day: 20}, Instructor: "Ruth Adeyemi",
			},
			Learner: card.Learner{ID: fmt.Sprintf("%s-%d", batch, i)},
		})
		done = append(done, card.Finished{Number: number, Digest: digest, Token: "t." + string(number), SHA256: hex.EncodeToString(digest[:])})
		numbers, places = append(numbers, number), append(places, s.Index)
	}
	if err := c.db.Plan(c.t.Context(), in); err != nil {
		c.t.Fatal(err)
	}
	if err := c.db.MarkIssued(c.t.Context(), "office", c.now, done); err != nil {
		c.t.Fatal(err)
	}
	return numbers, places
}

func (c *centre) change(n card.Number, to card.State) {
	c.t.Helper()
	if _, err := c.db.Change(c.t.Context(), card.Change{Number: n, To: to, Actor: "office", Reason: "a test", At: c.now}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *centre) renew() {
	c.t.Helper()
	if err := c.Renew(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// open opens list 1 as anybody would.
func (c *centre) open() statuslist.Opened {
	c.t.Helper()
	list, err := c.StatusList(1)
	if err != nil {
		c.t.Fatal(err)
	}
	opened, err := statuslist.Open(string(list.Raw), statuslist.Expected{URI: testIssuer + "/s/1", Issuer: testIssuer, Keys: c.set, Now: c.now})
	if err != nil {
		c.t.Fatal(err)
	}
	return opened
}

func (c *centre) want(place int64, want statuslist.Status) {
	c.t.Helper()
	if got, err := c.open().At(place); err != nil || got != want {
		c.t.Errorf("place %d: got %d, %v, want %d", place, got, err, want)
	}
}

func TestListsFollowTheRegister(t *testing.T) {
	c := newCentre(t)
	if _, err := c.StatusList(1); !errors.Is(err, statuslist.ErrNoneNow) {
		t.Errorf("before the register was read: got %v, want %v", err, statuslist.ErrNoneNow)
	}
	numbers, places := c.issue("a", 3)
	c.renew()
	for _, place := range places {
		c.want(place, statuslist.Valid)
	}
	if _, err := c.StatusList(2); !errors.Is(err, statuslist.ErrNoList) {
		t.Errorf("a list that there has never been: got %v, want %v", err, statuslist.ErrNoList)
	}
	for _, step := range []struct {
		to   card.State
		want statuslist.Status
	}{{card.Suspended, statuslist.Suspended}, {card.Issued, statuslist.Valid}, {card.Revoked, statuslist.Revoked}} {
		c.now = c.now.Add(time.Second)
		c.change(numbers[1], step.to)
		c.renew()
		c.want(places[1], step.want)
		c.want(places[0], statuslist.Valid)
		if got := c.open().IssuedAt; !got.Equal(c.now) {
			t.Errorf("after %s: got a list of %s, want one of %s", step.to, got, c.now)
		}
	}
	if opened := c.open(); opened.TTL != 5*time.Minute || !opened.ExpiresAt.Equal(c.now.Add(time.Hour)) || opened.Len() != statuslist.Size {
		t.Errorf("got %+v", opened.Claims)
	}
}

// One signature for each change and each ttl, and none for a question.
func TestSignsOnceForEachChange(t *testing.T) {
	c := newCentre(t)
	signed := 0
	sign := c.o.Sign
	c.o.Sign = func(claims statuslist.Claims) (string, error) {
		signed++
		return sign(claims)
	}
	numbers, _ := c.issue("a", 2)
	for _, step := range []struct {
		name string
		do   func()
		want int
	}{
		{"the first time", func() {}, 1},
		{"nothing has changed", func() {}, 0},
		{"somebody asks", func() { c.open() }, 0},
		{"a card is revoked", func() { c.change(numbers[0], card.Revoked) }, 1},
		{"a second before the ttl is over", func() { c.now = c.now.Add(5*time.Minute - time.Second) }, 0},
		{"the ttl is over", func() { c.now = c.now.Add(time.Second) }, 1},
		{"the clock is put back", func() { c.now = c.now.Add(-24 * time.Hour) }, 1},
		{"suspended and reinstated in between", func() { c.change(numbers[1], card.Suspended); c.change(numbers[1], card.Issued) }, 0},
	} {
		signed = 0
		step.do()
		c.renew()
		if signed != step.want {
			t.Errorf("%s: got %d signatures, want %d", step.name, signed, step.want)
		}
	}
}

// Without the register nothing is signed: the list in hand keeps its time, and ends.
func TestRegisterDown(t *testing.T) {
	c := newCentre(t)
	_, places := c.issue("a", 1)
	c.renew()
	before := c.open().IssuedAt
	good := c.o.Register
	c.o.Register = brokenRegister{}
	c.now = c.now.Add(30 * time.Minute)
	if err := c.Renew(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("got %v, want the register's error", err)
	}
	if got := c.open().IssuedAt; !got.Equal(before) {
		t.Errorf("a list was signed at %s without the register", got)
	}
	c.o.Register = good
	c.renew()
	c.want(places[0], statuslist.Valid)
	if got := c.open().IssuedAt; !got.Equal(c.now) {
		t.Errorf("after the recovery: got a list of %s, want one of %s", got, c.now)
	}
}

var errDown = errors.New("the register is down")

type brokenRegister struct{}

func (brokenRegister) StatusLists(context.Context, string) ([]int64, string, error) {
	return nil, "", errDown
}

func (brokenRegister) StatusesIn(context.Context, int64, func(int64, card.State) error) error {
	return errDown
}

// fixedRegister has two lists of one card each.
type fixedRegister struct {
	states map[int64]card.State
	mark   string
	asked  []string // the marks
}

func (r *fixedRegister) StatusLists(_ context.Context, since string) (lists []int64, now string, err error) {
	r.asked = append(r.asked, since)
	if since != r.mark {
		for n := range r.states {
			lists = append(lists, n)
		}
		slices.Sort(lists)
	}
	return lists, r.mark, nil
}

func (r *fixedRegister) StatusesIn(_ context.Context, list int64, each func(int64, card.State) error) error {
	return each(7, r.states[list])
}

// A state that nobody knows keeps its list from being signed, and no other; and it is tried again.
func TestUnknownStateStopsItsListAlone(t *testing.T) {
	c := newCentre(t)
	r := &fixedRegister{states: map[int64]card.State{1: card.Revoked, 2: "withdrawn"}, mark: "1 a"}
	c.o.Register = r
	for range 2 {
		if err := c.Renew(t.Context()); !errors.Is(err, errState) || !strings.Contains(err.Error(), "list 2") {
			t.Errorf("got %v, want %v of list 2", err, errState)
		}
		c.want(7, statuslist.Revoked)
		if _, err := c.StatusList(2); !errors.Is(err, statuslist.ErrNoList) {
			t.Errorf("list 2: got %v", err)
		}
	}
	r.states[2] = card.Issued
	c.renew()
	if _, err := c.StatusList(2); err != nil {
		t.Errorf("list 2, mended: %v", err)
	}
	if len(c.All()) != 2 {
		t.Errorf("got %d lists, want 2", len(c.All()))
	}
}

// What was changed past the events is found within the hour.
func TestReadsAllEveryHour(t *testing.T) {
	c := newCentre(t)
	r := &fixedRegister{states: map[int64]card.State{1: card.Issued}, mark: "1 a"}
	c.o.Register = r
	c.renew()
	r.states[1] = card.Revoked
	c.now = c.now.Add(59 * time.Minute)
	c.renew()
	c.want(7, statuslist.Valid)
	c.now = c.now.Add(time.Minute)
	c.renew()
	c.want(7, statuslist.Revoked)
	if want := []string{"", "1 a", ""}; !slices.Equal(r.asked, want) {
		t.Errorf("asked since %q, want %q", r.asked, want)
	}
}

// Run renews until it is stopped, and says once that it can't, and once that it can again.
func TestRunLogsAFailureOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := &switched{fixedRegister: fixedRegister{states: map[int64]card.State{1: card.Issued}, mark: "1 a"}}
		set := newCentre(t).set
		p := New(Options{
			Register: r, Keys: func(context.Context) (*keys.Set, error) { return set, nil }, Sign: func(statuslist.Claims) (string, error) { return "token", nil }, Issuer: testIssuer, TTL: time.Minute, Lifetime: time.Hour,
			Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		ctx, cancel := context.WithCancel(t.Context())
		rounds, ended := 0, make(chan struct{})
		go func() {
			defer close(ended)
			p.Run(ctx, func() error {
				rounds++
				return nil
			})
		}()
		for _, down := range []bool{false, true, false} {
			synctest.Wait()
			r.down.Store(down)
			time.Sleep(10 * pause)
		}
		cancel()
		<-ended
		if got := strings.Count(log.String(), "can't be renewed"); got != 1 || strings.Count(log.String(), "renewed again") != 1 {
			t.Errorf("got this log, want one line for the failure and one for its end:\n%s", log.String())
		}
		if rounds < 15 || rounds > 25 {
			t.Errorf("got %d good rounds in 20 pauses and 10 bad ones", rounds)
		}
	})
}

type switched struct {
	fixedRegister
	down atomic.Bool
}

func (s *switched) StatusLists(ctx context.Context, since string) ([]int64, string, error) {
	if s.down.Load() {
		return nil, "", errDown
	}
	return s.fixedRegister.StatusLists(ctx, since)
}
