//go:build cgo

package hsm

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/miekg/pkcs11"
)

// The curves as CKA_EC_PARAMS names them, in DER: by their identifiers (RFC 5480, RFC 8410), and Ed25519 also by name (PKCS #11 3.0,
// 2.3.5), which some tokens know alone.
var (
	oidP256     = []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}
	oidEd25519  = []byte{0x06, 0x03, 0x2b, 0x65, 0x70}
	nameEd25519 = append([]byte{0x13, 0x0c}, "edwards25519"...)
)

// Created is a new key in a token.
type Created struct {
	crypto.Signer
	URI URI // of the key

	device  *device
	objects []pkcs11.ObjectHandle
}

// Create makes a key pair in the token that a URI names: the private half is made there, is sensitive, and can't be taken out. The label is
// the URI's object. The ID is the URI's, or a random one. Without an algorithm it is Ed25519 where the token has it, and else P-256. The
// error is one of this package's; nothing is then left in the token.
func Create(u URI, alg Algorithm, pin PIN) (c *Created, err error) {
	if u.Object == "" {
		return nil, fmt.Errorf("%w: it names no object", ErrURI)
	}
	if len(u.ID) == 0 {
		u.ID = make([]byte, 8)
		if _, err := rand.Read(u.ID); err != nil {
			return nil, err
		}
	}
	d, err := deviceOf(u)
	if err != nil {
		return nil, err
	}
	c = &Created{URI: u, device: d}
	var public crypto.PublicKey
	err = d.once(pin, func(s *session) error {
		if alg, err = d.choose(alg); err != nil {
			return err
		}
		found, err := d.objects(s, URI{Object: u.Object}, pkcs11.CKO_PRIVATE_KEY)
		if err == nil && len(found) > 0 {
			err = fmt.Errorf("%w: it has a key of this name already: %s", ErrFailed, u.Place())
		}
		if err != nil {
			return err
		}
		public, err = c.generate(alg)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.Signer, err = newKey(d, c.URI, public, pin)
	return c, err
}

// choose is the algorithm of a new key, which the token has to have.
func (d *device) choose(alg Algorithm) (Algorithm, error) {
	all, err := d.lib.ctx.GetMechanismList(d.slot)
	if err != nil {
		return "", fmt.Errorf("%w to say what it can: %w", ErrFailed, err)
	}
	has := map[uint]bool{}
	for _, m := range all {
		has[m.Mechanism] = true
	}
	switch {
	case alg != P256 && has[ckmEdDSA] && has[ckmECEdwardsKeyPairGen]:
		return Ed25519, nil
	case alg != Ed25519 && has[pkcs11.CKM_ECDSA] && has[pkcs11.CKM_EC_KEY_PAIR_GEN]:
		return P256, nil
	}
	return "", fmt.Errorf("%w: %s has neither of CKM_EDDSA and CKM_ECDSA that would do, with the making of its keys", ErrMechanism, d.uri)
}

// inWritable runs do with a session that may write; the login is that of the session that is open already.
func (d *device) inWritable(do func(pkcs11.SessionHandle) error) error {
	s, err := d.lib.ctx.OpenSession(d.slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return fmt.Errorf("%w a session that may write: %w", ErrFailed, err)
	}
	return errors.Join(do(s), d.lib.ctx.CloseSession(s))
}

// generate makes the key pair, and looks whether the token keeps it as it was told to.
func (c *Created) generate(alg Algorithm) (public crypto.PublicKey, err error) {
	mechanism, curves := uint(pkcs11.CKM_EC_KEY_PAIR_GEN), [][]byte{oidP256}
	if alg == Ed25519 {
		mechanism, curves = ckmECEdwardsKeyPairGen, [][]byte{oidEd25519, nameEd25519}
	}
	ctx := c.device.lib.ctx
	err = c.device.inWritable(func(s pkcs11.SessionHandle) error {
		var failed error
		for _, curve := range curves {
			pub, private, err := ctx.GenerateKeyPair(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}, c.publicTemplate(curve), c.privateTemplate())
			if err != nil {
				failed = fmt.Errorf("%w to make a key: %w", ErrFailed, err)
				continue
			}
			c.objects = []pkcs11.ObjectHandle{private, pub}
			if public, err = c.inspect(s, alg); err != nil {
				return errors.Join(err, c.destroy(s))
			}
			return nil
		}
		return failed
	})
	return public, err
}

func (c *Created) publicTemplate(curve []byte) []*pkcs11.Attribute {
	return []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_VERIFY, true), pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, curve),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, c.URI.Object), pkcs11.NewAttribute(pkcs11.CKA_ID, c.URI.ID),
	}
}

