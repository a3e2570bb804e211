//go:build e2e

package pdf

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/stock"
	"github.com/cardproof/cardproof/verify/scan"
)

// What Says promises is what the file says, all of it and nothing else, whatever the script.
func TestFilesSayWhatTheyPromise(t *testing.T) {
	for _, look := range assets.Designs() {
		d := newLook(t, look, fullCentre(t), design.A4, allPages...)
		for _, name := range lines(t, filepath.Join("testdata", "clean-names.txt")) {
			checkSaid(t, d, full(t, name), 2)
		}
		d = newLook(t, look, sampleCentre, design.A4, design.Wallet)
		for _, name := range lines(t, filepath.Join("typeface", "testdata", "names.txt")) {
			checkSaid(t, d, full(t, name), 1)
		}
	}
}

// A long name pushes the course down instead of touching it, and whatever passes its own check fits beside all others.
func TestCheckedTextsFitTogether(t *testing.T) {
	for _, look := range assets.Designs() {
		d := newLook(t, look, fullCentre(t), design.Letter, allPages...)
		for _, p := range people {
			for _, q := range people {
				c := sample(t, p.name, q.code, q.title, q.level)
				c.Record.Number = widestNumber
				if err := d.checkContent(c); err != nil {
					t.Errorf("%s: %s with %s: %v", look, p.name, q.title, err)
				}
				for _, page := range d.names {
					checkPlaces(t, d.pages[page], d.values(c))
				}
			}
		}
	}
}

func TestSheets(t *testing.T) {
	for _, name := range append(stock.Names(), "paper=297x210,columns=3,rows=3,left=10,top=10,pitch=90x60") {
		found, err := stock.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, backs := range []Backs{NoBacks, LongEdge, ShortEdge} {
			if backs != LongEdge && name != "a4" {
				continue
			}
			d := newLook(t, "harbour", sampleCentre, design.A4, design.Wallet)
			s, err := d.NewSheets(SheetOptions{Stock: found, Backs: backs, Start: 3, Title: "Batch", At: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var urls []string
			for n := range 13 {
				c := full(t, people[n%len(people)].name)
				c.URL = sampleURL(880 + 2*n)
				urls = append(urls, c.URL)
				if err := s.Add(c); err != nil {
					t.Fatal(err)
				}
			}
			b, err := s.Finish()
			if err != nil {
				t.Fatal(err)
			}
			doc, err := scan.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range doc.Pages {
				for _, code := range p.Codes {
					got = append(got, code.Text)
				}
			}
			pages := (13 + 2 + found.Places() - 1) / found.Places()
			if backs != NoBacks {
				pages *= 2
			}
			if !slices.Equal(got, urls) || len(doc.Pages) != pages {
				t.Errorf("%s, %s: got %d codes on %d pages, want 13 on %d", name, backs, len(got), len(doc.Pages), pages)
			}
		}
	}
}
