// Package web is the public side of a verdict: the pages that an employer opens on a phone, and the same answer as JSON.
//
// It decides nothing. A Checker answers, and the package shows that answer, or says that there is none: what could not be
// checked is never green and never a 200. Nothing of a token that nobody vouches for reaches a page, a header or the log.
package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/seal"
	"github.com/cardproof/cardproof/verify/web/phrase"
)

// Checker answers what the pages ask: about a token, raw or as digits, or about a number as it was typed. An error means
// only that the question could not be answered; the Verdict with it is then status_unknown (the signature was right) or
// worse, or unavailable. The error's text goes to the log, so it must name no card and no holder. *verify.Checker is one.
type Checker interface {
	CheckToken(ctx context.Context, text string) (verify.Verdict, error)
	CheckNumber(ctx context.Context, typed string) (verify.Verdict, error)
}

// Issuer is whose cards the server answers for.
type Issuer struct {
	Name string
	URL  string // the origin, as in the claim iss
}

// Options is what New needs. Checker, JWKS, Ready and Issuer have to be there.
type Options struct {
	Checker Checker
	JWKS    func() ([]byte, error)      // the public keys as a JWK Set (RFC 7517)
	Ready   func(context.Context) error // says why the server can't answer, or nil
	Trust   seal.Trust                  // for the seals of files; none for files whose seal is not checked
	Roots   []byte                      // of the document seal, in PEM, as they are published; empty for none
	Issuer  Issuer
	Origins []string     // where the links of its cards lead, such as Issuer.URL; nil where that is not judged
	Contact string       // a mailto: or https: address for people and security.txt; empty for none
	Log     *slog.Logger // nil for none
	// Requirements are what the pages offer to ask a card for; nil for no more than each card's own.
	Requirements RequirementFinder
	// StatusLists are the signed status lists; nil for an issuer whose cards carry no place in one.
	StatusLists StatusLists
	RateLimit   httpd.RateLimit  // the zero value sets no limit
	Observe     func(httpd.Seen) // is told of every request; nil for nobody
	Version     string           // shown in small print; empty for none
	Now         func() time.Time // nil for the machine's clock
	Find        string           // the path of a page on which learners ask for the links to their cards; empty for none
	// Extend answers the pages that another package adds; nil for none.
	Extend func(Shell) ([]Route, error)
}

type site struct {
	Options
	more   []Route // of other packages
	pages  *pageSet
	texts  *phrase.Catalogue
	static map[string]staticFile
	limits *httpd.Limiter
	needs  *requirements
	files  *filesDesk
}

// New is the public server's handler: every route, with headers, log and limits around them. The error says which option
// can't be.
func New(o Options) (http.Handler, error) {
	if o.Checker == nil || o.JWKS == nil || o.Ready == nil || o.Issuer.Name == "" || o.Issuer.URL == "" {
		return nil, errors.New("web: checker, keys, readiness and the issuer's name and URL are needed")
	}
	if err := checkContact(o.Contact); err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	limits, err := httpd.NewLimiter(o.RateLimit)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	s := &site{Options: o, limits: limits, needs: &requirements{finder: o.Requirements, log: o.Log, now: o.Now}}
	s.files = newFilesDesk(o)
	if err := s.load(assets.Pages()); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	guard := httpd.Guard{Log: o.Log, Limits: limits, Free: isFree, Refuse: s.refuse, Observe: o.Observe, Now: o.Now}
	return guard.Wrap(share(s.route())), nil
}

func (s *site) load(pages fs.FS) error {
	static, err := loadStatic(pages)
	if err != nil {
		return err
	}
	s.static = static
	if s.texts, err = loadTexts(); err != nil {
		return err
	}
	if s.pages, err = parsePages(pages); err != nil || s.Extend == nil {
		return err
	}
	s.more, err = s.Extend(Shell{s})
	return err
}

func (s *site) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range slices.Concat(s.table(), s.more) {
		mux.Handle(r.Pattern, r.Handler.Or(s.refuse))
	}
	return mux
}

