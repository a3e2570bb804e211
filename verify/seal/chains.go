package seal

import (
	"crypto/sha256"
	"crypto/x509"
	"sync"
	"time"
)

// Chains remembers which certificates led to which roots, so that the same ones need not be followed again for every file of a batch.
// Whether they count at the time of a seal is asked each time. The zero Chains is ready, and safe for concurrent use.
type Chains struct {
	mu    sync.Mutex
	found map[chainKey]span
}

// chainKey is what a chain was found for: every certificate that came with the signature, byte for byte, and whom it had to lead to.
type chainKey struct {
	certificates [sha256.Size]byte
	roots        *x509.CertPool
	usage        x509.ExtKeyUsage
}

// span is the time in which all certificates of a chain count, its ends included.
type span struct{ from, to time.Time }

// keptChains is how many chains are remembered. A centre has one, and another one when its certificate is renewed.
const keptChains = 16

func (s *signed) chainKey(roots *x509.CertPool, usage x509.ExtKeyUsage) chainKey {
	h := sha256.New()
	h.Write(s.signer.Raw) // each certificate says itself where it ends
	for _, c := range s.others {
		h.Write(c.Raw)
	}
	k := chainKey{roots: roots, usage: usage}
	h.Sum(k.certificates[:0])
	return k
}

// counted says whether a chain was found that counts at a time.
func (c *Chains) counted(key chainKey, at time.Time) bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.found[key]
	return ok && !at.Before(s.from) && !at.After(s.to)
}

func (c *Chains) keep(key chainKey, chain []*x509.Certificate) {
	if c == nil {
		return
	}
	s := span{chain[0].NotBefore, chain[0].NotAfter}
	for _, one := range chain[1:] {
		if one.NotBefore.After(s.from) {
			s.from = one.NotBefore
		}
		if one.NotAfter.Before(s.to) {
			s.to = one.NotAfter
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.found == nil || len(c.found) == keptChains {
		c.found = make(map[chainKey]span)
	}
	c.found[key] = s
}
