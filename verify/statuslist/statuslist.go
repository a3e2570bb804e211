// Package statuslist is the Token Status List (draft-ietf-oauth-status-list): the states of many cards in one small signed file,
// from which a program learns whether a card was withdrawn without saying which card it looks at.
//
// It is pure: bits and text in, text and bits out. Package issuer/status keeps the lists fresh, and package verify/web serves them.
package statuslist

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cardproof/cardproof/card"
)

// Status is the state of one card in a list. 0 to 2 are the draft's (section 7.1), 3 is the first of those left to applications.
type Status uint8

// The states of a card.
const (
	Valid      Status = 0
	Revoked    Status = 1
	Suspended  Status = 2
	Superseded Status = 3
)

// Of is the status of a card in a state. A planned card may be signed already and wait in a held batch: it is not in force, and may
// come to be, as a suspended one. The answer is false for a state that no list knows.
func Of(s card.State) (Status, bool) {
	switch s {
	case card.Issued:
		return Valid, true
	case card.Revoked:
		return Revoked, true
	case card.Suspended, card.Planned:
		return Suspended, true
	case card.Superseded:
		return Superseded, true
	}
	return 0, false
}

// Limits of a list that is read. A list of ours has 32 KiB before it is packed.
const (
	MaxPacked   = 4 << 20 // bytes of zlib data
	MaxUnpacked = 1 << 20 // bytes of states
)

// Errors of a list.
var (
	ErrBits     = errors.New("a status has 1, 2, 4 or 8 bits")
	ErrRange    = errors.New("the status list has no such place")
	ErrTooLarge = errors.New("the status list is too large")
	ErrPacking  = errors.New("the status list is not zlib data in base64url")
)

// List is the states of many cards, of 1, 2, 4 or 8 bits each, the first in the lowest bits of the first byte (section 4.1). The
// zero value is no list.
type List struct {
	bits int
	data []byte
}

// New is a list of size places, all of them 0. size is in places, and fills whole bytes.
func New(bits, size int) (List, error) {
	if bits != 1 && bits != 2 && bits != 4 && bits != 8 {
		return List{}, ErrBits
	}
	if size < 1 || size*bits%8 != 0 {
		return List{}, fmt.Errorf("%w: %d of %d bits do not fill bytes", ErrRange, size, bits)
	}
	if size > MaxUnpacked*8/bits {
		return List{}, ErrTooLarge
	}
	return List{bits, make([]byte, size*bits/8)}, nil
}

// Bits is how many bits a status has.
func (l List) Bits() int { return l.bits }

// Len is how many places the list has.
func (l List) Len() int {
	if l.bits == 0 {
		return 0
	}
	return len(l.data) * 8 / l.bits
}

// At is the status at a place. The error is ErrRange: a card whose place is not in its list has no status, least of all a good one.
func (l List) At(index int64) (Status, error) {
	if index < 0 || index >= int64(l.Len()) {
		return 0, ErrRange
	}
	each := int64(8 / l.bits)
	return Status(l.data[index/each]>>(int(index%each)*l.bits)) & l.mask(), nil
}

// Set puts a status at a place. The error is ErrRange for a place that is not there, and ErrBits for a status that does not fit.
func (l List) Set(index int64, s Status) error {
	if index < 0 || index >= int64(l.Len()) {
		return ErrRange
	}
	if s > l.mask() {
		return ErrBits
	}
	each := int64(8 / l.bits)
	shift := int(index%each) * l.bits
	b := &l.data[index/each]
	*b = *b&^(byte(l.mask())<<shift) | byte(s)<<shift
	return nil
}

func (l List) mask() Status { return Status(1<<l.bits - 1) }

var base64url = base64.RawURLEncoding.Strict()

// Encode packs a list: DEFLATE at its best in zlib's format (RFC 1950), in base64url without padding (section 4.2).
func (l List) Encode() (string, error) {
	var b bytes.Buffer
	z, err := zlib.NewWriterLevel(&b, zlib.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := z.Write(l.data); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64url.EncodeToString(b.Bytes()), nil
}

// Decode unpacks a list, within MaxPacked and MaxUnpacked, and refuses an empty one and anything behind its end. The error is
// ErrBits, ErrTooLarge or ErrPacking.
func Decode(bits int, lst string) (List, error) {
	if _, err := New(bits, 8); err != nil {
		return List{}, err
	}
	if base64url.DecodedLen(len(lst)) > MaxPacked {
		return List{}, ErrTooLarge
	}
	packed, err := base64url.DecodeString(lst)
	if err != nil || strings.ContainsAny(lst, "\r\n") { // which Go's decoder would pass over
		return List{}, ErrPacking
	}
	rest := bytes.NewReader(packed)
	z, err := zlib.NewReader(rest)
	if err != nil {
		return List{}, fmt.Errorf("%w: %v", ErrPacking, err)
	}
	data, err := io.ReadAll(io.LimitReader(z, MaxUnpacked+1))
	if len(data) > MaxUnpacked {
		return List{}, ErrTooLarge
	}
	if err != nil { // a wrong checksum among others
		return List{}, fmt.Errorf("%w: %v", ErrPacking, err)
	}
	if len(data) == 0 || rest.Len() > 0 {
		return List{}, ErrPacking
	}
	return List{bits, data}, nil
}
