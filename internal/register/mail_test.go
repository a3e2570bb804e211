package register

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

func queueOne(t *testing.T, db *DB, n card.Number, address string) Mail {
	t.Helper()
	e := mustEntry(t, db, n)
	if address != "" && address != e.Learner.Email { // no mail goes to another address than the card's
		if err := db.Amend(t.Context(), []card.Amendment{{Number: n, Email: address, Actor: "office", Reason: "a test", At: noon}}); err != nil {
			t.Fatal(err)
		}
	}
	event, kind := IssueEvent(&e)
	if _, err := db.QueueMails(t.Context(), []NewMail{{Event: event, Kind: kind, Number: n, Address: address, Language: "en"}}, "office", noon); err != nil {
		t.Fatal(err)
	}
	return mailOfCard(t, db, n)
}

func mailOfCard(t *testing.T, db *DB, n card.Number) Mail {
	t.Helper()
	mails, err := db.Mails(t.Context(), MailFilter{Number: n})
	if err != nil || len(mails) != 1 {
		t.Fatalf("got %d mails of %s, %v; want 1", len(mails), n, err)
	}
	return mails[0]
}

func begin(t *testing.T, db *DB, m Mail) {
	t.Helper()
	if ok, err := db.BeginMail(t.Context(), m.ID, m.Turn, "worker", later); err != nil || !ok {
		t.Fatalf("begin: got %v, %v", ok, err)
	}
}

func TestMailOnceForAnEvent(t *testing.T) { onBoth(t, testMailOnceForAnEvent) }

func testMailOnceForAnEvent(t *testing.T, db *DB) {
	ada := learner(1)
	issue(t, db, "b", ada)
	first := queueOne(t, db, ada.Number, "ada@example.org")
	again, err := db.QueueMails(t.Context(), []NewMail{{Event: first.Event, Kind: MailIssued, Number: ada.Number, Address: "other@example.org", Language: "de"}}, "office", later)
	if err != nil || len(again) != 0 {
		t.Errorf("the same event again: got %v, %v; want none", again, err)
	}
	if got := mailOfCard(t, db, ada.Number); got != first || got.State != MailQueued || got.Turn != 1 {
		t.Errorf("got %+v, want it as it was: %+v", got, first)
	}
	var won atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if ok, err := db.BeginMail(t.Context(), first.ID, first.Turn, "worker", later); err != nil {
				t.Error(err)
			} else if ok {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 8 got the mail, want 1", won.Load())
	}
}

func TestMailEnds(t *testing.T) { onBoth(t, testMailEnds) }

func testMailEnds(t *testing.T, db *DB) {
	cards := learners(1, 4)
	issue(t, db, "b", cards...)
	ends := []MailState{MailAccepted, MailRefused, MailUnknown, MailGivenUp}
	for i, end := range ends {
		m := queueOne(t, db, cards[i].Number, "a@example.org")
		begin(t, db, m)
		if err := db.MarkDot(t.Context(), m.ID, m.Turn, later); err != nil {
			t.Fatal(err)
		}
		if err := db.EndMail(t.Context(), m.ID, m.Turn, end, "words", "worker", later); err != nil {
			t.Fatal(err)
		}
		if err := db.EndMail(t.Context(), m.ID, m.Turn, MailQueued, "again", "worker", later); !errors.Is(err, ErrMailMoved) {
			t.Errorf("%s: ending it twice: got %v, want ErrMailMoved", end, err)
		}
		if ok, err := db.BeginMail(t.Context(), m.ID, m.Turn, "worker", later); ok || err != nil {
			t.Errorf("%s: beginning it again: got %v, %v", end, ok, err)
		}
		if got := mailOfCard(t, db, cards[i].Number); got.State != end || got.Words != "words" || got.Attempts != 1 {
			t.Errorf("got %+v, want it %s", got, end)
		}
	}
	events, err := db.MailHistory(t.Context(), cards[0].Number)
	if err != nil || len(events) != 3 || events[0].State != MailQueued || events[1].State != MailSending || events[2].State != MailAccepted {
		t.Errorf("history: got %v, %v", events, err)
	}
}

// After a crash, only a mail of which the final dot can't have been sent goes out again.
func TestRecoverMails(t *testing.T) { onBoth(t, testRecoverMails) }

