package sheet

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

// repeated gives a text n times, so that a bomb need not be in memory.
type repeated struct {
	head, text, tail string
	n                int
}

func (r repeated) writeTo(w io.Writer) error {
	block := strings.Repeat(r.text, 1000)
	if _, err := io.WriteString(w, r.head); err != nil {
		return err
	}
	for i := 0; i < r.n/1000; i++ {
		if _, err := io.WriteString(w, block); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, r.tail)
	return err
}

// packBomb puts a part of repeated text into a workbook. With padding it does not compress too well to be looked at.
func packBomb(t *testing.T, name string, body repeated, padding int) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for part, text := range minimal {
		if part == name {
			continue
		}
		p, err := w.Create(part)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(p, text); err != nil {
			t.Fatal(err)
		}
	}
	p, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := body.writeTo(p); err != nil {
		t.Fatal(err)
	}
	if padding > 0 { // behind the table, where only the ratio sees it
		if _, err := io.WriteString(p, "<!--"); err != nil {
			t.Fatal(err)
		}
		noise := make([]byte, padding)
		state := uint32(1)
		for i := range noise {
			state = state*1664525 + 1013904223
			noise[i] = 'A' + byte(state>>24)%58
		}
		if _, err := fmt.Fprintf(p, "%s-->", noise); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// bounded reads a bomb, and says what it took.
func bounded(t *testing.T, name, data string, longest time.Duration, most uint64, texts ...string) {
	t.Helper()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	_, err := Read(strings.NewReader(data), Options{})
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	wantError(t, name, err, texts...)
	if took > longest {
		t.Errorf("%s of %d bytes took %v, want at most %v", name, len(data), took, longest)
	}
	if grown := after.Sys - before.Sys; grown > most {
		t.Errorf("%s of %d bytes took %d MiB from the system, want at most %d", name, len(data), grown>>20, most>>20)
	}
}

const (
	sheetPart = "xl/worksheets/sheet1.xml"
	sheetHead = `<worksheet><sheetData>`
	sheetTail = `</sheetData></worksheet>`
)

func TestSmallBombsAreRefusedAtOnce(t *testing.T) {
	for name, data := range map[string]string{
		"a part of 9 MB": packBomb(t, sheetPart, repeated{sheetHead, "<c/>", sheetTail, 2_250_000}, 0),
		"parts of 3 MB":  packBomb(t, sheetPart, repeated{sheetHead, "<row/>", sheetTail, 500_000}, 0),
		"one long text":  packBomb(t, sheetPart, repeated{sheetHead + "<row><c><v>", "11111111", "</v></c></row>" + sheetTail, 1_000_000}, 0),
		"styles":         packBomb(t, "xl/styles.xml", repeated{"<styleSheet><cellXfs>", "<xf/>", "</cellXfs></styleSheet>", 1_000_000}, 0),
	} {
		if len(data) > 14<<10 {
			t.Errorf("%s: got %d bytes, want a small bomb", name, len(data))
		}
		bounded(t, name, data, time.Second, 16<<20, "not read", "nearly nothing", "new workbook")
	}
}

func TestArchivesThatLieAreRefused(t *testing.T) {
	var many bytes.Buffer
	w := zip.NewWriter(&many)
	for i := range maxEntries + 1 {
		if _, err := w.Create(fmt.Sprintf("xl/%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	bounded(t, "many entries", many.String(), time.Second, 16<<20, "more than 2000 entries")

	var twice bytes.Buffer
	w = zip.NewWriter(&twice)
	for _, name := range []string{"xl/workbook.xml", `XL\Workbook.xml`} {
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	bounded(t, "an entry twice", twice.String(), time.Second, 16<<20, "twice")

	// A million spaces that say they are a hundred: the table behind them is out of reach.
	lying := []byte(rawZip(t, []rawEntry{{name: "[Content_Types].xml", text: "<Types/>"}, {name: "_rels/.rels", text: minimal["_rels/.rels"]},
		{name: "xl/_rels/workbook.xml.rels", text: minimal["xl/_rels/workbook.xml.rels"]}, {name: "xl/workbook.xml", text: strings.Repeat(" ", 1_000_000) + minimal["xl/workbook.xml"], size: 100}}))
	bounded(t, "a size that lies", string(lying), time.Second, 16<<20, "damaged")

	huge := rawZip(t, []rawEntry{{name: "[Content_Types].xml", text: "<Types/>"}, {name: "xl/a", text: "a", size: maxInflated + 1}})
	bounded(t, "a large size", huge, time.Second, 16<<20, "256 MiB")

	overlapping := rawZip(t, []rawEntry{{name: "[Content_Types].xml", text: "<Types/>"}, {name: "xl/a", text: strings.Repeat("a", 1000)}, {name: "xl/b", at: 2}, {name: "xl/c", at: 2}})
	bounded(t, "entries upon each other", overlapping, time.Second, 16<<20, "upon each other")
}

// rawEntry is an entry of an archive that no honest program writes.
type rawEntry struct {
	name, text string
	size       int // that it says it has, if not its own
	at         int // the entry, from 1, whose bytes it shares
}

func rawZip(t *testing.T, entries []rawEntry) string {
	t.Helper()
	var b bytes.Buffer
	type written struct {
		offset, packed, size int
		sum                  uint32
	}
	var all []written
	header := func(e rawEntry, w written, local bool) []byte {
		h := binary.LittleEndian.AppendUint32(nil, map[bool]uint32{true: 0x04034b50, false: 0x02014b50}[local])
		if !local {
			h = binary.LittleEndian.AppendUint16(h, 20)
		}
		h = binary.LittleEndian.AppendUint16(h, 20)
		h = binary.LittleEndian.AppendUint16(h, 0)
		h = binary.LittleEndian.AppendUint16(h, 8)
		h = binary.LittleEndian.AppendUint32(h, 0)
		h = binary.LittleEndian.AppendUint32(h, w.sum)
		h = binary.LittleEndian.AppendUint32(h, uint32(w.packed))
		h = binary.LittleEndian.AppendUint32(h, uint32(w.size))
		h = binary.LittleEndian.AppendUint16(h, uint16(len(e.name)))
		h = binary.LittleEndian.AppendUint16(h, 0)
		if !local {
			h = append(h, make([]byte, 10)...)
			h = binary.LittleEndian.AppendUint32(h, uint32(w.offset))
		}
		return append(h, e.name...)
	}
	for _, e := range entries {
		if e.at > 0 {
			all = append(all, all[e.at-1])
			continue
		}
		var packed bytes.Buffer
		f, err := flate.NewWriter(&packed, 9)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, e.text); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		w := written{b.Len(), packed.Len(), len(e.text), crc32.ChecksumIEEE([]byte(e.text))}
		if e.size > 0 {
			w.size = e.size
		}
		b.Write(header(e, w, true))
		b.Write(packed.Bytes())
		all = append(all, w)
	}
	start := b.Len()
	for i, e := range entries {
		b.Write(header(e, all[i], false))
	}
	end := binary.LittleEndian.AppendUint32(nil, 0x06054b50)
	end = append(end, 0, 0, 0, 0)
	end = binary.LittleEndian.AppendUint16(end, uint16(len(entries)))
	end = binary.LittleEndian.AppendUint16(end, uint16(len(entries)))
	end = binary.LittleEndian.AppendUint32(end, uint32(b.Len()-start))
	end = binary.LittleEndian.AppendUint32(end, uint32(start))
	b.Write(append(end, 0, 0))
	return b.String()
}
