package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/internal/backup"
	"github.com/cardproof/cardproof/internal/config"
)

func newRestore(a *app) *cobra.Command {
	var from, to, expect string
	cmd := &cobra.Command{
		Use:   "restore --from DIR --to DIR [--expect SEQ:HASH]",
		Short: "Bring a backup back, into an empty folder",
		Long: `Restore brings a backup back into a folder that is not there yet or is empty: config.yaml, keys and data. --from names one backup, or the folder of
backups, of which it takes the newest.

Every file is compared with SHA256SUMS, the register is audited, and every card that was out has to have its file, before it says that it is
done. With --expect it also has to hold a head of the chain that was noted before. The private keys are in it only where the backup was
made with --with-keys: otherwise put them back into its folder keys from where they are kept.`,
		Example: "  cardproof restore --from /mnt/backup/cardproof --to /srv/cardproof-restored",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if from == "" || to == "" {
				return fail(exitUsage, errors.New("restore needs --from DIR and --to DIR"), "Name a folder of backups, and one that is not there yet.")
			}
			return a.restore(cmd.Context(), from, to, expect)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "a backup, or the `folder` of backups")
	cmd.Flags().StringVar(&to, "to", "", "the `folder` to restore to")
	cmd.Flags().StringVar(&expect, "expect", "", "a `head` that was noted before, as SEQ:HASH")
	return cmd
}

// restoredCentre is what restore prints as JSON.
type restoredCentre struct {
	From     string   `json:"from"`
	To       string   `json:"to"`
	MadeAt   string   `json:"made_at"`
	Audit    audited  `json:"audit"`
	File     []string `json:"file"` // what SQLite finds wrong with the register's file
	Cards    int      `json:"cards"`
	Missing  []string `json:"missing"`
	WithKeys bool     `json:"with_keys"`
}

func (a *app) restore(ctx context.Context, from, to, expect string) error {
	head, err := readHead(expect)
	if err != nil {
		return err
	}
	if to, err = filepath.Abs(to); err != nil {
		return err
	}
	done, err := backup.Restore(ctx, from, to, head)
	if err != nil {
		return explainBackup(err)
	}
	d := restoredCentre{From: done.From, To: to, MadeAt: done.MadeAt, Audit: describeAudit(done.Audit), File: append([]string{}, done.Found...),
		Cards: done.Cards, Missing: done.Missing, WithKeys: done.WithKeys}
	if a.json {
		if err := a.printJSON(d); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(a.stdout, "restored the backup of %s to %s\n", done.MadeAt, to)
		a.printCount("files of cards, each as the register says", done.Cards)
		a.printAudit(d.Audit, head)
	}
	a.sayWhatIsLeft(to, done)
	switch {
	case len(d.File) > 0:
		return fail(exitRegister, fmt.Errorf("the restored register is damaged: %s", d.File[0]), "It was so when the backup was made. Restore an earlier backup into another folder, and compare the two.")
	case !d.Audit.OK:
		return errAltered(d.Audit)
	case len(done.Missing) > 0:
		return fail(exitRefused, fmt.Errorf("the files of %s were missing when the backup was made", plural(len(done.Missing), "card", "cards")),
			"Everything else is restored. Take them from an earlier backup: an issued card is never drawn anew.")
	}
	return nil
}

// sayWhatIsLeft says what a person still has to do.
func (a *app) sayWhatIsLeft(to string, done backup.Restored) {
	if !done.WithKeys {
		a.say("The private keys were not in the backup: put them back into %s.\n", filepath.Join(to, "keys"))
	}
	if _, err := os.Stat(filepath.Join(to, "elsewhere")); err == nil {
		a.say("Files that the configuration names outside its folder are in %s: put them where it looks for them.\n", filepath.Join(to, "elsewhere"))
	}
	file := filepath.Join(to, "config.yaml")
	if c, err := config.Load(file, nil); err != nil {
		a.say("The restored configuration can't be used as it is: %v\n", err)
	} else if c.Register != "" {
		a.say("%s names a database as register. The restored register is the file %s, and not that database: take the key register out, and then move it into an empty database with `cardproof register copy` if you want it there.\n",
			file, filepath.Join(to, "data", "register.db"))
	} else if c.Data != filepath.Join(to, "data") || c.Keys != filepath.Join(to, "keys") {
		a.say("%s names other folders for data or keys, which may be those of the old centre. Change them to data and keys before you use it.\n", file)
	}
	a.say("What was done after the backup is not in it: issue those rosters again, and repeat what was revoked or erased since. docs/operate.md says how.\n")
}