// table is the site's own routes.
func (s *site) table() []Route {
	return []Route{
		{"GET /{$}", s.home},
		{"GET /c/{input...}", s.checkCode},
		{"GET /n/{number}", s.checkNumber},
		{"POST /check", s.checkForm},
		{"GET /files", s.filesForm},
		{"POST /files", s.checkFilesForm},
		{"POST /api/v1/verify", s.checkAPI},
		{"GET /openapi.json", s.openAPI},
		{"GET /s/{n}", s.statusList},
		{"GET /.well-known/jwks.json", s.jwks},
		{"GET " + rootsPath, s.documentRoots},
		{"GET /.well-known/security.txt", s.securityText},
		{"GET /robots.txt", s.robots},
		{"GET /assets/{hash}/{name}", s.asset},
		{"GET /healthz", s.healthy},
		{"GET /readyz", s.ready},
	}
}

// route is every route, with pages of our own for what has none.
func (s *site) route() http.Handler {
	known := s.routes()
	missing := s.missing(s.routes())
	known.Handle("/", missing)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := codePath(r.URL.Path); p != r.URL.Path {
			r.URL.Path, r.URL.RawPath = p, ""
		}
		if !isClean(r.URL.Path) {
			missing.ServeHTTP(w, r)
			return
		}
		known.ServeHTTP(w, r)
	})
}

// missing answers what mux has no route for.
func (s *site) missing(mux *http.ServeMux) http.Handler {
	return httpd.Handler(func(_ http.ResponseWriter, r *http.Request) error {
		r.Pattern = ""
		if r.URL.Path == "*" { // of OPTIONS: the whole server (RFC 9110, section 9.3.7)
			return &httpd.Error{Status: http.StatusMethodNotAllowed, Allow: "GET, HEAD, POST"}
		}
		if !isClean(r.URL.Path) {
			return &httpd.Error{Status: http.StatusNotFound}
		}
		// The mux knows whether the path or only the method is wrong, and says so in an answer alone.
		h, _ := mux.Handler(r)
		probe := &probe{header: http.Header{}}
		h.ServeHTTP(probe, r)
		return &httpd.Error{Status: probe.status, Allow: probe.header.Get("Allow")}
	}).Or(s.refuse)
}

// codePath takes from a path under /c/ what people paste around a code: the rest of its link, and slashes.
func codePath(p string) string {
	code, ok := strings.CutPrefix(p, "/c/")
	if !ok {
		return p
	}
	if strings.HasPrefix(code, "http") {
		if _, inner, ok := strings.Cut(code, "/c/"); ok {
			code = inner
		}
	}
	if code = strings.Trim(code, "/"); len("/c/")+len(code) == len(p) {
		return p
	}
	return "/c/" + code
}

// isClean says whether the mux would answer a path itself. Where it would not, it sends the reader to the clean path, and
// repeats in the answer what may be a token.
func isClean(p string) bool {
	clean := path.Clean(p)
	return path.IsAbs(p) && (p == clean || p == clean+"/")
}

// probe takes an answer that nobody sees.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
func (p *probe) WriteHeader(status int)      { p.status = status }

// isFree says which requests no limit counts: the monitors', and what a page loads beside itself.
func isFree(r *http.Request) bool {
	return r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || strings.HasPrefix(r.URL.Path, "/assets/")
}

func checkContact(contact string) error {
	if contact == "" {
		return nil
	}
	u, err := url.Parse(contact)
	if err != nil || (u.Scheme != "mailto" || u.Opaque == "") && (u.Scheme != "https" || u.Host == "") {
		return errors.New("web: the contact is not an address such as mailto:cards@example.org or https://example.org/contact")
	}
	return nil
}

// refuse is the one way from an error to a response.
func (s *site) refuse(w http.ResponseWriter, r *http.Request, e *httpd.Error) {
	markShared(w, r) // a limit refuses before the route
	if e.Status == http.StatusTooManyRequests {
		v := verify.Verdict{Code: verify.RateLimited, CheckedAt: s.now()}
		if err := s.show(w, r, v, e.Status, asked{wanted: wantedIn(r.URL.RawQuery)}); err == nil {
			return
		}
	}
	w.Header().Set("Vary", vary)
	var err error
	if wantsJSON(r) {
		err = writeProblem(w, r, e)
	} else {
		err = s.writeNotice(w, r, e.Status)
	}
	if err != nil {
		http.Error(w, http.StatusText(e.Status), e.Status)
	}
}

func (s *site) now() time.Time { return s.Now().UTC().Truncate(time.Second) }
