package serve

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/internal/httpd/certificate"
	"github.com/cardproof/cardproof/keys"
)

// ErrCertificate says that the certificate for TLS can't be used.
var ErrCertificate = errors.New("the server can't speak TLS")

// profileTime is how long a profile of the monitor may take; Prometheus is quick.
const profileTime = 10 * time.Minute

// strictTransport keeps a browser from plain HTTP for a year (RFC 6797).
const strictTransport = "max-age=31536000"

// openCertificate is where the certificate comes from, or nil where the server speaks plain HTTP.
func openCertificate(o Options, set *KeySet) (*certificate.Source, error) {
	c := o.Server.TLS
	if !c.On() {
		return nil, nil
	}
	var source *certificate.Source
	var err error
	if c.ByFiles() {
		source, err = certificate.FromFiles(certificate.Files{
			Certificate: c.Certificate, Key: c.Key, SignsCards: func(k crypto.PublicKey) bool { return holds(set.current(), k) }, Log: o.Log, Now: o.Now,
		})
	} else {
		source, err = certificate.FromACME(certificate.ACME{
			Domains: c.ACME.Domains, Cache: c.ACME.Cache, Email: c.ACME.Email, Directory: c.ACME.Directory, Roots: c.ACME.Roots,
		})
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	return source, nil
}

// holds says whether a public key is one of the set's.
func holds(set *keys.Set, public crypto.PublicKey) bool {
	for _, k := range set.All() {
		if same, ok := k.Public.(interface{ Equal(crypto.PublicKey) bool }); ok && same.Equal(public) {
			return true
		}
	}
	return false
}

// secure adds to what came over TLS that the browser shall not come by another way.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil {
			w.Header().Set("Strict-Transport-Security", strictTransport)
		}
		next.ServeHTTP(w, r)
	})
}

// Serve answers the connections of ln until ctx ends, and beside it those of the other listeners of the configuration.
func (s *Site) Serve(ctx context.Context, ln net.Listener) error {
	defer flushLog(s.options.Log)
	defer spendMemory()()
	defer s.renewing(ctx)()
	o, t := s.options, s.options.Server.Timeouts
	c := httpd.Config{
		ReadHeaderTimeout: t.ReadHeader, ReadTimeout: t.Read, WriteTimeout: t.Write, IdleTimeout: t.Idle, StopTimeout: t.Shutdown, Log: o.Log,
	}
	plain, err := listen(ctx, o.Server.TLS.HTTPListen)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	monitor, err := listen(ctx, o.Server.Monitor.Listen)
	if err != nil {
		return errors.Join(err, ln.Close(), closeIf(plain))
	}
	o.Log.InfoContext(ctx, "listening", "address", ln.Addr().String(), "issuer", o.Issuer.URL, "tls", s.certificate != nil)
	group, ctx := errgroup.WithContext(ctx)
	limits := httpd.Connections{PerClient: o.Server.Connections.PerClient, Total: o.Server.Connections.Total, Exempt: s.proxies.Trusted}
	public := c
	if s.certificate != nil {
		public.TLS = s.certificate.TLSConfig()
	}
	group.Go(func() error { return httpd.Serve(ctx, limits.Limit(ln), secure(s.proxies.Wrap(s)), public) })
	if plain != nil {
		o.Log.InfoContext(ctx, "listening for plain HTTP", "address", plain.Addr().String())
		group.Go(func() error { return httpd.Serve(ctx, limits.Limit(plain), s.certificate.Challenge(s.toTLS()), c) })
	}
	if monitor != nil {
		o.Log.InfoContext(ctx, "listening for the monitor", "address", monitor.Addr().String())
		own := c
		own.WriteTimeout = profileTime
		group.Go(func() error { return httpd.Serve(ctx, monitor, s.monitor.Handler(), own) })
	}
	flushLog(o.Log)
	return group.Wait()
}

// toTLS leads to the same address with https: to the host that was asked for where the certificate is for it, and else to the
// issuer's. The body is empty, since that of http.Redirect repeats the link.
func (s *Site) toTLS() http.Handler {
	_, own, _ := strings.Cut(s.options.Issuer.URL, "://")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if host = strings.ToLower(host); !s.certificate.Answers(host) {
			host = own
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "Use https.", http.StatusBadRequest) // what was sent lies open already
			return
		}
		w.Header().Set("Location", "https://"+host+r.URL.RequestURI())
		w.WriteHeader(http.StatusMovedPermanently)
	})
}

// listen is a listener at an address, or nil without one.
func listen(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return ln, nil
}

func closeIf(ln net.Listener) error {
	if ln == nil {
		return nil
	}
	return ln.Close()
}
