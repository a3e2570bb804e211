package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/bundle"
	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/register"
)

// exportFlags are which cards go where.
type exportFlags struct {
	course, from, to string
	all, allStates   bool
	zip, merge       string // "-" is standard output
	separator        string
	excel, force     bool
	links            bool
}

func newExport(a *app) *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export {BATCH... | --course COURSE [--from DAY] [--to DAY] | --all} {--zip FILE | --merge FILE}",
		Short: "Hand out many cards at once: their files as a ZIP, or a list for a mail program",
		Long: `Export writes the sealed files of many cards, as they were issued, into one ZIP with cards.csv, the list of them; or a list with one row for
each card, for an office that sends its mails by itself; or both. It needs no private key, and changes nothing but with --links.

In the ZIP a file is named by its number and holder, "N0XK-J8NR-241J Ana Silva.pdf", by the rules of Windows, macOS and Linux. Each is compared with the
register's SHA-256. If one is missing or damaged, the command says which, and leaves no ZIP. The same cards give the same ZIP, byte by byte.

Only cards that are in force are handed out. cards.csv lists the others with their state and no file; the list for a mail program leaves them out.
--all-states takes those that were withdrawn or replaced as well. Cards that were never issued have no file for anybody.

With --links the list of --merge has a private link for each learner, made anew by each run; the register keeps only their hashes. Such a link is a
secret: whoever has it sees that learner's cards and can download them. So only the owner of the file may read it (mode 0600); delete it when the
mails are out. "cardproof links revoke NUMBER" ends the links of one learner.

--from and --to are days of completion. FILE "-" is standard output; a ZIP that comes to no good end has no directory there, and no program opens it.
A file that is there already is replaced if an export wrote it.`,
		Example: `  cardproof export 20261121-7F3K9QWX --zip class.zip
  cardproof export --course BLS --from 2026-11-01 --to 2026-11-30 --zip november.zip --merge november.csv
  cardproof export 20261121-7F3K9QWX --merge mails.csv --excel --separator semicolon
  cardproof export 20261121-7F3K9QWX --merge mails.csv --links
  cardproof export --all --zip - | age -r RECIPIENT > cards.zip.age`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.checkExport(f, args); err != nil {
				return err
			}
			return a.export(cmd.Context(), f, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.course, "course", "", "the cards of a `course`, by its code or title, whatever their batch")
	flags.StringVar(&f.from, "from", "", "the first `day` of completion, as 2026-11-01")
	flags.StringVar(&f.to, "to", "", "the last `day` of completion")
	flags.BoolVar(&f.all, "all", false, "all cards of the register")
	flags.BoolVar(&f.allStates, "all-states", false, "hand out cards that were withdrawn or replaced as well")
	flags.StringVar(&f.zip, "zip", "", "the `file` for the cards' files and their list")
	flags.StringVar(&f.merge, "merge", "", "the `file` for a list that a mail program reads, as CSV")
	flags.BoolVar(&f.force, "force", false, "replace files that an export did not write")
	flags.BoolVar(&f.excel, "excel", false, "begin the list of --merge with the mark by which Excel knows UTF-8")
	flags.BoolVar(&f.links, "links", false, "make a private link for each learner, in the list of --merge")
	flags.StringVar(&f.separator, "separator", "comma", "what stands between the `cells` of --merge: comma, semicolon or tab")
	return cmd
}

// separators are what may stand between the cells of a list.
var separators = map[string]rune{"comma": ',', "semicolon": ';', "tab": '\t'}

