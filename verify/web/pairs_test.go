package web

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify"
)

// pairs say which requirements a card of each course meets, of all that the eight courses of a new centre know. It is
// written out, not taken from the catalogue: the mistakes that employers make are between these.
var pairs = []struct {
	course, title, level string
	meets                []string
}{
	{"CPR-AED", "CPR and AED for Lay Rescuers", "lay rescuer", []string{"CPR-AED", "CPR"}},
	{"BLS", "Basic Life Support", "healthcare provider", []string{"BLS", "CPR"}},
	{"ALS1", "Advanced Life Support 1", "healthcare provider", []string{"ALS1"}},
	{"ALS2", "Advanced Life Support 2", "healthcare provider", []string{"ALS2", "ALS1"}},
	{"PALS", "Pediatric Advanced Life Support", "healthcare provider", []string{"PALS"}},
	{"EKG", "EKG Technician", "technician", []string{"EKG"}},
	{"FA", "First Aid", "lay rescuer", []string{"FA"}},
	{"BBP", "Bloodborne Pathogens", "workplace", []string{"BBP"}},
}

// centre is a register of cards, with the key that signed them.
type centre struct {
	key     token.SigningKey
	set     *keys.Set
	records map[card.Number]card.Record
}

func newCentre(t *testing.T) *centre {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat("w", ed25519.SeedSize)))
	id, err := keys.IDOf(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	set, err := keys.NewSet(keys.Key{ID: id, Alg: token.EdDSA, Public: private.Public(), Issuer: "https://cards.example.org",
		Purpose: keys.Cards, State: keys.Active, NotBefore: testTime.Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return &centre{key: token.SigningKey{ID: id, Alg: token.EdDSA, Key: private}, set: set, records: map[card.Number]card.Record{}}
}

func (c *centre) FindRecord(_ context.Context, n card.Number) (card.Record, bool, error) {
	rec, ok := c.records[n]
	return rec, ok, nil
}

// issue records a card of the course, and signs it.
func (c *centre) issue(t *testing.T, course string, q card.Qualification) (card.Number, string) {
	t.Helper()
	number, err := card.NewNumber(strings.NewReader(strings.Repeat(course+" ", 32)))
	if err != nil {
		t.Fatal(err)
	}
	one := card.Card{Issuer: "https://cards.example.org", Number: number, Name: "Li Wei", Course: course,
		IssuedAt: testTime, ExpiresAt: time.Date(2028, 12, 1, 0, 0, 0, 0, time.UTC)}
	raw, err := token.Sign(one, c.key)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := token.Digest(one, c.key.Alg, c.key.ID)
	if err != nil {
		t.Fatal(err)
	}
	c.records[number] = card.Record{Card: one, KeyID: c.key.ID, Digest: digest, Qualification: q, State: card.Issued, RecordedAt: testTime,
		IssuedOn: card.Date{Year: 2026, Month: 11, Day: 21}, ExpiresOn: card.Date{Year: 2028, Month: 11, Day: 30}}
	return number, raw
}

func (c *centre) serve(t *testing.T) string {
	t.Helper()
	o := testOptions(&verify.Checker{Keys: c.set, Register: c, Now: func() time.Time { return testTime.Add(time.Hour) }, Location: time.UTC})
	o.Requirements = finderOf(manyRequirements(), nil)
	srv := httptest.NewServer(testSite(t, o))
	t.Cleanup(srv.Close)
	return srv.URL
}

func fetch(t *testing.T, method, address, body string, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(got)
}

// Does an X card meet Y? For each pair of the eight courses, and for CPR, over HTTP: the page of the QR, the page of the
// number, their JSON and the API.
func TestDoesAnXCardMeetY(t *testing.T) {
	c := newCentre(t)
	asked := []string{"CPR"}
	for _, p := range pairs {
		asked = append(asked, p.course)
	}
	origin := c.serve(t)
	yes := 0
	for _, p := range pairs {
		number, raw := c.issue(t, p.course, card.Qualification{Title: p.title, Level: p.level, Meets: p.meets})
		for _, need := range asked {
			met := slices.Contains(p.meets, need)
			if met {
				yes++
			}
			for _, path := range []string{"/c/" + token.Digits(raw), "/c/" + raw, "/n/" + number.String()} {
				checkPair(t, origin+path+"?need="+need, need, met)
			}
			list := `{"need":"` + need + `","items":[{"token":"` + raw + `"},{"number":"` + number.String() + `"}]}`
			_, body := fetch(t, "POST", origin+"/api/v1/verify", list, "Content-Type", "application/json")
			var answer struct{ Results []verify.Public }
			if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Results) != 2 {
				t.Fatalf("%s, %s: got %s, %v", p.course, need, body, err)
			}
			for _, got := range answer.Results {
				if !got.Valid || got.Meets == nil || got.Meets.Answer != met || got.Meets.Need != need {
					t.Errorf("API: does %s meet %s? got %s, want %v", p.course, need, body, met)
				}
			}
		}
	}
	if want := 11; yes != want { // each its own, and BLS → CPR, CPR-AED → CPR, ALS2 → ALS1
		t.Errorf("got %d pairs with a yes, want %d", yes, want)
	}
}

func checkPair(t *testing.T, address, need string, met bool) {
	t.Helper()
	status, page := fetch(t, "GET", address, "")
	if status != 200 || strings.Contains(page, `class="verdict green"`) != met || strings.Contains(page, "<h1>VALID</h1>") != met ||
		strings.Contains(page, `<p class="verdict-meets">Meets `+need+`</p>`) != met {
		t.Errorf("%s: got %d, want a page that says %v:\n%s", address, status, met, page)
	}
	if strings.Contains(page, "<h1>NOT "+need+"</h1>") == met || strings.Contains(page, `class="verdict amber"`) == met {
		t.Errorf("%s: want the page to say NOT %s: %v", address, need, !met)
	}
	if marked := `<a href="?need=` + need + `" aria-current="page">`; strings.Count(page, marked) != 1 || strings.Count(page, `aria-current="page"`) != 1 {
		t.Errorf("%s: the requirement that was asked about is not marked, or others are", address)
	}
	status, body := fetch(t, "GET", address, "", "Accept", "application/json")
	var got verify.Public
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if status != 200 || !got.Valid || got.Meets == nil || got.Meets.Need != need || got.Meets.Answer != met {
		t.Errorf("%s as JSON: got %d %s, want the answer %v", address, status, body, met)
	}
}
