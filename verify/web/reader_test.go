package web

import (
	"html"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/web/phrase"
)

func TestLanguageOfThePage(t *testing.T) {
	h := testSite(t, testOptions(answer(testVerdict(verify.Valid), nil)))
	for _, c := range []struct {
		target, accept, want string
	}{
		{"/", "", "en"}, {"/", "de-AT,de;q=0.9", "de"}, {"/?lang=pl", "de", "pl"}, {"/?lang=xx", "de", "de"}, {"/?lang=", "fr", "fr"},
		{"/?lang=%22%3E", "", "en"}, {"/?lang=es&lang=de", "", "es"}, {"/n/" + goodNumber + "?lang=ar", "en", "ar"}, {"/c/" + goodToken, "ar", "ar"},
		{"/nothing", "fr", "fr"}, {"/nothing?lang=es", "fr", "es"}, {"/?lang=DE", "", "en"}, {"/?lang=%zz", "pl", "pl"},
	} {
		w := do(h, "GET", c.target, "", "Accept-Language", c.accept)
		if got := w.Header().Get("Content-Language"); got != c.want || !strings.Contains(w.Body.String(), `<html lang="`+c.want+`"`) {
			t.Errorf("%s, %q: got %q, want %q", c.target, c.accept, got, c.want)
		}
	}
	// What programs read is English, whatever their browser speaks.
	for _, target := range []string{"/n/" + goodNumber + "?lang=de", "/c/" + goodToken + "?need=PALS"} {
		plain, got := do(h, "GET", target, "", "Accept", "application/json"), do(h, "GET", target, "", "Accept", "application/json", "Accept-Language", "de")
		if got.Body.String() != plain.Body.String() || !strings.Contains(got.Body.String(), verify.Valid.Message()) {
			t.Errorf("%s: got %s", target, got.Body)
		}
	}
}

var internalLink = regexp.MustCompile(`(?:href|action)="((?:/|\?)[^"]*)"`)

// A language that was chosen stays: every link of a page names it, and so does the form, in what it sends and where it leads.
func TestChosenLanguageIsKept(t *testing.T) {
	for _, st := range states(t) {
		page, others := st.render(t, testSite(t, st.options), "de").Body.String(), map[string]int{}
		for _, m := range internalLink.FindAllStringSubmatch(page, -1) {
			link := html.UnescapeString(m[1])
			if strings.HasPrefix(link, "/assets/") || link == "/check" || link == "/files" { // a form: its field names the language
				continue
			}
			u, err := url.Parse(link)
			if err != nil || u.Query().Get("lang") == "" {
				t.Errorf("%s: the link %s loses the language", st.name, link)
			} else if lang := u.Query().Get("lang"); lang != "de" {
				others[lang]++
			}
		}
		if len(others) != len(languages(t))-1 || slices.Max(slices.Collect(maps.Values(others))) != 1 {
			t.Errorf("%s: links to other languages than by the switch: %v", st.name, others)
		}
		if !strings.Contains(page, `<input type="hidden" name="lang" value="de">`) {
			t.Errorf("%s: the form loses the language", st.name)
		}
		if strings.Contains(do(testSite(t, st.options), "GET", "/", "", "Accept-Language", "de").Body.String(), `name="lang"`) {
			t.Errorf("%s: a language that nobody chose is in the form", st.name)
		}
	}
	h := testSite(t, testOptions(answer(testVerdict(verify.Valid), nil)))
	for form, want := range map[string]string{
		"q=" + goodNumber + "&lang=de":                                             "/n/" + goodNumber + "?lang=de",
		"q=" + goodNumber + "&lang=de&need=BLS":                                    "/n/" + goodNumber + "?need=BLS&lang=de",
		"q=" + goodNumber + "&lang=xx":                                             "/n/" + goodNumber,
		"q=" + url.QueryEscape("https://x.example/c/"+goodToken+"?lang=pl"):        "/c/" + goodToken,
		"lang=ar&q=" + url.QueryEscape("\u2068 ٧f3k-۹qwx-２mtz\u200e \u2069"):       "/n/7f3k-9qwx-2mtz?lang=ar",
		"lang=es&q=" + url.QueryEscape("https://x.example/n/"+goodNumber+"?x=1#y"): "/n/" + goodNumber + "?lang=es",
	} {
		w := do(h, "POST", "/check", form, "Content-Type", "application/x-www-form-urlencoded")
		if got := w.Header().Get("Location"); w.Code != 303 || got != want {
			t.Errorf("%s: got %d %q, want %q", form, w.Code, got, want)
		}
	}
}