func (c *Created) privateTemplate() []*pkcs11.Attribute {
	return []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true), pkcs11.NewAttribute(pkcs11.CKA_SIGN, true),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true), pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
		// It signs, and nothing else; without these some tokens let it.
		pkcs11.NewAttribute(pkcs11.CKA_DECRYPT, false), pkcs11.NewAttribute(pkcs11.CKA_UNWRAP, false), pkcs11.NewAttribute(pkcs11.CKA_DERIVE, false),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, c.URI.Object), pkcs11.NewAttribute(pkcs11.CKA_ID, c.URI.ID),
	}
}

// inspect reads the public half, and what the token says of the private one.
func (c *Created) inspect(s pkcs11.SessionHandle, alg Algorithm) (crypto.PublicKey, error) {
	ctx := c.device.lib.ctx
	for attribute, want := range map[uint]byte{pkcs11.CKA_SENSITIVE: 1, pkcs11.CKA_EXTRACTABLE: 0, pkcs11.CKA_NEVER_EXTRACTABLE: 1} {
		got, err := ctx.GetAttributeValue(s, c.objects[0], []*pkcs11.Attribute{pkcs11.NewAttribute(attribute, nil)})
		if err != nil || !bytes.Equal(got[0].Value, []byte{want}) {
			return nil, fmt.Errorf("%w: %s", ErrExtractable, c.URI.Place())
		}
	}
	// Some tokens keep a part of an ID alone.
	id, err := ctx.GetAttributeValue(s, c.objects[0], []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_ID, nil)})
	if err != nil {
		return nil, fmt.Errorf("%w to say what a key is: %w", ErrFailed, err)
	}
	c.URI.ID = id[0].Value
	got, err := ctx.GetAttributeValue(s, c.objects[1], []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_EC_POINT, nil)})
	if err != nil {
		return nil, fmt.Errorf("%w to show the public key: %w", ErrFailed, err)
	}
	return parsePoint(got[0].Value, alg)
}

// parsePoint reads CKA_EC_POINT: the point in a DER OCTET STRING, as the standard has it, or bare, as some tokens write it.
func parsePoint(point []byte, alg Algorithm) (crypto.PublicKey, error) {
	size := 65 // 4, x, y
	if alg == Ed25519 {
		size = ed25519.PublicKeySize
	}
	if len(point) == size+2 && bytes.Equal(point[:2], []byte{0x04, byte(size)}) {
		point = point[2:]
	}
	if len(point) != size || alg == P256 && point[0] != 4 {
		return nil, fmt.Errorf("%w to show the public key: it is not written as a point", ErrFailed)
	}
	if alg == Ed25519 {
		return ed25519.PublicKey(bytes.Clone(point)), nil
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, fmt.Errorf("%w to show the public key: %w", ErrFailed, err)
	}
	return public, nil
}

// Discard takes the key out of the token again, where nothing came of it.
func (c *Created) Discard() error {
	k, ok := c.Signer.(*key)
	if !ok {
		return ErrNoKey
	}
	return c.device.once(k.pin, func(*session) error { return c.device.inWritable(c.destroy) })
}

func (c *Created) destroy(s pkcs11.SessionHandle) error {
	var errs []error
	for _, o := range c.objects {
		if err := c.device.lib.ctx.DestroyObject(s, o); err != nil {
			errs = append(errs, fmt.Errorf("%w to take %s out again: %w", ErrFailed, c.URI.Place(), err))
		}
	}
	return errors.Join(errs...)
}
