package register

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

func TestSQLite(t *testing.T) {
	t.Parallel()
	testRegister(t, func(t *testing.T) *DB { return newDB(t) })
}

// testRegister is what every register has to do, on whatever database.
func testRegister(t *testing.T, open func(t *testing.T) *DB) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, db *DB)
	}{
		{"round trip", testRoundTrip}, {"plan is all or nothing", testPlanAllOrNothing}, {"plan refuses", testPlanRefuses},
		{"plan again", testReplan}, {"mark issued", testMarkIssued}, {"moves", testMoves}, {"queued", testQueued}, {"replace", testReplace},
		{"replacement meets a withdrawn card", testReplaceWithdrawn}, {"writes demand actor and reason", testDemands},
		{"counts", testCounts}, {"status slots", testStatusSlots}, {"status lists", testStatusLists},
		{"find learners", testFindLearners}, {"find learners through replacements", testFindReplaced},
		{"one card for each learner", testOneForEachLearner}, {"a card that was given up", testGivenUp},
		{"catalogue", testCatalogue}, {"requirements", testRequirements}, {"the latest time", testLatest}, {"plan again by another catalogue", testReplanCatalogue},
		{"renewal", testRenewal}, {"mark proved", testMarkProved}, {"a proved card is given up", testGiveUpProved},
		{"release", testRelease}, {"release replaces", testReleaseReplaces}, {"release refuses", testReleaseRefuses},
		{"discard", testDiscard}, {"discard refuses", testDiscardRefuses}, {"change a batch", testChangeBatch},
		{"change a batch with replaced cards", testChangeBatchReplaced}, {"batches", testBatches},
		{"find cards", testFindCards}, {"find a class", testFindClass}, {"batches demand actor and reason", testBatchDemands},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t))
		})
	}
}

