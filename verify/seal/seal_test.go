package seal

import (
	"bytes"
	"crypto/x509"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/cardproof/cardproof/keys"
)

// checkedAt is later than the golden files.
var checkedAt = time.Date(2026, time.December, 1, 8, 0, 0, 0, time.UTC)

func roots(t testing.TB, name string) *x509.CertPool {
	t.Helper()
	all, err := keys.LoadCertificates("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return keys.Pool(all)
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// stamped is a file that was sealed and time-stamped once, as it has to be found good for ever; see issuer/seal for how it is made.
func stamped(t testing.TB) ([]byte, Trust) {
	t.Helper()
	return read(t, "stamped.pdf"), Trust{Roots: roots(t, "stamped.roots.crt"), TimestampRoots: roots(t, "stamped.timestamp-roots.crt")}
}

func TestGoldenFile(t *testing.T) {
	file, trust := stamped(t)
	for name, at := range map[string]time.Time{"soon": checkedAt, "when its certificates have ended": checkedAt.AddDate(60, 0, 0)} {
		got, err := Check(file, trust, at)
		if err != nil || got.Signer != "Riverside Resuscitation Training" || got.Stamped.IsZero() || got.At.IsZero() {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestTrust(t *testing.T) {
	file, trust := stamped(t)
	other := x509.NewCertPool()
	for name, tc := range map[string]struct {
		trust Trust
		now   time.Time
		want  error
	}{
		"another centre's root":    {Trust{Roots: trust.TimestampRoots, TimestampRoots: trust.TimestampRoots}, checkedAt, ErrForeign},
		"no root":                  {Trust{Roots: other, TimestampRoots: trust.TimestampRoots}, checkedAt, ErrForeign},
		"another server's root":    {Trust{Roots: trust.Roots, TimestampRoots: trust.Roots}, checkedAt, ErrTimestamp},
		"the system's roots":       {Trust{Roots: trust.Roots}, checkedAt, ErrTimestamp},
		"a stranger, and no stamp": {Trust{Roots: other, TimestampRoots: other}, checkedAt, ErrForeign},
		"before it was sealed":     {trust, checkedAt.AddDate(0, -1, 0), ErrNotUnderstood},
	} {
		if _, err := Check(file, tc.trust, tc.now); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
	}
	if _, err := Check(file, Trust{}, checkedAt); err == nil {
		t.Error("a check without roots finds a file good")
	}
}

// What lies where the signature does not reach has one spelling, and a range that leaves something out is none.
func TestRanges(t *testing.T) {
	file, trust := stamped(t)
	at := bytes.Index(file, []byte("/ByteRange")) + len("/ByteRange")
	end := at + bytes.IndexByte(file[at:], ']') + 1
	for _, text := range []string{"[0 1 2 3]", "[1 1 2 3]", "[0 0 0 0]", "[]", "[0 1 2]", "[0 1 2 3 4]", "[0 -1 2 3]", "[0 99999999999 2 3]", "[0  1 2 3]"} {
		bad := bytes.Clone(file)
		copy(bad[at:end], text+"                                ")
		if _, err := Check(bad, trust, checkedAt); !errors.Is(err, ErrNotUnderstood) && !errors.Is(err, ErrChanged) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// Under the roots of the golden file there is one good file in the world: that one.
func FuzzCheck(f *testing.F) {
	file, trust := stamped(f)
	f.Add(file)
	f.Add(file[:len(file)-1])
	f.Add([]byte("%PDF-1.7\n/ByteRange[0 10 12 1]<>%%EOF\n"))
	f.Add([]byte("/ByteRange[0 22 40 1]  <30800609>"))
	kinds := []error{ErrUnsealed, ErrChanged, ErrForeign, ErrCertificate, ErrTimestamp, ErrNotUnderstood}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := Check(data, trust, checkedAt)
		if err == nil {
			if !bytes.Equal(data, file) {
				t.Error("another file is found good")
			}
			return
		}
		for _, kind := range kinds {
			if errors.Is(err, kind) {
				return
			}
		}
		t.Errorf("%v is no kind of error of this package", err)
	})
}

// The CMS alone, past the digest that a mutated file fails at.
func FuzzSigned(f *testing.F) {
	file, _ := stamped(f)
	p, err := find(file)
	if err != nil {
		f.Fatal(err)
	}
	cms, err := p.contents()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(cms)
	f.Fuzz(func(t *testing.T, der []byte) {
		s, err := readSigned(der, oidData)
		if err != nil {
			if !errors.Is(err, ErrNotUnderstood) && !errors.Is(err, ErrChanged) {
				t.Errorf("%v is no kind of error of this package", err)
			}
			return
		}
		if s.verify() == nil && bytes.Equal(s.digest, nil) {
			t.Error("a signature over nothing is found good")
		}
		if s.stamp != nil {
			if _, err := CheckStamp(s.stamp, s.signature, x509.NewCertPool()); !errors.Is(err, ErrTimestamp) {
				t.Errorf("without a root a time stamp gives %v", err)
			}
		}
	})
}