func testRecoverMails(t *testing.T, db *DB) {
	cards := learners(1, 4)
	issue(t, db, "b", cards...)
	var mails []Mail
	for _, c := range cards {
		mails = append(mails, queueOne(t, db, c.Number, "a@example.org"))
	}
	begin(t, db, mails[0])
	begin(t, db, mails[1])
	if err := db.MarkDot(t.Context(), mails[1].ID, 1, later); err != nil {
		t.Fatal(err)
	}
	unknown, err := db.RecoverMails(t.Context(), map[int64]int64{mails[1].ID: 1, mails[2].ID: 1, mails[3].ID: 7}, "worker", later)
	if err != nil || unknown != 1 {
		t.Errorf("got %d unknown, %v; want 1", unknown, err)
	}
	for i, want := range []struct {
		state MailState
		turn  int64
	}{{MailQueued, 2}, {MailUnknown, 1}, {MailQueued, 2}, {MailQueued, 1}} {
		if got := mailOfCard(t, db, cards[i].Number); got.State != want.state || got.Turn != want.turn {
			t.Errorf("mail %d: got %s in turn %d, want %s in turn %d", i, got.State, got.Turn, want.state, want.turn)
		}
	}
	// What the dead run did late counts no more.
	if err := db.MarkDot(t.Context(), mails[0].ID, 1, later); !errors.Is(err, ErrMailMoved) {
		t.Errorf("the old turn: got %v, want ErrMailMoved", err)
	}
	if err := db.EndMail(t.Context(), mails[0].ID, 1, MailAccepted, "", "worker", later); !errors.Is(err, ErrMailMoved) {
		t.Errorf("the old turn: got %v, want ErrMailMoved", err)
	}
}

func TestResendMails(t *testing.T) { onBoth(t, testResendMails) }

func testResendMails(t *testing.T, db *DB) {
	ada, bob := learner(1), entry("L2", "", "Bob")
	issue(t, db, "b", ada, bob)
	one, none := queueOne(t, db, ada.Number, "old@example.org"), queueOne(t, db, bob.Number, "")
	if none.State != MailNoAddress {
		t.Errorf("without an address got %s", none.State)
	}
	if got, err := db.ResendMails(t.Context(), []int64{one.ID, none.ID}, "office", later); err != nil || len(got) != 0 {
		t.Errorf("a queued mail and one without an address: got %v, %v; want neither again", got, err)
	}
	begin(t, db, one)
	if err := db.EndMail(t.Context(), one.ID, 1, MailAccepted, "ok", "worker", later); err != nil {
		t.Fatal(err)
	}
	if err := db.Amend(t.Context(), []card.Amendment{{Number: ada.Number, Email: ada.Learner.Email, Actor: "office", Reason: "a test", At: later}}); err != nil {
		t.Fatal(err)
	}
	got, err := db.ResendMails(t.Context(), []int64{one.ID}, "office", later)
	if err != nil || len(got) != 1 || got[0].Turn != 2 || got[0].Copy != 1 || got[0].Address != ada.Learner.Email || got[0].Attempts != 0 {
		t.Errorf("got %+v, %v; want another turn and copy, to the learner's address", got, err)
	}
}

func TestCardsToMail(t *testing.T) { onBoth(t, testCardsToMail) }

func testCardsToMail(t *testing.T, db *DB) {
	all := learners(1, 4)
	issue(t, db, "out", all...)
	held := learner(9)
	planHeld(t, db, "held", held)
	prove(t, db, held)
	change(t, db, all[1].Number, card.Suspended)
	change(t, db, all[2].Number, card.Revoked)
	queueOne(t, db, all[3].Number, "a@example.org")
	got, err := db.CardsToMail(t.Context(), "out")
	if err != nil || len(got) != 1 || got[0].Number != all[0].Number {
		t.Errorf("got %v, %v; want the one that is in force and has no mail", numbersOf(got), err)
	}
	if got, err := db.CardsToMail(t.Context(), "held"); err != nil || len(got) != 0 {
		t.Errorf("a held batch: got %v, %v; want none", numbersOf(got), err)
	}
	if _, err := db.CardsToMail(t.Context(), "nowhere"); !errors.Is(err, card.ErrNoBatch) {
		t.Errorf("got %v, want ErrNoBatch", err)
	}
}

func TestCardsToRemind(t *testing.T) { onBoth(t, testCardsToRemind) }

