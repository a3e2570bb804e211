package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/verify"
)

// The home page leads learners to the form for their links where there is one, in the language of the page, and says nothing of it elsewhere.
func TestHomeLeadsToFind(t *testing.T) {
	o := testOptions(answer(testVerdict(verify.Malformed), nil))
	without := testSite(t, o)
	o.Find = "/find"
	with := testSite(t, o)
	for _, l := range languages(t) {
		got := do(with, "GET", "/?lang="+l.Code, "")
		if link := `href="/find?lang=` + l.Code + `"`; got.Code != http.StatusOK || !strings.Contains(got.Body.String(), link) || !strings.Contains(got.Body.String(), l.Home.Own.Link) {
			t.Errorf("%s: got %d without %s", l.Name, got.Code, link)
		}
		if got := do(without, "GET", "/?lang="+l.Code, ""); strings.Contains(got.Body.String(), "/find") || strings.Contains(got.Body.String(), l.Home.Own.Heading) {
			t.Errorf("%s: the page leads to a form that is not there", l.Name)
		}
	}
	if got := do(with, "GET", "/", ""); !strings.Contains(got.Body.String(), `href="/find"`) {
		t.Error("in the browser's language there is no link")
	}
}
