package graph

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/config/public"
)

// output runs a command in the root of the module.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// A private key as files hold one: PEM with something in it, or a JWK with the member d.
var privateKey = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----\s+(?:[A-Za-z-]+:[^\n]*\n\s*)*[A-Za-z0-9+/=]{16}|"d"\s*:\s*"[A-Za-z0-9_-]{40,}"`)

// holdsPrivateKey looks for the pattern only where the words are that it can't do without: the tree has megabytes of fonts and pictures.
func holdsPrivateKey(data []byte) bool {
	return (bytes.Contains(data, []byte("PRIVATE KEY-----")) || bytes.Contains(data, []byte(`"d"`))) && privateKey.Match(data)
}

func TestNoPrivateKeyIsTracked(t *testing.T) {
	files := strings.Split(strings.TrimRight(output(t, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), "\x00"), "\x00")
	if len(files) < 20 {
		t.Fatalf("got %d files of git, want the whole tree", len(files))
	}
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		if holdsPrivateKey(data) {
			t.Errorf("%s holds a private key; a key that was in a repository once is public for ever", name)
		}
	}
}

func TestPrivateKeyIsRecognised(t *testing.T) {
	body := strings.Repeat("A", 64)
	for text, want := range map[string]bool{
		"-----BEGIN " + "PRIVATE KEY-----\n" + body:                                       true,
		"-----BEGIN " + "EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n" + body:          true,
		`{"kty":"OKP","crv":"Ed25519","x":"` + body[:43] + `","d":"` + body[:43]:          false,
		`{"kty":"OKP","crv":"Ed25519","x":"` + body[:43] + `", "d": "` + body[:43] + `"}`: true,
		`{"kty":"OKP","crv":"Ed25519","x":"` + body[:43] + `"}`:                           false,
		"-----BEGIN " + "PUBLIC KEY-----\n" + body:                                        false,
	} {
		if got := holdsPrivateKey([]byte(text)); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestSecretsAreIgnored(t *testing.T) {
	for _, name := range []string{"keys/AbCdEfGhIjK.pem", "keys/AbCdEfGhIjK.pkcs11", "data/register.db", "data/cards/7F3K9QWX2MTD.pdf"} {
		cmd := exec.Command("git", "check-ignore", "--quiet", "--no-index", name)
		cmd.Dir = root
		if err := cmd.Run(); err != nil {
			t.Errorf("git does not ignore %s (%v); a centre that works inside of a clone would publish it", name, err)
		}
	}
}

// A library comes in with a reason, and the reason is brought up to date with its version.
func TestDependenciesAreDecided(t *testing.T) {
	const note = "docs/decisions/0009-dependencies.md"
	text, err := os.ReadFile(filepath.Join(root, note))
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct {
			Path, Version string
			Indirect      bool
		}
	}
	if err := json.Unmarshal([]byte(output(t, "go", "mod", "edit", "-json")), &mod); err != nil {
		t.Fatal(err)
	}
	direct := 0
	for _, m := range mod.Require {
		if m.Indirect {
			continue
		}
		direct++
		if row := "| `" + m.Path + "` | " + m.Version + " |"; !bytes.Contains(text, []byte(row)) {
			t.Errorf("%s has no row that begins with %s", note, row)
		}
	}
	if rows := bytes.Count(text, []byte("\n| `")); rows != direct || direct == 0 {
		t.Errorf("%s has %d rows, want one for each of the %d direct dependencies", note, rows, direct)
	}
}

func TestShippedConfigurationsLoad(t *testing.T) {
	if _, err := config.Load(filepath.Join(root, "config.yaml"), nil); err != nil {
		t.Error(err)
	}
	if _, err := public.Load(filepath.Join(root, "assets", "verify.yaml"), nil); err != nil {
		t.Error(err)
	}
}

var (
	fence       = regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```")
	makeCall    = regexp.MustCompile(`\bmake ([a-z][a-z0-9]*)`)
	programCall = regexp.MustCompile(`(?m)(?:^|[\s/])cardproof((?:[ \t]+[^\s|>&;#]+)+)`)
)

// The commands that the README shows in its code blocks are there: a newcomer types nothing else.
func TestREADMECommandsExist(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var blocks strings.Builder
	for _, m := range fence.FindAllSubmatch(readme, -1) {
		blocks.Write(m[1])
	}
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	targets := makeCall.FindAllStringSubmatch(blocks.String(), -1)
	for _, m := range targets {
		if !regexp.MustCompile(`(?m)^` + m[1] + `:`).Match(makefile) {
			t.Errorf("README.md shows make %s, which the Makefile does not have", m[1])
		}
	}
	program := filepath.Join(t.TempDir(), "cardproof")
	output(t, "go", "build", "-o", program, "./cmd/cardproof")
	calls := programCall.FindAllStringSubmatch(blocks.String(), -1)
	for _, m := range calls {
		checkCall(t, program, strings.Fields(m[1]))
	}
	if len(targets) == 0 || len(calls) == 0 {
		t.Errorf("README.md shows %d make targets and %d commands in its code blocks, want some of both", len(targets), len(calls))
	}
}

// checkCall goes down the commands of a call and looks for each word in the help above it, then for its flags.
func checkCall(t *testing.T, program string, words []string) {
	t.Helper()
	help := output(t, program, "--help")
	var path []string
	for _, word := range words {
		name, _, _ := strings.Cut(word, "=")
		if strings.HasPrefix(name, "-") {
			if !strings.Contains(help, name) {
				t.Errorf("README.md shows cardproof %s, but the help has no %s", strings.Join(words, " "), name)
			}
			continue
		}
		if !regexp.MustCompile(`^[a-z]+$`).MatchString(word) || !takesCommands(help) {
			continue
		}
		if !slices.Contains(commands(help), word) {
			t.Errorf("README.md shows cardproof %s, but there is no command %s", strings.Join(words, " "), word)
			return
		}
		path = append(path, word)
		help = output(t, program, append(slices.Clone(path), "--help")...)
	}
}

func takesCommands(help string) bool { return len(commands(help)) > 0 }

var (
	commandList = regexp.MustCompile(`(?ms)^Available Commands:\n(.*?)(?:^\S|\z)`)
	commandName = regexp.MustCompile(`(?m)^  ([a-z]+)`)
)

// commands are the names that a help lists.
func commands(help string) []string {
	var names []string
	if list := commandList.FindStringSubmatch(help); list != nil {
		for _, m := range commandName.FindAllStringSubmatch(list[1], -1) {
			names = append(names, m[1])
		}
	}
	return names
}
