package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	module = "github.com/cardproof/cardproof"
	root   = "../.." // of the module, seen from this package's folder
)

// pkg is what the go command says of a package, without its tests.
type pkg struct {
	ImportPath string
	Standard   bool
	Dir        string
	Doc        string
	GoFiles    []string
	Imports    []string
	Deps       []string
	Module     *struct{ Path string }
}

var listed = sync.OnceValues(func() (map[string]pkg, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Dir,Doc,GoFiles,Imports,Deps,Module", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.New("go list: " + err.Error() + ": " + stderr.String())
	}
	all := map[string]pkg{}
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all[p.ImportPath] = p
	}
})

func packages(t *testing.T) map[string]pkg {
	t.Helper()
	all, err := listed()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// ours are the module's packages under a folder, the folder's own one included. A guard of nothing fails.
func ours(t *testing.T, folder string) []pkg {
	t.Helper()
	var found []pkg
	for path, p := range packages(t) {
		if isUnder(path, module+"/"+folder) || (folder == "" && isUnder(path, module)) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		t.Fatalf("the module has no package %q, so its guard guards nothing", folder)
	}
	slices.SortFunc(found, func(a, b pkg) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	return found
}

func isUnder(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

func TestCardIsPure(t *testing.T) {
	for _, p := range ours(t, "card") {
		if p.ImportPath != module+"/card" {
			continue
		}
		for _, path := range p.Imports {
			if !packages(t)[path].Standard && !isUnder(path, "golang.org/x/text") {
				t.Errorf("card imports %s; it may know the standard library and golang.org/x/text alone, because everything else stands on it", path)
			}
		}
	}
}

// TestForbidden has the arrows that may not be, also by way of other packages.
func TestForbidden(t *testing.T) {
	const (
		drawing  = "a verifier decides over what others drew, and what can draw cards can forge them"
		mailing  = "the pages of a check send nothing to anybody"
		upwards  = "it would be an arrow up: the issuer proves its work by calling the verifier, never the other way"
		secret   = "nothing on the verifying side may be able to open a private key"
		register = "it has to declare the interface that it needs; cmd wires the register in, and another register can take its place"
	)
	for _, rule := range []struct{ from, to, reason string }{
		{"verify", module + "/issuer", upwards},
		{"verify", "github.com/jung-kurt/gofpdf", drawing},
		{"verify", "github.com/skip2/go-qrcode", drawing},
		{"verify", "net/smtp", mailing},
		{"verify", "github.com/wneessen/go-mail", mailing},
		{"cmd/cardproof-verify", "github.com/wneessen/go-mail", mailing},
		{"cmd/cardproof-verify", "github.com/riverqueue/river", mailing},
		{"verify", "github.com/youmark/pkcs8", secret},
		{"verify", "software.sslmate.com/src/go-pkcs12", secret},
		{"verify", "github.com/miekg/pkcs11", secret},
		{"verify", module + "/internal/register", register},
		{"issuer", module + "/internal/register", register},
		{"issuer/roster/sheet", module + "/card", "a table means nothing yet; what its columns are is the roster's to say"},
		{"issuer", module + "/internal/config", "the configuration is cmd's to read; a package says in its Options what it needs"},
		{"verify", module + "/internal/config", "the configuration is cmd's to read; a package says in its Options what it needs"},
		{"card", module + "/issuer", "card is what all others stand on"},
		{"card", module + "/verify", "card is what all others stand on"},
		{"card", module + "/internal", "card is what all others stand on"},
		{"keys", module + "/issuer", "the public key set is read by the public server, which may not contain the issuer"},
		{"keys", "github.com/youmark/pkcs8", secret},
		{"keys", "github.com/miekg/pkcs11", secret},
		{"internal/learner", module + "/issuer", "a learner gets the file that was issued; what can draw cards can forge them"},
		{"internal/learner", module + "/internal/register", register},
		{"internal/register", module + "/issuer", "the register is opened by the public server, which may not contain the issuer"},
		{"cmd/cardproof-verify", module + "/issuer", "the public server has no code that signs, so that whoever breaks into it can't"},
		{"cmd/cardproof-verify", "github.com/youmark/pkcs8", secret},
		{"cmd/cardproof-verify", "software.sslmate.com/src/go-pkcs12", secret},
		{"cmd/cardproof-verify", "github.com/miekg/pkcs11", secret},
		{"cmd/cardproof-verify", "github.com/jung-kurt/gofpdf", drawing},
		{"cmd/cardproof-verify", "github.com/skip2/go-qrcode", drawing},
	} {
		for _, p := range ours(t, rule.from) {
			for _, dep := range p.Deps {
				if isUnder(dep, rule.to) {
					t.Errorf("%s depends on %s: %s", p.ImportPath, dep, rule.reason)
				}
			}
		}
	}
}

// TestOneDoor has the libraries and packages that only one folder may import. A library without its importer fails too.
func TestOneDoor(t *testing.T) {
	for _, rule := range []struct{ library, door, reason string }{
		{"github.com/spf13/viper", "internal/config/public", "a value that is read past the checked struct is a value that nobody checked"},
		{"github.com/golang-jwt/jwt", "card/token", "its parser is too lenient; the strict one stands before it in card/token alone"},
		{"github.com/jung-kurt/gofpdf", "issuer/pdf", "it is no longer maintained; a successor shall be a change of one folder"},
		{"github.com/skip2/go-qrcode", "issuer/pdf/symbol", "it is no longer maintained; a successor shall be a change of one folder"},
		{"github.com/xuri/excelize", "issuer/roster/sheet", "it passes over what it can't read in a workbook, so it only writes; rosters are read there without it"},
		{"github.com/pdfcpu/pdfcpu", "verify/scan", "it reads what strangers send; the limits and the recover for it stand there alone"},
		{"github.com/makiuchi-d/gozxing", "verify/scan,verify/photo", "it reads what strangers send; the limits and the recover for it stand there alone"},
		{"modernc.org/sqlite", "internal/register", "another database can take its place, and nothing else writes the ledger"},
		{"github.com/jackc/pgx", "internal/register,internal/pgtest", "how a database is reached, and that no error tells a password, is decided in one place"},
		{"github.com/pressly/goose", "internal/register", "migrations are the register's own"},
		{"github.com/youmark/pkcs8", "issuer/internal/signer", "it opens private keys"},
		{"software.sslmate.com/src/go-pkcs12", "issuer/internal/signer", "it opens private keys"},
		{"github.com/miekg/pkcs11", "issuer/internal/signer/hsm", "it uses the private keys in tokens, and a wrong PIN too many locks them"},
		{"golang.org/x/crypto/acme", "internal/httpd/certificate", "it makes and opens the private keys of TLS"},
		{"golang.org/x/sys", "internal/register,internal/nettest", "calls of one system need a file for each other system"},
		{"github.com/prometheus/client_golang", "internal/httpd/monitor", "what a label may hold is decided in one place"},
		{"github.com/wneessen/go-mail", "internal/post", "whether a mail was sent is decided in one place"},
		{"github.com/minio/minio-go", "internal/archive", "what may be written over, and which errors mean that a file is lost, is decided in one place"},
		{"github.com/riverqueue/river", "internal/work", "a job is only a wish; what is owed stands in the register"},
		{module + "/issuer/internal/signer", "issuer", "it opens private keys"},
		{module + "/internal/register", "cmd,internal", "issuer and verify declare what they need of it"},
	} {
		doors := strings.Split(rule.door, ",")
		found := false
		for _, p := range ours(t, "") {
			for _, path := range p.Imports {
				if !isUnder(path, rule.library) {
					continue
				}
				found = true
				if !slices.ContainsFunc(doors, func(door string) bool { return isUnder(p.ImportPath, module+"/"+door) }) {
					t.Errorf("%s imports %s, which only %s may: %s", p.ImportPath, path, rule.door, rule.reason)
				}
			}
		}
		if !found {
			t.Errorf("nothing imports %s; take the rule out if it is gone for good", rule.library)
		}
	}
}

// opensKeys are the functions that make a private key out of bytes, by import path.
var opensKeys = map[string][]string{
	"crypto/x509":    {"ParsePKCS8PrivateKey", "ParsePKCS1PrivateKey", "ParseECPrivateKey", "DecryptPEMBlock"},
	"crypto/tls":     {"LoadX509KeyPair", "X509KeyPair"},
	"crypto/ed25519": {"NewKeyFromSeed"},
	"encoding/pem":   {"Decode"},
	"crypto/ecdsa":   {"ParseRawPrivateKey"},

	"software.sslmate.com/src/go-pkcs12": {"Decode", "DecodeChain", "ToPEM"},
	"github.com/miekg/pkcs11":            {"New"}, // of a token's library, not of bytes
}

// certificates is the one package that opens keys for TLS, by one function, and refuses a key that signs cards.
const certificates = module + "/internal/httpd/certificate"

// calls lists where the files of a package use one of the functions above.
func calls(t *testing.T, p pkg) (found []string) {
	t.Helper()
	for _, u := range uses(t, p) {
		if p.ImportPath == certificates && u.path == "crypto/tls" && u.name == "X509KeyPair" {
			continue
		}
		if slices.Contains(opensKeys[u.path], u.name) {
			found = append(found, u.where+" "+u.name)
		}
	}
	return found
}

// use is one place where a package uses a name of another one.
type use struct{ path, name, where string }

// uses lists every name of another package that the files of a package use.
func uses(t *testing.T, p pkg) (found []use) {
	t.Helper()
	for _, name := range p.GoFiles {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		imported := map[string]string{} // name in the file → import path
		for _, spec := range file.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			local := path[strings.LastIndexByte(path, '/')+1:]
			if spec.Name != nil {
				local = spec.Name.Name
			}
			if local == "." {
				t.Errorf("%s imports %s with a dot, which hides from these guards what it uses", set.Position(spec.Pos()), path)
			}
			imported[local] = path
		}
		ast.Inspect(file, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if of, ok := selector.X.(*ast.Ident); ok && imported[of.Name] != "" {
				found = append(found, use{imported[of.Name], selector.Sel.Name, set.Position(n.Pos()).String()})
			}
			return true
		})
	}
	return found
}

func TestOnlyTheSignerOpensPrivateKeys(t *testing.T) {
	const signer = module + "/issuer/internal/signer"
	for _, p := range ours(t, "") {
		found := calls(t, p)
		if isUnder(p.ImportPath, signer) {
			if len(found) == 0 {
				t.Errorf("%s opens no private key; this guard no longer knows how keys are opened", p.ImportPath)
			}
			continue
		}
		for _, where := range found {
			t.Errorf("%s: only issuer/internal/signer may open a private key, so that there is one place to look at", where)
		}
	}
}

// The public server's own code, with all of ours that is linked into it, has no way to a private key but that of its own TLS.
func TestPublicServerOpensNoPrivateKey(t *testing.T) {
	server := ours(t, "cmd/cardproof-verify")[0]
	looked := 0
	for _, path := range append([]string{server.ImportPath}, server.Deps...) {
		if !isUnder(path, module) {
			continue
		}
		looked++
		for _, where := range calls(t, packages(t)[path]) {
			t.Errorf("%s is part of cardproof-verify, which may not open a private key", where)
		}
	}
	if looked < 5 {
		t.Errorf("got %d packages of ours in cardproof-verify, want the verifier, its pages, the keys, the register and more", looked)
	}
}

// What is linked into the public server gets the register by OpenReader and by nothing else: a Reader can't write, and sees
// nothing that is private to a learner. What each of its packages may name is listed here.
func TestPublicServerOnlyReadsTheRegister(t *testing.T) {
	const register = module + "/internal/register"
	allowed := func(name string) bool {
		return name == "OpenReader" || name == "ReaderOptions" || name == "OfKeys" || name == "Reader" || name == "VersionError" || strings.HasPrefix(name, "Err")
	}
	server := ours(t, "cmd/cardproof-verify")[0]
	opens := 0
	for _, path := range append([]string{server.ImportPath}, server.Deps...) {
		if !isUnder(path, module) || path == register {
			continue
		}
		for _, u := range uses(t, packages(t)[path]) {
			if u.path != register {
				continue
			}
			if u.name == "OpenReader" {
				opens++
			}
			if !allowed(u.name) {
				t.Errorf("%s uses register.%s; the public server may open the register by OpenReader alone", u.where, u.name)
			}
		}
	}
	if opens == 0 {
		t.Error("nothing in the public server opens the register; this guard no longer knows how that is done")
	}
}

// What is linked into the public server gets the archive by a Reader, which hands files out and can do nothing else.
func TestPublicServerOnlyReadsTheArchive(t *testing.T) {
	const archive = module + "/internal/archive"
	allowed := []string{"ReadFolder", "ReadBucket", "BucketOptions", "ErrUnavailable", "ErrRefused", "ErrMayWrite"}
	server := ours(t, "cmd/cardproof-verify")[0]
	opens := 0
	for _, path := range append([]string{server.ImportPath}, server.Deps...) {
		if !isUnder(path, module) || path == archive {
			continue
		}
		for _, u := range uses(t, packages(t)[path]) {
			if u.path != archive {
				continue
			}
			if strings.HasPrefix(u.name, "Read") {
				opens++
			}
			if !slices.Contains(allowed, u.name) {
				t.Errorf("%s uses archive.%s; the public server may open the archive by ReadFolder and ReadBucket alone", u.where, u.name)
			}
		}
	}
	if opens == 0 {
		t.Error("nothing in the public server opens the archive; this guard no longer knows how that is done")
	}
}

func TestEveryPackageHasAComment(t *testing.T) {
	for _, p := range ours(t, "") {
		if strings.TrimSpace(p.Doc) == "" {
			t.Errorf("%s has no package comment; a reader has to learn there what it is for", p.ImportPath)
		}
	}
}

// The layout that the documents describe.
func TestRoomsExist(t *testing.T) {
	for _, folder := range []string{"assets", "card", "card/token", "cmd/cardproof", "cmd/cardproof-verify", "internal/config", "internal/httpd", "internal/learner",
		"internal/register", "issuer", "issuer/course", "issuer/internal/signer", "issuer/pdf", "issuer/roster", "keys", "verify", "verify/scan", "verify/web"} {
		if _, ok := packages(t)[module+"/"+folder]; !ok {
			t.Errorf("there is no package %s, but ARCHITECTURE.md says so", folder)
		}
	}
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "Makefile", ".ci/run"} {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
