package scan

import (
	"cmp"
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

const (
	leastModules = 21  // in a row: version 1 (ISO/IEC 18004)
	mostModules  = 177 // version 40
	leastRects   = 40  // version 1 with the modules of a row joined has more
	quiet        = 3   // modules: parts nearer to each other than this belong to one symbol; the standard's quiet zone is 4

	// maxWork bounds the search in a whole file: cells visited and modules painted. A card takes 20,000.
	maxWork = 50_000_000
)

// spend takes work out of the budget.
func (b *budget) spend(n int) error {
	if b.work -= n; b.work < 0 {
		return ErrTooLarge
	}
	return b.ctx.Err()
}

// symbols finds and decodes the QR symbols among the rectangles of a page. It knows nothing of how they were drawn, but
// that a rectangle is one module high or one wide: one for each module, or the modules of a row or of a column joined.
func symbols(rects []rect, b *budget) ([]string, error) {
	var found []candidate
	for _, group := range bySide(rects) {
		parts, err := apart(rects, group, b)
		if err != nil {
			return nil, err
		}
		for _, part := range parts {
			if c, ok := measure(rects, part); ok {
				found = append(found, c)
			}
		}
	}
	slices.SortFunc(found, func(x, y candidate) int { return cmp.Compare(x.first, y.first) })
	var texts []string
	for _, c := range found {
		modules, err := c.sample(rects, b)
		if err != nil {
			return nil, err
		}
		if text, ok := decode(modules); ok {
			texts = append(texts, text)
		}
	}
	return texts, nil
}

// bySide groups the dark rectangles by the length of their shorter side, which in a symbol is that of a module.
func bySide(rects []rect) [][]int {
	var all []int
	for i, r := range rects {
		// Not a number, infinite or empty: nothing to see. The bounds keep every later quotient an honest integer.
		if s := r.side(); r.dark && s > 1e-3 && s < 1e4 && math.Abs(r.x0)+math.Abs(r.y0)+math.Abs(r.x1)+math.Abs(r.y1) < 1e6 {
			all = append(all, i)
		}
	}
	slices.SortStableFunc(all, func(i, j int) int { return cmp.Compare(rects[i].side(), rects[j].side()) })
	var groups [][]int
	start := 0
	for i := range all {
		last := i == len(all)-1
		// Programs round to hundredths of a point, which is 2 % of a small module.
		if last || rects[all[i+1]].side() > rects[all[i]].side()*1.02 || rects[all[i+1]].side() > rects[all[start]].side()*1.1 {
			if i+1-start >= leastRects {
				groups = append(groups, all[start:i+1])
			}
			start = i + 1
		}
	}
	return groups
}

func (r rect) side() float64 { return min(r.x1-r.x0, r.y1-r.y0) }

// cell is a square of the page, quiet modules wide.
type cell struct{ x, y int }

// apart splits a group into parts with white space between them, so that two symbols of the same size on a page, or an
// ornament, don't run together. Each part is in the order of painting.
func apart(rects []rect, group []int, b *budget) ([][]int, error) {
	size := quiet * rects[group[len(group)-1]].side()
	corner := func(x, y float64) cell { return cell{int(math.Floor(x / size)), int(math.Floor(y / size))} }
	slices.Sort(group)
	occupied := make(map[cell]int, len(group)) // the number of the part that a cell belongs to, from 1; 0 is not known yet
	for _, i := range group {
		from, to := corner(rects[i].x0, rects[i].y0), corner(rects[i].x1, rects[i].y1)
		if max(to.x-from.x, to.y-from.y) > mostModules { // longer than any symbol: a rule of a table
			continue
		}
		if err := b.spend((to.x - from.x + 1) * (to.y - from.y + 1)); err != nil {
			return nil, err
		}
		for x := from.x; x <= to.x; x++ {
			for y := from.y; y <= to.y; y++ {
				occupied[cell{x, y}] = 0
			}
		}
	}
	var parts [][]int
	for _, i := range group {
		at := corner(rects[i].x0, rects[i].y0)
		part, ok := occupied[at]
		if !ok {
			continue
		}
		if part == 0 {
			parts = append(parts, nil)
			part = len(parts)
			flood(occupied, at, part)
		}
		parts[part-1] = append(parts[part-1], i)
	}
	return slices.DeleteFunc(parts, func(p []int) bool { return len(p) < leastRects }), nil
}

// flood marks the cells that hang together with one of them.
func flood(occupied map[cell]int, from cell, part int) {
	occupied[from] = part
	for todo := []cell{from}; len(todo) > 0; {
		c := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for dx := -1; dx <= 1; dx++ {
			for dy := -1; dy <= 1; dy++ {
				next := cell{c.x + dx, c.y + dy}
				if p, ok := occupied[next]; ok && p == 0 {
					occupied[next] = part
					todo = append(todo, next)
				}
			}
		}
	}
}

// candidate is a square of the page that may be a symbol.
type candidate struct {
	first   int // index of the rectangle painted first
	box     rect
	modules int // in a row
}

// measure takes the bounding box of a part: in a symbol its finder patterns reach three corners, so it is the symbol's own.
func measure(rects []rect, part []int) (candidate, bool) {
	box := rects[part[0]]
	sum := 0.0
	for _, i := range part {
		r := rects[i]
		box.x0, box.y0 = min(box.x0, r.x0), min(box.y0, r.y0)
		box.x1, box.y1 = max(box.x1, r.x1), max(box.y1, r.y1)
		sum += r.side()
	}
	module := sum / float64(len(part))
	n := int(math.Round((box.x1 - box.x0) / module))
	if n < leastModules || n > mostModules || n%4 != 1 {
		return candidate{}, false
	}
	if math.Abs((box.x1-box.x0)-(box.y1-box.y0)) > module/2 {
		return candidate{}, false
	}
	return candidate{part[0], box, n}, true
}

// sample reads the colour at the middle of each module, row by row from the top, as a person would see it: what is
// painted later covers what was painted before, white over black too.
func (c candidate) sample(rects []rect, b *budget) ([][]bool, error) {
	modules := make([][]bool, c.modules)
	for i := range modules {
		modules[i] = make([]bool, c.modules)
	}
	w, h := (c.box.x1-c.box.x0)/float64(c.modules), (c.box.y1-c.box.y0)/float64(c.modules)
	// clip gives the modules whose middles lie between two places.
	clip := func(from, to, unit float64) (int, int) {
		n := float64(c.modules)
		return int(math.Ceil(min(max(from/unit-0.5, 0), n))), int(math.Floor(min(max(to/unit-0.5, -1), n-1)))
	}
	if err := b.spend(len(rects) + c.modules*c.modules); err != nil {
		return nil, err
	}
	for _, r := range rects {
		x0, x1 := clip(r.x0-c.box.x0, r.x1-c.box.x0, w)
		y0, y1 := clip(c.box.y1-r.y1, c.box.y1-r.y0, h)
		if x0 > x1 || y0 > y1 {
			continue
		}
		if err := b.spend((x1 - x0 + 1) * (y1 - y0 + 1)); err != nil {
			return nil, err
		}
		for y := y0; y <= y1; y++ {
			for x := x0; x <= x1; x++ {
				modules[y][x] = r.dark
			}
		}
	}
	return modules, nil
}

// decode reads a symbol, whichever way up it stands.
func decode(modules [][]bool) (string, bool) {
	for range 4 {
		if bits, err := gozxing.ParseBoolMapToBitMatrix(modules); err == nil { // the decoder changes its copy
			if res, err := decoder.NewDecoder().Decode(bits, nil); err == nil {
				return res.GetText(), true
			}
		}
		modules = quarterTurn(modules)
	}
	return "", false
}

func quarterTurn(m [][]bool) [][]bool {
	n := len(m)
	out := make([][]bool, n)
	for y := range out {
		out[y] = make([]bool, n)
		for x := range out[y] {
			out[y][x] = m[n-1-x][y]
		}
	}
	return out
}
