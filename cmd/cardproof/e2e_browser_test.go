//go:build e2e

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/cardproof/cardproof/internal/browsertest"
)

// An employer opens the link of a card on a telephone and on a desk: VALID and every printed field; the card is revoked, the page
// is loaded again: REVOKED. With CARDPROOF_PICTURES the screenshots of both are kept there: the README shows them.
func TestVerdictInTheBrowser(t *testing.T) {
	t.Parallel()
	c := newDemoCentre(t)
	origin := c.serve()
	ctx := browsertest.New(t)
	for i, width := range []int64{360, 1280} {
		l := c.cards("demo/cards")[i]
		output(t, "pdftoppm", "-r", "200", "-png", "-singlefile", l.file, c.path("card"))
		card, err := os.ReadFile(c.path("card.png"))
		if err != nil {
			t.Fatal(err)
		}
		keepPicture(t, "card", width, card)
		link := origin + l.url[strings.Index(l.url, "/c/"):]
		valid := look(ctx, t, width, chromedp.Navigate(link))
		checkPage(t, valid, width, "VALID", l.name, l.number, "BLS", "Ruth Adeyemi")
		c.must("revoke", l.number, "--reason", "a test")
		revoked := look(ctx, t, width, chromedp.Reload())
		checkPage(t, revoked, width, "REVOKED", l.name, l.number)
		if strings.Contains(revoked.heading, "VALID") {
			t.Errorf("%d px: the page of a revoked card says %q", width, revoked.heading)
		}
		if valid.colour == revoked.colour || valid.icon == revoked.icon {
			t.Errorf("%d px: VALID and REVOKED have one colour (%s) or one icon", width, valid.colour)
		}
		keepPicture(t, "verdict-valid", width, valid.picture)
		keepPicture(t, "verdict-revoked", width, revoked.picture)
	}
}

// seen is what a person sees of a page.
type seen struct {
	title, heading, text string
	colour, icon         string // of the verdict
	overflow             bool   // the page is wider than the screen
	scripts              int
	picture              []byte
}

func look(ctx context.Context, t *testing.T, width int64, goThere chromedp.Action[chromedp.Void]) seen {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 800), goThere, chromedp.WaitVisible("h1")); err != nil {
		t.Fatal(err)
	}
	return seen{
		title:   run1(ctx, t, chromedp.Title()),
		heading: eval[string](ctx, t, `document.querySelector("h1").innerText`),
		text:    eval[string](ctx, t, `document.body.innerText`),
		colour: eval[string](ctx, t, `(() => { for (let e = document.querySelector("h1"); e; e = e.parentElement) {
			const c = getComputedStyle(e).backgroundColor; if (c !== "rgba(0, 0, 0, 0)") return c } return "" })()`),
		icon:     eval[string](ctx, t, `document.querySelector("main svg").innerHTML`),
		overflow: eval[bool](ctx, t, `document.documentElement.scrollWidth > document.documentElement.clientWidth`),
		scripts:  eval[int](ctx, t, `document.scripts.length`),
		picture:  run1(ctx, t, chromedp.FullScreenshot(100)),
	}
}

func eval[T any](ctx context.Context, t *testing.T, script string) T {
	t.Helper()
	return run1(ctx, t, chromedp.Evaluate[T](script))
}

func run1[T any](ctx context.Context, t *testing.T, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func checkPage(t *testing.T, s seen, width int64, word string, fields ...string) {
	t.Helper()
	if !strings.Contains(strings.ToUpper(s.heading), word) || !strings.Contains(strings.ToUpper(s.title), word) {
		t.Errorf("%d px: heading %q and title %q, want %s in both", width, s.heading, s.title, word)
	}
	for _, f := range fields {
		if !strings.Contains(s.text, f) {
			t.Errorf("%d px: the page does not show %q", width, f)
		}
	}
	if s.overflow || s.scripts != 0 {
		t.Errorf("%d px: wider than the screen: %v; scripts: %d", width, s.overflow, s.scripts)
	}
}

func keepPicture(t *testing.T, name string, width int64, picture []byte) {
	t.Helper()
	dir := os.Getenv("CARDPROOF_PICTURES")
	if dir == "" {
		return
	}
	if width > 1000 {
		name += "-desk"
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
		t.Fatal(err)
	}
}
