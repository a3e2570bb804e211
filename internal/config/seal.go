package config

import (
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/cardproof/cardproof/internal/config/public"
)

// Seal is how the files of finished cards are signed. Paths that are empty stand for what `cardproof keys init` makes.
type Seal struct {
	Certificate      string        `mapstructure:"certificate"` // PKCS#12, or PEM
	Key              string        `mapstructure:"key"`         // PEM
	Roots            string        `mapstructure:"roots"`       // PEM: the authority's root, and the centre's own certificates
	Location         string        `mapstructure:"location"`    // shown by programs that check; may be empty
	TimestampURL     string        `mapstructure:"timestamp_url"`
	TimestampRoots   string        `mapstructure:"timestamp_roots"` // PEM; empty for those of the system
	TimestampTimeout time.Duration `mapstructure:"timestamp_timeout"`
}

func (s *Seal) validate() error {
	pkcs12 := strings.EqualFold(filepath.Ext(s.Certificate), ".p12") || strings.EqualFold(filepath.Ext(s.Certificate), ".pfx")
	switch {
	case s.Certificate == "" && s.Key+s.Roots != "":
		return public.Invalid("seal.certificate", "is missing, but seal.key or seal.roots is there",
			"Name the centre's own certificate, or leave all three empty for the one that `cardproof keys init` makes.")
	case s.Certificate != "" && s.Roots == "":
		return public.Invalid("seal.roots", "is missing", "Name a file in PEM with the root certificate of the authority that issued seal.certificate, and below it that certificate itself.")
	case pkcs12 && s.Key != "":
		return public.Invalid("seal.key", "is named, but the PKCS#12 file of seal.certificate has a key", "Leave seal.key empty.")
	case s.Certificate != "" && !pkcs12 && s.Key == "":
		return public.Invalid("seal.key", "is missing", "Name the file with the private key of seal.certificate, in PEM; or a .p12 or .pfx file as seal.certificate.")
	case s.TimestampTimeout < time.Second || s.TimestampTimeout > 2*time.Minute:
		return public.Invalid("seal.timestamp_timeout", "has to be from 1s to 2m", "Write it with its unit, such as 10s.")
	}
	if s.TimestampURL != "" {
		// Plain http is usual: the answer is signed, and is checked.
		u, err := url.Parse(s.TimestampURL)
		if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
			return public.Invalid("seal.timestamp_url", "is no address of a server", "Write it such as https://tsa.example.org/tsr, or leave it empty.")
		}
	} else if s.TimestampRoots != "" {
		return public.Invalid("seal.timestamp_url", "is missing, but seal.timestamp_roots is there", "Name the time-stamp server, or leave both empty.")
	}
	return public.CheckText("seal.location", s.Location, 80)
}

// absolute makes the paths that are named count from the folder of the configuration.
func (s *Seal) absolute(file string) error {
	paths := map[string]*string{}
	for key, p := range map[string]*string{"seal.certificate": &s.Certificate, "seal.key": &s.Key, "seal.roots": &s.Roots, "seal.timestamp_roots": &s.TimestampRoots} {
		if *p != "" {
			paths[key] = p
		}
	}
	return public.Absolute(file, paths)
}
