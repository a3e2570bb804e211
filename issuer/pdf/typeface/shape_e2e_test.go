//go:build e2e

package typeface

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
)

// hbGlyph is a glyph as hb-shape writes it.
type hbGlyph struct {
	G          int
	DX, DY, AX int
}

// TestShapesAsHarfBuzz compares glyphs and places of every run of every name with the program of HarfBuzz itself.
func TestShapesAsHarfBuzz(t *testing.T) {
	sh := newShaper(newSet(t))
	runs := 0
	for _, name := range names(t) {
		text := []rune(name)
		split, err := sh.split(Semibold, text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, r := range split {
			runs++
			w, err := sh.workOn(r.font)
			if err != nil {
				t.Fatal(err)
			}
			var l Line
			if err := sh.run(&l, w, text, r); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var got []hbGlyph
			for _, c := range l.Clusters {
				for _, g := range c.Glyphs {
					got = append(got, hbGlyph{int(g.ID), g.X, g.Y, g.Advance})
				}
			}
			if want := hbShape(t, w, text, r); !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %q in %s:\ngot  %v\nwant %v", name, string(text[r.start:r.end]), r.font, got, want)
			}
		}
	}
	if runs < 150 {
		t.Errorf("got %d runs", runs)
	}
}

func hbShape(t *testing.T, w *worked, text []rune, r run) []hbGlyph {
	t.Helper()
	direction := "ltr"
	if r.level%2 == 1 {
		direction = "rtl"
	}
	out, err := exec.Command("hb-shape", "--output-format=json", "--no-glyph-names", "--direction="+direction,
		"--script="+r.script.String(), "--text-before="+string(text[:r.start]), "--text-after="+string(text[r.end:]),
		"--font-file="+filepath.Join("..", "..", "..", "assets", "fonts", r.font+".ttf"), "--text="+string(text[r.start:r.end])).Output()
	if err != nil {
		t.Fatalf("this test needs hb-shape (Debian: libharfbuzz-bin): %v", err)
	}
	var glyphs []hbGlyph
	if err := json.Unmarshal(out, &glyphs); err != nil {
		t.Fatal(err)
	}
	return glyphs
}
