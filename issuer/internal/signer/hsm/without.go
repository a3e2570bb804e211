//go:build !cgo

package hsm

import "crypto"

// Open says that this build can't: ErrBuild.
func Open(URI, crypto.PublicKey, PIN) (crypto.Signer, error) { return nil, ErrBuild }

// Created is a new key in a token. This build makes none.
type Created struct {
	crypto.Signer
	URI URI
}

// Discard does nothing: there is no key.
func (*Created) Discard() error { return ErrBuild }

// Create says that this build can't: ErrBuild.
func Create(URI, Algorithm, PIN) (*Created, error) { return nil, ErrBuild }
