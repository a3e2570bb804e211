package photo

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/png"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// texts are what is read of a picture, from top to bottom.
func texts(t *testing.T, data []byte) []string {
	t.Helper()
	img, err := Decode(data, MaxMemory)
	if err != nil {
		t.Fatal(err)
	}
	found, err := Read(t.Context(), img)
	if err != nil {
		t.Errorf("not read to the end: %v", err)
	}
	var all []string
	for _, s := range found {
		all = append(all, s.Text)
	}
	return all
}

func TestPicturesOfCards(t *testing.T) {
	want := strings.TrimSpace(string(file(t, "../scan/testdata/card.txt")))
	for name, cards := range map[string]int{"two.png": 2, "two.webp": 2, "askew.jpg": 1, "mirrored.png": 1} {
		got := texts(t, file(t, "testdata/"+name))
		if len(got) != cards || !slices.Contains(got, want) {
			t.Errorf("%s: got %d texts, want %d, one of them that of card.txt: %.60q", name, len(got), cards, got)
		}
	}
}

func TestSmallSymbols(t *testing.T) {
	for _, name := range []string{"small.png", "small.jpg", "small.webp", "tiny.png"} {
		if got := texts(t, file(t, "testdata/"+name)); !slices.Equal(got, []string{"https://cards.example.org/"}) {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hugePNG says that it is huge; behind its header comes nothing.
func hugePNG(w, h uint32) []byte {
	head := []byte("IHDR\x00\x00\x00\x00\x00\x00\x00\x00\x08\x02\x00\x00\x00")
	binary.BigEndian.PutUint32(head[4:], w)
	binary.BigEndian.PutUint32(head[8:], h)
	out := binary.BigEndian.AppendUint32([]byte("\x89PNG\r\n\x1a\n"), 13)
	return binary.BigEndian.AppendUint32(append(out, head...), crc32.ChecksumIEEE(head))
}

// animatedPNG is a picture with the chunk that begins an animation behind its header.
func animatedPNG(still []byte, frames byte) []byte {
	const header = 8 + 25
	chunk := []byte("acTL\x00\x00\x00" + string([]byte{frames}) + "\x00\x00\x00\x00")
	out := binary.BigEndian.AppendUint32(bytes.Clone(still[:header]), 8)
	out = binary.BigEndian.AppendUint32(append(out, chunk...), crc32.ChecksumIEEE(chunk))
	return append(out, still[header:]...)
}

func TestWhatIsNotRead(t *testing.T) {
	two := file(t, "testdata/two.png")
	for name, tc := range map[string]struct {
		data []byte
		want error
	}{
		"nothing":              {nil, ErrNotPicture},
		"text":                 {[]byte("hello"), ErrNotPicture},
		"GIF":                  {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00"), ErrNotPicture},
		"cut off":              {two[:len(two)/2], ErrNotPicture},
		"header alone":         {two[:8], ErrNotPicture},
		"100,000 x 100,000":    {hugePNG(100_000, 100_000), ErrTooLarge},
		"wider than it can be": {hugePNG(MaxSide+1, 1), ErrTooLarge},
		"more than memory":     {hugePNG(12_000, 12_000), ErrTooLarge},
		"animated":             {file(t, "testdata/animated.webp"), ErrAnimated},
		"animated PNG":         {animatedPNG(two, 2), ErrAnimated},
		"PNG of one frame":     {animatedPNG(two, 1), ErrAnimated},
		"animated, cut off":    {animatedPNG(two, 2)[:60], ErrAnimated},
		"chunk of 4 GB":        {append(bytes.Clone(two[:33]), "\xff\xff\xff\xffacTLxxxx"...), ErrAnimated},
		"long chunk":           {append(bytes.Clone(two[:33]), "\xff\xff\xff\xfftEXtxxxx"...), ErrNotPicture},
	} {
		if _, err := Decode(tc.data, MaxMemory); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
	}
	if _, err := Decode(two, 1000); !errors.Is(err, ErrTooLarge) {
		t.Errorf("no memory: got %v", err)
	}
}

// A progressive JPEG takes several times as much as another, and one with coarse colours less.
func TestMemoryOfAJPEG(t *testing.T) {
	frame := func(marker string, sampling byte) []byte {
		return []byte("\xff\xd8\xff\xe0\x00\x04\x00\x00\xff" + marker + "\x00\x11\x08\x00\x10\x00\x10\x03\x01" + string([]byte{sampling}) + "\x00\x02\x11\x01\x03\x11\x01")
	}
	for name, tc := range map[string]struct {
		data []byte
		want float64
	}{
		"4:4:4":       {frame("\xc0", 0x11), 3},
		"4:2:0":       {frame("\xc0", 0x22), 1.5},
		"progressive": {frame("\xc2", 0x22), 7.5},
		"cut off":     {frame("\xc0", 0x11)[:25], 20},
		"no frame":    {[]byte("\xff\xd8\xff\xe0\x00\x04\x00\x00"), 20},
		"stuck":       {[]byte("\xff\xd8\xff\xe0\x00\x00" + strings.Repeat("\xff\xe0\x00\x00", 10)), 20},
	} {
		if got := jpegBytes(tc.data); got != tc.want {
			t.Errorf("%s: got %v bytes a pixel, want %v", name, got, tc.want)
		}
	}
}

func TestTimeIsOver(t *testing.T) {
	img, err := Decode(file(t, "testdata/two.png"), MaxMemory)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if found, err := Read(ctx, img); !errors.Is(err, context.Canceled) || len(found) != 0 {
		t.Errorf("got %d symbols and %v", len(found), err)
	}
	busy := image.NewGray(image.Rect(0, 0, 4000, 4000)) // finder patterns everywhere
	for y := range 4000 {
		for x := range 4000 {
			ring := max(abs(x%18-8), abs(y%18-8))
			if ring > 7 || ring == 4 || ring == 5 {
				busy.Pix[y*4000+x] = 255
			}
		}
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	start := time.Now()
	Read(ctx, busy)
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("a second of time took %v", took)
	}
}

// below puts a picture below another; change makes each of its shades another.
func below(a, b *image.Gray, change func(v uint8) uint8) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, a.Rect.Dx(), a.Rect.Dy()+b.Rect.Dy()))
	copy(out.Pix, a.Pix)
	for i, v := range b.Pix {
		out.Pix[len(a.Pix)+i] = change(v)
	}
	return out
}

// soft is a picture out of focus: the mean within radius, several times over.
func soft(img *image.Gray, radius int) *image.Gray {
	p := newPlane(img, NewWork(MaxWork))
	for range 3 {
		next := &plane{p.w, p.h, make([]uint8, len(p.pix)), p.work}
		p.around(radius, func(at int, sum, count int64) { next.pix[at] = uint8(sum / count) })
		p = next
	}
	return &image.Gray{Pix: p.pix, Stride: p.w, Rect: img.Rect}
}

// A picture full of finder patterns ends at its limit of work, at the same place each time, and says so.
func TestWorkIsBounded(t *testing.T) {
	busy := image.NewGray(image.Rect(0, 0, 1500, 1500))
	for y := range 1500 {
		for x := range 1500 {
			if ring := max(abs(x%36/4-3), abs(y%36/4-3)); ring > 3 || ring == 2 {
				busy.Pix[y*1500+x] = 255
			}
		}
	}
	for range 2 {
		w := NewWork(20_000_000)
		found, err := Read(With(t.Context(), w), busy)
		if len(found) != 0 || !errors.Is(err, ErrMore) || w.Done() < 20_000_000 || w.Done() > 40_000_000 || !w.IsOver() {
			t.Errorf("got %d symbols, %v after %d steps", len(found), err, w.Done())
		}
		before := w.Done()
		if _, err := Read(With(t.Context(), w), busy); !errors.Is(err, ErrMore) || w.Done() != before {
			t.Errorf("a second picture: got %v after %d steps more", err, w.Done()-before)
		}
	}
}

func TestAlignmentsAreTheStandards(t *testing.T) {
	for version := 1; version <= 40; version++ {
		v, err := decoder.Version_GetVersionForNumber(version)
		if err != nil {
			t.Fatal(err)
		}
		var want []spot
		at := v.GetAlignmentPatternCenters()
		for i, y := range at {
			for j, x := range at {
				if i == 0 && (j == 0 || j == len(at)-1) || i == len(at)-1 && j == 0 {
					continue
				}
				want = append(want, spot{float64(x) + 0.5, float64(y) + 0.5})
			}
		}
		if got := alignments(17 + 4*version); !slices.Equal(got, want) {
			t.Errorf("version %d: got %v, want %v", version, got, want)
		}
	}
}

// FuzzDecode has pictures of a symbol of version 3, small enough that thousands are read in a minute.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"small.png", "small.jpg", "small.webp", "animated.webp"} {
		f.Add(file(f, "testdata/"+name))
	}
	f.Add(hugePNG(100_000, 100_000))
	f.Fuzz(func(t *testing.T, data []byte) {
		img, err := Decode(data, 64<<10)
		if err != nil {
			if !errors.Is(err, ErrNotPicture) && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrAnimated) {
				t.Fatalf("got another error: %v", err)
			}
			return
		}
		Read(t.Context(), img)
	})
}

// FuzzRead has the pixels themselves: whatever they are, there is an end, and no symbol that lies outside.
func FuzzRead(f *testing.F) {
	img, err := Decode(file(f, "testdata/tiny.png"), MaxMemory)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(img.Pix, uint8(img.Stride))
	f.Fuzz(func(t *testing.T, pix []byte, width uint8) {
		w := min(max(int(width), 1), 80)
		h := min(len(pix)/w, 80)
		if h == 0 {
			return
		}
		found, _ := Read(t.Context(), &image.Gray{Pix: pix[:w*h], Stride: w, Rect: image.Rect(0, 0, w, h)})
		for _, s := range found {
			if s.X < 0 || s.Y < 0 || s.X > float64(w) || s.Y > float64(h) {
				t.Fatalf("got a symbol at %v, %v in a picture of %d x %d", s.X, s.Y, w, h)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	img, err := Decode(file(b, "testdata/askew.jpg"), MaxMemory)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		Read(b.Context(), img)
	}
}
