//go:build e2e

package learner

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
)

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

// command is one of the browser's own (Chrome DevTools Protocol).
func command(name string, params map[string]any) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		return target.Call(ctx, name, params, &struct{}{})
	})
}

func scheme(name string) chromedp.Action[chromedp.Void] {
	return command("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": name}}})
}

// judge is axe-core, which scripts/test-deps puts into the user's cache, and a function that lists what it finds by the rules of WCAG
// 2.2 A and AA and its best practices, and what of the page is wider than the screen.
func judge(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	axe, err := os.ReadFile(filepath.Join(cache, "cardproof", "axe", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("axe-core is not installed; scripts/test-deps installs it: %v", err)
	}
	return string(axe) + `;(async () => {
	const r = await axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
	const found = r.violations.flatMap(v => v.nodes.map(n => v.id + " at " + n.target + ": " + n.failureSummary + " " + n.html))
	if (r.passes.length < 10) found.push("axe did not look")
	const wide = document.documentElement.scrollWidth, screen = document.documentElement.clientWidth
	if (wide > screen) found.push(wide + " px on a screen of " + screen)
	if (document.scripts.length || document.cookie) found.push("a script or a cookie")
	return found
})()`
}

// gallery has every page of the package in its states, by a name.
func gallery(t *testing.T) (c *centre, paths map[string]string) {
	t.Helper()
	c = newCentre(t)
	long := person{"L-1", "ana@example.org", "Wolfeschlegelsteinhausenbergerdorff Maximiliane Theodora"}
	rtl := person{"L-3", "m@example.org", "محمد عبد الله الحسن"}
	valid := c.issue(long, "BLS", 2)
	c.issue(long, "EKG", 800)
	revoked, suspended, old := c.issue(long, "PALS", 1), c.issue(long, "BBP", 2), c.issue(long, "ALS1", 5)
	c.issueInPlaceOf(old.Number, long, "ALS1", 4)
	c.move(revoked.Number, card.Revoked)
	c.move(suspended.Number, card.Suspended)
	c.issue(rtl, "BLS", 1)
	own := "/my/" + c.link(long)
	none := "/my/" + c.link(person{"L-9", "", ""})
	return c, map[string]string{
		"own": own, "rtl": "/my/" + c.link(rtl), "empty": none, "door": own + "/" + valid.Number.String() + "/show", "gone": "/my/x",
		"withheld": own + "/" + revoked.Number.String() + ".pdf", "none-now": none + "/card.pdf", "find": "/find", "sent": "/find/sent",
	}
}

// No page breaks a rule of accessibility, in any language, on any screen, in light or dark. Each page is judged on another screen than
// the one before it: together they meet all. With CARDPROOF_PICTURES the pictures are kept there, to be looked at.
func TestAccessibility(t *testing.T) {
	c, paths := gallery(t)
	ctx := newBrowser(t)
	axe := judge(t)
	n := 0
	for _, lang := range []string{"en", "de", "fr", "es", "pl", "ar"} {
		for name, path := range paths {
			if c.pass(time.Minute); lang != "en" && lang != "ar" && n%2 == 1 && name != "own" && name != "find" {
				n++
				continue
			}
			width, colours := []int64{320, 390, 1280}[n%3], []string{"light", "dark"}[n/3%2]
			browse(ctx, t, scheme(colours), chromedp.EmulateViewport(width, 844), chromedp.Navigate(c.server.URL+path+"?lang="+lang), chromedp.WaitVisible("h1"))
			for _, f := range script[[]string](ctx, t, axe, chromedp.EvalAwaitPromise) {
				t.Errorf("%s, %s, %d px, %s: %s", name, lang, width, colours, f)
			}
			keepPicture(ctx, t, fmt.Sprintf("%s-%s-%d-%s", name, lang, width, colours))
			n++
		}
	}
	browse(ctx, t, chromedp.Navigate(c.server.URL+"/find?lang=de"), chromedp.SendKeys("#email", "ana@localhost:"), command("Runtime.evaluate", map[string]any{"expression": `document.forms[0].noValidate = true; document.forms[0].submit()`}), chromedp.WaitVisible(".problem"))
	for _, f := range script[[]string](ctx, t, axe, chromedp.EvalAwaitPromise) {
		t.Errorf("the form with a problem: %s", f)
	}
}

func keepPicture(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("CARDPROOF_PICTURES")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A learner's way on a telephone, without scripts: from the link to the saved file, and to the code, which another decoder reads off
// the screen.
func TestPathOfALearner(t *testing.T) {
	c := newCentre(t)
	m := c.issue(ana, "BLS", 1)
	folder := t.TempDir()
	ctx := newBrowser(t)
	browse(ctx, t, command("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}),
		command("Page.setDownloadBehavior", map[string]any{"behavior": "allow", "downloadPath": folder}),
		command("Emulation.setDeviceMetricsOverride", map[string]any{"width": 390, "height": 844, "deviceScaleFactor": 3, "mobile": true}),
		chromedp.Navigate(c.server.URL+"/my/"+c.link(ana)), chromedp.Click(".act.first"))
	saved := filepath.Join(folder, FileName(m.Number, ana.name))
	deadline := time.Now().Add(20 * time.Second)
	for {
		file, err := os.ReadFile(saved)
		if err == nil && string(file) == string(m.file) {
			break
		}
		if time.Now().After(deadline) {
			names, _ := os.ReadDir(folder)
			t.Fatalf("the file was not saved as %s: %v, %v", saved, err, names)
		}
		time.Sleep(50 * time.Millisecond)
	}
	browse(ctx, t, chromedp.Click(`a[href$="/show"]`), chromedp.WaitVisible(".door-code svg"))
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	screen := filepath.Join(folder, "screen.png")
	if err := os.WriteFile(screen, picture, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "zbarimg", "--quiet", "--raw", screen).Output()
	if got := strings.TrimSpace(string(out)); err != nil || got != token.URL(origin, m.Token) {
		t.Errorf("off the screen zbar reads %q, %v", got, err)
	}
	browse(ctx, t, chromedp.Click(".act"), chromedp.WaitVisible(".share a"), chromedp.Click(".share a"), chromedp.WaitVisible(".verdict.green"))
	address, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil || address != c.server.URL+"/c/"+token.Digits(m.Token) {
		t.Errorf("the link to share leads to %s, %v", address, err)
	}
}
