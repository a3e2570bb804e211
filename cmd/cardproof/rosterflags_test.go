package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/issuer/course"
	"github.com/cardproof/cardproof/issuer/roster"
)

// A shell takes the printed flags apart into those that were given.
func TestRosterFlagsAsAShellReadsThem(t *testing.T) {
	f := rosterFlags{columns: []string{"Exam %=score", "Who's it?=name", "Plain=email", "$(x) `y` \"z\"=", "a\nb="}, set: []string{"course=BLS"},
		encoding: "windows-1250", sheet: "Sheet 1", dateOrder: "dmy", nameOrder: "last-first"}
	got, err := exec.Command("sh", "-c", `printf '%s\0' `+f.String()).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{"--map", f.columns[0], "--map", f.columns[1], "--map", f.columns[2], "--map", f.columns[3], "--map", f.columns[4], "--set", "course=BLS",
		"--date-order", "dmy", "--name-order", "last-first"}, "\x00") + "\x00"
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (&rosterFlags{}).String(); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestNameOrderOfTheFlagGoesFirst(t *testing.T) {
	catalogue, err := course.New([]course.Course{{Code: "BLS", Title: "Basic Life Support", Meets: []string{"BLS"}, Validity: course.Validity{Until: course.UntilNone}}})
	if err != nil {
		t.Fatal(err)
	}
	c := &config.Config{Roster: config.Roster{NameOrder: "last-first"}, Catalogue: catalogue}
	if got := (&rosterFlags{}).options(c).NameOrder; got != roster.LastFirst {
		t.Errorf("got %q, want that of the configuration", got)
	}
	if got := (&rosterFlags{nameOrder: "first-last"}).options(c).NameOrder; got != roster.FirstLast {
		t.Errorf("got %q, want that of the flag", got)
	}
}
