package web

import (
	_ "embed"
	"io"
	"net/http"

	"github.com/cardproof/cardproof/internal/httpd"
)

// openAPIText describes the interface for programs (OpenAPI 3.1). The tests hold every route of
// the site's own table and its answers against it; the learners' pages, which another package adds, are for people and not in it.
//
//go:embed openapi.json
var openAPIText []byte

func (s *site) openAPI(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=300")
	return httpd.Write(w, http.StatusOK, "application/json", func(b io.Writer) error {
		_, err := b.Write(openAPIText)
		return err
	})
}
