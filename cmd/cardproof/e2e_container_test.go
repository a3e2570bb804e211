//go:build e2e

package main

import (
	"debug/elf"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const dockerfile = "docs/deploy/Dockerfile"

// image is what the Dockerfile's last stage holds, in a folder.
type image struct {
	t      *testing.T
	folder string
	build  string // the command that builds the program
	start  []string
	user   uint32
}

// instructions are those of a Dockerfile that begin with a word.
func instructions(t *testing.T, text, word string) []string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^`+word+` (.*)$`).FindAllStringSubmatch(text, -1)
	if len(found) == 0 {
		t.Fatalf("the Dockerfile has no %s", word)
	}
	var all []string
	for _, f := range found {
		all = append(all, f[1])
	}
	return all
}

// newImage does what the Dockerfile says, as far as that needs no container: it runs its build command and copies what it copies.
func newImage(t *testing.T) *image {
	t.Helper()
	root := filepath.Join("..", "..")
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(dockerfile)))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	im := &image{t: t, folder: t.TempDir()}
	runs := instructions(t, text, "RUN")
	im.build = strings.NewReplacer("${VERSION}", "v1.2.3-test", "/cardproof-verify ./", filepath.Join(im.folder, "cardproof-verify")+" ./").Replace(runs[len(runs)-1])
	cmd := exec.Command("sh", "-c", im.build)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", im.build, err, out)
	}
	for _, from := range instructions(t, text, "COPY") {
		words := strings.Fields(from)
		switch {
		case words[0] == "--from=build" && words[1] == "/cardproof-verify":
		case words[0] == "--from=build": // it is of the build's own system, as of this one
			im.put(filepath.Join(words[2], filepath.Base(words[1])), readFile(t, words[1]))
		default:
			for _, name := range words[:len(words)-1] {
				if _, err := os.Stat(filepath.Join(root, name)); err != nil {
					t.Errorf("COPY %s: %v", from, err)
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(instructions(t, text, "ENTRYPOINT")[0]), &im.start); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(instructions(t, text, "USER")[0], "%d:", &im.user); err != nil || im.user == 0 {
		t.Fatalf("the user is %d, %v; want one that is not root", im.user, err)
	}
	return im
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// put writes a file that the server may read and not write, as a volume that is mounted read-only.
func (im *image) put(path string, data []byte) {
	im.t.Helper()
	path = filepath.Join(im.folder, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		im.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o444); err != nil {
		im.t.Fatal(err)
	}
}

// run starts the server with the image as its root and as the image's user, and gives its origin.
func (im *image) run() string {
	im.t.Helper()
	if err := os.Chmod(im.folder, 0o755); err != nil {
		im.t.Fatal(err)
	}
	cmd := exec.Command(im.start[0], im.start[1:]...)
	cmd.Dir, cmd.Env = "/", []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: im.folder, Credential: &syscall.Credential{Uid: im.user, Gid: im.user}}
	if os.Getuid() != 0 { // in a user namespace everybody may change the root
		user := []syscall.SysProcIDMap{{ContainerID: int(im.user), HostID: os.Getuid(), Size: 1}}
		group := []syscall.SysProcIDMap{{ContainerID: int(im.user), HostID: os.Getgid(), Size: 1}}
		cmd.SysProcAttr.Cloneflags, cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = syscall.CLONE_NEWUSER, user, group
		cmd.SysProcAttr.Credential.NoSetGroups = true
	}
	_, origin := serving(im.t, cmd)
	return origin
}

// The image that the Dockerfile describes holds all that the public server needs, and its user may run it.
func TestTheImageServes(t *testing.T) {
	t.Parallel()
	im := newImage(t)
	program, err := elf.Open(filepath.Join(im.folder, im.start[0]))
	if err != nil {
		t.Fatal(err)
	}
	libraries, err := program.ImportedLibraries()
	if err != nil || len(libraries) > 0 || slices.ContainsFunc(program.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		t.Errorf("got libraries %v, %v; want a static program", libraries, err)
	}
	if err := program.Close(); err != nil {
		t.Fatal(err)
	}

	c := newCentre(t)
	c.must("issue", c.roster(1), "--out", "out")
	c.must("keys", "export", "--out", "keys.json")
	c.must("status", "publish", "--out", "s")
	for name, file := range map[string]string{"/srv/public/keys.json": "keys.json", "/srv/public/document-roots.crt": "keys/document-roots.crt", "/srv/public/s/1.jwt": "s/1.jwt",
		"/srv/data/register.db": "data/register.db", "/srv/data/register.db-wal": "data/register.db-wal", "/srv/data/register.db-shm": "data/register.db-shm"} {
		im.put(name, readFile(t, c.path(file)))
	}
	im.put(im.start[len(im.start)-1], []byte(`issuer: {name: Example Training Centre, url: "http://localhost:8080", time_zone: Europe/Lisbon}
register: /srv/data/register.db
jwks: /srv/public/keys.json
roots: /srv/public/document-roots.crt
status_lists: /srv/public/s
server: {listen: "127.0.0.1:0"}
`))
	origin := im.run()
	client := http.Client{Timeout: 10 * time.Second}
	for _, path := range []string{"/healthz", "/readyz", "/", "/.well-known/jwks.json", "/.well-known/document-roots.crt", "/s/1"} {
		resp, err := client.Get(origin + path)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: got %d, want 200", path, resp.StatusCode)
		}
	}
	_, path, _ := strings.Cut(c.cards("out")[0].url, "/c/")
	if v, status, body := ask(t, origin+"/c/"+path); status != http.StatusOK || !v.Valid {
		t.Errorf("a card: got %d, %s", status, body)
	}
}
