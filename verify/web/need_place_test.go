package web

import (
	"strings"
	"testing"
)

// A question about a requirement in the wrong place is refused: an answer about the card alone would pass for the one to it.
func TestNeedInTheWrongPlace(t *testing.T) {
	h := testSite(t, testOptions(echo()))
	question, list := `{"token":"`+goodToken+`"}`, `{"items":[{"token":"`+goodToken+`"}]}`
	for _, query := range []string{"need=BLS", "need=ACLS", "need=", "needs=BLS", "NEED=BLS", "need[]=BLS", "%20need=BLS", "?need=BLS"} {
		for _, body := range []string{question, list, `{"token":"` + goodToken + `","need":"BLS"}`} {
			w := do(h, "POST", "/api/v1/verify?"+query, body, "Content-Type", "application/json")
			if w.Code != 400 || !strings.Contains(w.Body.String(), "member need") {
				t.Errorf("%s beside %s: got %d %s", query, body, w.Code, w.Body)
			}
		}
	}
	if w := do(h, "POST", "/api/v1/verify?lang=de&q=bls", question, "Content-Type", "application/json"); w.Code != 200 {
		t.Errorf("another query: got %d %s", w.Code, w.Body)
	}
	file := string(testFiles(t)["empty.png"])
	part := func(disposition, text string) string {
		return "--x\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + text + "\r\n"
	}
	picture := part(`name="file"; filename="a.png"`, file)
	for _, field := range []string{
		part(`name="needs"`, "BLS"), part(`name="Need"`, "BLS"), part(`name="NEED"`, "BLS"), part(`name="need "`, "BLS"), part(`name="need[]"`, "BLS"), part(`name=" need"`, "BLS"),
		part(`name="need"`, ""), part(`name="need"`, " "), part(`name="need"`, "B L S"), part(`name="need"`, "BLS"+strings.Repeat(" ", maxField)+"x"),
		part(`name="need"; filename="need.txt"`, "BLS"), part(`name="needs"; filename="a.png"`, file), part(`name="need"`, "BLS") + part(`name="need"`, "BLS"),
		part(`name="NEED"`, "BLS") + part(`name="need"`, "BLS"), part(`name="need"`, "BLS") + part(`name="NEED"`, "BLS"),
	} {
		for _, body := range []string{picture + field + "--x--\r\n", field + picture + "--x--\r\n"} {
			for _, target := range []string{"/api/v1/verify", "/files"} {
				if w := do(h, "POST", target, body, "Content-Type", "multipart/form-data; boundary=x"); w.Code != 400 || strings.Contains(w.Body.String(), "results") {
					t.Errorf("%s, %q: got %d %s", target, field[:min(len(field), 99)], w.Code, w.Body)
				}
			}
		}
	}
	for _, target := range []string{"/api/v1/verify", "/api/v1/verify?q=1"} {
		if w := do(h, "POST", target, picture+part(`name="need"`, " bls ")+part(`name="other"`, "x")+"--x--\r\n", "Content-Type", "multipart/form-data; boundary=x"); w.Code != 200 {
			t.Errorf("a right one: got %d %s", w.Code, w.Body)
		}
	}
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if w := do(h, "POST", "/check?need=BLS", "q="+goodNumber, form...); w.Code != 303 || !strings.HasSuffix(w.Header().Get("Location"), "?need=BLS") {
		t.Errorf("the form with a need in its address: got %d %q", w.Code, w.Header().Get("Location"))
	}
	for _, query := range []string{"need=BLS", "needs=BLS", "need="} {
		if w := do(h, "POST", "/check?"+query, "need=CPR&q="+goodNumber, form...); w.Code != 400 {
			t.Errorf("the form with %s in its address too: got %d %q", query, w.Code, w.Header().Get("Location"))
		}
	}
}
