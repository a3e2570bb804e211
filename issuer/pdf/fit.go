package pdf

import (
	"math"
	"strings"

	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/typeface"
)

// face is a style of a design with its typeface.
type face struct {
	design.Style
	set  *typeface.Set
	fill design.Colour
}

func (f *face) line(s string) (*typeface.Line, error) {
	return f.set.Line(typeface.Style(f.Weight), s)
}

// width is the length of a line in type sizes. Only Latin, Greek and Cyrillic are tracked; others would fall apart.
func (f *face) width(l *typeface.Line) float64 {
	if f.Tracking == 0 || !l.Latin || len(l.Clusters) == 0 {
		return l.Width
	}
	return l.Width + f.Tracking*float64(len(l.Clusters)-1)
}

// block is a text broken into lines at a type size in points.
type block struct {
	*face
	lines []*typeface.Line
	size  float64
}

const (
	capHeight = design.CapHeight
	// The ink of Latin, Greek and Cyrillic stays within these, in type sizes from the baseline; a design leaves room for it.
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
		return max(b.Leading, above.Bottom+l.Top+inkGap)
	}
	return b.Leading
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

// broken is a text with each way of breaking it into lines.
type broken struct {
	*face
	ways  [][]*typeface.Line // by the number of lines, less one; nil where there are too few pieces
	width float64            // mm
}

// breakUp breaks a text into as many lines as its style allows, with codes in it left whole. The error is an *UndrawableError.
func (f *face) breakUp(text string, width float64, codes bool) (broken, error) {
	l, err := f.line(text)
	if err != nil {
		return broken{}, err
	}
	b := broken{face: f, ways: [][]*typeface.Line{{l}}, width: width}
	if f.Lines == 1 || b.fits(0, f.Size) {
		return b, nil
	}
	pieces := typeface.Pieces(text)
	if codes {
		pieces = wholeCodes(pieces)
	}
	if strings.Contains(text, ".") && !strings.Contains(text, " ") { // a host ends a line behind a dot
		pieces = strings.SplitAfter(text, ".")
	}
	for n := 2; n <= f.Lines; n++ {
		b.ways = append(b.ways, split(f, pieces, n))
	}
	return b, nil
}

// wholeCodes joins the pieces of codes such as CPR-AED-FA, which a line may end in by the rules of Unicode.
func wholeCodes(pieces []string) []string {
	isOfCode := func(c byte) bool { return c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }
	var out []string
	for _, p := range pieces {
		if n := len(out) - 1; n >= 0 && isOfCode(p[0]) {
			if before := out[n]; len(before) > 1 && before[len(before)-1] == '-' && isOfCode(before[len(before)-2]) {
				out[n] += p
				continue
			}
		}
		out = append(out, p)
	}
	return out
}

func (b broken) fits(way int, size float64) bool {
	return b.ways[way] != nil && b.largest(way) >= size
}

// largest is the type size in points at which a way is as wide as its place.
func (b broken) largest(way int) float64 {
	return math.Floor(20*b.width/(b.widest(b.ways[way])*mmPerPoint)+1e-9) / 20 // sizes are written with two decimals: never round up
}

// several is the largest size of a text in more than one line, of that in one.
const several = 6.0 / 7

// more is what a text stays under, in its least sizes, before it takes more lines than it is sure of.
const more = 1.2

// at sets the text at no more than a size: in the fewest lines that keep it large, else as large as it gets.
func (b broken) at(most float64) (block, bool) {
	best := block{face: b.face}
	for way, lines := range b.ways {
		if lines == nil {
			continue
		}
		if way >= b.Sure && best.size >= min(most, more*b.Least) {
			break
		}
		size := min(most, b.largest(way))
		if way > 0 {
			size = min(size, max(b.Least, b.Size*several))
		}
		if size > best.size {
			best.lines, best.size = lines, size
		}
		if size >= min(most, (b.Size+b.Least)/2) {
			break
		}
	}
	return best, best.size >= b.Least
}

// within sets the text as large as a height in mm allows, and at no more than a size.
func (b broken) within(height, most float64) (block, bool) {
	for ; ; most = max(b.Least, most-0.25) {
		found, ok := b.at(most)
		if !ok {
			return block{}, false
		}
		if found.height() <= height+1e-9 {
			return found, true
		}
		if most == b.Least {
			return b.lowest(height)
		}
	}
}

// lowest sets the text at its smallest, in whatever number of lines is high enough.
func (b broken) lowest(height float64) (block, bool) {
	best, found := block{}, false
	for way := range b.ways {
		if !b.fits(way, b.Least) {
			continue
		}
		if one := (block{b.face, b.ways[way], b.Least}); one.height() <= height+1e-9 && (!found || one.height() < best.height()) {
			best, found = one, true
		}
	}
	return best, found
}

// least is the height in mm that the text needs at its smallest.
func (b broken) least() float64 {
	height := math.Inf(1)
	for way := range b.ways {
		if b.fits(way, b.Least) {
			height = min(height, block{b.face, b.ways[way], b.Least}.height())
		}
	}
	return height
}

// split lays pieces out in n lines so that the widest is as narrow as possible; nil when there are fewer pieces.
func split(f *face, pieces []string, n int) []*typeface.Line {
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
		if best != nil && f.width(first) >= f.widest(best) {
			break // it only gets wider
		}
		lines := []*typeface.Line{first}
		if n > 1 {
			rest := split(f, pieces[i:], n-1)
			if rest == nil {
				continue
			}
			lines = append(lines, rest...)
		}
		if best == nil || f.widest(lines) < f.widest(best) {
			best = lines
		}
	}
	return best
}

// widest is the length of the longest line in type sizes.
func (f *face) widest(lines []*typeface.Line) float64 {
	w := 0.0
	for _, l := range lines {
		w = math.Max(w, f.width(l))
	}
	return w
}
