package learner

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/internal/link"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/scan"
	"github.com/cardproof/cardproof/verify/web"
)

// quietZone is the white border of a symbol, in modules (ISO/IEC 18004).
const quietZone = 4

type doorPage struct {
	web.Frame
	Name, Course   string
	Number         card.Number
	Through, Until string
	Symbol         drawing
	Says           string // what the picture is, in words
	BackLink       string
}

// drawing is a symbol for an SVG element: one path, and the box around it with the quiet zone.
type drawing struct{ Path, Box string }

// show is the page to hold under a camera: the QR code of a valid card, large. The symbol is that of the issued file, read back from it:
// nothing on this side can draw one.
func (p *pages) show(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := p.limit(r)
	defer cancel()
	c, err := p.numbered(ctx, r, r.PathValue("number"))
	if err != nil {
		return p.orGone(w, r, err)
	}
	rd := p.shell.Reader(r)
	httpd.NoteOutcome(r.Context(), string(c.verdict.Code))
	said := rd.Verdicts[string(c.verdict.Code)]
	if !c.verdict.IsValid() {
		return p.withheld(w, r, http.StatusForbidden, said.Word, said.Message)
	}
	file, err := p.Files.Get(ctx, c.Number, c.SHA256)
	if err != nil {
		return unavailable(err)
	}
	modules, err := symbolOf(file, c.Token)
	if err != nil {
		return unavailable(fmt.Errorf("card %s: %w", c.Number, err))
	}
	rec := c.verdict.Card
	page := doorPage{
		Frame: p.shell.Frame(rd, rd.My.Door), Name: rec.Name, Course: titleOf(rec), Number: rec.Number,
		Symbol: draw(modules), Says: rd.Say(rd.My.Code, "number", rec.Number.String()),
		BackLink: link.Own + url.PathEscape(r.PathValue("secret")) + rd.Query(),
	}
	page.Through, page.Until = p.shell.Validity(rd, c.verdict)
	return p.shell.Write(w, rd, http.StatusOK, p.door, page)
}

// errNoSymbol says that the issued file has no symbol of the card's own token.
var errNoSymbol = errors.New("the file has no QR code of this card")

// symbolOf reads the QR code of a token back from an issued file: its modules, row by row from the top, true for dark.
func symbolOf(file []byte, raw string) ([][]bool, error) {
	doc, err := scan.Read(file)
	if err != nil {
		return nil, err
	}
	for _, page := range doc.Pages {
		for i, code := range page.Codes {
			if in := verify.ReadInput(code.Text); in.Token == raw || in.Token == token.Digits(raw) {
				return page.Modules(i), nil
			}
		}
	}
	return nil, errNoSymbol
}

// draw joins the dark modules of each row into bars.
func draw(modules [][]bool) drawing {
	var b strings.Builder
	for y, row := range modules {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			from := x
			for x < len(row) && row[x] {
				x++
			}
			fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
		}
	}
	side := strconv.Itoa(len(modules) + 2*quietZone)
	return drawing{b.String(), fmt.Sprintf("-%d -%d %s %s", quietZone, quietZone, side, side)}
}
