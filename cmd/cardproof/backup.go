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
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/keys"
)

func newBackup(a *app) *cobra.Command {
	var to string
	var withKeys, recheck bool
	cmd := &cobra.Command{
		Use:   "backup --to DIR [--with-keys] [--recheck]",
		Short: "Copy the centre into a folder, while it works",
		Long: `Backup makes a new folder in DIR, named by the time, with the register as it stands at one moment, the finished files of its cards, the
configuration with what it names, and the public keys. Issuing and serving go on meanwhile. Files of cards that an earlier backup of DIR has
are not copied again; with --recheck each of them is read, and mended where the disk has spoilt it. Nothing is overwritten.

Private keys are left out: keep them apart, for whoever has a backup with them can make genuine cards. --with-keys takes them in, for a place
as safe as the keys themselves.

SHA256SUMS in the new folder names every file; "sha256sum -c SHA256SUMS" there checks it without this program. The register is audited as well:
where it is not whole, the backup is made and the exit code is 5.`,
		Example: "  cardproof backup --to /mnt/backup/cardproof",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to == "" {
				return fail(exitUsage, errors.New("backup needs --to DIR"), "Name a folder on another disk.")
			}
			return a.backup(cmd.Context(), to, withKeys, recheck)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the `folder` of the backups")
	cmd.Flags().BoolVar(&withKeys, "with-keys", false, "also the private keys, and the password of the mail server")
	cmd.Flags().BoolVar(&recheck, "recheck", false, "read also the files that an earlier backup has copied")
	return cmd
}

// madeBackup is what backup prints as JSON.
type madeBackup struct {
	Path    string   `json:"path"`
	Sums    string   `json:"sha256sums"` // the SHA-256 of SHA256SUMS
	Head    string   `json:"head"`
	Whole   bool     `json:"whole"`
	Cards   int      `json:"cards"`
	Copied  int      `json:"copied"`
	Missing []string `json:"missing"`
	Keys    bool     `json:"with_keys"`
}

func (a *app) backup(ctx context.Context, to string, withKeys, recheck bool) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	if to, err = filepath.Abs(to); err != nil {
		return err
	}
	if err := a.refuseOwn(c, "--to", to); err != nil {
		return err
	}
	files, err := a.filesToBackUp(c, withKeys)
	if err != nil {
		return err
	}
	ledger, err := register.OpenReadOnly(ctx, registerPath(c))
	if err != nil {
		return err
	}
	defer ledger.Close() // it only read
	store, err := a.openArchive(c)
	if err != nil {
		return err
	}
	made, err := backup.Take(ctx, backup.Centre{Register: ledger, Archive: store, Issuer: c.Issuer.URL, Files: files, WithKeys: withKeys},
		to, backup.Options{Recheck: recheck, Now: a.now(), Program: version})
	if err != nil {
		return explainBackup(err)
	}
	if err := a.printBackup(made); err != nil {
		return err
	}
	switch {
	case !made.Whole:
		return errAltered(describeAudit(made.Audit))
	case len(made.Missing) > 0:
		return fail(exitFailed, fmt.Errorf("the archive has not the whole files of %s", plural(len(made.Missing), "card", "cards")),
			"The backup holds everything else. Restore these files from an earlier backup; an issued card is never drawn anew. `cardproof doctor` lists them.")
	}
	return nil
}

func explainBackup(err error) error {
	switch {
	case errors.Is(err, backup.ErrErasedMeanwhile), errors.Is(err, backup.ErrBusy):
		return fail(exitFailed, err, "Run the command again in a while. Earlier backups stay as they are.")
	case errors.Is(err, backup.ErrNoBackup):
		return fail(exitFailed, err, "Name the folder that was given to `cardproof backup --to`, or one of the folders in it. One that was broken off has no SHA256SUMS, and is none.")
	case errors.Is(err, backup.ErrDamaged):
		return fail(exitFailed, err, "Take an earlier backup of the same folder with --from, or another copy of this one. Nothing was restored.")
	case errors.Is(err, backup.ErrNotEmpty):
		return fail(exitFailed, err, "Name a folder that is not there yet. Nothing is overwritten.")
	}
	return err
}

func (a *app) printBackup(m backup.Made) error {
	head := ""
	if m.HeadSeq > 0 {
		head = fmt.Sprintf("%d:%s", m.HeadSeq, m.HeadHash)
	}
	if a.json {
		return a.printJSON(madeBackup{m.Path, m.Sums, head, m.Whole, m.Cards, m.Copied, m.Missing, m.WithKeys})
	}
	fmt.Fprintf(a.stdout, "%s\n", m.Path)
	a.printCount("files of cards, of which", m.Cards)
	a.printCount("are new", m.Copied)
	fmt.Fprintf(a.stdout, "head: %s\n", head)
	fmt.Fprintf(a.stdout, "SHA256SUMS: %s\n", m.Sums)
	if !m.WithKeys {
		a.say("The private keys are not in it. Note the last two lines where the backup is not: they tell whether it is still this one.\n")
	}
	return nil
}

// filesToBackUp are the files of a centre beside the register and the cards: the configuration with what it names, and the keys. What is
// secret is among them only where it is wanted.
func (a *app) filesToBackUp(c *config.Config, withKeys bool) ([]backup.File, error) {
	configFile, err := filepath.Abs(a.configPath)
	if err != nil {
		return nil, err
	}
	files := []backup.File{{Path: configFile, Name: "config.yaml"}}
	for _, named := range c.Files() {
		path := named.Path
		if named.TLS || named.Secret && !withKeys || slices.ContainsFunc(files, func(f backup.File) bool { return f.Path == path }) {
			continue
		}
		if rel, err := filepath.Rel(c.Keys, path); err == nil && filepath.IsLocal(rel) {
			continue // with the keys
		}
		files = append(files, backup.File{Path: path, Name: placeOf(filepath.Dir(configFile), path)})
	}
	entries, err := os.ReadDir(c.Keys)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		isPublic := e.Name() == keys.FileName || strings.HasSuffix(e.Name(), ".crt")
		if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") && (isPublic || withKeys) {
			files = append(files, backup.File{Path: filepath.Join(c.Keys, e.Name()), Name: "keys/" + e.Name()})
		}
	}
	return files, nil
}

// placeOf is where a file that the configuration names stands in a backup: as seen from the configuration, or for one that is not below it,
// under elsewhere/.
func placeOf(base, path string) string {
	if rel, err := filepath.Rel(base, path); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return "elsewhere/" + strings.TrimLeft(filepath.ToSlash(path[len(filepath.VolumeName(path)):]), "/")
}
