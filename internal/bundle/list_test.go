package bundle

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

func line(name, email string, expires card.Date) Line {
	return Line{State: card.Issued, File: FileName(number, name), Entry: card.Entry{
		Record: card.Record{
			Card:          card.Card{Number: number, Name: name, Course: "BLS"},
			Qualification: card.Qualification{Title: "Basic; +Life Support", Level: "provider"},
			Completed:     card.Date{Year: 2026, Month: 11, Day: 7}, IssuedOn: card.Date{Year: 2026, Month: 11, Day: 21}, ExpiresOn: expires,
		},
		Learner: card.Learner{Email: email, Language: "de"}, Token: "abc", SHA256: "00ff", Batch: "20261121-7F3K9QWX",
	}}
}

var november = card.Date{Year: 2028, Month: 11, Day: 30}

// link is what the QR of the token "abc" says: two digits for each character, its code less 45.
const link = "https://cards.example.org/c/525354"

func readCSV(t *testing.T, b []byte, comma rune) [][]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(b))
	r.Comma = comma
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestManifest(t *testing.T) {
	var b bytes.Buffer
	m, err := NewManifest(&b, "https://cards.example.org")
	if err != nil {
		t.Fatal(err)
	}
	withdrawn := line("Ana Silva", "", november)
	withdrawn.State, withdrawn.File, withdrawn.Entry.Token = KeyRevoked, "", ""
	for _, l := range []Line{line("-Ana, Silva", "", november), withdrawn} {
		if err := m.Add(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Flush(); err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"row", "number", "name", "course", "issued", "expires", "verify_url", "file", "sha256", "state", "batch"},
		{"", "7F3K-9QWX-2MTD", "'-Ana, Silva", "BLS", "2026-11-21", "2028-11-30", link, "7F3K-9QWX-2MTD _Ana, Silva.pdf", "00ff", "issued", "20261121-7F3K9QWX"},
		{"", "7F3K-9QWX-2MTD", "Ana Silva", "BLS", "2026-11-21", "2028-11-30", "", "", "00ff", "key_revoked", "20261121-7F3K9QWX"},
	}
	if got := readCSV(t, b.Bytes(), ','); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMerge(t *testing.T) {
	var b bytes.Buffer
	m, err := NewMerge(&b, MergeOptions{VerifyURL: "https://cards.example.org", Separator: ';', Excel: true,
		Link: func(e card.Entry) (string, error) { return "https://cards.example.org/my/" + e.Token, nil }})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []Line{line("Ana Silva", "a@example.org", november), line("=Ana", "=a@example.org", card.NoExpiry), line("Ana", "", november)} {
		if err := m.Add(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Flush(); err != nil {
		t.Fatal(err)
	}
	text, marked := strings.CutPrefix(b.String(), "\ufeff")
	if !marked || strings.Count(text, "\r\n") != 4 || strings.Count(text, "\n") != 4 {
		t.Errorf("got %q, want the mark and lines that end with CR LF", text)
	}
	row := func(email, name, expires, words, file string) []string {
		return []string{email, name, "BLS", "Basic; '+Life Support", "provider", "2026-11-07", "7 November 2026", "2026-11-21", "21 November 2026",
			expires, words, "7F3K-9QWX-2MTD", link, file, "issued", "de", "https://cards.example.org/my/abc"}
	}
	want := [][]string{
		append(slices.Clone(mergeHeading), "language", "private_link"),
		row("a@example.org", "Ana Silva", "2028-11-30", "30 November 2028", "7F3K-9QWX-2MTD Ana Silva.pdf"),
		row("", "'=Ana", "", "No expiry date", "7F3K-9QWX-2MTD _Ana.pdf"),
		row("", "Ana", "2028-11-30", "30 November 2028", "7F3K-9QWX-2MTD Ana.pdf"),
	}
	if got := readCSV(t, []byte(text), ';'); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %q, want %q", got, want)
	}
	if m.NoAddress() != 1 || len(m.Unsafe()) != 1 || len(m.Guarded()) != 1 {
		t.Errorf("got %d without an address, %v unsafe, %v guarded; want one of each", m.NoAddress(), m.Unsafe(), m.Guarded())
	}
}

// Without private links nothing in the list lets its reader in anywhere.
func TestMergeHasNoPrivateLink(t *testing.T) {
	var b bytes.Buffer
	m, err := NewMerge(&b, MergeOptions{VerifyURL: "https://cards.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Add(line("Ana Silva", "a@example.org", november)); err != nil {
		t.Fatal(err)
	}
	if err := m.Flush(); err != nil {
		t.Fatal(err)
	}
	if rows := readCSV(t, b.Bytes(), ','); len(rows) != 2 || !slices.Equal(rows[0], append(slices.Clone(mergeHeading), "language")) || strings.Contains(b.String(), "/my/") {
		t.Errorf("got %q", b.String())
	}
}
