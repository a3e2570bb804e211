package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/verify"
)

const (
	checkTime   = 10 * time.Second // for one question; a register that is stuck must not hold the reader for longer
	maxFormBody = 8 << 10          // bytes; a token as digits, in a link, has room in it
)

// asked is what the page needs to know of the question.
type asked struct {
	byNumber bool
	typed    string // what the form shows again; empty for nothing
	wanted   wanted
}

func (s *site) home(w http.ResponseWriter, r *http.Request) error {
	w.Header().Del("X-Robots-Tag")
	rd, want, problem := s.readerOf(r), wantedIn(r.URL.RawQuery), ""
	if want.bad {
		problem = rd.Form.BadNeed
	}
	return s.writeHome(w, rd, http.StatusOK, want, problem)
}

func (s *site) checkCode(w http.ResponseWriter, r *http.Request) error {
	text := r.PathValue("input")
	noteCode(r.Context(), text)
	want := wantedIn(r.URL.RawQuery)
	if want.bad && wantsJSON(r) {
		return badRequest(s.english().Form.BadNeed)
	}
	v, status := s.askToken(r.Context(), text)
	return s.show(w, r, v, status, asked{wanted: want})
}

func (s *site) checkNumber(w http.ResponseWriter, r *http.Request) error {
	typed := r.PathValue("number")
	want := wantedIn(r.URL.RawQuery)
	if want.bad && wantsJSON(r) {
		return badRequest(s.english().Form.BadNeed)
	}
	v, status := s.askNumber(r.Context(), typed)
	return s.show(w, r, v, status, asked{byNumber: true, typed: typed, wanted: want})
}

// checkForm sends the form's text to the page that answers it, so that the answer has an address that can be kept.
func (s *site) checkForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBody)
	if err := r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return err
		}
		return &httpd.Error{Status: http.StatusBadRequest, Detail: "The form could not be read."}
	}
	rd, typed, want := s.readerOf(r), r.PostForm.Get("q"), wantedInForm(r.PostForm)
	if inQuery := wantedIn(r.URL.RawQuery); inQuery.asked() && want.asked() {
		want = wanted{bad: true}
	} else if inQuery.asked() {
		want = inQuery
	}
	if want.bad {
		return s.writeHome(w, rd, http.StatusBadRequest, want, rd.Form.BadNeed)
	}
	switch kind, text := readInput(typed); kind {
	case nothing:
		return s.writeHome(w, rd, http.StatusBadRequest, want, rd.Form.Empty)
	case codeKind:
		return seeOther(w, "/c/"+text+rd.query(want.code))
	case numberKind:
		return seeOther(w, "/n/"+url.PathEscape(text)+rd.query(want.code))
	}
	v := verify.Verdict{Code: verify.Malformed, CheckedAt: s.now()}
	if isLong(typed) {
		return s.show(w, r, v, http.StatusBadRequest, asked{wanted: want})
	}
	return s.show(w, r, v, http.StatusBadRequest, asked{byNumber: true, typed: typed, wanted: want})
}

// seeOther redirects with no body: that of http.Redirect repeats the link.
func seeOther(w http.ResponseWriter, path string) error {
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// askToken asks about a token or its digits. The status is that of the contract's table, or 503 where there was no answer.
func (s *site) askToken(ctx context.Context, text string) (verify.Verdict, int) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	v, err := s.Checker.CheckToken(ctx, text)
	v, status := s.settle(ctx, v, err)
	httpd.NoteCard(ctx, httpd.Card{Code: string(v.Code)})
	return v, status
}

// noteCode tells the access log of a token, the same for both of its forms.
func noteCode(ctx context.Context, text string) {
	raw, err := token.FromPath(text)
	if err != nil {
		raw = text // no token, but still a way to see that the same was asked twice
	}
	httpd.NoteToken(ctx, raw)
}

// askNumber asks about a number as it was typed.
func (s *site) askNumber(ctx context.Context, typed string) (verify.Verdict, int) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	v, err := s.Checker.CheckNumber(ctx, typed)
	v.ByNumber = true
	v, status := s.settle(ctx, v, err)
	httpd.NoteCard(ctx, httpd.Card{Code: string(v.Code)})
	return v, status
}

// settle is the last fence before an answer is shown. It lets pass only what fits together: no green with an error, none
// without a card, and no card where nobody vouches for one. Of a card that is expired anyway it says so, register or not.
func (s *site) settle(ctx context.Context, v verify.Verdict, err error) (verify.Verdict, int) {
	look, known := looks[v.Code]
	switch {
	case err != nil && v.IsValid(), !known:
		v = verify.Verdict{Code: verify.Unavailable, CheckedAt: v.CheckedAt}
	case v.IsValid() && v.Card == nil:
		v = verify.Verdict{Code: verify.Unavailable, CheckedAt: v.CheckedAt}
		err = errors.New("a valid verdict without a card")
	case look.unvouched:
		v.Card, v.Replacement = nil, nil
	}
	if v.CheckedAt.IsZero() {
		v.CheckedAt = s.now()
	}
	httpd.NoteOutcome(ctx, string(v.Code))
	if err != nil {
		httpd.NoteError(ctx, &httpd.Error{Status: http.StatusServiceUnavailable, Err: err})
		return v, http.StatusServiceUnavailable
	}
	return v, looks[v.Code].status
}

// show writes a verdict as the reader asked for it.
func (s *site) show(w http.ResponseWriter, r *http.Request, v verify.Verdict, status int, a asked) error {
	httpd.NoteOutcome(r.Context(), string(v.Code))
	w.Header().Set("Vary", vary)
	retryLater(w, status)
	if wantsJSON(r) {
		return writeJSON(w, status, s.publish(r.Context(), v, a.wanted.code))
	}
	return s.writeVerdict(r.Context(), w, s.readerOf(r), a.wanted.statusOf(status), v, a)
}

// issuerName is the name that stands for the issuer of a card: ours for our own origin, and for another one its host.
func (s *site) issuerName(origin string) string {
	if origin == s.Issuer.URL {
		return s.Issuer.Name
	}
	_, host, _ := strings.Cut(origin, "://")
	return host
}

// numberSlip says whether a text is a card number but for a slip in typing.
func numberSlip(typed string) bool {
	_, err := card.ParseNumber(typed)
	return errors.Is(err, card.ErrNumberCheck)
}
