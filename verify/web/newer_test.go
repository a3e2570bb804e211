package web

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
)

// The page of a replaced card never sends anybody to one that is withdrawn as if that one was good.
func TestNewerCardIsJudged(t *testing.T) {
	const last = card.Number("N0XKJ8NR241J")
	for code, want := range map[verify.Code]string{
		verify.Valid:         `It has the number <a class="num" href="/n/N0XK-J8NR-241J" dir="ltr">N0XK-J8NR-241J</a>, and that one is valid today.`,
		verify.StatusUnknown: `N0XK-J8NR-241J</a>. Whether that one is valid could not be learned: check it.`,
		verify.Revoked:       `N0XK-J8NR-241J</a>, was withdrawn for good: do not accept that one either.`,
		verify.Suspended:     `N0XK-J8NR-241J</a>, is withdrawn for now: do not accept that one either.`,
		verify.Expired:       `N0XK-J8NR-241J</a>, has expired: do not accept that one either.`,
		verify.KeyRevoked:    `N0XK-J8NR-241J</a>, is not valid: do not accept that one either.`,
	} {
		v := testVerdict(verify.Superseded)
		v.Replacement = &verify.Replacement{Number: last, Code: code}
		h := testSite(t, testOptions(answer(v, nil)))
		body := do(h, "GET", "/c/"+goodToken, "").Body.String()
		if !strings.Contains(body, want) || strings.Contains(body, "Ask the holder for the newer one") != (code == verify.Valid || code == verify.StatusUnknown) {
			t.Errorf("%s: the page lacks %q:\n%s", code, want, body)
		}
		var got verify.Public
		if err := json.Unmarshal(do(h, "GET", "/c/"+goodToken, "", "Accept", "application/json").Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if r := got.Card.Replacement; r == nil || *r != (verify.PublicReplacement{Number: "N0XK-J8NR-241J", Valid: code == verify.Valid, Code: code}) {
			t.Errorf("%s: got %+v", code, r)
		}
	}
	body := do(testSite(t, testOptions(answer(testVerdict(verify.Superseded), nil))), "GET", "/c/"+goodToken, "").Body.String()
	if !strings.Contains(body, "could not be learned: check it.") {
		t.Errorf("a newer card of which nothing is known: got\n%s", body)
	}
}

// What a card qualifies for is said in the present of a valid card alone, and only of that one it is offered to ask.
func TestTenseOfRequirements(t *testing.T) {
	for _, code := range allCodes {
		o := testOptions(answer(testVerdict(code), nil))
		o.Requirements = finderOf(manyRequirements(), nil)
		body := do(testSite(t, o), "GET", "/c/"+goodToken, "").Body.String()
		for _, present := range []string{"What this card qualifies for", "It qualifies for BLS and CPR.", `<a href="#need">Does it meet what you need?</a>`, `id="need"`, `href="?need=BLS"`} {
			if got := strings.Contains(body, present); got != (code == verify.Valid) {
				t.Errorf("%s: %q is there: %v", code, present, got)
			}
		}
		past := !looks[code].unvouched && code != verify.Valid && code != verify.NotYetValid
		if got := strings.Contains(body, "What this card qualified for"); got != past {
			t.Errorf("%s: the past is there: %v, want %v", code, got, past)
		}
	}
}

// A requirement that nobody knows is a slip of who asks, and no word about the holder.
func TestUnknownRequirement(t *testing.T) {
	o := testOptions(answer(testVerdict(verify.Valid), nil))
	o.Requirements = finderOf(manyRequirements(), nil)
	h := testSite(t, o)
	for _, path := range []string{"/c/" + goodToken, "/n/" + goodNumber} {
		body := do(h, "GET", path+"?need=BSL", "").Body.String()
		for _, want := range []string{"<h1>NO ANSWER</h1>", "verdict grey", "No answer: this centre knows no requirement BSL; did you mean BLS?", `<a href="#need">`} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the page lacks %q:\n%s", path, want, body)
			}
		}
		if strings.Contains(body, "NOT BSL") {
			t.Errorf("%s: the page says NOT BSL", path)
		}
		answered := do(h, "GET", path+"?need=BSL", "", "Accept", "application/json").Body.String()
		if !strings.Contains(answered, `"answer":false,"because":"No answer: this centre knows no requirement BSL; did you mean BLS?","code":"unknown_requirement"`) {
			t.Errorf("%s: got %s", path, answered)
		}
	}
	list := `{"need":"BSL","items":[{"token":"a.b.c"}]}`
	if got := do(h, "POST", "/api/v1/verify", list, "Content-Type", "application/json").Body.String(); !strings.Contains(got, `"code":"unknown_requirement"`) {
		t.Errorf("API: got %s", got)
	}
}

// A page offers so many requirements; a card may be asked for every one.
func TestManyRequirements(t *testing.T) {
	var list []card.Requirement
	for i := range maxRequirements + 6 {
		list = append(list, card.Requirement{Code: fmt.Sprintf("R%d", i)})
	}
	o := testOptions(answer(testVerdict(verify.Valid), nil))
	o.Requirements = finderOf(list, nil)
	last := list[len(list)-1].Code
	body := do(testSite(t, o), "GET", "/c/"+goodToken+"?need="+last, "").Body.String()
	if got := strings.Count(body, `<a href="?need=`); got != maxRequirements+2 || !strings.Contains(body, "<h1>NOT "+last+"</h1>") {
		t.Errorf("got %d requirements, want %d and a no:\n%s", got, maxRequirements+2, body)
	}
}
