// Package learner has the private pages of learners: their own cards behind a secret link, with the files to download and the QR
// code to show at the door, and the form that asks for the link again.
//
// It draws nothing and decides nothing. The verdict on each card is the Checker's, a file is the one that was issued, byte for byte, and
// the QR code on the screen is read back from that file. Who has the secret is the learner: there is no account, no cookie and no script.
package learner

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/internal/link"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/web"
)

// Cards finds the cards of the learner whom a link is for, the newest first. It answers false, and no error, for a secret that no link in
// force has. The error's text goes to the log, so it must name no card and no holder. *register.Reader is one.
type Cards interface {
	CardsByLink(ctx context.Context, secret string, now time.Time) ([]card.Filed, bool, error)
}

// Checker judges a card by its token. *verify.Checker is one.
type Checker interface {
	CheckToken(ctx context.Context, text string) (verify.Verdict, error)
}

// Files hands out the finished file of a card if it has this SHA-256, in hex, and else an error. *archive.Reader is one.
type Files interface {
	Get(ctx context.Context, number card.Number, sha256 string) ([]byte, error)
}

// Requests takes the wish of whoever has an e-mail address to get the links to the cards that are under it, if any are. It only notes the
// wish: whether there are cards is looked up later, so that nobody can tell by the time of the answer. lang is the code of a language.
type Requests interface {
	LinksWanted(ctx context.Context, email string, lang string) error
}

// Options is what Extend needs.
type Options struct {
	Cards    Cards
	Checker  Checker
	Files    Files    // nil for no learners' pages
	Requests Requests // nil for no form that asks for links
	// Stops answers the links that stop reminders, with the secret as {secret} of the path; nil for no such links.
	Stops httpd.Handler
	Now   func() time.Time
}

const (
	lookTime = 10 * time.Second // for one page; a register that is stuck must not hold the reader for longer

	// A person mistypes a link a few times, and behind one address may sit a hospital.
	missRate  = 0.2 // links a second that lead nowhere, of one client
	missBurst = 20
)

// pages answers the requests.
type pages struct {
	Options
	shell                   web.Shell
	own, door, notice, find *template.Template
	misses, asks            *httpd.Limiter
	addresses               *httpd.KeyLimiter
	crossOrigin             *http.CrossOriginProtection
}

// Extend is for web.Options: it adds the learners' pages to the site. Without Files they are not there; without Requests a page says so in
// place of the form, and without Stops one does where the links lead that stop reminders.
func Extend(o Options) func(web.Shell) ([]web.Route, error) {
	return func(shell web.Shell) ([]web.Route, error) {
		if o.Now == nil || o.Files != nil && (o.Cards == nil || o.Checker == nil) {
			return nil, errors.New("learner: a clock is needed, and beside files the cards and a checker")
		}
		p := &pages{Options: o, shell: shell, crossOrigin: http.NewCrossOriginProtection()}
		if err := p.load(); err != nil {
			return nil, err
		}
		return p.routes(), nil
	}
}

func (p *pages) load() (err error) {
	if p.misses, err = httpd.NewLimiter(httpd.RateLimit{PerClient: missRate, PerClientBurst: missBurst}); err != nil {
		return err
	}
	if p.asks, err = httpd.NewLimiter(httpd.RateLimit{PerClient: askRate, PerClientBurst: askBurst}); err != nil {
		return err
	}
	p.addresses = httpd.NewKeyLimiter(addressRate, addressBurst)
	for name, page := range map[string]**template.Template{
		"my.html": &p.own, "my-door.html": &p.door, "my-notice.html": &p.notice, "find.html": &p.find,
	} {
		if *page, err = p.shell.Parse(name); err != nil {
			return err
		}
	}
	return nil
}

func (p *pages) routes() (routes []web.Route) {
	if p.Files != nil {
		routes = append(routes,
			web.Route{Pattern: "GET " + link.Own + "{secret}", Handler: p.mine},
			web.Route{Pattern: "GET " + link.Own + "{secret}/{$}", Handler: p.mine}, // as some mail programs end a link
			web.Route{Pattern: "GET " + link.Own + "{secret}/{file}", Handler: p.download},
			web.Route{Pattern: "GET " + link.Own + "{secret}/{number}/show", Handler: p.show},
		)
	}
	stops, stopPath := p.Stops, link.Stop+"{secret}"
	if stops == nil {
		stops = p.notStoppedHere
	}
	routes = append(routes, web.Route{Pattern: "GET " + stopPath, Handler: stops}, web.Route{Pattern: "POST " + stopPath, Handler: stops})
	if p.Requests == nil {
		return append(routes,
			web.Route{Pattern: "GET " + FindPath, Handler: p.notSentHere},
			web.Route{Pattern: "POST " + FindPath, Handler: p.notSentHere}, // of a page that was open since before
		)
	}
	return append(routes,
		web.Route{Pattern: "GET " + FindPath, Handler: p.ask},
		web.Route{Pattern: "POST " + FindPath, Handler: p.asked},
		web.Route{Pattern: "GET " + FindPath + "/sent", Handler: p.sentOff},
	)
}

// errNoLink says that no link in force has the secret.
var errNoLink = errors.New("no such link")

// cards are those of the link that was asked for. The error is errNoLink, or one that is answered as it is.
func (p *pages) cards(ctx context.Context, r *http.Request) ([]card.Filed, error) {
	now := p.now()
	if err := p.misses.Left(r, now); err != nil {
		return nil, err
	}
	// One look-up for every secret, whatever it looks like: nothing but the answer tells a right one from a wrong one.
	cards, ok, err := p.Cards.CardsByLink(ctx, r.PathValue("secret"), now)
	switch {
	case err != nil:
		return nil, unavailable(err)
	case ok:
		return cards, nil
	}
	_ = p.misses.Take(r, 1, now) // the next one is told
	return nil, errNoLink
}

// check judges a card. What has no answer gets none: a page of cards of which one could not be checked would not say so loudly enough.
func (p *pages) check(ctx context.Context, c card.Filed) (verify.Verdict, error) {
	v, err := p.Checker.CheckToken(ctx, c.Token)
	switch {
	case err != nil:
		return v, unavailable(err)
	case v.IsValid() && v.Card == nil:
		return v, unavailable(errors.New("a valid verdict without a card"))
	}
	return v, nil
}

func unavailable(err error) error {
	return &httpd.Error{Status: http.StatusServiceUnavailable, Detail: "This can't be answered just now.", RetryAfter: 30 * time.Second, Err: err}
}

func (p *pages) now() time.Time { return p.Now().UTC().Truncate(time.Second) }

func (p *pages) limit(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.Context(), lookTime)
}