// checkExport refuses flags that do not go together.
func (a *app) checkExport(f exportFlags, batches []string) error {
	kinds := 0
	for _, given := range []bool{len(batches) > 0, f.course+f.from+f.to != "", f.all} {
		if given {
			kinds++
		}
	}
	_, known := separators[f.separator]
	standard := f.zip == "-" || f.merge == "-"
	switch {
	case kinds == 0:
		return fail(exitUsage, errors.New("export needs batches, --course, --from, --to or --all"), "`cardproof batches` lists the batches.")
	case kinds > 1:
		return fail(exitUsage, errors.New("batches, --all, and --course with --from and --to are three ways of choosing"), "Choose one of them.")
	case f.zip == "" && f.merge == "":
		return fail(exitUsage, errors.New("export needs --zip or --merge"), "Name a file, such as --zip cards.zip, or --merge mails.csv.")
	case f.zip == f.merge:
		return fail(exitUsage, errors.New("--zip and --merge name the same file"), "Give each a file of its own.")
	case !known:
		return fail(exitUsage, fmt.Errorf("--separator %s is none", f.separator), "There are comma, semicolon and tab.")
	case f.merge == "" && (f.excel || f.separator != "comma"):
		return fail(exitUsage, errors.New("--excel and --separator are for the list of --merge"), "Name it, such as --merge mails.csv, or leave them out.")
	case f.merge == "" && f.links:
		return fail(exitUsage, errors.New("--links is for the list of --merge"), "Name it, such as --merge mails.csv, or leave --links out.")
	case standard && a.json:
		return fail(exitUsage, errors.New("--json and a file on standard output exclude each other"), "Name a file, or leave --json out.")
	}
	if _, ok := isTerminal(a.stdout); ok && f.zip == "-" {
		return fail(exitUsage, errors.New("a ZIP is nothing for a terminal"), "Name a file with --zip, or send the output into one.")
	}
	if _, ok := isTerminal(a.stdout); ok && f.merge == "-" && f.links {
		return fail(exitUsage, errors.New("private links are nothing for a terminal"), "Name a file with --merge, or send the output into one.")
	}
	return nil
}

// selection reads which cards are meant, and says it in words.
func (f exportFlags) selection(c *config.Config, batches []string) (s register.Selection, words string, err error) {
	if len(batches) > 0 {
		s.Batches = batches
		return s, strings.Join(batches, ", "), nil
	}
	for _, limit := range []struct {
		flag, text string
		to         *card.Date
	}{{"--from", f.from, &s.From}, {"--to", f.to, &s.To}} {
		if limit.text == "" {
			continue
		}
		if *limit.to, err = card.ParseDate(limit.text); err != nil {
			return s, "", fail(exitUsage, fmt.Errorf("%s: %w", limit.flag, err), "Write it such as 2026-11-30.")
		}
		words += " " + limit.flag[2:] + " " + limit.text
	}
	if !s.From.IsZero() && !s.To.IsZero() && s.To.Before(s.From) {
		return s, "", fail(exitUsage, errors.New("--to is before --from"), "Exchange the two days.")
	}
	if f.course != "" {
		s.Course = strings.ToUpper(strings.TrimSpace(f.course)) // the register may have courses that the catalogue has no more
		if found, ok := c.Catalogue.Find(f.course); ok {
			s.Course = found.Code
		}
		words = s.Course + words
	}
	return s, cmp.Or(strings.TrimSpace(words), "the register"), nil
}

// target is a file that export writes. What an earlier run of it wrote is replaced.
func (f *exportFlags) target(flag, path string, isOwn func(string) bool) outFile {
	return outFile{flag: flag, path: path, mode: 0o600, force: &f.force, isOwn: isOwn}
}

// checkTargets refuses output files that would be in the way of something, before anything is read for them.
func (a *app) checkTargets(c *config.Config, f exportFlags) error {
	for _, o := range []outFile{f.target("--zip", f.zip, bundle.IsZip), f.target("--merge", f.merge, bundle.IsMerge)} {
		if o.path == "" || o.path == "-" {
			continue
		}
		if err := o.check(a, c); err != nil {
			return err
		}
		if info, err := os.Stat(filepath.Dir(o.path)); err != nil {
			return err
		} else if !info.IsDir() {
			return fail(exitUsage, fmt.Errorf("%s %s is in no folder", o.flag, o.path), "Name a file in a folder that is there.")
		}
	}
	return nil
}

