package web

import (
	"net/http"

	"github.com/cardproof/cardproof/verify"
)

// tone is the colour of a verdict. Each has an icon of its own shape: colour alone tells nothing to many readers.
type tone string

const (
	green tone = "green"
	red   tone = "red"
	amber tone = "amber"
	grey  tone = "grey"
)

// look is how a verdict is shown.
type look struct {
	word      string // in capitals, in place of the code
	tone      tone
	status    int    // HTTP
	advice    string // what to do now
	unvouched bool   // there is no card that anybody vouches for, so none is shown
}

// looks has every code of the contract's table (docs/card-format.md, section 3).
var looks = map[verify.Code]look{
	verify.Valid: {word: "VALID", tone: green, status: http.StatusOK,
		advice: "Compare the name with a photo ID, and every line below with the card in front of you."},
	verify.Expired: {word: "EXPIRED", tone: red, status: http.StatusOK,
		advice: "Do not accept this card. Ask the holder for a current one."},
	verify.NotYetValid: {word: "NOT YET VALID", tone: amber, status: http.StatusOK,
		advice: "Do not accept this card today. Check it again later, or ask the issuer."},
	verify.Revoked: {word: "REVOKED", tone: red, status: http.StatusOK,
		advice: "Do not accept this card. Ask the holder for another one. If in doubt, ask the issuer."},
	verify.Suspended: {word: "SUSPENDED", tone: amber, status: http.StatusOK,
		advice: "Do not accept this card for now. Ask the issuer, or check it again later."},
	verify.Superseded: {word: "REPLACED", tone: amber, status: http.StatusOK,
		advice: "Do not accept this card. Ask the holder for the newer one."},
	verify.StatusUnknown: {word: "STATUS UNKNOWN", tone: amber, status: http.StatusOK,
		advice: "Do not accept this card yet. Check it again in a few minutes."},
	verify.Unregistered: {word: "NOT REGISTERED", tone: red, status: http.StatusOK, unvouched: true,
		advice: "Do not accept this card. Keep a copy of it, and tell the issuer."},
	verify.UnknownIssuer: {word: "UNKNOWN ISSUER", tone: red, status: http.StatusOK, unvouched: true,
		advice: "Do not accept this card. If another issuer is named on it, check it at that issuer’s own address."},
	verify.KeyRevoked: {word: "KEY WITHDRAWN", tone: red, status: http.StatusOK, unvouched: true,
		advice: "Do not accept this card. Ask the issuer to sign it anew."},
	verify.BadSignature: {word: "FORGED OR ALTERED", tone: red, status: http.StatusOK, unvouched: true,
		advice: "Do not accept this card. Keep a copy of it, and tell the issuer that is named on it."},
	verify.WrongType: {word: "NOT A CARD", tone: red, status: http.StatusOK, unvouched: true,
		advice: "Do not accept this as a card. Scan the QR code on the card itself."},
	verify.InvalidClaims: {word: "FAULTY CARD", tone: red, status: http.StatusOK, unvouched: true,
		advice: "Do not accept this card. Tell the issuer about it."},
	verify.Malformed: {word: "NOT READABLE", tone: grey, status: http.StatusBadRequest, unvouched: true,
		advice: "Nothing was checked. Scan the QR code again in good light, or type the card number here."},
	verify.NotFound: {word: "NOT FOUND", tone: grey, status: http.StatusNotFound, unvouched: true,
		advice: "Compare what you typed with the card. If it is the same, do not accept the card, and ask the issuer."},
	verify.RateLimited: {word: "NOT CHECKED", tone: grey, status: http.StatusTooManyRequests, unvouched: true,
		advice: "Nothing was checked, and nothing is known of the card. Wait a minute, then load this page again."},
	verify.Unavailable: {word: "NOT CHECKED", tone: grey, status: http.StatusServiceUnavailable, unvouched: true,
		advice: "Nothing is known of the card: do not accept it yet. Wait a minute, then load this page again."},
}

// mistyped is how a malformed verdict is shown where a number was typed: there is more to say than of a scan.
var mistyped = look{word: "MISTYPED", tone: grey,
	advice: "Nothing was checked. Compare the number with the card, one character after the other, and type it again."}

// specimen is how a malformed verdict is shown where the code is that of a specimen.
var specimen = look{word: "SPECIMEN", tone: grey,
	advice: "It shows what a card looks like, and certifies nothing: do not accept it."}

const (
	byNumberMessage = "The issuer’s register holds a card with this number, and that card is valid today."
	byNumberAdvice  = "Compare the name with a photo ID, and every line below with the card in front of you. A forged card can carry a genuine number: scan its QR code to check the card itself."

	// itselfMessage stands below the answer that a valid card does not meet a requirement.
	itselfMessage = "The card itself is genuine, and it is valid today."

	slipMessage  = "This is not quite a card number: one character looks wrong, or two are swapped."
	shapeMessage = "This is not a card number: that has 12 letters and digits, such as N0XK-J8NR-241J."
	scanMessage  = "This is not a card, or the code was only read in part."
)
