package learner

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/httpd"
)

const (
	newestFile = "card.pdf" // the newest valid card
	fileEnd    = ".pdf"
)

// download hands out the file of a card as it was issued, or a range of it (RFC 9110, section 14). It is read whole and held against the
// register's SHA-256 before the first byte is sent: a damaged file is nobody's card.
func (p *pages) download(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := p.limit(r)
	defer cancel()
	c, err := p.wanted(ctx, r, r.PathValue("file"))
	if err != nil {
		return p.orGone(w, r, err)
	}
	rd := p.shell.Reader(r)
	if c == nil {
		return p.withheld(w, r, http.StatusNotFound, rd.My.NoneNow, rd.My.Withheld)
	}
	httpd.NoteOutcome(r.Context(), string(c.verdict.Code))
	if !c.isHandedOut() {
		said := rd.Verdicts[string(c.verdict.Code)]
		return p.withheld(w, r, http.StatusForbidden, said.Word, said.Message+" "+p.withheldNote(rd, c.verdict.Code))
	}
	file, err := p.Files.Get(ctx, c.Number, c.SHA256)
	if err != nil {
		return unavailable(err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", disposition(c.Number, c.verdict.Card.Name))
	h.Set("Cache-Control", "private, no-store")
	h.Set("ETag", `"`+c.SHA256+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file))
	return nil
}

// wanted is the card that a file name of the link's pages stands for, judged: a number of one of its cards, or card.pdf for the newest
// valid one, of which there may be none (nil). The error is errNoLink for what is none of the link's own files.
func (p *pages) wanted(ctx context.Context, r *http.Request, file string) (*judged, error) {
	if file != newestFile {
		name, isFile := strings.CutSuffix(file, fileEnd)
		if !isFile {
			name = ""
		}
		return p.numbered(ctx, r, name)
	}
	cards, err := p.judgedCards(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, c := range cards {
		if c.verdict.IsValid() {
			return &c, nil
		}
	}
	return nil, nil
}

// numbered is the card of a number among those of the link, judged. The link is looked up first, whatever the number is like.
func (p *pages) numbered(ctx context.Context, r *http.Request, typed string) (*judged, error) {
	cards, err := p.cards(ctx, r)
	if err != nil {
		return nil, err
	}
	number, err := card.ParseNumber(typed)
	if err != nil {
		return nil, errNoLink
	}
	for _, c := range cards {
		if c.Number == number {
			v, err := p.check(ctx, c)
			return &judged{c, v}, err
		}
	}
	return nil, errNoLink
}
