package web

import (
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
)

// The page of a card that does not expire says so in the words of the card itself; programs get the day that stands for it.
func TestNoExpiry(t *testing.T) {
	v := testVerdict(verify.Valid)
	v.Card.ExpiresOn = card.NoExpiry
	h := testSite(t, testOptions(answer(v, nil)))
	page := do(h, "GET", "/c/"+goodToken, "").Body.String()
	if want := "<dt>Validity</dt><dd>No expiry date</dd>"; !strings.Contains(page, want) {
		t.Errorf("got no %q in the page:\n%s", want, page)
	}
	if strings.Contains(page, "9999") || strings.Contains(page, "Valid through") {
		t.Errorf("got a last valid day in the page of a card that has none:\n%s", page)
	}
	if got, want := do(h, "GET", "/c/"+goodToken, "", "Accept", "application/json").Body.String(), `"expires":"9999-12-31"`; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s in it", got, want)
	}
}
