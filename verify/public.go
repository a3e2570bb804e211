package verify

import (
	"time"

	"github.com/cardproof/cardproof/card"
)

// Public is a verdict as the contract writes it in JSON (docs/card-format.md, section 3). Members may be added, none removed.
type Public struct {
	Valid      bool        `json:"valid"`
	Code       Code        `json:"code"`
	Reasons    []Code      `json:"reasons"` // never null
	Message    string      `json:"message"`
	CheckedAt  string      `json:"checked_at"`             // RFC 3339 in UTC and whole seconds
	StatusAsOf string      `json:"status_as_of,omitempty"` // likewise; not there where the register was not asked
	Card       *PublicCard `json:"card,omitempty"`         // not there where nobody vouches for it
	Meets      *PublicNeed `json:"meets,omitempty"`        // not there where no requirement was asked about
}

// PublicNeed is the answer to the question whether the card meets a requirement.
type PublicNeed struct {
	Need    string `json:"need"` // the requirement's code
	Answer  bool   `json:"answer"`
	Because string `json:"because"` // for a person
	// Code is an addition to the contract's members: the answer in one word.
	Code NeedCode `json:"code"`
}

// NeedCode is the answer about a requirement in one word.
type NeedCode string

// The answers. Only NeedMet is a yes.
const (
	NeedMet     NeedCode = "met"
	NeedNotMet  NeedCode = "not_met"
	NeedStrange NeedCode = "unknown_requirement" // neither the card nor any course of the centre has it
	NeedUnknown NeedCode = "no_answer"
)

func (n Need) code() NeedCode {
	switch {
	case n.Strange:
		return NeedStrange
	case n.Unknown:
		return NeedUnknown
	case n.Answer:
		return NeedMet
	}
	return NeedNotMet
}

// PublicCard is what is printed on a card.
type PublicCard struct {
	Number     string       `json:"number"` // XXXX-XXXX-XXXX
	Name       string       `json:"name"`
	Course     PublicCourse `json:"course"`
	Issued     string       `json:"issued"`  // YYYY-MM-DD, as printed
	Expires    string       `json:"expires"` // the last valid day, likewise
	Issuer     PublicIssuer `json:"issuer"`
	Instructor string       `json:"instructor"`
	ReplacedBy string       `json:"replaced_by"` // a number, or empty
	// Replacement is an addition to the contract's members: of a replaced card, the card that stands for it now.
	Replacement *PublicReplacement `json:"replacement,omitempty"`
	// InstructorID is an addition to the contract's members: it is printed, so whoever compares needs it.
	InstructorID string `json:"instructor_id"`
}

// PublicCourse is what a card says of its course.
type PublicCourse struct {
	Code  string   `json:"code"`
	Title string   `json:"title"`
	Level string   `json:"level"`
	Meets []string `json:"meets"` // never null
	// Trained is an addition to the contract's members: what the holder was trained to do.
	Trained string `json:"trained,omitempty"`
}

// PublicReplacement is the last card of a chain of replacements, and where it stands.
type PublicReplacement struct {
	Number string `json:"number"`
	Valid  bool   `json:"valid"`
	Code   Code   `json:"code"`
}

// PublicIssuer is whose card it is.
type PublicIssuer struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// Public is the verdict for other programs. nameOf gives the name of an issuer by its URL.
func (v Verdict) Public(nameOf func(url string) string) Public {
	p := Public{
		Valid:     v.IsValid(),
		Code:      v.Code,
		Reasons:   append([]Code{}, v.Reasons...),
		Message:   v.Message(),
		CheckedAt: v.CheckedAt.UTC().Format(time.RFC3339),
	}
	if !v.StatusAsOf.IsZero() {
		p.StatusAsOf = v.StatusAsOf.UTC().Format(time.RFC3339)
	}
	if v.Card != nil {
		p.Card = publicCard(v.Card, nameOf)
		if r := v.Replacement; r != nil {
			p.Card.Replacement = &PublicReplacement{r.Number.String(), r.Code == Valid, r.Code}
		}
	}
	return p
}

// Public is the answer for other programs.
func (n Need) Public() *PublicNeed { return &PublicNeed{n.Code, n.Answer, n.Because, n.code()} }

func publicCourse(c *card.Record) PublicCourse {
	q := c.Qualification
	return PublicCourse{Code: c.Course, Title: q.Title, Level: q.Level, Meets: append([]string{}, q.Meets...), Trained: q.Trained}
}

func publicCard(c *card.Record, nameOf func(string) string) *PublicCard {
	return &PublicCard{
		Number:     c.Number.String(),
		Name:       c.Name,
		Course:     publicCourse(c),
		Issued:     c.IssuedOn.String(),
		Expires:    c.ExpiresOn.String(),
		Issuer:     PublicIssuer{nameOf(c.Issuer), c.Issuer},
		Instructor: c.Instructor,
		ReplacedBy: c.ReplacedBy.String(),

		InstructorID: c.InstructorID,
	}
}