// exported is what export tells of its run.
type exported struct {
	Cards        int                `json:"cards"` // that were handed out
	LeftOut      map[card.State]int `json:"left_out"`
	ZIP          string             `json:"zip"`
	Bytes        int64              `json:"bytes"` // of the ZIP
	Merge        string             `json:"merge"`
	WithoutEmail int                `json:"without_email"`
	// BadAddress and BadName are the cards whose address was left out of the list, and whose name got an apostrophe there.
	BadAddress []string `json:"bad_address"`
	BadName    []string `json:"bad_name"`
	Links      int      `json:"links"` // that were made
	// WithoutLink are the cards of learners who have neither an ID nor an e-mail address, by which a link could tell them from namesakes.
	WithoutLink int `json:"without_link"`
}

func (a *app) sayExported(x exported) error {
	if a.json {
		return a.printJSON(x)
	}
	out := a.stdout
	if x.ZIP == "-" || x.Merge == "-" {
		out = a.stderr
		if a.quiet {
			return nil
		}
	}
	for _, one := range []struct{ path, what string }{{x.ZIP, ", " + megabytes(x.Bytes)}, {x.Merge, ""}} {
		if one.path != "" {
			fmt.Fprintf(out, "%s: %s%s\n", standardOutput(one.path), plural(x.Cards, "card", "cards"), one.what)
		}
	}
	for _, s := range []card.State{card.Planned, card.Suspended, card.Superseded, card.Revoked, bundle.KeyRevoked} {
		if n := x.LeftOut[s]; n > 0 {
			fmt.Fprintf(out, "%s left out: %s\n", plural(n, "card", "cards"), leftOutAs(s))
		}
	}
	if x.WithoutEmail > 0 {
		fmt.Fprintf(out, "%s no address in the register: the cell is empty\n", plural(x.WithoutEmail, "card has", "cards have"))
	}
	if x.Links > 0 {
		fmt.Fprintf(out, "%s in it, a secret each: whoever has one sees the cards of that learner. Delete the list when the mails are out;\n"+
			"`cardproof links revoke NUMBER` ends the links of a learner\n", plural(x.Links, "private link", "private links"))
	}
	if x.WithoutLink > 0 {
		fmt.Fprintf(out, "%s no link: the register has neither a learner ID nor an address\n", plural(x.WithoutLink, "card has", "cards have"))
	}
	const most = 20
	for _, one := range []struct {
		numbers []string
		what    string
	}{
		{x.BadAddress, "its address begins like a formula, and was left out of the list; correct it with `cardproof replace NUMBER --email ADDRESS`"},
		{x.BadName, "its name begins like a formula, and has an apostrophe before it in the list"},
	} {
		for i, n := range one.numbers {
			if i == most {
				a.say("... and %d more\n", len(one.numbers)-i)
				break
			}
			a.say("warning: card %s: %s\n", n, one.what)
		}
	}
	return nil
}

func standardOutput(path string) string {
	if path == "-" {
		return "standard output"
	}
	return path
}

func megabytes(n int64) string {
	if n < 1e6 {
		return fmt.Sprintf("%d kB", (n+999)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

func leftOutAs(s card.State) string {
	switch s {
	case card.Planned:
		return "not issued yet"
	case bundle.KeyRevoked:
		return "the key that signed it was revoked"
	}
	return inWords(s)
}

func numberTexts(numbers []card.Number) []string {
	texts := []string{}
	for _, n := range numbers {
		texts = append(texts, n.String())
	}
	return texts
}

func (a *app) export(ctx context.Context, f exportFlags, batches []string) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	s, words, err := f.selection(c, batches)
	if err != nil {
		return err
	}
	if err := a.checkTargets(c, f); err != nil {
		return err
	}
	ledger, set, err := openOwnLedger(ctx, c)
	if err != nil {
		return err
	}
	defer ledger.Close() // it only read
	return ledger.WithCards(ctx, s, func(cards *register.Cards) error {
		if cards.Len() == 0 {
			return fail(exitFailed, fmt.Errorf("there is no card of %s", words), "`cardproof batches` lists the batches, with their courses and days.")
		}
		e := &exporter{app: a, config: c, flags: f, cards: cards, judge: judge{set, f.allStates}}
		return e.run(ctx, words)
	})
}
