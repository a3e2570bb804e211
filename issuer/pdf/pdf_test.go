package pdf

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify/scan"
)

var update = flag.Bool("update", false, "write the sample card of verify/scan/testdata anew")

func TestDrawFromAllWorkers(t *testing.T) {
	d := newDrawer(t, sampleCentre)
	var wg sync.WaitGroup
	for w := range 2 * runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range people {
				p := people[(w+i)%len(people)]
				c := sample(t, p.name, p.code, p.title, p.level)
				c.URL += "0" + string(rune('0'+w%10))
				checkReadBack(t, d, c)
			}
		})
	}
	wg.Wait()
}

// checkReadBack draws a card and reads its QR out of the finished bytes.
func checkReadBack(t *testing.T, d *Drawer, c Content) {
	b, err := d.Draw(c)
	if err != nil {
		t.Errorf("draw %s: %v", c.Record.Name, err)
		return
	}
	got, err := scan.Read(b)
	if err != nil || len(got.Pages) != 1 || len(got.Pages[0].Codes) != 1 || got.Pages[0].Codes[0].Text != c.URL || got.Pages[0].Veiled {
		t.Errorf("read back %s: got %+v, %v; want %q, all of it to be seen", c.Record.Name, got, err, c.URL)
	}
}

func TestReadBackEveryVersion(t *testing.T) {
	d := newDrawer(t, sampleCentre)
	c := sample(t, "Li", "BLS", "Basic Life Support", "")
	seen := make(map[int]bool)
	for digits := 0; ; digits += 10 {
		c.URL = sampleURL(digits)
		s, err := CheckURL(c.URL)
		if errors.Is(err, ErrTooDense) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !seen[s.Version] {
			seen[s.Version] = true
			checkReadBack(t, d, c)
		}
	}
	for v := 10; v <= 19; v++ {
		if !seen[v] {
			t.Errorf("no URL had version %d: %v", v, seen)
		}
	}
}

