//go:build cgo

package hsm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/miekg/pkcs11"
)

// What PKCS #11 3.0 added for Ed25519, which the library's table of 2.40 does not have.
const (
	ckkECEdwards           = 0x40
	ckmECEdwardsKeyPairGen = 0x1055
	ckmEdDSA               = 0x1057
)

// key is a private key in a token. It is safe for concurrent use.
type key struct {
	device    *device
	uri       URI
	public    crypto.PublicKey
	pin       PIN
	keyType   uint
	mechanism uint
}

// Open finds the private key that a URI names, which has to belong to public: *ecdsa.PublicKey on P-256, or ed25519.PublicKey. That it does is for
// the caller to try. Its Sign takes what crypto.Signer says: for Ed25519 the message and crypto.Hash(0), for P-256 a SHA-256 digest, and
// answers in ASN.1 for P-256. The error is one of this package's.
func Open(u URI, public crypto.PublicKey, pin PIN) (crypto.Signer, error) {
	if u.Object == "" && len(u.ID) == 0 {
		return nil, fmt.Errorf("%w: it names no key", ErrURI)
	}
	d, err := deviceOf(u)
	if err != nil {
		return nil, err
	}
	k, err := newKey(d, u, public, pin)
	if err != nil {
		return nil, err
	}
	return k, d.with(pin, func(s *session) error {
		_, err := k.find(s)
		return err
	})
}

func newKey(d *device, u URI, public crypto.PublicKey, pin PIN) (*key, error) {
	k := &key{device: d, uri: u, public: public, pin: pin}
	switch p := public.(type) {
	case ed25519.PublicKey:
		k.keyType, k.mechanism = ckkECEdwards, ckmEdDSA
		return k, nil
	case *ecdsa.PublicKey:
		if p.Curve == elliptic.P256() {
			k.keyType, k.mechanism = pkcs11.CKK_EC, pkcs11.CKM_ECDSA
			return k, nil
		}
	}
	return nil, fmt.Errorf("%w: it is neither Ed25519 nor P-256", ErrKeyType)
}

func (k *key) Public() crypto.PublicKey { return k.public }

// Sign is that of crypto.Signer. The token takes its own random numbers.
func (k *key) Sign(_ io.Reader, message []byte, opts crypto.SignerOpts) (signature []byte, err error) {
	if k.mechanism == ckmEdDSA && opts.HashFunc() != 0 {
		return nil, errors.New("an Ed25519 key signs messages, and no digests")
	}
	if k.mechanism == pkcs11.CKM_ECDSA && (opts.HashFunc() != crypto.SHA256 || len(message) != crypto.SHA256.Size()) {
		return nil, errors.New("a P-256 key signs SHA-256 digests alone")
	}
	err = k.device.with(k.pin, func(s *session) error {
		h, err := k.handle(s)
		if err != nil {
			return err
		}
		ctx := k.device.lib.ctx
		if err = ctx.SignInit(s.handle, []*pkcs11.Mechanism{pkcs11.NewMechanism(k.mechanism, nil)}, h); err == nil {
			signature, err = ctx.Sign(s.handle, message)
		}
		if err != nil {
			return fmt.Errorf("%w a signature: %w", ErrFailed, err)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, k.uri.Place())
	}
	if len(signature) != 64 { // of both kinds
		return nil, fmt.Errorf("%w: it answers a signature of %d bytes: %s", ErrFailed, len(signature), k.uri.Place())
	}
	if k.mechanism == ckmEdDSA {
		return signature, nil
	}
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])})
}

// handle is the key in a session, which is looked for once.
func (k *key) handle(s *session) (pkcs11.ObjectHandle, error) {
	name := k.uri.String()
	if h, ok := s.keys[name]; ok {
		return h, nil
	}
	h, err := k.find(s)
	if err == nil {
		s.keys[name] = h
	}
	return h, err
}

// find looks for the key. The error is ErrNoKey or ErrKeyType.
func (k *key) find(s *session) (pkcs11.ObjectHandle, error) {
	place := k.uri.Place()
	found, err := k.device.objects(s, k.uri, pkcs11.CKO_PRIVATE_KEY)
	if err != nil {
		return 0, err
	}
	switch len(found) {
	case 0:
		// Who is not logged in sees no private keys.
		if i, err := k.device.lib.ctx.GetSessionInfo(s.handle); err != nil || i.State == pkcs11.CKS_RO_PUBLIC_SESSION {
			return 0, fmt.Errorf("%w to show its keys: %w", ErrFailed, pkcs11.Error(pkcs11.CKR_USER_NOT_LOGGED_IN))
		}
		return 0, fmt.Errorf("%w: %s", ErrNoKey, place)
	case 1:
	default:
		return 0, fmt.Errorf("%w that is the only one: several fit %s", ErrNoKey, place)
	}
	keyType, err := k.device.number(s, found[0], pkcs11.CKA_KEY_TYPE)
	if err != nil {
		return 0, err
	}
	if keyType != k.keyType {
		return 0, fmt.Errorf("%w than jwks.json or the certificate says: %s", ErrKeyType, place)
	}
	return found[0], nil
}

// objects are up to two objects of a class that a URI fits.
func (d *device) objects(s *session, u URI, class uint) ([]pkcs11.ObjectHandle, error) {
	template := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, class)}
	if u.Object != "" {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_LABEL, u.Object))
	}
	if len(u.ID) > 0 {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_ID, u.ID))
	}
	ctx := d.lib.ctx
	err := ctx.FindObjectsInit(s.handle, template)
	if err != nil {
		return nil, fmt.Errorf("%w to look for a key: %w", ErrFailed, err)
	}
	found, _, err := ctx.FindObjects(s.handle, 2)
	if err = errors.Join(err, ctx.FindObjectsFinal(s.handle)); err != nil {
		return nil, fmt.Errorf("%w to look for a key: %w", ErrFailed, err)
	}
	return found, nil
}

// number is an attribute that is a CK_ULONG, which stands in the machine's own order of bytes.
func (d *device) number(s *session, h pkcs11.ObjectHandle, attribute uint) (uint, error) {
	all, err := d.lib.ctx.GetAttributeValue(s.handle, h, []*pkcs11.Attribute{pkcs11.NewAttribute(attribute, nil)})
	if err != nil {
		return 0, fmt.Errorf("%w to say what a key is: %w", ErrFailed, err)
	}
	switch len(all[0].Value) {
	case 4:
		return uint(binary.NativeEndian.Uint32(all[0].Value)), nil
	case 8:
		return uint(binary.NativeEndian.Uint64(all[0].Value)), nil
	}
	return 0, fmt.Errorf("%w to say what a key is", ErrFailed)
}
