package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
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
		if isNeedAmiss(name) {
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

// isNeedAmiss says whether a name was meant for need, and is not it.
func isNeedAmiss(name string) bool {
	begin := strings.TrimLeftFunc(name, func(r rune) bool { return !unicode.IsLetter(r) })
	return name != "need" && len(begin) >= 4 && strings.EqualFold(begin[:4], "need")
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

// needReasons are the reasons of an answer that a page gives in words of its own. That what was asked for is no requirement it
// says in another way.
var needReasons = []verify.NeedReason{
	verify.NeedIsMet, verify.NeedIsMetNumber, verify.NeedIsNotMet, verify.NeedIsNotMetNumber, verify.NeedWouldBeMet, verify.NeedWouldNotBeMet,
	verify.NeedMayBeMet, verify.NeedUnlearned, verify.NeedUnlearnedAnyway, verify.NeedNoVoucher, verify.NeedNoVoucherNumber,
	verify.NeedUnread, verify.NeedUnchecked,
}

// because is the answer in the reader's words: in English those of verify.Need.
func (rd reader) because(v verify.Verdict, n verify.Need) string {
	pairs := []string{"need", n.Code, "near", n.Near}
	if c := v.Card; c != nil {
		details := slices.DeleteFunc([]string{c.Qualification.Title, c.Qualification.Level}, func(s string) bool { return s == "" })
		text := ""
		if len(details) > 0 {
			text = " (" + rd.Isolate(strings.Join(details, ", ")) + ")"
		}
		pairs = append(pairs, "course", c.Course, "details", text, "meets", rd.List(c.Qualification.Meets), "against", rd.Need.Against[string(v.Code)])
	}
	reason := rd.Say(rd.Need.Reasons[string(n.Reason)], pairs...)
	if !n.Strange {
		return reason
	}
	answer, besides := rd.Need.Strange.Answer, rd.Need.Strange.Besides
	if n.Near != "" {
		answer, besides = rd.Need.Strange.AnswerNear, rd.Need.Strange.BesidesNear
	}
	if n.Unknown {
		return rd.Say(answer, pairs...)
	}
	return reason + " " + rd.Say(besides, pairs...)
}

// setNeed puts the answer about the requirement at the head of the page. Where the card is valid and there is no yes, the
// page is not green: people look at the colour first.
func (p *verdictPage) setNeed(rd reader, v verify.Verdict, a asked, known []card.Requirement) {
	w := a.wanted
	if !w.asked() {
		return
	}
	n := v.MeetsAmong(w.code, known)
	because := rd.Need.BadAnswer
	if !w.bad {
		because = rd.because(v, n)
	}
	if n.Answer {
		p.Meets, p.Answer = rd.Say(rd.Need.Meets, "need", n.Code), because
		return
	}
	if !v.IsValid() {
		p.Answer = because
		return
	}
	p.Tone, p.Message, p.Answer = amber, because, rd.Need.Itself
	if a.byNumber {
		p.Answer = rd.Number.Message
	}
	// No answer stands in place of VALID where the card is valid and the question has none.
	switch {
	case w.bad:
		p.Word, p.Tone, p.Advice = rd.Need.NoAnswer, grey, rd.Need.Advice.Bad
	case n.Strange:
		p.Word, p.Tone, p.Advice = rd.Need.NoAnswer, grey, rd.Need.Advice.Strange
	case n.Unknown:
		p.Word, p.Tone, p.Advice = rd.Need.NoAnswer, grey, rd.Say(rd.Need.Advice.Unknown, "need", n.Code)
	default:
		p.Word, p.Advice = rd.Say(rd.Need.Not, "need", n.Code), rd.Say(rd.Need.Advice.Not, "need", n.Code)
	}
}

// choice is a requirement that the page offers to ask about.
type choice struct {
	card.Requirement
	Link  string
	How   string // of a requirement that is no course: what meets it, the card's own course first; empty where nothing is known
	Asked bool
}

// choicesOf are the requirements known to the register, and those of the card that are not among them.
func choicesOf(rd reader, known []card.Requirement, c *card.Record, asked string) []choice {
	var all []choice
	seen := map[string]bool{}
	add := func(r card.Requirement) {
		if !seen[r.Code] && card.IsCourseCode(r.Code) {
			seen[r.Code] = true
			all = append(all, choice{Requirement: r, Link: rd.query(r.Code), How: howMet(rd, r, c), Asked: r.Code == asked})
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

// howMet says what meets a requirement that is no course, so that its code does not stand alone among titles.
func howMet(rd reader, r card.Requirement, c *card.Record) string {
	sentence, by := rd.Need.MetBy, ""
	switch {
	case r.Title != "":
		return ""
	case slices.Contains(c.Qualification.Meets, r.Code) && c.Qualification.Title != "":
		by = c.Qualification.Title
	case len(r.MetBy) == 0:
		return ""
	default:
		by = r.MetBy[0]
		if len(r.MetBy) > 1 {
			sentence = rd.Need.MetBySome
		}
	}
	return rd.Say(sentence, "course", rd.Isolate(by))
}

// statusOf raises the status of an answer to a question that was wrongly asked.
func (w wanted) statusOf(status int) int {
	if w.bad && status < http.StatusBadRequest {
		return http.StatusBadRequest
	}
	return status
}
