package web

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/verify/statuslist"
)

// StatusLists hands out the signed status lists. The error is statuslist.ErrNoList for one that there has never been; any other
// means that the list can't be had now, and its text goes to the log.
type StatusLists interface {
	StatusList(n int64) (statuslist.Published, error)
}

// retryList is after how long to ask again for a list that can't be had.
const retryList = time.Minute

// statusList answers with a list as it was signed, for programs of any origin. A list that has expired is never sent: who takes it
// for an answer would take a withdrawn card for valid.
func (s *site) statusList(w http.ResponseWriter, r *http.Request) error {
	n, ok := statuslist.Number(r.PathValue("n"))
	if !ok || s.StatusLists == nil {
		return &httpd.Error{Status: http.StatusNotFound}
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	list, err := s.StatusLists.StatusList(n)
	if errors.Is(err, statuslist.ErrNoList) {
		return &httpd.Error{Status: http.StatusNotFound}
	}
	if left := list.ExpiresAt.Sub(s.now()); err == nil && left <= 0 {
		err = statuslist.ErrExpired
	} else if err == nil {
		// Nobody shall keep it for longer than it counts.
		h.Set("Cache-Control", "public, max-age="+strconv.FormatInt(int64(min(list.TTL, left)/time.Second), 10))
	}
	if err != nil {
		return &httpd.Error{
			Status: http.StatusServiceUnavailable, Detail: "There is no status list that counts now. Take no card for valid without it.",
			RetryAfter: retryList, Err: err,
		}
	}
	h.Set("Access-Control-Expose-Headers", "ETag")
	h.Set("Vary", "Accept-Encoding")
	body, tag := list.Raw, list.ETag
	if takesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body, tag = list.Gzip, list.ETag+"-gzip"
	}
	h.Set("ETag", `"`+tag+`"`)
	if hasTag(r, list.ETag) {
		h.Del("Content-Encoding") // nothing is sent that would be encoded
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return httpd.Write(w, http.StatusOK, statuslist.MediaType, func(b io.Writer) error {
		_, err := b.Write(body)
		return err
	})
}

// takesGzip says whether the client names gzip, or anything, and does not refuse it (RFC 9110, section 12.5.3).
func takesGzip(r *http.Request) bool {
	takes := false
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, params, _ := strings.Cut(strings.ToLower(strings.TrimSpace(part)), ";")
		q := 1.0
		if text, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); ok {
			q, _ = strconv.ParseFloat(text, 64)
		}
		switch strings.TrimSpace(name) {
		case "gzip", "x-gzip":
			return q > 0
		case "*":
			takes = q > 0
		}
	}
	return takes
}

// hasTag says whether the client has the list, in whichever encoding (RFC 9110, section 13.1.2).
func hasTag(r *http.Request, tag string) bool {
	for _, part := range strings.Split(strings.Join(r.Header.Values("If-None-Match"), ","), ",") {
		have := strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if have == "*" || strings.TrimSuffix(strings.Trim(have, `"`), "-gzip") == tag {
			return true
		}
	}
	return false
}
