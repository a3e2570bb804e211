package work_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/post"
	"github.com/cardproof/cardproof/internal/post/posttest"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
)

// office is a centre with a register, an archive and a mail server.
type office struct {
	t      *testing.T
	server *posttest.Server
	links  *links
	log    *lockedBuffer
	o      work.Options
	shift  time.Duration // by which its clock is ahead
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// links stands for the register's links of learners.
type links struct {
	mu      sync.Mutex
	secrets []string
	ended   []string
	byEmail map[string][]card.LearnerKey
	during  func() // what happens while a mail is made; once
}

func (l *links) NewLink(_ context.Context, _ card.LearnerKey, _ string, _ time.Time) (string, error) {
	if do := l.during; do != nil {
		l.during = nil
		do()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.secrets = append(l.secrets, "geheim"+rand.Text())
	return l.secrets[len(l.secrets)-1], nil
}

func (l *links) LearnersByEmail(_ context.Context, email string) ([]card.LearnerKey, error) {
	return l.byEmail[email], nil
}

func (l *links) EndLink(_ context.Context, secret, _ string, _ time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = append(l.ended, secret)
	return nil
}

// newOffice is an office whose register and queue are in the database of a URL, or in files where that is empty.
func newOffice(t *testing.T, database string, serverArgs ...string) *office {
	t.Helper()
	f := &office{t: t, server: posttest.Start(t, serverArgs...), links: &links{byEmail: map[string][]card.LearnerKey{}}, log: &lockedBuffer{}}
	dir := t.TempDir()
	db, err := register.Create(t.Context(), cmp.Or(database, filepath.Join(dir, "register.db")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	writer, err := post.NewWriter(post.Brand{Issuer: "Harbour Centre", From: "Harbour Centre <cards@example.org>", Check: "https://cards.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	f.o = work.Options{
		Folder: dir, Database: database, Register: db, Archive: archive.NewFolder(filepath.Join(dir, "cards")), Links: f.links, Writer: writer,
		Server: post.Server{Host: f.server.Host, Port: f.server.Port, TLS: post.NoTLS, Timeout: 5 * time.Second, Answer: 10 * time.Second},
		URL:    "https://cards.example.org", Language: "en", Attach: true, PerMinute: 600_000, GiveUpAfter: 48 * time.Hour, Reminders: []int{90, 30, 7},
		Actor: "worker", Log: slog.New(slog.NewTextHandler(f.log, nil)), Now: func() time.Time { return time.Now().Add(f.shift).UTC().Truncate(time.Second) },
	}
	return f
}

// issue issues a card to each address, valid for so many days from now on.
func (f *office) issue(batch string, days int, addresses ...string) []card.Number {
	f.t.Helper()
	now := time.Now().UTC().Truncate(time.Second)
	archived := f.o.Archive.(*archive.Folder)
	var entries []card.Entry
	files := map[card.Number][]byte{}
	for i, address := range addresses {
		n, err := card.NewNumber(rand.Reader)
		if err != nil {
			f.t.Fatal(err)
		}
		e := card.Entry{
			Record: card.Record{
				Card:  card.Card{Issuer: f.o.URL, Number: n, IssuedAt: now.AddDate(-2, 0, 0), ExpiresAt: now.Add(time.Duration(days)*24*time.Hour - time.Hour), Name: fmt.Sprintf("Zoë Learner %d", i), Course: "BLS"},
				KeyID: "abcdefghijk", Digest: sha256.Sum256([]byte(n)), Qualification: card.Qualification{Title: "Basic Life Support", Meets: []string{"BLS"}},
				Completed: card.DateOf(now.AddDate(-2, 0, 0)), IssuedOn: card.DateOf(now.AddDate(-2, 0, 0)), ExpiresOn: card.DateOf(now.AddDate(0, 0, days)), Instructor: "R. Adeyemi",
			},
			Learner: card.Learner{ID: batch + fmt.Sprint(i), Email: address},
		}
		entries, files[n] = append(entries, e), []byte("%PDF-1.7 of "+string(n))
	}
	sums, err := archived.Put(f.t.Context(), files)
	if err == nil {
		err = f.o.Register.Plan(f.t.Context(), card.Intention{Batch: batch, Actor: "office", At: now, Entries: entries})
	}
	var done []card.Finished
	var numbers []card.Number
	for _, e := range entries {
		done = append(done, card.Finished{Number: e.Number, Digest: e.Digest, Token: "token." + string(e.Number), SHA256: sums[e.Number]})
		numbers = append(numbers, e.Number)
	}
	if err == nil {
		err = f.o.Register.MarkIssued(f.t.Context(), "office", now, done)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return numbers
}

// queue queues the mails of a batch, but makes no jobs: the worker finds them.
func (f *office) queue(batch string) {
	f.t.Helper()
	cards, err := f.o.Register.CardsToMail(f.t.Context(), batch)
	if err != nil {
		f.t.Fatal(err)
	}
	var mails []register.NewMail
	for i := range cards {
		event, kind := register.IssueEvent(&cards[i])
		mails = append(mails, register.NewMail{Event: event, Kind: kind, Number: cards[i].Number, Address: cards[i].Learner.Email, Language: "en"})
	}
	if _, err := f.o.Register.QueueMails(f.t.Context(), mails, "office", f.o.Now()); err != nil {
		f.t.Fatal(err)
	}
}

// once runs a worker until all that can be sent now was tried.
func (f *office) once() {
	f.t.Helper()
	w, err := work.Open(f.t.Context(), f.o)
	if err != nil {
		f.t.Fatal(err)
	}
	defer w.Close()
	if err := w.RunOnce(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

func (f *office) mails(filter register.MailFilter) []register.Mail {
	f.t.Helper()
	mails, err := f.o.Register.Mails(f.t.Context(), filter)
	if err != nil {
		f.t.Fatal(err)
	}
	return mails
}

func (f *office) stateOf(n card.Number) register.Mail {
	f.t.Helper()
	mails := f.mails(register.MailFilter{Number: n})
	if len(mails) != 1 {
		f.t.Fatalf("card %s has %d mails, want 1", n, len(mails))
	}
	return mails[0]
}

func addresses(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("ok-%d@example.org", i)
	}
	return all
}
