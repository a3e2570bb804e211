package pdf

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/picture"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/scan"
)

// sampleCatalogue is a frozen entry of the register.
const sampleCatalogue = `{"code":"BLS","title":"Basic Life Support","validity":{"months":24,"until":"end_of_month"},"hours":4.5,"credits":4}`

// fullCentre has everything that a design may show.
func fullCentre(t testing.TB) Centre {
	t.Helper()
	c := sampleCentre
	c.ID, c.Address, c.Signatory, c.SignatoryTitle = "TC-10482", "18 Quayside, Riverside 94110", "Dr. Helena Brandt", "Medical Director"
	for file, to := range map[string]**picture.Picture{"logo.svg": &c.Logo, "signature.svg": &c.Signature} {
		p, err := picture.Load(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		*to = p
	}
	return c
}

func full(t testing.TB, name string) Content {
	t.Helper()
	c := sample(t, name, "BLS", "Basic Life Support", "healthcare provider")
	c.Catalogue = sampleCatalogue
	c.Record.Completed = card.Date{Year: 2026, Month: time.November, Day: 7}
	c.Record.Qualification.Trained = "Give CPR with bag-mask ventilation and an AED as a healthcare provider, alone and in a team."
	c.Record.Qualification.Meets = []string{"BLS", "CPR"}
	c.Token = "eyJhbGciOiJFZERTQSJ9.e30.AAAA"
	return c
}

var allPages = []string{design.Certificate, design.Wallet, design.Back}

func newLook(t testing.TB, name string, centre Centre, paper design.Size, pages ...string) *Drawer {
	t.Helper()
	look, err := design.Shipped(name, design.Brand{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(Options{Centre: centre, Design: look, Pages: pages, Paper: paper})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func lines(t testing.TB, file string) []string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// checkSaid draws a card and reads it again; its name has to be on so many pages.
func checkSaid(t *testing.T, d *Drawer, c Content, times int) {
	t.Helper()
	name := c.Record.Name
	fields, err := d.Says(c)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	file, err := d.Draw(c)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	doc, err := scan.Read(file)
	if err != nil || len(doc.Pages) != len(d.names) {
		t.Fatalf("%s: got %d pages, %v", name, len(doc.Pages), err)
	}
	want, named := make([]string, len(d.names)), 0
	for _, f := range fields {
		for _, l := range f.Lines {
			want[f.Page] += l
		}
		if slices.Equal(f.Fields, []string{"name"}) && f.Text == name {
			named++
		}
	}
	if named != times {
		t.Errorf("%s: got the name on %d pages, want %d", name, named, times)
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	for n, p := range doc.Pages {
		if got, want := squeeze(p.Text), squeeze(want[n]); got != want {
			t.Errorf("%s, page %d:\n got %s\nwant %s", name, n, got, want)
		}
	}
}

// Every field that the contract asks for is on the pages of each design, and the token in the file.
func TestPagesShowEverything(t *testing.T) {
	for _, look := range assets.Designs() {
		c := full(t, "Li")
		d := newLook(t, look, fullCentre(t), design.Letter, allPages...)
		fields, err := d.Says(c)
		if err != nil {
			t.Fatal(err)
		}
		said := map[string]bool{}
		for _, f := range fields {
			for _, one := range f.Fields {
				said[one] = true
			}
		}
		for _, f := range design.Fields() {
			if !said[f] && f != "logo" && f != "signature" && f != "days" && f != "trained" {
				t.Errorf("%s shows no %s", look, f)
			}
		}
		file, err := d.Draw(c)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := scan.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(doc.Attachments) != 1 || doc.Attachments[0].Name != "card.jwt" || string(doc.Attachments[0].Data) != c.Token {
			t.Errorf("%s: got the attachments %q", look, doc.Attachments)
		}
		for n, p := range doc.Pages[:2] {
			if len(p.Codes) != 1 || p.Codes[0].Text != c.URL || p.Codes[0].Link != c.URL {
				t.Errorf("%s, page %d: got the codes %+v", look, n, p.Codes)
			}
		}
		for _, want := range []string{"/MediaBox [0 0 792.00 612.00]", "/AFRelationship /Data", "/Subtype /application#2Fjwt", "/Lang (en)"} {
			if !bytes.Contains(file, []byte(want)) {
				t.Errorf("%s: the file has no %s", look, want)
			}
		}
	}
}

// golden are the digests of unsealed files: the same row and design give the same bytes on any machine. They change when a design or
// the drawing does, and with the standard library's compression; `go test -run TestSameBytes -v` prints the new ones.
var golden = map[string]string{
	"harbour": "1c3ebf0254dae032e03a273f23ff9c88bfdafcf51a6673a9a512c41f94d8b313",
	"laurel":  "c6c26c75bbbbbd75a7e37ae79f0729c4064532fd03d9a81ec1e2ab3f707008b9",
}

func TestSameBytes(t *testing.T) {
	for look, want := range golden {
		c := full(t, "Stanisława Βασιλεία محمد ज्योति 김")
		var d *Drawer
		for run := range 20 {
			if run%5 == 0 {
				d = newLook(t, look, fullCentre(t), design.A4, allPages...)
			}
			b, err := d.Draw(c)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprintf("%x", sha256.Sum256(b)); got != want {
				t.Fatalf("%s: got %s, want %s", look, got, want)
			}
		}
		var wg sync.WaitGroup
		for range 2 * runtime.GOMAXPROCS(0) {
			wg.Go(func() {
				for range 3 {
					b, err := d.Draw(c)
					if got := fmt.Sprintf("%x", sha256.Sum256(b)); err != nil || got != want {
						t.Errorf("%s in parallel: got %s, %v; want %s", look, got, err, want)
					}
				}
			})
		}
		wg.Wait()
	}
}

func TestWalletIsSmall(t *testing.T) {
	for _, look := range assets.Designs() {
		d := newLook(t, look, sampleCentre, design.A4, design.Wallet)
		for _, name := range lines(t, filepath.Join("testdata", "clean-names.txt")) {
			b, err := d.Draw(full(t, name))
			if err != nil || len(b) > 40_000 {
				t.Errorf("%s, %s: got %d bytes, %v; want at most 40 kB", look, name, len(b), err)
			}
		}
	}
}

// checkPlaces looks at where the ink of each line of a page lies.
func checkPlaces(t *testing.T, page *template, value func(string) string) {
	t.Helper()
	for _, i := range page.items {
		set, err := i.lay(value)
		if err != nil {
			t.Error(err)
			return
		}
		bottom, column := i.box[1]-i.lift-1, 0.0
		for _, s := range set {
			if s.rule != nil {
				continue
			}
			if s.size < s.Least-1e-9 || s.size > s.Size+1e-9 {
				t.Errorf("%s: %q is set in %.2f points", page.name, s.text, s.size)
			}
			if i.row && s.x > column { // the next column begins at the top again
				column, bottom = s.x, i.box[1]-1
			}
			y := s.y
			for n, l := range s.lines {
				if n > 0 {
					y += s.mm(s.step(n))
				}
				x := s.start(l) + s.mm(l.Left) // but for a hook that hangs out
				if end := s.start(l) + s.mm(l.Right); x < s.x-0.01 || end > s.x+s.width+0.35 || s.x < i.box[0] || s.x+s.width > i.box[0]+i.box[2]+0.01 {
					t.Errorf("%s: %q reaches from %.2f to %.2f mm, its place from %.2f to %.2f", page.name, l.Text, x, end, s.x, s.x+s.width)
				}
				if top := y - s.mm(min(l.Top, capHeight)); top < bottom-0.05 {
					t.Errorf("%s: %q begins at %.2f mm, the text above it ends at %.2f", page.name, l.Text, top, bottom)
				}
				bottom = y
			}
		}
		if last := i.box[1] + i.box[3]; len(set) > 0 && bottom > last+0.05 {
			t.Errorf("%s: %q ends at %.2f mm, its box at %.2f", page.name, set[len(set)-1].text, bottom, last)
		}
	}
}

// A specimen says so on every page, and no verifier takes what it holds for a token.
func TestSpecimenIsNoCard(t *testing.T) {
	c := full(t, "Alexandra Specimen")
	c.Token, c.URL = "", "https://cards.example.org/c/SPECIMEN-NO-CARD-"+strings.Repeat("99", 430)
	b, err := newLook(t, "laurel", fullCentre(t), design.A4, allPages...).Specimen(c)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := scan.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	for n, p := range doc.Pages {
		if !strings.Contains(p.Text, specimen) {
			t.Errorf("page %d does not say that it is a specimen: %s", n, p.Text)
		}
	}
	raw := verify.ReadInput(doc.Pages[0].Codes[0].Text).Token
	_, err = token.Open(raw, func(string) (token.PublicKey, bool) { return token.PublicKey{}, false })
	var refused *token.Error
	if !errors.As(err, &refused) || refused.Class != token.Malformed {
		t.Errorf("a verifier says %v of the specimen, want malformed", err)
	}
}

// The ink of a name touches neither what is above it nor the course below, in whatever script and size.
func TestNamesKeepTheirDistance(t *testing.T) {
	for _, look := range assets.Designs() {
		d := newLook(t, look, sampleCentre, design.A4, design.Certificate, design.Wallet)
		for _, name := range lines(t, filepath.Join("typeface", "testdata", "names.txt")) {
			for _, name := range []string{name, name + " " + name} {
				if d.CheckName(name) != nil {
					continue
				}
				for _, page := range d.names {
					for _, i := range d.pages[page].items {
						if i.stack {
							checkInk(t, i, d.values(full(t, name)))
						}
					}
				}
			}
		}
	}
}

func checkInk(t *testing.T, i *item, value func(string) string) {
	t.Helper()
	set, err := i.lay(value)
	if err != nil {
		t.Error(err)
		return
	}
	bottom, latin := i.box[1]-i.lift-0.9, false
	for _, s := range set {
		y := s.y
		for n, l := range s.lines {
			if n > 0 {
				y += s.mm(s.step(n))
			}
			if top := y - s.mm(l.Top); top < bottom && !(latin && l.Latin) {
				t.Errorf("%q: its ink begins at %.2f mm, that above it ends at %.2f", l.Text, top, bottom)
			}
			bottom, latin = y+s.mm(l.Bottom), l.Latin
		}
	}
}
