package web

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/document"
	"github.com/cardproof/cardproof/verify/intake"
)

// testFiles are files as people send them, by name.
func testFiles(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for name, from := range map[string]string{"card.pdf": "../scan/testdata/card.pdf", "two.png": "../photo/testdata/two.png", "two.webp": "../photo/testdata/two.webp"} {
		data, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"card.pdf", "two.png"} {
		w, err := z.Create("sub/../" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	files["all.zip"] = b.Bytes()
	files["empty.png"] = []byte("nothing")
	return files
}

func kindOfName(name string) string {
	return map[string]string{".pdf": "application/pdf", ".png": "image/png", ".webp": "image/webp", ".zip": "application/zip"}[path.Ext(name)]
}

// formOf is a form with files.
func formOf(t *testing.T, need string, files map[string][]byte, order ...string) (body, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, name := range order {
		part, err := w.CreateFormFile("file", name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if need != "" {
		if err := w.WriteField("need", need); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func resultsOf(t *testing.T, body string) []intake.PublicResult {
	t.Helper()
	var answer struct{ Results []intake.PublicResult }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return answer.Results
}

func TestFilesAreChecked(t *testing.T) {
	files := testFiles(t)
	body, kind := formOf(t, "bls", files, "two.png", "empty.png", "card.pdf", "all.zip")
	w := do(testSite(t, testOptions(echo())), "POST", "/api/v1/verify", body, "Content-Type", kind)
	var got []string
	for _, r := range resultsOf(t, w.Body.String()) {
		got = append(got, string(r.Code)+" "+r.Input)
		if r.Valid && (r.Meets == nil || !r.Meets.Answer || r.File == nil) {
			t.Errorf("%s: got the need %+v and the file %+v", r.Input, r.Meets, r.File)
		}
	}
	want := []string{"valid two.png", "valid two.png", "malformed empty.png", "valid card.pdf", "valid all.zip: sub/../card.pdf", "valid all.zip: sub/../two.png", "valid all.zip: sub/../two.png"}
	if w.Code != 200 || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %d\n%s\nwant\n%s", w.Code, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestNothingOfAFileIsLogged(t *testing.T) {
	var log bytes.Buffer
	o := testOptions(echo())
	o.Log = slog.New(slog.NewJSONHandler(&log, nil))
	body, kind := formOf(t, "", map[string][]byte{"canary.png": testFiles(t)["two.png"]}, "canary.png")
	if w := do(testSite(t, o), "POST", "/files", body, "Content-Type", kind); w.Code != 200 || !strings.Contains(w.Body.String(), "canary.png") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if got := log.String(); strings.Contains(got, "canary") || !strings.Contains(got, "files: 1 with 2 results: 2 valid\"") {
		t.Errorf("got the log %s", got)
	}
}

// passing is a ZIP with a card and two files that are passed over.
func passing(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range map[string][]byte{"card.pdf": testFiles(t)["card.pdf"], "cards.csv": []byte("row;number"), "__MACOSX/<x>": []byte("\x00\x05\x16\x07")} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Whoever asks is told which files were passed over, in every language.
func TestPassedFilesAreTold(t *testing.T) {
	h := testSite(t, testOptions(echo()))
	body, kind := formOf(t, "", map[string][]byte{"a.zip": passing(t), "card.pdf": testFiles(t)["card.pdf"]}, "a.zip")
	var answer struct{ Passed []string }
	if err := json.Unmarshal(do(h, "POST", "/api/v1/verify", body, "Content-Type", kind).Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	slices.Sort(answer.Passed)
	if want := []string{"a.zip: __MACOSX/<x>", "a.zip: cards.csv"}; !slices.Equal(answer.Passed, want) {
		t.Errorf("got %q passed over, want %q", answer.Passed, want)
	}
	for _, l := range languages(t) {
		page := do(h, "POST", "/files", body, "Content-Type", kind, "Accept-Language", l.Code).Body.String()
		sentence, _, _ := strings.Cut(string(l.Files.Passed), "{")
		for _, want := range []string{strings.TrimSpace(sentence), "a.zip: cards.csv", "a.zip: __MACOSX/&lt;x&gt;"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: %q is not there: %s", l.Code, want, page)
			}
		}
	}
	body, kind = formOf(t, "", testFiles(t), "card.pdf")
	if got := do(h, "POST", "/api/v1/verify", body, "Content-Type", kind).Body.String(); strings.Contains(got, "passed") {
		t.Errorf("nothing was passed over: got %s", got)
	}
}

// A file of two kinds at once is none to rely on, to people and to programs, whatever the genuine card in it.
func TestFileOfTwoKinds(t *testing.T) {
	h := testSite(t, testOptions(echo()))
	both := append(slices.Clone(testFiles(t)["two.png"]), "%PDF-1.4"...)
	for kind, data := range map[string][]byte{"image/png": both, "application/pdf": testFiles(t)["two.png"]} {
		w := do(h, "POST", "/api/v1/verify", string(data), "Content-Type", kind)
		if r := resultsOf(t, w.Body.String()); w.Code != 200 || len(r) != 1 || r[0].Valid || r[0].Code != verify.Malformed || !strings.Contains(r[0].Message, "two kinds") {
			t.Errorf("%s: got %d %s", kind, w.Code, w.Body)
		}
	}
	body, kind := formOf(t, "", map[string][]byte{"x.png": both}, "x.png")
	page := do(h, "POST", "/files", body, "Content-Type", kind).Body.String()
	if strings.Contains(page, `<li class="green">`) || !strings.Contains(page, english(t).Files.DoNotRely) || !strings.Contains(page, english(t).Files.Problems[string(intake.Twofold)]) {
		t.Errorf("got %s", page)
	}
}

// A page is green only where everything is right.
func TestFilesPage(t *testing.T) {
	files := testFiles(t)
	for code, want := range map[verify.Code]string{verify.Valid: "green", verify.Revoked: "red", verify.Expired: "red", verify.Superseded: "amber", verify.BadSignature: "red"} {
		body, kind := formOf(t, "", files, "two.png")
		w := do(testSite(t, testOptions(answer(testVerdict(code), nil))), "POST", "/files", body, "Content-Type", kind)
		if got := strings.Count(w.Body.String(), `<li class="`+want+`">`); w.Code != 200 || got != 2 {
			t.Errorf("%s: got %d with %d answers in %s, want 2", code, w.Code, got, want)
		}
	}
	body, kind := formOf(t, "PALS", files, "two.png", "empty.png")
	w := do(testSite(t, testOptions(echo())), "POST", "/files", body, "Content-Type", kind)
	if strings.Contains(w.Body.String(), `<li class="green">`) || !strings.Contains(w.Body.String(), ": 0 of 3 can") || !strings.Contains(w.Body.String(), english(t).Files.NoCard) {
		t.Errorf("cards that do not meet what is needed: got %s", w.Body)
	}
	w = do(testSite(t, testOptions(echo())), "POST", "/files", "--x--", "Content-Type", "multipart/form-data; boundary=x")
	if w.Code != 400 || !strings.Contains(w.Body.String(), english(t).Files.None) {
		t.Errorf("without a file: got %d %s", w.Code, w.Body)
	}
}

// What can't be checked is 503 and never valid, and the others stand.
func TestFilesWithoutRegister(t *testing.T) {
	w := do(testSite(t, testOptions(answer(testVerdict(verify.StatusUnknown), context.DeadlineExceeded))), "POST", "/api/v1/verify",
		string(testFiles(t)["two.png"]), "Content-Type", "image/png")
	if results := resultsOf(t, w.Body.String()); w.Code != 503 || len(results) != 2 || results[0].Valid || results[1].Valid || w.Header().Get("Retry-After") == "" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// More cards than a list may have are refused as a whole.
func TestTooManyCards(t *testing.T) {
	var names []string
	files := map[string][]byte{}
	for i := range 501 {
		name := string(rune('a'+i%26)) + ".png"
		files[name] = []byte("nothing")
		names = append(names, name, name)
	}
	body, kind := formOf(t, "", files, names[:1001]...)
	w := do(testSite(t, testOptions(echo())), "POST", "/api/v1/verify", body, "Content-Type", kind)
	if w.Code != 400 && w.Code != 413 || strings.Contains(w.Body.String(), "results") {
		t.Errorf("got %d %.200s", w.Code, w.Body)
	}
}

// Slow clients, three from one network and others, keep nobody from an answer.
func TestSlowClientsKeepNobodyWaiting(t *testing.T) {
	h := testSite(t, testOptions(echo()))
	s := httptest.NewServer(httpd.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Header: "X-Forwarded-For"}.Wrap(h))
	defer s.Close()
	for _, client := range []string{"192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "2001:db8::1"} {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := fmt.Fprintf(conn, "POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s\r\nContent-Type: application/pdf\r\nContent-Length: %d\r\n\r\n%%", client, maxUpload); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(100 * time.Millisecond) // until they have come
	start := time.Now()
	r, err := http.NewRequest("POST", s.URL+"/api/v1/verify", bytes.NewReader(testFiles(t)["empty.png"]))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Forwarded-For", "198.51.100.1")
	r.Header.Set("Content-Type", "image/png")
	answer, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if took := time.Since(start); answer.StatusCode != 200 || took > 3*time.Second {
		t.Errorf("got %d after %v", answer.StatusCode, took)
	}
	s.CloseClientConnections()
}

// lateReader is a body whose time is over.
type lateReader struct{}

func (lateReader) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

func TestTooSlowIsToldSo(t *testing.T) {
	h, d := testSite(t, testOptions(echo())), readDescription(t)
	for target, want := range map[string]string{"/api/v1/verify": "came too slowly", "/files": english(t).Files.Unreadable} {
		r := httptest.NewRequest("POST", target, lateReader{})
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 408 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: got %d %s", target, w.Code, w.Body)
		}
		d.holds(target, "POST", w)
	}
}

// What the server's people learn of a list and of files: how many of each verdict, and of files that are not to be relied on.
func TestForgedCardsAreCounted(t *testing.T) {
	var log bytes.Buffer
	var seen []httpd.Seen
	o := testOptions(checkerFunc(func(text string) verify.Verdict {
		if text == "forged" {
			return verify.Verdict{Code: verify.BadSignature}
		}
		return testVerdict(verify.Valid)
	}))
	o.Log = slog.New(slog.NewJSONHandler(&log, nil))
	o.Observe = func(s httpd.Seen) { seen = append(seen, s) }
	h := testSite(t, o)
	do(h, "POST", "/api/v1/verify", `{"items":[{"token":"good"},{"token":"forged"},{"number":"canary"}]}`, "Content-Type", "application/json")
	do(h, "POST", "/api/v1/verify", `{"token":"forged"}`, "Content-Type", "application/json")
	for _, want := range []string{`"outcome":"list of 3: 1 bad_signature, 2 valid"`, `"outcome":"bad_signature"`} {
		if !strings.Contains(log.String(), want) || strings.Contains(log.String(), "canary") {
			t.Errorf("got the log %s, want %s", log.String(), want)
		}
	}
	forged, valid := httpd.Card{Code: "bad_signature"}, httpd.Card{Code: "valid"}
	if seen[0].Cards[forged] != 1 || seen[0].Cards[valid] != 2 || len(seen[0].Cards) != 2 || seen[1].Cards[forged] != 1 || len(seen[1].Cards) != 1 {
		t.Errorf("got %v", seen)
	}
	altered := intake.Result{File: &document.File{State: document.Altered}}
	if got, want := seenCard(altered, testVerdict(verify.Valid)), (httpd.Card{Code: "valid", File: "altered"}); got != want {
		t.Errorf("a genuine QR in an altered file: got %v, want %v", got, want)
	}
	intact := intake.Result{File: &document.File{State: document.Intact}}
	if got := seenCard(intact, testVerdict(verify.Valid)); got != valid {
		t.Errorf("in an intact file: got %v, want %v", got, valid)
	}
}

// checkerFunc answers about tokens, and about every number that it is valid.
type checkerFunc func(text string) verify.Verdict

func (f checkerFunc) CheckToken(_ context.Context, text string) (verify.Verdict, error) {
	return f(text), nil
}

func (f checkerFunc) CheckNumber(context.Context, string) (verify.Verdict, error) {
	return testVerdict(verify.Valid), nil
}

func TestOtherOrigins(t *testing.T) {
	h := testSite(t, testOptions(echo()))
	for target, want := range map[string]string{
		"/c/" + goodToken: "*", "/n/" + goodNumber: "*", "/openapi.json": "*", "/.well-known/jwks.json": "*", rootsPath: "*", "/api/v1/verify": "*", "/s/1": "*",
		"/": "", "/files": "", "/healthz": "",
	} {
		w := do(h, "GET", target, "", "Origin", "https://other.example")
		if got := w.Header().Get("Access-Control-Allow-Origin"); got != want || w.Header().Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: got %q, want %q", target, got, want)
		}
	}
	w := do(h, "OPTIONS", "/api/v1/verify", "", "Origin", "https://other.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")
	if w.Code != 204 || w.Header().Get("Access-Control-Allow-Methods") != "POST" || !strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Content-Type") {
		t.Errorf("the question before: got %d %v", w.Code, w.Header())
	}
	if w := do(h, "PUT", "/api/v1/verify", ""); w.Code != 405 || w.Header().Get("Allow") != "POST" || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("another method: got %d %v", w.Code, w.Header())
	}
	for _, target := range []string{"/openapi.json", "/c/" + goodToken, "/files"} {
		if w := do(h, "HEAD", target, ""); w.Code != 200 || w.Header().Get("Content-Length") == "" {
			t.Errorf("HEAD %s: got %d %v", target, w.Code, w.Header())
		}
	}
}
