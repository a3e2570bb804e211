package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/register"
)

type eraseFlags struct {
	learner            string
	expired, list, yes bool
	reason             string
}

func newErase(a *app) *cobra.Command {
	var f eraseFlags
	cmd := &cobra.Command{
		Use:   "erase {--learner WHO | --expired | --list} [--reason TEXT] [--yes]",
		Short: "Erase the details of a learner, or of cards that ended long ago",
		Long: `Erase takes a learner's details out of the register and the archive for good: name, e-mail, learner ID, evidence, links, mails, the finished files,
and the words of the cards' histories. The cards themselves stay, with their numbers, courses, days and instructors. Those in force are
revoked first; whoever checks one reads that its details were erased, and nothing else. It can't be undone.

A learner is named by the number of any of their cards, their e-mail address, or their learner ID. With --expired it is the cards whose last valid
day is longer ago than retention.erase_after_years of the configuration.

Without --yes nothing is changed: it shows what would be. The reason stays in the histories, so it must not name the learner.

With --list it prints the numbers of the cards that were erased before: whoever restores an older backup erases these again.

Backups, output folders and mail boxes are outside. docs/operate.md says what to do about them.`,
		Example: "  cardproof erase --learner ana@example.org\n  cardproof erase --learner ana@example.org --reason \"request of 3 May, file 12\" --yes\n  cardproof erase --expired --yes",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.erase(cmd.Context(), f) },
	}
	cmd.Flags().StringVar(&f.learner, "learner", "", "`who`: the number of a card, an e-mail address or a learner ID")
	cmd.Flags().BoolVar(&f.expired, "expired", false, "the cards that ended longer ago than the configuration keeps them")
	cmd.Flags().BoolVar(&f.list, "list", false, "print the numbers of the cards that were erased, and change nothing")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "do it")
	cmd.Flags().StringVar(&f.reason, "reason", "", "why, in a few words that name nobody; it stays in the cards' histories")
	return cmd
}

// expiredReason is that of an erasure by the rule of the configuration.
const expiredReason = "kept as long as the configuration says"

func (a *app) erase(ctx context.Context, f eraseFlags) error {
	ways := 0
	for _, given := range []bool{f.learner != "", f.expired, f.list} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		return fail(exitUsage, errors.New("erase needs one of --learner, --expired and --list"), "Nothing was changed.")
	}
	if f.list {
		return a.withLedger(ctx, func(ledger *register.Ledger, _ string) error { return a.listErased(ctx, ledger) })
	}
	c, err := a.load()
	if err != nil {
		return err
	}
	switch {
	case f.expired && c.Keep.EraseAfterYears == 0:
		return fail(exitUsage, errors.New("the configuration keeps the details of cards for ever"), "Set retention.erase_after_years in the configuration. Nothing was changed.")
	case f.expired && f.reason == "":
		f.reason = expiredReason
	case f.yes || f.reason != "":
		if f.reason, err = checkReason(f.reason); err != nil {
			return err
		}
	}
	if !f.yes {
		return a.withLedger(ctx, func(ledger *register.Ledger, _ string) error {
			cards, err := a.toErase(ctx, c, ledger, f)
			if err == nil {
				err = a.printErasure(cards, erasure{DryRun: true}, f)
			}
			return err
		})
	}
	return a.withWriter(ctx, func(ctx context.Context, db *register.DB) error { return a.eraseNow(ctx, c, db, f) })
}

func (a *app) listErased(ctx context.Context, ledger *register.Ledger) error {
	erased, err := ledger.ErasedCards(ctx)
	if err != nil {
		return err
	}
	numbers := numberTexts(erased)
	if a.json {
		return a.printJSON(map[string][]string{"erased": numbers})
	}
	for _, n := range numbers {
		fmt.Fprintln(a.stdout, n)
	}
	return nil
}

// eraseNow erases while nobody issues, on any machine, so that no card of the learner comes into being meanwhile. The register goes first: a
// file without a card that names it is found again, and removed by the next erasure.
func (a *app) eraseNow(ctx context.Context, c *config.Config, db *register.DB, f eraseFlags) error {
	return a.whileIssuing(ctx, c, db, register.Alone, func(ctx context.Context) error { return a.eraseLocked(ctx, c, db, f) })
}

