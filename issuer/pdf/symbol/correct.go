package symbol

// field holds the powers of 2 in the Galois field of the QR, modulo x⁸+x⁴+x³+x²+1 (ISO/IEC 18004, 7.5.2), and their logarithms.
type field struct {
	exp [510]byte // twice around, so that the sum of two logarithms is an index
	log [256]int
}

var gf = newField()

func newField() *field {
	f := new(field)
	for i, v := 0, 1; i < 255; i++ {
		f.exp[i], f.exp[i+255] = byte(v), byte(v)
		f.log[v] = i
		if v <<= 1; v > 255 {
			v ^= 0x11d
		}
	}
	return f
}

// generator gives the logarithms of the coefficients of (x-2⁰)(x-2¹)…(x-2ⁿ⁻¹), highest power first and without the leading 1.
func generator(n int) []int {
	p := make([]byte, n) // p[i] belongs to x^(n-1-i)
	p[n-1] = 1
	for root := range n {
		for i := range p {
			v := byte(0)
			if p[i] != 0 {
				v = gf.exp[gf.log[p[i]]+root]
			}
			if i+1 < n {
				v ^= p[i+1]
			}
			p[i] = v
		}
	}
	logs := make([]int, n)
	for i, v := range p {
		logs[i] = gf.log[v] // no coefficient of a generator of the standard is zero
	}
	return logs
}

// remainder is the error correction of one block: what is left of it, divided by the generator.
func remainder(data []byte, gen []int) []byte {
	n := len(gen)
	line := make([]byte, len(data)+n)
	copy(line, data)
	for i := range data {
		if line[i] == 0 {
			continue
		}
		lead, rest := gf.log[line[i]], line[i+1:i+1+n]
		for j, g := range gen {
			rest[j] ^= gf.exp[lead+g]
		}
	}
	return line[len(data):]
}
