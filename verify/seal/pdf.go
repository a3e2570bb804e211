package seal

import (
	"encoding/asn1"
	"fmt"
	"time"

	"github.com/cardproof/cardproof/verify/seal/syntax"
)

// contents is the CMS out of the hexadecimal string of /Contents. Small letters only, and nothing but zeros behind it: these bytes
// are the only ones that the signature does not cover, so no second spelling of them may pass.
func (p *place) contents() ([]byte, error) {
	hex := p.file[p.from:p.to]
	if n := len(hex); n < 4 || n%2 != 0 || n > 2*maxCMS || hex[0] != '<' || hex[n-1] != '>' {
		return nil, fmt.Errorf("%w: its place holds none", ErrNotUnderstood)
	}
	hex = hex[1 : len(hex)-1]
	out := make([]byte, 0, len(hex)/2)
	for i := 0; i < len(hex); i += 2 {
		high, ok1 := nibble(hex[i])
		low, ok2 := nibble(hex[i+1])
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("%w: a digit of it is none", ErrNotUnderstood)
		}
		out = append(out, high<<4|low)
	}
	var whole asn1.RawValue
	rest, err := asn1.Unmarshal(out, &whole)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrNotUnderstood, err)
	}
	for _, b := range rest {
		if b != 0 {
			return nil, fmt.Errorf("%w: something stands behind it", ErrNotUnderstood)
		}
	}
	return whole.FullBytes, nil
}

func nibble(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

// certified reads the file as a PDF, and checks that its signature is the only one, that it is the one which the catalogue names as
// permitting no change, and that it lies where the bytes were taken from. It returns the time that the signature's dictionary says.
func (p *place) certified() (time.Time, error) {
	fail := func(what any) (time.Time, error) { return time.Time{}, fmt.Errorf("%w: %v", ErrNotUnderstood, what) }
	f, err := syntax.Open(p.file)
	if err != nil {
		return fail(err)
	}
	if f.TableAt < p.to {
		return fail("the file's table is not behind it")
	}
	catalogue, err := f.Follow(f.Trailer.Get("Root"))
	if err != nil {
		return fail(err)
	}
	form, err := inner(catalogue.Get("AcroForm"), "SigFlags", "3")
	if err != nil {
		return fail(err)
	}
	fields, err := syntax.Items(form.Get("Fields"))
	if err != nil || len(fields) != 1 {
		return fail("the file has more fields than the seal's")
	}
	field, err := f.Follow(fields[0])
	if err != nil {
		return fail(err)
	}
	permissions, err := inner(catalogue.Get("Perms"), "DocMDP", string(field.Get("V")))
	if err != nil || len(permissions) != 1 || string(field.Get("FT")) != "/Sig" {
		return fail("it does not certify the file")
	}
	signature, err := f.Follow(field.Get("V"))
	if err != nil {
		return fail(err)
	}
	return p.dictionary(signature.Dict)
}

// dictionary checks the dictionary of the signature.
func (p *place) dictionary(d syntax.Dict) (time.Time, error) {
	fail := func(what any) (time.Time, error) { return time.Time{}, fmt.Errorf("%w: %v", ErrNotUnderstood, what) }
	for _, e := range [][2]string{{"Type", "/Sig"}, {"Filter", "/Adobe.PPKLite"}, {"SubFilter", "/ETSI.CAdES.detached"}} {
		if string(d.Get(e[0])) != e[1] {
			return fail("it is no " + e[1])
		}
	}
	covered, _ := d.Entry("ByteRange")
	contents, _ := d.Entry("Contents")
	if covered.At != p.rangeAt || contents.At != p.from || len(contents.Raw) != p.to-p.from {
		return fail("its range is another's")
	}
	references, err := syntax.Items(d.Get("Reference"))
	if err != nil || len(references) != 1 {
		return fail("it does not say what is permitted")
	}
	reference, err := inner(references[0], "TransformMethod", "/DocMDP")
	if err != nil {
		return fail(err)
	}
	if _, err := inner(reference.Get("TransformParams"), "P", "1"); err != nil {
		return fail("it permits changes")
	}
	at, err := time.Parse("(D:20060102150405Z)", string(d.Get("M")))
	if err != nil {
		return fail("its time can't be read")
	}
	return at, nil
}

// inner reads a dictionary that is a value itself, and checks one of its entries.
func inner(raw []byte, key, want string) (syntax.Dict, error) {
	d, end, err := syntax.ReadDict(raw, 0)
	if err != nil {
		return nil, err
	}
	if end != len(raw) || want == "" || string(d.Get(key)) != want {
		return nil, fmt.Errorf("its /%s is not %s", key, want)
	}
	return d, nil
}
