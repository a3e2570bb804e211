package serve

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// sink counts what is written to it.
type sink struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes int
}

func (s *sink) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	return s.text.Write(b)
}

func (s *sink) state() (lines, writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.text.String(), "\n"), s.writes
}

func TestLinesAreWrittenTogether(t *testing.T) {
	to := &sink{}
	log := NewLog(to, slog.LevelInfo)
	for range 50 {
		log.Info("a request")
	}
	log.Debug("not asked for")
	if lines, _ := to.state(); lines != 0 {
		t.Errorf("got %d lines at once", lines)
	}
	end := time.Now().Add(10 * time.Second)
	for lines, writes := to.state(); lines != 50 || writes != 1; lines, writes = to.state() {
		if time.Now().After(end) {
			t.Fatalf("got %d lines in %d writes, want 50 in 1", lines, writes)
		}
		time.Sleep(10 * time.Millisecond)
	}
	log.Info("later")
	flushLog(log)
	if lines, _ := to.state(); lines != 51 {
		t.Errorf("after the flush: got %d lines", lines)
	}
}

// What a person has to act on is written at once, with all that came before it.
func TestComplaintsAreWrittenAtOnce(t *testing.T) {
	to := &sink{}
	log := NewLog(to, slog.LevelInfo).With("from", "a test")
	log.Info("before")
	log.Error("the register can't be asked")
	text := to.text.String()
	if before, after := strings.Index(text, "before"), strings.Index(text, "the register"); before < 0 || after < before || !strings.Contains(text, "a test") {
		t.Errorf("got %q", text)
	}
}

// A burst is not kept until the delay is over.
func TestFullBufferIsWritten(t *testing.T) {
	to := &sink{}
	log := NewLog(to, slog.LevelInfo)
	for range 1000 {
		log.Info(strings.Repeat("x", 100))
	}
	if lines, writes := to.state(); lines < 500 || writes > 20 {
		t.Errorf("got %d lines in %d writes", lines, writes)
	}
	flushLog(log)
	if lines, _ := to.state(); lines != 1000 {
		t.Errorf("got %d lines, want 1000", lines)
	}
}

func TestFlushOfAnotherLog(t *testing.T) {
	flushLog(slog.New(slog.DiscardHandler)) // has nothing to write, and must not fail
}
