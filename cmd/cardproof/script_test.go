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
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cardproof/cardproof/internal/post/posttest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cardproof": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(run(ctx, os.Args[1:], &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, env: os.Environ(), now: time.Now}))
	}})
}

// TestBusyScripts runs the stories in which a command does several things at once, for the race detector. It makes a command slow to start, so
// TestScripts runs all of them without it.
func TestBusyScripts(t *testing.T) {
	runScripts(t, "testdata/script/batches.txtar", "testdata/script/issue.txtar", "testdata/script/mail.txtar")
}

// runScripts runs stories: what a user types, and what comes of it. `exits CODE cardproof …` runs a
// command and wants that exit code; with `!` before it nothing would be checked, so it is refused.
func runScripts(t *testing.T, files ...string) {
	t.Helper()
	servers := &sync.Map{}
	testscript.Run(t, testscript.Params{
		Files:               files,
		RequireExplicitExec: true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":  exits,
			"occupy": occupy,
			"unpack": unpack,
			// mailserver starts a mail server, with its port in $MAILPORT; mailcount ADDRESS N wants so many mails there.
			"mailserver": mailServerOfScript(t, servers),
			"mailcount":  mailCount(servers),
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

// mailServerOfScript starts a mail server that runs as long as all scripts do.
func mailServerOfScript(t *testing.T, servers *sync.Map) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		s := posttest.Start(t, args...)
		servers.Store(ts.Name(), s)
		ts.Setenv("MAILPORT", strconv.Itoa(s.Port))
	}
}

func mailCount(servers *sync.Map) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		s, ok := servers.Load(ts.Name())
		if !ok || len(args) != 2 {
			ts.Fatalf("usage: mailserver, and then mailcount ADDRESS NUMBER")
		}
		got := 0
		for _, m := range s.(*posttest.Server).Mails() {
			if m.To == args[0] {
				got++
			}
		}
		if strconv.Itoa(got) != args[1] {
			ts.Fatalf("the mail server has %d mails to %s, want %s", got, args[0], args[1])
		}
	}
}
