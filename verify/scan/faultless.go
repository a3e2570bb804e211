package scan

import (
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// undamaged reads a symbol that has no error to correct, as a drawn one has none. The library's decoder works out where errors are
// before it finds that there are none, which takes it most of its time. Where anything is amiss, the answer is no, and the decoder has
// its turn.
func undamaged(bits *gozxing.BitMatrix) (string, bool) {
	parser, err := decoder.NewBitMatrixParser(bits)
	if err != nil {
		return "", false
	}
	version, err := parser.ReadVersion()
	if err != nil {
		return "", false
	}
	format, err := parser.ReadFormatInformation()
	if err != nil {
		return "", false
	}
	codewords, err := parser.ReadCodewords()
	if err != nil {
		return "", false
	}
	level := format.GetErrorCorrectionLevel()
	blocks, err := decoder.DataBlock_GetDataBlocks(codewords, version, level)
	if err != nil {
		return "", false
	}
	var data []byte
	for _, b := range blocks {
		words, n := b.GetCodewords(), b.GetNumDataCodewords()
		if !faultless(words, len(words)-n) {
			return "", false
		}
		data = append(data, words[:n]...)
	}
	result, err := decoder.DecodedBitStreamParser_Decode(data, version, level, nil)
	if err != nil {
		return "", false
	}
	return result.GetText(), true
}

// faultless says whether a block of codewords with so many for correction is a word of the code: as a polynomial it is zero at that many
// powers of the field's generator, from the zeroth on (ISO/IEC 18004, 7.5.2).
func faultless(words []byte, correction int) bool {
	for power := range correction {
		sum := byte(0)
		for _, w := range words {
			if sum != 0 {
				sum = field.power[int(field.log[sum])+power]
			}
			sum ^= w
		}
		if sum != 0 {
			return false
		}
	}
	return true
}

// field has the powers of 2 in GF(256) modulo x⁸+x⁴+x³+x²+1, twice in a row, and their logarithms. It is never written again.
var field = func() (f struct {
	power [2 * 255]byte
	log   [256]byte
}) {
	v := 1
	for i := range 255 {
		f.power[i], f.power[i+255], f.log[v] = byte(v), byte(v), byte(i)
		if v <<= 1; v > 255 {
			v ^= 0x11d
		}
	}
	return f
}()
