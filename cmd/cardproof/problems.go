package main

import (
	"fmt"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster"
)

// printProblems tells the problems of a roster: to a person at a terminal grouped by kind, and otherwise a line each, in the order of
// the rows, for other programs.
func (a *app) printProblems(problems []roster.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	if _, ok := isTerminal(a.stdout); ok {
		return a.printGroups(problems)
	}
	for _, p := range problems {
		kind := "problem"
		if p.Severity == roster.Notice {
			kind = "notice"
		}
		column := ""
		if p.Column != "" {
			column = ", " + p.Column
		}
		fmt.Fprintf(a.stdout, "%s: %s%s%s: %s (%s)\n", kind, rowsOf(p), column, quoted(p.Value), p.Text(), p.Code)
	}
	return nil
}

// rowsOf names the rows that a problem is about.
func rowsOf(p roster.Problem) string {
	if p.Row == 0 {
		return "the file"
	}
	if len(p.Rows) == 0 {
		return fmt.Sprintf("row %d", p.Row)
	}
	rows := []string{fmt.Sprint(p.Row)}
	for i, row := range p.Rows {
		if i == 9 {
			rows = append(rows, fmt.Sprintf("and %d more", len(p.Rows)-i))
			break
		}
		rows = append(rows, fmt.Sprint(row))
	}
	return "rows " + strings.Join(rows, ", ")
}

func quoted(value string) string {
	if value == "" {
		return ""
	}
	return fmt.Sprintf(" %q", value)
}

// maxGroupRows is how many rows of one kind of problem a terminal shows; problems.csv has them all.
const maxGroupRows = 20

// printGroups tells what is wrong kind by kind, the kinds that refuse rows first.
func (a *app) printGroups(problems []roster.Problem) error {
	groups := map[string][]roster.Problem{}
	var order []string
	for _, severity := range []roster.Severity{roster.Error, roster.Notice} {
		for _, p := range problems {
			if p.Severity != severity {
				continue
			}
			key := string(severity) + p.Code
			if groups[key] == nil {
				order = append(order, key)
			}
			groups[key] = append(groups[key], p)
		}
	}
	for _, key := range order {
		if err := a.printGroup(groups[key]); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) printGroup(group []roster.Problem) error {
	first := group[0]
	mark := "✗"
	if first.Severity == roster.Notice {
		mark = "·"
	}
	same, sameRemedy := true, true // what is the same for all rows is said once
	for _, p := range group {
		same = same && p.Message == first.Message
		sameRemedy = sameRemedy && p.Remedy == first.Remedy
	}
	head := mark + " " + strings.ReplaceAll(first.Code, "_", " ")
	if len(group) > 1 {
		head += fmt.Sprintf(" (%d)", len(group))
	}
	if same {
		head += ": " + first.Message
	}
	width := a.columns()
	fmt.Fprintln(a.stdout, wrap(head, "  ", width))
	if sameRemedy && first.Remedy != "" {
		fmt.Fprintln(a.stdout, wrap("  → "+first.Remedy, "    ", width))
	}
	shown := group[:min(len(group), maxGroupRows)]
	var rows [][]string
	for _, p := range shown {
		rows = append(rows, []string{"    " + rowsOf(p), p.Column, printable(p.Value)})
	}
	if err := a.problemRows(fit(rows, width, 0, 2), shown, same, sameRemedy); err != nil {
		return err
	}
	if more := len(group) - len(shown); more > 0 {
		fmt.Fprintf(a.stdout, "    ... and %d more\n", more)
	}
	fmt.Fprintln(a.stdout)
	return nil
}

// problemRows prints the rows of a group: as a table where all have the same to say, and otherwise each with its own words below it.
func (a *app) problemRows(rows [][]string, group []roster.Problem, same, sameRemedy bool) error {
	if same && sameRemedy {
		return a.table(rows)
	}
	for i, p := range group {
		text := p.Message
		switch {
		case same:
			text = p.Remedy
		case !sameRemedy:
			text = p.Text()
		}
		fmt.Fprintf(a.stdout, "%s\n%s\n", strings.TrimRight(strings.Join(rows[i], "  "), " "), wrap("      "+text, "      ", a.columns()))
	}
	return nil
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
