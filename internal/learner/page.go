package learner

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/internal/link"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/web"
	"github.com/cardproof/cardproof/verify/web/phrase"
)

// judged is a card with its verdict.
type judged struct {
	card.Filed
	verdict verify.Verdict
}

// isCurrent says whether the card is in force, or will be.
func (j judged) isCurrent() bool {
	return j.verdict.Code == verify.Valid || j.verdict.Code == verify.NotYetValid
}

// isHandedOut says whether the learner may have the file. An expired card may be kept for the record: whoever checks it is told. One that was
// withdrawn or replaced is not spread any further, and one that nobody vouches for is no card.
func (j judged) isHandedOut() bool {
	return j.verdict.Card != nil && (j.isCurrent() || j.verdict.Code == verify.Expired)
}

type ownPage struct {
	web.Frame
	Heading       string
	Of            string
	None          string
	Current, Past []ownCard
}

// ownCard is one card on the page. A link that is empty is not offered.
type ownCard struct {
	T                       *phrase.Language
	ID, Tone, Word, Message string
	Number                  card.Number
	Course                  string // empty where nobody vouches for the card
	Level, Name             string
	Through, Until          string
	Note                    string // why something is not offered
	File, Door, Share       string
	LinkedIn                string
	Short                   shortLink
}

// shortLink is the address by number within its sentence.
type shortLink struct {
	phrase.Sides
	Address string
}

// mine is the page of all cards of a learner.
func (p *pages) mine(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := p.limit(r)
	defer cancel()
	cards, err := p.judgedCards(ctx, r)
	if err != nil {
		return p.orGone(w, r, err)
	}
	rd := p.shell.Reader(r)
	title := rd.My.Title
	if len(cards) == 1 {
		title = rd.My.TitleOne
	}
	page := ownPage{Frame: p.shell.Frame(rd, title), Heading: title}
	if len(cards) == 0 {
		page.None = rd.Say(rd.My.None, "issuer", p.shell.Issuer().Name)
	}
	for _, c := range cards {
		own, err := p.ownCard(rd, r.PathValue("secret"), c)
		if err != nil {
			return err
		}
		if page.Of == "" && own.Name != "" {
			of := rd.My.Of
			if len(cards) == 1 {
				of = rd.My.OfOne
			}
			page.Of = rd.Say(of, "issuer", p.shell.Issuer().Name, "name", own.Name)
		}
		if c.isCurrent() {
			page.Current = append(page.Current, own)
		} else {
			page.Past = append(page.Past, own)
		}
	}
	httpd.NoteOutcome(r.Context(), "cards")
	return p.shell.Write(w, rd, http.StatusOK, p.own, page)
}

// judgedCards are all cards of a link, the newest first.
func (p *pages) judgedCards(ctx context.Context, r *http.Request) ([]judged, error) {
	cards, err := p.cards(ctx, r)
	if err != nil {
		return nil, err
	}
	all := make([]judged, 0, len(cards))
	for _, c := range cards {
		v, err := p.check(ctx, c)
		if err != nil {
			return nil, err
		}
		all = append(all, judged{c, v})
	}
	slices.SortStableFunc(all, func(a, b judged) int { return cmp.Compare(b.IssuedAt.Unix(), a.IssuedAt.Unix()) })
	return all, nil
}

func (p *pages) ownCard(rd web.Reader, secret string, c judged) (own ownCard, err error) {
	said := rd.Verdicts[string(c.verdict.Code)]
	own = ownCard{
		T: rd.Language, ID: "c" + c.Number.Compact(), Tone: p.shell.Tone(c.verdict.Code), Word: said.Word, Message: said.Message, Number: c.Number,
	}
	base := link.Own + url.PathEscape(secret) + "/" + c.Number.String()
	switch {
	case !c.isHandedOut():
		own.Note = p.withheldNote(rd, c.verdict.Code)
	default:
		own.File = base + ".pdf" + rd.Query()
		if c.verdict.Code == verify.Expired {
			own.Note = rd.My.Records
		}
	}
	rec := c.verdict.Card
	if rec == nil {
		return own, nil
	}
	own.Course, own.Level, own.Name = titleOf(rec), rec.Qualification.Level, rec.Name
	own.Through, own.Until = p.shell.Validity(rd, c.verdict)
	if !c.verdict.IsValid() {
		return own, nil
	}
	own.Door, own.Share = base+"/show"+rd.Query(), "/c/"+token.Digits(c.Token)+rd.Query()
	own.LinkedIn = linkedIn(p.shell.Issuer(), rec)
	own.Short.Address = numberURL(p.shell.Issuer(), rec.Number)
	own.Short.Sides, err = rd.My.Short.Around("address")
	return own, err
}

// withheldNote says why a card's file is not handed out, and whom to ask. Who has a newer card has no question.
func (p *pages) withheldNote(rd web.Reader, code verify.Code) string {
	if code == verify.Superseded {
		return rd.My.Withheld
	}
	return rd.My.Withheld + " " + rd.Say(rd.My.Ask, "issuer", p.shell.Issuer().Name)
}

func titleOf(c *card.Record) string { return cmp.Or(c.Qualification.Title, c.Course) }

func numberURL(issuer web.Issuer, n card.Number) string { return issuer.URL + "/n/" + n.String() }

// linkedIn is the address that opens LinkedIn's form for a certification, filled in. It carries the address of the check by number: a token
// would make it too long, and the secret is nobody's.
func linkedIn(issuer web.Issuer, c *card.Record) string {
	q := url.Values{
		"startTask": {"CERTIFICATION_NAME"}, "name": {titleOf(c)}, "organizationName": {issuer.Name},
		"issueYear": {strconv.Itoa(c.IssuedOn.Year)}, "issueMonth": {strconv.Itoa(int(c.IssuedOn.Month))},
		"certId": {c.Number.String()}, "certUrl": {numberURL(issuer, c.Number)},
	}
	if c.ExpiresOn != card.NoExpiry {
		q.Set("expirationYear", strconv.Itoa(c.ExpiresOn.Year))
		q.Set("expirationMonth", strconv.Itoa(int(c.ExpiresOn.Month)))
	}
	return "https://www.linkedin.com/profile/add?" + q.Encode()
}

// noticePage says in place of a card why there is none.
type noticePage struct {
	web.Frame
	Heading, Text, Back, Find string
	BackLink, FindLink        string
}

// orGone answers a link that leads nowhere with a page, always the same one, and passes on every other error.
func (p *pages) orGone(w http.ResponseWriter, r *http.Request, err error) error {
	if !errors.Is(err, errNoLink) {
		return err
	}
	rd := p.shell.Reader(r)
	gone := rd.My.Gone
	page := noticePage{Frame: p.shell.Frame(rd, gone.Heading), Heading: gone.Heading, Text: rd.Say(gone.Text, "issuer", p.shell.Issuer().Name)}
	if p.Requests != nil {
		page.Find, page.FindLink = gone.Find, FindPath+rd.Query()
	}
	httpd.NoteOutcome(r.Context(), "no link")
	return p.shell.Write(w, rd, http.StatusNotFound, p.notice, page)
}

// withheld answers the wish for a card that is not handed out.
func (p *pages) withheld(w http.ResponseWriter, r *http.Request, status int, heading, text string) error {
	rd := p.shell.Reader(r)
	return p.shell.Write(w, rd, status, p.notice, noticePage{
		Frame: p.shell.Frame(rd, heading), Heading: heading, Text: text,
		Back: rd.My.Back, BackLink: link.Own + url.PathEscape(r.PathValue("secret")) + rd.Query(),
	})
}
