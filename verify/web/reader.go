package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify/web/phrase"
)

// reader is for whom a page is: what language it speaks, and how its links keep that language.
type reader struct {
	*phrase.Language
	// chosen says that the address or the form names the language. The links of the page then name it too; what the browser
	// asks for by itself it asks for on the next page as well.
	chosen bool
	// posted says that the page answers a form, and has no address of its own.
	posted bool
}

// readerOf takes the language that was chosen with ?lang=, or else the one that the browser asks for. A code that is none of
// ours is as good as no code: somebody's old link must not become an error.
func (s *site) readerOf(r *http.Request) reader {
	rd := reader{posted: r.Method != http.MethodGet && r.Method != http.MethodHead}
	code := r.URL.Query().Get("lang")
	if code == "" {
		code = r.PostForm.Get("lang") // empty where no form was read
	}
	if rd.Language = s.texts.Named(code); rd.Language != nil {
		rd.chosen = true
		return rd
	}
	rd.Language = s.texts.Accepted(strings.Join(r.Header.Values("Accept-Language"), ","))
	return rd
}

// lang is what the links and the form of the page carry; empty where the browser says it by itself.
func (rd reader) lang() string {
	if !rd.chosen {
		return ""
	}
	return rd.Code
}

// query is what to put behind a path so that the next page asks for the same requirement, in the same language. The code of
// a requirement is empty for none.
func (rd reader) query(need string) string {
	var parts []string
	if need != "" {
		parts = append(parts, "need="+need) // the characters of both stand for themselves
	}
	if rd.chosen {
		parts = append(parts, "lang="+rd.Code)
	}
	if len(parts) == 0 {
		return ""
	}
	return "?" + strings.Join(parts, "&")
}

// switchLink leads to the same page in another language.
type switchLink struct {
	Name, Code, Dir string
	Link            string
	Current         bool
}

// switchOf has every language. A question that was wrongly asked stays one: else the same card would be green in another
// language. A page without an address leads to the home page.
func (s *site) switchOf(rd reader, w wanted) []switchLink {
	path := ""
	if rd.posted {
		path = "/"
	}
	var links []switchLink
	for _, l := range s.texts.Languages {
		q := url.Values{"lang": {l.Code}}
		if w.asked() {
			q.Set("need", w.code)
		}
		links = append(links, switchLink{l.Name, l.Code, l.Dir, path + "?" + q.Encode(), l.Code == rd.Code})
	}
	return links
}

// moment is a time for people and for programs.
type moment struct {
	phrase.Sides
	Words, RFC3339 string
}

// moment is t within a sentence that has a place for it; nil for no time.
func (rd reader) moment(sentence phrase.Sentence, t time.Time) (*moment, error) {
	sides, err := sentence.Around("time")
	if err != nil || t.IsZero() {
		return nil, err
	}
	t = t.UTC()
	words := strings.NewReplacer("{date}", rd.Date(card.DateOf(t)), "{time}", rd.Isolate(t.Format("15:04:05")+" UTC")).Replace(string(rd.Moment))
	return &moment{sides, words, t.Format(time.RFC3339)}, nil
}
