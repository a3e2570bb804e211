//go:build e2e

package seal

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/issuer/internal/signer"
	"github.com/cardproof/cardproof/keys"
	verifyseal "github.com/cardproof/cardproof/verify/seal"
)

// update writes the golden files of verify/seal anew: go test -tags e2e ./issuer/seal -run Golden, with this variable set.
const update = "CARDPROOF_UPDATE_GOLDEN"

func TestOtherProgramsFindTheSealGood(t *testing.T) {
	dir := t.TempDir()
	s, _ := oursIn(t, dir, time.Now())
	sealed, err := Sign(t.Context(), s, drawn(t, 1), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, "sealed.pdf", sealed)
	run(t, "qpdf", "--check", path)

	said := run(t, "pdfsig", path)
	for _, want := range []string{"Signature Validation: Signature is Valid.", "Total document signed", "Signature Type: ETSI.CAdES.detached",
		"Signing Hash Algorithm: SHA-256", "Signer Certificate Common Name: Riverside Resuscitation Training"} {
		if !strings.Contains(said, want) {
			t.Errorf("pdfsig does not say %q:\n%s", want, said)
		}
	}
	changed := write(t, "changed.pdf", altered(t, sealed))
	if said := run(t, "pdfsig", changed); strings.Contains(said, "Signature is Valid") {
		t.Errorf("pdfsig finds a changed file good:\n%s", said)
	}

	// With the root, openssl finds the chain good for signatures.
	at := bytes.Index(sealed, []byte(contentsKey)) + len(contentsKey)
	end := at + bytes.IndexByte(sealed[at:], '>')
	cms, err := hex.DecodeString(string(sealed[at:end]))
	if err != nil {
		t.Fatal(err)
	}
	content := write(t, "content", append(bytes.Clone(sealed[:at-1]), sealed[end+1:]...))
	run(t, "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", write(t, "cms.der", cms), "-content", content,
		"-CAfile", filepath.Join(dir, keys.DocumentRootsName), "-out", os.DevNull)
}

// A PKCS#12 file and a PEM key as openssl writes them, encrypted.
func TestKeysOfOpenssl(t *testing.T) {
	dir := t.TempDir()
	run(t, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=Own Root",
		"-keyout", dir+"/root.key", "-out", dir+"/root.crt")
	run(t, "openssl", "req", "-newkey", "rsa:2048", "-passout", "pass:correct horse", "-subj", "/CN=Own Centre", "-keyout", dir+"/own.key", "-out", dir+"/own.csr")
	extensions := write(t, "extensions", []byte("keyUsage=critical,digitalSignature\nextendedKeyUsage=1.3.6.1.5.5.7.3.36\n"))
	run(t, "openssl", "x509", "-req", "-in", dir+"/own.csr", "-CA", dir+"/root.crt", "-CAkey", dir+"/root.key", "-days", "20", "-extfile", extensions, "-out", dir+"/own.crt")
	run(t, "openssl", "pkcs12", "-export", "-inkey", dir+"/own.key", "-passin", "pass:correct horse", "-in", dir+"/own.crt", "-certfile", dir+"/root.crt",
		"-passout", "pass:battery", "-out", dir+"/own.p12")
	say := func(secret string) signer.Passphrase { return func() ([]byte, error) { return []byte(secret), nil } }
	key, chain, err := signer.OpenPKCS12(dir+"/own.p12", say("battery"))
	if err != nil || len(chain) != 2 || chain[0].Subject.CommonName != "Own Centre" {
		t.Fatalf("got %d certificates, %v", len(chain), err)
	}
	if _, _, err := signer.OpenPKCS12(dir+"/own.p12", say("wrong")); err == nil {
		t.Error("a wrong passphrase opens PKCS#12")
	}
	if _, err := signer.OpenDocument(dir+"/own.key", chain[0], say("correct horse")); err != nil {
		t.Error(err)
	}
	if _, err := New(Options{Key: key, Chain: chain[:1], Trust: verifyseal.TrustIn(chain), Name: "Own", Reason: "Test"}, time.Now()); err != nil {
		t.Error(err)
	}
}

