// Package serve puts the public server together out of its parts: the register, read-only, the public keys, the verifier and
// the pages. Both programs serve with it, and nothing in it can open a private key.
package serve

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/cardproof/cardproof/internal/config/public"
	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/internal/httpd/certificate"
	"github.com/cardproof/cardproof/internal/httpd/monitor"
	"github.com/cardproof/cardproof/internal/learner"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/seal"
	"github.com/cardproof/cardproof/verify/web"
)

// Options say what is served.
type Options struct {
	Register string // the register's file
	JWKS     string // the key set's file
	Roots    string // the file with the roots of the document seal; empty for none
	Issuer   public.Issuer
	Server   public.Server
	Lists    Lists         // the status lists; the zero value for none
	Files    learner.Files // the finished cards, for the learners' pages; nil for no such pages
	Learner  public.Learner
	Requests learner.Requests // takes the wishes for links; nil for no form that asks for them
	Stops    httpd.Handler    // answers the links that stop reminders; nil for no such links
	Version  string
	Log      *slog.Logger
	Now      func() time.Time
	// TrustClock believes the clock of this machine although the register has an event of the future (TrustVariable).
	TrustClock bool
}

// Lists is where the signed status lists come from: from a folder that another program keeps, or from one who renews them.
type Lists struct {
	Folder string
	Source web.StatusLists       // instead of Folder
	Renew  func(context.Context) // runs while the site serves; nil for nothing to do
	Close  func() error          // called when the site is closed; nil for nothing to do
}

// Site is an open public server. Close it when it has served.
type Site struct {
	http.Handler
	options     Options
	reader      *register.Reader
	certificate *certificate.Source // nil for plain HTTP
	proxies     httpd.Proxies
	monitor     *monitor.Monitor
}

// Open opens the register, the keys and the roots, and refuses what could not answer: all of them must be there and readable before the
// first request comes.
func Open(ctx context.Context, o Options) (*Site, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	first, err := keys.Load(o.JWKS) // before the register, which is of no use without it
	if err != nil {
		return nil, err
	}
	roots, trust, err := loadRoots(o.Roots)
	if err != nil {
		return nil, err
	}
	trusted, err := o.Server.Proxies()
	if err != nil {
		return nil, err
	}
	own := &own{first: first, signed: map[string]bool{}, unsigned: map[string]time.Time{}}
	reader, err := register.OpenReader(ctx, o.Register, register.ReaderOptions{Accept: own.accept})
	if err != nil {
		return nil, err
	}
	reader.LinkLifetime = o.Learner.LinkLifetime
	s := &Site{options: o, reader: reader, proxies: httpd.Proxies{Trusted: trusted, Header: o.Server.ClientHeader}}
	if err := s.build(ctx, own, roots, trust); err != nil {
		return nil, errors.Join(err, reader.Close())
	}
	return s, nil
}

// build makes what answers from the open register.
func (s *Site) build(ctx context.Context, own *own, roots []byte, trust seal.Trust) error {
	o, reader := s.options, s.reader
	set, err := openKeySet(ctx, o.JWKS, reader, o.Log)
	if err != nil {
		return err
	}
	own.set.Store(set)
	if s.certificate, err = openCertificate(o, set); err != nil {
		return err
	}
	lists := o.lists(set)
	var held *places
	if lists != nil {
		held = newPlaces(lists, o.Issuer.URL, set)
	}
	ready := func(ctx context.Context) error {
		return errors.Join(reader.Ping(ctx), set.Ready(ctx), own.complete(ctx, reader), held.agree(ctx, reader))
	}
	s.monitor = newMonitor(o, ready)
	limit := o.Server.RateLimit
	checker := &verify.Checker{Keys: set, Register: reader, Tokens: reader, Now: o.Now, Location: o.Issuer.Location}
	if seen := openNewest(ctx, o, reader.LastEvent); !o.TrustClock {
		checker.Latest = seen.latest
	}
	if held != nil {
		checker.Lists = held
	}
	find := ""
	if o.Requests != nil {
		find = learner.FindPath
	}
	s.Handler, err = web.New(web.Options{
		Checker: checker,
		Find:    find,
		Extend:  o.learners(reader, checker),
		JWKS:    set.JWKS,
		Roots:   roots,
		Trust:   trust,
		Ready:   ready, Requirements: reader, StatusLists: lists,
		Issuer:  web.Issuer{Name: o.Issuer.Name, URL: o.Issuer.URL},
		Origins: []string{o.Issuer.URL, o.Issuer.VerifyURL},
		Contact: o.Issuer.Contact,
		Log:     o.Log,
		RateLimit: httpd.RateLimit{
			PerClient: limit.PerClient, PerClientBurst: limit.PerClientBurst, Global: limit.Global, GlobalBurst: limit.GlobalBurst,
		},
		Observe: s.monitor.Observe,
		Version: o.Version,
		Now:     o.Now,
	})
	return err
}

// learners are the pages of learners, as far as there is what they need.
func (o Options) learners(reader *register.Reader, checker *verify.Checker) func(web.Shell) ([]web.Route, error) {
	return learner.Extend(learner.Options{Cards: reader, Checker: checker, Files: o.Files, Requests: o.Requests, Stops: o.Stops, Now: o.Now})
}

// loadRoots reads the roots of the document seal, and whom the server believes by them about the seals of files that are sent to it: nobody
// where it has none. They go out as they were understood, written anew: whatever else is in the file stays there, and a file with a private
// key in it is refused.
func loadRoots(path string) (published []byte, trust seal.Trust, err error) {
	if path == "" {
		return nil, seal.Trust{}, nil
	}
	roots, err := keys.LoadCertificates(path)
	if err != nil {
		return nil, seal.Trust{}, err
	}
	return keys.EncodeCertificates(roots), seal.TrustIn(roots), nil
}

// renewing keeps the status lists fresh until the returned function is called, which waits for the end of that.
func (s *Site) renewing(ctx context.Context) (stop func()) {
	if s.options.Lists.Renew == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { s.options.Lists.Renew(ctx) })
	return func() {
		cancel()
		done.Wait()
	}
}

func (o Options) lists(set *KeySet) web.StatusLists {
	switch {
	case o.Lists.Source != nil:
		return o.Lists.Source
	case o.Lists.Folder != "":
		return newListFolder(o.Lists.Folder, o.Issuer.URL, set, o.Now, o.Log)
	}
	return nil
}

// Close closes the register and what the status lists come from, and writes what still waits in the log.
func (s *Site) Close() error {
	flushLog(s.options.Log)
	err := s.reader.Close()
	if s.options.Lists.Close != nil {
		err = errors.Join(err, s.options.Lists.Close())
	}
	return err
}
