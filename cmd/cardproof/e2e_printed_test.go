//go:build e2e

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/pdf"
	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/verify/document"
	"github.com/cardproof/cardproof/verify/photo"
	"github.com/cardproof/cardproof/verify/seal"
)

// printedNames are of every way of writing that the cards have a typeface for, long and short, and of several at once.
var printedNames = []string{
	"Ana Bela", "Li", "Ana Carolina Vasconcelos de Albuquerque Cavalcanti Magalhães", "Wolfeschlegelsteinhausenbergerdorff Maximiliane Theodora",
	"Fiona Affleck Suffield", "O'Neill-Smith, Jr.", "Nguyễn Thị Ngọc Ánh", "Κωνσταντίνος Παπαδόπουλος", "Ґалаґан Надія Олександрівна", "ԱՆԻ Գրիգորյան", "ნინო ბერიძე",
	"محمد عبد الله العربي", "מִרְיָם כהן", "אבי כהן Smith", "राजेश कुमार शर्मा", "তানভীর রহমান", "முருகன் செல்வம்", "สมชาย ใจดี", "አበበ ቢቂላ",
	"王小明", "やまだ たろう", "山田 タロウ", "김민준", "Li 王小明",
}

// printer draws unsealed cards, as anybody can who has a PDF program.
type printer struct {
	t      *testing.T
	drawer *pdf.Drawer
}

// eachPrinter runs a test, for all of them at once, with the shipped designs and all sets of pages that have a code.
func eachPrinter(t *testing.T, test func(t *testing.T, look string, p printer)) {
	t.Helper()
	for look, drawer := range drawersAt(t, "http://localhost:8080") {
		t.Run(look, func(t *testing.T) {
			t.Parallel()
			test(t, look, printer{t, drawer})
		})
	}
}

// drawersAt print a place to check the cards at.
func drawersAt(t *testing.T, verifyURL string) map[string]*pdf.Drawer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, assets.Config(), 0o600); err != nil {
		t.Fatal(err)
	}
	all := map[string]*pdf.Drawer{}
	for _, name := range []string{"harbour", "laurel"} {
		for _, pages := range [][]string{{design.Wallet}, {design.Certificate}, {design.Wallet, design.Back, design.Certificate}} {
			a := &app{configPath: path, now: time.Now}
			c, err := a.load()
			if err != nil {
				t.Fatal(err)
			}
			c.Design.Name, c.Issuer.VerifyURL = name, verifyURL
			drawer, err := a.drawerOf(c, pages)
			if err != nil {
				t.Fatal(err)
			}
			all[name+" "+strings.Join(pages, " ")] = drawer
		}
	}
	return all
}

const printedURL = "http://localhost:8080/c/"

func printedRecord(t *testing.T, name string) card.Record {
	t.Helper()
	number, err := card.NewNumber(strings.NewReader("a number of chance"))
	if err != nil {
		t.Fatal(err)
	}
	return card.Record{
		Card:          card.Card{Issuer: "http://localhost:8080", Number: number, IssuedAt: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC), Name: name, Course: "BLS"},
		Qualification: card.Qualification{Title: "Basic Life Support", Level: "healthcare provider", Meets: []string{"BLS", "CPR"}},
		Completed:     card.Date{Year: 2026, Month: 11, Day: 7}, IssuedOn: card.Date{Year: 2026, Month: 11, Day: 21}, ExpiresOn: card.Date{Year: 2028, Month: 11, Day: 30},
		Instructor: "Dana Okafor", InstructorID: "I-2041",
	}
}

// compare draws a card and holds it against what was signed.
func (p printer) compare(drawn, signed card.Record) document.File {
	p.t.Helper()
	file, err := p.drawer.Draw(pdf.Content{Record: drawn, URL: printedURL + strings.Repeat("5476280914536271", 50)})
	if err != nil {
		p.t.Fatal(err)
	}
	f, err := document.Read(p.t.Context(), file, seal.Trust{}, time.Now(), photo.MaxMemory)
	if err != nil || len(f.Cards) != 1 {
		p.t.Fatalf("got %+v, %v; want one card", f, err)
	}
	f.Compare([]*card.Record{&signed}, "Example Training Centre", "http://localhost:8080", "https://cards-of-the-whole-region.example.org")
	return f
}

