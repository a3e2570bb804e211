package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/keys"
)

type doctorFlags struct {
	offline bool
	sample  int
}

func newDoctor(a *app) *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor [--offline] [--sample N]",
		Short: "Look at everything that the centre lives on, and say what to do",
		Long: `Doctor looks at the configuration, the keys, the register and its chain, every archived file, cards that wait for too long, the status lists, the
clock, the mail server and the disk. It prints a line for each: ok, warning or problem, and what to do next. It changes nothing and sends
no mail.

Where the public server and the mail server can't be asked, --offline leaves them out. With --sample N only N archived files are read, chosen by
chance: at a million cards, reading them all takes an hour.

Exit code 0 where there is no problem, warnings or not; otherwise that of the first problem: 1, 2 for the configuration, 4 for a key,
5 for the register.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.sample < 0 {
				return fail(exitUsage, errors.New("--sample is less than 0"), "Give how many files are to be read, or 0 for all.")
			}
			return a.doctor(cmd.Context(), f)
		},
	}
	cmd.Flags().BoolVar(&f.offline, "offline", false, "ask no server")
	cmd.Flags().IntVar(&f.sample, "sample", 0, "read only `N` archived files; 0 for all")
	return cmd
}

// condition is how something is.
type condition string

const (
	isOK      condition = "ok"
	isWarning condition = "warning"
	isProblem condition = "problem"
)

// finding is a line of doctor.
type finding struct {
	Check string    `json:"check"`
	Is    condition `json:"is"`
	Says  string    `json:"says"`
	Do    string    `json:"do,omitempty"`
	code  int       // the exit code of a problem
}

// checkup is one run of doctor.
type checkup struct {
	*app
	flags  doctorFlags
	config *config.Config
	ledger *register.Ledger
	set    *keys.Set // with what the register has on record
	found  []finding
}

func (c *checkup) ok(check, format string, args ...any) {
	c.found = append(c.found, finding{Check: check, Is: isOK, Says: fmt.Sprintf(format, args...)})
}

func (c *checkup) warn(check, do, format string, args ...any) {
	c.found = append(c.found, finding{Check: check, Is: isWarning, Says: fmt.Sprintf(format, args...), Do: do})
}

func (c *checkup) problem(code int, check, do, format string, args ...any) {
	c.found = append(c.found, finding{Check: check, Is: isProblem, Says: fmt.Sprintf(format, args...), Do: do, code: code})
}

// fails notes an error as any command would tell it.
func (c *checkup) fails(check string, err error) {
	f := explain(err)
	c.problem(f.code, check, strings.Join(f.hints, " "), "%s", strings.Join(strings.Fields(f.err.Error()), " "))
}

func (a *app) doctor(ctx context.Context, f doctorFlags) error {
	c := &checkup{app: a, flags: f}
	c.run(ctx)
	if c.ledger != nil {
		if err := c.ledger.Close(); err != nil {
			c.fails("register", err)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.print(); err != nil {
		return err
	}
	problems, code := c.problems()
	if problems == 0 {
		return nil
	}
	return fail(code, fmt.Errorf("doctor found %s", plural(problems, "problem", "problems")), "Each line above says what to do; docs/operate.md says in which order.")
}

// run looks at one thing after the other. What others hang on comes first.
func (c *checkup) run(ctx context.Context) {
	var err error
	if c.config, err = c.load(); err != nil {
		c.fails("configuration", err)
		return
	}
	if _, err := c.newDrawer(c.config); err != nil {
		c.fails("configuration", err)
	} else {
		c.ok("configuration", "%s, for %s", c.configPath, c.config.Issuer.URL)
	}
	c.disk()
	if c.ledger, err = register.OpenReadOnly(ctx, registerPath(c.config)); err != nil {
		c.fails("register", err)
		c.ledger = nil
	}
	c.keys(ctx)
	if c.ledger != nil {
		c.register(ctx)
		c.archive(ctx)
		c.waiting(ctx)
		c.retention(ctx)
	}
	c.clock(ctx)
	if !c.flags.offline {
		c.network(ctx)
	}
}

// problems counts what was found to be one, and has the exit code of the first.
func (c *checkup) problems() (count, code int) {
	for _, f := range c.found {
		if f.Is == isProblem {
			code = cmp.Or(code, f.code)
			count++
		}
	}
	return count, code
}

func (c *checkup) print() error {
	if c.json {
		problems, _ := c.problems()
		return c.printJSON(struct {
			OK       bool      `json:"ok"`
			Findings []finding `json:"findings"`
		}{problems == 0, c.found})
	}
	width := 0
	for _, f := range c.found {
		width = max(width, len(f.Check))
	}
	for _, f := range c.found {
		fmt.Fprintf(c.stdout, "%-7s  %-*s  %s\n", f.Is, width, f.Check, f.Says)
		if f.Do != "" {
			fmt.Fprintf(c.stdout, "%-7s  %-*s  -> %s\n", "", width, "", f.Do)
		}
	}
	return nil
}

// roughly is a span of time for a person.
func roughly(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d/(24*time.Hour)))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d/time.Hour))
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", int(d/time.Minute))
	}
	return plural(int(d/time.Second), "second", "seconds")
}
