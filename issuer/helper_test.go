package issuer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer/course"
	"github.com/cardproof/cardproof/issuer/pdf"
	"github.com/cardproof/cardproof/issuer/roster"
	"github.com/cardproof/cardproof/issuer/seal"
	"github.com/cardproof/cardproof/keys"
)

const testURL = "https://cards.example.org"

var testNow = time.Date(2026, time.November, 21, 8, 0, 0, 0, time.UTC)

// bench is an issuer with a real register, real keys and a real archive in a temporary folder.
type bench struct {
	*Issuer
	db   *register.DB
	keys string
	dir  string
}

func newBench(t testing.TB) *bench {
	t.Helper()
	dir := t.TempDir()
	db, err := register.Create(t.Context(), filepath.Join(dir, "register.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	catalogue, err := course.New([]course.Course{{Code: "BLS", Title: "Basic Life Support", Level: "healthcare provider",
		Meets: []string{"BLS", "CPR"}, Validity: course.Validity{Months: 24, Until: course.UntilEndOfMonth}, Pass: course.Pass{Score: 84}}})
	if err != nil {
		t.Fatal(err)
	}
	drawer, err := pdf.NewDrawer(pdf.Centre{Name: "Riverside Training", CheckAt: "cards.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{db: db, dir: dir, keys: filepath.Join(dir, "keys")}
	b.Issuer = New(Options{
		URL: testURL, VerifyURL: testURL, Location: time.UTC, Catalogue: catalogue, StatusList: true, Register: db, Recorder: db,
		Archive: archive.NewFolder(filepath.Join(dir, "cards")), Drawer: drawer, Actor: "tester", Now: func() time.Time { return testNow },
	})
	b.newKey(t)
	return b
}

// newKey gives the issuer a first key in a folder of its own.
func (b *bench) newKey(t testing.TB) {
	t.Helper()
	b.keys += "+"
	if err := os.Mkdir(b.keys, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := CreateKey(t.Context(), b.keys, testURL, keys.Cards, nil, testNow); err != nil {
		t.Fatal(err)
	}
	var err error
	if b.Keys, err = keys.Load(filepath.Join(b.keys, keys.FileName)); err != nil {
		t.Fatal(err)
	}
	if b.Key, err = OpenKey(b.keys, b.Keys, testURL, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := CreateDocumentKey(t.Context(), b.keys, "Riverside Training", nil, testNow); err != nil {
		t.Fatal(err)
	}
	if b.Sealer, err = OpenSealer(DocumentKey{Dir: b.keys}, seal.Options{Name: "Riverside Training", Reason: "a test"}, nil, testNow); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) out(name string) Delivery { return Delivery{Dir: filepath.Join(b.dir, name)} }

func (b *bench) plan(t testing.TB, n int) *Plan {
	t.Helper()
	var text strings.Builder
	text.WriteString("name,email,course,completed,score,instructor,learner_id\n")
	for i := range n {
		fmt.Fprintf(&text, "Łucja Nowák %c,l%d@example.org,BLS,2026-11-07,90,Ruth Adeyemi,L%d\n", 'A'+i%26, i, i)
	}
	return b.prepare(t, text.String())
}

func (b *bench) prepare(t testing.TB, text string) *Plan {
	t.Helper()
	var o roster.Options
	if !strings.Contains(text, "instructor") { // else every plan would tell that the cards name none
		o.Set = []string{"instructor=Ruth Adeyemi"}
	}
	r, err := roster.Read(strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Prepare(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (b *bench) mustIssue(t testing.TB, p *Plan) *Result {
	t.Helper()
	r, err := b.Issue(t.Context(), p, b.out("out"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
