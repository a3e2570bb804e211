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

// spend takes work out of the budget, and looks at the clock now and then.
func (b *budget) spend(n int) error {
	before := b.work
	if b.work -= n; b.work < 0 {
		return ErrTooLarge
	}
	if before>>14 == b.work>>14 {
		return nil
	}
	return b.ctx.Err()
}

// symbols finds and decodes the QR symbols among the rectangles of a page. It knows nothing of how they were drawn, but
// that a rectangle is one module high or one wide: one for each module, or the modules of a row or of a column joined.
func symbols(rects []rect, b *budget) ([]symbol, error) {
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
	var read []symbol
	for _, c := range found {
		modules, err := c.sample(rects, b)
		if err != nil {
			return nil, err
		}
		if text, upright, ok := decode(modules); ok {
			read = append(read, symbol{text, c.box, c.first, upright})
		}
	}
	return read, nil
}

// symbol is a QR that was read, and where it stands.
type symbol struct {
	text    string
	box     rect
	first   int      // of its rectangles
	modules [][]bool // as they were read, the right way up
}

// bySide groups the dark rectangles by the length of their shorter side, which in a symbol is that of a module.
func bySide(rects []rect) [][]int {
	type sized struct {
		side float64
		rect int
	}
	var all []sized
	for i, r := range rects {
		// Not a number, infinite or empty: nothing to see. The bounds keep every later quotient an honest integer.
		if s := r.side(); r.dark && s > 1e-3 && s < 1e4 && math.Abs(r.x0)+math.Abs(r.y0)+math.Abs(r.x1)+math.Abs(r.y1) < 1e6 {
			if all == nil {
				all = make([]sized, 0, len(rects)-i)
			}
			all = append(all, sized{coarse(s), i})
		}
	}
	slices.SortFunc(all, func(a, b sized) int {
		if a.side == b.side {
			return a.rect - b.rect
		}
		return cmp.Compare(a.side, b.side)
	})
	var groups [][]int
	start := 0
	for i := range all {
		last := i == len(all)-1
		// Programs round to hundredths of a point, which is 2 % of a small module.
		if last || all[i+1].side > all[i].side*1.02 || all[i+1].side > all[start].side*1.1 {
			if i+1-start >= leastRects {
				group := make([]int, 0, i+1-start)
				for _, s := range all[start : i+1] {
					group = append(group, s.rect)
				}
				groups = append(groups, group)
			}
			start = i + 1
		}
	}
	return groups
}

// coarse drops the last 40 bits, 0.02 %, in which the modules of a symbol differ by chance, so that they stay in the order of painting and
// sorting them costs next to nothing.
func coarse(side float64) float64 { return math.Float64frombits(math.Float64bits(side) &^ (1<<40 - 1)) }

func (r rect) union(o rect) rect {
	return rect{x0: min(r.x0, o.x0), y0: min(r.y0, o.y0), x1: max(r.x1, o.x1), y1: max(r.y1, o.y1)}
}

func (r rect) side() float64 { return min(r.x1-r.x0, r.y1-r.y0) }

// cell is a square of the page, quiet modules wide.
type cell struct{ x, y int }

// apart splits a group into parts with white space between them, so that two symbols of the same size on a page, or an
// ornament, don't run together. Each part is in the order of painting.
func apart(rects []rect, group []int, b *budget) ([][]int, error) {
	size := quiet * rects[group[len(group)-1]].side() // of the largest
	corner := func(x, y float64) cell { return cell{int(math.Floor(x / size)), int(math.Floor(y / size))} }
	slices.Sort(group)
	occupied := newCells(rects, group, corner)
	for _, i := range group {
		from, to := corner(rects[i].x0, rects[i].y0), corner(rects[i].x1, rects[i].y1)
		if max(to.x-from.x, to.y-from.y) > mostModules { // longer than any symbol: a rule of a table
			continue
		}
		if err := b.spend((to.x - from.x + 1) * (to.y - from.y + 1)); err != nil {
			return nil, err
		}
		occupied.fill(from, to)
	}
	var parts [][]int
	for _, i := range group {
		at := corner(rects[i].x0, rects[i].y0)
		part := occupied.get(at)
		if part == 0 {
			continue
		}
		if part == unmarked {
			parts = append(parts, nil)
			part = len(parts)
			flood(occupied, at, part)
		}
		parts[part-1] = append(parts[part-1], i)
	}
	return slices.DeleteFunc(parts, func(p []int) bool { return len(p) < leastRects }), nil
}

// cells has the number of the part that each cell belongs to, from 1; 0 is an empty cell.
type cells struct {
	first      cell
	wide, high int
	dense      []int32
	sparse     map[cell]int // in place of dense, where the page is too large for that
}

const (
	unmarked = -1      // a cell of a part that has no number yet
	maxDense = 1 << 16 // cells
)

func newCells(rects []rect, group []int, corner func(x, y float64) cell) *cells {
	box := rects[group[0]]
	for _, i := range group {
		box = box.union(rects[i])
	}
	from, to := corner(box.x0, box.y0), corner(box.x1, box.y1)
	c := &cells{first: from, wide: to.x - from.x + 1, high: to.y - from.y + 1}
	if c.wide > maxDense || c.high > maxDense || c.wide*c.high > maxDense {
		c.sparse = make(map[cell]int, len(group))
	} else {
		c.dense = make([]int32, c.wide*c.high)
	}
	return c
}

func (c *cells) get(at cell) int {
	if c.sparse != nil {
		return c.sparse[at]
	}
	x, y := at.x-c.first.x, at.y-c.first.y
	if x < 0 || y < 0 || x >= c.wide || y >= c.high {
		return 0
	}
	return int(c.dense[y*c.wide+x])
}

// put is for cells within the group's own bounds.
func (c *cells) put(at cell, part int) {
	if c.sparse != nil {
		c.sparse[at] = part
		return
	}
	c.dense[(at.y-c.first.y)*c.wide+at.x-c.first.x] = int32(part)
}

// fill puts unmarked into the cells of a rectangle.
func (c *cells) fill(from, to cell) {
	for y := from.y; y <= to.y; y++ {
		for x := from.x; x <= to.x; x++ {
			c.put(cell{x, y}, unmarked)
		}
	}
}

// flood marks the cells that hang together with one of them.
func flood(occupied *cells, from cell, part int) {
	occupied.put(from, part)
	for todo := []cell{from}; len(todo) > 0; {
		c := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for dx := -1; dx <= 1; dx++ {
			for dy := -1; dy <= 1; dy++ {
				next := cell{c.x + dx, c.y + dy}
				if occupied.get(next) == unmarked {
					occupied.put(next, part)
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
		box = box.union(r)
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

// decode reads a symbol, whichever way up it stands, and answers its modules upright.
func decode(modules [][]bool) (string, [][]bool, bool) {
	for range 4 {
		if bits, err := gozxing.ParseBoolMapToBitMatrix(modules); err == nil {
			if text, ok := undamaged(bits); ok {
				return text, modules, true
			}
		}
		if bits, err := gozxing.ParseBoolMapToBitMatrix(modules); err == nil { // the decoder changes its copy
			if res, err := decoder.NewDecoder().Decode(bits, nil); err == nil {
				return res.GetText(), modules, true
			}
		}
		modules = quarterTurn(modules)
	}
	return "", nil, false
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
