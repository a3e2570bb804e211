package intake

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/document"
	"github.com/cardproof/cardproof/verify/photo"
	"github.com/cardproof/cardproof/verify/scan"
)

var testTime = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// trusting is a Checker to which every token is a valid card, and which never heard of a number.
type trusting struct{ err error }

func (c trusting) CheckToken(context.Context, string) (verify.Verdict, error) {
	if c.err != nil {
		return verify.Verdict{Code: verify.StatusUnknown, CheckedAt: testTime}, c.err
	}
	return verify.Verdict{Code: verify.Valid, CheckedAt: testTime, Card: &card.Record{}}, nil
}

func (c trusting) CheckNumber(context.Context, string) (verify.Verdict, error) {
	return verify.Verdict{}, errors.New("a number was asked about")
}

func testDesk(limits Limits) *Desk {
	return &Desk{Checker: trusting{}, Now: func() time.Time { return testTime }, Limits: limits}
}

func testFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash("../" + name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const (
	onePDF = "scan/testdata/card.pdf"
	scans  = "document/testdata/scan.pdf"
	twoPNG = "photo/testdata/two.png"
)

// say checks a batch and writes each result as "code name" with the page or the problem behind it.
func say(t *testing.T, d *Desk, b *Batch) string {
	t.Helper()
	var lines []string
	for _, it := range b.Items {
		results, err := d.Check(t.Context(), it)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			line := fmt.Sprintf("%s %s", r.Verdict.Code, r.Name)
			if r.Page > 0 {
				line += fmt.Sprintf(" p%d", r.Page)
			}
			if (r.Problem != nil) != (r.File == nil) {
				t.Errorf("%s: the problem is %v, the file %v", r.Name, r.Problem, r.File)
			}
			lines = append(lines, line)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// entry is a file of a ZIP; link and locked say of what kind.
type entry struct {
	name         string
	data         []byte
	link, locked bool
}

func zipOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.link {
			h.SetMode(os.ModeSymlink | 0o777)
		}
		create := z.CreateHeader
		if e.locked {
			h.Method, h.Flags = zip.Store, 1
			h.CRC32, h.CompressedSize64, h.UncompressedSize64 = crc32.ChecksumIEEE(e.data), uint64(len(e.data)), uint64(len(e.data))
			create = z.CreateRaw
		}
		w, err := create(h)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(e.name, "/") {
			continue
		}
		if _, err := w.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestEveryCardIsFound(t *testing.T) {
	b := NewBatch(Public)
	b.Add("one.pdf", testFile(t, onePDF))
	b.Add("wrong name.txt", testFile(t, twoPNG))
	b.Add("scans.pdf", testFile(t, scans))
	b.Add("more.zip", zipOf(t, entry{name: "a/"}, entry{name: "a/../../etc/x.pdf", data: testFile(t, onePDF)}, entry{name: "cards.csv"}, entry{name: "__MACOSX/x"}))
	want := "valid one.pdf p1\nvalid wrong name.txt\nvalid wrong name.txt\nvalid scans.pdf p1\nvalid scans.pdf p2\nvalid more.zip: a/../../etc/x.pdf p1"
	passed := slices.Clone(b.Passed)
	if got := say(t, testDesk(Public), b); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !slices.Equal(passed, []string{"more.zip: cards.csv", "more.zip: __MACOSX/x"}) {
		t.Errorf("passed over: got %q", passed)
	}
}

// What gives no card is a result with its reason, and a sentence for each.
func TestNothingIsPassedOverInSilence(t *testing.T) {
	tight := Public
	tight.File, tight.Unpacked = 1<<20, 3<<20
	zeros := make([]byte, 30<<20)
	inner := zipOf(t, entry{name: "x.pdf", data: testFile(t, onePDF)})
	damaged := slices.Clone(inner)
	damaged[len(damaged)/2] ^= 0xff
	pages := bytes.Repeat([]byte("3 0 R "), 10_000)
	manyPages := fmt.Appendf(nil, "%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 10000/Kids[%s]>>endobj\n"+
		"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Size 4/Root 1 0 R>>\n", pages)
	for name, tc := range map[string]struct {
		data []byte
		want error
	}{
		"empty":               {nil, ErrEmpty},
		"text":                {[]byte("hello"), ErrKind},
		"a program":           {[]byte("\x7fELF"), ErrKind},
		"HEIC":                {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), ErrHEIC},
		"animation":           {testFile(t, "photo/testdata/animated.webp"), photo.ErrAnimated},
		"broken picture":      {testFile(t, twoPNG)[:5000], photo.ErrNotPicture},
		"broken PDF":          {[]byte("%PDF-1.7\nnonsense"), scan.ErrNotPDF},
		"10,000 pages":        {manyPages, scan.ErrTooLarge},
		"no card":             {testFile(t, "seal/testdata/stamped.pdf"), document.ErrNoCard},
		"too large":           {append([]byte("%PDF-"), zeros[:1<<20]...), ErrTooLarge},
		"a ZIP bomb":          {zipOf(t, entry{name: "x", data: zeros}), ErrTooLarge},
		"ZIP in ZIP":          {zipOf(t, entry{name: "x.zip", data: inner}), ErrNested},
		"locked":              {zipOf(t, entry{name: "x.pdf", data: []byte("secret"), locked: true}), ErrEncrypted},
		"link in ZIP":         {zipOf(t, entry{name: "x.pdf", data: []byte("/etc/passwd"), link: true}), ErrLink},
		"empty ZIP":           {zipOf(t), ErrNoFile},
		"ZIP of a folder":     {zipOf(t, entry{name: "a/"}), ErrNoFile},
		"broken ZIP":          {inner[:len(inner)/2], ErrBroken},
		"a broken ZIP's file": {damaged, ErrBroken},
	} {
		b := NewBatch(tight)
		b.Add(name, tc.data)
		if len(b.Items) != 1 {
			t.Errorf("%s: got %d items, want 1", name, len(b.Items))
			continue
		}
		results, err := testDesk(tight).Check(t.Context(), b.Items[0])
		if err != nil || len(results) != 1 || !errors.Is(results[0].Problem, tc.want) || results[0].Verdict.Code != verify.Malformed || results[0].IsGood() {
			t.Errorf("%s: got %+v, %v; want %v", name, results, err, tc.want)
			continue
		}
		if p := results[0].Public(results[0].Verdict.Public(nil)); p.Message == results[0].Verdict.Message() || p.Message == "" || p.Input == "" {
			t.Errorf("%s: got no sentence of its own: %+v", name, p)
		}
	}
}

// All files of a ZIP together have a limit, whatever its list says.
func TestUnpackedTogether(t *testing.T) {
	limits := Public
	limits.Unpacked = 100 << 10
	pdf := testFile(t, onePDF) // 37 kB
	b := NewBatch(limits)
	b.Add("z", zipOf(t, entry{name: "1", data: pdf}, entry{name: "2", data: pdf}, entry{name: "3", data: pdf}))
	if got, want := say(t, testDesk(limits), b), "valid z: 1 p1\nvalid z: 2 p1\nmalformed z: 3"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTooManyFiles(t *testing.T) {
	limits := Public
	limits.Files = 2
	var entries []entry
	for i := range 3 {
		entries = append(entries, entry{name: fmt.Sprint(i), data: []byte("x")})
	}
	b := NewBatch(limits)
	b.Add("z", zipOf(t, entries...))
	if results, _ := testDesk(limits).Check(t.Context(), b.Items[len(b.Items)-1]); !errors.Is(results[0].Problem, ErrTooMany) {
		t.Errorf("in a ZIP: got %+v", results)
	}
	b = NewBatch(limits)
	for range 5 {
		b.Add("x", []byte("x"))
	}
	if results, _ := testDesk(limits).Check(t.Context(), b.Items[len(b.Items)-1]); len(b.Items) != 3 || !errors.Is(results[0].Problem, ErrTooMany) {
		t.Errorf("one after the other: got %d items, %+v", len(b.Items), results)
	}
}

func TestFolders(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("a.pdf", testFile(t, onePDF))
	write("b/c.zip", zipOf(t, entry{name: "d.png", data: testFile(t, twoPNG)}))
	write("b/notes.txt", []byte("hello"))
	write("cards.csv", nil)
	write("gone.pdf", nil)
	for _, link := range []string{"/etc", "a.pdf", "nowhere"} {
		if err := os.Symlink(link, filepath.Join(dir, "link-"+filepath.Base(link))); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(dir))
	b := NewBatch(Office)
	if err := b.AddPath(filepath.Base(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "gone.pdf")); err != nil {
		t.Fatal(err)
	}
	if err := b.AddPath(filepath.Join(dir, "nothing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a name of nothing: got %v", err)
	}
	got := strings.ReplaceAll(say(t, testDesk(Office), b), filepath.Base(dir)+"/", "")
	want := "valid a.pdf p1\nvalid b/c.zip: d.png\nvalid b/c.zip: d.png\nmalformed b/notes.txt\nmalformed gone.pdf\nmalformed link-a.pdf\nmalformed link-etc\nmalformed link-nowhere\nmalformed pipe"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	b = NewBatch(Office)
	if err := b.AddPath(t.TempDir()); err != nil || len(b.Items) != 1 {
		t.Errorf("an empty folder: got %d items, %v; want one that says so", len(b.Items), err)
	}
}

func TestWithoutRegister(t *testing.T) {
	d := testDesk(Public)
	d.Checker = trusting{errors.New("down")}
	b := NewBatch(Public)
	b.Add("two.png", testFile(t, twoPNG))
	results, err := d.Check(t.Context(), b.Items[0])
	if err == nil || len(results) != 2 || results[0].Err == nil || results[0].IsGood() {
		t.Errorf("got %+v, %v", results, err)
	}
}

func TestTimeOfAFile(t *testing.T) {
	limits := Public
	limits.Time = time.Nanosecond
	b := NewBatch(limits)
	b.Add("two.png", testFile(t, twoPNG))
	results, err := testDesk(limits).Check(t.Context(), b.Items[0])
	if err != nil || len(results) != 1 || results[0].Verdict.Code != verify.Unavailable || !errors.Is(results[0].Problem, document.ErrTime) {
		t.Errorf("got %+v, %v", results, err)
	}
}

// A number in a QR is no proof: whoever draws one can write a genuine card's number into it.
func TestNumberInAQRIsNoCard(t *testing.T) {
	r := testDesk(Public).judge(t.Context(), Item{Name: "x"}, verify.ReadInput("https://cards.example.org/n/7F3K-9QWX-2MTZ"))
	if !errors.Is(r.Problem, ErrUnsigned) || r.Verdict.IsValid() {
		t.Errorf("got %+v", r)
	}
}

func TestCleanName(t *testing.T) {
	for name, want := range map[string]string{
		"Ana’s card.pdf": "Ana’s card.pdf", "a\x1b[2Jb\u202efdp.exe": "a\ufffd[2Jb\ufffdfdp.exe", "\xff": "\ufffd",
		strings.Repeat("x", 200) + ".pdf": "…" + strings.Repeat("x", 115) + ".pdf",
	} {
		if got := CleanName(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func FuzzAdd(f *testing.F) {
	f.Add(zipOf(f, entry{name: "../x.pdf", data: []byte("%PDF-1.4")}, entry{name: "y", locked: true, data: []byte("y")}, entry{name: "z", link: true}))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Add(testFile(f, onePDF))
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	limits := Limits{File: 1 << 20, Files: 20, Unpacked: 2 << 20, Memory: 64 << 10, Time: time.Second}
	f.Fuzz(func(t *testing.T, data []byte) {
		b := NewBatch(limits)
		b.Add("x", data)
		if len(b.Items) == 0 {
			if len(b.Passed) == 0 {
				t.Fatal("passed over in silence")
			}
			return
		}
		for _, it := range b.Items {
			results, err := testDesk(limits).Check(t.Context(), it)
			if err != nil || len(results) == 0 {
				t.Fatalf("got %d results, %v", len(results), err)
			}
		}
	})
}

// Each page of a pile that is a picture without a code is a result of its own, with its number.
func TestPagesWithoutACodeAreResults(t *testing.T) {
	d := testDesk(Office)
	file := &document.File{State: document.Pictured, Cards: []verify.Input{{Token: "a.b.c"}}, Pages: []int{1}, Blank: []int{2, 5}}
	results, err := d.judgeAll(t.Context(), Item{Name: "pile.pdf"}, file)
	if err != nil || len(results) != 3 || !results[0].IsGood() {
		t.Fatalf("got %+v, %v; want the card and two pages", results, err)
	}
	for i, page := range []int{2, 5} {
		if r := results[i+1]; r.Page != page || r.IsGood() || r.File != nil || KindOf(r.Problem) != Incomplete || !errors.Is(r.Problem, document.ErrGraphic) {
			t.Errorf("page %d: got %+v", page, r)
		}
	}
}
