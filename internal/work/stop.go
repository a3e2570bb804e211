package work

import (
	"html/template"
	"io"
	"net/http"
	"time"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/internal/post"
	"github.com/cardproof/cardproof/internal/register"
)

// retryStop is after how long to try again where reminders could not be stopped.
const retryStop = time.Minute

// StopHandler answers the links that stop reminders, for a route with {secret} behind link.Stop. A GET only asks, since programs that guard
// mailboxes open every link; a POST stops them, also that of a mail program by itself (RFC 8058). A link that stands for nobody is answered
// with 404: whoever asked must not believe that it was done. It can't be guessed (128 bits), so that this tells nobody anything.
func StopHandler(db *register.DB, texts *post.Writer, now func() time.Time) (httpd.Handler, error) {
	page, err := template.ParseFS(assets.Mail(), "stop.html")
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		state, status := post.StopAsked, http.StatusOK
		if r.Method == http.MethodPost {
			known, err := db.StopBySecret(r.Context(), r.PathValue("secret"), now())
			switch {
			case err != nil:
				return &httpd.Error{Status: http.StatusServiceUnavailable, Detail: "Your reminders could not be stopped just now.", RetryAfter: retryStop, Err: err}
			case known:
				state = post.StopDone
			default:
				state, status = post.StopIncomplete, http.StatusNotFound
			}
		}
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		return httpd.Write(w, status, "text/html; charset=utf-8", func(b io.Writer) error {
			return page.Execute(b, texts.StopPage(r.Header.Get("Accept-Language"), state))
		})
	}, nil
}
