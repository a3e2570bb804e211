// Command cardproof is the course admin's program: it checks rosters, issues cards, changes their state, and serves the
// public pages from the register beside it. It holds the keys.
package main

import (
	"cmp"
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// version is set by the build; a build from a working copy has none.
var version = ""

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends a program that does not
	code := run(ctx, os.Args[1:], &app{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, env: os.Environ(), now: time.Now,
	})
	stop()
	os.Exit(code)
}

// app is what a command may use of the world outside.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            []string
	now            func() time.Time

	// The flags of every command.
	configPath string
	dataDir    string
	json       bool
	quiet      bool
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, a *app) int {
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	started := noteStart(root)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !started() {
		err = usageError(cmd, err)
	}
	return a.report(err)
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "cardproof",
		Short: "Turn a course roster into signed certification cards that anybody can check",
		Long: `Cardproof turns a course roster into signed PDF certification cards that nobody can forge and anybody can check with a phone camera.

To see all of it at work:     cardproof demo
To begin for your centre:     cardproof init
To issue a class:             cardproof issue roster.csv --out cards

Exit codes: 0 done (verify: all valid) · 1 failed · 2 usage or configuration · 3 some rows refused or some cards not valid ·
4 key · 5 register · 130 interrupted. Results go to standard output, everything else to standard error.`,
		Version:       cmp.Or(version, "development"),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	flags := root.PersistentFlags()
	flags.StringVar(&a.configPath, "config", "config.yaml", "the configuration `file`")
	flags.StringVar(&a.dataDir, "data", "", "the data `folder`, with the register and the archive where they are not configured elsewhere (default: as configured)")
	flags.BoolVar(&a.json, "json", false, "print one JSON object instead of text")
	flags.BoolVar(&a.quiet, "quiet", false, "print results and errors only")
	root.AddCommand(
		newDemo(a), newInit(a), newRoster(a), newCheck(a), newIssue(a), newBatches(a), newQueue(a), newRelease(a), newDiscard(a), newShow(a),
		newPreview(a), newPrint(a), newExport(a), newVerify(a), newRevoke(a), newSuspend(a), newReinstate(a), newReplace(a), newServe(a), newWork(a), newMail(a),
		newLinks(a), newArchive(a), newStatus(a), newKeys(a), newAudit(a), newErase(a), newBackup(a), newRestore(a), newDoctor(a), newRegister(a),
	)
	return root
}
