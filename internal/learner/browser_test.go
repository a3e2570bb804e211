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
	"github.com/cardproof/cardproof/internal/browsertest"
	"github.com/cardproof/cardproof/internal/bundle"
)

// lookedAt is what axe finds in the page at hand, and what of it is wider than the screen.
func lookedAt(ctx context.Context, t *testing.T) []string {
	t.Helper()
	return browsertest.Script[[]string](ctx, t, `(async () => {
	const found = await judge()
	const wide = document.documentElement.scrollWidth, screen = document.documentElement.clientWidth
	if (wide > screen) found.push(wide + " px on a screen of " + screen)
	if (document.cookie) found.push("a cookie")
	return found
})()`, chromedp.EvalAwaitPromise)
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
		"withheld": own + "/" + revoked.Number.String() + ".pdf", "none-now": none + "/card.pdf", "find": "/find", "sent": "/find/sent", "no-stop": "/unsubscribe/x",
	}
}

// No page breaks a rule of accessibility, in any language, on any screen, in light or dark. Each page is judged on another screen than
// the one before it: together they meet all. With CARDPROOF_PICTURES the pictures are kept there, to be looked at.
func TestAccessibility(t *testing.T) {
	c, paths := gallery(t)
	ctx := browsertest.New(t)
	browsertest.Stage(ctx, t, c.server.URL+"/find")
	browsertest.Script[any](ctx, t, browsertest.Axe(t))
	n := 0
	for _, lang := range []string{"en", "de", "fr", "es", "pl", "ar"} {
		for name, path := range paths {
			if c.pass(time.Minute); lang != "en" && lang != "ar" && n%2 == 1 && name != "own" && name != "find" {
				n++
				continue
			}
			width, colours := []int64{320, 768, 1280}[n%3], []string{"light", "dark"}[n/3%2]
			browsertest.Browse(ctx, t, browsertest.Scheme(colours), chromedp.EmulateViewport(width, 844))
			browsertest.Script[any](ctx, t, `show("`+path+`?lang=`+lang+`")`, chromedp.EvalAwaitPromise)
			browsertest.Browse(ctx, t, chromedp.WaitVisible("h1"))
			for _, f := range lookedAt(ctx, t) {
				t.Errorf("%s, %s, %d px, %s: %s", name, lang, width, colours, f)
			}
			keepPicture(ctx, t, fmt.Sprintf("%s-%s-%d-%s", name, lang, width, colours))
			n++
		}
	}
	browsertest.Browse(ctx, t, chromedp.Navigate(c.server.URL+"/find?lang=de"), chromedp.SendKeys("#email", "ana@localhost:"), browsertest.Command("Runtime.evaluate", map[string]any{"expression": `document.forms[0].noValidate = true; document.forms[0].submit()`}), chromedp.WaitVisible(".problem"))
	browsertest.Script[any](ctx, t, browsertest.Axe(t))
	for _, f := range lookedAt(ctx, t) {
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
	ctx := browsertest.New(t)
	browsertest.Browse(ctx, t, browsertest.Command("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}),
		browsertest.Command("Page.setDownloadBehavior", map[string]any{"behavior": "allow", "downloadPath": folder}),
		browsertest.Command("Emulation.setDeviceMetricsOverride", map[string]any{"width": 390, "height": 844, "deviceScaleFactor": 3, "mobile": true}),
		chromedp.Navigate(c.server.URL+"/my/"+c.link(ana)), chromedp.Click(".act.first"))
	saved := filepath.Join(folder, bundle.FileName(m.Number, ana.name))
	deadline := time.Now().Add(time.Minute)
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
	browsertest.Browse(ctx, t, chromedp.Click(`a[href$="/show"]`), chromedp.WaitVisible(".door-code svg"))
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
	browsertest.Browse(ctx, t, chromedp.Click(".act"), chromedp.WaitVisible(".share a"), chromedp.Click(".share a"), chromedp.WaitVisible(".verdict.green"))
	address, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil || address != c.server.URL+"/c/"+token.Digits(m.Token) {
		t.Errorf("the link to share leads to %s, %v", address, err)
	}
}
