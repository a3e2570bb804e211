package intake

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// hidden is a PDF as far as a search for one tells.
const hidden = "%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer\n<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"

// jpegOf is two.png as a photograph.
func jpegOf(t *testing.T) []byte {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(testFile(t, twoPNG)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// storedZIP is a ZIP of files without compression, with a comment behind them.
func storedZIP(t *testing.T, comment string, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.CreateHeader(&zip.FileHeader{Name: e.name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.SetComment(comment); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func inJPEG(photo []byte, segment string) []byte {
	comment := append([]byte{0xff, 0xfe}, binary.BigEndian.AppendUint16(nil, uint16(len(segment)+2))...)
	return slices.Concat(photo[:2], comment, []byte(segment), photo[2:])
}

func inPNG(picture []byte, text string) []byte {
	const header = 33 // the mark and the first chunk
	chunk := append([]byte("tEXtx\x00"), text...)
	return slices.Concat(picture[:header], binary.BigEndian.AppendUint32(nil, uint32(len(chunk)-4)), chunk,
		binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(chunk)), picture[header:])
}

// A file that one program shows as a PDF and another as something else is never fine, whatever the genuine card in it.
func TestTwoKindsAtOnce(t *testing.T) {
	card, picture, photograph := testFile(t, onePDF), testFile(t, twoPNG), jpegOf(t)
	packed := zipOf(t, entry{name: "card.pdf", data: card})
	far := append(bytes.Repeat([]byte{' '}, 3000), hidden...) // some viewers look that far
	for _, tc := range []struct {
		what, name, mediaType string
		data                  []byte
	}{
		{"a PDF in a JPEG's comment", "x.jpg", "", inJPEG(photograph, hidden)},
		{"one further behind", "x.jpg", "", inJPEG(photograph, string(far))},
		{"one without its mark", "x.jpg", "", inJPEG(photograph, hidden[9:])},
		{"a PDF in a PNG's text", "x.png", "", inPNG(picture, hidden)},
		{"a PDF behind a picture's end", "x.png", "", append(slices.Clone(picture), hidden...)},
		{"a ZIP behind a picture's end", "x.jpg", "", slices.Concat(photograph, packed)},
		{"a ZIP behind a PDF", "x.pdf", "", slices.Concat(card, packed)},
		{"a PDF between a ZIP's files", "x.zip", "", storedZIP(t, hidden, entry{name: "card.pdf", data: card})},
		{"the end of a PDF in a ZIP's comment", "x.zip", "", storedZIP(t, hidden[60:], entry{name: "list.csv", data: []byte(hidden)}, entry{name: "card.pdf", data: card})},
		{"a PDF in the name of a ZIP's file", "x.zip", "", zipOf(t, entry{name: hidden, data: card})},
		{"a picture that is called a PDF", "x.PDF", "", photograph},
		{"with a dot behind it", "x.pdf.", "", photograph},
		{"a picture that is called a ZIP", "x.zip", "", picture},
		{"a ZIP that is called a PDF", "x.pdf", "", packed},
		{"a PDF that is called a ZIP", "x.zip", "", card},
		{"a picture that is sent as a PDF", "file", "application/pdf", photograph},
		{"a ZIP that is sent as a PDF", "file", "Application/PDF; x=y", packed},
	} {
		for _, from := range []string{"memory", "disk"} {
			b := NewBatch(Public)
			if from == "memory" {
				b.AddAs(tc.name, tc.mediaType, tc.data)
			} else if tc.mediaType == "" {
				path := filepath.Join(t.TempDir(), tc.name)
				if err := os.WriteFile(path, tc.data, 0o644); err != nil {
					t.Fatal(err)
				}
				if err := b.AddPath(path); err != nil {
					t.Fatal(err)
				}
			} else {
				continue
			}
			results, err := testDesk(Public).Check(t.Context(), b.Items[0])
			if err != nil || len(b.Items) != 1 || len(results) != 1 || !errors.Is(results[0].Problem, ErrTwofold) || results[0].IsGood() || KindOf(results[0].Problem) != Twofold {
				t.Errorf("%s, from %s: got %+v, %v; want ErrTwofold", tc.what, from, results, err)
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// What telephones leave behind a photograph is no second kind, and neither are PDFs that lie in a ZIP as they are, as in an export.
func TestOfOneKind(t *testing.T) {
	card, photograph := testFile(t, onePDF), jpegOf(t)
	film := slices.Concat([]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x00\x02\x00\x00mdat"), bytes.Repeat([]byte("PK\x03\x04film obj "), 10_000))
	for name, tc := range map[string]struct {
		data []byte
		want string
	}{
		"moving.jpg":  {append(slices.Clone(photograph), film...), "valid moving.jpg\nvalid moving.jpg"},
		"picture.jpg": {testFile(t, twoPNG), "valid picture.jpg\nvalid picture.jpg"},
		"export.zip":  {storedZIP(t, "class of today", entry{name: "1.pdf", data: card}, entry{name: "2.pdf", data: card}), "valid export.zip: 1.pdf p1\nvalid export.zip: 2.pdf p1"},
	} {
		b := NewBatch(Public)
		b.AddAs(name, "", tc.data)
		if got := say(t, testDesk(Public), b); got != tc.want {
			t.Errorf("got\n%s\nwant\n%s", got, tc.want)
		}
	}
}

// What a run that was killed has left of a file is no card, whatever is in it.
func TestPassedAsLeftOver(t *testing.T) {
	card := testFile(t, onePDF)
	b := NewBatch(Office)
	archived := ".7F3K9QWX2MTD-" + strings.Repeat("0a", 32) + ".pdf81"
	b.Add("z", zipOf(t, entry{name: "7F3K9QWX2MTD.pdf", data: card}, entry{name: ".7F3K9QWX2MTD.pdf1837452881", data: card[:len(card)/2]},
		entry{name: archived, data: card[:len(card)/2]},
		entry{name: ".7F3K9QWX2MTD.pdf2", data: nil}, entry{name: ".cards.csv9", data: nil}, entry{name: ".secret.pdf", data: card}))
	if want := []string{"z: .7F3K9QWX2MTD.pdf1837452881", "z: " + archived, "z: .7F3K9QWX2MTD.pdf2", "z: .cards.csv9"}; !slices.Equal(b.Passed, want) {
		t.Errorf("got %q passed over, want %q", b.Passed, want)
	}
	if got, want := say(t, testDesk(Office), b), "valid z: 7F3K9QWX2MTD.pdf p1\nvalid z: .secret.pdf p1"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// An archive in a folder has files that are no card's.
func TestPassedOfAnArchive(t *testing.T) {
	card := testFile(t, onePDF)
	b := NewBatch(Office)
	b.Add("z", zipOf(t, entry{name: "7F/7F3K9QWX2MTD.pdf", data: card}, entry{name: ".shared", data: []byte("a mark\n")}, entry{name: ".shared-123", data: nil},
		entry{name: ".anew", data: nil}, entry{name: "more/.shared", data: card}, entry{name: ".shared-mine", data: []byte("x")}))
	if want := []string{"z: .shared", "z: .shared-123", "z: .anew"}; !slices.Equal(b.Passed, want) {
		t.Errorf("got %q passed over, want %q", b.Passed, want)
	}
	got := say(t, testDesk(Office), b)
	if want := "valid z: 7F/7F3K9QWX2MTD.pdf p1\nvalid z: more/.shared p1\nmalformed z: .shared-mine"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What has the name of a list or of a system's file, and is a PDF or a picture, is looked at.
func TestPassedByItsBytes(t *testing.T) {
	card, picture := testFile(t, onePDF), testFile(t, twoPNG)
	workbook := zipOf(t, entry{name: "[Content_Types].xml", data: []byte("<Types/>")})
	names := []string{"__MACOSX/card.pdf", "cards.csv", "problems-2.xlsx", "desktop.ini", "problems.xlsx", ".DS_Store", "problems.csv"}
	datas := [][]byte{card, card, picture, zipOf(t, entry{name: "card.pdf", data: card}), workbook, []byte("\x00\x00\x00\x01Bud1"), nil}
	var entries []entry
	dir := filepath.Join(t.TempDir(), "in")
	for i, name := range names {
		entries = append(entries, entry{name: name, data: datas[i]})
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, datas[i], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b := NewBatch(Public)
	b.Add("z", zipOf(t, entries...))
	if want := []string{"z: problems.xlsx", "z: .DS_Store", "z: problems.csv"}; !slices.Equal(b.Passed, want) {
		t.Errorf("in a ZIP: got %q passed over, want %q", b.Passed, want)
	}
	want := "valid z: __MACOSX/card.pdf p1\nvalid z: cards.csv p1\nvalid z: problems-2.xlsx\nvalid z: problems-2.xlsx\nmalformed z: desktop.ini"
	if got := say(t, testDesk(Public), b); got != want {
		t.Errorf("in a ZIP: got\n%s\nwant\n%s", got, want)
	}
	b = NewBatch(Office)
	if err := b.AddPath(dir); err != nil {
		t.Fatal(err)
	}
	if len(b.Passed) != 3 || len(b.Items) != 4 {
		t.Errorf("in a folder: got %d items, and %q passed over", len(b.Items), b.Passed)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}
