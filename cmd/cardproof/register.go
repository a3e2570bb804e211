package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/config/public"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
)

func newRegister(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "register",
		Short: "Move the register between a file and a PostgreSQL database",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRegisterCopy(a))
	return cmd
}

func newRegisterCopy(a *app) *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "copy --to {postgres://... | FILE}",
		Short: "Copy the whole register into an empty one",
		Long: `Copy makes a register in a PostgreSQL database, or in a file, of all that this centre's register holds: cards, histories, batches, places in status
lists, keys, links and mails. It reads the copy back and compares it; where anything differs, or it breaks off, nothing is left of it, and
the same command begins again. A register that holds anything is refused. The register itself stays as it is.

Stop ` + "`cardproof serve` and `cardproof work`" + ` before, name the copy as register in config.yaml after it, and put the old register away:
what is written there later is not in the copy. The files of the cards (data/cards) stay where they are.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.copyRegister(cmd.Context(), to) },
	}
	cmd.Flags().StringVar(&to, "to", "", "the `place` of the copy: the URL of a PostgreSQL database, or a file")
	return cmd
}

func (a *app) copyRegister(ctx context.Context, to string) (err error) {
	if to == "" {
		return fail(exitUsage, errors.New("no place for the copy was named"), "Name it with --to, such as --to postgres://cardproof@db.example.org/cardproof.")
	}
	c, err := a.load()
	if err != nil {
		return err
	}
	if public.IsDatabase(to) {
		if bad := public.CheckDatabase("--to", to); bad != nil {
			return fail(exitUsage, bad, "The password stands in the file that PGPASSFILE names (~/.pgpass), or in PGPASSWORD.")
		}
	} else if to, err = filepath.Abs(to); err != nil {
		return err
	}
	from, err := register.Open(ctx, registerPath(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	return a.alone(ctx, c, from, func(ctx context.Context) error {
		into, err := register.Create(ctx, to)
		if err != nil {
			return err
		}
		copied, err := register.Copy(ctx, from, into)
		if err = errors.Join(err, into.Close()); err != nil {
			return err
		}
		return a.sayCopied(c, to, copied)
	})
}

func (a *app) sayCopied(c *config.Config, to string, copied []register.Copied) error {
	rows := map[string]int64{}
	for _, one := range copied {
		rows[one.Table] = one.Rows
	}
	if a.json {
		return a.printJSON(map[string]any{"to": to, "rows": rows})
	}
	fmt.Fprintf(a.stdout, "copied and compared: %d cards, %d events of them, %d batches, %d places in status lists, %d links, %d mails\n",
		rows["cards"], rows["events"], rows["batches"], rows["status_slots"], rows["links"], rows["mails"])
	a.say("\nIf the centre moves there, now write into %s\n  register: %q\nand put %s away: what is written to that one from now on is not in the copy.\n", a.configPath, to, registerPath(c))
	return nil
}

// alone keeps issuing away, on all machines, and this machine's work in the background.
func (a *app) alone(ctx context.Context, c *config.Config, from *register.DB, do func(context.Context) error) error {
	return a.whileIssuing(ctx, c, from, register.Alone, func(ctx context.Context) (err error) {
		working := flock.New(filepath.Join(c.Data, work.LockName), flock.SetPermissions(0o600))
		locked, err := working.TryLock()
		if err == nil && !locked {
			err = fail(exitFailed, errors.New("`cardproof serve` or `cardproof work` is sending mails"), "Stop it, and run the command again. Nothing was copied.")
		}
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, working.Unlock()) }()
		return do(ctx)
	})
}
