package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/config/public"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/serve"
)

// archivePlace is the folder or the bucket of the finished cards.
func archivePlace(c *config.Config) string {
	if c.Archive != "" {
		return c.Archive
	}
	return filepath.Join(c.Data, "cards")
}

// openArchive opens the configured archive. It asks no server.
func (a *app) openArchive(c *config.Config) (archive.Archive, error) {
	return a.openArchiveAt(c, "archive", archivePlace(c))
}

// openArchiveAt opens the archive at a place; key is what names it, for the error.
func (a *app) openArchiveAt(c *config.Config, key, place string) (archive.Archive, error) {
	if !public.IsBucket(place) {
		return archive.NewFolder(place), nil
	}
	o, err := serve.Bucket(key, place, c.S3, a.env)
	if err != nil {
		return nil, err
	}
	return archive.NewBucket(o)
}

// newestFiles is how many of the newest files tell whether a folder is the archive.
const newestFiles = 16

// openArchiveOf opens the configured archive to write, of a register that says which files it has. A bucket tells by itself what it is.
func (a *app) openArchiveOf(c *config.Config, ledger *register.Ledger) (archive.Archive, error) {
	store, err := a.openArchive(c)
	if folder, ok := store.(*archive.Folder); ok && err == nil {
		folder.Expect(func(ctx context.Context) (wanted []archive.Wanted, err error) {
			files, err := ledger.NewestFiles(ctx, newestFiles)
			for _, f := range files {
				wanted = append(wanted, archive.Wanted{Number: f.Number, SHA256: f.SHA256})
			}
			return wanted, err
		})
	}
	return store, err
}

// checkArchive asks a bucket before anything is recorded or signed. A folder is asked whether it has files that the register names, and later
// whether it is still the one that it was.
func checkArchive(ctx context.Context, files any) error {
	if a, ok := files.(interface{ Check(context.Context) error }); ok {
		return a.Check(ctx)
	}
	return nil
}

func newArchive(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "archive",
		Short: "Bring the finished cards to another place, and remove files that are no card's",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newArchiveCopy(a), newArchiveTidy(a))
	return cmd
}

func newArchiveCopy(a *app) *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "copy --to s3://BUCKET[/PREFIX]|DIR",
		Short: "Copy all finished cards to a bucket or a folder",
		Long: `Copy brings the file of every card from the archive that "archive" in config.yaml names to another bucket or folder. Each file is held
against the register before it is written, and what is there already is compared and not written again: the same command again goes on
where it stopped. Nothing is removed, and no other file is written over. Nobody issues meanwhile.

The server of the bucket stands under s3 in config.yaml. To go from one server to another, copy to a folder first.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to == "" {
				return fail(exitUsage, errors.New("archive copy needs --to"), "Name a bucket, such as --to s3://our-cards, or a folder.")
			}
			return a.withRegisterAlone(cmd, func(ctx context.Context, c *centre) error { return a.copyArchive(ctx, c, to) })
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "where the files go: `s3://BUCKET/PREFIX` or a folder")
	return cmd
}

// copier is one run of archive copy.
type copier struct {
	*app
	from, to archive.Archive
	result   archive.Copied
}

func (a *app) copyArchive(ctx context.Context, c *centre, to string) error {
	to, err := a.destination(c.config, to)
	if err != nil {
		return err
	}
	k := &copier{app: a}
	if k.from, err = a.openArchive(c.config); err == nil {
		k.to, err = a.openArchiveAt(c.config, "--to", to)
	}
	if err == nil {
		err = checkArchive(ctx, k.to)
	}
	if err != nil {
		return err
	}
	known := map[card.Number]string{}
	err = c.ledger.WithCards(ctx, register.Selection{}, func(cards *register.Cards) error { return k.all(ctx, cards, known) })
	if err != nil {
		return err
	}
	left, err := k.leftBehind(ctx, known)
	if err != nil {
		return err
	}
	return k.sayCopied(to, left)
}

// destination reads --to. A folder counts from the one that the command is run in.
func (a *app) destination(c *config.Config, to string) (string, error) {
	if !public.IsBucket(to) {
		var err error
		if to, err = filepath.Abs(to); err != nil {
			return "", err
		}
		if to != filepath.Join(c.Data, "cards") { // where the files are by default, and may go back to
			if err := a.refuseOwn(c, "--to", to); err != nil {
				return "", err
			}
		}
	}
	if to == archivePlace(c) {
		return "", fail(exitUsage, fmt.Errorf("the archive is at %s already", to), "Name another place with --to.")
	}
	return to, nil
}

// all copies the files of all cards that have one.
func (k *copier) all(ctx context.Context, cards *register.Cards, known map[card.Number]string) error {
	step, end := k.bar("copying", cards.Len())
	defer end()
	var group []archive.Wanted
	flush := func() error {
		done, err := archive.Copy(ctx, k.from, k.to, group)
		k.result.Copied += done.Copied
		k.result.There += done.There
		k.result.Bad = append(k.result.Bad, done.Bad...)
		if step != nil {
			step(len(group))
		}
		group = group[:0]
		return err
	}
	err := cards.Each(ctx, func(e card.Entry) error {
		if e.SHA256 == "" { // planned, and made anew by the next run
			return nil
		}
		known[e.Number] = e.SHA256
		if group = append(group, archive.Wanted{Number: e.Number, SHA256: e.SHA256}); len(group) < archive.GroupSize {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	return err
}

// leftBehind counts the files that are no finished card's: those of runs that broke off.
func (k *copier) leftBehind(ctx context.Context, known map[card.Number]string) (left int, err error) {
	for file, err := range k.from.List(ctx) {
		if err != nil {
			return left, err
		}
		if sum := known[file.Number]; sum == "" || file.SHA256 != "" && file.SHA256 != sum {
			left++
		}
	}
	return left, nil
}

func (k *copier) sayCopied(to string, left int) error {
	if k.json {
		bad := []string{}
		for _, err := range k.result.Bad {
			bad = append(bad, err.Error())
		}
		err := k.printJSON(map[string]any{"to": to, "copied": k.result.Copied, "there": k.result.There, "left_behind": left, "bad": bad})
		if err == nil && len(bad) > 0 {
			err = errRefused
		}
		return err
	}
	k.printCount("copied to "+to, k.result.Copied)
	k.printCount("there already, and the same", k.result.There)
	if left > 0 {
		k.say("%s of no finished card stayed behind; `cardproof archive tidy` tells what they are\n", plural(left, "file", "files"))
	}
	if len(k.result.Bad) > 0 {
		return damagedFiles(k.result.Bad, "The other files are copied. Restore these where they are missing or altered, and run the same command again; an issued card is never drawn anew.")
	}
	k.say("Now set `archive: %s` in config.yaml, and keep the old files until a backup has the new ones.\n", to)
	return nil
}
