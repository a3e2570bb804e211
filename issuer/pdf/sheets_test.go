package pdf

import (
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/stock"
)

// The back of each card lies behind its front, whichever way the paper is turned.
func TestBacksLieBehindTheirFronts(t *testing.T) {
	found, err := stock.Find("c32016")
	if err != nil {
		t.Fatal(err)
	}
	d := newLook(t, "harbour", sampleCentre, design.A4, design.Wallet)
	for _, c := range []struct {
		backs Backs
		want  string // the matrix of its back; the middle of its front is 57.5 mm from the left edge and 40.5 mm from the upper one
	}{
		{LongEdge, "q 1.00000 0 0 1.00000 310.961 650.580 cm"},
		{ShortEdge, "q -1.00000 0 0 -1.00000 284.315 191.310 cm"},
	} {
		s, err := d.NewSheets(SheetOptions{Stock: found, Backs: c.backs, At: time.Unix(0, 0)})
		if err != nil {
			t.Fatal(err)
		}
		x, y := found.Place(0)
		if c.backs == LongEdge {
			x = found.Width - x - found.PlaceX
		} else {
			y = found.Height - y - found.PlaceY
		}
		s.begin(x, y, c.backs == ShortEdge)
		if got := strings.TrimSpace(string(s.f.b)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.backs, got, c.want)
		}
	}
}

func TestSheetsRefuse(t *testing.T) {
	d := newLook(t, "harbour", sampleCentre, design.A4, design.Wallet)
	small, err := stock.Find("paper=210x297,columns=2,rows=5,left=5,top=5,place=70x40,pitch=75x45")
	if err != nil {
		t.Fatal(err)
	}
	card, err := stock.Find("avery-5371")
	if err != nil {
		t.Fatal(err)
	}
	for what, o := range map[string]SheetOptions{
		"small place": {Stock: small}, "start": {Stock: card, Start: 11}, "backs": {Stock: card, Backs: "sideways"},
	} {
		if _, err := d.NewSheets(o); err == nil {
			t.Errorf("%s: got no error", what)
		}
	}
	s, err := d.NewSheets(SheetOptions{Stock: card})
	if err != nil || s.Scale() > 0.95 || s.Scale() < 0.93 {
		t.Fatalf("got the scale %.3f, %v; want 2 inches for 53.98 mm", s.Scale(), err)
	}
	// A centre's own design may give the symbol as little as 34 mm.
	shipped, err := assets.Design("harbour")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(shipped), "box: [45.94, 9.2, 38]", "box: [47.94, 9.2, 34]", 1)
	own, err := design.Read("own.yaml", []byte(text), design.Brand{})
	if err != nil || text == string(shipped) {
		t.Fatalf("the design with a smaller symbol: %v", err)
	}
	if d, err = New(Options{Centre: sampleCentre, Design: own, Pages: []string{design.Wallet}, Paper: design.A4}); err != nil {
		t.Fatal(err)
	}
	if s, err = d.NewSheets(SheetOptions{Stock: card}); err != nil {
		t.Fatal(err)
	}
	c := full(t, "Li")
	c.URL = sampleURL(1300) // dense enough that the smaller card can't have it
	if _, err := CheckURL(c.URL); err != nil {
		t.Fatal(err)
	}
	if err := s.Add(c); err != ErrTooDense {
		t.Errorf("got %v, want ErrTooDense at this scale", err)
	}
}

func BenchmarkSheets(b *testing.B) {
	found, err := stock.Find("c32016")
	if err != nil {
		b.Fatal(err)
	}
	d := newLook(b, "harbour", sampleCentre, design.A4, design.Wallet)
	c := full(b, "María de los Ángeles Ruiz")
	b.ReportAllocs()
	for b.Loop() {
		s, err := d.NewSheets(SheetOptions{Stock: found, Backs: LongEdge})
		if err != nil {
			b.Fatal(err)
		}
		for range 1000 {
			if err := s.Add(c); err != nil {
				b.Fatal(err)
			}
		}
		file, err := s.Finish()
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(file))/1e6, "MB")
	}
}
