// Package public reads the configuration of the public server (verify.yaml), and holds what that file shares with the one of
// the issuer: who the centre is, where the server listens, and the strict reading itself.
//
// It stands apart from internal/config because the public server may not contain the issuer's code, which the course
// catalogue belongs to. Only internal/config and this package know viper.
package public

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a server without the system's time zones still has to know the last valid day
	"unicode"
	"unicode/utf8"

	"github.com/cardproof/cardproof/card"
)

// Issuer is the training centre as both programs know it.
type Issuer struct {
	Name      string `mapstructure:"name"`       // printed and shown
	URL       string `mapstructure:"url"`        // the claim iss
	VerifyURL string `mapstructure:"verify_url"` // the origin that the QR leads to; empty where that is URL
	TimeZone  string `mapstructure:"time_zone"`  // IANA name; the last valid day ends there
	Contact   string `mapstructure:"contact"`    // for /.well-known/security.txt; may be empty

	Location *time.Location `mapstructure:"-"` // TimeZone, loaded
}

// Server is the HTTP server's part of the configuration.
type Server struct {
	Listen         string      `mapstructure:"listen"` // host:port
	TLS            TLS         `mapstructure:"tls"`
	TrustedProxies []string    `mapstructure:"trusted_proxies"` // addresses and networks whose word about the client counts
	ClientHeader   string      `mapstructure:"client_header"`   // where they say it
	RateLimit      RateLimit   `mapstructure:"rate_limit"`
	Connections    Connections `mapstructure:"connections"`
	Timeouts       Timeouts    `mapstructure:"timeouts"`
	Monitor        Monitor     `mapstructure:"monitor"`
}

// RateLimit is how many requests a second are answered, and how many may come at once before that counts. A rate of 0
// switches that limit off.
type RateLimit struct {
	PerClient      float64 `mapstructure:"per_client"`
	PerClientBurst int     `mapstructure:"per_client_burst"`
	Global         float64 `mapstructure:"global"`
	GlobalBurst    int     `mapstructure:"global_burst"`
}

// Timeouts bound how long one connection may take.
type Timeouts struct {
	ReadHeader time.Duration `mapstructure:"read_header"`
	Read       time.Duration `mapstructure:"read"`
	Write      time.Duration `mapstructure:"write"`
	Idle       time.Duration `mapstructure:"idle"`
	Shutdown   time.Duration `mapstructure:"shutdown"` // for the requests at hand when the server stops
}

// Config is the configuration of the public server alone. It has no path to a private key, and must never get one.
type Config struct {
	Issuer   Issuer `mapstructure:"issuer"`
	Register string `mapstructure:"register"`     // a file, absolute after Load, or the URL of a PostgreSQL database
	JWKS     string `mapstructure:"jwks"`         // the record of public keys; absolute after Load
	Roots    string `mapstructure:"roots"`        // of the document seal, in PEM; absolute after Load, empty for none
	Lists    string `mapstructure:"status_lists"` // folder of the signed status lists; absolute after Load, or empty for none
	// Archive is a folder or a bucket with the finished cards, which is only read; a folder is absolute after Load. Empty for no learners' pages.
	Archive string  `mapstructure:"archive"`
	S3      S3      `mapstructure:"s3"` // where a bucket is
	Learner Learner `mapstructure:"learner"`
	Server  Server  `mapstructure:"server"`
}

// Learner is what holds for the private pages of learners.
type Learner struct {
	LinkLifetime time.Duration `mapstructure:"link_lifetime"` // how long a link leads there after it was made; 0 is for ever
}

// Validate checks the learners' part. The error is an *Error without a file.
func (l Learner) Validate() error {
	if l.LinkLifetime != 0 && l.LinkLifetime < time.Hour || l.LinkLifetime%time.Second != 0 {
		return Invalid("learner.link_lifetime", fmt.Sprintf("is %s", l.LinkLifetime), "Write at least 1h, such as 8760h for a year; 0s for ever.")
	}
	return nil
}

