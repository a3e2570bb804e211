package web

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/verify"
)

// publicVerdict is a verdict as the contract writes it (docs/card-format.md, section 3). Members may be added, none removed.
type publicVerdict struct {
	Valid      bool          `json:"valid"`
	Code       verify.Code   `json:"code"`
	Reasons    []verify.Code `json:"reasons"` // never null
	Message    string        `json:"message"`
	CheckedAt  string        `json:"checked_at"` // RFC 3339 in UTC and whole seconds
	StatusAsOf string        `json:"status_as_of,omitempty"`
	Card       *publicCard   `json:"card,omitempty"`
}

type publicCard struct {
	Number     string       `json:"number"` // XXXX-XXXX-XXXX
	Name       string       `json:"name"`
	Course     publicCourse `json:"course"`
	Issued     string       `json:"issued"`  // 2006-01-02, as printed; empty where it is not known
	Expires    string       `json:"expires"` // the last valid day, likewise
	Issuer     publicIssuer `json:"issuer"`
	Instructor string       `json:"instructor"`
	ReplacedBy string       `json:"replaced_by"` // a number, or empty
}

type publicCourse struct {
	Code  string   `json:"code"`
	Title string   `json:"title"`
	Level string   `json:"level"`
	Meets []string `json:"meets"` // never null
}

type publicIssuer struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

func (s *site) publish(v verify.Verdict) publicVerdict {
	p := publicVerdict{
		Valid:     v.IsValid(),
		Code:      v.Code,
		Reasons:   append([]verify.Code{}, v.Reasons...),
		Message:   v.Message(),
		CheckedAt: v.CheckedAt.UTC().Format(time.RFC3339),
	}
	if !v.StatusAsOf.IsZero() {
		p.StatusAsOf = v.StatusAsOf.UTC().Format(time.RFC3339)
	}
	if c := v.Card; c != nil {
		p.Card = &publicCard{
			Number: c.Number.String(),
			Name:   c.Name,
			Course: publicCourse{c.Course, c.Qualification.Title, c.Qualification.Level,
				append([]string{}, c.Qualification.Meets...)},
			Issued:     c.IssuedOn.String(),
			Expires:    c.ExpiresOn.String(),
			Issuer:     publicIssuer{s.issuerName(c.Issuer), c.Issuer},
			Instructor: c.Instructor,
			ReplacedBy: c.ReplacedBy.String(),
		}
	}
	return p
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	return httpd.Write(w, status, "application/json", func(b io.Writer) error { return json.NewEncoder(b).Encode(v) })
}

// writeProblem answers a program with a problem document (RFC 9457).
func writeProblem(w http.ResponseWriter, e *httpd.Error) error {
	p := struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail,omitempty"`
	}{"about:blank", http.StatusText(e.Status), e.Status, e.Detail}
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
