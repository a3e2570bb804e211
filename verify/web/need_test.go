package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
)

type finderFunc func(context.Context) ([]card.Requirement, error)

func (f finderFunc) Requirements(ctx context.Context) ([]card.Requirement, error) { return f(ctx) }

func finderOf(list []card.Requirement, err error) RequirementFinder {
	return finderFunc(func(context.Context) ([]card.Requirement, error) { return list, err })
}

// manyRequirements are those of the catalogue that a new centre begins with, as its register tells them.
func manyRequirements() []card.Requirement {
	return []card.Requirement{
		{Code: "ALS1", Title: "Advanced Life Support 1"}, {Code: "ALS2", Title: "Advanced Life Support 2"}, {Code: "BBP", Title: "Bloodborne Pathogens"},
		{Code: "BLS", Title: "Basic Life Support"}, {Code: "CPR", MetBy: []string{"Basic Life Support", "CPR and AED for Lay Rescuers"}}, {Code: "CPR-AED", Title: "CPR and AED for Lay Rescuers"},
		{Code: "EKG", Title: "EKG Technician"}, {Code: "FA", Title: "First Aid"}, {Code: "PALS", Title: "Pediatric Advanced Life Support"},
	}
}

func TestWantedIn(t *testing.T) {
	for query, want := range map[string]wanted{
		"": {}, "utm=1": {}, "utm=%zz": {}, "x=1;y=2": {},
		"need=BLS": {code: "BLS"}, "need=+bls%20": {code: "BLS"}, "need=cpr-aed&x=1": {code: "CPR-AED"}, "nee=BLS&kneed=BLS": {},
		"Need=BLS": {bad: true}, "NEED=BLS": {bad: true}, "needs=BLS": {bad: true}, "need[]=BLS": {bad: true}, "need%5B%5D=BLS": {bad: true}, "need=BLS&needed=CPR": {bad: true},
		"need": {bad: true}, "need=": {bad: true}, "need=%zz": {bad: true}, "need=BLS;x=1": {bad: true}, "need=BLS&x=%zz": {bad: true},
		"need=BLS&need=BLS": {bad: true}, "need=BLS&NEED=CPR": {bad: true}, "need=BLS,CPR": {bad: true}, "need=BL%C5%BF": {bad: true},
		"need=" + strings.Repeat("A", 17): {bad: true}, "need=%3Cscript%3E": {bad: true}, "need=Basic+Life+Support": {bad: true},
		"%20need=BLS": {bad: true}, "?need=BLS": {bad: true}, "q=1%26need=BLS": {bad: true}, "+need=BLS&need=BLS": {bad: true}, "need%20=BLS": {bad: true},
	} {
		if got := wantedIn(query); got != want {
			t.Errorf("%q: got %+v, want %+v", query, got, want)
		}
	}
}

// A question that is wrong is said to be, is never echoed, and never leaves the page green.
func TestWrongNeeds(t *testing.T) {
	for _, code := range allCodes {
		o := testOptions(answer(testVerdict(code), nil))
		o.Requirements = finderOf(manyRequirements(), nil)
		h := testSite(t, o)
		for _, query := range []string{"need=canary%22%3E%3Cb%3E", "need=BLS&need=CANARY", "need=", "need=" + strings.Repeat("CANARY", 500), "need=%zz", "need=BLS;canary", "needs=BLS", "NEED=CANARY", "need[]=BLS", "%20need=BLS", "?need=BLS", "q=1%26need=BLS"} {
			for _, path := range []string{"/c/" + goodToken, "/n/" + goodNumber} {
				w := do(h, "GET", path+"?"+query, "")
				body := w.Body.String()
				if want := max(400, looks[code].status); w.Code != want {
					t.Errorf("%s, %s: got %d, want %d", code, query, w.Code, want)
				}
				if strings.Contains(strings.ToLower(body), "canary") || strings.Contains(body, "verdict green") || !strings.Contains(body, "No answer: the link does not ask in a way") {
					t.Errorf("%s, %s: got\n%s", code, query, body)
				}
				w = do(h, "GET", path+"?"+query, "", "Accept", "application/json")
				if w.Code != 400 || w.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(strings.ToLower(w.Body.String()), "canary") {
					t.Errorf("%s, %s as JSON: got %d %s", code, query, w.Code, w.Body)
				}
			}
		}
	}
}

