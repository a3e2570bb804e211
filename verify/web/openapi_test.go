package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cardproof/cardproof/verify"
)

// description is what the tests need of the OpenAPI document.
type description struct {
	t       *testing.T
	doc     map[string]any
	schemas *jsonschema.Compiler
}

// readDescription reads the document as it is served. Its schemas allow members that it does not know, as clients have to; here they do not,
// so that no member is left out of it.
func readDescription(t *testing.T) *description {
	t.Helper()
	w := do(testSite(t, testOptions(echo())), "GET", "/openapi.json", "")
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Fatalf("got %d %v", w.Code, w.Header())
	}
	doc, err := jsonschema.UnmarshalJSON(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	closeObjects(doc.(map[string]any)["components"])
	d := &description{t, doc.(map[string]any), jsonschema.NewCompiler()}
	d.schemas.DefaultDraft(jsonschema.Draft2020)
	d.schemas.AssertFormat()
	if err := d.schemas.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return d
}

func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["properties"].(map[string]any); ok && v["type"] == "object" {
			v["additionalProperties"] = false
		}
		for _, part := range v {
			closeObjects(part)
		}
	case []any:
		for _, part := range v {
			closeObjects(part)
		}
	}
}

// response is the description of a status of an operation, behind its reference.
func (d *description) response(path, method string, status int) (map[string]any, string) {
	d.t.Helper()
	at := fmt.Sprintf("/paths/%s/%s/responses/%d", strings.NewReplacer("~", "~0", "/", "~1").Replace(path), strings.ToLower(method), status)
	v, ok := lookup(d.doc, at)
	if !ok {
		d.t.Errorf("%s %s: the status %d is not described", method, path, status)
		return nil, ""
	}
	if ref, ok := v["$ref"].(string); ok {
		at = strings.TrimPrefix(ref, "#")
		v, _ = lookup(d.doc, at)
	}
	return v, at
}

func lookup(v any, pointer string) (map[string]any, bool) {
	for _, name := range strings.Split(pointer, "/")[1:] {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		v = m[strings.NewReplacer("~1", "/", "~0", "~").Replace(name)]
	}
	m, ok := v.(map[string]any)
	return m, ok
}

// holds checks an answer against the description.
func (d *description) holds(path, method string, w *httptest.ResponseRecorder) {
	d.t.Helper()
	described, at := d.response(path, method, w.Code)
	if described == nil {
		return
	}
	if headers, _ := described["headers"].(map[string]any); headers["Retry-After"] != nil && w.Header().Get("Retry-After") == "" {
		d.t.Errorf("%s %s: %d without Retry-After", method, path, w.Code)
	}
	content, _ := described["content"].(map[string]any)
	if content == nil {
		return
	}
	kind, _, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
	if err != nil || content[kind] == nil {
		d.t.Errorf("%s %s: %d has the type %q, which is not described", method, path, w.Code, w.Header().Get("Content-Type"))
		return
	}
	if !strings.HasSuffix(kind, "json") {
		return
	}
	schema, err := d.schemas.Compile("openapi.json#" + at + "/content/" + strings.ReplaceAll(kind, "/", "~1") + "/schema")
	if err != nil {
		d.t.Fatal(err)
	}
	body, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		d.t.Fatal(err)
	}
	if err := schema.Validate(body); err != nil {
		d.t.Errorf("%s %s: %d: %v\n%s", method, path, w.Code, err, w.Body)
	}
}

