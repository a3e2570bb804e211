package pdf

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/symbol"
)

const (
	symbolSize   = design.LeastSymbol // mm, with the quiet zone; a design may give more
	quietZone    = symbol.QuietZone
	mostVersion  = 22
	leastModule  = 0.33 // mm: below it, printed and scanned symbols fail too often
	goodModule   = 0.38 // mm: SMART Health Cards' limit
	usualModules = 77   // in a row, of version 15
)

// symbolPhase moves the QR by a quarter of a pixel at 150 dpi, in mm. Without it the edges of every second module of a
// version 16 symbol fall on half pixels there, and zxing-cpp reads none of these cards (docs/decisions/0008).
const symbolPhase = 0.12 * mmPerPoint

// ErrTooDense says that a URL is too long for a QR that cameras read well at the size of a card.
var ErrTooDense = errors.New("the QR would be too dense to be read from a card")

// Symbol is the QR that a URL needs on a card.
type Symbol struct {
	Version int
	Modules int     // in a row, without the quiet zone
	Module  float64 // the side of a module in mm
	Warn    bool    // readable, but with less of a reserve than it should have
}

// CheckURL says which QR a URL needs on a card of any design, none of which gives it less room than a wallet card does; or ErrTooDense.
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

// code is a QR drawn once for all pages of a card.
type code struct {
	modules int
	path    []byte // in modules, from the lower left corner
}

func newCode(url string) (*code, error) {
	laid, s, err := encode(url)
	if err != nil {
		return nil, err
	}
	return &code{s.Modules, modulePath(laid.Bitmap())}, nil
}

// modulePath draws a QR as one path of rectangles in a coordinate system whose unit is the module: whole numbers only, so no
// renderer finds a gap between two rows, and the drawing takes a few kB. Adjoining modules of a row are one rectangle. Rows count
// upwards, as PDF has it.
func modulePath(bitmap [][]bool) []byte {
	b := make([]byte, 0, 24<<10)
	for row, modules := range bitmap {
		y := len(bitmap) - 1 - row
		for from := 0; from < len(modules); from++ {
			if !modules[from] {
				continue
			}
			to := from
			for to < len(modules) && modules[to] {
				to++
			}
			for _, v := range [3]int{from, y, to - from} {
				b = append(strconv.AppendInt(b, int64(v), 10), ' ')
			}
			b = append(b, "1 re\n"...)
			from = to
		}
	}
	return b
}

// place is the upper left corner of the QR's dark square and the side of a module, in mm. The square keeps to the same edge of its
// box, however many modules it has.
func (c *code) place(e *design.Element) (x, y, module float64) {
	side := e.Box[2]
	module = side / float64(c.modules+2*quietZone)
	inset := side * quietZone / (usualModules + 2*quietZone)
	slack := side - 2*inset - module*float64(c.modules)
	switch e.Align {
	case "right":
		x = slack
	case "centre":
		x = slack / 2
	}
	return e.Box[0] + inset + x + symbolPhase, e.Box[1] + inset, module
}

// symbol draws a QR on white, whatever lies under it.
func (p *pen) symbol(c *code, e *design.Element) error {
	x, y, module := c.place(e)
	if module < leastModule {
		return ErrTooDense
	}
	k := module / mmPerPoint
	p.b = append(p.b, "q 1 g "...)
	quiet := quietZone * module
	p.rectangle(x-quiet, y-quiet, module*float64(c.modules)+2*quiet, module*float64(c.modules)+2*quiet)
	p.b = append(p.b, "f 0 g "...)
	for _, v := range [6]float64{k, 0, 0, k, x / mmPerPoint, (p.height-y)/mmPerPoint - k*float64(c.modules)} {
		p.number(v, 5)
	}
	p.b = append(p.b, "cm\n"...)
	p.b = append(p.b, c.path...)
	p.b = append(p.b, "f Q\n"...)
	return nil
}
