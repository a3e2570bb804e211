package stock

import (
	"strings"
	"testing"
)

func TestNamedStocksFitTheirPaper(t *testing.T) {
	for _, name := range Names() {
		s, err := Find(strings.ToUpper(name))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if s.Name != name {
			t.Errorf("got the name %q, want %q", s.Name, name)
		}
		x, y := s.Place(s.Places() - 1)
		if right, bottom := s.Width-x-s.PlaceX, s.Height-y-s.PlaceY; right-s.Left > 0.1 || s.Left-right > 0.1 || bottom-s.Top > 0.1 || s.Top-bottom > 0.1 {
			t.Errorf("%s: the margins are %.2f and %.2f, %.2f and %.2f mm; they should be the same", name, s.Left, right, s.Top, bottom)
		}
	}
}

func TestGrids(t *testing.T) {
	s, err := Find("paper=210x297, columns=2, rows=5, left=15, top=13.5, pitch=95x54, place=85x54")
	if err != nil {
		t.Fatal(err)
	}
	want, err := Find("c32016")
	if err != nil {
		t.Fatal(err)
	}
	if want.Name = "grid"; s != want {
		t.Errorf("got %+v, want %+v", s, want)
	}
	for _, text := range []string{"avery", "", "columns=2", "columns=3,rows=5", "columns=2,rows=5,top=100", "columns=2,rows=2,pitch=50x50", "columns=2,rows=2,margin=3",
		"columns=two,rows=2", "columns=2x3,rows=2", "columns=-1,rows=2", "columns=2,rows=2,pitch=90", "columns=1,rows=1,left=NaN"} {
		if s, err := Find(text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, s)
		}
	}
	if _, err := Find("avery-5372"); err == nil || !strings.Contains(err.Error(), "did you mean avery-5371?") {
		t.Errorf("got %v, want a hint", err)
	}
}
