package bundle

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"
)

var issued = time.Date(2026, 11, 21, 8, 0, 1, 0, time.UTC)

func writeZip(t *testing.T, w io.Writer, files int, at time.Time) *Zip {
	t.Helper()
	z := NewZip(w)
	for i := range files {
		if err := z.Put(fmt.Sprintf("%d Ünal.pdf", i), at, fmt.Appendf(nil, "file %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	return z
}

func TestZip(t *testing.T) {
	var all [2]bytes.Buffer
	for i := range all {
		z := writeZip(t, &all[i], 3, issued.In(time.FixedZone("elsewhere", 3600*i)))
		w, err := z.Create(ManifestName, issued)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, "number\n"); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(all[0].Bytes(), all[1].Bytes()) {
		t.Error("the same files give other bytes")
	}
	r, err := zip.NewReader(bytes.NewReader(all[0].Bytes()), int64(all[0].Len()))
	if err != nil || len(r.File) != 4 {
		t.Fatalf("got %v, %v", r, err)
	}
	for i, f := range r.File {
		name, want, method := fmt.Sprintf("%d Ünal.pdf", i), fmt.Sprintf("file %d", i), zip.Store
		if i == 3 {
			name, want, method = ManifestName, "number\n", zip.Deflate
		}
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(rc)
		if err != nil || string(got) != want || f.Name != name || f.Method != method {
			t.Errorf("%s: got %q as %d, %v", f.Name, got, f.Method, err)
		}
		if !f.Modified.Equal(issued) || f.Flags&utf8Names == 0 || f.NonUTF8 || f.Mode() != 0o644 {
			t.Errorf("%s: got the time %v, the flags %x and the mode %v", f.Name, f.Modified, f.Flags, f.Mode())
		}
		if streamed := f.Flags&8 != 0; streamed != (method == zip.Deflate) {
			t.Errorf("%s: got a length behind the file: %v", f.Name, streamed)
		}
	}
}

// What was not closed is a ZIP to nobody.
func TestZipWithoutEnd(t *testing.T) {
	var b bytes.Buffer
	z := writeZip(t, &b, 1000, issued)
	if _, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len())); err == nil {
		t.Error("it opens without its directory")
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{1, 22, 500} {
		if _, err := zip.NewReader(bytes.NewReader(b.Bytes()[:b.Len()-cut]), int64(b.Len()-cut)); err == nil {
			t.Errorf("it opens without its last %d bytes", cut)
		}
	}
}

// More than 65,535 files need ZIP64. A time that its field of 32 bits can't hold is left to the field of MS-DOS.
func TestZipOfManyFiles(t *testing.T) {
	const files = 70_000
	var b bytes.Buffer
	if err := writeZip(t, &b, files, time.Date(2040, 1, 2, 3, 4, 6, 0, time.UTC)).Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil || len(r.File) != files {
		t.Fatalf("got %d files, %v", len(r.File), err)
	}
	last := r.File[files-1]
	if at := last.Modified.UTC().Format(time.DateTime); last.Name != "69999 Ünal.pdf" || at != "2040-01-02 03:04:06" {
		t.Errorf("got %s of %s", last.Name, at)
	}
}

type broken struct{ left int }

func (w *broken) Write(b []byte) (int, error) {
	if w.left -= len(b); w.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(b), nil
}

func TestZipOnABrokenWriter(t *testing.T) {
	z := NewZip(&broken{left: 10_000})
	for range 3 {
		if err := z.Put("a.pdf", issued, make([]byte, 6_000)); err != nil {
			return
		}
	}
	t.Error("got no error from a writer that takes no more")
}
