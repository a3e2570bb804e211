package typeface

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-text/typesetting/font/opentype/tables"
)

// visualText is a line's text in the order of drawing.
func visualText(l *Line) string {
	var b strings.Builder
	for _, c := range l.Clusters {
		b.WriteString(c.Text)
	}
	return b.String()
}

func TestOrderOnTheLine(t *testing.T) {
	s := newSet(t)
	for _, tt := range []struct{ text, want string }{
		{"Ana Li", "Ana Li"},
		{"שרה כהן", "ןהכ הרש"},
		{"Ana שרה Li", "Ana הרש Li"},
		{"שרה Ana לוי", "יול Ana הרש"},
		{"Ana שרה 45 Li", "Ana 45 הרש Li"},
		{"Ana ١٢ אב", "Ana בא ١٢"},
		{"שרה 45 Ana", "Ana 45 הרש"},
		{"Ana 45 שרה", "Ana 45 הרש"},
		{"(שרה) Ana", "Ana )הרש("},
		{"محمد", "دمحم"},
	} {
		l, err := s.Line(Semibold, tt.text)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if got := visualText(l); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestRefusesWhatCannotBeSeen(t *testing.T) {
	s := newSet(t)
	for _, tt := range []struct {
		text string
		want rune
	}{
		{"Ann\u200bLee", '\u200b'}, {"Ann\u202eLee", '\u202e'}, {"Ann\u2067Lee", '\u2067'}, {"محمد\u200fعلي", '\u200f'}, {"Ann\x00", 0},
		{"Ann\tLee", '\t'}, {"Ann\xff", '\ufffd'}, {"so\u00adft", '\u00ad'}, {"Ann \U0001f393", '\U0001f393'}, {"\ue000", '\ue000'},
		{"Ann\u200dLee", '\u200d'}, {"\u200cعلی", '\u200c'}, {"علی \u200c", '\u200c'}, {"\u0301Ann", '\u0301'}, {"\u064eمحمد", '\u064e'}, {"\u093fराम", '\u093f'},
		{"\u3164", '\u3164'}, {"김\u115f", '\u115f'}, {"\u0378", '\u0378'}, {"\U000e0041", '\U000e0041'}, {"Li\ufe0f", '\ufe0f'},
		{"\U00013000", '\U00013000'}, {"Ann\u034fLee", '\u034f'}, {"क\U0001f600", '\U0001f600'},
	} {
		for _, style := range []Style{Regular, Semibold} {
			var got *UndrawableError
			if _, err := s.Line(style, tt.text); !errors.As(err, &got) || got.Rune != tt.want {
				t.Errorf("%q: got %v, want %U", tt.text, err, tt.want)
			}
		}
	}
	if _, err := s.Line(Semibold, "Ann Lee"); err != nil {
		t.Errorf("after the refusals: %v", err)
	}
}

// Every name keeps its text, has ink, and is the same from all goroutines.
func TestNames(t *testing.T) {
	s, other := newSet(t), newSet(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, name := range names(t) {
				l, err := s.Line(Semibold, name)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				got, want := []rune(visualText(l)), []rune(name)
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) || l.Width <= 0 || l.Top <= 0.3 || l.Top > 2 || l.Bottom > 1.5 {
					t.Errorf("%s: got %q, %.2f wide, from %.2f to %.2f ems", name, visualText(l), l.Width, -l.Bottom, l.Top)
				}
				same, err := other.Line(Semibold, name)
				if err != nil || same.Width != l.Width || visualText(same) != visualText(l) {
					t.Errorf("%s: differs the second time", name)
				}
			}
		})
	}
	wg.Wait()
}

func TestLatinIsLatin(t *testing.T) {
	s := newSet(t)
	for text, want := range map[string]bool{"Ana Μαρία Иванова": true, "Ana 李": false, "": true} {
		l, err := s.Line(Regular, text)
		if err != nil || l.Latin != want {
			t.Errorf("%q: got %v, %v, want %v", text, l.Latin, err, want)
		}
	}
}

func TestEastAsianShapes(t *testing.T) {
	s := newSet(t)
	for _, tt := range []struct{ text, want string }{
		{"王小明", "NotoSansSC-SemiBold"}, {"佐々木", "NotoSansJP-SemiBold"}, {"健一 さとう", "NotoSansJP-SemiBold"}, {"葛󠄀城", "NotoSansJP-SemiBold"},
		{"김민준", "NotoSansKR-SemiBold"},
	} {
		l, err := s.Line(Semibold, tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if got := l.Clusters[0].Glyphs[0].Font.Name; got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.text, got, tt.want)
		}
	}
}

// A coverage in ranges is what go-text reads wrongly; see assets/fonts/cut.sh.
func TestFontsHaveCoveragesAsLists(t *testing.T) {
	s := newSet(t)
	lookups := 0
	for _, name := range slices.Sorted(maps.Keys(pdfNames)) {
		f, err := s.fonts[name]()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		check := func(cov tables.Coverage) {
			lookups++
			if _, ranges := cov.(tables.Coverage2); ranges {
				t.Errorf("%s has a coverage in ranges", name)
			}
		}
		for _, l := range f.shape.GSUB.Lookups {
			for _, st := range l.Subtables {
				check(st.Cov())
			}
		}
		for _, l := range f.shape.GPOS.Lookups {
			for _, st := range l.Subtables {
				check(st.Cov())
			}
		}
	}
	if lookups < 500 {
		t.Errorf("got %d lookups", lookups)
	}
}

func TestPieces(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"Ana Li", []string{"Ana ", "Li"}},
		{"St. John-Smythe", []string{"St. ", "John-", "Smythe"}},
		{"王小明", []string{"王", "小", "明"}},
		{"ณัฐวุฒิ ศรี", []string{"ณัฐวุฒิ ", "ศรี"}},
	} {
		if got := Pieces(tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

func FuzzLine(f *testing.F) {
	for _, name := range names(f) {
		f.Add(name)
	}
	s := newSet(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 400 {
			return
		}
		l, err := s.Line(Semibold, text)
		var undrawable *UndrawableError
		switch {
		case err == nil:
			got, want := []rune(visualText(l)), []rune(text)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%q: got the text %q", text, visualText(l))
			}
		case !errors.As(err, &undrawable):
			t.Errorf("%q: got %v", text, err)
		}
	})
}

// The stem of a J stands where the margin is; its hook hangs out.
func TestHooksHang(t *testing.T) {
	s := newSet(t)
	for _, style := range []Style{Regular, Semibold} {
		for _, text := range []string{"Jo", "jo", "Ĵo"} {
			j, err := s.Line(style, text)
			if err != nil {
				t.Fatal(err)
			}
			g := j.Clusters[0].Glyphs[0]
			ink, _, _, _, _ := g.Font.extent(g.ID)
			if left := float64(ink) / float64(g.Font.Upem); left >= 0 || j.Left < left+0.05 || j.Left < 0.02 || j.Left > 0.15 {
				t.Errorf("%s %s: got the stem at %.3f, the ink at %.3f", style, text, j.Left, left)
			}
		}
		for text, want := range map[string]bool{"Ho": true, "Ao": true, "go": true} {
			l, err := s.Line(style, text)
			if err != nil {
				t.Fatal(err)
			}
			g := l.Clusters[0].Glyphs[0]
			ink, _, _, _, _ := g.Font.extent(g.ID)
			if got := l.Left == float64(ink)/float64(g.Font.Upem); got != want {
				t.Errorf("%s %s: got the left end %.3f, the ink %d", style, text, l.Left, ink)
			}
		}
	}
}
