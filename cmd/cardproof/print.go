package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"
)

// printJSON prints one object, indented for a person who looks.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func (a *app) printCount(what string, n int) { fmt.Fprintf(a.stdout, "%7d %s\n", n, what) }

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
