//go:build e2e

package main

import (
	"path/filepath"
	"testing"
)

// TestScripts runs all stories of testdata/script.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d scripts, %v", len(files), err)
	}
	runScripts(t, files...)
}