func namesIn(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || len(data) == 0 {
		t.Fatalf("got %d bytes, %v; want names", len(data), err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// A genuine card agrees with itself, in every script and on every page.
func TestGenuineCardsPrintWhatWasSigned(t *testing.T) {
	t.Parallel()
	eachPrinter(t, func(t *testing.T, look string, p printer) {
		for _, name := range printedNames {
			r := printedRecord(t, name)
			if got := p.compare(r, r); got.State != document.Unsealed {
				t.Errorf("%s: %s: got %s, %v, %+v", look, name, got.State, got.Why, got.Differences)
			}
		}
		if look == "harbour wallet" || look == "laurel certificate" { // the names that the drawing is tried with
			for _, list := range []string{"testdata/clean-names.txt", "typeface/testdata/names.txt"} {
				for _, name := range namesIn(t, filepath.Join("..", "..", "issuer", "pdf", filepath.FromSlash(list))) {
					r := printedRecord(t, name)
					if p.drawer.CheckName(name) != nil {
						continue // too long for a card
					}
					if got := p.compare(r, r); got.State != document.Unsealed {
						t.Errorf("%s: %s: got %s, %v, %+v", look, name, got.State, got.Why, got.Differences)
					}
				}
			}
		}
		for name, change := range map[string]func(*card.Record){
			"no expiry":      func(r *card.Record) { r.ExpiresOn = card.NoExpiry },
			"all on one day": func(r *card.Record) { r.Completed = r.IssuedOn },
			"a short course": func(r *card.Record) { r.Course, r.Qualification = "FA", card.Qualification{Title: "FA"} },
			"no level":       func(r *card.Record) { r.Qualification.Level = "" },
			"a course of two": func(r *card.Record) {
				r.Qualification.Title = "Basic Life Support for Healthcare Providers and Emergency Medical Services"
			},
			"a day within":    func(r *card.Record) { r.Qualification.Title = "Guidelines of 1 January 2025" },
			"no instructor":   func(r *card.Record) { r.Instructor, r.InstructorID = "", "" },
			"named as course": func(r *card.Record) { r.Name = "Basic Life" },
		} {
			r := printedRecord(t, "Ana Bela")
			change(&r)
			if got := p.compare(r, r); got.State != document.Unsealed {
				t.Errorf("%s: %s: got %s, %v, %+v", look, name, got.State, got.Why, got.Differences)
			}
		}
	})
}

// Whoever draws another line around a genuine code is told so.
func TestAlteredLinesAreTold(t *testing.T) {
	t.Parallel()
	other, err := card.NewNumber(strings.NewReader("another number of chance"))
	if err != nil {
		t.Fatal(err)
	}
	eachPrinter(t, func(t *testing.T, look string, p printer) {
		for _, tc := range []struct {
			line   string
			change func(*card.Record)
		}{
			{"holder", func(r *card.Record) { r.Name = "Eve Mallory" }},
			{"holder", func(r *card.Record) { r.Name = "Anna Bela" }},
			{"holder", func(r *card.Record) { r.Name = "Maximiliane Theodora Wolfeschlegelsteinhausen" }},
			{"holder", func(r *card.Record) { r.Name = "王小明" }},
			{"holder", func(r *card.Record) { r.Name = "محمد العربي" }},
			{"card number", func(r *card.Record) { r.Number = other }},
			{"card number", func(r *card.Record) { r.Number = r.Number[:11] + "!" }},
			{"course", func(r *card.Record) { r.Qualification.Title = "Advanced Life Support 2" }},
			{"valid through", func(r *card.Record) { r.ExpiresOn.Year = 2030 }},
			{"valid through", func(r *card.Record) { r.ExpiresOn.Day = 3 }},
			{"valid through", func(r *card.Record) { r.ExpiresOn = card.NoExpiry }},
			{"issued", func(r *card.Record) { r.IssuedOn.Year = 2027 }},
		} {
			signed := printedRecord(t, "Ana Bela")
			drawn := signed
			tc.change(&drawn)
			if drawn.Number[11] == '!' {
				drawn.Number = drawn.Number[:11] + "0"
				if signed.Number == drawn.Number {
					drawn.Number = drawn.Number[:11] + "1"
				}
			}
			got := p.compare(drawn, signed)
			if got.State != document.Altered || got.MayBeRelied() || len(got.Differences) == 0 || got.Differences[0].Line != tc.line {
				t.Errorf("%s: %s: got %s, %v, %+v", look, tc.line, got.State, got.Why, got.Differences)
			}
		}
	})
}

// A false place to check the card at is told, wherever on a page the designs name it, and the issuer's own is none.
func TestPrintedAddressesAreTheIssuers(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]document.State{
		"https://cards-of-the-whole-region.example.org": document.Unsealed,
		"https://evil.example":                          document.Unchecked,
		"https://localhost.evil.example":                document.Unchecked,
		"https://cards-of-the-whole-region.example.com": document.Unchecked,
		"http://localhost:8081":                         document.Unchecked,
	} {
		for look, drawer := range drawersAt(t, url) {
			p := printer{t, drawer}
			r := printedRecord(t, "Ana Bela")
			if got := p.compare(r, r); got.State != want || errors.Is(got.Why, document.ErrElsewhere) != (want == document.Unchecked) {
				t.Errorf("%s with %s: got %s, %v; want %s", look, url, got.State, got.Why, want)
			}
		}
	}
}

// What may be a slip of a program is not called altered, and not fine either.
func TestUnclearLinesAreNotFine(t *testing.T) {
	t.Parallel()
	eachPrinter(t, func(t *testing.T, look string, p printer) {
		for name, tc := range map[string]struct {
			signed string
			change func(*card.Record)
		}{
			"a part of the name":    {"Ana Maria Bela", func(r *card.Record) { r.Name = "Ana Bela" }},
			"more than the name":    {"Ana Bela", func(r *card.Record) { r.Name = "Ana Bela Silva Wolfeschlegelsteinhausenbergerdorff" }},
			"without its accents":   {"Zoë Dvořák", func(r *card.Record) { r.Name = "Zoe Dvorak" }},
			"another Arabic letter": {"محمد العربي", func(r *card.Record) { r.Name = "محمود العربي" }},
			"another level":         {"Ana Bela", func(r *card.Record) { r.Qualification.Level = "instructor" }},
		} {
			signed := printedRecord(t, tc.signed)
			drawn := signed
			tc.change(&drawn)
			if got := p.compare(drawn, signed); got.MayBeRelied() || name != "more than the name" && got.State != document.Unchecked {
				t.Errorf("%s: %s: got %s, %v, %+v", look, name, got.State, got.Why, got.Differences)
			}
		}
	})
}
