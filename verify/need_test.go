package verify

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

func layCard() *card.Record {
	return &card.Record{Card: card.Card{Course: "CPR-AED"}, Qualification: card.Qualification{
		Title: "CPR and AED for Lay Rescuers", Level: "lay rescuer", Meets: []string{"CPR-AED", "CPR"}}}
}

// said is an answer without its reason, which verify/web holds against the words.
type said struct {
	code             string
	answer           bool
	because          string
	unknown, strange bool
}

func saidOf(n Need) said { return said{n.Code, n.Answer, n.Because, n.Unknown, n.Strange} }

func TestMeets(t *testing.T) {
	bare := &card.Record{Card: card.Card{Course: "BLS"}}
	one := &card.Record{Card: card.Card{Course: "FA"}, Qualification: card.Qualification{Meets: []string{"FA"}}}
	for _, tc := range []struct {
		verdict Verdict
		need    string
		want    said
	}{
		{Verdict{Code: Valid, Card: layCard()}, " cpr ", said{"CPR", true, "Yes. This CPR-AED card (CPR and AED for Lay Rescuers, lay rescuer) meets CPR.", false, false}},
		{Verdict{Code: Valid, Card: layCard()}, "BLS", said{"BLS", false, "No. This CPR-AED card (CPR and AED for Lay Rescuers, lay rescuer) meets CPR-AED and CPR, not BLS.", false, false}},
		{Verdict{Code: Valid, Card: layCard()}, "CP", said{"CP", false, "No. This CPR-AED card (CPR and AED for Lay Rescuers, lay rescuer) meets CPR-AED and CPR, not CP.", false, false}},
		{Verdict{Code: Valid, Card: one}, "FA", said{"FA", true, "Yes. This FA card meets FA.", false, false}},
		{Verdict{Code: Valid, Card: one}, "EKG", said{"EKG", false, "No. This FA card meets FA, not EKG.", false, false}},
		{Verdict{Code: Valid, Card: layCard(), ByNumber: true}, "CPR", said{"CPR", true,
			"Yes, as far as the register says: the CPR-AED card of this number (CPR and AED for Lay Rescuers, lay rescuer) meets CPR. Compare the card.", false, false}},
		{Verdict{Code: Valid, Card: layCard(), ByNumber: true}, "BLS", said{"BLS", false,
			"No. The CPR-AED card of this number (CPR and AED for Lay Rescuers, lay rescuer) meets CPR-AED and CPR, not BLS.", false, false}},
		{Verdict{Code: Valid, Card: bare}, "BLS", said{"BLS", false, "No answer: it could not be learned what this BLS card meets.", true, false}},
		{Verdict{Code: Valid}, "BLS", said{"BLS", false, "No. Nothing vouches for this card.", false, false}},

		{Verdict{Code: Expired, Card: layCard()}, "CPR", said{"CPR", false, "No. This CPR-AED card would meet CPR, but it has expired.", false, false}},
		{Verdict{Code: Expired, Card: layCard()}, "BLS", said{"BLS", false, "No. This CPR-AED card would not meet BLS, and it has expired.", false, false}},
		{Verdict{Code: Expired, Card: bare}, "BLS", said{"BLS", false, "No. It could not be learned what this BLS card meets, and it has expired.", false, false}},
		{Verdict{Code: NotYetValid, Card: layCard()}, "CPR", said{"CPR", false, "No. This CPR-AED card would meet CPR, but it does not count yet.", false, false}},
		{Verdict{Code: Revoked, Card: layCard()}, "CPR", said{"CPR", false, "No. This CPR-AED card would meet CPR, but the issuer has withdrawn it for good.", false, false}},
		{Verdict{Code: Suspended, Card: layCard()}, "CPR", said{"CPR", false, "No. This CPR-AED card would meet CPR, but the issuer has withdrawn it for now.", false, false}},
		{Verdict{Code: Superseded, Card: layCard()}, "CPR", said{"CPR", false, "No. This CPR-AED card would meet CPR, but the issuer has replaced it with a newer one.", false, false}},
		{Verdict{Code: StatusUnknown, Card: layCard()}, "CPR", said{"CPR", false,
			"No answer: this CPR-AED card would meet CPR, but it could not be learned whether it is still in force.", true, false}},
		{Verdict{Code: StatusUnknown, Card: layCard()}, "BLS", said{"BLS", false,
			"No. This CPR-AED card would not meet BLS, and it could not be learned whether it is still in force.", false, false}},
		{Verdict{Code: StatusUnknown, Card: bare}, "BLS", said{"BLS", false, "No answer: it could not be learned what this BLS card meets.", true, false}},
		{Verdict{Code: StatusUnknown}, "BLS", said{"BLS", false, "No answer: the card could not be checked just now.", true, false}},
		{Verdict{Code: Unavailable}, "BLS", said{"BLS", false, "No answer: the card could not be checked just now.", true, false}},
		{Verdict{Code: RateLimited}, "BLS", said{"BLS", false, "No answer: the card could not be checked just now.", true, false}},
		{Verdict{Code: Malformed}, "BLS", said{"BLS", false, "No answer: nothing was read that is a card or the number of one.", true, false}},
		{Verdict{Code: NotFound}, "BLS", said{"BLS", false, "No. Nothing vouches for a card of this number.", false, false}},
		{Verdict{Code: BadSignature}, "BLS", said{"BLS", false, "No. Nothing vouches for this card.", false, false}},
		{Verdict{Code: BadSignature, Card: layCard()}, "CPR", said{"CPR", false, "No. Nothing vouches for this card.", false, false}},
		{Verdict{Code: Unregistered}, "BLS", said{"BLS", false, "No. Nothing vouches for this card.", false, false}},
		{Verdict{Code: Valid, Card: layCard()}, "C P R", said{"", false,
			"No answer: what was asked for is not the code of a requirement, such as BLS or CPR.", true, false}},
	} {
		if got := saidOf(tc.verdict.Meets(tc.need)); got != tc.want {
			t.Errorf("%s, %q: got %+v, want %+v", tc.verdict.Code, tc.need, got, tc.want)
		}
	}
}

