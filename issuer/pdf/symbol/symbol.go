// Package symbol makes the QR of a card (ISO/IEC 18004, level M) and is the only importer of go-qrcode.
//
// go-qrcode lays the text out: it splits it into segments and chooses the version. Drawing is done here, because go-qrcode
// takes half of a card's whole time for it. What comes out is the same symbol, module for module; the tests hold the two
// against each other. Where go-qrcode would one day lay a text out in another way than is known here, it draws the symbol too.
package symbol

import (
	qrcode "github.com/skip2/go-qrcode"
)

// QuietZone is the white border that a symbol needs on each side, in modules (ISO/IEC 18004, 5.3.8).
const QuietZone = 4

// Code is a text that is laid out and not drawn yet.
type Code struct {
	laidOut *qrcode.QRCode
}

// New lays a text out as a QR of level M, in the smallest version that holds it. The error says that none does.
func New(text string) (*Code, error) {
	q, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, err
	}
	q.DisableBorder = true // has to be set before the first use
	return &Code{q}, nil
}

// Version is 1 to 40.
func (c *Code) Version() int { return c.laidOut.VersionNumber }

// Modules is the length of a row, without the quiet zone.
func (c *Code) Modules() int { return 17 + 4*c.Version() }

// Bitmap draws the symbol, without the quiet zone: [y][x] from the upper left corner, true where it is dark. It is for one call.
func (c *Code) Bitmap() [][]bool {
	l, ok := read(c.laidOut)
	if !ok {
		return c.laidOut.Bitmap()
	}
	return draw(l.version, l.codewords()).bitmap()
}
