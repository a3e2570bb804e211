package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
)

// wanted is what a reader needs the card for. The zero value is a question about the card alone.
type wanted struct {
	code string // of the requirement; empty for none
	bad  bool   // something was asked for that is no requirement: the answer must not look as if it was one to that
}

const (
	badNeed = "What the card is needed for is written as need=CODE, once, with 1 to 16 letters, digits or hyphens, such as need=BLS."

	badNeedAnswer = "No answer: the link does not ask in a way that is understood. It has to end in ?need= and one code, such as ?need=BLS."

	// noAnswer stands in place of VALID where the card is valid and the question has no answer.
	noAnswer = "NO ANSWER"
)

// wantedIn reads a question's query. Whoever asks in a wrong way is told so: else a green page would pass for the answer.
func wantedIn(query string) wanted {
	values, err := url.ParseQuery(query)
	w := wantedOf(values)
	if (err != nil || w == wanted{}) && mentionsNeed(query) {
		return wanted{bad: true}
	}
	return w
}

// needWord is the word, or what begins with it, but not the end of another word.
var needWord = regexp.MustCompile(`(?i)(^|[^a-z])need`)

// mentionsNeed says whether a query speaks of a need in whatever way: "??need=BLS" and "q=1%26need=BLS" were meant as questions.
func mentionsNeed(query string) bool {
	plain, err := url.QueryUnescape(query)
	if err != nil {
		plain = query
	}
	return needWord.MatchString(plain)
}

// wantedOf takes every member that begins like need for a question, because the one who wrote it did: needs, NEED, need[] and " need" are
// wrong ones.
func wantedOf(values url.Values) wanted {
	for name := range values {
		begin := strings.TrimLeftFunc(name, func(r rune) bool { return !unicode.IsLetter(r) })
		if name != "need" && len(begin) >= 4 && strings.EqualFold(begin[:4], "need") {
			return wanted{bad: true}
		}
	}
	switch all := values["need"]; len(all) {
	case 0:
		return wanted{}
	case 1:
		code, ok := verify.ParseNeed(all[0])
		return wanted{code: code, bad: !ok}
	}
	return wanted{bad: true}
}

// wantedInForm is what the form says, or else a link that was pasted into it.
func wantedInForm(form url.Values) wanted {
	if w := wantedOf(form); w != (wanted{}) {
		return w
	}
	_, query, _ := strings.Cut(form.Get("q"), "?")
	query, _, _ = strings.Cut(query, "#")
	return wantedIn(query)
}

// asked says whether a requirement was asked for, rightly or not.
func (w wanted) asked() bool { return w != wanted{} }

// query is what to put behind a path so that the next answer is about the same.
func (w wanted) query() string {
	if w.code == "" {
		return ""
	}
	return "?need=" + w.code // its characters stand for themselves
}

// setNeed puts the answer about the requirement at the head of the page. Where the card is valid and there is no yes, the
// page is not green: people look at the colour first.
func (p *verdictPage) setNeed(v verify.Verdict, a asked, known []card.Requirement) {
	w := a.wanted
	p.Form.Need = w.code
	if !a.posted {
		p.Form.Alone = "?" // the same card, without a query
	}
	if !w.asked() {
		return
	}
	n := v.MeetsAmong(w.code, known)
	if w.bad {
		n.Because = badNeedAnswer
	}
	if n.Answer {
		p.Meets, p.Answer = "Meets "+n.Code, n.Because
		return
	}
	if !v.IsValid() {
		p.Answer = n.Because
		return
	}
	itself := itselfMessage
	if a.byNumber {
		itself = byNumberMessage
	}
	p.Tone, p.Message, p.Answer = amber, n.Because, itself
	switch {
	case w.bad:
		p.Word, p.Tone, p.Advice = noAnswer, grey, "Do not take this for a yes. Choose below what you need the card for."
	case n.Strange:
		p.Word, p.Tone, p.Advice = noAnswer, grey, "Do not take this for a yes, nor for a no. Choose below what you need the card for."
	case n.Unknown:
		p.Word, p.Tone, p.Advice = noAnswer, grey, "Do not accept this card for "+n.Code+" yet. Ask the issuer what it qualifies for."
	default:
		p.Word, p.Advice = "NOT "+n.Code, "Do not accept this card for "+n.Code+". Ask the holder for one that meets it."
	}
}

// choice is a requirement that the page offers to ask about.
type choice struct {
	card.Requirement
	Asked bool
}

// choicesOf are the requirements known to the register, and those of the card that are not among them.
func choicesOf(known []card.Requirement, c *card.Record, asked string) []choice {
	var all []choice
	seen := map[string]bool{}
	add := func(r card.Requirement) {
		if !seen[r.Code] && card.IsCourseCode(r.Code) {
			seen[r.Code] = true
			all = append(all, choice{r, r.Code == asked})
		}
	}
	for _, r := range known[:min(len(known), maxRequirements)] {
		add(r)
	}
	for _, code := range c.Qualification.Meets {
		r := card.Requirement{Code: code}
		if code == c.Course {
			r.Title = c.Qualification.Title
		}
		add(r)
	}
	return all
}

// statusOf raises the status of an answer to a question that was wrongly asked.
func (w wanted) statusOf(status int) int {
	if w.bad && status < http.StatusBadRequest {
		return http.StatusBadRequest
	}
	return status
}
