package issuer

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/issuer/pdf"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/document"
	"github.com/cardproof/cardproof/verify/scan"
	verifyseal "github.com/cardproof/cardproof/verify/seal"
)

// ErrUnproved says that a finished file does not say what the register does. The batch stops, and the file is not released.
var ErrUnproved = errors.New("the finished card failed its proof")

// prove reads a card back out of the bytes of its finished file, as a stranger would, and lets the verifier judge it: the seal has to
// cover the whole file; every QR, every link over one and the embedded token have to be this card's; the token has to open with the
// published key set; every text that is printed has to be what the register's row asks for; and the verdict on the day of issue has to
// be valid, about just this card.
func (i *Issuer) prove(ctx context.Context, e card.Entry, url string, file []byte) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%w: card %s: %s", ErrUnproved, e.Number, fmt.Sprintf(format, args...))
	}
	sealed, err := verifyseal.Check(file, i.Sealer.Trust(), i.now())
	if err != nil {
		return fail("check the seal: %v", err)
	}
	if sealed.At.Before(e.IssuedAt.Add(-time.Minute)) {
		return fail("the seal is of %s, and the card of %s", sealed.At.Format(time.RFC3339), e.IssuedAt.Format(time.RFC3339))
	}
	read, err := i.reader.Read(file)
	if err != nil {
		return fail("read the file: %v", err)
	}
	raw, err := sameCodes(read, url)
	if err != nil {
		return fail("%v", err)
	}
	if err := i.sameText(read, e, url); err != nil {
		return fail("%v", err)
	}
	checker := verify.Checker{
		Keys: i.Keys, Register: released(e), Location: i.Location,
		Now: func() time.Time { return e.IssuedAt },
	}
	v, err := checker.CheckToken(ctx, raw)
	if err != nil {
		return fail("%v", err)
	}
	if !v.IsValid() {
		return fail("the verdict on it is %s", v.Code)
	}
	if v.Card == nil || !reflect.DeepEqual(v.Card.Card, e.Card) {
		return fail("the token says something else than the register")
	}
	return nil
}

// content is what a card's pages show.
func content(e card.Entry, url, raw string) pdf.Content {
	return pdf.Content{Record: e.Record, Catalogue: e.Catalogue, URL: url, Token: raw}
}

// sameCodes compares every QR, every link over one and the embedded token with the card's URL, and returns the token.
func sameCodes(read scan.Document, url string) (raw string, err error) {
	if raw, err = token.FromPath(verify.ReadInput(url).Token); err != nil {
		return "", err
	}
	codes := 0
	for n, page := range read.Pages {
		for _, c := range page.Codes {
			codes++
			if c.Text != url || c.Link != url {
				return "", fmt.Errorf("a QR of page %d, or the link over it, is not the card's URL", n+1)
			}
		}
	}
	if codes == 0 {
		return "", errors.New("no QR is in the file")
	}
	if len(read.Attachments) != 1 || read.Attachments[0].Name != document.TokenName || string(read.Attachments[0].Data) != raw {
		return "", errors.New("the embedded token is not the card's")
	}
	return raw, nil
}

// sameText compares what the pages say with what the design prints of the register's row. White space is the layout's own. That name,
// number and last day are among it is not left to the design.
func (i *Issuer) sameText(read scan.Document, e card.Entry, url string) error {
	fields, err := i.Drawer.Says(content(e, url, ""))
	if err != nil {
		return err
	}
	_, lastDay := e.ExpiresOn.Validity()
	missing := map[string]string{"name": e.Name, "number": e.Number.String(), "valid_through": lastDay}
	want := make([]strings.Builder, len(read.Pages))
	for _, f := range fields {
		if f.Page >= len(want) {
			return fmt.Errorf("page %d is missing", f.Page+1)
		}
		for _, line := range f.Lines {
			want[f.Page].WriteString(line)
		}
		for _, name := range f.Fields {
			if text, ok := missing[name]; ok && strings.Contains(squeeze(f.Text), squeeze(text)) {
				delete(missing, name)
			}
		}
	}
	for name := range missing {
		return fmt.Errorf("no page has the %s of the register", name)
	}
	for n := range want {
		if squeeze(read.Pages[n].Text) != squeeze(want[n].String()) {
			return fmt.Errorf("what is printed on page %d is not what the register says", n+1)
		}
	}
	return nil
}

// squeeze takes all white space out of a text.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// open reads a token with the published keys.
func (i *Issuer) open(raw string) (token.Opened, error) {
	return token.Open(raw, func(id string) (token.PublicKey, bool) {
		k, ok := i.Keys.Find(id)
		return token.PublicKey{Alg: k.Alg, Key: k.Public}, ok
	})
}

// released is a register that holds one card, as it will stand there once it is issued. It keeps to itself what the token has to say:
// whatever a verdict tells of that was read from the token.
type released card.Entry

func (r released) FindRecord(_ context.Context, n card.Number) (card.Record, bool, error) {
	rec := r.Record
	rec.State, rec.Card = card.Issued, card.Card{}
	return rec, n == r.Number, nil
}
