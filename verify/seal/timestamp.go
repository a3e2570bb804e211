package seal

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"
)

// tstInfo is what a time-stamp server signs (RFC 3161, 2.4.2).
type tstInfo struct {
	Version int
	Policy  asn1.ObjectIdentifier
	Imprint struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}
	Serial     *big.Int
	Time       time.Time     `asn1:"generalized"`
	Accuracy   accuracy      `asn1:"optional"`
	Ordering   bool          `asn1:"optional,default:false"`
	Nonce      *big.Int      `asn1:"optional"`
	Server     asn1.RawValue `asn1:"optional,explicit,tag:0"`
	Extensions asn1.RawValue `asn1:"optional,tag:1"`
}

type accuracy struct {
	Seconds int `asn1:"optional"`
	Millis  int `asn1:"optional,tag:0"`
	Micros  int `asn1:"optional,tag:1"`
}

// Stamp is a time stamp that was checked.
type Stamp struct {
	At    time.Time // in whole seconds, rounded down
	Nonce *big.Int  // nil where it has none
}

// CheckStamp checks a time-stamp token (RFC 3161) over a message: its digest, its signature, and that its certificate is one for time
// stamps that led to one of the roots then. Roots that are nil are the system's. The error is ErrTimestamp.
func CheckStamp(token, message []byte, roots *x509.CertPool) (Stamp, error) {
	fail := func(what any) (Stamp, error) { return Stamp{}, fmt.Errorf("%w: %v", ErrTimestamp, what) }
	s, err := readSigned(token, oidTSTInfo)
	if err != nil {
		return fail(err)
	}
	var info tstInfo
	if err := unmarshal(s.content, &info); err != nil {
		return fail(err)
	}
	imprinted := false
	for _, h := range hashes {
		if info.Imprint.Algorithm.Algorithm.Equal(h.oid) && plain(info.Imprint.Algorithm) {
			sum := h.hash.New()
			sum.Write(message)
			imprinted = bytes.Equal(sum.Sum(nil), info.Imprint.Digest)
		}
	}
	switch {
	case info.Version != 1 || len(info.Extensions.FullBytes) > 0:
		return fail("it is of a kind that is not known")
	case !imprinted:
		return fail("it is about something else")
	case !s.matches(s.content):
		return fail("it was changed")
	case s.stamp != nil:
		return fail("it has a time stamp itself")
	}
	if err := s.verify(); err != nil {
		return fail(err)
	}
	if err := s.chain(nil, roots, info.Time, x509.ExtKeyUsageTimeStamping); err != nil {
		return fail(err)
	}
	return Stamp{info.Time.UTC().Truncate(time.Second), info.Nonce}, nil
}

func checkStamp(token, message []byte, roots *x509.CertPool, now time.Time) (time.Time, error) {
	s, err := CheckStamp(token, message, roots)
	if err == nil && s.At.After(now.Add(skew)) {
		err = fmt.Errorf("%w: it is of %s, which is to come", ErrTimestamp, s.At.Format(time.RFC3339))
	}
	return s.At, err
}
