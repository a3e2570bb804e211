package pdf

import (
	"math"
	"strings"

	"github.com/cardproof/cardproof/issuer/pdf/typeface"
)

// face is one style of the typeface.
type face struct {
	set   *typeface.Set
	style typeface.Style
}

func (f face) line(s string) (*typeface.Line, error) { return f.set.Line(f.style, s) }

// block is a text broken into lines at a type size in points.
type block struct {
	lines []*typeface.Line
	size  float64
}

const (
	// leading is the distance of two baselines in type sizes: enough for the stacked accents of Vietnamese.
	leading = 1.17
	// capHeight is the height of the face's capitals in type sizes.
	capHeight = 0.714
	// The ink of Latin, Greek and Cyrillic stays within these, in type sizes from the baseline; the design leaves room for it.
	usualTop, usualBottom = 1.12, 0.32
	// inkGap is the least distance of two lines' ink in type sizes, where it is not the leading that keeps them apart.
	inkGap = 0.06
)

// isTall says whether a line needs more height than the design leaves by itself: a script with marks above or letters below
// the usual, or many accents on each other.
func isTall(l *typeface.Line) bool { return !l.Latin || l.Top > usualTop || l.Bottom > usualBottom }

// mm turns a length in type sizes into mm.
func (b block) mm(ems float64) float64 { return ems * b.size * mmPerPoint }

// over is what the first line needs above its capitals beyond the usual, in type sizes.
func (b block) over() float64 {
	if l := b.lines[0]; isTall(l) {
		return max(0, l.Top+inkGap-usualTop+0.1)
	}
	return 0
}

// under is what the last line needs below its baseline beyond the usual, in type sizes.
func (b block) under() float64 { return max(0, b.lines[len(b.lines)-1].Bottom-usualBottom) }

// step is the distance from the baseline before line i to its own, in type sizes.
func (b block) step(i int) float64 {
	above, l := b.lines[i-1], b.lines[i]
	if isTall(above) || isTall(l) {
		return max(leading, above.Bottom+l.Top+inkGap)
	}
	return leading
}

// steps is the distance from the first baseline to the last, in type sizes.
func (b block) steps() float64 {
	sum := 0.0
	for i := 1; i < len(b.lines); i++ {
		sum += b.step(i)
	}
	return sum
}

// height is the block's extent in mm, from the top of its capitals to the last baseline, with what tall lines need beyond.
func (b block) height() float64 { return b.mm(b.over() + capHeight + b.steps() + b.under()) }

// ink is the block's extent in mm from its highest ink to its lowest, and where the first baseline lies in it.
func (b block) ink() (height, baseline float64) {
	first, last := b.lines[0], b.lines[len(b.lines)-1]
	return b.mm(first.Top + b.steps() + last.Bottom), b.mm(first.Top)
}

// fit sets the pieces of a text in exactly n lines, as even as they can be and as large as the width (in mm) allows,
// between two type sizes in points.
func fit(f face, pieces []string, n int, width, smallest, largest float64) (block, bool) {
	lines := split(f, pieces, n)
	if lines == nil {
		return block{}, false
	}
	size := math.Min(largest, width/(widest(lines)*mmPerPoint))
	size = math.Floor(size*20+1e-9) / 20 // sizes are written with two decimals: never round up
	return block{lines, size}, size >= smallest
}

// fitUnder is fit for one line with something above it: its ink stays within rise (in mm) over the baseline.
func fitUnder(f face, text string, width, rise, smallest, largest float64) (block, bool) {
	b, ok := fit(f, []string{text}, 1, width, smallest, largest)
	if ok && isTall(b.lines[0]) {
		b.size = min(b.size, math.Floor(20*rise/(b.lines[0].Top*mmPerPoint))/20)
		ok = b.size >= smallest
	}
	return b, ok
}

// words cuts a text where a line may end.
func words(s string) []string { return typeface.Pieces(s) }

// pieces cuts a text behind each of the characters.
func pieces(s, behind string) []string {
	var out []string
	for s != "" {
		i := strings.IndexAny(s, behind) + 1
		if i == 0 {
			i = len(s)
		}
		out = append(out, s[:i])
		s = s[i:]
	}
	return out
}

// split lays pieces out in n lines so that the widest is as narrow as possible; nil when there are fewer pieces.
func split(f face, pieces []string, n int) []*typeface.Line {
	if n > len(pieces) || n < 1 {
		return nil
	}
	var best []*typeface.Line
	for i := 1; i <= len(pieces)-n+1; i++ {
		if n == 1 {
			i = len(pieces)
		}
		first, err := f.line(typeface.TrimEnd(strings.Join(pieces[:i], "")))
		if err != nil {
			continue // whole texts are checked before; no line is drawn that the typeface refuses
		}
		lines := []*typeface.Line{first}
		if n > 1 {
			rest := split(f, pieces[i:], n-1)
			if rest == nil {
				continue
			}
			lines = append(lines, rest...)
		}
		if best == nil || widest(lines) < widest(best) {
			best = lines
		}
	}
	return best
}

// widest is the length of the longest line in type sizes.
func widest(lines []*typeface.Line) float64 {
	w := 0.0
	for _, l := range lines {
		w = math.Max(w, l.Width)
	}
	return w
}

// shorten cuts a text to a width in mm and ends it with an ellipsis where it is too long.
func shorten(f face, text string, size, width float64) (*typeface.Line, error) {
	l, err := f.line(text)
	for runes := []rune(text); err == nil && l.Width*size*mmPerPoint > width && len(runes) > 0; {
		runes = runes[:len(runes)-1]
		l, err = f.line(strings.TrimRight(string(runes), " -,") + "…")
	}
	return l, err
}
