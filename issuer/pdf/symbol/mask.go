package symbol

import "math/bits"

// maskPeriod: every mask repeats itself after so many modules, across and down.
const maskPeriod = 12

// masks are the lines of the eight masks (ISO/IEC 18004, table 10), by row and by column.
var masks = newMasks()

type maskLines struct{ rows, cols [maskPeriod]line }

func newMasks() *[8]maskLines {
	all := new([8]maskLines)
	for n := range all {
		for i := range maskPeriod {
			for j := range 128 {
				if masked(n, j, i) {
					all[n].rows[i].set(j)
				}
				if masked(n, i, j) {
					all[n].cols[i].set(j)
				}
			}
		}
	}
	return all
}

func masked(mask, x, y int) bool {
	switch mask {
	case 0:
		return (x+y)%2 == 0
	case 1:
		return y%2 == 0
	case 2:
		return x%3 == 0
	case 3:
		return (x+y)%3 == 0
	case 4:
		return (x/3+y/2)%2 == 0
	case 5:
		return x*y%2+x*y%3 == 0
	case 6:
		return (x*y%2+x*y%3)%2 == 0
	}
	return ((x+y)%2+x*y%3)%2 == 0
}

// best tries the eight masks and keeps the first of the least penalty.
func best(plain, taken *matrix) *matrix {
	var tried [2]matrix
	kept, least := 0, -1
	for mask := range masks {
		m := &tried[1-kept]
		plain.masked(m, taken, mask)
		if p := m.penalty(); least < 0 || p < least {
			kept, least = 1-kept, p
		}
	}
	return &tried[kept]
}

// masked writes the symbol under a mask, with the format that names it, into to.
func (m *matrix) masked(to, taken *matrix, mask int) {
	to.n = m.n
	lines := &masks[mask]
	for i := range m.n {
		r, c := &lines.rows[i%maskPeriod], &lines.cols[i%maskPeriod]
		for w := range r {
			to.rows[i][w] = m.rows[i][w] ^ r[w]&^taken.rows[i][w]&m.width(w)
			to.cols[i][w] = m.cols[i][w] ^ c[w]&^taken.cols[i][w]&m.width(w)
		}
	}
	// Level M is 00; the last number keeps the format from being all light (ISO/IEC 18004, 7.9.1).
	format := (mask<<10 | bch(mask, 10, 0x537)) ^ 0x5412
	for i := range 15 {
		if format>>i&1 == 0 {
			continue
		}
		for _, at := range formatPlaces(m.n, i) {
			to.set(at[0], at[1])
		}
	}
}

// width has the bits of word w that lie within a line.
func (m *matrix) width(w int) uint64 {
	n := min(max(m.n-64*w, 0), 64)
	return 1<<n - 1
}

// penalty judges a symbol as go-qrcode does, which is not in every detail as the standard does (7.8.3): only so is the mask the same.
func (m *matrix) penalty() int {
	rows, cols := m.rows[:m.n], m.cols[:m.n]
	p := m.runs(rows) + m.runs(cols) + m.squares() + m.lookalikes(rows, cols) + m.lookalikes(cols, rows)
	dark := 0
	for _, r := range rows {
		dark += bits.OnesCount64(r[0]) + bits.OnesCount64(r[1])
	}
	all := m.n * m.n
	off := all/2 - dark
	return p + 10*(max(off, -off)/(all/20))
}

// runs gives 4 for six modules of a colour on end, and 1 for each more. It looks at all lines at once, from one module to the next.
func (m *matrix) runs(across []line) int {
	p := 0
	for w := range 2 {
		width := m.width(w)
		var same [4]uint64 // whether a module has the colour of the one before it, for the last four steps
		var in uint64      // lines that are in a run of six or more
		for i := 1; i < m.n; i++ {
			now := ^(across[i][w] ^ across[i-1][w]) & width
			six := now & same[0] & same[1] & same[2] & same[3]
			p += bits.OnesCount64(six) + 3*bits.OnesCount64(six&^in)
			in = six
			same[0], same[1], same[2], same[3] = now, same[0], same[1], same[2]
		}
	}
	return p
}

// squares gives 3 for each square of two by two modules of one colour.
func (m *matrix) squares() int {
	n := 0
	width := line{m.width(0), m.width(1)}
	if width[1] != 0 {
		width[1] >>= 1 // the last module has none to its right
	} else {
		width[0] >>= 1
	}
	for y := 1; y < m.n; y++ {
		a, b := &m.rows[y-1], &m.rows[y]
		n += bits.OnesCount64(sameRight(a[0], a[1]) & sameRight(b[0], b[1]) &^ (a[0] ^ b[0]) & width[0])
		n += bits.OnesCount64(sameRight(a[1], 0) & sameRight(b[1], 0) &^ (a[1] ^ b[1]) & width[1])
	}
	return 3 * n
}

// sameRight has a bit wherever a module of word has the colour of the one after it; next is the word that follows.
func sameRight(word, next uint64) uint64 { return ^(word ^ (word>>1 | next<<63)) }

// lookalikes gives 40 for each place of a line that looks like a finder: 1011101 with four light modules on one side. Few lines have
// one, so the lines that may are found all at once, and only those are walked along.
func (m *matrix) lookalikes(across, along []line) int {
	p := 0
	for w := range 2 {
		var may uint64
		for i := 0; i+7 <= m.n; i++ {
			core := across[i][w] &^ across[i+1][w] & across[i+2][w] & across[i+3][w] & across[i+4][w] &^ across[i+5][w] & across[i+6][w]
			if core &^= may; core == 0 {
				continue
			}
			before, after := core, core
			for j := max(i-4, 0); j < i; j++ { // beyond the edge it is light
				before &^= across[j][w]
			}
			for j := i + 7; j < min(i+11, m.n); j++ {
				after &^= across[j][w]
			}
			may |= before | after
		}
		for ; may != 0; may &= may - 1 {
			p += along[64*w+bits.TrailingZeros64(may)].lookalikes(m.n)
		}
	}
	return p
}

// lookalikes walks along one line with the last eleven modules in hand. After a find they count as dark, as go-qrcode has it.
func (l *line) lookalikes(n int) int {
	p, last := 0, uint64(0)
	for i := range n {
		last = last<<1&0x7ff | l[i>>6]>>(i&63)&1
		if last == 0b00001011101 || last == 0b10111010000 || i == n-1 && last&0x7f == 0b1011101 {
			p += 40
			last = 0xff
		}
	}
	return p
}
