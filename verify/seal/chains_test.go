package seal

import (
	"crypto/x509"
	"errors"
	"testing"
	"time"
)

// What is remembered of a chain changes no verdict: not for other roots, and not at a time at which the chain does not count.
func TestChainsChangeNoVerdict(t *testing.T) {
	file, trust := stamped(t)
	trust.Known = new(Chains)
	for range 2 {
		if _, err := Check(file, trust, checkedAt); err != nil {
			t.Fatal(err)
		}
	}
	if len(trust.Known.found) != 1 {
		t.Fatalf("got %d chains, want one", len(trust.Known.found))
	}
	foreign := trust
	foreign.Roots = x509.NewCertPool()
	if _, err := Check(file, foreign, checkedAt); !errors.Is(err, ErrForeign) {
		t.Errorf("other roots: got %v, want ErrForeign", err)
	}
	for key, s := range trust.Known.found {
		for at, want := range map[time.Time]bool{
			s.from: true, s.to: true, s.from.Add(-time.Second): false, s.to.Add(time.Second): false,
		} {
			if got := trust.Known.counted(key, at); got != want {
				t.Errorf("at %s: got %t, want %t", at, got, want)
			}
		}
		key.certificates[0] ^= 1
		if trust.Known.counted(key, s.from) {
			t.Error("another certificate: got a chain")
		}
	}
}
