package register

import (
	"errors"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// A correction of a card reaches its mails that nobody has got yet, in the same transaction, and no other.
func TestCorrectionReachesMails(t *testing.T) { onBoth(t, testCorrectionReachesMails) }

func testCorrectionReachesMails(t *testing.T, db *DB) {
	cards := learners(1, 5)
	issue(t, db, "b", cards...)
	var mails []Mail
	for _, c := range cards {
		mails = append(mails, queueOne(t, db, c.Number, c.Learner.Email))
	}
	for _, i := range []int{1, 2, 3} {
		begin(t, db, mails[i])
	}
	for _, i := range []int{2, 3} {
		if err := db.MarkDot(t.Context(), mails[i].ID, 1, later); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.EndMail(t.Context(), mails[3].ID, 1, MailAccepted, "ok", "worker", later); err != nil {
		t.Fatal(err)
	}
	key := keyOf(cards[2])
	secret := must(db.NewLink(t.Context(), key, "worker", later))(t) // in the mail that may be with the stranger
	for i, c := range cards[:4] {
		if err := db.Amend(t.Context(), []card.Amendment{{Number: c.Number, Email: "new@example.org", Language: "pl", Actor: "office", Reason: "misspelt", At: later}}); err != nil {
			t.Fatal(err)
		}
		if err := db.MarkDot(t.Context(), mails[i].ID, 1, later); !errors.Is(err, ErrMailMoved) {
			t.Errorf("mail %d: the dot of the turn before: got %v, want ErrMailMoved", i, err)
		}
	}
	for i, want := range []struct {
		state    MailState
		turn     int64
		address  string
		language string
	}{
		{MailQueued, 2, "new@example.org", "pl"}, {MailQueued, 2, "new@example.org", "pl"},
		{MailSending, 1, cards[2].Learner.Email, "en"}, {MailAccepted, 1, cards[3].Learner.Email, "en"}, {MailQueued, 1, cards[4].Learner.Email, "en"},
	} {
		if m := mailOfCard(t, db, cards[i].Number); m.State != want.state || m.Turn != want.turn || m.Address != want.address || m.Language != want.language {
			t.Errorf("mail %d: got %+v, want %+v", i, m, want)
		}
	}
	if astray, err := db.Misaddressed(t.Context()); err != nil || len(astray) != 1 || astray[0] != cards[3].Number {
		t.Errorf("mailed to the address before: got %v, %v; want %s alone", astray, err, cards[3].Number)
	}
	links, err := db.Links(t.Context(), []card.LearnerKey{key})
	if err != nil || len(links) != 1 || links[0].RevokedAt.IsZero() || links[0].Name != cards[2].Name || secret == "" {
		t.Errorf("the link of the mail that was being sent: got %+v, %v; want it revoked, and %s's", links, err, cards[2].Name)
	}
	if n, err := db.FollowCard(t.Context(), cards[0].Number, "worker", later); n != 0 || err != nil {
		t.Errorf("once more: got %d, %v; want nothing left to correct", n, err)
	}
}

// A mail that was left behind under another address does not begin.
func TestNoMailBeginsToAnotherAddress(t *testing.T) { onBoth(t, testNoMailBeginsToAnotherAddress) }

func testNoMailBeginsToAnotherAddress(t *testing.T, db *DB) {
	ada := learner(1)
	issue(t, db, "b", ada)
	if _, err := db.QueueMails(t.Context(), []NewMail{{Event: "x", Kind: MailIssued, Number: ada.Number, Address: "stranger@example.org", Language: "en"}}, "office", noon); err != nil {
		t.Fatal(err)
	}
	if ok, err := db.BeginMail(t.Context(), 1, 1, "worker", later); ok || err != nil {
		t.Errorf("got %v, %v; want false", ok, err)
	}
	if n, err := db.FollowCard(t.Context(), ada.Number, "worker", later); n != 1 || err != nil {
		t.Errorf("FollowCard: got %d, %v; want 1", n, err)
	}
	begin(t, db, mailOfCard(t, db, ada.Number))
}

// What is chosen by batch has the cards that took the place of others.
func TestMailsOfBatchFollowReplacements(t *testing.T) { onBoth(t, testMailsOfBatchFollowReplacements) }

func testMailsOfBatchFollowReplacements(t *testing.T, db *DB) {
	cards := learners(1, 2)
	issue(t, db, "b", cards...)
	anew := cards[0]
	anew.Number, anew.Replaces = newNumber(), cards[0].Number
	issue(t, db, "c", anew)
	queueOne(t, db, cards[1].Number, cards[1].Learner.Email)
	got, err := db.CardsToMail(t.Context(), "b")
	if err != nil || len(got) != 1 || got[0].Number != anew.Number {
		t.Errorf("to mail: got %v, %v; want the replacement", numbersOf(got), err)
	}
	none, err := db.Unmailed(t.Context(), later)
	if err != nil || len(none) != 1 || none[0] != (Unmailed{"c", 1}) {
		t.Errorf("without a mail: got %v, %v; want one card of c", none, err)
	}
	queueOne(t, db, anew.Number, anew.Learner.Email)
	if mails, err := db.Mails(t.Context(), MailFilter{Batch: "b"}); err != nil || len(mails) != 2 {
		t.Errorf("mails of b: got %d, %v; want 2", len(mails), err)
	}
	if _, err := db.Mails(t.Context(), MailFilter{Batch: "nowhere"}); !errors.Is(err, card.ErrNoBatch) {
		t.Errorf("got %v, want ErrNoBatch", err)
	}
	if none, err := db.Unmailed(t.Context(), later); err != nil || len(none) != 0 {
		t.Errorf("then without a mail: got %v, %v", none, err)
	}
}

func TestFirstAttempt(t *testing.T) { onBoth(t, testFirstAttempt) }

func testFirstAttempt(t *testing.T, db *DB) {
	ada := learner(1)
	issue(t, db, "b", ada)
	m := queueOne(t, db, ada.Number, ada.Learner.Email)
	if first, err := db.FirstAttempt(t.Context(), m.ID); !first.IsZero() || err != nil {
		t.Errorf("before: got %v, %v", first, err)
	}
	begin(t, db, m)
	if first, err := db.FirstAttempt(t.Context(), m.ID); !first.Equal(later) || err != nil {
		t.Errorf("got %v, %v; want %v", first, err, later)
	}
}

func TestStartReminders(t *testing.T) { onBoth(t, testStartReminders) }

func testStartReminders(t *testing.T, db *DB) {
	if err := db.StopReminders(t.Context(), "ada@example.org", "the learner", noon); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		if was, err := db.StartReminders(t.Context(), "Ada@example.org", "office", later); was != want || err != nil {
			t.Errorf("got %v, %v; want %v", was, err, want)
		}
	}
	if wants, err := db.WantsReminders(t.Context(), "ada@example.org"); !wants || err != nil {
		t.Errorf("after: got %v, %v", wants, err)
	}
}

func TestEndLink(t *testing.T) { onBoth(t, testEndLink) }

func testEndLink(t *testing.T, db *DB) {
	ada := learner(1)
	issue(t, db, "b", ada)
	first, second := must(db.NewLink(t.Context(), keyOf(ada), "w", noon))(t), must(db.NewLink(t.Context(), keyOf(ada), "w", noon))(t)
	if err := db.EndLink(t.Context(), first, "w", later); err != nil {
		t.Fatal(err)
	}
	links, err := db.Links(t.Context(), []card.LearnerKey{keyOf(ada)})
	if err != nil || len(links) != 2 || links[0].RevokedAt.IsZero() || !links[1].RevokedAt.IsZero() || second == first {
		t.Errorf("got %+v, %v; want the first revoked alone", links, err)
	}
}
