//go:build e2e

package web

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/cardproof/cardproof/internal/browsertest"
	"github.com/cardproof/cardproof/verify"
)

// widths are those of a small telephone, a tablet and a desk, in CSS pixels.
var widths = []int64{320, 768, 1280}

// onStage is the script of what is asked of the pages on the stage.
const onStage = `window.stand = async path => {
	await show(path)
	document.querySelector("details").open = path.includes("home") || path.includes("long")
}
window.tooWide = () => {
	const wide = document.documentElement.scrollWidth, screen = document.documentElement.clientWidth
	if (wide <= screen) return ""
	const out = [...document.querySelectorAll("body *")].filter(e => { const b = e.getBoundingClientRect(); return b.right > screen + 1 || b.left < -1 })
	return wide + " px on " + screen + ": " + out.map(e => e.tagName + "." + e.className).slice(-3).join(", ")
}
true`

// gallery serves every page in every state and language at /LANGUAGE/STATE with the headers that it has.
func gallery(t *testing.T) (origin string, names []string) {
	t.Helper()
	pages := map[string]*httptest.ResponseRecorder{}
	for _, st := range states(t) {
		h := testSite(t, st.options)
		if _, code, isNeed := strings.Cut(st.name, "need_"); !isNeed || !looks[verify.Code(code[strings.Index(code, "_")+1:])].unvouched {
			names = append(names, st.name) // the answers about cards that nobody vouches for look alike
		}
		for _, l := range languages(t) {
			pages["/"+l.Code+"/"+st.name] = st.render(t, h, l.Code)
		}
	}
	assets := testSite(t, testOptions(fakeChecker{}))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := pages[r.URL.Path]
		if !ok {
			assets.ServeHTTP(w, r)
			return
		}
		maps.Copy(w.Header(), p.Header())
		w.WriteHeader(p.Code)
		_, _ = w.Write(p.Body.Bytes())
	}))
	t.Cleanup(srv.Close)
	return srv.URL, names
}

