package register

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestCreateAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	createAtOnce(t, filepath.Join(dir, "register.db"))
	files, _ := filepath.Glob(filepath.Join(dir, ".*"))
	if len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

func TestCreateAtOnceOnAServer(t *testing.T) {
	t.Parallel()
	_, where := ownServer(t)
	createAtOnce(t, where)
}

func createAtOnce(t *testing.T, path string) {
	t.Helper()
	entries := learners(0, 8)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			db, err := Create(context.Background(), path)
			if err != nil {
				t.Errorf("Create: %v", err)
				return
			}
			defer db.Close()
			if err := db.Plan(context.Background(), intention(entries[i].Name, entries[i])); err != nil {
				t.Errorf("Plan: %v", err)
			}
		})
	}
	wg.Wait()
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if got, err := db.Unfinished(t.Context()); err != nil || len(got) != 8 {
		t.Errorf("got %d cards, %v, want 8", len(got), err)
	}
}

func TestCreateRefusesLostRegister(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "register.db")
	if err := os.WriteFile(path+"-wal", []byte("cards"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(t.Context(), path); !errors.Is(err, ErrCorrupt) {
		t.Errorf("got %v, want ErrCorrupt", err)
	}
}