func testCardsToRemind(t *testing.T, db *DB) {
	now := noon.AddDate(2, 0, 0) // when the cards of learner end
	at := func(e card.Entry, days int) card.Entry {
		e.ExpiresAt = now.Add(time.Duration(days) * 24 * time.Hour)
		return e
	}
	soon, stopped, revoked, far, past, bare := at(learner(1), 20), at(learner(2), 20), at(learner(3), 20), at(learner(4), 31), at(learner(5), 7), at(entry("L6", "", "Six"), 20)
	short := at(learner(7), 20)
	short.IssuedAt = now.Add(-5 * 24 * time.Hour) // it had only 25 days in all
	renewed := at(learner(8), 20)
	issue(t, db, "b", soon, stopped, revoked, far, past, bare, short, renewed)
	renewal := learner(8)
	renewal.Completed, renewal.Renews = card.Date{Year: 2028, Month: 11, Day: 1}, renewed.Number
	renewal.ExpiresAt = now.AddDate(2, 0, 0)
	issue(t, db, "c", renewal)
	change(t, db, revoked.Number, card.Revoked)
	if err := db.StopReminders(t.Context(), strings.ToUpper(stopped.Learner.Email), "the learner", now); err != nil {
		t.Fatal(err)
	}
	got, err := db.CardsToRemind(t.Context(), 30, 7, now)
	if err != nil || len(got) != 1 || got[0].Number != soon.Number {
		t.Errorf("got %v, %v; want the first alone", numbersOf(got), err)
	}
	if _, err := db.QueueMails(t.Context(), []NewMail{{Event: ReminderEvent(30, soon.Number), Kind: MailReminder, Number: soon.Number, Address: "a@b.org", Language: "en"}}, "w", now); err != nil {
		t.Fatal(err)
	}
	if got, err := db.CardsToRemind(t.Context(), 30, 7, now); err != nil || len(got) != 0 {
		t.Errorf("once reminded: got %v, %v; want none", numbersOf(got), err)
	}
}

func TestStopBySecret(t *testing.T) { onBoth(t, testStopBySecret) }

func testStopBySecret(t *testing.T, db *DB) {
	if err := db.NewStopLink(t.Context(), "secret", "ada@example.org", noon); err != nil {
		t.Fatal(err)
	}
	if known, err := db.StopBySecret(t.Context(), "another", noon); known || err != nil {
		t.Errorf("another secret: got %v, %v", known, err)
	}
	if wants, err := db.WantsReminders(t.Context(), "ada@example.org"); !wants || err != nil {
		t.Errorf("before: got %v, %v", wants, err)
	}
	for range 2 {
		if known, err := db.StopBySecret(t.Context(), "secret", noon); !known || err != nil {
			t.Errorf("the secret: got %v, %v", known, err)
		}
	}
	if wants, err := db.WantsReminders(t.Context(), "Ada@example.org"); wants || err != nil {
		t.Errorf("after: got %v, %v", wants, err)
	}
}

// Another program that writes into the file is refused as well.
func TestMailTriggers(t *testing.T) { onBoth(t, testMailTriggers) }

func testMailTriggers(t *testing.T, db *DB) {
	cards := learners(1, 2)
	issue(t, db, "b", cards...)
	accepted, dot := queueOne(t, db, cards[0].Number, "a@example.org"), queueOne(t, db, cards[1].Number, "b@example.org")
	begin(t, db, accepted)
	begin(t, db, dot)
	if err := errors.Join(db.EndMail(t.Context(), accepted.ID, 1, MailAccepted, "", "w", later), db.MarkDot(t.Context(), dot.ID, 1, later)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ statement, want string }{
		{"UPDATE mails SET state = 'queued' WHERE id = 1", "can not move"},
		{"UPDATE mails SET event = 'x' WHERE id = 1", "can not move"},
		{"UPDATE mails SET turn = 0 WHERE id = 1", "can not move"},
		{"UPDATE mails SET address = 'x@y.z' WHERE id = 1", "can not move"},
		{"UPDATE mails SET state = 'queued', phase = '', turn = 2 WHERE id = 2", "can not move"},
		{"UPDATE mails SET phase = 'begun' WHERE id = 2", "can not move"},
		{"DELETE FROM mails", "never deleted"},
		{"INSERT OR REPLACE INTO mails SELECT 9, event, kind, number, address, language, 'queued', '', turn, copy, attempts, words, queued_at, changed_at FROM mails WHERE id = 1", "once for its event"},
		{"INSERT INTO mails SELECT 9, 'x', kind, number, address, language, 'accepted', '', turn, copy, attempts, words, queued_at, changed_at FROM mails WHERE id = 1", "begins as queued"},
		{"DELETE FROM mail_events", "never deleted"},
		{"UPDATE mail_events SET words = 'x'", "never changed"},
		{"INSERT OR REPLACE INTO mail_events SELECT seq, at, mail, 'x', state, words FROM mail_events", "never changed"},
	} {
		if err := forge(db, c.statement); !refusedFor(err, c.want) {
			t.Errorf("%s: got %v, want a refusal with %q", c.statement, err, c.want)
		}
	}
}
