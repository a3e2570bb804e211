// Package seal checks the seal of a card's PDF file: that it is, byte for byte, the file that the training centre has issued.
//
// A seal is a PAdES baseline signature (ETSI EN 319 142-1) that certifies that no change is permitted. The check is strict, because
// the file is a stranger's: one signature, over every byte of the file but its own, by a certificate that leads to a root of the
// centre, in the one form that Cardproof writes. The cryptography comes first; what only a parser could tell is asked of bytes that the
// centre has vouched for. Whatever is in doubt is not sealed.
package seal

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// The limits on what is read.
const (
	MaxFile = 16 << 20 // bytes of a file
	maxCMS  = 64 << 10 // bytes of a signature, with its time stamp
)

// The ways in which a file is not sealed. They come wrapped with what was found.
var (
	// ErrUnsealed says that the file has no signature at all.
	ErrUnsealed = errors.New("the file has no seal")
	// ErrChanged says that the file, or its seal, is not what was sealed.
	ErrChanged = errors.New("the file was changed since it was sealed")
	// ErrForeign says that the file is whole, and that somebody else has sealed it.
	ErrForeign = errors.New("the file was sealed by somebody else")
	// ErrCertificate says that the certificate did not count at the time of the seal.
	ErrCertificate = errors.New("the certificate of the seal was not valid when the file was sealed")
	// ErrTimestamp says that the seal has a time stamp that can't be trusted.
	ErrTimestamp = errors.New("the time stamp of the seal can't be trusted")
	// ErrNotUnderstood says that the file has a signature of another kind than Cardproof's, or a broken one.
	ErrNotUnderstood = errors.New("the seal can't be understood")
)

// Trust is whom the check believes. TrustIn makes it of what a centre publishes.
type Trust struct {
	Roots          *x509.CertPool      // the centre's own, and nobody else's: each vouches for whatever it has signed for documents; required
	Authorities    *x509.CertPool      // roots that others have certificates of too: they vouch for Certificates alone; nil for none
	Certificates   []*x509.Certificate // the centre's own certificates, those that it used before among them
	TimestampRoots *x509.CertPool      // those of the time-stamp server; nil for those of the system
	Known          *Chains             // the chains that were found before; nil for none
}

// Seal is what a good seal says.
type Seal struct {
	Signer      string            // the common name in the certificate: the centre's
	Certificate *x509.Certificate // the one that sealed
	At          time.Time         // when it was sealed, by the centre's clock
	Stamped     time.Time         // when by the time-stamp server's; zero where there is none
}

// skew is how far two clocks may differ.
const skew = time.Minute

// Check checks the seal of a file at the time now. A Seal comes only without an error; the error is one of the kinds above. The
// certificates have to count at the time of the seal, which is the time stamp's or else the centre's own, and not now: a card outlives
// the certificate that it was sealed with. Whoever knows the card compares At with the time of issue.
func Check(file []byte, t Trust, now time.Time) (Seal, error) {
	if t.Roots == nil {
		return Seal{}, errors.New("a check of seals needs the roots of the centre")
	}
	p, err := find(file)
	if err != nil {
		return Seal{}, err
	}
	cms, err := p.contents()
	if err != nil {
		return Seal{}, err
	}
	s, err := readSigned(cms, oidData)
	if err != nil {
		return Seal{}, err
	}
	if !s.matches(p.file[:p.from], p.file[p.to:]) {
		return Seal{}, ErrChanged
	}
	if err := s.verify(); err != nil {
		return Seal{}, err
	}
	at, err := p.certified()
	if err == nil && at.After(now.Add(skew)) {
		err = fmt.Errorf("%w: it is of %s, which is to come", ErrNotUnderstood, at.Format(time.RFC3339))
	}
	found := Seal{Signer: s.signer.Subject.CommonName, Certificate: s.signer, At: at}
	sealedAt := at
	if s.stamp != nil && err == nil {
		if found.Stamped, err = checkStamp(s.stamp, s.signature, t.TimestampRoots, now); err == nil && at.After(found.Stamped.Add(skew)) {
			err = fmt.Errorf("%w: it is older than the seal", ErrTimestamp)
		}
		if err == nil {
			sealedAt = found.Stamped
		}
	}
	// A stranger's seal is a stranger's whatever else is wrong with it.
	if foreign := s.trusted(t, sealedAt); foreign != nil && (err == nil || errors.Is(foreign, ErrForeign)) {
		err = foreign
	}
	if err != nil {
		return Seal{}, err
	}
	return found, nil
}

// place is where the signature of a file lies.
type place struct {
	file     []byte
	from, to int // the hexadecimal string of /Contents, with its brackets
	rangeAt  int // the array of /ByteRange
}

var (
	byteRange = []byte("/ByteRange")
	traces    = [][]byte{[]byte("/Type/Sig"), []byte("/DocMDP"), []byte("/SigFlags"), []byte("ETSI.CAdES")}
)

// find finds the one signature of a file without reading the file as a PDF, and checks that it covers every byte but its own.
func find(file []byte) (*place, error) {
	if len(file) > MaxFile {
		return nil, fmt.Errorf("%w: the file is larger than %d bytes", ErrNotUnderstood, MaxFile)
	}
	at := bytes.Index(file, byteRange)
	if at < 0 {
		for _, trace := range traces {
			if bytes.Contains(file, trace) {
				return nil, fmt.Errorf("%w: it does not say what it covers", ErrNotUnderstood)
			}
		}
		return nil, ErrUnsealed
	}
	p := &place{file: file, rangeAt: at + len(byteRange)}
	var length int
	if !p.readRange(&length) {
		return nil, fmt.Errorf("%w: what it covers is no range", ErrNotUnderstood)
	}
	if p.to+length != len(file) {
		return nil, fmt.Errorf("%w: it covers %d of %d bytes", ErrChanged, p.to+length, len(file))
	}
	if bytes.Contains(file[at+1:], byteRange) {
		return nil, fmt.Errorf("%w: the file has more than one signature", ErrNotUnderstood)
	}
	return p, nil
}

// readRange reads "[0 from to length]": four whole numbers of at most nine digits, with one blank between them.
func (p *place) readRange(length *int) bool {
	rest := p.file[p.rangeAt:]
	for len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
		p.rangeAt++
	}
	for i, into := range []*int{new(int), &p.from, &p.to, length} {
		if len(rest) == 0 || rest[0] != "[   "[i] {
			return false
		}
		rest = rest[1:]
		digits := 0
		for ; digits < len(rest) && digits < 9 && rest[digits] >= '0' && rest[digits] <= '9'; digits++ {
			*into = 10**into + int(rest[digits]-'0')
		}
		if rest = rest[digits:]; digits == 0 || (i == 0 && *into != 0) {
			return false
		}
	}
	return len(rest) > 0 && rest[0] == ']' && p.rangeAt < p.from && p.from < p.to && p.to <= len(p.file)
}
