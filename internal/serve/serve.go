// Package serve puts the public server together out of its parts: the register, read-only, the public keys, the verifier and
// the pages. Both programs serve with it, and nothing in it can open a private key.
package serve

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/cardproof/cardproof/internal/config/public"
	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/web"
)

// Options say what is served.
type Options struct {
	Register string // the register's file
	JWKS     string // the key set's file
	Issuer   public.Issuer
	Server   public.Server
	Lists    Lists // the status lists; the zero value for none
	Version  string
	Log      *slog.Logger
	Now      func() time.Time
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
	options Options
	reader  *register.Reader
}

// Open opens the register and the keys, and refuses what could not answer: both must be there and readable before the first
// request comes.
func Open(ctx context.Context, o Options) (*Site, error) {
	set, err := keys.Load(o.JWKS)
	if err != nil {
		return nil, err
	}
	reader, err := register.OpenReader(ctx, o.Register)
	if err != nil {
		return nil, err
	}
	limit := o.Server.RateLimit
	handler, err := web.New(web.Options{
		Checker: &verify.Checker{Keys: set, Register: reader, Now: o.Now, Location: o.Issuer.Location},
		JWKS:    set.JWKS,
		Ready:   reader.Ping, Requirements: reader, StatusLists: o.lists(set),
		Issuer:  web.Issuer{Name: o.Issuer.Name, URL: o.Issuer.URL},
		Contact: o.Issuer.Contact,
		Log:     o.Log,
		RateLimit: httpd.RateLimit{
			PerClient: limit.PerClient, PerClientBurst: limit.PerClientBurst, Global: limit.Global, GlobalBurst: limit.GlobalBurst,
		},
		Version: o.Version,
		Now:     o.Now,
	})
	if err != nil {
		return nil, errors.Join(err, reader.Close())
	}
	return &Site{Handler: handler, options: o, reader: reader}, nil
}

// Serve answers the connections of ln until ctx ends.
func (s *Site) Serve(ctx context.Context, ln net.Listener) error {
	s.options.Log.InfoContext(ctx, "listening", "address", ln.Addr().String(), "issuer", s.options.Issuer.URL)
	defer s.renewing(ctx)()
	t := s.options.Server.Timeouts
	return httpd.Serve(ctx, ln, s, httpd.Config{
		ReadHeaderTimeout: t.ReadHeader, ReadTimeout: t.Read, WriteTimeout: t.Write, IdleTimeout: t.Idle, StopTimeout: t.Shutdown,
		Log: s.options.Log,
	})
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

func (o Options) lists(set *keys.Set) web.StatusLists {
	switch {
	case o.Lists.Source != nil:
		return o.Lists.Source
	case o.Lists.Folder != "":
		return newListFolder(o.Lists.Folder, o.Issuer.URL, set, o.Now, o.Log)
	}
	return nil
}

// Close closes the register, and what the status lists come from.
func (s *Site) Close() error {
	err := s.reader.Close()
	if s.options.Lists.Close != nil {
		err = errors.Join(err, s.options.Lists.Close())
	}
	return err
}
