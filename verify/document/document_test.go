package document

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/photo"
	"github.com/cardproof/cardproof/verify/scan"
	"github.com/cardproof/cardproof/verify/seal"
)

func TestCollect(t *testing.T) {
	const a, b = "https://x.example/c/4942", "https://x.example/c/4943"
	page := func(text, link string) scan.Page { return scan.Page{Codes: []scan.Code{{Text: text, Link: link}}} }
	jwt := func(s string) []scan.Attachment { return []scan.Attachment{{Name: TokenName, Data: []byte(s)}} }
	raw := identity(verify.ReadInput(a))
	for name, tc := range map[string]struct {
		doc        scan.Document
		cards      int
		consistent bool
	}{
		"nothing":                      {scan.Document{Pages: []scan.Page{{}}}, 0, true},
		"a QR alone":                   {scan.Document{Pages: []scan.Page{page(a, "")}}, 1, true},
		"QR, link and token":           {scan.Document{Pages: []scan.Page{page(a, a)}, Attachments: jwt(raw)}, 1, true},
		"the same card on two pages":   {scan.Document{Pages: []scan.Page{page(a, a), page(a, a)}, Attachments: jwt(raw + "\n")}, 1, true},
		"two cards":                    {scan.Document{Pages: []scan.Page{page(a, a), page(b, b)}}, 2, true},
		"a token alone":                {scan.Document{Attachments: jwt(raw)}, 1, true},
		"another link":                 {scan.Document{Pages: []scan.Page{page(a, b)}}, 2, false},
		"a link to elsewhere":          {scan.Document{Pages: []scan.Page{page(a, "https://x.example/about")}}, 1, true},
		"another token":                {scan.Document{Pages: []scan.Page{page(a, a)}, Attachments: jwt("x.y.z")}, 2, false},
		"an attachment of other name":  {scan.Document{Pages: []scan.Page{page(a, a)}, Attachments: []scan.Attachment{{Name: "x", Data: []byte("x.y.z")}}}, 1, true},
		"a token too large to be read": {scan.Document{Pages: []scan.Page{page(a, a)}, Attachments: []scan.Attachment{{Name: TokenName}}}, 2, false},
	} {
		var f File
		consistent := f.collect(tc.doc)
		if len(f.Cards) != tc.cards || consistent != tc.consistent {
			t.Errorf("%s: got %d cards, consistent %v; want %d, %v", name, len(f.Cards), consistent, tc.cards, tc.consistent)
		}
	}
}

func TestReadWithoutRoots(t *testing.T) {
	card, err := os.ReadFile("../scan/testdata/card.pdf")
	if err != nil {
		t.Fatal(err)
	}
	f, err := Read(t.Context(), card, seal.Trust{}, time.Now(), photo.MaxMemory)
	if err != nil || f.State != Unsealed || len(f.Cards) != 1 || !f.MayBeRelied() {
		t.Errorf("a card without seal: got %+v, %v", f, err)
	}
	sealed, err := os.ReadFile("../seal/testdata/stamped.pdf")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read(t.Context(), sealed, seal.Trust{}, time.Now(), photo.MaxMemory); !errors.Is(err, ErrNoCard) && !errors.Is(err, scan.ErrNotPDF) {
		t.Errorf("a sealed file without card: got %v", err)
	}
	if _, err := Read(t.Context(), []byte("hello"), seal.Trust{}, time.Now(), photo.MaxMemory); !errors.Is(err, scan.ErrNotPDF) {
		t.Errorf("no PDF: got %v", err)
	}
}

// A file without a seal whose pages a viewer may see otherwise is not to be relied on, however well its text agrees.
func TestTwofoldFile(t *testing.T) {
	data, err := os.ReadFile("../scan/testdata/card.pdf")
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(data, []byte("xref\n0"))
	end := bytes.LastIndex(data, []byte("startxref\n"))
	page := []byte("3 0 obj\n<</Type/Page/Parent 1 0 R>>\nendobj\n")
	twice := fmt.Appendf(slices.Concat(data[:at], page, data[at:end]), "startxref\n%d\n%%%%EOF\n", at+len(page))
	for name, tc := range map[string]struct {
		data []byte
		want State
	}{"as it was": {data, Unsealed}, "a page twice": {twice, Unchecked}} {
		f, err := Read(t.Context(), tc.data, seal.Trust{}, time.Now(), photo.MaxMemory)
		if err != nil {
			t.Fatal(err)
		}
		f.pages = []printedPage{{lines: strings.Split(front, "\n"), cards: []int{0}}} // as the signed card has it
		f.Compare([]*card.Record{signedCard()}, "Example Training Centre")
		if f.State != tc.want || f.MayBeRelied() != (tc.want == Unsealed) || errors.Is(f.Why, scan.ErrTwofold) != (tc.want == Unchecked) {
			t.Errorf("%s: got %s, %v; want %s", name, f.State, f.Why, tc.want)
		}
	}
}

func TestEveryStateHasAMessage(t *testing.T) {
	for _, s := range []State{Intact, Unsealed, Changed, Foreign, Doubtful, Unchecked, Altered, Pictured, Contradict} {
		if (File{State: s}).Message() == "" {
			t.Errorf("%s has no message", s)
		}
		if got, want := (File{State: s}).MayBeRelied(), s == Intact || s == Unsealed || s == Pictured; got != want {
			t.Errorf("%s: MayBeRelied got %v, want %v", s, got, want)
		}
	}
}