// A question that was wrongly asked is none the better in another language.
func TestSwitchKeepsABadQuestion(t *testing.T) {
	h := testSite(t, testOptions(answer(testVerdict(verify.Valid), nil)))
	for _, query := range []string{"?need=%22%3E", "?needs=BLS", "?need=BLS&need=CPR"} {
		page := do(h, "GET", "/c/"+goodToken+query, "").Body.String()
		links := regexp.MustCompile(`href="(\?[^"]*)" lang=`).FindAllStringSubmatch(page, -1)
		if len(links) != len(languages(t)) {
			t.Fatalf("%s: got %d links of the switch", query, len(links))
		}
		for _, m := range links {
			w := do(h, "GET", "/c/"+goodToken+html.UnescapeString(m[1]), "")
			if w.Code != 400 || strings.Contains(w.Body.String(), "verdict green") {
				t.Errorf("%s: the switch leads to %s, with %d", query, m[1], w.Code)
			}
		}
	}
}

// The English pages and the JSON interface say the same.
func TestEnglishIsThatOfTheInterface(t *testing.T) {
	l := english(t)
	for _, code := range allCodes {
		if got, want := l.Verdicts[string(code)].Message, code.Message(); got != want && code != verify.Malformed { // a page knows more of it
			t.Errorf("%s: the page says %q, the interface %q", code, got, want)
		}
	}
	bare, one := testRecord(), testRecord()
	bare.Qualification, one.Qualification = card.Qualification{}, card.Qualification{Meets: []string{"BLS"}}
	three := testRecord()
	three.Qualification.Meets, three.Qualification.Level = []string{"BLS", "CPR", "FA"}, ""
	said := map[verify.NeedReason]bool{}
	for _, code := range allCodes {
		for _, rec := range []*card.Record{nil, testRecord(), bare, one, three} {
			for _, need := range []string{"BLS", "CPR", "PALS", "BSL", "QQQQQQQQ"} {
				for _, known := range [][]card.Requirement{nil, manyRequirements()} {
					for _, byNumber := range []bool{false, true} {
						v := verify.Verdict{Code: code, Card: rec, ByNumber: byNumber}
						n := v.MeetsAmong(need, known)
						said[n.Reason] = true
						if got := (reader{Language: l}).because(v, n); got != n.Because {
							t.Errorf("%s, %s: the page says %q, the interface %q", code, need, got, n.Because)
						}
					}
				}
			}
		}
	}
	if len(said) != len(needReasons) {
		t.Errorf("got %d reasons, want %d: %v", len(said), len(needReasons), said)
	}
	through, text := testRecord().ExpiresOn.Validity()
	if a, b := validity(l, testRecord().ExpiresOn); a != through || b != text {
		t.Errorf("the page says %q, %q, the card %q, %q", a, b, through, text)
	}
	through, text = card.NoExpiry.Validity()
	if a, b := validity(l, card.NoExpiry); a != through || b != text {
		t.Errorf("the page says %q, %q, the card %q, %q", a, b, through, text)
	}
}

// In no language does another verdict begin like a valid one, and no two colours share a word.
func TestWordsOfVerdicts(t *testing.T) {
	for _, l := range languages(t) {
		valid := l.Verdicts[string(verify.Valid)].Word
		toneOf := map[string]tone{l.Number.Mistyped: grey, l.Need.NoAnswer: grey, l.Say(l.Need.Not, "need", "BLS"): amber}
		for _, code := range allCodes {
			word := l.Verdicts[string(code)].Word
			if t1, seen := toneOf[word]; seen && t1 != looks[code].tone {
				t.Errorf("%s: %q is %s and %s", l.Name, word, t1, looks[code].tone)
			}
			toneOf[word] = looks[code].tone
		}
		for word, tone := range toneOf {
			if tone != green && strings.HasPrefix(word, valid) {
				t.Errorf("%s: %q begins like %q", l.Name, word, valid)
			}
			if l.Dir == "ltr" && word != strings.ToUpper(word) {
				t.Errorf("%s: %q is not in capitals", l.Name, word)
			}
		}
		for _, code := range allCodes {
			if _, ok := l.Need.Against[string(code)]; ok == (looks[code].unvouched || code == verify.Valid) {
				t.Errorf("%s: a clause against a card that is %s: %v", l.Name, code, ok)
			}
		}
	}
}

// No text lies in the catalogue unused: each field of the texts is named in the code or in a template.
func TestEveryTextIsUsed(t *testing.T) {
	var all strings.Builder
	for _, pattern := range []string{"*.go", "phrase/phrase.go", "phrase/read.go", "../../assets/pages/*.html", "../../internal/learner/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: got %d files, %v", pattern, len(files), err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	var check func(path string, typ reflect.Type)
	check = func(path string, typ reflect.Type) {
		for typ.Kind() == reflect.Map || typ.Kind() == reflect.Array {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct {
			return
		}
		for f := range typ.Fields() {
			if !regexp.MustCompile(`\.` + f.Name + `\b`).MatchString(all.String()) {
				t.Errorf("nothing says %s.%s", path, f.Name)
			}
			check(path+"."+f.Name, f.Type)
		}
	}
	check("", reflect.TypeFor[phrase.Texts]())
}