// Only a valid card is ever a yes, whatever else is true of it, and every answer is words that say the same as the answer.
func TestOnlyValidMeets(t *testing.T) {
	for _, code := range append(slices.Clone(precedence), Valid, RateLimited, Unavailable, "fine", "") {
		for _, rec := range []*card.Record{nil, {}, layCard()} {
			for _, need := range []string{"CPR", "BLS", "", "no code"} {
				got := Verdict{Code: code, Card: rec}.Meets(need)
				met := rec != nil && slices.Contains(rec.Qualification.Meets, need)
				if want := code == Valid && met; got.Answer != want || got.Answer && got.Unknown {
					t.Errorf("%s, %q: got %+v, want %v", code, need, got, want)
				}
				words := map[bool]string{true: "Yes", false: "No. "}[got.Answer]
				if got.Unknown {
					words = "No answer: "
				}
				if !strings.HasPrefix(got.Because, words) || !strings.HasSuffix(got.Because, ".") {
					t.Errorf("%s, %q: got %q, want it to begin with %q", code, need, got.Because, words)
				}
			}
		}
	}
}

func TestParseNeed(t *testing.T) {
	for text, want := range map[string]string{
		"BLS": "BLS", " bls\t": "BLS", "Cpr-Aed": "CPR-AED", "1234567890123456": "1234567890123456", "-": "-",
		"": "", " ": "", "12345678901234567": "", "B LS": "", "CPR/AED": "", "BLS\x00": "", "BL\u017f": "", "B\u0131S": "", "ÄLS": "", "BLS,CPR": "", "\xff": "",
	} {
		if got, ok := ParseNeed(text); got != want || ok != (want != "") {
			t.Errorf("ParseNeed(%q) = %q, %v, want %q", text, got, ok, want)
		}
	}
}

func FuzzParseNeed(f *testing.F) {
	for _, seed := range []string{"BLS", " cpr-aed ", "", "BL\u017f", "\u0131", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, ok := ParseNeed(text)
		if !ok {
			if code != "" {
				t.Fatalf("%q: got %q with a refusal", text, code)
			}
			return
		}
		if again, ok := ParseNeed(code); again != code || !ok || !card.IsCourseCode(code) || !strings.EqualFold(strings.TrimSpace(text), code) {
			t.Fatalf("%q: got %q, and of that %q, %v", text, code, again, ok)
		}
	})
}

