//go:build e2e

package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/internal/archive/archivetest"
)

// The public server hands learners their files out of a bucket, with credentials that may only read it; with others it does not start.
func TestLearnersFilesOutOfABucket(t *testing.T) {
	const bucket = "our-cards"
	server := archivetest.Start(t)
	server.MakeBucket(t, bucket)
	s := newSite(t)
	s.cardproof("replace", s.number, "--email", "ana@example.org")
	place := []string{"CARDPROOF_ARCHIVE=s3://" + bucket, "CARDPROOF_S3_ENDPOINT=" + server.Endpoint()}
	cmd := exec.Command(filepath.Join(s.bin, "cardproof"), "archive", "copy", "--to", "s3://"+bucket)
	cmd.Dir = s.centre
	cmd.Env = append(append(os.Environ(), place[1]), archivetest.Env()...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("archive copy: %v: %s", err, out)
	}
	for name, env := range map[string][]string{"credentials that may write": archivetest.Env(), "no credentials": {"HOME=" + t.TempDir()}} {
		cmd := exec.Command(filepath.Join(s.bin, "cardproof-verify"), "--config", s.config(), "--listen", "127.0.0.1:0")
		cmd.Env = append(append(os.Environ(), place...), env...)
		if out, err := cmd.CombinedOutput(); err == nil || cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(string(out), "credentials") {
			t.Errorf("%s: got %v: %s", name, err, out)
		}
	}
	v := s.launch(append(place, server.AddReader(t, bucket)...)...)
	issued, err := os.ReadFile(filepath.Join(s.centre, "out", strings.ReplaceAll(s.number, "-", "")+".pdf"))
	if err != nil {
		t.Fatal(err)
	}
	path := s.link()
	if status, body := s.fetch("http://" + v.address + path + "/card.pdf"); status != http.StatusOK || body != string(issued) {
		t.Errorf("got %d and %d bytes, want the %d that were issued", status, len(body), len(issued))
	}
	v.stop()
	if log := v.said(); strings.Contains(log, archivetest.SecretKey) {
		t.Errorf("the log has the secret key:\n%s", log)
	}
}