func testRoundTrip(t *testing.T, db *DB) {
	ctx := t.Context()
	slots, err := db.ReserveStatus(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := entry("L1", "Zoe@Example.org ", "Zoë O’Connell-Byrne 王")
	want.Status = slots[0].Ref(issuer)
	want.NotBefore = noon.Add(24 * time.Hour)
	want.Evidence, want.Catalogue = "external: ILS of Riverside College", `{"code":"BLS"}`
	plan(t, db, "b1", want)

	want.State, want.RecordedAt, want.ChangedAt, want.Batch = card.Planned, noon, noon, "b1"
	want.Learner.Email = "zoe@example.org"
	if got := mustEntry(t, db, want.Number); !reflect.DeepEqual(got, want) {
		t.Errorf("planned:\n got %+v\nwant %+v", got, want)
	}
	unfinished, err := db.Unfinished(ctx)
	if err != nil || !reflect.DeepEqual(unfinished, []card.Entry{want}) {
		t.Errorf("unfinished: got %+v, %v", unfinished, err)
	}

	f := finished(want)
	if err := db.MarkIssued(ctx, "night shift", later, []card.Finished{f}); err != nil {
		t.Fatal(err)
	}
	want.State, want.ChangedAt, want.Token, want.SHA256 = card.Issued, later, f.Token, f.SHA256
	if got := mustEntry(t, db, want.Number); !reflect.DeepEqual(got, want) {
		t.Errorf("issued:\n got %+v\nwant %+v", got, want)
	}
	got, ok, err := db.FindRecord(ctx, want.Number)
	if err != nil || !ok || !reflect.DeepEqual(got, want.Record) {
		t.Errorf("record: ok %v, err %v\n got %+v\nwant %+v", ok, err, got, want.Record)
	}
	if _, ok, err := db.FindRecord(ctx, newNumber()); ok || err != nil {
		t.Errorf("record of an unknown number: got %v, %v", ok, err)
	}
	if _, ok, err := db.FindEntry(ctx, newNumber()); ok || err != nil {
		t.Errorf("entry of an unknown number: got %v, %v", ok, err)
	}
	events, err := db.History(ctx, want.Number)
	wantEvents := []card.Event{
		{At: noon, Number: want.Number, Actor: "office", Action: "planned", Reason: "the name was misspelt",
			Detail: "prerequisites: external: ILS of Riverside College"},
		{At: later, Number: want.Number, Actor: "night shift", Action: "issued"},
	}
	if err != nil || !reflect.DeepEqual(events, wantEvents) {
		t.Errorf("history: %v\n got %+v\nwant %+v", err, events, wantEvents)
	}
	if unfinished, err := db.Unfinished(ctx); err != nil || len(unfinished) != 0 {
		t.Errorf("unfinished after the end: got %+v, %v", unfinished, err)
	}
}

func testPlanAllOrNothing(t *testing.T, db *DB) {
	first := learners(0, 3)
	plan(t, db, "b1", first...)
	again := append(learners(10, 2), learner(1)) // the last one is there already
	err := db.Plan(t.Context(), intention("b2", again...))
	if !errors.Is(err, card.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
	unfinished, err := db.Unfinished(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got, want []card.Number
	for _, e := range unfinished {
		got = append(got, e.Number)
	}
	for _, e := range first {
		want = append(want, e.Number)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v in this order", got, want)
	}
	plan(t, db, "b2", again[:2]...) // not even the batch was left behind

	same := learner(20)
	same.Number = first[0].Number
	if err := db.Plan(t.Context(), intention("b3", same)); !errors.Is(err, card.ErrConflict) {
		t.Errorf("a number twice: got %v, want ErrConflict", err)
	}
	if err := db.Plan(t.Context(), intention("b1", learner(21))); err == nil || errors.Is(err, card.ErrConflict) {
		t.Errorf("a batch twice: got %v, want an error of its own", err)
	}
}

func testPlanRefuses(t *testing.T, db *DB) {
	for _, c := range []struct {
		name  string
		spoil func(*card.Entry)
	}{
		{"a wrong number", func(e *card.Entry) { e.Number = "000000000001" }},
		{"no name", func(e *card.Entry) { e.Name = "" }},
		{"no key", func(e *card.Entry) { e.KeyID = "" }},
		{"no digest", func(e *card.Entry) { e.Digest = [32]byte{} }},
		{"no day of completion", func(e *card.Entry) { e.Completed = card.Date{} }},
		{"a token", func(e *card.Entry) { e.Token = "x" }},
		{"a successor", func(e *card.Entry) { e.ReplacedBy = newNumber() }},
		{"a status slot that nobody reserved", func(e *card.Entry) { e.Status = card.StatusSlot{List: 1, Index: 7}.Ref(issuer) }},
		{"an unknown card to replace", func(e *card.Entry) { e.Replaces = newNumber() }},
		{"an unknown card to renew", func(e *card.Entry) { e.Renews = newNumber() }},
		{"itself to renew", func(e *card.Entry) { e.Renews = e.Number }},
		{"an entry of the catalogue that is no JSON", func(e *card.Entry) { e.Catalogue = "BLS" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := learner(1)
			c.spoil(&e)
			in := intention("b", e)
			in.Reason = "a test"
			if err := db.Plan(t.Context(), in); err == nil {
				t.Error("got nil, want an error")
			}
		})
	}
	if counts, err := db.KeyUses(t.Context()); err != nil || len(counts) != 0 {
		t.Errorf("got %v, %v, want no card", counts, err)
	}
}

func testReplan(t *testing.T, db *DB) {
	ctx := t.Context()
	e := learner(1)
	plan(t, db, "b1", e)
	e.KeyID, e.Digest, e.IssuedAt = "another-key", [32]byte{1}, later
	e.Qualification.Meets = nil
	if err := db.Replan(ctx, "night shift", later, []card.Entry{e}); err != nil {
		t.Fatal(err)
	}
	got := mustEntry(t, db, e.Number)
	if got.KeyID != e.KeyID || got.Digest != e.Digest || !got.IssuedAt.Equal(later) || len(got.Qualification.Meets) != 0 || got.State != card.Planned ||
		!got.RecordedAt.Equal(later) {
		t.Errorf("got %+v", got)
	}
	// A clock that was set back makes no record older.
	if err := db.Replan(ctx, "night shift", noon, []card.Entry{e}); err != nil {
		t.Fatal(err)
	}
	if got := mustEntry(t, db, e.Number).RecordedAt; !got.Equal(later) {
		t.Errorf("planned again by a clock that was set back: recorded at %s, want %s", got, later)
	}
	other := e
	other.Name = "Somebody Else"
	if err := db.Replan(ctx, "night shift", later, []card.Entry{other}); err == nil {
		t.Error("another holder: got nil, want an error")
	}
	if err := db.Replan(ctx, "night shift", later, []card.Entry{learner(2)}); !errors.Is(err, card.ErrNotFound) {
		t.Errorf("an unknown card: got %v, want ErrNotFound", err)
	}
	stale := finished(e)
	stale.Digest = [32]byte{9}
	if err := db.MarkIssued(ctx, "office", later, []card.Finished{stale}); !errors.Is(err, card.ErrConflict) {
		t.Errorf("issued with the digest of before: got %v, want ErrConflict", err)
	}
	if err := db.MarkIssued(ctx, "office", later, []card.Finished{finished(e)}); err != nil {
		t.Fatal(err)
	}
	if err := db.Replan(ctx, "office", later, []card.Entry{e}); !errors.Is(err, card.ErrConflict) {
		t.Errorf("an issued card: got %v, want ErrConflict", err)
	}
	if got, want := actions(t, db, e.Number), []string{"planned", "planned again", "planned again", "issued"}; !slices.Equal(got, want) {
		t.Errorf("history: got %v, want %v", got, want)
	}
}

func testMarkIssued(t *testing.T, db *DB) {
	ctx := t.Context()
	a, b, c := learner(1), learner(2), learner(3)
	plan(t, db, "b1", a, b, c)
	if err := db.MarkIssued(ctx, "office", later, []card.Finished{finished(a), finished(learner(9))}); !errors.Is(err, card.ErrNotFound) {
		t.Errorf("an unknown card in the group: got %v, want ErrNotFound", err)
	}
	if got := mustEntry(t, db, a.Number).State; got != card.Planned {
		t.Errorf("its neighbour: got %s, want planned", got)
	}
	for range 2 { // the second time it changes nothing
		if err := db.MarkIssued(ctx, "office", later, []card.Finished{finished(a), finished(b)}); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := actions(t, db, a.Number), []string{"planned", "issued"}; !slices.Equal(got, want) {
		t.Errorf("history: got %v, want %v", got, want)
	}
	other := finished(a)
	other.Token = "another token"
	var move *card.MoveError
	if err := db.MarkIssued(ctx, "office", later, []card.Finished{other}); !errors.As(err, &move) || move.From != card.Issued {
		t.Errorf("with another token: got %v, want a MoveError from issued", err)
	}
	broken := finished(c)
	broken.SHA256 = "x"
	if err := db.MarkIssued(ctx, "office", later, []card.Finished{broken}); err == nil {
		t.Error("without a file's hash: got nil, want an error")
	}
}
