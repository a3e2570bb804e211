package typeface

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func newSet(t testing.TB) *Set {
	t.Helper()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// names are the lines of testdata/names.txt.
func names(t testing.TB) []string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "names.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name := lines.Text(); name != "" && !strings.HasPrefix(name, "#") {
			out = append(out, name)
		}
	}
	if len(out) < 100 {
		t.Fatalf("got %d names", len(out))
	}
	return out
}
