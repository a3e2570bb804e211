package web

import (
	"html/template"
	"net/http"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/verify"
)

// Route is a page that another package adds to the site, with a pattern of http.ServeMux that no other route has.
type Route struct {
	Pattern string
	Handler httpd.Handler
}

// Shell is what the pages of another package share with those of the site: header, footer, languages, style, and the look of a verdict.
// Around them stand the same headers, log and limits.
type Shell struct{ site *site }

// Frame is what a page has around its own content. The data of a template begin with it.
type Frame = frame

// Reader is for whom a page is.
type Reader = reader

// Parse reads a page of assets/pages, whose templates stand within the frame.
func (s Shell) Parse(name string) (*template.Template, error) {
	return s.site.pages.parse(assets.Pages(), name)
}

// Reader is who asks: which language they want.
func (s Shell) Reader(r *http.Request) Reader { return s.site.readerOf(r) }

// Frame is the frame of a page with a title, for a reader. Search engines may not list it.
func (s Shell) Frame(rd Reader, title string) Frame { return s.site.frame(rd, wanted{}, title) }

// Write sends a page.
func (s Shell) Write(w http.ResponseWriter, rd Reader, status int, t *template.Template, data any) error {
	return writePage(w, rd, status, t, data)
}

// Issuer is whose cards the site answers for.
func (s Shell) Issuer() Issuer { return s.site.Issuer }

// Validity is the last valid day of a card beside its label.
func (s Shell) Validity(rd Reader, v verify.Verdict) (label, text string) {
	return validity(rd.Language, v.Card.ExpiresOn)
}

// Tone is the colour of a verdict, as the class and the icon of a page.
func (s Shell) Tone(code verify.Code) string { return string(looks[code].tone) }

// Query is what to put behind a path so that the next page is in the same language.
func (rd reader) Query() string { return rd.query("") }

// Lang is the language that the reader has chosen on a page, or empty where the browser says it by itself.
func (rd reader) Lang() string { return rd.lang() }