func TestDrawPage(t *testing.T) {
	d := newDrawer(t, sampleCentre)
	c := sample(t, "Li", "BLS", "Basic Life Support", "healthcare provider")
	b, err := d.Draw(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"/MediaBox [0 0 242.65 153.01]", // 85.6 × 53.98 mm
		"/Count 1",
		"/CreationDate (D:20261121080000)",
		"/ModDate (D:20261121080000)",
		"/URI (" + c.URL + ")",
		"/Lang (en)",
		"/ID [<",
		"%PDF-1.7\n",
	} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("the file has no %q", want)
		}
	}
	link := regexp.MustCompile(`/Rect \[([0-9. ]+)\]`).FindSubmatch(b)
	if link == nil {
		t.Fatal("the file has no link")
	}
	if *update {
		c.URL = sampleURL(888)
		out := filepath.Join("..", "..", "verify", "scan", "testdata")
		if err := os.WriteFile(filepath.Join(out, "card.pdf"), b, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(out, "card.txt"), []byte(c.URL), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCheckName(t *testing.T) {
	d := newDrawer(t, sampleCentre)
	for _, p := range people {
		if err := d.CheckName(p.name); err != nil {
			t.Errorf("%s: got %v, want no error", p.name, err)
		}
	}
	for _, name := range []string{"Ďuro Ľuboš", "Győző Űr", "Māris Ķēniņš", "Ġużè Ħaż-Żebbuġ", "Sámi Ŋuorti", "O’Brien-Ó Súilleabháin",
		"Ёлкин Пётр", "Ђорђе Љубић", "Ўзбек Қўчқоров", "Ελένη Παπαϊωάννου", "Əliyev Rəşad", "Đặng Thị Ý Nhi", "Kaʻiulani", "Ọláńrewájú",
		"Jose\u0301", "محمد علي", "דוד לוי", "राम", "สมชาย", "李小龍", "김민준"} {
		if err := d.CheckName(name); err != nil {
			t.Errorf("%s: got %v, want no error", name, err)
		}
	}
	for _, tt := range []struct {
		name string
		want rune
	}{
		{"Ann\u200bLee", '\u200b'}, {"Ann\u202eLee", '\u202e'}, {"Ann\x00Lee", 0}, {"Ann\rLee", '\r'},
		{"Ann\xffLee", '\ufffd'}, {"Ann 🎓", '🎓'}, {"soft\u00adhyphen", '\u00ad'},
	} {
		var got *UndrawableError
		if err := d.CheckName(tt.name); !errors.As(err, &got) || got.Rune != tt.want {
			t.Errorf("%q: got %v, want %U", tt.name, err, tt.want)
		}
	}
	for _, name := range []string{strings.Repeat("W", 60), strings.Repeat("M", 30) + " " + strings.Repeat("W", 29)} {
		if err := d.CheckName(name); !errors.Is(err, ErrTooLong) {
			t.Errorf("%q: got %v, want ErrTooLong", name, err)
		}
	}
}

func TestDrawRefuses(t *testing.T) {
	d := newDrawer(t, sampleCentre)
	for _, tt := range []struct {
		what   string
		change func(*Content)
		want   error
	}{
		{"name", func(c *Content) { c.Record.Name = "Li \ue000" }, &UndrawableError{}},
		{"title", func(c *Content) { c.Record.Qualification.Title = "急救 😀" }, &UndrawableError{}},
		{"level", func(c *Content) { c.Record.Qualification.Level = "a\x00b" }, &UndrawableError{}},
		{"instructor", func(c *Content) { c.Record.Instructor = "דוד\u200f" }, &UndrawableError{}},
		{"long instructor", func(c *Content) { c.Record.Instructor = strings.Repeat("Ruth Adeyemi ", 6) }, ErrTooLong},
		{"instructor id", func(c *Content) { c.Record.InstructorID = "\t" }, &UndrawableError{}},
		{"long title", func(c *Content) { c.Record.Qualification.Title = strings.Repeat("Advanced ", 30) }, ErrTooLong},
		{"no title", func(c *Content) { c.Record.Qualification.Title = "" }, ErrTooLong},
		{"long URL", func(c *Content) { c.URL = sampleURL(1500) }, ErrTooDense},
		{"no URL", func(c *Content) { c.URL = "" }, nil},
		{"no date", func(c *Content) { c.Record.ExpiresOn = card.Date{} }, nil},
		{"no time", func(c *Content) { c.Record.IssuedAt = time.Time{} }, nil},
		{"no number", func(c *Content) { c.Record.Number = "" }, nil},
	} {
		c := sample(t, "Li", "BLS", "Basic Life Support", "")
		tt.change(&c)
		b, err := d.Draw(c)
		var undrawable *UndrawableError
		switch {
		case err == nil || b != nil:
			t.Errorf("%s: got a card", tt.what)
		case tt.want == nil:
		case errors.As(tt.want, &undrawable) && errors.As(err, &undrawable):
		case !errors.Is(err, tt.want):
			t.Errorf("%s: got %v, want %v", tt.what, err, tt.want)
		}
	}
}

func TestNewDrawerRefuses(t *testing.T) {
	for _, c := range []Centre{
		{},
		{Name: "Riverside"},
		{Name: "救急 😀", CheckAt: "cards.example.org"},
		{Name: "Riverside", CheckAt: "cards.example.org", Phone: strings.Repeat("5", 60)},
		{Name: "Riverside", CheckAt: strings.Repeat("training.", 12) + "example.org"},
	} {
		if _, err := NewDrawer(c); err == nil {
			t.Errorf("%+v: got no error", c)
		}
	}
}

func TestCheckURL(t *testing.T) {
	for _, tt := range []struct {
		digits  int
		version int
		warn    bool
		err     error
	}{{888, 15, false, nil}, {1000, 16, false, nil}, {1100, 17, true, nil}, {1450, 0, false, ErrTooDense}, {9000, 0, false, ErrTooDense}} {
		s, err := CheckURL(sampleURL(tt.digits))
		if !errors.Is(err, tt.err) || tt.err == nil && (s.Version != tt.version || s.Warn != tt.warn) {
			t.Errorf("%d digits: got %+v, %v; want version %d, warn %v, %v", tt.digits, s, err, tt.version, tt.warn, tt.err)
		}
		if err == nil && s.Module*float64(s.Modules+8) > 34.0001 {
			t.Errorf("%d digits: the symbol is wider than 34 mm: %+v", tt.digits, s)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	for script, name := range map[string]string{"latin": "María de los Ángeles Ruiz", "arabic": "محمد عبد الرحمن الحسيني", "hebrew": "שָׂרָה כהן־לוי",
		"devanagari": "अनुष्का श्रीवास्तव", "thai": "ณัฐวุฒิ ศรีสุวรรณ", "chinese": "王小明", "korean": "김민준"} {
		b.Run(script, func(b *testing.B) { benchmarkDraw(b, name) })
	}
}

func benchmarkDraw(b *testing.B, name string) {
	d := newDrawer(b, sampleCentre)
	c := sample(b, name, "BLS", "Basic Life Support", "healthcare provider")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := d.Draw(c); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cards/s")
}

func BenchmarkNewDrawer(b *testing.B) {
	for b.Loop() {
		newDrawer(b, sampleCentre)
	}
}

// longestDay is one of the widest dates.
var longestDay = card.Date{Year: 2026, Month: time.September, Day: 28}
