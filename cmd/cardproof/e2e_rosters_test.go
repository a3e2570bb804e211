//go:build e2e

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/issuer/roster"
)

// rosters are as offices keep them, with what a check must say.
const rosters = "../../issuer/roster/testdata"

// checkRoster runs check on a roster in a new centre.
func checkRoster(t *testing.T, path string) (found summary, code int) {
	t.Helper()
	dir := t.TempDir()
	if code := runIn(t, dir, "init"); code != exitDone {
		t.Fatalf("init ended with %d", code)
	}
	var out, errs bytes.Buffer
	code = run(context.Background(), []string{"check", path, "--json"}, &app{stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
		now: func() time.Time { return time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC) }})
	if err := json.Unmarshal(out.Bytes(), &found); err != nil {
		t.Fatalf("%v: %s %s", err, out.String(), errs.String())
	}
	return found, code
}

// places are the errors as row, column and code.
func places(problems []roster.Problem) []string {
	var out []string
	for _, p := range onlyErrors(problems) {
		out = append(out, fmt.Sprintf("%d %s %s", p.Row, p.Column, p.Code))
	}
	slices.Sort(out)
	return out
}

func TestEachFaultIsFound(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(rosters, "bad.expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var expected []roster.Problem
	if err := json.Unmarshal(data, &expected); err != nil {
		t.Fatal(err)
	}
	bad, err := filepath.Abs(filepath.Join(rosters, "bad.csv"))
	if err != nil {
		t.Fatal(err)
	}
	found, code := checkRoster(t, bad)
	if got, want := places(found.Problems), places(expected); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if code != exitRefused || found.Refused != 18 {
		t.Errorf("got exit code %d and %d refused, want %d and 18", code, found.Refused, exitRefused)
	}
	for _, p := range found.Problems {
		if p.Message == "" || p.Remedy == "" {
			t.Errorf("%+v: want a sentence and a remedy", p)
		}
	}
}

func TestRostersOfOffices(t *testing.T) {
	folder, err := filepath.Abs(rosters)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		errors, notices []string
		refused         int
	}{
		"office-export.csv": {},
		"als2.xlsx":         {notices: []string{"total_row"}},
		"ratio-als2.csv": {refused: 7, errors: []string{"2 class ratio_exceeded", "2 prior_card prerequisite_missing", "3 prior_card prerequisite_missing",
			"4 prior_card prerequisite_missing", "5 prior_card prerequisite_missing", "6 prior_card prerequisite_missing", "7 prior_card prerequisite_missing",
			"8 prior_card prerequisite_missing"}},
	} {
		found, _ := checkRoster(t, filepath.Join(folder, name))
		var notices []string
		for _, p := range found.Problems {
			if p.Severity == roster.Notice {
				notices = append(notices, p.Code)
			}
		}
		if got := places(found.Problems); !slices.Equal(got, want.errors) || !slices.Equal(notices, want.notices) || found.Refused != want.refused {
			t.Errorf("%s: got %q, notices %q, %d refused; want %q, %q, %d", name, got, notices, found.Refused, want.errors, want.notices, want.refused)
		}
	}
}
