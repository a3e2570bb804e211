package public

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// Connections bound how many connections are open at once. 0 switches that limit off.
type Connections struct {
	PerClient int `mapstructure:"per_client"` // of one network; trusted proxies are exempt
	Total     int `mapstructure:"total"`
}

// TLS says by which certificate the server proves itself. With nothing in it, the server speaks plain HTTP.
type TLS struct {
	Certificate string `mapstructure:"certificate"` // PEM, with the chain; absolute after Load
	Key         string `mapstructure:"key"`         // PEM; absolute after Load
	ACME        ACME   `mapstructure:"acme"`
	HTTPListen  string `mapstructure:"http_listen"` // host:port of plain HTTP that leads to https; empty for none
}

// ACME says how certificates are got from an authority (RFC 8555).
type ACME struct {
	Domains   []string `mapstructure:"domains"`
	Cache     string   `mapstructure:"cache"`     // folder; absolute after Load
	Email     string   `mapstructure:"email"`     // for the authority; may be empty
	Directory string   `mapstructure:"directory"` // URL; empty for Let's Encrypt
	Roots     string   `mapstructure:"roots"`     // PEM: whom to believe at Directory; empty for the system's; absolute after Load
}

// Monitor is where the server's own people look, and nobody else.
type Monitor struct {
	Listen   string `mapstructure:"listen"`   // host:port; empty for none
	Anywhere bool   `mapstructure:"anywhere"` // whether another address than this machine's own is meant so
}

// ByFiles says whether the certificate comes from files.
func (t TLS) ByFiles() bool { return t.Certificate != "" }

// On says whether the server speaks TLS.
func (t TLS) On() bool { return t.ByFiles() || len(t.ACME.Domains) > 0 }

// Proxies are the networks of TrustedProxies. A single address is a network of one.
func (s Server) Proxies() ([]netip.Prefix, error) {
	networks := make([]netip.Prefix, 0, len(s.TrustedProxies))
	for i, text := range s.TrustedProxies {
		key := fmt.Sprintf("server.trusted_proxies[%d]", i)
		p, err := netip.ParsePrefix(text)
		if a, aerr := netip.ParseAddr(text); aerr == nil && a.Zone() == "" {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		switch {
		case err != nil || p.Addr().Is4In6():
			return nil, Invalid(key, fmt.Sprintf("is %q, which is no network", text), "Write an address or a network, such as 127.0.0.1 or 10.0.0.0/8.")
		case p != p.Masked():
			return nil, Invalid(key, fmt.Sprintf("is %q, which is an address within a network", text), "Write "+p.Masked().String()+", or the address alone.")
		case p.Bits() == 0:
			return nil, Invalid(key, "trusts the whole world", "Name the networks of your own proxies; everybody could lie about their address otherwise.")
		}
		networks = append(networks, p)
	}
	return networks, nil
}

// Absolute makes the paths of the server's part count from the folder of the file that names them.
func (s *Server) Absolute(file string) error {
	paths := map[string]*string{}
	for key, p := range map[string]*string{
		"certificate": &s.TLS.Certificate, "key": &s.TLS.Key, "acme.cache": &s.TLS.ACME.Cache, "acme.roots": &s.TLS.ACME.Roots,
	} {
		if *p != "" {
			paths["server.tls."+key] = p
		}
	}
	return Absolute(file, paths)
}

// headerName is a field name as RFC 9110 has it, in the letters that occur.
var headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)

// validateAround checks what stands around the requests: proxies, connections, TLS and the monitor.
func (s Server) validateAround() error {
	if _, err := s.Proxies(); err != nil {
		return err
	}
	if !headerName.MatchString(s.ClientHeader) || strings.EqualFold(s.ClientHeader, "Forwarded") {
		return Invalid("server.client_header", fmt.Sprintf("is %q", s.ClientHeader),
			"Write the name of the header in which the proxy lists addresses, such as X-Forwarded-For; Forwarded (RFC 7239) is written in another way.")
	}
	for _, limit := range []struct {
		key string
		n   int
	}{{"per_client", s.Connections.PerClient}, {"total", s.Connections.Total}} {
		if limit.n < 0 || limit.n > 1_000_000 {
			return Invalid("server.connections."+limit.key, fmt.Sprintf("is %d", limit.n), "Write a number up to 1000000; 0 switches the limit off.")
		}
	}
	if err := s.TLS.validate(); err != nil {
		return err
	}
	return s.Monitor.validate()
}

func (t TLS) validate() error {
	const key = "server.tls."
	switch {
	case t.Certificate == "" && t.Key != "":
		return Invalid(key+"certificate", "is empty, and server.tls.key is not", "Name both files, or neither.")
	case t.Certificate != "" && t.Key == "":
		return Invalid(key+"key", "is empty, and server.tls.certificate is not", "Name both files, or neither.")
	case t.ByFiles() && len(t.ACME.Domains) > 0:
		return Invalid(key+"acme.domains", "stands beside server.tls.certificate", "Choose one of the two: files of your own, or ACME.")
	case t.HTTPListen != "" && !t.On():
		return Invalid(key+"http_listen", "leads to https, which is not configured", "Name a certificate and its key, or domains under acme; or leave it empty.")
	case t.HTTPListen != "":
		if err := checkListen(t.HTTPListen); err != nil {
			return Invalid(key+"http_listen", err.Error(), "Write it such as :80.")
		}
	}
	return t.ACME.validate()
}

func (a ACME) validate() error {
	const key = "server.tls.acme."
	if len(a.Domains) == 0 {
		for name, value := range map[string]string{"cache": a.Cache, "email": a.Email, "directory": a.Directory, "roots": a.Roots} {
			if value != "" {
				return Invalid(key+name, "stands there without server.tls.acme.domains", "Name the domains, or take it out.")
			}
		}
		return nil
	}
	for i, domain := range a.Domains {
		u, err := url.Parse("https://" + domain)
		if err != nil || domain == "" || u.Host != domain || u.Port() != "" || strings.ToLower(domain) != domain || strings.Contains(domain, "*") || !strings.Contains(strings.Trim(domain, "."), ".") || net.ParseIP(domain) != nil {
			return Invalid(fmt.Sprintf("%sdomains[%d]", key, i), fmt.Sprintf("is %q, which is no name of a host", domain), "Write it such as cards.example.org, in lower case.")
		}
	}
	if strings.TrimSpace(a.Cache) == "" {
		return Invalid(key+"cache", "is empty", "Name a folder of the server's own. Without it each start asks for a new certificate, until the authority refuses.")
	}
	if m, err := mail.ParseAddress(a.Email); a.Email != "" && (err != nil || m.Address != a.Email) {
		return Invalid(key+"email", "is no mail address", "Write it such as it@example.org, or leave it empty.")
	}
	if u, err := url.Parse(a.Directory); a.Directory != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		return Invalid(key+"directory", "is no https:// address", "Write the directory URL of your authority, or leave it empty for Let's Encrypt.")
	}
	return nil
}

func (m Monitor) validate() error {
	const key = "server.monitor.listen"
	if m.Listen == "" {
		return nil
	}
	if err := checkListen(m.Listen); err != nil {
		return Invalid(key, err.Error(), "Write it such as 127.0.0.1:9090.")
	}
	host, _, _ := net.SplitHostPort(m.Listen)
	a, err := netip.ParseAddr(host)
	if m.Anywhere || host == "localhost" || err == nil && a.Unmap().IsLoopback() {
		return nil
	}
	return Invalid(key, "answers other machines too", "Write 127.0.0.1 before the port. Where only your own people reach that network, set server.monitor.anywhere: true.")
}