// The question changes nothing else of the verdict, and without it there is no answer.
func TestPublicNeed(t *testing.T) {
	v := Verdict{Code: Valid, Card: layCard(), CheckedAt: testIssued}
	v.Card.Qualification.Trained = "Begin CPR and use an AED."
	p := v.Public(func(string) string { return "" })
	encoded := func() string {
		t.Helper()
		data, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	before := encoded()
	if strings.Contains(before, `"because"`) || !strings.Contains(before, `"meets":["CPR-AED","CPR"],"trained":"Begin CPR and use an AED."}`) {
		t.Errorf("got %s", before)
	}
	p.Meets = v.Meets("bls").Public()
	want := before[:len(before)-1] + `,"meets":{"need":"BLS","answer":false,"because":"No. This CPR-AED card (CPR and AED for Lay Rescuers, lay rescuer) meets CPR-AED and CPR, not BLS.","code":"not_met"}}`
	if after := encoded(); after != want || !p.Valid {
		t.Errorf("got  %s\nwant %s", after, want)
	}
}

func TestNumbersAreMarked(t *testing.T) {
	w := newWorld(t)
	w.rec.Qualification = card.Qualification{Meets: []string{"BLS"}}
	byNumber, err := w.checker().CheckNumber(t.Context(), "0000-0000-0000")
	if err != nil || !strings.HasPrefix(byNumber.Meets("BLS").Because, "Yes, as far as the register says: ") {
		t.Errorf("by number: got %q, %v", byNumber.Meets("BLS").Because, err)
	}
	byToken, err := w.checker().CheckToken(t.Context(), w.token(t))
	if err != nil || byToken.Meets("BLS").Because != "Yes. This BLS card meets BLS." {
		t.Errorf("by token: got %q, %v", byToken.Meets("BLS").Because, err)
	}
	w.err = errDown
	if down, _ := w.checker().CheckToken(t.Context(), w.token(t)); down.Meets("BLS").Answer || !down.Meets("BLS").Unknown {
		t.Errorf("register down: got %+v, want no answer", down.Meets("BLS"))
	}
}

func TestMeetsAmong(t *testing.T) {
	known := []card.Requirement{{Code: "BLS"}, {Code: "CPR"}, {Code: "PALS"}}
	for _, tc := range []struct {
		verdict Verdict
		need    string
		known   []card.Requirement
		code    NeedCode
		because string
	}{
		{Verdict{Code: Valid, Card: layCard()}, "CPR", known, NeedMet, "Yes. "},
		{Verdict{Code: Valid, Card: layCard()}, "CPR-AED", known, NeedMet, "Yes. "}, // of an old catalogue: the card says it
		{Verdict{Code: Expired, Card: layCard()}, "CPR-AED", known, NeedNotMet, "No. This CPR-AED card would meet CPR-AED, but it has expired."},
		{Verdict{Code: Valid, Card: layCard()}, "PALS", known, NeedNotMet, "No. "},
		{Verdict{Code: Valid, Card: layCard()}, "BSL", known, NeedStrange, "No answer: this centre knows no requirement BSL; did you mean BLS?"},
		{Verdict{Code: Valid, Card: layCard()}, "CRANE", known, NeedStrange, "No answer: this centre knows no requirement CRANE."},
		{Verdict{Code: StatusUnknown, Card: layCard()}, "BSL", known, NeedStrange, "No. This CPR-AED card would not meet BSL, and it could not be learned whether it is still in force. Besides, this centre knows no requirement BSL; did you mean BLS?"},
		{Verdict{Code: Revoked, Card: layCard()}, "BSL", known, NeedStrange, "No. This CPR-AED card would not meet BSL, and the issuer has withdrawn it for good. Besides, this centre knows no requirement BSL; did you mean BLS?"},
		{Verdict{Code: Valid, Card: layCard()}, "BSL", nil, NeedNotMet, "No. "}, // nothing is known: no claim about slips
		{Verdict{Code: BadSignature}, "BSL", known, NeedNotMet, "No. Nothing vouches for this card."},
		{Verdict{Code: Malformed}, "BSL", known, NeedUnknown, "No answer: "},
		{Verdict{Code: Valid, Card: layCard()}, "C P R", known, NeedUnknown, "No answer: "},
	} {
		got := tc.verdict.MeetsAmong(tc.need, tc.known).Public()
		if got.Code != tc.code || !strings.HasPrefix(got.Because, tc.because) || got.Answer != (tc.code == NeedMet) {
			t.Errorf("%s for %s: got %+v, want %s, %s", tc.verdict.Code, tc.need, got, tc.code, tc.because)
		}
	}
}
