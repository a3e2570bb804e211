package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
)

// state is a page in one state: what is asked, and of whom.
type state struct {
	name           string
	options        Options
	method, target string
	form           url.Values
	body, kind     string // of a form with files
}

// render asks for the page in a language, as a reader who has chosen it.
func (st state) render(t *testing.T, h http.Handler, lang string) *httptest.ResponseRecorder {
	t.Helper()
	if st.body != "" {
		return do(h, "POST", st.target+"?lang="+lang, st.body, "Content-Type", st.kind)
	}
	if st.method == "POST" {
		form := url.Values{"lang": {lang}}
		for name, values := range st.form {
			form[name] = values
		}
		return do(h, "POST", st.target, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	u, err := url.Parse(st.target)
	if err != nil {
		t.Fatal(err)
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += "lang=" + lang
	return do(h, st.method, u.String(), "")
}

// states are all pages in all states. The first of them are the ones to look at.
func states(t *testing.T) (all []state) {
	t.Helper()
	get := func(name string, v verify.Verdict, target string) {
		o := testOptions(answer(v, nil))
		o.Version = "1.0.0"
		all = append(all, state{name: name, options: o, method: "GET", target: target})
	}
	catalogued := func(name string, v verify.Verdict, target string) {
		get(name, v, target)
		all[len(all)-1].options.Requirements = finderOf(manyRequirements(), nil)
	}
	malformed := testVerdict(verify.Malformed)
	get("home", malformed, "/")
	all[0].options.Find = "/find"
	for _, code := range allCodes {
		catalogued("code_"+string(code), testVerdict(code), "/c/"+goodToken)
		get("number_"+string(code), testVerdict(code), "/n/"+goodNumber)
	}
	specimen := malformed
	specimen.Specimen = true
	get("specimen", specimen, "/c/"+verify.SpecimenMark+"9999")
	erased := testVerdict(verify.Revoked)
	erased.Card, erased.Erased = nil, true
	get("erased", erased, "/c/"+goodToken)
	get("erased_number", erased, "/n/"+goodNumber)
	get("number_slip", malformed, "/n/"+slipNumber)
	catalogued("long", longVerdict(), "/n/"+goodNumber)
	endless := testVerdict(verify.Valid)
	endless.Card.ExpiresOn = card.NoExpiry
	get("no_expiry", endless, "/c/"+goodToken)
	rightToLeft := testVerdict(verify.Valid)
	rightToLeft.Card.Name, rightToLeft.Card.Instructor = "محمد عبد الله الحسن", "שרה לוי"
	rightToLeft.Card.Qualification.Title = "دعم الحياة الأساسي"
	catalogued("right_to_left", rightToLeft, "/c/"+goodToken+"?need=CPR")
	stale := testVerdict(verify.Valid)
	stale.StatusAsOf = testTime.Add(-3600e9)
	get("stale", stale, "/c/"+goodToken)
	for _, code := range []verify.Code{verify.Valid, verify.Revoked, verify.StatusUnknown} {
		v := testVerdict(verify.Superseded)
		v.Replacement = &verify.Replacement{Number: "7F3K9QWX2MTZ", Code: code}
		get("newer_"+string(code), v, "/c/"+goodToken)
	}
	for _, code := range allCodes {
		catalogued("need_yes_"+string(code), testVerdict(code), "/c/"+goodToken+"?need=BLS")
		catalogued("need_no_"+string(code), testVerdict(code), "/n/"+goodNumber+"?need=PALS")
		catalogued("need_slip_"+string(code), testVerdict(code), "/n/"+goodNumber+"?need=BSL")
	}
	bare := testVerdict(verify.Valid)
	bare.Card.Qualification = card.Qualification{}
	catalogued("need_unlearned", bare, "/c/"+goodToken+"?need=BLS")
	catalogued("need_bad", testVerdict(verify.Valid), "/c/"+goodToken+"?need=%22%3E&need=")
	catalogued("need_yes_number", testVerdict(verify.Valid), "/n/"+goodNumber+"?need=CPR")
	catalogued("need_longest", longVerdict(), "/c/"+goodToken+"?need=WWWWWWWWWWWWWWWW")
	get("need_home", malformed, "/?need=BLS")
	get("need_home_bad", malformed, "/?need=%3C")
	get("missing", malformed, "/nothing")
	get("wrong_method", malformed, "/check")
	broken := testOptions(fakeChecker{token: func(context.Context, string) (verify.Verdict, error) { panic("inside") }})
	all = append(all, state{name: "panic", options: broken, method: "GET", target: "/c/" + goodToken})
	for name, q := range map[string]string{"form_empty": "", "form_unreadable": "what is this", "form_long": "what is this? it is too long to be a number"} {
		all = append(all, state{name, testOptions(answer(malformed, nil)), "POST", "/check", url.Values{"q": {q}, "need": {"BLS"}}, "", ""})
	}
	get("files", malformed, "/files")
	sent := testFiles(t)
	for _, code := range allCodes {
		body, kind := formOf(t, "BLS", sent, "card.pdf", "empty.png")
		all = append(all, state{name: "files_" + string(code), options: testOptions(answer(testVerdict(code), nil)), method: "POST", target: "/files", body: body, kind: kind})
	}
	return all
}

// longVerdict has the longest words that a card may carry.
func longVerdict() verify.Verdict {
	v := testVerdict(verify.Valid)
	v.Card.Name = "Wolfeschlegelsteinhausenbergerdorff Maximiliane Theodora"
	v.Card.Qualification = card.Qualification{
		Title:   "Advanced Cardiovascular and Neonatal Resuscitation for Transport Teams",
		Level:   "Healthcare provider",
		Trained: "Recognise cardiac arrest in adults, children and infants, give high-quality CPR in a team, and use an AED.",
		Meets:   []string{"ALS", "ALS2", "BLS", "CPR", "CPR-AED", "NEONATAL-RESUS"},
	}
	v.Card.Instructor = "Maria Magdalena Konstantinopoulou-Papadopoulos"
	v.Card.Issuer = "https://resuscitation-training.northside-hospitals.example.org"
	return v
}
