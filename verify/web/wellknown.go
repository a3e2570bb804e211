package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"time"

	"github.com/cardproof/cardproof/internal/httpd"
)

const (
	readyTime       = 3 * time.Second
	securityTextAge = 180 * 24 * time.Hour // RFC 9116 asks for less than a year
)

// robotsText keeps crawlers from the answers by the header X-Robots-Tag that each of them has. Disallowing their paths would
// keep a crawler from seeing that header, and a link found elsewhere would be listed after all.
const robotsText = `User-agent: *
Disallow: /api/
# Answers about cards carry "X-Robots-Tag: noindex". They are not disallowed here, so that crawlers can see it.
`

func (s *site) jwks(w http.ResponseWriter, r *http.Request) error {
	set, err := s.JWKS()
	if err != nil {
		return &httpd.Error{Status: http.StatusServiceUnavailable, Detail: "The keys could not be read.", Err: err}
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	return httpd.Write(w, http.StatusOK, "application/jwk-set+json", func(b io.Writer) error {
		_, err := b.Write(set)
		return err
	})
}

// rootsPath is where the roots of the document seal are published. A person who checks a file in another program gets them here.
const rootsPath = "/.well-known/document-roots.crt"

func (s *site) documentRoots(w http.ResponseWriter, r *http.Request) error {
	if len(s.Roots) == 0 {
		return &httpd.Error{Status: http.StatusNotFound}
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	return httpd.Write(w, http.StatusOK, "application/x-pem-file", func(b io.Writer) error {
		_, err := b.Write(s.Roots)
		return err
	})
}

// securityText is where to report a weakness (RFC 9116).
func (s *site) securityText(w http.ResponseWriter, r *http.Request) error {
	if s.Contact == "" {
		return &httpd.Error{Status: http.StatusNotFound}
	}
	expires := s.now().Truncate(24 * time.Hour).Add(securityTextAge)
	return writeText(w, http.StatusOK, fmt.Sprintf("Contact: %s\nExpires: %s\nPreferred-Languages: en\nCanonical: %s/.well-known/security.txt\n",
		s.Contact, expires.Format(time.RFC3339), s.Issuer.URL))
}

func (s *site) robots(w http.ResponseWriter, r *http.Request) error {
	return writeText(w, http.StatusOK, robotsText)
}

func (s *site) healthy(w http.ResponseWriter, r *http.Request) error {
	return writeText(w, http.StatusOK, "ok\n")
}

func (s *site) ready(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), readyTime)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		httpd.NoteError(r.Context(), &httpd.Error{Status: http.StatusServiceUnavailable, Err: err})
		return writeText(w, http.StatusServiceUnavailable, "not ready\n")
	}
	return writeText(w, http.StatusOK, "ready\n")
}

func writeText(w http.ResponseWriter, status int, text string) error {
	return httpd.Write(w, status, "text/plain; charset=utf-8", func(b io.Writer) error {
		_, err := io.WriteString(b, text)
		return err
	})
}

// staticFile is what a page loads beside itself.
type staticFile struct {
	content []byte
	hash    string // of the content; a part of the file's address, which may so be kept for ever
	kind    string
}

// staticKinds are the media types, since those of the package mime depend on the machine.
var staticKinds = map[string]string{".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}

func loadStatic(pages fs.FS) (map[string]staticFile, error) {
	names, err := fs.Glob(pages, "static/*")
	if err != nil || len(names) == 0 {
		return nil, errors.Join(errors.New("no files that the pages load"), err)
	}
	files := make(map[string]staticFile, len(names))
	for _, name := range names {
		content, err := fs.ReadFile(pages, name)
		if err != nil {
			return nil, err
		}
		kind, ok := staticKinds[path.Ext(name)]
		if !ok {
			return nil, fmt.Errorf("%s: no media type is known for it", name)
		}
		sum := sha256.Sum256(content)
		files[path.Base(name)] = staticFile{content, hex.EncodeToString(sum[:6]), kind}
	}
	return files, nil
}

// asset serves a static file. An address of another version gets the file as it is here, not to be kept: while servers are
// updated one after the other, a page of the one may load its style from another.
func (s *site) asset(w http.ResponseWriter, r *http.Request) error {
	f, ok := s.static[r.PathValue("name")]
	if !ok {
		return &httpd.Error{Status: http.StatusNotFound}
	}
	if r.PathValue("hash") == f.hash {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	return httpd.Write(w, http.StatusOK, f.kind, func(b io.Writer) error {
		_, err := b.Write(f.content)
		return err
	})
}

// assetURL is the address of a static file.
func (s *site) assetURL(name string) string {
	return "/assets/" + s.static[name].hash + "/" + name
}
