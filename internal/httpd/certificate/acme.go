package certificate

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// ACME names an authority and what to ask it for (RFC 8555).
type ACME struct {
	Domains   []string
	Cache     string // folder; made with 0700
	Email     string // may be empty
	Directory string // URL; empty for Let's Encrypt
	Roots     string // PEM: whom to believe at Directory; empty for the system's
}

// authorityTime bounds one question to the authority.
const authorityTime = 30 * time.Second

// FromACME gets certificates from an authority when they are first asked for, and renews them in time. They are asked for only
// by the names of Domains. The error says that the folder or the roots can't be used.
func FromACME(a ACME) (*Source, error) {
	pool, err := roots(a.Roots)
	if err != nil {
		return nil, fmt.Errorf("read the roots of the ACME authority: %w", err)
	}
	if err := os.MkdirAll(a.Cache, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of ACME certificates: %w", err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
	m := &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(a.Cache),
		HostPolicy: autocert.HostWhitelist(a.Domains...),
		Email:      a.Email,
		Client:     &acme.Client{DirectoryURL: a.Directory, HTTPClient: &http.Client{Transport: transport, Timeout: authorityTime}},
	}
	if a.Directory == "" {
		m.Client.DirectoryURL = autocert.DefaultACMEDirectory
	}
	return &Source{
		get:       m.GetCertificate,
		protocols: []string{"h2", "http/1.1", acme.ALPNProto},
		answers:   func(host string) bool { return slices.Contains(a.Domains, host) },
		challenge: m.HTTPHandler,
	}, nil
}
