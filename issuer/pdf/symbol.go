package pdf

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jung-kurt/gofpdf"

	"github.com/cardproof/cardproof/issuer/pdf/symbol"
)

const (
	symbolSize  = 34.0 // mm, with the quiet zone
	quietZone   = symbol.QuietZone
	mostVersion = 22
	leastModule = 0.33 // mm: below it, printed and scanned symbols fail too often
	goodModule  = 0.38 // mm: SMART Health Cards' limit
)

// ErrTooDense says that a URL is too long for a QR that cameras read well at the size of a card.
var ErrTooDense = errors.New("the QR would be too dense to be read from a card")

// Symbol is the QR that a URL needs on a card.
type Symbol struct {
	Version int
	Modules int     // in a row, without the quiet zone
	Module  float64 // the side of a module in mm
	Warn    bool    // readable, but with less of a reserve than it should have
}

// CheckURL says which QR a URL needs, or ErrTooDense.
func CheckURL(url string) (Symbol, error) {
	_, s, err := encode(url)
	return s, err
}

// encode lays the URL out as a QR of level M. It is drawn later, at the call of Bitmap.
func encode(url string) (*symbol.Code, Symbol, error) {
	if url == "" {
		return nil, Symbol{}, errors.New("a card needs a URL for its QR")
	}
	code, err := symbol.New(url)
	if err != nil {
		return nil, Symbol{}, fmt.Errorf("%w: %w", ErrTooDense, err)
	}
	s := Symbol{Version: code.Version(), Modules: code.Modules()}
	s.Module = symbolSize / float64(s.Modules+2*quietZone)
	s.Warn = s.Module < goodModule
	if s.Version > mostVersion || s.Module < leastModule {
		return nil, s, ErrTooDense
	}
	return code, s, nil
}

// drawSymbol draws a QR as one path of rectangles, filled once, in a coordinate system whose unit is the module: whole
// numbers only, so no renderer finds a gap between two rows, and the drawing takes a few kB. Adjoining modules of a row
// are one rectangle.
func drawSymbol(doc *gofpdf.Fpdf, bitmap [][]bool, s Symbol, url string) {
	var b strings.Builder
	k := s.Module / mmPerPoint
	x, y := symbolOrigin(s)
	// The origin is the lower left corner of the dark square; rows count upwards from there, as PDF has it.
	fmt.Fprintf(&b, "q 0 g %.5f 0 0 %.5f %.4f %.4f cm\n", k, k, x/mmPerPoint, (Height-y)/mmPerPoint-k*float64(s.Modules))
	for row, modules := range bitmap {
		for from := 0; from < len(modules); from++ {
			if !modules[from] {
				continue
			}
			to := from
			for to < len(modules) && modules[to] {
				to++
			}
			fmt.Fprintf(&b, "%d %d %d 1 re\n", from, len(bitmap)-1-row, to-from)
			from = to
		}
	}
	b.WriteString("f Q")
	doc.RawWriteStr(b.String())
	doc.LinkString(x, y, s.Module*float64(s.Modules), s.Module*float64(s.Modules), url)
}
