package httpd

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// note is what a handler tells the access log.
type note struct {
	id      string
	outcome string
	token   string
	cards   map[Card]int
	err     *Error
}

type noteKey struct{}

// newID is a new name for a request: 128 random bits. Those of others are never taken over: whoever sends a request could
// write anything into our log by it.
func newID() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	return hex.EncodeToString(raw[:])
}

// RequestID is the name of the request whose context it is, as its log lines and its X-Request-Id have it: 32 hexadecimal
// digits. It is empty outside of a Guard.
func RequestID(ctx context.Context) string {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		return n.id
	}
	return ""
}

// NoteOutcome tells the access log the outcome of a request in one word, such as a verdict's code.
func NoteOutcome(ctx context.Context, outcome string) {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		n.outcome = outcome
	}
}

// Card is what is counted of one card that a request asked about. Both words are the server's own, never a client's.
type Card struct {
	Code string // of the verdict
	File string // the state of its file, where that is not to be relied on; empty otherwise
}

// NoteCard tells the observer of one card, once for each.
func NoteCard(ctx context.Context, c Card) {
	n, ok := ctx.Value(noteKey{}).(*note)
	if !ok {
		return
	}
	if n.cards == nil {
		n.cards = make(map[Card]int, 1)
	}
	n.cards[c]++
}

// CardsOf is what NoteCard has said so far, for a log: "1 bad_signature, 2 valid, 1 valid in a file that is altered".
func CardsOf(ctx context.Context) string {
	n, ok := ctx.Value(noteKey{}).(*note)
	if !ok {
		return ""
	}
	var all []string
	for _, c := range slices.SortedFunc(maps.Keys(n.cards), func(a, b Card) int { return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.File, b.File)) }) {
		text := strconv.Itoa(n.cards[c]) + " " + c.Code
		if c.File != "" {
			text += " in a file that is " + c.File
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// NoteToken tells the access log which token was asked about: 8 bytes of its SHA-256, enough to find two questions about
// the same card, and no way back to it.
func NoteToken(ctx context.Context, token string) {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		sum := sha256.Sum256([]byte(token))
		n.token = hex.EncodeToString(sum[:8])
	}
}

// NoteError tells the access log why a request got no normal answer.
func NoteError(ctx context.Context, err *Error) {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		n.err = err
	}
}
