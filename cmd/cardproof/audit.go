package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/internal/register"
)

func newAudit(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "See whether the register's history is whole, and every card what its history says",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAuditVerify(a))
	return cmd
}

func newAuditVerify(a *app) *cobra.Command {
	var expect string
	cmd := &cobra.Command{
		Use:   "verify [--expect SEQ:HASH]",
		Short: "Walk the chain of events from the first to the last",
		Long: `Audit verify walks the chain of events from the first to the last, and compares every card with what the chain and its own history say. It
names the first event that was altered, taken out or put in past the program, and every card that is not what it was.

It prints the head: the number of the last entry and its hash. Write it down, or keep it where the register is not. A chain alone does not tell
that somebody cut its end off or wrote all of it anew; --expect with a head that was noted before does.

Exit code 5 where anything was found.`,
		Example: "  cardproof audit verify\n  cardproof audit verify --expect 1204:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			head, err := readHead(expect)
			if err != nil {
				return err
			}
			return a.withLedger(cmd.Context(), func(ledger *register.Ledger, _ string) error { return a.auditVerify(cmd.Context(), ledger, head) })
		},
	}
	cmd.Flags().StringVar(&expect, "expect", "", "a `head` that was noted before, as SEQ:HASH")
	return cmd
}

// readHead reads a head as headText writes it; nil for an empty one.
func readHead(text string) (*register.Head, error) {
	if text == "" {
		return nil, nil
	}
	seq, hash, ok := strings.Cut(strings.TrimSpace(text), ":")
	var head register.Head
	raw, err := hex.DecodeString(hash)
	if err == nil && copy(head.Hash[:], raw) == len(head.Hash) && len(raw) == len(head.Hash) {
		head.Seq, err = strconv.ParseInt(seq, 10, 64)
	} else {
		ok = false
	}
	if !ok || err != nil || head.Seq < 1 {
		return nil, fail(exitUsage, errors.New("--expect is no head"), "Give it as `cardproof audit verify` prints it: a number, a colon, and 64 hexadecimal digits.")
	}
	return &head, nil
}

func headText(h register.Head) string { return fmt.Sprintf("%d:%x", h.Seq, h.Hash) }

// audited is what audit verify prints as JSON.
type audited struct {
	OK      bool           `json:"ok"`
	Head    string         `json:"head"` // SEQ:HASH; empty for a register without an event
	Entries int64          `json:"entries"`
	Whole   int64          `json:"whole"` // how many entries are well, from the first on
	Cards   int64          `json:"cards"`
	Broken  *auditedFault  `json:"broken"` // the first, or null
	Faults  []auditedFault `json:"faults"`
	Faulty  int64          `json:"faulty"` // how many there are: not all of many are listed
}

type auditedFault struct {
	Entry  int64  `json:"entry,omitempty"`
	Table  string `json:"table"`
	Row    int64  `json:"row,omitempty"`
	Number string `json:"number,omitempty"`
	What   string `json:"what"`
}

func describeFault(f register.Fault) auditedFault {
	d := auditedFault{Entry: f.Entry, Table: f.Table, Row: f.Row, What: f.What}
	if f.Number != "" {
		d.Number = printable(f.Number.String())
	}
	return d
}

// text names the row, and says what is wrong with it.
func (f auditedFault) text() string {
	var b strings.Builder
	if f.Number != "" && f.Table == "cards" {
		fmt.Fprintf(&b, "card %s", f.Number)
	} else {
		fmt.Fprintf(&b, "%s", f.Table)
		if f.Row > 0 {
			fmt.Fprintf(&b, " %d", f.Row)
		}
		if f.Number != "" {
			fmt.Fprintf(&b, " (card %s)", f.Number)
		}
	}
	return b.String() + " " + f.What
}

func describeAudit(found register.Audit) audited {
	d := audited{OK: found.IsWhole(), Entries: found.Head.Seq, Whole: found.Whole, Cards: found.Cards, Faults: []auditedFault{}, Faulty: found.Faulty}
	if found.Head.Seq > 0 {
		d.Head = headText(found.Head)
	}
	if found.Broken != nil {
		broken := describeFault(*found.Broken)
		d.Broken = &broken
	}
	for _, f := range found.Faults {
		d.Faults = append(d.Faults, describeFault(f))
	}
	return d
}

// errAltered is the end of an audit that found something.
func errAltered(d audited) error {
	hints := []string{"Somebody or something changed the register past the program, or the disk did. Do not go on with it: keep a copy of it as it is, for whoever looks into it.",
		"Restore the last backup that is whole with `cardproof restore`, and compare it with this one. docs/operate.md says how."}
	what := "the register is not what its history says"
	if d.Broken != nil {
		what = fmt.Sprintf("the chain is broken at entry %d", d.Broken.Entry)
	}
	return fail(exitRegister, errors.New(what), hints...)
}

func (a *app) auditVerify(ctx context.Context, ledger *register.Ledger, expect *register.Head) error {
	found, err := ledger.Audit(ctx, expect)
	if err != nil {
		return err
	}
	d := describeAudit(found)
	if a.json {
		if err := a.printJSON(d); err != nil {
			return err
		}
	} else {
		a.printAudit(d, expect)
	}
	if !d.OK {
		return errAltered(d)
	}
	return nil
}

func (a *app) printAudit(d audited, expect *register.Head) {
	switch {
	case d.Broken == nil && d.Entries == 0:
		fmt.Fprintln(a.stdout, "chain: empty, nothing was ever written")
	case d.Broken == nil:
		fmt.Fprintf(a.stdout, "chain: all %s are whole\n", plural(int(d.Entries), "entry", "entries"))
	case d.Whole == 0:
		fmt.Fprintf(a.stdout, "chain: no entry is whole\nfirst: %s\n", d.Broken.text())
	default:
		fmt.Fprintf(a.stdout, "chain: whole up to entry %d\nfirst: entry %d, %s\n", d.Whole, d.Broken.Entry, d.Broken.text())
	}
	if d.Faulty == 0 {
		fmt.Fprintf(a.stdout, "cards: all %d are what their history says\n", d.Cards)
	} else {
		fmt.Fprintf(a.stdout, "cards: %d of %d are not what they were:\n", d.Faulty, d.Cards)
		for _, f := range d.Faults {
			fmt.Fprintf(a.stdout, "  %s\n", f.text())
		}
		if more := d.Faulty - int64(len(d.Faults)); more > 0 {
			fmt.Fprintf(a.stdout, "  ... and %d more\n", more)
		}
	}
	if d.Head != "" {
		fmt.Fprintf(a.stdout, "head:  %s\n", d.Head)
	}
	if expect != nil && d.Broken == nil {
		fmt.Fprintf(a.stdout, "the noted head %d is in this chain\n", expect.Seq)
	}
}
