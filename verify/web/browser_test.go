//go:build e2e

package web

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/cardproof/cardproof/verify"
)

// widths are those of a small telephone, a tablet and a desk, in CSS pixels.
var widths = []int64{320, 768, 1280}

// newBrowser starts Debian's Chromium without a window. The flags that look odd keep it from calling home.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is not installed; scripts/test-deps installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("no-first-run", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func browse(ctx context.Context, t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func script[T any](ctx context.Context, t *testing.T, text string, options ...chromedp.EvaluateOption) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](text, options...))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// scheme makes the browser ask for light or dark pages.
func scheme(name string) chromedp.Action[chromedp.Void] {
	return command("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": name}}})
}

// command is one of the browser's own (Chrome DevTools Protocol).
func command(name string, params map[string]any) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		return target.Call(ctx, name, params, &struct{}{})
	})
}

// axe is axe-core, which scripts/test-deps puts into the user's cache.
func axe(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(cache, "cardproof", "axe", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("axe-core is not installed; scripts/test-deps installs it: %v", err)
	}
	return string(source)
}

// stage is the script of a page that takes on the content of another one, title, language and direction included: to load some
// hundreds of pages one after the other takes minutes. All pages have the same style.
const stage = `window.show = async path => {
	const doc = new DOMParser().parseFromString(await (await fetch(path)).text(), "text/html"), root = document.documentElement
	document.title = doc.title; root.lang = doc.documentElement.lang; root.dir = doc.documentElement.dir
	document.body.replaceWith(document.adoptNode(doc.body))
	document.querySelector("details").open = path.includes("home") || path.includes("long")
}
window.tooWide = () => {
	const wide = document.documentElement.scrollWidth, screen = document.documentElement.clientWidth
	if (wide <= screen) return ""
	const out = [...document.querySelectorAll("body *")].filter(e => { const b = e.getBoundingClientRect(); return b.right > screen + 1 || b.left < -1 })
	return wide + " px on " + screen + ": " + out.map(e => e.tagName + "." + e.className).slice(-3).join(", ")
}
// The rules of WCAG 2.2 A and AA, and axe's best practices.
window.judge = async () => {
	const r = await axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
	return r.violations.flatMap(v => v.nodes.map(n => v.id + " at " + n.target + ": " + n.failureSummary + " " + n.html)).concat(r.passes.length < 10 ? "axe did not look" : [])
}
true`

// gallery serves every page in every state and language at /LANGUAGE/STATE with the headers that it has, and the stage, a page
// without the policy that lets no script run.
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
		if r.URL.Path == "/stage" {
			_, _ = w.Write(pages["/en/home"].Body.Bytes())
			return
		}
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
	ctx := newBrowser(t)
	browse(ctx, t, chromedp.Navigate(origin+"/stage"))
	script[bool](ctx, t, stage)
	for i, width := range widths {
		browse(ctx, t, chromedp.EmulateViewport(width, 800))
		if i > 0 {
			names = closely // where a telephone has room, a desk has
		}
		for _, l := range languages(t) {
			wide := script[[]string](ctx, t, `(async () => { const wide = []; for (const name of `+list(t, names)+`) {
				await show("/`+l.Code+`/" + name); const w = tooWide(); if (w) wide.push(name + ": " + w) } return wide })()`, chromedp.EvalAwaitPromise)
			for _, w := range wide {
				t.Errorf("%d px, %s: %s", width, l.Name, w)
			}
			if got := script[string](ctx, t, "document.documentElement.lang"); got != l.Code {
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
	ctx := newBrowser(t)
	browse(ctx, t, chromedp.Navigate(origin+"/stage"))
	script[bool](ctx, t, stage)
	script[any](ctx, t, axe(t)+"; null")
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
		browse(ctx, t, scheme(colours), chromedp.EmulateViewport(width, 800))
		if !script[bool](ctx, t, `matchMedia("(prefers-color-scheme: `+colours+`)").matches`) {
			t.Fatalf("the browser does not ask for %s pages", colours)
		}
		found := script[[]string](ctx, t, `(async () => { const all = []; for (const path of `+list(t, paths)+`) {
			await show(path); all.push(...(await judge()).map(v => path + ": " + v)) } return all })()`, chromedp.EvalAwaitPromise)
		for _, f := range found {
			t.Errorf("%d px, %s: %s", width, colours, f)
		}
	}
	t.Logf("%d pages judged", runs)
}

// Whoever goes through a page with the Tab key sees where they are, at every link, field and button, in the order of reading.
func TestFocusIsVisible(t *testing.T) {
	origin, _ := gallery(t)
	ctx := newBrowser(t)
	for _, path := range []string{"/en/code_valid", "/ar/need_yes_valid"} {
		browse(ctx, t, chromedp.Navigate(origin+path))
		want := script[int](ctx, t, `[...document.querySelectorAll("a, summary, input:not([type=hidden]), button")].filter(e => e.checkVisibility()).length`)
		last := -1
		for range want {
			browse(ctx, t, chromedp.KeyEvent(kb.Tab))
			place := script[int](ctx, t, `[...document.querySelectorAll("*")].indexOf(document.activeElement)`)
			outline := script[string](ctx, t, `(s => s.outlineStyle + " " + s.outlineWidth)(getComputedStyle(document.activeElement))`)
			if place <= last || outline != "solid 3px" {
				t.Errorf("%s: at %s the outline is %q", path, script[string](ctx, t, `document.activeElement.outerHTML`), outline)
			}
			last = place
		}
		if got := script[string](ctx, t, `document.activeElement.tagName`); got != "A" || want < 10 {
			t.Errorf("%s: the last of %d stops is %s", path, want, got)
		}
	}
}

// With scripting switched off everything works: the switch of the languages, the form, and the page that answers.
func TestPagesWithoutScripts(t *testing.T) {
	srv := httptest.NewServer(testSite(t, testOptions(answer(testVerdict(verify.Valid), nil))))
	defer srv.Close()
	ctx := newBrowser(t)
	browse(ctx, t, command("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}), chromedp.Navigate(srv.URL+"/"), chromedp.Click("summary"), chromedp.Click(`a[hreflang="pl"]`), chromedp.WaitVisible(`html[lang="pl"] h1`),
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
	ctx := newBrowser(t)
	for lang, word := range map[string]string{"en": "VALID", "de": "GÜLTIG"} {
		browse(ctx, t, chromedp.Navigate(origin+"/"+lang+"/code_valid"))
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
