package seal

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/validate"

	verifyseal "github.com/cardproof/cardproof/verify/seal"
)

func TestSignAndCheck(t *testing.T) {
	s, trust := ours(t)
	for name, file := range map[string][]byte{"small": small(t), "drawn": drawn(t, 1), "least": leastFile()} {
		t.Run(name, func(t *testing.T) {
			sealed := sign(t, s, file)
			if !bytes.HasPrefix(sealed, file) {
				t.Error("the file itself was changed")
			}
			got, err := verifyseal.Check(sealed, trust, testNow)
			if err != nil {
				t.Fatal(err)
			}
			if got.Signer != "Riverside Resuscitation Training" || !got.At.Equal(testNow) || !got.Stamped.IsZero() || !got.Certificate.Equal(s.Certificate()) {
				t.Errorf("got %+v", got)
			}
			if added := len(sealed) - len(file); added > 4000 {
				t.Errorf("the seal takes %d bytes, want at most 4,000", added)
			}
		})
	}
}

// What the catalogue, the first page and the trailer had is there still.
func TestEntriesAreKept(t *testing.T) {
	s, trust := ours(t)
	const id = "<00112233445566778899aabbccddeeff>"
	file := plainFile([]string{
		"<</Type/Pages/Kids[2 0 R 4 0 R]/Count 2>>",
		"<</Type /Page\n/Parent 1 0 R /Annots [<</Type /Annot /Rect [0 0 9 9] /A <</S /URI /URI (a\\)>>)>>>>] /MediaBox[0 0 9 9]>>",
		"<<\n/Type /Catalog\n/Pages 1 0 R\n/Lang (en)\n/Names <<\n/EmbeddedFiles <</Names[]>>\n>>\n/Version /2.0\n/MarkInfo<</Marked true>>>>",
		"<</Type/Page/Parent 1 0 R/MediaBox[0 0 9 9]>>",
	}, "/Root 3 0 R/ID["+id+id+"]/Mine null")
	sealed := sign(t, s, file)
	if _, err := verifyseal.Check(sealed, trust, testNow); err != nil {
		t.Fatal(err)
	}
	update := sealed[len(file):]
	for _, want := range []string{"/Lang (en)", "<</Names[]>>", "/MarkInfo<</Marked true>>", "/Version /2.0", "(a\\)>>)>>>> 6 0 R] /MediaBox[0 0 9 9]>>",
		"/ID[" + id + "<", "/Mine null", "/Size 7/Prev "} {
		if !bytes.Contains(update, []byte(want)) {
			t.Errorf("the update has no %s:\n%s", want, update)
		}
	}
	if bytes.Contains(update, []byte("/Version/1.7")) {
		t.Error("the update names a version beside the one that was there")
	}
}

// pdfcpu is not ours, and reads the seal as one that certifies the file and permits nothing. It says "unknown" instead of "unchanged",
// because a root of one's own has no list of revocations, and "changed" for certain.
func TestPdfcpuSeesACertifiedFile(t *testing.T) {
	s, _ := ours(t)
	sealed := sign(t, s, drawn(t, 1))
	for name, tc := range map[string]struct {
		file []byte
		want int
	}{"as sealed": {sealed, model.Unknown}, "one byte changed": {altered(t, sealed), model.True}} {
		r := bytes.NewReader(tc.file)
		ctx, err := pdfcpu.Read(r, &model.Configuration{ValidationMode: model.ValidationRelaxed, Offline: true, Cmd: model.VALIDATESIGNATURES,
			Limits: model.DefaultResourceLimits()})
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.XRefTable(ctx); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		found, err := pdfcpu.ValidateSignatures(r, ctx, true)
		if err != nil || len(found) != 1 || len(found[0].Details.Signers) != 1 {
			t.Fatalf("%s: got %v, %v, want one signature", name, found, err)
		}
		got := found[0]
		if !got.Signature.Certified || got.DocModified != tc.want || got.Details.Signers[0].Permissions != model.CertifiedSigPermNoChangesAllowed ||
			!got.Details.IsETSI_CAdES_detached() || got.Details.SignerName != "Dr. Zoë Müller" || got.Details.Location != "Riverside (Building 2)" {
			t.Errorf("%s: got %s\n%s", name, got, &got.Details)
		}
	}
}

// Every byte counts, also those of the seal itself.
func TestEveryFlippedByteIsReported(t *testing.T) {
	s, trust := ours(t)
	kinds := map[error]int{}
	for name, tc := range map[string]struct {
		file []byte
		step int
	}{"small": {small(t), 1}, "drawn": {drawn(t, 1), 7}} {
		sealed := sign(t, s, tc.file)
		for at := 0; at < len(sealed); at += tc.step {
			for _, flip := range []byte{0x01, 0x20, 0x80} {
				bad := bytes.Clone(sealed)
				bad[at] ^= flip
				kind := kindOf(t, bad, trust)
				if kind == nil {
					t.Fatalf("%s: byte %d (%q) passes as %q", name, at, sealed[at], bad[at])
				}
				if at < len(tc.file) && kind != verifyseal.ErrChanged {
					t.Errorf("%s: byte %d, before the seal: got %v", name, at, kind)
				}
				kinds[kind]++
			}
		}
	}
	t.Log(kinds)
}

// kindOf is the kind of error that a check gives.
func kindOf(t *testing.T, file []byte, trust verifyseal.Trust) error {
	t.Helper()
	_, err := verifyseal.Check(file, trust, testNow)
	if err == nil {
		return nil
	}
	for _, kind := range []error{verifyseal.ErrUnsealed, verifyseal.ErrChanged, verifyseal.ErrForeign, verifyseal.ErrCertificate,
		verifyseal.ErrTimestamp, verifyseal.ErrNotUnderstood} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	t.Fatalf("%v is no kind of error that the check has", err)
	return nil
}

