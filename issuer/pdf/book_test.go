package pdf

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/verify/scan"
)

func TestBook(t *testing.T) {
	at := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	for _, pages := range [][]string{{design.Certificate}, {design.Wallet, design.Back}, {design.Wallet}} {
		d := newLook(t, "harbour", sampleCentre, design.A4, pages...)
		var files [2][]byte
		var urls []string
		for i := range files {
			b := d.NewBook("Batch", at)
			urls = nil
			for n, p := range people {
				c := full(t, p.name)
				c.URL = sampleURL(880 + 2*n)
				urls = append(urls, c.URL)
				if err := b.Add(c); err != nil {
					t.Fatal(err)
				}
			}
			var err error
			if files[i], err = b.Finish(); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(files[0], files[1]) {
			t.Errorf("%v: the same cards give other bytes", pages)
		}
		doc, err := scan.Read(files[0])
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for n, p := range doc.Pages {
			for _, code := range p.Codes {
				got = append(got, code.Text)
			}
			if name := people[n/len(pages)].name; pages[n%len(pages)] != design.Back && !strings.Contains(strings.ReplaceAll(p.Text, "\n", " "), name) {
				t.Errorf("%v: page %d does not say %s", pages, n+1, name)
			}
		}
		if !slices.Equal(got, urls) || len(doc.Pages) != len(people)*len(pages) {
			t.Errorf("%v: got %d codes on %d pages", pages, len(got), len(doc.Pages))
		}
	}
}

// What is the same on all cards is in the file once: a card more costs no typeface and no shapes.
func TestBookSharesWhatIsTheSame(t *testing.T) {
	d := newLook(t, "harbour", sampleCentre, design.A4, design.Certificate)
	size := func(cards int) int {
		b := d.NewBook("Batch", time.Unix(0, 0))
		for range cards {
			if err := b.Add(full(t, "Ana Silva")); err != nil {
				t.Fatal(err)
			}
		}
		file, err := b.Finish()
		if err != nil {
			t.Fatal(err)
		}
		return len(file)
	}
	one, eleven := size(1), size(11)
	if more := (eleven - one) / 10; more > one/2 {
		t.Errorf("one card takes %d bytes, and each one more %d", one, more)
	}
}

func TestBookRefuses(t *testing.T) {
	d := newLook(t, "harbour", sampleCentre, design.A4, design.Wallet)
	b := d.NewBook("Batch", time.Unix(0, 0))
	if _, err := b.Finish(); err == nil {
		t.Error("no card: got no error")
	}
	if err := b.Add(Content{}); err == nil {
		t.Error("an empty card: got no error")
	}
}
