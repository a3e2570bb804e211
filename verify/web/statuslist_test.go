package web

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/statuslist"
)

type fakeLists func(n int64) (statuslist.Published, error)

func (f fakeLists) StatusList(n int64) (statuslist.Published, error) { return f(n) }

func testList(t *testing.T, left time.Duration) statuslist.Published {
	t.Helper()
	p, err := statuslist.Publish("signed."+strings.Repeat("list", 500), statuslist.Claims{
		IssuedAt: testTime.Add(left - time.Hour), ExpiresAt: testTime.Add(left), TTL: 5 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// listSite serves list 1, which counts for so long.
func listSite(t *testing.T, left time.Duration) http.Handler {
	t.Helper()
	o := testOptions(answer(testVerdict(verify.Valid), nil))
	list := testList(t, left)
	o.StatusLists = fakeLists(func(n int64) (statuslist.Published, error) {
		if n != 1 {
			return statuslist.Published{}, statuslist.ErrNoList
		}
		return list, nil
	})
	return testSite(t, o)
}

func TestStatusList(t *testing.T) {
	h := listSite(t, time.Hour)
	list := testList(t, time.Hour)
	for name, accept := range map[string]string{"plain": "", "refused": "gzip;q=0", "identity": "identity", "br": "br"} {
		w := do(h, "GET", "/s/1", "", "Accept-Encoding", accept)
		if w.Code != 200 || w.Header().Get("Content-Encoding") != "" || w.Body.String() != string(list.Raw) {
			t.Errorf("%s: got %d, encoding %q, %d bytes", name, w.Code, w.Header().Get("Content-Encoding"), w.Body.Len())
		}
	}
	for _, accept := range []string{"gzip", "br, gzip;q=0.5", "*", "GZIP"} {
		w := do(h, "GET", "/s/1", "", "Accept-Encoding", accept)
		z, err := gzip.NewReader(bytes.NewReader(w.Body.Bytes()))
		if err != nil {
			t.Errorf("%s: %v", accept, err)
			continue
		}
		if body, err := io.ReadAll(z); err != nil || string(body) != string(list.Raw) || w.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: got %d bytes, %v", accept, len(body), err)
		}
	}
	w := do(h, "GET", "/s/1", "")
	for name, want := range map[string]string{
		"Content-Type": "application/statuslist+jwt", "Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300",
		"Vary": "Accept-Encoding", "ETag": `"` + list.ETag + `"`, "X-Content-Type-Options": "nosniff",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestStatusListHasNotChanged(t *testing.T) {
	h := listSite(t, time.Hour)
	tag := do(h, "GET", "/s/1", "").Header().Get("ETag")
	packed := do(h, "GET", "/s/1", "", "Accept-Encoding", "gzip").Header().Get("ETag")
	if tag == packed || tag == "" {
		t.Fatalf("got the tags %s and %s for two encodings, want two", tag, packed)
	}
	for have, want := range map[string]int{
		tag: 304, packed: 304, "W/" + tag: 304, `"other", ` + tag: 304, "*": 304, `"other"`: 200, "": 200, tag[:8] + `"`: 200,
	} {
		w := do(h, "GET", "/s/1", "", "If-None-Match", have, "Accept-Encoding", "gzip")
		if w.Code != want || (want == 304) != (w.Body.Len() == 0) || w.Header().Get("Cache-Control") != "public, max-age=300" {
			t.Errorf("If-None-Match %s: got %d with %d bytes, want %d", have, w.Code, w.Body.Len(), want)
		}
	}
}

// A list is kept by nobody for longer than it counts, and never sent afterwards.
func TestStatusListEnds(t *testing.T) {
	for left, want := range map[time.Duration]string{time.Hour: "public, max-age=300", 30 * time.Second: "public, max-age=30", time.Second: "public, max-age=1"} {
		if w := do(listSite(t, left), "GET", "/s/1", ""); w.Code != 200 || w.Header().Get("Cache-Control") != want {
			t.Errorf("%s left: got %d %q, want 200 %q", left, w.Code, w.Header().Get("Cache-Control"), want)
		}
	}
	for _, left := range []time.Duration{0, -time.Second, -time.Hour} {
		w := do(listSite(t, left), "GET", "/s/1", "", "If-None-Match", "*")
		if w.Code != 503 || strings.Contains(w.Body.String(), "signed.") || w.Header().Get("Retry-After") == "" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s left: got %d, Retry-After %q, Cache-Control %q", left, w.Code, w.Header().Get("Retry-After"), w.Header().Get("Cache-Control"))
		}
	}
}

func TestNoStatusList(t *testing.T) {
	o := testOptions(answer(testVerdict(verify.Valid), nil))
	off := testSite(t, o)
	o.StatusLists = fakeLists(func(int64) (statuslist.Published, error) {
		return statuslist.Published{}, errors.New("/srv/secret is gone")
	})
	broken := testSite(t, o)
	for _, tc := range []struct {
		name, target string
		h            http.Handler
		want         int
	}{
		{"switched off", "/s/1", off, 404},
		{"another list", "/s/2", listSite(t, time.Hour), 404},
		{"list 0", "/s/0", listSite(t, time.Hour), 404},
		{"list 01", "/s/01", listSite(t, time.Hour), 404},
		{"no number", "/s/x", listSite(t, time.Hour), 404},
		{"too great", "/s/99999999999999999999", listSite(t, time.Hour), 404},
		{"all lists", "/s/", listSite(t, time.Hour), 404},
		{"can't be had", "/s/1", broken, 503},
	} {
		w := do(tc.h, "GET", tc.target, "")
		if w.Code != tc.want || strings.Contains(w.Body.String(), "secret") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %d %q, want %d", tc.name, w.Code, w.Header().Get("Cache-Control"), tc.want)
		}
	}
	if w := do(off, "GET", "/.well-known/jwks.json", ""); w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Error("programs in browsers can't fetch the keys")
	}
}
