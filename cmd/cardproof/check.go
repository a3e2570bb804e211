package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/issuer/pdf"
	"github.com/cardproof/cardproof/issuer/roster"
	"github.com/cardproof/cardproof/keys"
)

type checkOptions struct {
	rosterFlags
	roster   string
	problems string
}

func newCheck(a *app) *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check ROSTER",
		Short: "Say every problem of a roster; issue nothing",
		Long: `Check reads a roster as it is kept, CSV or XLSX, and says everything that is wrong with it, all rows at once, with what to do. It
issues nothing and writes nothing into the register.

Columns are known by their headings in English, German, French, Spanish and Polish. Where yours is called something else:
  cardproof check roster.xlsx --map "Exam %=score"
and if it fits, write the same into config.yaml, under roster.columns.`,
		Args: oneArgument("the file of a roster, such as roster.csv or roster.xlsx"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.roster = args[0]
			return a.withCentre(cmd, func(ctx context.Context, c *centre) error { return a.check(ctx, c, o) })
		},
	}
	o.add(cmd)
	cmd.Flags().StringVar(&o.problems, "problems", "", "write the refused rows into this `file`, .csv or .xlsx, to be mended and issued by itself")
	return cmd
}

func (a *app) check(ctx context.Context, c *centre, o checkOptions) error {
	start := a.now()
	r, err := o.read(o.roster, c.config)
	if err != nil {
		return err
	}
	if _, ok := c.Keys.Active(c.URL, keys.Cards); !ok {
		return fmt.Errorf("%w: %s", issuer.ErrNoActiveKey, c.URL) // better now than when the roster is ready
	}
	plan, err := c.Prepare(ctx, r)
	if err != nil {
		return err
	}
	if err := a.writeProblems(c.config, o.problems, r, plan); err != nil {
		return err
	}
	a.warnDense(plan)
	a.warnLocal(c)
	s := summaryOf(plan, nil)
	s.Seconds, s.ReadAs = a.now().Sub(start).Seconds(), readAs(r)
	if a.json {
		if err := a.printJSON(s); err != nil {
			return err
		}
	} else if err := a.printChecked(c, r, plan, s, o); err != nil {
		return err
	}
	if plan.Refused() > 0 {
		return errRefused
	}
	return nil
}

func (a *app) printChecked(c *centre, r *roster.Roster, plan *issuer.Plan, s summary, o checkOptions) error {
	if err := a.printRead(r, s.Problems); err != nil {
		return err
	}
	a.printRemembered(o.rosterFlags)
	fmt.Fprintf(a.stdout, "%s: %s\n", o.roster, plural(len(r.Rows), "row", "rows"))
	a.printCount("ready to be issued", plan.New()+plan.Unfinished())
	a.printCount("already issued", plan.AlreadyIssued())
	a.printCount("refused", plan.Refused())
	switch {
	case s.Refused == 0 && plan.New()+plan.Unfinished() > 0:
		a.say("Nothing was issued yet. To issue them:\n  %s\n", a.command("issue", asArgument(o.roster), o.String(), "--out cards"))
	case waitHints(s.Problems) != nil:
		a.say("%s\n", strings.Join(waitHints(s.Problems), "\n"))
	case s.Refused > 0 && o.problems == "":
		a.say("Mend the rows in the roster and check it again; or get the refused rows as a file of their own:\n  %s\n",
			a.command("check", asArgument(o.roster), o.String(), "--problems problems"+problemsExt(r)))
	case s.Refused > 0:
		fmt.Fprintf(a.stdout, "The refused rows are in %s\n", o.problems)
		a.sayMended(o.problems, o.rosterFlags, "--out cards")
	}
	return nil
}

// waitHints say what to do where nothing is wrong with a roster but that its cards wait for their release; nil where something is.
func waitHints(problems []roster.Problem) []string {
	refusing := onlyErrors(problems)
	if len(refusing) == 0 || slices.ContainsFunc(refusing, func(p roster.Problem) bool { return p.Code != "held" }) {
		return nil
	}
	return []string{"Nothing is wrong with these rows: their cards wait. Look at the batch with `cardproof show --batch BATCH`, and then say release or discard, as above."}
}

// printRemembered tells how config.yaml remembers what the options of this run said of the roster.
func (a *app) printRemembered(f rosterFlags) {
	var lines []string
	for _, one := range []struct{ key, value string }{{"date_order", f.dateOrder}, {"name_order", f.nameOrder}, {"encoding", f.encoding}} {
		if one.value != "" {
			lines = append(lines, "  "+one.key+": "+one.value)
		}
	}
	if len(f.columns) > 0 {
		lines = append(lines, "  columns:")
	}
	for _, one := range f.columns {
		lines = append(lines, fmt.Sprintf("    - %q", one))
	}
	if len(lines) > 0 {
		fmt.Fprintf(a.stdout, "To read such files so from now on, put these lines in place of theirs under roster: in config.yaml:\n%s\n", strings.Join(lines, "\n"))
	}
}

// printRead tells a person how a roster was read and what was found in it.
func (a *app) printRead(r *roster.Roster, problems []roster.Problem) error {
	if a.json {
		return nil // all of it stands in the object
	}
	if a.quiet {
		return a.printProblems(onlyErrors(problems))
	}
	if err := a.printProblems(problems); err != nil {
		return err
	}
	if read := readAs(r); len(read) > 0 {
		fmt.Fprintln(a.stdout, wrap("read as: "+strings.Join(read, ", "), "  ", a.columns()))
	}
	return nil
}