// headOf finds the title of a page, and the head of its verdict.
var headOf = regexp.MustCompile(`(?s)<title>(.*?)</title>.*<main>(.*?</h1>)`)

// Whatever is asked for, a card that is not valid keeps its own word and colour, and no page but that of a yes is green.
func TestNeedOfEveryVerdict(t *testing.T) {
	for _, code := range allCodes {
		h := testSite(t, testOptions(answer(testVerdict(code), nil)))
		for need, met := range map[string]bool{"CPR": true, "PALS": false} {
			for _, path := range []string{"/c/" + goodToken, "/n/" + goodNumber} {
				body := do(h, "GET", path+"?need="+need, "").Body.String()
				yes := met && code == verify.Valid
				if got := strings.Contains(body, "verdict green"); got != yes {
					t.Errorf("%s, %s: green is %v, want %v", code, need, got, yes)
				}
				if strings.Contains(body, "Meets "+need) != yes || strings.Contains(body, "<title>VALID") != yes {
					t.Errorf("%s, %s: got\n%s", code, need, body)
				}
				plain := do(h, "GET", path, "").Body.String()
				if head := headOf.FindStringSubmatch(plain); code != verify.Valid && !slices.Equal(headOf.FindStringSubmatch(body)[1:], head[1:]) {
					t.Errorf("%s, %s: the head of the page is another than without the question", code, need)
				}
				var got verify.Public
				if err := json.Unmarshal(do(h, "GET", path+"?need="+need, "", "Accept", "application/json").Body.Bytes(), &got); err != nil {
					t.Fatal(err)
				}
				if got.Meets == nil || got.Meets.Answer != yes || got.Meets.Because == "" || got.Valid != (code == verify.Valid) {
					t.Errorf("%s, %s: got %+v", code, need, got)
				}
			}
		}
	}
}

func TestNotMetSaysThatTheCardIsGenuine(t *testing.T) {
	h, texts := testSite(t, testOptions(answer(testVerdict(verify.Valid), nil))), english(t)
	for path, want := range map[string][]string{
		"/c/" + goodToken: {"<title>NOT PALS · Card check · ", "<h1>NOT PALS</h1>", texts.Need.Itself, "Do not accept this card for PALS.",
			"No. This BLS card (Basic Life Support, Healthcare provider) meets BLS and CPR, not PALS."},
		"/n/" + goodNumber: {"<h1>NOT PALS</h1>", texts.Number.Message, "No. The BLS card of this number (Basic Life Support, Healthcare provider) meets"},
	} {
		body := do(h, "GET", path+"?need=pals", "").Body.String()
		for _, text := range want {
			if !strings.Contains(body, text) {
				t.Errorf("%s lacks %q", path, text)
			}
		}
	}
	bare := testVerdict(verify.Valid)
	bare.Card.Qualification = card.Qualification{}
	body := do(testSite(t, testOptions(answer(bare, nil))), "GET", "/c/"+goodToken+"?need=BLS", "").Body.String()
	if !strings.Contains(body, "<h1>NO ANSWER</h1>") || !strings.Contains(body, "verdict grey") || strings.Contains(body, "What do you need it for?") {
		t.Errorf("a card of which nothing is known: got\n%s", body)
	}
}

