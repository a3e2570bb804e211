package pdf

import (
	"math"
	"strings"
)

// block is a text broken into lines at a type size in points.
type block struct {
	lines []string
	size  float64
}

// leading is the distance of two baselines in type sizes: enough for the stacked accents of Vietnamese.
const leading = 1.17

// height is the block's extent in mm, from the top of its capitals to the last baseline.
func (b block) height() float64 {
	return (capHeight + leading*float64(len(b.lines)-1)) * b.size * mmPerPoint
}

// capHeight is the height of the face's capitals in type sizes.
const capHeight = 0.714

// fit sets the pieces of a text in exactly n lines, as even as they can be and as large as the width (in mm) allows,
// between two type sizes in points.
func fit(f *face, pieces []string, n int, width, smallest, largest float64) (block, bool) {
	lines := split(f, pieces, n)
	if lines == nil {
		return block{}, false
	}
	size := math.Min(largest, width/widest(f, lines))
	size = math.Floor(size*20) / 20 // gofpdf writes sizes with two decimals: never round up
	return block{lines, size}, size >= smallest
}

// words cuts a text behind each space and hyphen, where a line may end.
func words(s string) []string { return pieces(s, " -") }

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
func split(f *face, pieces []string, n int) []string {
	if n > len(pieces) || n < 1 {
		return nil
	}
	if n == 1 {
		return []string{strings.TrimSuffix(strings.Join(pieces, ""), " ")}
	}
	var best []string
	for i := 1; i <= len(pieces)-n+1; i++ {
		first := strings.TrimSuffix(strings.Join(pieces[:i], ""), " ")
		lines := append([]string{first}, split(f, pieces[i:], n-1)...)
		if best == nil || widest(f, lines) < widest(f, best) {
			best = lines
		}
	}
	return best
}

// widest is the length of the longest line at one point, in mm.
func widest(f *face, lines []string) float64 {
	w := 0.0
	for _, l := range lines {
		w = math.Max(w, f.width(l, 1))
	}
	return w
}

// shorten cuts a text to a width in mm and ends it with an ellipsis where it is too long.
func shorten(f *face, text string, size, width float64) string {
	if f.width(text, size) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && f.width(string(runes)+"…", size) > width {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " -,") + "…"
}
