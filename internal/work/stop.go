package work

import (
	"bytes"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/internal/post"
	"github.com/cardproof/cardproof/internal/register"
)

// StopPath is where the links lead by which learners stop their reminders; the secret follows.
const StopPath = "/unsubscribe/"

// StopHandler answers the links that stop reminders. A GET only asks, since programs that guard mailboxes open every link; a POST stops
// them, also that of a mail program by itself (RFC 8058). A link that stands for nobody is answered with 404: whoever asked must not believe
// that it was done. It can't be guessed (128 bits), so that this tells nobody anything.
func StopHandler(db *register.DB, texts *post.Writer, log *slog.Logger, now func() time.Time) (http.Handler, error) {
	page, err := template.ParseFS(assets.Mail(), "stop.html")
	if err != nil {
		return nil, err
	}
	show := func(w http.ResponseWriter, r *http.Request, state post.StopState) {
		var out bytes.Buffer
		if err := page.Execute(&out, texts.StopPage(r.Header.Get("Accept-Language"), state)); err != nil {
			log.Error("the page that stops reminders can't be shown", "error", err)
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		if state == post.StopIncomplete {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write(out.Bytes())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+StopPath+"{secret}", func(w http.ResponseWriter, r *http.Request) { show(w, r, post.StopAsked) })
	mux.HandleFunc("POST "+StopPath+"{secret}", func(w http.ResponseWriter, r *http.Request) {
		known, err := db.StopBySecret(r.Context(), r.PathValue("secret"), now())
		if err != nil {
			log.Error("reminders could not be stopped", "error", err)
			http.Error(w, "try again later", http.StatusServiceUnavailable)
			return
		}
		if !known {
			show(w, r, post.StopIncomplete)
			return
		}
		show(w, r, post.StopDone)
	})
	return mux, nil
}