// A person who asked about BLS and types the next number goes on asking about BLS.
func TestFormKeepsTheNeed(t *testing.T) {
	superseded := testSite(t, testOptions(answer(testVerdict(verify.Superseded), nil)))
	malformed := testSite(t, testOptions(answer(testVerdict(verify.Malformed), nil)))
	hidden := `<input type="hidden" name="need" value="BLS">`
	for target, wants := range map[string][]string{
		"/?need=bls":                      {hidden, `<a href="/">Check without it</a>`},
		"/c/" + goodToken + "?need=BLS":   {hidden, `<a href="?">Check without it</a>`, `href="/n/7F3K-9QWX-2MTZ?need=BLS"`},
		"/n/" + goodNumber + "?need=%3Cb": {"No answer: "},
		"/?need=%3Cb%3E":                  {"need=BLS.</p>"},
	} {
		body := do(superseded, "GET", target, "").Body.String()
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %q:\n%s", target, want, body)
			}
		}
		if strings.Contains(target, "%3C") && strings.Contains(body, `name="need"`) {
			t.Errorf("%s: the form keeps what is no requirement:\n%s", target, body)
		}
	}
	if body := do(superseded, "GET", "/c/"+goodToken, "").Body.String(); strings.Contains(body, `name="need"`) || !strings.Contains(body, `href="/n/7F3K-9QWX-2MTZ" dir="ltr">`) {
		t.Errorf("without the question: got\n%s", body)
	}
	for _, c := range []struct {
		q, need, location string
		status            int
		has               string
	}{
		{goodNumber, "bls", "/n/" + goodNumber + "?need=BLS", 303, ""},
		{goodToken, "BLS", "/c/" + goodToken + "?need=BLS", 303, ""},
		{"https://cards.example.org/c/" + goodToken + "?need=CPR#top", "", "/c/" + goodToken + "?need=CPR", 303, ""},
		{"https://cards.example.org/c/" + goodToken + "?need=CPR", "BLS", "/c/" + goodToken + "?need=BLS", 303, ""},
		{"https://cards.example.org/c/" + goodToken + "?need=CPR&need=BLS", "", "", 400, "need=CODE"},
		{goodNumber, "<b>", "", 400, "need=CODE"},
		{"", "BLS", "", 400, hidden},
		{"what is this", "BLS", "", 400, `<a href="/">Check without it</a>`},
		{strings.Repeat("x", 50), "BLS", "", 400, `<a href="/">Check without it</a>`},
	} {
		form := url.Values{"q": {c.q}}
		if c.need != "" {
			form.Set("need", c.need)
		}
		w := do(malformed, "POST", "/check", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
		if w.Code != c.status || w.Header().Get("Location") != c.location || !strings.Contains(w.Body.String(), c.has) {
			t.Errorf("%q for %q: got %d %q, want %d %q with %q\n%s", c.q, c.need, w.Code, w.Header().Get("Location"), c.status, c.location, c.has, w.Body)
		}
	}
}

func TestAPITakesANeed(t *testing.T) {
	h := testSite(t, testOptions(echo()))
	ask := func(body string) (int, string) {
		w := do(h, "POST", "/api/v1/verify", body, "Content-Type", "application/json")
		return w.Code, w.Body.String()
	}
	for body, want := range map[string][]string{
		`{"need":" cpr ","number":"a"}`:   {"CPR true"},
		`{"token":"a.b.c","need":"PALS"}`: {"PALS false"},
		`{"number":"none","need":"BLS"}`:  {"BLS false"},
		`{"number":"a"}`:                  {""},
		`{"items":[{"number":"a","need":"PALS"},{"token":"a.b.c"},{"number":"a"}],"need":"BLS"}`: {"PALS false", "BLS true", "BLS true"},
		`{"need":"BLS","items":[{"number":"a"},{"need":"cpr","number":"none"}]}`:                 {"BLS true", "CPR false"},
		`{"items":[{"number":"a","need":"BLS"},{"number":"a"}]}`:                                 {"BLS true", ""},
	} {
		_, text := ask(body)
		var answer struct {
			Results []verify.Public
			verify.Public
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Fatal(err)
		}
		if answer.Results == nil {
			answer.Results = []verify.Public{answer.Public}
		}
		var got []string
		for _, r := range answer.Results {
			line := ""
			if m := r.Meets; m != nil {
				line = m.Need + map[bool]string{true: " true", false: " false"}[m.Answer]
			}
			got = append(got, line)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q\n%s", body, got, want, text)
		}
	}
	for _, body := range []string{
		`{"number":"a","need":""}`, `{"number":"a","need":"canary canary"}`, `{"number":"a","need":null}`, `{"number":"a","need":["BLS"]}`,
		`{"number":"a","need":"BLS","need":"BLS"}`, `{"number":"a","Need":"BLS"}`, `{"need":"BLS"}`, `{"items":[{"need":"BLS"}]}`,
		`{"items":[{"number":"a"}],"need":"canary!"}`, `{"items":[{"number":"a"}],"need":"BLS","need":"BLS"}`, `{"items":[],"need":"BLS"}`,
	} {
		if status, text := ask(body); status != 400 || !strings.Contains(text, `"status":400,"detail":"`) || strings.Contains(text, "canary") {
			t.Errorf("%s: got %d %s", body, status, text)
		}
	}
}