// TestEveryRouteIsDescribed holds the table of routes against the document, in both directions.
func TestEveryRouteIsDescribed(t *testing.T) {
	d := readDescription(t)
	var served, described []string
	for _, r := range (&site{}).table() {
		served = append(served, strings.NewReplacer("{$}", "", "{input...}", "{code}").Replace(r.Pattern))
	}
	for path, item := range d.doc["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(served)
	slices.Sort(described)
	if !slices.Equal(served, described) {
		t.Errorf("served:    %q\ndescribed: %q", served, described)
	}
}

// TestEveryVerdictIsDescribed has every code at every place that answers with it.
func TestEveryVerdictIsDescribed(t *testing.T) {
	d, files := readDescription(t), testFiles(t)
	for _, code := range allCodes {
		if code == verify.RateLimited { // the server's own, before anything is asked
			continue
		}
		var err error
		if code == verify.Unavailable || code == verify.StatusUnknown {
			err = errors.New("the register is down")
		}
		o := testOptions(answer(testVerdict(code), err))
		o.Requirements = finderOf(manyRequirements(), nil)
		h := testSite(t, o)
		accept := []string{"Accept", "application/json"}
		for _, need := range []string{"", "?need=BLS", "?need=PALS", "?need=NONE"} {
			if code != verify.NotFound { // of numbers alone
				d.holds("/c/{code}", "GET", do(h, "GET", "/c/"+goodToken+need, "", accept...))
			}
			d.holds("/n/{number}", "GET", do(h, "GET", "/n/"+goodNumber+need, "", accept...))
		}
		d.holds("/n/{number}", "GET", do(h, "GET", "/n/"+goodNumber, ""))
		for _, body := range []string{`{"token":"` + goodToken + `","need":"BLS"}`, `{"number":"x"}`, `{"items":[{"number":"x"},{"token":"y"}]}`} {
			d.holds("/api/v1/verify", "POST", do(h, "POST", "/api/v1/verify", body, "Content-Type", "application/json"))
		}
		for name, file := range files {
			if name != "card.pdf" && code != verify.Valid && code != verify.Unavailable {
				continue // reading pictures takes its time
			}
			d.holds("/api/v1/verify", "POST", do(h, "POST", "/api/v1/verify?need=BLS", string(file), "Content-Type", kindOfName(name)))
		}
	}
}

func TestEveryOtherAnswerIsDescribed(t *testing.T) {
	d := readDescription(t)
	h := testSite(t, testOptions(echo()))
	bare := testOptions(echo())
	bare.Contact, bare.Roots = "", nil
	bare.JWKS = func() ([]byte, error) { return nil, errors.New("inside") }
	bare.Ready = func(context.Context) error { return errors.New("inside") }
	bare.RateLimit.PerClient, bare.RateLimit.PerClientBurst = 0.001, 30
	poor := testSite(t, bare)
	json := []string{"Accept", "application/json"}
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	for _, tc := range []struct {
		h                          http.Handler
		path, method, target, body string
		headers                    []string
		status                     int
	}{
		{h, "/", "GET", "/", "", nil, 200},
		{h, "/check", "POST", "/check", "q=" + goodNumber, form, 303},
		{h, "/check", "POST", "/check", "q=", form, 400},
		{h, "/files", "GET", "/files", "", nil, 200},
		{h, "/files", "GET", "/files?need=%22", "", nil, 400},
		{h, "/files", "POST", "/files", "--x--", []string{"Content-Type", "multipart/form-data; boundary=x"}, 400},
		{h, "/.well-known/jwks.json", "GET", "/.well-known/jwks.json", "", nil, 200},
		{h, "/.well-known/document-roots.crt", "GET", "/.well-known/document-roots.crt", "", nil, 200},
		{h, "/.well-known/security.txt", "GET", "/.well-known/security.txt", "", nil, 200},
		{h, "/robots.txt", "GET", "/robots.txt", "", nil, 200},
		{h, "/healthz", "GET", "/healthz", "", nil, 200},
		{h, "/readyz", "GET", "/readyz", "", nil, 200},
		{h, "/openapi.json", "GET", "/openapi.json", "", nil, 200},
		{h, "/assets/{hash}/{name}", "GET", "/assets/x/site.css", "", nil, 200},
		{h, "/assets/{hash}/{name}", "GET", "/assets/x/other.css", "", json, 404},
		{h, "/c/{code}", "GET", "/c/" + goodToken + "?need=%22", "", json, 400},
		{h, "/api/v1/verify", "POST", "/api/v1/verify", "{}", []string{"Content-Type", "application/json"}, 400},
		{h, "/api/v1/verify", "POST", "/api/v1/verify", "", []string{"Content-Type", "image/png"}, 400},
		{h, "/api/v1/verify", "POST", "/api/v1/verify", "x", []string{"Content-Type", "text/csv"}, 415},
		{h, "/api/v1/verify", "POST", "/api/v1/verify", strings.Repeat(" ", 5<<20), []string{"Content-Type", "application/json"}, 413},
		{h, "/api/v1/verify", "POST", "/api/v1/verify", strings.Repeat(" ", maxUpload+1), []string{"Content-Type", "application/pdf"}, 413},
		{h, "/api/v1/verify", "POST", "/api/v1/verify", string(passing(t)), []string{"Content-Type", "application/zip"}, 200},
		{poor, "/.well-known/jwks.json", "GET", "/.well-known/jwks.json", "", json, 503},
		{poor, "/.well-known/document-roots.crt", "GET", "/.well-known/document-roots.crt", "", json, 404},
		{poor, "/.well-known/security.txt", "GET", "/.well-known/security.txt", "", json, 404},
		{poor, "/readyz", "GET", "/readyz", "", nil, 503},
		{poor, "/api/v1/verify", "POST", "/api/v1/verify", "x", []string{"Content-Type", "image/png"}, 200},
		{poor, "/api/v1/verify", "POST", "/api/v1/verify", "x", []string{"Content-Type", "image/png"}, 200},
		{poor, "/api/v1/verify", "POST", "/api/v1/verify", "x", []string{"Content-Type", "image/png"}, 429},
	} {
		w := do(tc.h, tc.method, tc.target, tc.body, tc.headers...)
		if w.Code != tc.status {
			t.Errorf("%s %s: got %d, want %d", tc.method, tc.target, w.Code, tc.status)
		}
		d.holds(tc.path, tc.method, w)
	}
}

// TestEveryLimitIsDescribed has the answer of every route to a network that has asked too often, and no such answer where no limit counts.
func TestEveryLimitIsDescribed(t *testing.T) {
	d := readDescription(t)
	o := testOptions(echo())
	o.RateLimit.PerClient, o.RateLimit.PerClientBurst = 0.001, 1
	h := testSite(t, o)
	do(h, "GET", "/", "")
	limited := 0
	for path, item := range d.doc["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			method = strings.ToUpper(method)
			target := strings.NewReplacer("{code}", goodToken, "{number}", goodNumber, "{n}", "1", "{hash}", "x", "{name}", "site.css").Replace(path)
			if isFree(httptest.NewRequest(method, target, nil)) {
				if _, ok := lookup(d.doc["paths"], "/"+strings.ReplaceAll(path, "/", "~1")+"/"+strings.ToLower(method)+"/responses/429"); ok {
					t.Errorf("%s %s: no limit counts it, and 429 is described", method, path)
				}
				continue
			}
			limited++
			for _, accept := range []string{"text/html", "application/json"} {
				w := do(h, method, target, "", "Accept", accept)
				if w.Code != http.StatusTooManyRequests {
					t.Errorf("%s %s: got %d, want 429", method, path, w.Code)
				}
				d.holds(path, method, w)
			}
		}
	}
	if limited < 10 {
		t.Errorf("only %d routes were asked", limited)
	}
}

// TestGoldenVerdicts keeps the JSON of every code as it is: other programs read it. CARDPROOF_GOLDEN=write writes the files anew.
func TestGoldenVerdicts(t *testing.T) {
	for _, code := range allCodes {
		w := do(testSite(t, testOptions(answer(testVerdict(code), nil))), "POST", "/api/v1/verify", `{"token":"x","need":"BLS"}`, "Content-Type", "application/json")
		var got bytes.Buffer
		if err := json.Indent(&got, w.Body.Bytes(), "", " "); err != nil {
			t.Fatal(err)
		}
		name := "testdata/verdicts/" + string(code) + ".json"
		if os.Getenv("CARDPROOF_GOLDEN") == "write" {
			if err := os.WriteFile(name, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: got\n%s\nwant\n%s", code, got.Bytes(), want)
		}
	}
}