// readAs is how the headings of a roster were understood, without the columns that bear their own name. It is never nil.
func readAs(r *roster.Roster) []string {
	return append([]string{}, slices.DeleteFunc(r.Mapping(), saysNothing)...)
}

// saysNothing is the mapping of a column that bears its own name.
func saysNothing(mapping string) bool {
	heading, column, _ := strings.Cut(mapping, " → ")
	return heading == column
}

// problemsExt is the kind of file in which the refused rows of a roster are mended best.
func problemsExt(r *roster.Roster) string {
	if r.IsWorkbook() {
		return ".xlsx"
	}
	return ".csv"
}

// sayMended tells how the refused rows are issued when they are mended. They have the roster's own columns, so what was said of
// these has to be said again. Their file is marked as UTF-8, and has one sheet.
func (a *app) sayMended(path string, f rosterFlags, out string) {
	f.encoding, f.sheet = "", ""
	a.say("Mend the rows there, and issue that file by itself:\n  %s\n", a.command("issue", asArgument(path), f.String(), out))
}

// writeProblems writes the refused rows where the admin asked for them.
func (a *app) writeProblems(c *config.Config, path string, r *roster.Roster, plan *issuer.Plan) error {
	if path == "" {
		return nil
	}
	write := roster.WriteProblems
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
	case ".xlsx":
		write = roster.WriteProblemsWorkbook
	default:
		return fail(exitUsage, fmt.Errorf("--problems %s is neither .csv nor .xlsx", path), "Name a file such as problems.xlsx.")
	}
	out := outFile{flag: "--problems", path: path, mode: 0o600} // rows that were mended by hand are never replaced
	if plan.Refused() == 0 {
		return nil
	}
	var b bytes.Buffer
	if err := write(&b, r, plan.Problems()); err != nil {
		return err
	}
	return out.write(a, c, b.Bytes())
}

// warnLocal tells that cards lead to this very machine.
func (a *app) warnLocal(c *centre) {
	if h := c.config.Issuer.VerifyURL; strings.HasPrefix(h, "http://localhost") || strings.HasPrefix(h, "http://127.") {
		a.say("warning: these cards lead to %s, which only this machine reaches; for real cards set up a centre with `cardproof init --url https://...`\n", h)
	}
}

// warnCoarse tells of pictures that will not look sharp.
func (a *app) warnCoarse(d *pdf.Drawer) {
	for _, text := range d.Notices() {
		a.say("warning: %s\n", text)
	}
}

// warnDense tells of QR codes that a worn card or a poor camera may make unreadable.
func (a *app) warnDense(p *issuer.Plan) {
	if n := p.Dense(); n > 0 {
		a.say("warning: %s a dense QR (modules below 0.38 mm), because the name or issuer.verify_url is long; print with care\n", plural(n, "card has", "cards have"))
	}
}

// summary is what check and issue print as JSON; card-format.md, section 6, fixes its members.
type summary struct {
	Batch         string           `json:"batch"`
	Issued        int              `json:"issued"`
	AlreadyIssued int              `json:"already_issued"`
	Refused       int              `json:"refused"`
	Problems      []roster.Problem `json:"problems"`
	Out           string           `json:"out"`
	Seconds       float64          `json:"seconds"`

	ReadAs    []string `json:"read_as"`   // how headings were understood, such as "Punkte → score"
	Held      int      `json:"held"`      // finished, and waiting for the release of the batch
	Batches   []string `json:"batches"`   // all that this run recorded or finished cards of; batch is the first
	GivenUp   int      `json:"given_up"`  // of a released batch: cards of it that were given up before
	Withdrawn int      `json:"withdrawn"` // of the delivered cards, those that are not in force
	Kept      []string `json:"kept"`      // files of an earlier run that were in the way, by their new names

	Queued int `json:"queued,omitempty"` // of issue --queue --no-wait: left to the workers

	Replaced    []replaced `json:"replaced,omitempty"`     // of replace --file alone
	MailsQueued int        `json:"mails_queued,omitempty"` // of it: mails with new cards, in place of those that were owed
	MailsOwed   int        `json:"mails_owed,omitempty"`   // of it: new cards whose learners were mailed the old ones alone
}

func summaryOf(p *issuer.Plan, r *issuer.Result) summary {
	s := summary{AlreadyIssued: p.AlreadyIssued(), Refused: p.Refused(), Problems: p.Problems(), ReadAs: []string{}, Batches: []string{}, Kept: []string{}}
	if s.Problems == nil {
		s.Problems = []roster.Problem{}
	}
	if r != nil {
		s.Batch, s.Issued, s.Held = r.Batch, r.Issued, r.Held
		s.take(r)
	}
	return s
}

// take notes what became of the files.
func (s *summary) take(r *issuer.Result) {
	s.Kept, s.Batches = append([]string{}, r.Kept...), append([]string{}, r.Batches...)
	if s.Problems == nil {
		s.Problems = []roster.Problem{}
	}
	for _, l := range r.Lines {
		if l.State != card.Issued {
			s.Withdrawn++
		}
	}
}
