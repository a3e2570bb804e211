// Package certificate is where the server's TLS certificate comes from: files that somebody else renews, or an authority that
// speaks ACME. It opens private keys for TLS and nothing else: a key that signs cards is refused here as everywhere.
package certificate

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"
)

// ErrCardKey says that the key that was named for TLS is one that signs cards.
var ErrCardKey = errors.New("this key signs cards, and may not be used for TLS")

// Source gives out certificates. It is safe for concurrent use.
type Source struct {
	get       func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	protocols []string
	answers   func(host string) bool
	challenge func(http.Handler) http.Handler
}

// TLSConfig is what a server needs: TLS 1.2 and later, with the suites that crypto/tls holds to be secure.
func (s *Source) TLSConfig() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.get, NextProtos: s.protocols}
}

// Answers says whether the certificate is for a host.
func (s *Source) Answers(host string) bool { return s.answers(host) }

// Challenge puts what an authority asks over plain HTTP before next.
func (s *Source) Challenge(next http.Handler) http.Handler {
	if s.challenge == nil {
		return next
	}
	return s.challenge(next)
}

// Files name a certificate and its key.
type Files struct {
	Certificate string // PEM, with the chain
	Key         string // PEM
	// SignsCards says whether a public key belongs to a key that signs cards; nil for none.
	SignsCards func(crypto.PublicKey) bool
	Log        *slog.Logger
	Now        func() time.Time
}

// lookEvery is how old what is known of the files may be. A handshake costs a hundred times the look at them.
const lookEvery = time.Second

// kept is the certificate as the files had it last.
type kept struct {
	files Files

	mu     sync.Mutex
	now    *tls.Certificate
	of     stamp // of the files that now is from
	failed stamp // of files that could not be used, so that this is said once
	looked time.Time
}

// stamp is what a file shows of a change.
type stamp [2]struct {
	size int64
	time time.Time
}

// FromFiles reads a certificate and its key, and reads them again once they change. Files that can't be used then leave the old
// certificate in place, and an error in the log. The error is that of the first reading.
func FromFiles(f Files) (*Source, error) {
	k := &kept{files: f}
	at, err := k.look()
	if err == nil {
		k.now, err = k.load()
	}
	if err != nil {
		return nil, fmt.Errorf("read the TLS certificate: %w", err)
	}
	k.of, k.looked = at, f.Now()
	return &Source{get: k.get, protocols: []string{"h2", "http/1.1"}, answers: k.answers}, nil
}

func (k *kept) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := k.files.Now(); now.Sub(k.looked) >= lookEvery || now.Before(k.looked) {
		k.looked = now
		k.renew()
	}
	return k.now, nil
}

func (k *kept) renew() {
	at, err := k.look()
	if err == nil && at == k.of || at == k.failed && at != (stamp{}) {
		return
	}
	fresh, lerr := k.load()
	if lerr != nil {
		k.failed = at
		k.files.Log.Error("the new TLS certificate can't be used; the old one stays", "error", lerr.Error())
		return
	}
	k.now, k.of = fresh, at
	k.files.Log.Info("new TLS certificate", "until", fresh.Leaf.NotAfter.UTC())
}

func (k *kept) look() (s stamp, err error) {
	for i, name := range []string{k.files.Certificate, k.files.Key} {
		info, err := os.Stat(name)
		if err != nil {
			return stamp{}, err
		}
		s[i].size, s[i].time = info.Size(), info.ModTime()
	}
	return s, nil
}

func (k *kept) load() (*tls.Certificate, error) {
	chain, err := os.ReadFile(k.files.Certificate)
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(k.files.Key)
	if err != nil {
		return nil, err
	}
	c, err := tls.X509KeyPair(chain, key) // it refuses a key that is not the certificate's
	if err != nil {
		return nil, err
	}
	if k.files.SignsCards != nil && k.files.SignsCards(c.Leaf.PublicKey) {
		return nil, ErrCardKey
	}
	if now := k.files.Now(); !now.Before(c.Leaf.NotAfter) {
		return nil, fmt.Errorf("the certificate ended on %s", c.Leaf.NotAfter.UTC().Format(time.DateOnly))
	}
	return &c, nil
}

func (k *kept) answers(host string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now.Leaf.VerifyHostname(host) == nil
}

// roots reads certificates to believe. An empty name is the system's.
func roots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate in it", file)
	}
	return pool, nil
}
