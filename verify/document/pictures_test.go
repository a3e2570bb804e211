package document

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/photo"
	"github.com/cardproof/cardproof/verify/scan"
	"github.com/cardproof/cardproof/verify/seal"
)

func testFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Scans in the forms in which scanners write them: JPEG in grey and CMYK, fax, palette, and cut into strips.
func TestScans(t *testing.T) {
	drawn, err := Read(t.Context(), testFile(t, "../scan/testdata/card.pdf"), seal.Trust{}, time.Now(), photo.MaxMemory)
	if err != nil {
		t.Fatal(err)
	}
	for name, pages := range map[string][]int{"scan.pdf": {1, 2}, "fax.pdf": {1}, "palette.pdf": {1}, "cmyk.pdf": {1}, "strips.pdf": {1}} {
		f, err := Read(t.Context(), testFile(t, "testdata/"+name), seal.Trust{}, time.Now(), photo.MaxMemory)
		if err != nil || f.State != Pictured || f.Unread != nil || !slices.Equal(f.Pages, pages) || identity(f.Cards[0]) != identity(drawn.Cards[0]) {
			t.Errorf("%s: got %s, pages %v, %v, %v; want pages %v", name, f.State, f.Pages, f.Unread, err, pages)
		}
	}
}

// A picture that is not read is said: there may be a card in it.
func TestScansThatAreNotReadToTheEnd(t *testing.T) {
	file := testFile(t, "testdata/scan.pdf")
	f, err := Read(t.Context(), file, seal.Trust{}, time.Now(), 1000)
	if !errors.Is(err, ErrNoCard) || !errors.Is(f.Unread, ErrPictures) {
		t.Errorf("without memory: got %v, %v", err, f.Unread)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f, err = Read(ctx, file, seal.Trust{}, time.Now(), photo.MaxMemory)
	if !errors.Is(err, ErrNoCard) || !errors.Is(f.Unread, ErrTime) {
		t.Errorf("without time: got %v, %v", err, f.Unread)
	}
}

func TestReadPicture(t *testing.T) {
	f, err := ReadPicture(t.Context(), testFile(t, "../photo/testdata/two.png"), photo.MaxMemory)
	if err != nil || f.State != Pictured || len(f.Cards) != 2 || !f.MayBeRelied() {
		t.Errorf("two cards: got %+v, %v", f, err)
	}
	if _, err := ReadPicture(t.Context(), []byte("hello"), photo.MaxMemory); !errors.Is(err, photo.ErrNotPicture) {
		t.Errorf("no picture: got %v", err)
	}
	if _, err := ReadPicture(t.Context(), testFile(t, "../photo/testdata/animated.webp"), photo.MaxMemory); !errors.Is(err, photo.ErrAnimated) {
		t.Errorf("an animation: got %v", err)
	}
}

// Text that can be seen around a scanned card is compared; what lies unseen under a scan for searching is not.
func TestTextAroundPictures(t *testing.T) {
	for name, tc := range map[string]struct {
		page scan.Page
		want int
	}{
		"seen":     {scan.Page{Text: "Ana Bela"}, 1},
		"not seen": {scan.Page{Text: "Ana Bela", Veiled: true, Hidden: true}, 0},
		"no text":  {scan.Page{Text: " \n"}, 0},
	} {
		f := File{State: Unsealed}
		f.pictured(1, tc.page, []int{0})
		if f.State != Pictured || len(f.pages) != tc.want {
			t.Errorf("%s: got %s with %d pages to compare, want %d", name, f.State, len(f.pages), tc.want)
		}
	}
}

// A page that is a picture without a code is told, and a file with a drawn card beside it is not fine as a whole.
func TestPagesWithoutACode(t *testing.T) {
	drawn, blank := scan.Page{Codes: []scan.Code{{Text: "https://cards.example.org/c/4942"}}, Graphic: true}, scan.Page{Graphic: true}
	for name, tc := range map[string]struct {
		doc   scan.Document
		state State // before it is compared
		found map[int]bool
		want  State
		pages []int
	}{
		"a card alone":               {scan.Document{Pages: []scan.Page{drawn}}, Unsealed, nil, Unsealed, nil},
		"a card and a letter":        {scan.Document{Pages: []scan.Page{drawn, {Text: "Dear Sir"}}}, Unsealed, nil, Unsealed, nil},
		"a card and a picture":       {scan.Document{Pages: []scan.Page{drawn, blank}}, Unsealed, nil, Unchecked, []int{2}},
		"a picture with a card":      {scan.Document{Pages: []scan.Page{blank}}, Pictured, map[int]bool{0: true}, Pictured, nil},
		"scans, one without a card":  {scan.Document{Pages: []scan.Page{blank, blank}}, Pictured, map[int]bool{0: true}, Pictured, []int{2}},
		"a changed file and picture": {scan.Document{Pages: []scan.Page{drawn, blank}}, Changed, nil, Changed, []int{2}},
	} {
		f := File{State: tc.state, Cards: []verify.Input{{Number: "a"}}}
		f.notePictures(tc.doc, tc.found)
		f.Compare([]*card.Record{signedCard()}, "Example Training Centre")
		if f.State != tc.want || !slices.Equal(f.Blank, tc.pages) {
			t.Errorf("%s: got %s, pages %v; want %s, %v", name, f.State, f.Blank, tc.want, tc.pages)
		}
	}
}
