//go:build e2e

package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card/token"
)

// zxing is for Debian's own Python, which has Debian's packages. It reads the one QR of each picture
// with zxing-cpp, and prints a line for each. Both decoders are asked for QR alone: an interleaved 2 of 5 code has no check
// digit, and a row of a QR's modules now and then passes for six of its digits (2 of 840 pictures with zxing-cpp 1.4).
const zxing = `
import sys, zxingcpp
from PIL import Image
for path in sys.argv[1:]:
    found = zxingcpp.read_barcodes(Image.open(path), formats=zxingcpp.BarcodeFormat.QRCode)
    print(found[0].text if len(found) == 1 else "found %d symbols" % len(found))
`

// Every card is read from a picture by two decoders that are not ours, to exactly its URL, and its signature is checked by
// OpenSSL with the published keys.
func TestCardsAreReadAndVerifiedByOthers(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	roster, err := filepath.Abs("testdata/rosters/latin.csv")
	if err != nil {
		t.Fatal(err)
	}
	c.must("issue", roster, "--out", "out")
	cards := c.cards("out")
	seen := map[string]bool{}
	var urls []string
	for _, l := range cards {
		raw, err := token.FromPath(l.url[strings.LastIndexByte(l.url, '/')+1:])
		if err != nil {
			t.Fatal(err)
		}
		for _, unique := range []string{l.number, l.url, raw} {
			if seen[unique] {
				t.Errorf("%s comes twice", unique)
			}
			seen[unique] = true
		}
		urls = append(urls, l.url)
		checkFile(t, l)
		checkWithOpenSSL(t, c, raw)
	}
	for _, dpi := range []string{"150", "200", "300"} {
		var pictures []string
		for _, l := range cards {
			picture := filepath.Join(t.TempDir(), filepath.Base(l.file)+"-"+dpi)
			output(t, "pdftoppm", "-r", dpi, "-png", "-singlefile", l.file, picture)
			pictures = append(pictures, picture+".png")
		}
		want := strings.Join(urls, "\n")
		if got := strings.TrimSpace(output(t, "zbarimg", append([]string{"--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"}, pictures...)...)); got != want {
			t.Errorf("%s dpi: zbarimg read something else:\n%s", dpi, got)
		}
		if got := strings.TrimSpace(output(t, "/usr/bin/python3", append([]string{"-c", zxing}, pictures...)...)); got != want {
			t.Errorf("%s dpi: zxing-cpp read something else:\n%s", dpi, got)
		}
	}
	t.Logf("%d cards, 3 resolutions, 2 decoders", len(cards))
}

func checkFile(t *testing.T, l cardLine) {
	t.Helper()
	data, err := os.ReadFile(l.file)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != l.sha256 {
		t.Errorf("%s: the SHA-256 in cards.csv is another", l.file)
	}
	if text := output(t, "pdftotext", "-layout", l.file, "-"); !strings.Contains(text, l.number) {
		t.Errorf("%s: pdftotext does not find the number %s", l.file, l.number)
	}
	if text := output(t, "qpdf", "--check", l.file); !strings.Contains(text, "No syntax or stream encoding errors found") {
		t.Errorf("%s: qpdf says %s", l.file, text)
	}
	signature := output(t, "pdfsig", "-nocert", l.file)
	for _, want := range []string{"Signature is Valid", "Total document signed", "ETSI.CAdES.detached"} {
		if !strings.Contains(signature, want) {
			t.Errorf("%s: pdfsig does not say %q", l.file, want)
		}
	}
	attached := filepath.Join(t.TempDir(), "card.jwt")
	output(t, "pdfdetach", "-savefile", "card.jwt", "-o", attached, l.file)
	raw, err := os.ReadFile(attached)
	if err != nil {
		t.Fatal(err)
	}
	if want, err := token.FromPath(l.url[strings.LastIndexByte(l.url, '/')+1:]); err != nil || string(raw) != want {
		t.Errorf("%s: the embedded token is not the card's (%v)", l.file, err)
	}
}

// checkWithOpenSSL checks a token's signature with the key that the JWKS publishes under its kid.
func checkWithOpenSSL(t *testing.T, c *centreDir, raw string) {
	t.Helper()
	var set struct {
		Keys []struct{ Kid, X, Crv, Signs string }
	}
	if err := json.Unmarshal(c.must("keys", "export"), &set); err != nil || len(set.Keys) != 2 || set.Keys[0].Crv != "Ed25519" || set.Keys[0].Signs != "card+jwt" {
		t.Fatalf("keys export: %v, %+v", err, set)
	}
	x, err := base64.RawURLEncoding.DecodeString(set.Keys[0].X)
	if err != nil {
		t.Fatal(err)
	}
	// RFC 8410, section 4: the SubjectPublicKeyInfo of an Ed25519 key is this prefix and the key.
	der := append([]byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}, x...)
	cut := strings.LastIndexByte(raw, '.')
	sig, err := base64.RawURLEncoding.DecodeString(raw[cut+1:])
	if err != nil {
		t.Fatal(err)
	}
	key, input, signature := c.write("key.der", string(der)), c.write("input", raw[:cut]), c.write("signature", string(sig))
	got := output(t, "openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", key, "-rawin", "-in", input, "-sigfile", signature)
	if !strings.Contains(got, "Signature Verified Successfully") {
		t.Errorf("openssl says %q", got)
	}
}

func TestEncryptedKeyIsOpenedByOpenSSL(t *testing.T) {
	t.Parallel()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	c := &centreDir{t: t, bin: bin, dir: t.TempDir(), env: []string{passphraseVariable + "=correct horse"}}
	c.must("init", "--encrypt")
	paths, err := filepath.Glob(c.path("keys/*.pem"))
	if err != nil || len(paths) != 2 { // of cards, and of status lists
		t.Fatalf("keys: %v, %v", paths, err)
	}
	for _, path := range paths {
		text := output(t, "openssl", "pkey", "-in", path, "-passin", "pass:correct horse", "-noout", "-text")
		if !strings.Contains(text, "ED25519") {
			t.Errorf("openssl reads %q", text)
		}
	}
	roster := c.roster(1)
	c.must("issue", roster, "--out", "out")
	c.env = []string{passphraseVariable + "=wrong"}
	if _, code := c.run("issue", roster, "--out", "out"); code != exitKey {
		t.Errorf("a wrong passphrase: exit code %d, want %d", code, exitKey)
	}
}

func TestDemoOnce(t *testing.T) {
	t.Parallel()
	c := newDemoCentre(t)
	cards := c.cards("demo/cards")
	courses := map[string]bool{}
	for _, l := range cards {
		var s shown
		if err := json.Unmarshal(c.must("show", l.number, "--json"), &s); err != nil {
			t.Fatal(err)
		}
		courses[s.Course] = true
	}
	if len(cards) != 12 || len(courses) != 5 {
		t.Errorf("got %d cards of %d courses, want 12 of 5", len(cards), len(courses))
	} // The demo that is there goes on, and prints a learner's private link, another each time.
	again := string(c.must("demo", "--once", "--dir", "demo"))
	if !regexp.MustCompile(`as only a learner has the link to it: http://localhost:[0-9]+/my/[0-9a-z]{26}\n`).MatchString(again) {
		t.Errorf("got no private link in %s", again)
	}
}