// The headers of an answer are the same with the question, and the log has neither the query nor the answer.
func TestNeedStaysOutOfTheLog(t *testing.T) {
	var log bytes.Buffer
	o := testOptions(answer(testVerdict(verify.Valid), nil))
	o.Log = slog.New(slog.NewJSONHandler(&log, nil))
	h := testSite(t, o)
	for _, target := range []string{"/n/" + goodNumber, "/c/" + goodToken} {
		plain, asked := do(h, "GET", target, "").Header(), do(h, "GET", target+"?need=QUX", "").Header()
		for name := range plain {
			if plain.Get(name) != asked.Get(name) && name != "Content-Length" && name != "X-Request-Id" {
				t.Errorf("%s: got %q with the question, %q without", name, asked.Get(name), plain.Get(name))
			}
		}
	}
	if strings.Contains(log.String(), "QUX") || strings.Count(log.String(), `"outcome":"valid"`) != 4 {
		t.Errorf("got the log\n%s", &log)
	}
}

func TestChoices(t *testing.T) {
	choices := func(list []choice) string {
		var codes []string
		for _, c := range list {
			mark := map[bool]string{true: "*"}[c.Asked]
			codes = append(codes, c.Code+mark+map[bool]string{true: "=" + c.Title}[c.Title != ""])
		}
		return strings.Join(codes, " ")
	}
	known := []card.Requirement{{Code: "BLS", Title: "Basic Life Support"}, {Code: "no code"}, {Code: "CPR"}, {Code: "BLS"}}
	for _, c := range []struct {
		known []card.Requirement
		meets []string
		asked string
		want  string
	}{
		{known, []string{"BLS", "CPR"}, "CPR", "BLS=Basic Life Support CPR*"},
		{known, []string{"OLD"}, "", "BLS=Basic Life Support CPR OLD=Old Course"},
		{nil, []string{"BLS", "CPR"}, "PALS", "BLS CPR"},
		{nil, nil, "BLS", ""},
	} {
		rec := &card.Record{Card: card.Card{Course: "OLD"}, Qualification: card.Qualification{Title: "Old Course", Meets: c.meets}}
		if got := choices(choicesOf(reader{Language: english(t)}, c.known, rec, c.asked)); got != c.want {
			t.Errorf("%v and %v: got %q, want %q", c.known, c.meets, got, c.want)
		}
	}
	// Without a list, and with a register that can't tell it, the page has the card's own.
	for _, finder := range []RequirementFinder{nil, finderOf(nil, nil), finderOf(manyRequirements(), errors.New("inside"))} {
		o := testOptions(answer(testVerdict(verify.Valid), nil))
		o.Requirements = finder
		w := do(testSite(t, o), "GET", "/c/"+goodToken, "")
		if got := strings.Count(w.Body.String(), `href="?need=`); w.Code != 200 || got != 2 || strings.Contains(w.Body.String(), "inside") {
			t.Errorf("got %d with %d requirements, want 200 with BLS and CPR", w.Code, got)
		}
	}
	// Nobody vouches for the card: nothing is offered, and the register is not asked.
	o := testOptions(answer(testVerdict(verify.BadSignature), nil))
	o.Requirements = finderFunc(func(context.Context) ([]card.Requirement, error) { t.Error("the register was asked"); return nil, nil })
	if body := do(testSite(t, o), "GET", "/c/"+goodToken+"?need=BLS", "").Body.String(); strings.Contains(body, `href="?need=`) {
		t.Errorf("got\n%s", body)
	}
}

