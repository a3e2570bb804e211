package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/statuslist"
)

func (s *site) publish() {
	s.cardproof("status", "publish", "--out", filepath.Join(s.server, "public", "s"))
}

// list asks for list 1, and holds a 200 against the keys that the server has.
func (s *site) list(address string) (status int, l statuslist.Opened) {
	s.t.Helper()
	resp, err := http.Get(address + "/s/1")
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode, l
	}
	set, err := keys.Load(filepath.Join(s.server, "public", "keys.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	l, err = statuslist.Open(string(body), statuslist.Expected{
		URI: "http://localhost:8080/s/1", Issuer: "http://localhost:8080", Keys: set, Now: time.Now(),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, l
}

func revoked(t *testing.T, l statuslist.Opened) (n int) {
	t.Helper()
	for i := range int64(l.Len()) {
		status, err := l.At(i)
		if err != nil {
			t.Fatal(err)
		}
		if status == statuslist.Revoked {
			n++
		}
	}
	return n
}

// The server without a key hands out what the issuer signs beside it, and takes it up without a restart.
func TestServesThePublishedLists(t *testing.T) {
	s := newSite(t)
	address := s.start()
	if status, _ := s.list(address); status != http.StatusServiceUnavailable {
		t.Errorf("before the lists are published: got %d, want 503", status)
	}
	s.publish()
	if status, l := s.list(address); status != http.StatusOK || revoked(t, l) != 0 {
		t.Errorf("published: got %d with %d revoked cards", status, revoked(t, l))
	}
	s.cardproof("revoke", s.number, "--reason", "a test")
	s.publish()
	if status, l := s.list(address); status != http.StatusOK || revoked(t, l) != 1 {
		t.Errorf("after a card was revoked: got %d with %d revoked cards", status, revoked(t, l))
	}
	if err := os.Remove(filepath.Join(s.server, "public", "s", "1.jwt")); err != nil {
		t.Fatal(err)
	}
	if status, l := s.list(address); status != http.StatusOK || revoked(t, l) != 1 {
		t.Errorf("the file is gone, the list in hand counts: got %d", status)
	}
}

func TestServesNoListsWhereNoneAreConfigured(t *testing.T) {
	s := newSite(t)
	s.publish()
	text, err := os.ReadFile(s.config())
	if err != nil {
		t.Fatal(err)
	}
	s.write(s.config(), strings.Replace(string(text), "status_lists: public/s", `status_lists: ""`, 1))
	if status, _ := s.list(s.start()); status != http.StatusNotFound {
		t.Errorf("got %d, want 404", status)
	}
}
