package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/register"
)

// leftover is why a file of the archive is no card's.
type leftover string

const (
	unrecorded leftover = "not recorded" // the register names another file of the card, or none any more
	ofErased   leftover = "erased"       // the details of the card were erased
	young      leftover = "recent"       // not recorded, and the run that wrote it may go on
	unknown    leftover = "unknown card" // the register does not know the number: it may be an older copy
	brokenOff  leftover = "broken off"   // it was never whole, or never got its name: the write was killed
)

const (
	// tidyAge is how old a file has to be before it counts as left over: a run that wrote it has long ended.
	tidyAge = 24 * time.Hour
	// tidyGroup is how many files are looked up in the register at once.
	tidyGroup = 500
)

// classify says what a file is, where it is no card's. The register's word is final in two ways: the SHA-256 of a card that was issued never
// changes, and a card that was given up or erased is never issued. A card that is planned may get its file in this moment. What is
// temporary is of no use to any card once its write has ended.
func classify(f archive.File, kept register.KeptFile, known bool, now time.Time) (is leftover, ok bool) {
	switch {
	case f.Number == "" && now.Sub(f.Written) >= tidyAge:
		return brokenOff, true
	case f.Number == "":
		return young, true
	case !known:
		return unknown, true
	case kept.Erased:
		return ofErased, true
	case f.IsTemporary() && now.Sub(f.Written) >= tidyAge:
		return brokenOff, true
	case f.IsTemporary():
		return young, true
	case kept.State == card.Planned:
		return "", false
	case kept.SHA256 != "" && (f.SHA256 == kept.SHA256 || f.SHA256 == ""): // without one it may be the card's file, and only its bytes would tell
		return "", false
	case now.Sub(f.Written) < tidyAge:
		return young, true
	}
	return unrecorded, true
}

// eachLeftover goes through the files of an archive that are no card's. The register is asked after the archive, so that no card is
// missing which was planned before its file was there.
func eachLeftover(ctx context.Context, ledger *register.Ledger, store archive.Archive, now time.Time, each func(archive.File, leftover) error) error {
	var group []archive.File
	flush := func() error {
		numbers := make([]card.Number, len(group))
		for i, f := range group {
			numbers[i] = f.Number
		}
		kept, err := ledger.FilesOf(ctx, numbers)
		if err != nil {
			return err
		}
		for _, f := range group {
			k, known := kept[f.Number]
			if is, ok := classify(f, k, known, now); ok {
				if err := each(f, is); err != nil {
					return err
				}
			}
		}
		group = group[:0]
		return nil
	}
	for f, err := range allFiles(ctx, store) {
		if err != nil {
			return err
		}
		if group = append(group, f); len(group) == tidyGroup {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// allFiles goes through the files of an archive, and then through those that are temporary. A bucket has none: there, an object is whole or not at all.
func allFiles(ctx context.Context, store archive.Archive) iter.Seq2[archive.File, error] {
	return func(yield func(archive.File, error) bool) {
		lists := []iter.Seq2[archive.File, error]{store.List(ctx)}
		if folder, ok := store.(*archive.Folder); ok {
			lists = append(lists, folder.Temporary(ctx))
		}
		for _, list := range lists {
			for f, err := range list {
				if !yield(f, err) {
					return
				}
			}
		}
	}
}

func newArchiveTidy(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "tidy [--yes]",
		Short: "Remove files from the archive that are no card's",
		Long: `Tidy looks for files of the archive that the register does not name: those of a run that broke off before it recorded them, or while it
wrote them, the second file of a card that two machines made at once, and files of erased cards. Without --yes it shows them and changes nothing; with it, they are removed.

It leaves alone what may be needed: whole files of cards that are still planned, files younger than a day, and files of cards that the register
does not know. The last are counted: this register may be an older copy, and their cards may be out.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			return a.withLedger(cmd.Context(), func(ledger *register.Ledger, _ string) error { return a.tidyArchive(cmd.Context(), c, ledger, yes) })
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "remove them")
	return cmd
}

// tidied is what archive tidy prints as JSON.
type tidied struct {
	DryRun  bool         `json:"dry_run"`
	Files   []tidiedFile `json:"files"`   // that were removed, or would be
	Recent  int          `json:"recent"`  // that are not recorded and stay for now
	Unknown int          `json:"unknown"` // of cards that the register does not know
}

type tidiedFile struct {
	Number  string   `json:"number"` // empty for what was to be no card's
	SHA256  string   `json:"sha256"` // as its name says; empty for a name of before
	Written string   `json:"written"`
	Why     leftover `json:"why"`
}

func (a *app) tidyArchive(ctx context.Context, c *config.Config, ledger *register.Ledger, yes bool) error {
	store, err := a.openArchiveOf(c, ledger)
	if err == nil {
		err = checkFolder(ctx, store) // else nothing would be found, and that is no news
	}
	if err != nil {
		return err
	}
	t := tidied{DryRun: !yes, Files: []tidiedFile{}}
	err = eachLeftover(ctx, ledger, store, a.now(), func(f archive.File, is leftover) error {
		switch is {
		case young:
			t.Recent++
			return nil
		case unknown:
			t.Unknown++
			return nil
		}
		if yes {
			if err := store.RemoveFile(ctx, f); err != nil {
				return err
			}
		}
		t.Files = append(t.Files, tidiedFile{f.Number.String(), f.SHA256, f.Written.UTC().Format(time.RFC3339), is})
		return nil
	})
	if err != nil {
		return err
	}
	return a.printTidied(t)
}

func (a *app) printTidied(t tidied) error {
	if a.json {
		return a.printJSON(t)
	}
	if t.DryRun && len(t.Files) > 0 {
		rows := [][]string{{"NUMBER", "WRITTEN", "WHY"}}
		for _, f := range t.Files {
			rows = append(rows, []string{cmp.Or(f.Number, "none"), f.Written, string(f.Why)})
		}
		if err := a.table(rows); err != nil {
			return err
		}
	}
	files := plural(len(t.Files), "file", "files")
	if !t.DryRun {
		fmt.Fprintf(a.stdout, "%s removed\n", files)
	} else {
		fmt.Fprintf(a.stdout, "%s would be removed; nothing was changed\n", files)
	}
	if t.DryRun && len(t.Files) > 0 {
		a.say("The register names none of them. To remove them, add --yes.\n")
	}
	if t.Recent > 0 {
		a.say("%s younger than a day: a run may be about to record them; what broken or discarded runs left of them goes tomorrow\n", plural(t.Recent, "more file is", "more files are"))
	}
	if t.Unknown > 0 {
		a.say("%s of cards that this register does not know, and stay: docs/operate.md says what that may mean\n", plural(t.Unknown, "more file is", "more files are"))
	}
	return nil
}