// A requirement that is no course does not stand alone among titles: the page says what meets it, the card's own course first.
func TestHowARequirementIsMet(t *testing.T) {
	none, one, some := card.Requirement{Code: "CPR"}, card.Requirement{Code: "CPR", MetBy: []string{"Life <Support>"}}, card.Requirement{Code: "CPR", MetBy: []string{"First", "Second"}}
	for _, tc := range []struct {
		known card.Requirement
		meets []string
		want  string
	}{
		{some, []string{"BLS", "CPR"}, "met by Basic Life Support"},
		{none, []string{"BLS", "CPR"}, "met by Basic Life Support"},
		{one, []string{"ALS2"}, "met by Life &lt;Support&gt;"},
		{some, []string{"ALS2"}, "met by First, for example"},
		{none, []string{"ALS2"}, ""},
		{card.Requirement{Code: "CPR", Title: "CPR Course"}, []string{"CPR"}, "CPR Course"},
	} {
		v := testVerdict(verify.Valid)
		v.Card.Qualification.Meets = tc.meets
		o := testOptions(answer(v, nil))
		o.Requirements = finderOf([]card.Requirement{tc.known}, nil)
		body := do(testSite(t, o), "GET", "/c/"+goodToken, "").Body.String()
		box := choiceBox.FindStringSubmatch(body)
		if box == nil {
			t.Fatalf("no box of CPR in\n%s", body)
		}
		got := strings.TrimSpace(tags.ReplaceAllString(box[1], ""))
		if got = strings.NewReplacer("\u2068", "", "\u2069", "").Replace(got); got != tc.want {
			t.Errorf("%+v, and a card that meets %v: got %q, want %q", tc.known, tc.meets, got, tc.want)
		}
	}
}

var (
	choiceBox = regexp.MustCompile(`<b><bdi>CPR</bdi></b>(.*?)</a>`)
	tags      = regexp.MustCompile(`<[^>]*>`)
)

func TestTrainedIsShown(t *testing.T) {
	v := testVerdict(verify.Valid)
	v.Card.Qualification.Trained = "Give <CPR> in a team."
	body := do(testSite(t, testOptions(answer(v, nil))), "GET", "/c/"+goodToken, "").Body.String()
	if want := `<b>Trained to:</b> <bdi lang="">Give &lt;CPR&gt; in a team.</bdi>`; !strings.Contains(body, want) {
		t.Errorf("the page lacks %q:\n%s", want, body)
	}
	body = do(testSite(t, testOptions(answer(v, nil))), "GET", "/c/"+goodToken, "", "Accept", "application/json").Body.String()
	if want := `"meets":["BLS","CPR"],"trained":"Give \u003cCPR\u003e in a team."}`; !strings.Contains(body, want) {
		t.Errorf("got %s, want %s", body, want)
	}
}

func TestRequirementsAreKeptForAWhile(t *testing.T) {
	now, calls := testTime, 0
	var fail error
	list := slices.Repeat(manyRequirements(), 20)
	q := &requirements{log: slog.New(slog.DiscardHandler), now: func() time.Time { return now }}
	if got := q.get(t.Context()); got != nil {
		t.Errorf("without a finder: got %v", got)
	}
	q.finder = finderFunc(func(ctx context.Context) ([]card.Requirement, error) {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > requirementsTime || ctx.Err() != nil {
			t.Errorf("asked with the deadline %v (%v) and %v", deadline, ok, ctx.Err())
		}
		calls++
		return list, fail
	})
	gone, cancel := context.WithCancel(t.Context())
	cancel() // a reader who hung up asks for the others
	for _, step := range []struct {
		after time.Duration
		fail  error
		calls int
		want  int
	}{
		{0, errors.New("down"), 1, 0},
		{requirementsRetry - 1, nil, 1, 0},
		{1, nil, 2, len(list)},
		{requirementsAge - 1, nil, 2, len(list)},
		{1, errors.New("down"), 3, len(list)},
		{requirementsRetry, nil, 4, len(list)},
	} {
		now, fail = now.Add(step.after), step.fail
		if got := len(q.get(gone)); got != step.want || calls != step.calls {
			t.Errorf("after %v: got %d requirements and %d calls, want %d and %d", step.after, got, calls, step.want, step.calls)
		}
	}
}

// A register that is stuck holds up one reader, for a second; the others have their page at once.
func TestNobodyWaitsForAStuckList(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	q := &requirements{log: slog.New(slog.DiscardHandler), now: func() time.Time { return testTime }}
	q.finder = finderFunc(func(context.Context) ([]card.Requirement, error) {
		close(entered)
		<-release
		return manyRequirements(), nil
	})
	var wg sync.WaitGroup
	wg.Go(func() {
		if got := len(q.get(t.Context())); got != len(manyRequirements()) {
			t.Errorf("got %d requirements", got)
		}
	})
	<-entered
	if got := q.get(t.Context()); got != nil {
		t.Errorf("got %v, want nothing yet", got)
	}
	close(release)
	wg.Wait()
}
