// Package serve puts the public server together out of its parts: the register, read-only, the public keys, the verifier and
// the pages. Both programs serve with it, and nothing in it can open a private key.
package serve

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/cardproof/cardproof/internal/config/public"
	"github.com/cardproof/cardproof/internal/httpd"
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
	Version  string
	Log      *slog.Logger
	Now      func() time.Time
}

// Site is an open public server. Close it when it has served.
type Site struct {
	http.Handler
	options Options
	reader  *register.Reader
}

// Open opens the register, the keys and the roots, and refuses what could not answer: all of them must be there and readable before the
// first request comes.
func Open(ctx context.Context, o Options) (*Site, error) {
	set, err := keys.Load(o.JWKS)
	if err != nil {
		return nil, err
	}
	roots, err := publishedRoots(o.Roots)
	if err != nil {
		return nil, err
	}
	trust, err := trustIn(roots)
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
		Roots:   roots,
		Trust:   trust,
		Ready:   reader.Ping, Requirements: reader,
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

// publishedRoots reads the roots of the document seal. They go out as they were understood, written anew: whatever else is in the file
// stays there, and a file with a private key in it is refused.
func publishedRoots(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	roots, err := keys.LoadCertificates(path)
	if err != nil {
		return nil, err
	}
	return keys.EncodeCertificates(roots), nil
}

// trustIn is whom the server believes about the seals of files that are sent to it: nobody where it has no roots.
func trustIn(roots []byte) (seal.Trust, error) {
	if len(roots) == 0 {
		return seal.Trust{}, nil
	}
	all, err := keys.ParseCertificates(roots)
	if err != nil {
		return seal.Trust{}, err
	}
	return seal.Trust{Roots: keys.Pool(all)}, nil
}

// Serve answers the connections of ln until ctx ends.
func (s *Site) Serve(ctx context.Context, ln net.Listener) error {
	s.options.Log.InfoContext(ctx, "listening", "address", ln.Addr().String(), "issuer", s.options.Issuer.URL)
	t := s.options.Server.Timeouts
	return httpd.Serve(ctx, ln, s, httpd.Config{
		ReadHeaderTimeout: t.ReadHeader, ReadTimeout: t.Read, WriteTimeout: t.Write, IdleTimeout: t.Idle, StopTimeout: t.Shutdown,
		Log: s.options.Log,
	})
}

// Close closes the register.
func (s *Site) Close() error { return s.reader.Close() }
