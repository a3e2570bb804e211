package symbol

// mostVersion is the largest version that is drawn here: its 125 modules fill a line.
const mostVersion = 27

// line is a row or a column of modules; module i is bit i, counted on from the first word into the second.
type line [2]uint64

func (l *line) set(i int) { l[i>>6] |= 1 << (i & 63) }

func (l *line) has(i int) bool { return l[i>>6]>>(i&63)&1 != 0 }

// matrix holds the modules twice, by rows and by columns, so that the search for a mask looks at both in the same way.
type matrix struct {
	n          int // modules in a row
	rows, cols [17 + 4*mostVersion]line
}

func (m *matrix) set(x, y int) {
	m.rows[y].set(x)
	m.cols[x].set(y)
}

func (m *matrix) bitmap() [][]bool {
	all := make([]bool, m.n*m.n)
	out := make([][]bool, m.n)
	for y := range out {
		out[y], all = all[:m.n:m.n], all[m.n:]
		for x := range out[y] {
			out[y][x] = m.rows[y].has(x)
		}
	}
	return out
}

// draw makes the symbol of the codewords, with the mask that go-qrcode would choose.
func draw(version int, codewords []byte) *matrix {
	plain := matrix{n: 17 + 4*version}
	taken := matrix{n: plain.n}
	s := skeleton{&plain, &taken}
	s.finders()
	s.alignments(version)
	s.timing()
	s.version(version)
	s.reserveFormat()
	fill(&plain, &taken, codewords)
	return best(&plain, &taken)
}

// skeleton puts down the patterns that are the same in every symbol of a version.
type skeleton struct{ dark, taken *matrix }

func (s skeleton) put(x, y int, dark bool) {
	s.taken.set(x, y)
	if dark {
		s.dark.set(x, y)
	}
}

// square puts rings around a middle, up to a distance; the rings of the given distances are light.
func (s skeleton) square(x, y, most int, light ...int) {
	n := s.dark.n
	for dy := -most; dy <= most; dy++ {
		for dx := -most; dx <= most; dx++ {
			if x+dx < 0 || y+dy < 0 || x+dx >= n || y+dy >= n {
				continue
			}
			ring, dark := max(dx, -dx, dy, -dy), true
			for _, l := range light {
				dark = dark && ring != l
			}
			s.put(x+dx, y+dy, dark)
		}
	}
}

// finders puts the patterns of the three corners, with the white lines that set them apart.
func (s skeleton) finders() {
	end := s.dark.n - 4
	for _, at := range [][2]int{{3, 3}, {end, 3}, {3, end}} {
		s.square(at[0], at[1], 4, 2, 4)
	}
}

// alignments puts a small square wherever two of the version's lines cross and no finder stands.
func (s skeleton) alignments(version int) {
	at := alignmentLines(version)
	for i, y := range at {
		for j, x := range at {
			last := len(at) - 1
			if (i == 0 || i == last) && (j == 0 || j == last) && !(i == last && j == last) {
				continue
			}
			s.square(x, y, 2, 1)
		}
	}
}

// alignmentLines gives the middles of the alignment patterns (ISO/IEC 18004, annex E): the first at 6, the last at 7 modules from the
// far edge, and even steps counted from the far one, so that only the first step may be shorter.
func alignmentLines(version int) []int {
	if version == 1 {
		return nil
	}
	steps := version/7 + 1
	first, last := 6, 4*version+10
	step := (last - first + steps - 1) / steps // rounded up to an even number
	step += step % 2
	lines := make([]int, steps+1)
	for i := range lines {
		lines[i] = last - (steps-i)*step
	}
	lines[0] = first
	return lines
}

// timing puts the dotted lines between the finders.
func (s skeleton) timing() {
	for i := 8; i < s.dark.n-8; i++ {
		s.put(i, 6, i%2 == 0)
		s.put(6, i, i%2 == 0)
	}
}

// version puts the version's number into two corners, from version 7 on (ISO/IEC 18004, 7.10).
func (s skeleton) version(version int) {
	if version < 7 {
		return
	}
	bits := version<<12 | bch(version, 12, 0x1f25)
	for i := range 18 {
		far, near, dark := s.dark.n-11+i%3, i/3, bits>>i&1 == 1
		s.put(far, near, dark)
		s.put(near, far, dark)
	}
}

// reserveFormat keeps the places of the format free of data; the mask decides what is written there.
func (s skeleton) reserveFormat() {
	for i := range 15 {
		for _, at := range formatPlaces(s.dark.n, i) {
			s.put(at[0], at[1], false)
		}
	}
	s.put(8, s.dark.n-8, true) // always dark
}

// formatPlaces gives the two places (x, y) of bit i of the format, counted from the least (ISO/IEC 18004, 7.9.1).
func formatPlaces(n, i int) [2][2]int {
	switch {
	case i < 6:
		return [2][2]int{{8, i}, {n - 1 - i, 8}}
	case i < 8:
		return [2][2]int{{8, i + 1}, {n - 1 - i, 8}}
	case i == 8:
		return [2][2]int{{7, 8}, {8, n - 7}}
	}
	return [2][2]int{{14 - i, 8}, {8, n - 15 + i}}
}

// bch is the remainder of v·x^degree by a generator polynomial of that degree over GF(2) (ISO/IEC 18004, annexes C and D).
func bch(v, degree, generator int) int {
	v <<= degree
	for i := 31 - degree; i >= 0; i-- {
		if v>>(i+degree)&1 == 1 {
			v ^= generator << i
		}
	}
	return v
}

// fill lays the codewords along columns two modules wide, upwards and downwards in turn from the lower right corner, around
// whatever is taken (ISO/IEC 18004, 7.7.3).
func fill(dark, taken *matrix, codewords []byte) {
	bit, bits, up := 0, 8*len(codewords), true
	for right := dark.n - 1; right > 0; right -= 2 {
		if right == 6 { // the upright line of timing has a column for itself
			right--
		}
		for i := range dark.n {
			y := i
			if up {
				y = dark.n - 1 - i
			}
			for x := right; x >= right-1; x-- {
				if taken.rows[y].has(x) || bit == bits { // the few places left over stay light
					continue
				}
				if codewords[bit>>3]<<(bit&7)&0x80 != 0 {
					dark.set(x, y)
				}
				bit++
			}
		}
		up = !up
	}
}
