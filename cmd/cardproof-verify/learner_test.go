package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// link makes a learner's link at the issuer's desk, and answers its path.
func (s *site) link() string {
	s.t.Helper()
	cmd := exec.Command(filepath.Join(s.bin, "cardproof"), "links", "make", s.number, "--json")
	cmd.Dir = s.centre
	out, err := cmd.Output()
	var made struct{ Link string }
	if err != nil || json.Unmarshal(out, &made) != nil {
		s.t.Fatalf("links make: %v: %s", err, out)
	}
	return made.Link[strings.Index(made.Link, "/my/"):]
}

func (s *site) fetch(url string) (status int, body string) {
	s.t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(all)
}

// With a copy of the finished cards the public server has the learners' pages too, and without one none. A link that was made or
// revoked while it runs counts at once. It has no form that asks for links, since it sends no mail.
func TestLearnersPages(t *testing.T) {
	s := newSite(t)
	s.cardproof("replace", s.number, "--email", "ana@example.org")
	path := s.link()
	bare := "http://" + s.launch().address
	if status, _ := s.fetch(bare + path); status != http.StatusNotFound {
		t.Errorf("without an archive: got %d", status)
	}
	copied := filepath.Join(s.server, "cards")
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(s.centre, "data", "cards"))); err != nil {
		t.Fatal(err)
	}
	v := s.launch("CARDPROOF_ARCHIVE=" + copied)
	address := "http://" + v.address
	if status, body := s.fetch(address + path); status != http.StatusOK || !strings.Contains(body, "VALID") || !strings.Contains(body, s.number) {
		t.Errorf("the page: got %d %s", status, body)
	}
	name := strings.ReplaceAll(s.number, "-", "") + ".pdf"
	issued, err := os.ReadFile(filepath.Join(s.centre, "out", name))
	if err != nil {
		t.Fatal(err)
	}
	if status, body := s.fetch(address + path + "/card.pdf"); status != http.StatusOK || body != string(issued) {
		t.Errorf("the file: got %d, %d bytes, want the %d that were issued", status, len(body), len(issued))
	}
	if status, body := s.fetch(address + path + "/" + s.number + "/show"); status != http.StatusOK || !strings.Contains(body, "<path d=") {
		t.Errorf("the code to show: got %d", status)
	}
	for path, says := range map[string]string{"/find": "Links are not sent from here", "/unsubscribe/" + s.number: "Reminders can’t be stopped here"} {
		if status, body := s.fetch(address + path); status != http.StatusNotFound || !strings.Contains(body, says) {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
	for _, path := range []string{"/", "/my/x"} { // no page leads to what is not there
		if _, body := s.fetch(address + path); strings.Contains(body, "/find") {
			t.Errorf("%s leads to /find", path)
		}
	}
	second := s.link()
	if status, _ := s.fetch(address + second); status != http.StatusOK {
		t.Errorf("a link that was made meanwhile: got %d", status)
	}
	s.cardproof("links", "revoke", s.number)
	for _, p := range []string{path, second} {
		if status, _ := s.fetch(address + p); status != http.StatusNotFound {
			t.Errorf("a revoked link: got %d", status)
		}
	}
	v.stop()
	if log := v.said(); strings.Contains(log, path[len("/my/"):]) || strings.Contains(log, second[len("/my/"):]) || !strings.Contains(log, "/my/{secret}") {
		t.Errorf("the log has a secret, or no route:\n%s", log)
	}
}

// An archive that can't be read, or that lies beside the issuer's keys, is found when the server starts.
func TestArchiveIsLookedAt(t *testing.T) {
	s := newSite(t)
	for archive, want := range map[string]struct {
		code int
		says string
	}{
		filepath.Join(s.server, "none"):          {exitUsage, "archive can't be listed"},
		filepath.Join(s.centre, "data", "cards"): {exitKey, "private key"},
	} {
		cmd := exec.Command(filepath.Join(s.bin, "cardproof-verify"), "--config", s.config(), "--listen", "127.0.0.1:0")
		cmd.Env = append(os.Environ(), "CARDPROOF_ARCHIVE="+archive)
		out, err := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); err == nil || code != want.code || !strings.Contains(string(out), want.says) {
			t.Errorf("%s: got %d: %s", archive, code, out)
		}
	}
}
