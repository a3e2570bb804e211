package main

import (
	"archive/zip"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cardproof": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(run(ctx, os.Args[1:], &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, env: os.Environ(), now: time.Now}))
	}})
}

// TestScripts runs the stories of testdata/script: what a user types, and what comes of it. `exits CODE cardproof …` runs a
// command and wants that exit code; with `!` before it nothing would be checked, so it is refused.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":  exits,
			"occupy": occupy,
			"unpack": unpack,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if err != nil || neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("got exit code %d, want %d", got, want)
	}
}

// unpack puts the files of a ZIP into a new folder; with `!` before it the ZIP has to be one that can't be opened.
func unpack(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: unpack ZIP FOLDER")
	}
	z, err := zip.OpenReader(ts.MkAbs(args[0]))
	if neg {
		if err == nil {
			ts.Fatalf("%s is a whole ZIP", args[0])
		}
		return
	}
	ts.Check(err)
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), z))
	ts.Check(z.Close())
}

// occupy takes a free port until the script ends, and puts its address into a variable.
func occupy(ts *testscript.TestScript, _ bool, args []string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { ts.Check(ln.Close()) })
	ts.Setenv(args[0], ln.Addr().String())
}
