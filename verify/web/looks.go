package web

import (
	"fmt"
	"net/http"

	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/document"
	"github.com/cardproof/cardproof/verify/intake"
	"github.com/cardproof/cardproof/verify/web/phrase"
)

// tone is the colour of a verdict. Each has an icon of its own shape: colour alone tells nothing to many readers.
type tone string

const (
	green tone = "green"
	red   tone = "red"
	amber tone = "amber"
	grey  tone = "grey"
)

// tones are in the order in which the home page explains them.
var tones = []tone{green, amber, red, grey}

// look is how a verdict is shown, in every language. Its words are in the catalogue of texts.
type look struct {
	tone      tone
	status    int  // HTTP
	unvouched bool // there is no card that anybody vouches for, so none is shown
}

// looks has every code of the contract's table (docs/card-format.md, section 3).
var looks = map[verify.Code]look{
	verify.Valid:         {tone: green, status: http.StatusOK},
	verify.Expired:       {tone: red, status: http.StatusOK},
	verify.NotYetValid:   {tone: amber, status: http.StatusOK},
	verify.Revoked:       {tone: red, status: http.StatusOK},
	verify.Suspended:     {tone: amber, status: http.StatusOK},
	verify.Superseded:    {tone: amber, status: http.StatusOK},
	verify.StatusUnknown: {tone: amber, status: http.StatusOK},
	verify.Unregistered:  {tone: red, status: http.StatusOK, unvouched: true},
	verify.UnknownIssuer: {tone: red, status: http.StatusOK, unvouched: true},
	verify.KeyRevoked:    {tone: red, status: http.StatusOK, unvouched: true},
	verify.BadSignature:  {tone: red, status: http.StatusOK, unvouched: true},
	verify.WrongType:     {tone: red, status: http.StatusOK, unvouched: true},
	verify.InvalidClaims: {tone: red, status: http.StatusOK, unvouched: true},
	verify.Malformed:     {tone: grey, status: http.StatusBadRequest, unvouched: true},
	verify.NotFound:      {tone: grey, status: http.StatusNotFound, unvouched: true},
	verify.RateLimited:   {tone: grey, status: http.StatusTooManyRequests, unvouched: true},
	verify.Unavailable:   {tone: grey, status: http.StatusServiceUnavailable, unvouched: true},
}

// checkTexts says which verdict a language has no words for, or which words there are for none.
func checkTexts(l *phrase.Language) error {
	if len(l.Verdicts) != len(looks) {
		return fmt.Errorf("%s: words for %d verdicts, want %d", l.Name, len(l.Verdicts), len(looks))
	}
	for code := range looks {
		if _, ok := l.Verdicts[string(code)]; !ok {
			return fmt.Errorf("%s: no words for the verdict %s", l.Name, code)
		}
	}
	for _, state := range document.States() {
		if _, ok := l.Files.States[string(state)]; !ok || len(l.Files.States) != len(document.States())+1 { // and uncompared
			return fmt.Errorf("%s: no words for a file that is %s, or words for another state", l.Name, state)
		}
	}
	for _, kind := range intake.ProblemKinds() {
		if _, ok := l.Files.Problems[string(kind)]; !ok || len(l.Files.Problems) != len(intake.ProblemKinds()) {
			return fmt.Errorf("%s: no words for the problem %s, or words for another one", l.Name, kind)
		}
	}
	for _, t := range tones {
		if _, ok := l.Home.Tones[string(t)]; !ok || len(l.Home.Tones) != len(tones) {
			return fmt.Errorf("%s: no words for the tone %s, or words for another one", l.Name, t)
		}
	}
	for _, reason := range needReasons {
		if _, ok := l.Need.Reasons[string(reason)]; !ok || len(l.Need.Reasons) != len(needReasons) {
			return fmt.Errorf("%s: no words for the reason %s, or words for another one", l.Name, reason)
		}
	}
	return nil
}

// english is what cards are printed in, and what programs are told.
func (s *site) english() *phrase.Language { return s.texts.Languages[0] }
