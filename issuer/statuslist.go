package issuer

import (
	"fmt"

	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/issuer/internal/signer"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/statuslist"
)

// StatusKey is an opened key of status lists. Only OpenStatusKey makes one, and it signs nothing else: a server may hold it.
type StatusKey struct{ signing token.SigningKey }

// OpenStatusKey opens the active key of an issuer's status lists.
func OpenStatusKey(dir string, set *keys.Set, issuerURL string, pass Passphrase) (*StatusKey, error) {
	k, ok := set.Active(issuerURL, keys.StatusLists)
	if !ok {
		return nil, fmt.Errorf("%w that signs status lists: %s", ErrNoActiveKey, issuerURL)
	}
	signing, err := signer.Open(dir, k, pass)
	if err != nil {
		return nil, err
	}
	return &StatusKey{signing}, nil
}

// ID is the key's ID.
func (k *StatusKey) ID() string { return k.signing.ID }

// SignList writes a status list as a token.
func (k *StatusKey) SignList(c statuslist.Claims) (string, error) {
	return statuslist.Sign(c, k.signing)
}