// authorityOfTime is openssl's time-stamp server behind HTTP, and its root.
func authorityOfTime(t *testing.T) (*httptest.Server, *x509.CertPool, []byte) {
	t.Helper()
	dir := t.TempDir()
	run(t, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-subj", "/CN=Time Root",
		"-keyout", dir+"/root.key", "-out", dir+"/root.crt")
	run(t, "openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Time Stamper", "-keyout", dir+"/tsa.key", "-out", dir+"/tsa.csr")
	extensions := write(t, "extensions", []byte("keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n"))
	run(t, "openssl", "x509", "-req", "-in", dir+"/tsa.csr", "-CA", dir+"/root.crt", "-CAkey", dir+"/root.key", "-days", "3650", "-extfile", extensions, "-out", dir+"/tsa.crt")
	conf := write(t, "tsa.cnf", fmt.Appendf(nil, `[tsa]
default_tsa = one
[one]
serial = %[1]s/serial
signer_cert = %[1]s/tsa.crt
certs = %[1]s/root.crt
signer_key = %[1]s/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
tsa_name = yes
ess_cert_id_alg = sha256
`, dir))
	if err := os.WriteFile(dir+"/serial", []byte("01\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Content-Type") != "application/timestamp-query" {
			http.Error(w, "no query", http.StatusBadRequest)
			return
		}
		in, out := write(t, "query", query), filepath.Join(t.TempDir(), "reply")
		run(t, "openssl", "ts", "-reply", "-config", conf, "-queryfile", in, "-out", out)
		reply, err := os.ReadFile(out)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		w.Write(reply)
	}))
	t.Cleanup(server.Close)
	roots, err := os.ReadFile(dir + "/root.crt")
	if err != nil {
		t.Fatal(err)
	}
	all, err := keys.ParseCertificates(roots)
	if err != nil {
		t.Fatal(err)
	}
	return server, keys.Pool(all), roots
}

func TestTimestampOfOpenssl(t *testing.T) {
	server, roots, rootsFile := authorityOfTime(t)
	dir, now := t.TempDir(), time.Now()
	stamper := &Stamper{URL: server.URL, Roots: roots, Timeout: 5 * time.Second, Now: time.Now}
	s, trust := oursIn(t, dir, now, func(o *Options) { o.Stamper = stamper })
	trust.TimestampRoots = roots
	var sealed []byte
	for n := range 3 {
		var err error
		if sealed, err = Sign(t.Context(), s, small(t), time.Now()); err != nil {
			t.Fatal(n, err)
		}
		got, err := verifyseal.Check(sealed, trust, time.Now())
		if err != nil || got.Stamped.Before(now.Add(-time.Minute)) {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if said := run(t, "pdfsig", write(t, "stamped.pdf", sealed)); !strings.Contains(said, "Signature is Valid") {
		t.Error(said)
	}
	run(t, "qpdf", "--check", write(t, "stamped.pdf", sealed))
	for at := bytes.Index(sealed, []byte(contentsKey)); sealed[at] != '\n'; at++ {
		bad := bytes.Clone(sealed)
		bad[at] ^= 1
		if _, err := verifyseal.Check(bad, trust, time.Now()); err == nil {
			t.Fatalf("byte %d (%q) passes as %q in %s", at, sealed[at], bad[at], sealed[at-60:at+60])
		}
	}
	if os.Getenv(update) != "" {
		golden(t, dir, "stamped", sealed, rootsFile)
	}
}

// golden writes a file and whom to trust for it into the folder of the verifier's tests.
func golden(t *testing.T, dir, name string, sealed, timestampRoots []byte) {
	roots, err := os.ReadFile(filepath.Join(dir, keys.DocumentRootsName))
	if err != nil {
		t.Fatal(err)
	}
	for suffix, data := range map[string][]byte{".pdf": sealed, ".roots.crt": roots, ".timestamp-roots.crt": timestampRoots} {
		if err := os.WriteFile("../../verify/seal/testdata/"+name+suffix, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