// list is a value as a script has it.
func list(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every page in every state and language fits every screen.
func TestPagesFitTheScreen(t *testing.T) {
	origin, names := gallery(t)
	ctx := browsertest.New(t)
	browsertest.Stage(ctx, t, origin+"/en/home")
	browsertest.Script[bool](ctx, t, onStage)
	for i, width := range widths {
		browsertest.Browse(ctx, t, chromedp.EmulateViewport(width, 800))
		if i > 0 {
			names = closely // where a telephone has room, a desk has
		}
		for _, l := range languages(t) {
			wide := browsertest.Script[[]string](ctx, t, `(async () => { const wide = []; for (const name of `+list(t, names)+`) {
				await stand("/`+l.Code+`/" + name); const w = tooWide(); if (w) wide.push(name + ": " + w) } return wide })()`, chromedp.EvalAwaitPromise)
			for _, w := range wide {
				t.Errorf("%d px, %s: %s", width, l.Name, w)
			}
			if got := browsertest.Script[string](ctx, t, "document.documentElement.lang"); got != l.Code {
				t.Errorf("the stage shows %q, want %s", got, l.Code)
			}
		}
	}
}

// closely are the pages that axe judges in all languages; the others it judges in two.
var closely = []string{"home", "code_valid", "number_valid", "code_superseded", "need_no_valid", "number_slip", "long"}

// No page breaks a rule of WCAG 2.2, as far as a program can tell. Each page is judged in another width and scheme than the one
// before it: together they meet all.
func TestAccessibility(t *testing.T) {
	origin, names := gallery(t)
	ctx := browsertest.New(t)
	browsertest.Stage(ctx, t, origin+"/en/home")
	browsertest.Script[bool](ctx, t, onStage)
	browsertest.Script[any](ctx, t, browsertest.Axe(t))
	screens := 2 * len(widths)
	jobs := make([][]string, screens) // the pages for each width and scheme
	runs := 0
	for _, l := range languages(t) {
		for _, name := range names {
			if slices.Contains(closely, name) || l.Code == "en" || l.Code == "ar" {
				jobs[runs%screens] = append(jobs[runs%screens], "/"+l.Code+"/"+name)
				runs++
			}
		}
	}
	for i, paths := range jobs {
		width, colours := widths[i/2], []string{"light", "dark"}[i%2]
		browsertest.Browse(ctx, t, browsertest.Scheme(colours), chromedp.EmulateViewport(width, 800))
		if !browsertest.Script[bool](ctx, t, `matchMedia("(prefers-color-scheme: `+colours+`)").matches`) {
			t.Fatalf("the browser does not ask for %s pages", colours)
		}
		found := browsertest.Script[[]string](ctx, t, `(async () => { const all = []; for (const path of `+list(t, paths)+`) {
			await stand(path); all.push(...(await judge()).map(v => path + ": " + v)) } return all })()`, chromedp.EvalAwaitPromise)
		for _, f := range found {
			t.Errorf("%d px, %s: %s", width, colours, f)
		}
	}
	t.Logf("%d pages judged", runs)
}

// Whoever goes through a page with the Tab key sees where they are, at every link, field and button, in the order of reading.
func TestFocusIsVisible(t *testing.T) {
	origin, _ := gallery(t)
	ctx := browsertest.New(t)
	for _, path := range []string{"/en/code_valid", "/ar/need_yes_valid"} {
		browsertest.Browse(ctx, t, chromedp.Navigate(origin+path))
		want := browsertest.Script[int](ctx, t, `[...document.querySelectorAll("a, summary, input:not([type=hidden]), button")].filter(e => e.checkVisibility()).length`)
		last := -1
		for range want {
			browsertest.Browse(ctx, t, chromedp.KeyEvent(kb.Tab))
			place := browsertest.Script[int](ctx, t, `[...document.querySelectorAll("*")].indexOf(document.activeElement)`)
			outline := browsertest.Script[string](ctx, t, `(s => s.outlineStyle + " " + s.outlineWidth)(getComputedStyle(document.activeElement))`)
			if place <= last || outline != "solid 3px" {
				t.Errorf("%s: at %s the outline is %q", path, browsertest.Script[string](ctx, t, `document.activeElement.outerHTML`), outline)
			}
			last = place
		}
		if got := browsertest.Script[string](ctx, t, `document.activeElement.tagName`); got != "A" || want < 10 {
			t.Errorf("%s: the last of %d stops is %s", path, want, got)
		}
	}
}

// With scripting switched off everything works: the switch of the languages, the form, and the page that answers.
func TestPagesWithoutScripts(t *testing.T) {
	srv := httptest.NewServer(testSite(t, testOptions(answer(testVerdict(verify.Valid), nil))))
	defer srv.Close()
	ctx := browsertest.New(t)
	browsertest.Browse(ctx, t, browsertest.Command("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}), chromedp.Navigate(srv.URL+"/"), chromedp.Click("summary"), chromedp.Click(`a[hreflang="pl"]`), chromedp.WaitVisible(`html[lang="pl"] h1`),
		chromedp.SendKeys("#q", strings.ToLower(goodNumber)), chromedp.Click("button"), chromedp.WaitVisible(".verdict.green"))
	heading, err := chromedp.Run(ctx, chromedp.Text("h1"))
	if err != nil {
		t.Fatal(err)
	}
	address, err := chromedp.Run(ctx, chromedp.Location())
	if want := "/n/" + strings.ToLower(goodNumber) + "?lang=pl"; err != nil || heading != "WAŻNA" || !strings.HasSuffix(address, want) {
		t.Errorf("got %q at %s, %v; want WAŻNA at %s", heading, address, err, want)
	}
}

// On paper there are the verdict in words, all fields, the time, and an address without a token; no form and no links.
func TestPrint(t *testing.T) {
	origin, _ := gallery(t)
	ctx := browsertest.New(t)
	for lang, word := range map[string]string{"en": "VALID", "de": "GÜLTIG"} {
		browsertest.Browse(ctx, t, chromedp.Navigate(origin+"/"+lang+"/code_valid"))
		paper, err := chromedp.Run(ctx, chromedp.PrintToPDF())
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "pdftotext", "-layout", "-", "-")
		cmd.Stdin = bytes.NewReader(paper)
		text, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		l := languages(t)[0]
		if lang == "de" {
			l = languages(t)[1]
		}
		v := l.Verdicts[string(verify.Valid)]
		for _, want := range []string{word, v.Message, "Ana O’Neill-Lindqvist", "30", "November 2028", goodNumber, "08:00:00 UTC", "https://cards.example.org/n/" + goodNumber, "Jonas Weber"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s: the paper lacks %q:\n%s", lang, want, text)
			}
		}
		for _, bad := range []string{l.Form.Button + "\n", l.Form.Another, "Deutsch", l.Need.Heading, l.Frame.Privacy, goodToken, "/c/"} {
			if strings.Contains(string(text), bad) {
				t.Errorf("%s: the paper has %q:\n%s", lang, bad, text)
			}
		}
		if pages := strings.Count(string(text), "\f"); pages != 1 {
			t.Errorf("%s: got %d sheets, want 1", lang, pages)
		}
	}
}
