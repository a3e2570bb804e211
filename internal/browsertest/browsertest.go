// Package browsertest drives Debian's Chromium for tests of pages, and judges pages with axe-core. Only tests import it.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// New starts Chromium without a window; it ends with the test, or after a quarter of an hour: then something hangs, on the busiest machine.
// The flags that look odd keep it from calling home.
func New(t *testing.T) context.Context {
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
	ctx, cancel = context.WithTimeout(ctx, 15*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// Browse has the browser take steps.
func Browse(ctx context.Context, t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// Script is what a script says in the page at hand.
func Script[T any](ctx context.Context, t *testing.T, text string, options ...chromedp.EvaluateOption) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](text, options...))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Command is one of the browser's own (Chrome DevTools Protocol).
func Command(name string, params map[string]any) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		return target.Call(ctx, name, params, &struct{}{})
	})
}

// Scheme makes the browser ask for light or dark pages.
func Scheme(name string) chromedp.Action[chromedp.Void] {
	return Command("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": name}}})
}

// Stage opens a page and gives it the function show, which takes on the content of another one, title, language and direction included: to
// load some hundreds of pages one after the other, and axe-core into each, takes minutes. All pages have the same style, and no script.
func Stage(ctx context.Context, t *testing.T, url string) {
	t.Helper()
	Browse(ctx, t, Command("Page.setBypassCSP", map[string]any{"enabled": true}), chromedp.Navigate(url)) // the pages let no script run
	Script[bool](ctx, t, `window.show = async path => {
	const doc = new DOMParser().parseFromString(await (await fetch(path)).text(), "text/html"), root = document.documentElement
	if (doc.scripts.length || doc.querySelectorAll("head link, head style").length != document.querySelectorAll("head link, head style").length)
		throw new Error(path + " has a script or a style of its own")
	document.title = doc.title; root.lang = doc.documentElement.lang; root.dir = doc.documentElement.dir
	document.body.replaceWith(document.adoptNode(doc.body))
}
true`)
}

// Axe is the script axe-core, which scripts/test-deps puts into the user's cache, and below it the function judge: what axe finds in the
// page by the rules of WCAG 2.2 A and AA and its own best practices, a line for each.
func Axe(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(cache, "cardproof", "axe", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("axe-core is not installed; scripts/test-deps installs it: %v", err)
	}
	return string(source) + `
window.judge = async () => {
	const r = await axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
	return r.violations.flatMap(v => v.nodes.map(n => v.id + " at " + n.target + ": " + n.failureSummary + " " + n.html)).concat(r.passes.length < 10 ? "axe did not look" : [])
}
true`
}
