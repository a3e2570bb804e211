package scan

import (
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// What the quick way reads is what the library's decoder reads; where a module is wrong it leaves the symbol alone.
func TestUndamaged(t *testing.T) {
	modules := symbolOf(t, sampleText)
	read := func() (string, bool) {
		bits, err := gozxing.ParseBoolMapToBitMatrix(modules)
		if err != nil {
			t.Fatal(err)
		}
		return undamaged(bits)
	}
	if got, ok := read(); !ok || got != sampleText {
		t.Fatalf("got %q, %t, want %q", got, ok, sampleText)
	}
	n := len(modules)
	modules[n-1][n-1] = !modules[n-1][n-1] // the first bit of the data
	if got, ok := read(); ok {
		t.Errorf("a wrong module: got %q, want none", got)
	}
	if got, _, ok := decode(modules); !ok || got != sampleText {
		t.Errorf("with correction: got %q, %t, want %q", got, ok, sampleText)
	}
}

// A block is faultless exactly where the library finds nothing to correct.
func TestFaultlessFindsEverySingleError(t *testing.T) {
	bits, err := gozxing.ParseBoolMapToBitMatrix(symbolOf(t, sampleText))
	if err != nil {
		t.Fatal(err)
	}
	parser, err := decoder.NewBitMatrixParser(bits)
	if err != nil {
		t.Fatal(err)
	}
	version, err := parser.ReadVersion()
	if err != nil {
		t.Fatal(err)
	}
	words, err := parser.ReadCodewords()
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := decoder.DataBlock_GetDataBlocks(words, version, decoder.ErrorCorrectionLevel_M)
	if err != nil || len(blocks) == 0 {
		t.Fatal(len(blocks), err)
	}
	for _, b := range blocks {
		w := b.GetCodewords()
		correction := len(w) - b.GetNumDataCodewords()
		if !faultless(w, correction) {
			t.Fatal("a block as it was drawn has faults")
		}
		for i := range w {
			for _, change := range []byte{1, 0x80, 0xff} {
				w[i] ^= change
				if faultless(w, correction) {
					t.Errorf("codeword %d changed by %#x: got no fault", i, change)
				}
				w[i] ^= change
			}
		}
	}
}
