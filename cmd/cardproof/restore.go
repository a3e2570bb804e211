package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

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

The restored centre stands for its own folder alone: where config.yaml named another register, archive, folder of data or keys, these keys are comments
in it afterwards, so that nothing that is tried there touches what the old centre lives on.

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
	TakenOut []string `json:"taken_out"` // keys of config.yaml that led elsewhere, and are comments now
	Aside    string   `json:"aside"`     // the file of a configuration in which they could not be made comments
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
		Cards: done.Cards, Missing: done.Missing, WithKeys: done.WithKeys, TakenOut: append([]string{}, done.TakenOut...)}
	if done.Aside {
		d.Aside = filepath.Join(to, backup.AsideName)
	}
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
	a.sayStandsAlone(to, done)
	a.say("What was done after the backup is not in it: issue those rosters again, and repeat what was revoked or erased since. docs/operate.md says how.\n")
}

// sayStandsAlone says what became of the configuration, and what could still lead to the old centre.
func (a *app) sayStandsAlone(to string, done backup.Restored) {
	file := filepath.Join(to, "config.yaml")
	if done.Aside {
		a.say("The configuration names its keys in a form in which no single one can be taken out. It is in %s: write it anew as %s, without the keys archive, register, register_read, data and keys, which would lead to the old centre.\n",
			filepath.Join(to, backup.AsideName), file)
	}
	if len(done.TakenOut) > 0 {
		a.say("These keys of %s led elsewhere, and are comments now: %s. The old centre may still live there.\n", file, strings.Join(done.TakenOut, ", "))
	}
	if slices.Contains(done.TakenOut, "archive") {
		a.say("The finished cards are in %s. To have them elsewhere again, run `cardproof archive copy --to` a place of their own, and set archive then.\n",
			filepath.Join(to, "data", "cards"))
	}
	if slices.Contains(done.TakenOut, "register") {
		a.say("The register is the file %s. To have it in a database again, run `cardproof register copy --to` an empty one, and set register then.\n",
			filepath.Join(to, "data", "register.db"))
	}
	for _, pair := range a.env {
		name, value, _ := strings.Cut(pair, "=")
		if value != "" && slices.Contains([]string{"CARDPROOF_ARCHIVE", "CARDPROOF_REGISTER", "CARDPROOF_REGISTER_READ", "CARDPROOF_DATA", "CARDPROOF_KEYS"}, name) {
			a.say("The environment has %s, which stands above the configuration: unset it before you use the restored centre.\n", name)
		}
	}
	if _, err := config.Load(file, nil); err != nil && !done.Aside {
		a.say("The restored configuration can't be used as it is: %v\n", err)
	}
}
