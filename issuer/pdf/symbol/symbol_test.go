package symbol

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	qrcode "github.com/skip2/go-qrcode"
)

// reference is what go-qrcode draws itself.
func reference(t testing.TB, text string) [][]bool {
	t.Helper()
	q, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	q.DisableBorder = true
	return q.Bitmap()
}

// same draws a text both ways. It fails also where go-qrcode had to draw it, because its fields are not what they were.
func same(t *testing.T, text string) {
	t.Helper()
	c, err := New(text)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := read(c.laidOut); ok != (c.Version() <= mostVersion) {
		t.Fatalf("version %d: go-qrcode's layout was read: %v", c.Version(), ok)
	}
	got, want := c.Bitmap(), reference(t, text)
	if !slices.EqualFunc(got, want, slices.Equal[[]bool]) {
		t.Errorf("version %d, %q: not the symbol of go-qrcode", c.Version(), text)
	}
	if len(got) != c.Modules() {
		t.Errorf("got %d modules in a row, want %d", len(got), c.Modules())
	}
}

// url is a card's: a host, and the digits of a token, no pair of which is above 77.
func url(r *rand.Rand, host string, pairs int) string {
	var b strings.Builder
	b.WriteString("https://" + host + "/c/")
	for range pairs {
		fmt.Fprintf(&b, "%02d", r.IntN(78))
	}
	return b.String()
}

// Every line of every kind is judged as go-qrcode judges it; symbols alone would not meet each rule at each place.
func TestLookalikes(t *testing.T) {
	for _, tt := range []struct {
		line string
		want int
	}{
		{"1011101", 40},                          // light before and after the edge
		{"00001011101", 40},                      //
		{"10111010000", 40},                      //
		{"110111010001", 0},                      //
		{"1101110100001", 40},                    // four light ones behind
		{"10111010111010000", 80},                // the first is at the edge, the second has white behind
		{"1011101000001011101", 80},              //
		{"11011101" + "0000" + "0111010000", 80}, // the module in front counts as dark after a find
		{"111111111111", 0},
		{"1111110111010", 0},
		{"111111" + "1011101", 40}, // the last seven
	} {
		var l line
		for i, c := range tt.line {
			if c == '1' {
				l.set(i)
			}
		}
		if got := l.lookalikes(len(tt.line)); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.line, got, tt.want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	if c, err := New(strings.Repeat("é", 2000)); err == nil {
		t.Errorf("got version %d, want an error", c.Version())
	}
	if _, err := New(""); err == nil {
		t.Error("no error for an empty text")
	}
}

func FuzzSymbol(f *testing.F) {
	f.Add("https://cards.example.org/c/5476280914536271")
	f.Add("A-Z 0-9")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := New(text); err == nil && c.Version() <= mostVersion {
			same(t, text)
		}
	})
}

func BenchmarkSymbol(b *testing.B) {
	text := url(rand.New(rand.NewPCG(1, 2)), "cards.example.org", 444)
	b.Run("go-qrcode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			reference(b, text)
		}
	})
	b.Run("layout", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := New(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c, err := New(text)
			if err != nil {
				b.Fatal(err)
			}
			c.Bitmap()
		}
	})
}
