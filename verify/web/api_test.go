package web

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/verify"
)

// echo answers each question by what was asked: the name of the holder is the question.
func echo() fakeChecker {
	say := func(what string) func(context.Context, string) (verify.Verdict, error) {
		return func(_ context.Context, s string) (verify.Verdict, error) {
			switch s {
			case "down":
				return verify.Verdict{Code: verify.Unavailable, CheckedAt: testTime}, errors.New("inside")
			case "none":
				return verify.Verdict{Code: verify.NotFound, CheckedAt: testTime}, nil
			}
			v := testVerdict(verify.Valid)
			v.Card.Name = what + " " + s
			return v, nil
		}
	}
	return fakeChecker{say("token"), say("number")}
}

func postJSON(t *testing.T, body string) (int, string, string) {
	t.Helper()
	w := do(testSite(t, testOptions(echo())), "POST", "/api/v1/verify", body, "Content-Type", "application/json; charset=utf-8")
	return w.Code, w.Header().Get("Content-Type"), w.Body.String()
}

func TestSingleQuestions(t *testing.T) {
	for body, want := range map[string]struct {
		status int
		has    string
	}{
		`{"token":"` + goodToken + `"}`:               {200, `"name":"token ` + goodToken + `"`},
		`{"token":"` + token.Digits(goodToken) + `"}`: {200, `"name":"token ` + token.Digits(goodToken) + `"`},
		`{"number":"7f3k"}`:                           {200, `"name":"number 7f3k"`},
		`{"number":"none"}`:                           {404, `{"valid":false,"code":"not_found"`},
		`{"number":"down"}`:                           {503, `{"valid":false,"code":"unavailable"`},
	} {
		status, kind, got := postJSON(t, body)
		if status != want.status || kind != "application/json" || !strings.Contains(got, want.has) {
			t.Errorf("%s: got %d %s %s, want %d %s", body, status, kind, got, want.status, want.has)
		}
	}
}

func TestLists(t *testing.T) {
	status, _, got := postJSON(t, `{"items":[{"number":"b"},{"token":"a.b.c"},{"number":"none"},{"number":"b"}]}`)
	var answer struct{ Results []verify.Public }
	if err := json.Unmarshal([]byte(got), &answer); err != nil {
		t.Fatal(err)
	}
	if status != 200 || len(answer.Results) != 4 {
		t.Fatalf("got %d with %d results, want 200 with 4", status, len(answer.Results))
	}
	for i, want := range []string{"number b", "token a.b.c", "", "number b"} {
		name := ""
		if c := answer.Results[i].Card; c != nil {
			name = c.Name
		}
		if name != want {
			t.Errorf("result %d: got %q, want %q", i, name, want)
		}
	}
	status, _, got = postJSON(t, `{"items":[{"number":"b"},{"number":"down"}]}`)
	if status != 503 || !strings.Contains(got, `"code":"unavailable"`) || !strings.Contains(got, `"name":"number b"`) {
		t.Errorf("a list with an item that could not be answered: got %d %s, want 503 with both results", status, got)
	}
	thousand := `{"items":[` + strings.TrimSuffix(strings.Repeat(`{"token":"`+strings.Repeat("x", 2048)+`"},`, 1000), ",") + `]}`
	if status, _, _ := postJSON(t, thousand); status != 200 {
		t.Errorf("1,000 tokens of the greatest length: got %d, want 200", status)
	}
}

func TestBadQuestions(t *testing.T) {
	for name, body := range map[string]string{
		"empty":                 ``,
		"not JSON":              `token`,
		"cut off":               `{"number":"canary"`,
		"a list":                `[{"number":"canary"}]`,
		"null":                  `null`,
		"no member":             `{}`,
		"empty text":            `{"number":""}`,
		"both":                  `{"number":"canary","token":"canary"}`,
		"items and number":      `{"number":"canary","items":[{"number":"canary"}]}`,
		"unknown member":        `{"number":"canary","canary":1}`,
		"unknown in item":       `{"items":[{"number":"canary","canary":1}]}`,
		"other case":            `{"Number":"canary"}`,
		"twice":                 `{"number":"canary","number":"canary2"}`,
		"items twice":           `{"items":[{"number":"canary"}],"items":[{"number":"canary"}]}`,
		"a number":              `{"number":1}`,
		"null value":            `{"number":null}`,
		"an object":             `{"token":{"canary":1}}`,
		"items empty":           `{"items":[]}`,
		"items null":            `{"items":null}`,
		"item text":             `{"items":["canary"]}`,
		"item empty":            `{"items":[{}]}`,
		"behind":                `{"number":"canary"} {"number":"canary"}`,
		"not UTF-8":             "{\"number\":\"canary\xff\"}",
		"too many":              `{"items":[` + strings.TrimSuffix(strings.Repeat(`{"number":"canary"},`, 1001), ",") + `]}`,
		"deep, without members": strings.Repeat("[", 100000),
	} {
		status, kind, got := postJSON(t, body)
		if status != 400 || kind != "application/problem+json" || !strings.Contains(got, `"status":400,"detail":"`) || strings.Contains(got, "canary") {
			t.Errorf("%s: got %d %s %s", name, status, kind, got)
		}
	}
	if status, kind, _ := postJSON(t, `{"token":"`+strings.Repeat("x", 5<<20)+`"}`); status != 413 || kind != "application/problem+json" {
		t.Errorf("5 MiB: got %d %s, want 413", status, kind)
	}
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded"} {
		w := do(testSite(t, testOptions(echo())), "POST", "/api/v1/verify", `{"number":"b"}`, "Content-Type", kind)
		if w.Code != 415 {
			t.Errorf("Content-Type %q: got %d, want 415", kind, w.Code)
		}
	}
}

func FuzzReadBatch(f *testing.F) {
	for _, seed := range []string{`{"number":"a"}`, `{"items":[{"token":"a"},{"number":"b"}]}`, `{"items":[]}`, `{"token":"\u0000"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := readBatch(body)
		if err != nil {
			return
		}
		if len(b.items) == 0 || len(b.items) > maxItems {
			t.Fatalf("got %d items", len(b.items))
		}
		for _, it := range b.items {
			if (it.token == "") == (it.number == "") {
				t.Fatalf("got the item %+v", it)
			}
		}
		var any map[string]any
		if err := json.Unmarshal(body, &any); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
	})
}

// What the form sends a reader to answers the same text again, and a text that it shows again is no token.
func FuzzReadInput(f *testing.F) {
	for _, seed := range []string{goodNumber, goodToken, "https://cards.example.org/c/" + token.Digits(goodToken), "x/n/%41", "", " <a> "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		switch k, text := readInput(s); k {
		case codeKind:
			if !isCode(text) || strings.ContainsAny(text, "/%?#\\ \r\n") {
				t.Errorf("%q would send the reader to /c/%s", s, text)
			}
		case numberKind:
			if text == "" {
				t.Errorf("%q would send the reader to /n/%s", s, text)
			}
		case nothing:
			if text != "" {
				t.Errorf("%q: got %q", s, text)
			}
		}
	})
}

func BenchmarkVerdictPage(b *testing.B) {
	h, err := New(testOptions(answer(testVerdict(verify.Valid), nil)))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if w := do(h, "GET", "/c/"+goodToken, ""); w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}

func BenchmarkVerdictJSON(b *testing.B) {
	h, err := New(testOptions(answer(testVerdict(verify.Valid), nil)))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if w := do(h, "GET", "/c/"+goodToken, "", "Accept", "application/json"); w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}