func (a *app) eraseLocked(ctx context.Context, c *config.Config, db *register.DB, f eraseFlags) error {
	cards, err := a.toErase(ctx, c, db.Ledger, f)
	if err != nil {
		return err
	}
	if err := refuseNames(f.reason, cards); err != nil {
		return err
	}
	numbers := make([]card.Number, len(cards))
	for i, e := range cards {
		numbers[i] = e.Number
	}
	store, err := a.openArchiveOf(c, db.Ledger)
	if err == nil {
		err = checkFolder(ctx, store) // else no file would be removed, and nobody told
	}
	if err != nil {
		return err
	}
	if err := mustExist(ctx, store, db.Ledger, len(cards)); err != nil {
		return err
	}
	done, err := db.Erase(ctx, numbers, actor(), f.reason, a.now().UTC())
	if errors.Is(err, register.ErrSending) {
		return fail(exitFailed, err, "Wait until it is sent, or until `cardproof mail status` says what became of it, and run the command again. Nothing was changed.")
	}
	if err != nil {
		return err
	}
	files, err := removeErased(ctx, store, db.Ledger)
	if err == nil {
		err = checkFolder(ctx, store) // also in between
	}
	if err != nil {
		return err
	}
	return a.printErasure(cards, erasure{Links: done.Links, Mails: done.Mails, Files: files}, f)
}

// mustExist sees to it that a folder is there which may have files to remove: those of a planned card, too, that are not recorded yet, and those that an
// earlier run did not come to.
func mustExist(ctx context.Context, store archive.Archive, ledger *register.Ledger, cards int) error {
	folder, ok := store.(*archive.Folder)
	if !ok {
		return nil
	}
	if cards == 0 {
		erased, err := ledger.ErasedCards(ctx)
		if err != nil || len(erased) == 0 {
			return err
		}
	}
	return folder.Exists()
}

// removeErased takes the files of all erased cards out of the archive, also those that an earlier run did not come to, and answers how
// many there were.
func removeErased(ctx context.Context, store archive.Archive, ledger *register.Ledger) (int, error) {
	erased, err := ledger.ErasedCards(ctx)
	if err != nil {
		return 0, err
	}
	files := 0
	for _, n := range erased {
		removed, err := store.Remove(ctx, n)
		files += removed
		if err != nil {
			return files, err
		}
	}
	return files, nil
}

// toErase are the cards that are meant, the oldest first.
func (a *app) toErase(ctx context.Context, c *config.Config, ledger *register.Ledger, f eraseFlags) ([]card.Entry, error) {
	if f.expired {
		return ledger.CardsEndedBefore(ctx, a.now().UTC().AddDate(-c.Keep.EraseAfterYears, 0, 0))
	}
	who := strings.TrimSpace(f.learner)
	var keys []card.LearnerKey
	var number card.Number
	var err error
	switch n, numberErr := card.ParseNumber(who); {
	case strings.Contains(who, "@"):
		if keys, err = ledger.LearnersByEmail(ctx, who); err == nil && len(keys) == 0 {
			keys, err = ledger.LearnersOfAddress(ctx, who)
		}
		if err == nil && len(keys) > 1 {
			return nil, fail(exitFailed, fmt.Errorf("%d learners have this e-mail address", len(keys)),
				"Give the number of a card of the one who is meant; `cardproof export --json` and `cardproof show` tell which. Nothing was changed.")
		}
	case numberErr == nil:
		number = n
		keys, err = ledger.LearnerOfCard(ctx, n)
		if errors.Is(err, card.ErrNotFound) { // a learner ID may look like a number
			number = ""
			keys, err = ledger.LearnersByID(ctx, who)
		}
	default:
		keys, err = ledger.LearnersByID(ctx, who)
	}
	if err != nil {
		return nil, err
	}
	// The key of an erased card names everybody who was erased.
	for i, k := range keys {
		if k.Name == card.ErasedName {
			keys[i] = card.LearnerKey{}
		}
	}
	cards, err := ledger.CardsToErase(ctx, keys, number)
	if err == nil && len(cards) == 0 && number == "" {
		err = fail(exitFailed, errors.New("the register has nobody of this card number, e-mail address or learner ID"),
			"Compare it with the card; see that --config or --data names the right register. Who was erased before is not found any more. Nothing was changed.")
	}
	return cards, err
}

