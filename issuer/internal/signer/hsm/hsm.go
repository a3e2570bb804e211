// Package hsm uses private keys that lie in a PKCS#11 token: an HSM, a smart card, or software that behaves as one. A key is a
// crypto.Signer; its private half never leaves the token, and what leaves the program is the message or the digest to sign.
//
// It needs cgo, because the library of a token is a C library. A build without cgo has the same functions, and each of them says
// that this build can't.
package hsm

import "errors"

// The ways in which a token can't be used. They come wrapped with what the token's library said, and never with a PIN.
var (
	ErrBuild       = errors.New("this build of the program has no PKCS#11")
	ErrURI         = errors.New("the PKCS#11 URI can't be used")
	ErrModule      = errors.New("the PKCS#11 library can't be used")
	ErrAbsent      = errors.New("the token is not there")
	ErrPIN         = errors.New("the PIN does not open the token")
	ErrLocked      = errors.New("the token may be locked by one more wrong PIN")
	ErrNoKey       = errors.New("the token has no such key")
	ErrKeyType     = errors.New("the key in the token is of another type")
	ErrMechanism   = errors.New("the token can't sign by this algorithm")
	ErrExtractable = errors.New("the token would give the key away")
	ErrLost        = errors.New("the token was lost, and did not come back at once")
	ErrFailed      = errors.New("the token refuses")
)

// PIN gives the PIN of a token. It is asked for at each login, and nothing keeps it.
type PIN func() ([]byte, error)

// Algorithm is what a key in a token signs by.
type Algorithm string

// The algorithms of keys in tokens.
const (
	Ed25519 Algorithm = "Ed25519" // CKM_EDDSA: the whole message goes to the token (PKCS #11 3.0, 2.3.14)
	P256    Algorithm = "P-256"   // CKM_ECDSA: the digest goes there, and r || s comes back (2.3.6)
)
