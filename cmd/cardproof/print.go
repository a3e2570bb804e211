package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/cardproof/cardproof/issuer/roster"
)

// printJSON prints one object, indented for a person who looks.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func (a *app) printCount(what string, n int) { fmt.Fprintf(a.stdout, "%7d %s\n", n, what) }

func (a *app) printProblems(problems []roster.Problem) {
	for _, p := range problems {
		kind := "problem"
		if p.Severity == roster.Notice {
			kind = "notice"
		}
		where := fmt.Sprintf("row %d", p.Row)
		if p.Row == 0 {
			where = "the file"
		}
		if p.Column != "" {
			where += ", " + p.Column
		}
		value := ""
		if p.Value != "" {
			value = fmt.Sprintf(" %q", p.Value)
		}
		fmt.Fprintf(a.stdout, "%s: %s%s: %s (%s)\n", kind, where, value, p.Message, p.Code)
	}
}

func onlyErrors(problems []roster.Problem) []roster.Problem {
	var out []roster.Problem
	for _, p := range problems {
		if p.Severity == roster.Error {
			out = append(out, p)
		}
	}
	return out
}

// table prints rows of cells in aligned columns.
func (a *app) table(rows [][]string) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, cell)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// isAre ends "3 rows of roster.csv" so that "refused" can follow.
func isAre(n int) string {
	if n == 1 {
		return " is"
	}
	return " are"
}