func TestOtherFilesAreRefused(t *testing.T) {
	s, trust := ours(t)
	other, _ := ours(t)
	file := drawn(t, 1)
	sealed := sign(t, s, file)
	update := fmt.Appendf(bytes.Clone(sealed), "9 0 obj\n<<>>\nendobj\nxref\n0 0\ntrailer\n<</Size 9/Root 9 0 R/Prev 1>>\nstartxref\n%d\n%%%%EOF\n", len(sealed))
	for name, tc := range map[string]struct {
		file []byte
		want error
	}{
		"unsealed":                  {file, verifyseal.ErrUnsealed},
		"no PDF":                    {[]byte("hello"), verifyseal.ErrUnsealed},
		"empty":                     {nil, verifyseal.ErrUnsealed},
		"a blank line behind it":    {append(bytes.Clone(sealed), '\n'), verifyseal.ErrChanged},
		"saved again":               {update, verifyseal.ErrChanged},
		"its last byte is missing":  {sealed[:len(sealed)-1], verifyseal.ErrChanged},
		"sealed by another centre":  {sign(t, other, file), verifyseal.ErrForeign},
		"a second signature":        {append(bytes.Clone(sealed), sealed[len(file):]...), verifyseal.ErrChanged},
		"large digits":              {upper(sealed), verifyseal.ErrNotUnderstood},
		"the seal without its file": {sealed[len(file):], verifyseal.ErrNotUnderstood},
		"too large":                 {make([]byte, verifyseal.MaxFile+1), verifyseal.ErrNotUnderstood},
	} {
		if got := kindOf(t, tc.file, trust); got != tc.want {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
	}
	if _, err := verifyseal.Check(sealed, trust, testNow.Add(-time.Hour)); !errors.Is(err, verifyseal.ErrNotUnderstood) {
		t.Errorf("a seal of the future: got %v", err)
	}
	if _, err := verifyseal.Check(sealed, trust, testNow.AddDate(40, 0, 0)); err != nil {
		t.Errorf("when the certificates have ended: got %v, want a seal that was good", err)
	}
}

// upper spells the CMS in large letters, which says the same.
func upper(sealed []byte) []byte {
	out := bytes.Clone(sealed)
	at := bytes.Index(out, []byte(contentsKey)) + len(contentsKey)
	end := at + bytes.IndexByte(out[at:], '>')
	copy(out[at:end], bytes.ToUpper(out[at:end]))
	return out
}

func TestSignRefuses(t *testing.T) {
	s, _ := ours(t)
	file := small(t)
	for name, spoil := range map[string]func([]byte) []byte{
		"sealed already":     func(b []byte) []byte { return sign(t, s, b) },
		"no PDF":             func([]byte) []byte { return []byte("hello") },
		"something behind":   func(b []byte) []byte { return append(b, "more"...) },
		"no end of line":     func(b []byte) []byte { return b[:len(b)-1] },
		"a form":             func(b []byte) []byte { return bytes.Replace(b, []byte("/Names <<"), []byte("/AcroForm"), 1) },
		"encrypted":          func(b []byte) []byte { return bytes.Replace(b, []byte("/Info 5 0 R"), []byte("/Encrypt 5 0 R"), 1) },
		"another size":       func(b []byte) []byte { return bytes.Replace(b, []byte("/Size 7"), []byte("/Size 8"), 1) },
		"another generation": func(b []byte) []byte { return bytes.Replace(b, []byte("/Root 6 0 R"), []byte("/Root 6 1 R"), 1) },
		"a key twice":        func(b []byte) []byte { return bytes.Replace(b, []byte("/Root 6 0 R"), []byte("/Size 6"), 1) },
		"another page":       func(b []byte) []byte { return bytes.Replace(b, []byte("/Type /Page\n"), []byte("/Type /Pagf\n"), 1) },
	} {
		bad := spoil(bytes.Clone(file))
		if bytes.Equal(bad, file) {
			t.Fatalf("%s: nothing was spoiled", name)
		}
		if _, err := Sign(t.Context(), s, bad, testNow); !errors.Is(err, ErrFile) {
			t.Errorf("%s: got %v, want ErrFile", name, err)
		}
	}
	for _, at := range []time.Time{testNow.AddDate(0, 0, -2), testNow.AddDate(16, 0, 0)} {
		if _, err := Sign(t.Context(), s, file, at); !errors.Is(err, ErrCertificate) {
			t.Errorf("at %v: got %v, want ErrCertificate", at, err)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	s, trust := ours(t)
	const files = 1000
	var group sync.WaitGroup
	errs := make(chan error, files)
	file := drawn(t, 1)
	for range files {
		group.Go(func() {
			sealed, err := Sign(t.Context(), s, file, testNow)
			if err == nil {
				_, err = verifyseal.Check(sealed, trust, testNow)
			}
			errs <- err
		})
	}
	group.Wait()
	for range files {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
}

func TestTextStrings(t *testing.T) {
	for in, want := range map[string]string{"Riverside": "(Riverside)", "(2\\": `(\(2\\)`, "Zoë": `(\376\377\000Z\000o\000\353)`, "𝄞": `(\376\377\3304\335\036)`} {
		if got := string(text(in)); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	s, _ := ours(b)
	file := drawn(b, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Sign(b.Context(), s, file, testNow); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	s, trust := ours(b)
	file := sign(b, s, drawn(b, 1))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verifyseal.Check(file, trust, testNow); err != nil {
			b.Fatal(err)
		}
	}
}