// DefaultServer is what a configuration that says nothing about the server gets.
func DefaultServer() Server {
	return Server{
		Listen:         "127.0.0.1:8080",
		TLS:            TLS{ACME: ACME{Domains: []string{}}},
		TrustedProxies: []string{},
		ClientHeader:   "X-Forwarded-For",
		Connections:    Connections{PerClient: 256, Total: 4096},
		RateLimit:      RateLimit{PerClient: 10, PerClientBurst: 40, Global: 2000, GlobalBurst: 4000},
		Timeouts: Timeouts{ReadHeader: 5 * time.Second, Read: 15 * time.Second, Write: 45 * time.Second,
			Idle: 2 * time.Minute, Shutdown: 10 * time.Second},
	}
}

// Load reads the configuration of the public server, with CARDPROOF_* of the environment (as os.Environ gives it) above it.
// Paths in it count from its own folder. The error is an *Error.
func Load(path string, env []string) (*Config, error) {
	c := &Config{Issuer: Issuer{TimeZone: "UTC"}, Register: "data/register.db", JWKS: "public/keys.json", Lists: "public/s", S3: DefaultS3(), Server: DefaultServer()}
	if err := Read(path, env, c, "Run `cardproof-verify --print-config > verify.yaml` to begin one, or name one with --config."); err != nil {
		return nil, err
	}
	if err := c.validate(); err != nil {
		return nil, at(path, err)
	}
	paths := map[string]*string{"jwks": &c.JWKS}
	if !IsDatabase(c.Register) {
		paths["register"] = &c.Register
	}
	if c.Roots != "" {
		paths["roots"] = &c.Roots
	}
	if c.Lists != "" {
		paths["status_lists"] = &c.Lists
	}
	if c.Archive != "" && !IsBucket(c.Archive) {
		paths["archive"] = &c.Archive
	}
	if c.S3.Roots != "" {
		paths["s3.roots"] = &c.S3.Roots
	}
	if err := Absolute(path, paths); err != nil {
		return nil, err
	}
	return c, c.Server.Absolute(path)
}

func (c *Config) validate() error {
	if err := c.Issuer.Validate(); err != nil {
		return err
	}
	if err := c.Learner.Validate(); err != nil {
		return err
	}
	if IsDatabase(c.Register) {
		if err := CheckDatabase("register", c.Register); err != nil {
			return err
		}
	}
	if err := c.S3.Validate(c.Archive); err != nil {
		return err
	}
	return c.Server.Validate()
}

// Absolute makes the paths of a configuration count from the folder of the file that names them, whatever folder the
// program was started in. The keys of the map are for the error, which is an *Error about a path that is empty.
func Absolute(file string, paths map[string]*string) error {
	folder, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return &Error{File: file, Text: "has a folder that can't be found", Hint: "Give the file's full path.", Err: err}
	}
	for key, p := range paths {
		if strings.TrimSpace(*p) == "" {
			return &Error{File: file, Key: key, Text: "is empty", Hint: "Give a path; it counts from the folder of this file."}
		}
		if !filepath.IsAbs(*p) {
			*p = filepath.Join(folder, *p)
		}
	}
	return nil
}

// Validate checks who the centre is and loads its time zone. The error is an *Error without a file.
func (i *Issuer) Validate() error {
	if err := CheckText("issuer.name", i.Name, 80); err != nil {
		return err
	}
	if i.Name == "" {
		return Invalid("issuer.name", "is missing", "Write the centre's name as it shall stand on the cards.")
	}
	if i.URL == "" {
		return Invalid("issuer.url", "is missing", "Write the origin of the public server, such as https://cards.example.org.")
	}
	if err := card.CheckIssuer(i.URL); err != nil {
		return Invalid("issuer.url", err.Error(), "Write it such as https://cards.example.org; every card carries it for ever.")
	}
	if err := i.checkVerifyURL(); err != nil {
		return err
	}
	if err := checkContact(i.Contact); err != nil {
		return err
	}
	loc, err := time.LoadLocation(i.TimeZone)
	if err != nil || i.TimeZone == "" || i.TimeZone == "Local" { // "Local" would mean another day on another machine
		return Invalid("issuer.time_zone", fmt.Sprintf("is %q, which is no time zone", i.TimeZone), "Write an IANA name, such as Europe/Lisbon or UTC.")
	}
	i.Location = loc
	return nil
}

