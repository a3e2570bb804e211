package web

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/verify"
)

// TestGallery writes every page to a folder, for people to look at: CARDPROOF_GALLERY, or one that is removed again.
func TestGallery(t *testing.T) {
	dir := os.Getenv("CARDPROOF_GALLERY")
	if dir == "" {
		dir = t.TempDir()
	}
	kind := "application/x-www-form-urlencoded"
	save := func(name string, o Options, method, target, body string) {
		w := do(testSite(t, o), method, target, body, "Content-Type", kind)
		page := bytes.ReplaceAll(w.Body.Bytes(), []byte(`href="/assets/`), []byte(`href="assets/`))
		for _, want := range []string{`<html lang="en">`, "<h1>", "<main>", "</html>", "<title>"} {
			if !bytes.Contains(page, []byte(want)) {
				t.Errorf("%s: lacks %s", name, want)
			}
		}
		if bytes.Contains(page, []byte("ZgotmplZ")) || bytes.Contains(page, []byte("style=")) || bytes.Contains(page, []byte("<script")) {
			t.Errorf("%s: has what the content policy forbids", name)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".html"), page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, code := range allCodes {
		save("code_"+string(code), testOptions(answer(testVerdict(code), nil)), "GET", "/c/"+goodToken, "")
		save("number_"+string(code), testOptions(answer(testVerdict(code), nil)), "GET", "/n/"+goodNumber, "")
	}
	o := testOptions(answer(testVerdict(verify.Malformed), nil))
	save("home", o, "GET", "/", "")
	save("home_empty", o, "POST", "/check", "q=")
	save("number_slip", o, "GET", "/n/"+slipNumber, "")
	save("missing", o, "GET", "/nothing", "")
	broken := testOptions(fakeChecker{token: func(context.Context, string) (verify.Verdict, error) { panic("inside") }})
	save("panic", broken, "GET", "/c/"+goodToken, "")
	long := testVerdict(verify.Valid)
	long.Card.Name = "Wolfeschlegelsteinhausenbergerdorff Maximiliane Theodora"
	long.Card.Qualification.Title = "Advanced Cardiovascular and Neonatal Resuscitation for Transport Teams"
	long.Card.Qualification.Trained = "Recognise cardiac arrest in adults, children and infants, give high-quality CPR in a team, and use an AED."
	long.Card.Qualification.Meets = []string{"ALS", "ALS2", "BLS", "CPR", "CPR-AED", "NEONATAL-RESUS"}
	long.Card.Instructor = "Maria Magdalena Konstantinopoulou-Papadopoulos"
	long.Card.Issuer = "https://resuscitation-training.northside-hospitals.example.org"
	save("long", testOptions(answer(long, nil)), "GET", "/n/"+goodNumber, "")
	sent := testFiles(t)
	save("files", o, "GET", "/files", "")
	for _, code := range allCodes {
		var body string
		body, kind = formOf(t, "BLS", sent, "card.pdf", "empty.png")
		save("files_"+string(code), testOptions(answer(testVerdict(code), nil)), "POST", "/files", body)
	}
	kind = "application/x-www-form-urlencoded"
	for _, code := range allCodes {
		o := testOptions(answer(testVerdict(code), nil))
		o.Requirements = finderOf(manyRequirements(), nil)
		save("need_yes_"+string(code), o, "GET", "/c/"+goodToken+"?need=BLS", "")
		save("need_no_"+string(code), o, "GET", "/n/"+goodNumber+"?need=PALS", "")
		save("need_bad_"+string(code), o, "GET", "/c/"+goodToken+"?need=%22%3E&need=", "")
	}
	for _, code := range []verify.Code{verify.Valid, verify.Revoked, verify.StatusUnknown} {
		v := testVerdict(verify.Superseded)
		v.Replacement = &verify.Replacement{Number: "7F3K9QWX2MTZ", Code: code}
		save("newer_"+string(code), testOptions(answer(v, nil)), "GET", "/c/"+goodToken, "")
	}
	o = testOptions(answer(testVerdict(verify.Valid), nil))
	o.Requirements = finderOf(manyRequirements(), nil)
	save("need_choices", o, "GET", "/c/"+goodToken, "")
	save("need_slip", o, "GET", "/n/"+goodNumber+"?need=BSL", "")
	o = testOptions(answer(long, nil))
	o.Requirements = finderOf(manyRequirements()[:2], nil)
	save("need_two", o, "GET", "/c/"+goodToken+"?need=NEONATAL-RESUS", "")
	save("need_longest", o, "GET", "/c/"+goodToken+"?need=WWWWWWWWWWWWWWWW", "")
	save("need_home", o, "GET", "/?need=BLS", "")
	save("need_form", o, "POST", "/check", "q=&need=BLS")
	files, err := loadStatic(assets.Pages())
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range files {
		folder := filepath.Join(dir, "assets", f.hash)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), f.content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