// refuseNames refuses a reason that says what is to be erased: it stays for ever.
func refuseNames(reason string, cards []card.Entry) error {
	folded := card.FoldName(reason)
	for _, e := range cards {
		for _, word := range []string{e.Learner.Email, e.Learner.ID, e.Name} {
			if len(word) > 3 && strings.Contains(folded, card.FoldName(word)) {
				return fail(exitUsage, errors.New("--reason names the learner, and it stays in the register for ever"), "Name the request instead, such as its day or its file. Nothing was changed.")
			}
		}
	}
	return nil
}

// erasure is what erase prints as JSON.
type erasure struct {
	DryRun bool         `json:"dry_run"`
	Cards  []erasedCard `json:"cards"`
	Files  int          `json:"files"` // that were removed
	Links  int          `json:"links"`
	Mails  int          `json:"mails"`
}

type erasedCard struct {
	Number  string     `json:"number"`
	State   card.State `json:"state"` // before
	Course  string     `json:"course"`
	Expires string     `json:"expires"`
	Name    string     `json:"name,omitempty"` // in a dry run only
	Email   string     `json:"email,omitempty"`
}

func (a *app) printErasure(cards []card.Entry, e erasure, f eraseFlags) error {
	e.Cards = []erasedCard{}
	rows := [][]string{{"NUMBER", "STATE", "COURSE", "ENDED OR ENDS", "NAME", "E-MAIL"}}
	for _, c := range cards {
		one := erasedCard{Number: c.Number.String(), State: c.State, Course: c.Course, Expires: c.ExpiresOn.String()}
		if e.DryRun {
			one.Name, one.Email = c.Name, c.Learner.Email
		}
		e.Cards = append(e.Cards, one)
		rows = append(rows, []string{one.Number, inWords(c.State), one.Course, one.Expires, printable(one.Name), printable(one.Email)})
	}
	if a.json {
		return a.printJSON(e)
	}
	if !e.DryRun {
		fmt.Fprintf(a.stdout, "erased the details of %s, %s, %s and %s\n", plural(len(cards), "card", "cards"), plural(e.Files, "file", "files"),
			plural(e.Links, "link", "links"), plural(e.Mails, "mail", "mails"))
		a.say("Backups, output folders and mail boxes still have them: docs/operate.md says what to do about each.\n")
		return nil
	}
	if len(cards) > 0 {
		if err := a.fittedTable(rows, 4, 5); err != nil {
			return err
		}
	}
	fmt.Fprintf(a.stdout, "%s would be erased; nothing was changed\n", plural(len(cards), "card", "cards"))
	if len(cards) > 0 {
		a.say("%s\n", a.eraseHint(cards, f))
	}
	return nil
}

// eraseHint says what to look at before the same command with --yes.
func (a *app) eraseHint(cards []card.Entry, f eraseFlags) string {
	names := map[string]bool{}
	for _, c := range cards {
		names[card.FoldName(c.Name)] = true
	}
	hint := "It can't be undone. To do it, add --yes and --reason TEXT."
	if f.expired {
		return "It can't be undone. To do it, add --yes."
	}
	if len(names) > 1 {
		return fmt.Sprintf("Look closely: there are %d names among these cards. ", len(names)) + hint
	}
	return hint
}

// refuseErased refuses a card that nothing more can be done with.
func refuseErased(ctx context.Context, ledger *register.Ledger, n card.Number) error {
	e, _, err := ledger.FindEntry(ctx, n)
	if err == nil && e.IsErased() {
		err = fail(exitFailed, fmt.Errorf("the details of card %s were erased", n), "Nobody knows any more whose it was. Issue a new card to whoever asks for one. Nothing was changed.")
	}
	return err
}