// checkVerifyURL checks VerifyURL, and fills it where it is empty.
func (i *Issuer) checkVerifyURL() error {
	if i.VerifyURL == "" {
		i.VerifyURL = i.URL
	}
	u, err := url.Parse(i.VerifyURL)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != i.VerifyURL || strings.ToLower(i.VerifyURL) != i.VerifyURL ||
		(u.Scheme != "https" && u.Scheme != "http") {
		return Invalid("issuer.verify_url", "is not an origin in lower case and without a trailing slash",
			"Write it such as https://cards.example.org, or leave it empty for issuer.url.")
	}
	if u.Scheme == "http" && !isNear(u.Hostname()) {
		return Invalid("issuer.verify_url", "is plain http to a public address",
			"Write https://, so that nobody on the way can change a verdict; http:// is for trying things out in your own network.")
	}
	return nil
}

// isNear says whether a host lies in one's own network, where a phone tries a first card over plain http.
func isNear(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host == "localhost" || !strings.Contains(host, ".") || strings.HasSuffix(host, ".local")
	}
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || sharedAddresses.Contains(ip)
}

var sharedAddresses = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598

func checkContact(contact string) error {
	const hint = "Write mailto: and an address, or the https:// address of a page, or nothing."
	if contact == "" {
		return nil
	}
	u, err := url.Parse(contact)
	if err != nil || strings.ContainsFunc(contact, unicode.IsSpace) {
		return Invalid("issuer.contact", "is no address", hint)
	}
	switch u.Scheme {
	case "mailto":
		if a, err := mail.ParseAddress(u.Opaque); err != nil || a.Address != u.Opaque {
			return Invalid("issuer.contact", "is no mail address", hint)
		}
	case "https":
		if u.Host == "" {
			return Invalid("issuer.contact", "has no host", hint)
		}
	default:
		return Invalid("issuer.contact", "has to begin with mailto: or https://", hint)
	}
	return nil
}

// CheckText refuses what can't be printed on one line of at most max runes.
func CheckText(key, text string, max int) error {
	printable := utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
	if n := utf8.RuneCountInString(text); printable && n > max {
		return Invalid(key, fmt.Sprintf("has %d characters, and at most %d are allowed", n, max), "Shorten it.")
	}
	if !printable || strings.TrimSpace(text) != text {
		return Invalid(key, fmt.Sprintf("has to be one line of at most %d characters", max), "Leave out line breaks, spaces at the ends and characters that can't be seen.")
	}
	return nil
}

// Validate checks the server's part. The error is an *Error without a file.
func (s Server) Validate() error {
	if err := checkListen(s.Listen); err != nil {
		return Invalid("server.listen", err.Error(), "Write it such as 127.0.0.1:8080, or :8080 for every network of this machine.")
	}
	for _, limit := range []struct {
		key   string
		rate  float64
		burst int
	}{{"per_client", s.RateLimit.PerClient, s.RateLimit.PerClientBurst}, {"global", s.RateLimit.Global, s.RateLimit.GlobalBurst}} {
		key := "server.rate_limit." + limit.key
		if !(limit.rate >= 0) || math.IsInf(limit.rate, 1) { // so put, NaN is refused too
			return Invalid(key, fmt.Sprintf("is %v", limit.rate), "Write requests a second, such as 10; 0 switches the limit off.")
		}
		if limit.rate > 0 && limit.burst < 1 {
			return Invalid(key+"_burst", fmt.Sprintf("is %d, so that no request would ever be answered", limit.burst), "Write at least 1.")
		}
	}
	for _, timeout := range []struct {
		key  string
		time time.Duration
	}{{"read_header", s.Timeouts.ReadHeader}, {"read", s.Timeouts.Read}, {"write", s.Timeouts.Write},
		{"idle", s.Timeouts.Idle}, {"shutdown", s.Timeouts.Shutdown}} {
		if timeout.time < 100*time.Millisecond || timeout.time > time.Hour {
			return Invalid("server.timeouts."+timeout.key, fmt.Sprintf("is %s", timeout.time), "Write a time from 100ms to 1h.")
		}
	}
	return s.validateAround()
}

func checkListen(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("is %q, which is not host:port", address)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return errors.New("has a port that is not from 0 to 65535")
	}
	return nil
}
