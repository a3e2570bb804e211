package web

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/verify"
)

// publish is a verdict as the contract writes it, with the answer about a requirement where need has the code of one.
func (s *site) publish(ctx context.Context, v verify.Verdict, need string) verify.Public {
	p := v.Public(s.issuerName)
	if need != "" {
		p.Meets = v.MeetsAmong(need, s.known(ctx, v)).Public()
	}
	return p
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	return httpd.Write(w, status, "application/json", func(b io.Writer) error { return json.NewEncoder(b).Encode(v) })
}

// writeProblem answers a program with a problem document (RFC 9457).
func writeProblem(w http.ResponseWriter, r *http.Request, e *httpd.Error) error {
	p := struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail,omitempty"`
		// Request is an addition to the members of RFC 9457: by it the issuer finds the request in the log.
		Request string `json:"request,omitempty"`
	}{"about:blank", http.StatusText(e.Status), e.Status, e.Detail, httpd.RequestID(r.Context())}
	return httpd.Write(w, e.Status, "application/problem+json", func(b io.Writer) error { return json.NewEncoder(b).Encode(p) })
}

// wantsJSON says whether the answer goes to a program: the API's always does, and elsewhere the reader has to ask for
// application/json by name, at least as strongly as for a page.
func wantsJSON(r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		return true
	}
	json, page := -1.0, -1.0
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept"), ","), ",") {
		kind, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		q := 1.0
		if text, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		switch kind {
		case "application/json":
			json = max(json, q)
		case "text/html":
			page = max(page, q)
		}
	}
	return json > 0 && json >= page
}
