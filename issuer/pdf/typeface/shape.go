package typeface

import (
	"slices"
	"unicode"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/harfbuzz"
)

// shaper sets lines for one goroutine at a time. What it keeps is only there to be quick.
type shaper struct {
	set    *Set
	bidi   bidi.Paragraph
	buffer *harfbuzz.Buffer
	fonts  map[string]*worked
}

// worked is a font with the shaper's own memory of it.
type worked struct {
	*Font
	face *font.Face
	font *harfbuzz.Font
}

func newShaper(s *Set) *shaper {
	return &shaper{set: s, buffer: harfbuzz.NewBuffer(), fonts: make(map[string]*worked)}
}

func (sh *shaper) workOn(name string) (*worked, error) {
	if w := sh.fonts[name]; w != nil {
		return w, nil
	}
	f, err := sh.set.fonts[name]()
	if err != nil {
		return nil, err
	}
	face := font.NewFace(f.shape)
	w := &worked{Font: f, face: face, font: harfbuzz.NewFont(face)}
	sh.fonts[name] = w
	return w, nil
}

// lacks is the first rune of a letter with marks that the font has no glyph for.
func (w *worked) lacks(letter []rune) (rune, bool) {
	for i, r := range letter {
		if isJoiner(r) {
			continue
		}
		_, ok := w.face.NominalGlyph(r)
		if unicode.Is(unicode.Variation_Selector, r) && i > 0 {
			_, ok = w.shape.VariationGlyph(letter[i-1], r)
		}
		if !ok {
			return r, true
		}
	}
	return 0, false
}

func (sh *shaper) line(style Style, text string) (*Line, error) {
	runes := []rune(text)
	runs, err := sh.split(style, runes)
	if err != nil {
		return nil, err
	}
	l := &Line{Text: text, Latin: true}
	for _, r := range visual(runs) {
		w, err := sh.workOn(r.font)
		if err != nil {
			return nil, err
		}
		if err := sh.run(l, w, runes, r); err != nil {
			return nil, err
		}
		l.Latin = l.Latin && (r.font == string(Regular) || r.font == string(Semibold) || r.font == string(Serif))
	}
	return l, nil
}

// visual brings runs into the order in which they stand on the line (UAX #9, rule L2).
func visual(runs []run) []run {
	highest := 0
	for _, r := range runs {
		highest = max(highest, r.level)
	}
	for level := highest; level > 0; level-- {
		for i := 0; i < len(runs); i++ {
			end := i
			for end < len(runs) && runs[end].level >= level {
				end++
			}
			slices.Reverse(runs[i:end])
			i = max(i, end)
		}
	}
	return runs
}

// run shapes a run and puts it behind what the line has. The rest of the text is the run's context: an Arabic letter joins
// to its neighbour in another font.
func (sh *shaper) run(l *Line, w *worked, text []rune, r run) error {
	b := sh.buffer
	b.Clear()
	b.AddRunes(text, r.start, r.end-r.start)
	b.Props.Script = r.script
	b.Props.Direction = harfbuzz.LeftToRight
	if r.level%2 == 1 {
		b.Props.Direction = harfbuzz.RightToLeft
	}
	b.Shape(w.font, nil)
	starts := []int{r.end}
	for _, g := range b.Info {
		starts = append(starts, g.Cluster)
	}
	slices.Sort(starts)
	for i := 0; i < len(b.Info); {
		c := b.Info[i].Cluster
		next, _ := slices.BinarySearch(starts, c+1)
		letters := text[c:starts[next]]
		cluster := Cluster{Text: string(letters), RightToLeft: r.level%2 == 1}
		ink := false
		for ; i < len(b.Info) && b.Info[i].Cluster == c; i++ {
			g, p := b.Info[i].Glyph, b.Pos[i]
			if err := w.faithful(g, letters); err != nil {
				return err
			}
			glyph := Glyph{Font: w.Font, ID: uint16(g), Advance: int(p.XAdvance), X: int(p.XOffset), Y: int(p.YOffset)}
			cluster.Glyphs = append(cluster.Glyphs, glyph)
			ink = l.measure(glyph) || ink
		}
		if !ink && !slices.ContainsFunc(letters, isBlank) {
			return &UndrawableError{letters[0]}
		}
		l.Clusters = append(l.Clusters, cluster)
	}
	return nil
}

// isBlank says whether a character may leave the paper white.
func isBlank(r rune) bool { return unicode.Is(unicode.Zs, r) || isJoiner(r) }

const dottedCircle = '\u25cc'

// faithful refuses the glyph of a missing character, and the circle that a shaper puts under a mark that has no letter.
func (w *worked) faithful(g harfbuzz.GID, letters []rune) error {
	circle, ok := w.face.NominalGlyph(dottedCircle)
	if g == 0 || ok && g == circle && !slices.Contains(letters, dottedCircle) {
		return &UndrawableError{letters[0]}
	}
	return nil
}

// measure adds a glyph's width and ink to the line's, and says whether it has any ink.
func (l *Line) measure(g Glyph) bool {
	em := float64(g.Font.Upem)
	left, bottom, right, top, ok := g.Font.extent(g.ID)
	if ok {
		if l.Top == 0 && l.Bottom == 0 {
			if left < 0 && bottom < 0 { // the hook of a J hangs out of the margin, and its stem stands on it
				left = max(left, g.Font.stem(g.ID))
			}
			l.Left = l.Width + float64(left+g.X)/em
		}
		l.Right = l.Width + float64(right+g.X)/em
		l.Top = max(l.Top, float64(top+g.Y)/em)
		l.Bottom = max(l.Bottom, -float64(bottom+g.Y)/em)
	}
	l.Width += float64(g.Advance) / em
	return ok
}
