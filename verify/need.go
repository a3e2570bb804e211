package verify

import (
	"slices"
	"strings"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/spelling"
)

// Need is the answer to the question whether a card meets a requirement.
type Need struct {
	Code    string // of the requirement, in upper case; empty where what was asked for is none
	Answer  bool   // true only for a valid card that answers the requirement
	Because string // the answer in words, which begin with Yes, No or No answer
	// Unknown says that there is no answer: the card may or may not meet the requirement. Answer is then false.
	Unknown bool
	// Strange says that neither the card nor any course of the centre has the requirement: there may be a slip in its code. Answer
	// is then false, and Unknown is true where nothing else is against the card.
	Strange bool
	Near    string     // of a strange requirement: the known one that was likely meant; empty for none
	Reason  NeedReason // why, for who says it in other words than Because; of a strange one beside that it is strange
}

// NeedReason is why the answer about a requirement is as it is: there is one for each kind of sentence.
type NeedReason string

// The reasons. Those that end in Number are about a number that was typed, where the card itself was not seen.
const (
	NeedIsMet           NeedReason = "met"
	NeedIsMetNumber     NeedReason = "met_number"
	NeedIsNotMet        NeedReason = "not_met"
	NeedIsNotMetNumber  NeedReason = "not_met_number"
	NeedWouldBeMet      NeedReason = "would_be_met"      // but the verdict is against the card
	NeedWouldNotBeMet   NeedReason = "would_not_be_met"  // and the verdict is against the card
	NeedMayBeMet        NeedReason = "may_be_met"        // but it is not known whether the card is in force
	NeedUnlearned       NeedReason = "unlearned"         // nothing is known of what the card meets
	NeedUnlearnedAnyway NeedReason = "unlearned_anyway"  // nor would it help: the verdict is against the card
	NeedNoVoucher       NeedReason = "no_voucher"        // nobody vouches for the card
	NeedNoVoucherNumber NeedReason = "no_voucher_number" // nor for a card of this number
	NeedUnread          NeedReason = "unread"            // nothing was read that is a card
	NeedUnchecked       NeedReason = "unchecked"         // the card could not be checked
	NeedNoCode          NeedReason = "no_code"           // what was asked for is no requirement
)

// ParseNeed reads the code of a requirement as a person gives it, in any case and with spaces around it: 1 to 16 of A-Z, 0-9
// and the hyphen. It answers false for anything else.
func ParseNeed(text string) (code string, ok bool) {
	code = strings.TrimSpace(text)
	if !isASCII(code) {
		return "", false // there are letters beyond ASCII whose upper case is in A-Z
	}
	code = strings.ToUpper(code)
	if !card.IsCourseCode(code) {
		return "", false
	}
	return code, true
}

// MeetsAmong is Meets by somebody who knows what the centre's courses meet today. What none of them does, and the card neither, is
// said to be strange instead of not met: an employer who types BSL must not read that a nurse has no BLS. An empty list says
// nothing.
func (v Verdict) MeetsAmong(need string, known []card.Requirement) Need {
	n := v.Meets(need)
	is := func(r card.Requirement) bool { return r.Code == n.Code }
	if n.Code == "" || v.Card == nil || len(known) == 0 || slices.ContainsFunc(known, is) || slices.Contains(v.Card.Qualification.Meets, n.Code) {
		return n
	}
	n.Strange = true
	question := "this centre knows no requirement " + n.Code
	var codes []string
	for _, r := range known {
		codes = append(codes, r.Code)
	}
	if n.Near = spelling.Nearest(n.Code, codes); n.Near != "" {
		question += "; did you mean " + n.Near + "?"
	} else {
		question += "."
	}
	if v.IsValid() || n.Unknown {
		n.Unknown, n.Because = true, "No answer: "+question
		return n
	}
	n.Because += " Besides, " + question
	return n
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7f })
}

