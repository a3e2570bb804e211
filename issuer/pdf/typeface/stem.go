package typeface

// stem is where a glyph's ink above the baseline begins, in font units: the least x of its outline's points there (ISO/IEC 14496-22,
// 5.3.3). The left end of its whole ink where the outline can't be read.
func (f *Font) stem(glyph uint16) int {
	outline, err := f.outline(glyph)
	left, _, _, _, ok := f.extent(glyph)
	if err != nil || !ok {
		return left
	}
	if signed(outline, 0) < 0 { // of parts: the letter is the first, its marks follow
		if len(outline) < 14 {
			return left
		}
		return f.stem(be16(outline, 12))
	}
	xs, ys, ok := points(outline)
	if !ok {
		return left
	}
	found, least := false, 0
	for i, y := range ys {
		if y >= 0 && (!found || xs[i] < least) {
			found, least = true, xs[i]
		}
	}
	if !found {
		return left
	}
	return least
}

// points are those of a simple outline.
func points(outline []byte) (xs, ys []int, ok bool) {
	contours := signed(outline, 0)
	at := 10 + 2*contours
	if contours < 1 || at+2 > len(outline) {
		return nil, nil, false
	}
	n := int(be16(outline, at-2)) + 1
	at += 2 + int(be16(outline, at))
	flags := make([]byte, 0, n)
	for len(flags) < n {
		if at+1 >= len(outline) {
			return nil, nil, false
		}
		flag, times := outline[at], 1
		if at++; flag&0x08 != 0 { // repeated
			times += int(outline[at])
			at++
		}
		for range times {
			flags = append(flags, flag)
		}
	}
	axis := func(short, same byte) []int {
		out, v := make([]int, n), 0
		for i := range out {
			size := 2
			if flags[i]&short != 0 {
				size = 1
			} else if flags[i]&same != 0 {
				size = 0
			}
			if at+size > len(outline) {
				ok = false
				return out
			}
			switch {
			case size == 2:
				v += signed(outline, at)
			case size == 1 && flags[i]&same != 0:
				v += int(outline[at])
			case size == 1:
				v -= int(outline[at])
			}
			at += size
			out[i] = v
		}
		return out
	}
	ok = true
	xs = axis(0x02, 0x10)
	ys = axis(0x04, 0x20)
	return xs, ys, ok
}