// Meets says whether the card of the verdict meets a requirement, from what was frozen with the card on the day of issue; no
// catalogue is asked. What could not be learned is no yes.
func (v Verdict) Meets(need string) Need {
	code, ok := ParseNeed(need)
	if !ok {
		return Need{Unknown: true, Reason: NeedNoCode, Because: "No answer: what was asked for is not the code of a requirement, such as BLS or CPR."}
	}
	n := Need{Code: code}
	tail, listed := against[v.Code]
	if v.Card == nil || !listed && !v.IsValid() {
		n.Because, n.Reason, n.Unknown = withoutCard(v.Code)
		return n
	}
	meets, subject := v.Card.Qualification.Meets, "this "+v.Card.Course+" card"
	met := slices.Contains(meets, code)
	n.Answer = met && v.IsValid()
	n.Unknown = v.Code == StatusUnknown && met || len(meets) == 0 && (v.IsValid() || v.Code == StatusUnknown)
	switch {
	case len(meets) == 0 && n.Unknown:
		n.Reason, n.Because = NeedUnlearned, "No answer: it could not be learned what "+subject+" meets."
	case len(meets) == 0:
		n.Reason, n.Because = NeedUnlearnedAnyway, "No. It could not be learned what "+subject+" meets, and "+tail+"."
	case v.IsValid():
		n.Reason, n.Because = v.inForce(code, met)
	case n.Unknown:
		n.Reason, n.Because = NeedMayBeMet, "No answer: "+subject+" would meet "+code+", but "+tail+"."
	case met:
		n.Reason, n.Because = NeedWouldBeMet, "No. "+upperFirst(subject)+" would meet "+code+", but "+tail+"."
	default:
		n.Reason, n.Because = NeedWouldNotBeMet, "No. "+upperFirst(subject)+" would not meet "+code+", and "+tail+"."
	}
	return n
}

// inForce is the answer about a valid card. Of a number that was typed only the register is known: the card that carries it
// may be a forged one.
func (v Verdict) inForce(code string, met bool) (NeedReason, string) {
	subject := "this " + v.Card.Course + " card"
	if v.ByNumber {
		subject = "the " + v.Card.Course + " card of this number"
	}
	q := v.Card.Qualification
	if details := slices.DeleteFunc([]string{q.Title, q.Level}, func(s string) bool { return s == "" }); len(details) > 0 {
		subject += " (" + strings.Join(details, ", ") + ")"
	}
	switch {
	case met && v.ByNumber:
		return NeedIsMetNumber, "Yes, as far as the register says: " + subject + " meets " + code + ". Compare the card."
	case met:
		return NeedIsMet, "Yes. " + upperFirst(subject) + " meets " + code + "."
	case v.ByNumber:
		return NeedIsNotMetNumber, "No. " + upperFirst(subject) + " meets " + joined(q.Meets) + ", not " + code + "."
	}
	return NeedIsNotMet, "No. " + upperFirst(subject) + " meets " + joined(q.Meets) + ", not " + code + "."
}

// against is what keeps a card of that verdict from counting.
var against = map[Code]string{
	Expired:       "it has expired",
	NotYetValid:   "it does not count yet",
	Revoked:       "the issuer has withdrawn it for good",
	Suspended:     "the issuer has withdrawn it for now",
	Superseded:    "the issuer has replaced it with a newer one",
	StatusUnknown: "it could not be learned whether it is still in force",
}

// withoutCard is the answer where there is no card that anybody vouches for.
func withoutCard(code Code) (because string, reason NeedReason, unknown bool) {
	switch code {
	case Malformed:
		return "No answer: nothing was read that is a card or the number of one.", NeedUnread, true
	case RateLimited, Unavailable, StatusUnknown:
		return "No answer: the card could not be checked just now.", NeedUnchecked, true
	case NotFound:
		return "No. Nothing vouches for a card of this number.", NeedNoVoucherNumber, false
	}
	return "No. Nothing vouches for this card.", NeedNoVoucher, false
}

// joined is a list in words: A; A and B; A, B and C.
func joined(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
