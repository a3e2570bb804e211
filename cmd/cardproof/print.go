package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"
)

// printJSON prints one object, indented for a person who looks.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func (a *app) printCount(what string, n int) { fmt.Fprintf(a.stdout, "%7d %s\n", n, what) }

// columns is how wide the terminal is; 0 where the results go elsewhere, and are not to be cut or broken.
func (a *app) columns() int {
	n, ok := isTerminal(a.stdout)
	if !ok {
		return 0
	}
	return n
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

// leastCell is how many characters of a cell stay, however narrow the terminal is.
const leastCell = 12

// fittedTable is a table that keeps to the width of the terminal: the cells of the given columns are cut where they are the widest.
func (a *app) fittedTable(rows [][]string, cut ...int) error {
	return a.table(fit(rows, a.columns(), cut...))
}

func fit(rows [][]string, width int, cut ...int) [][]string {
	if width == 0 {
		return rows
	}
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	total := 2 * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	for ; total > width; total-- {
		widest := -1
		for _, i := range cut {
			if i < len(widths) && widths[i] > leastCell && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	fitted := make([][]string, len(rows))
	for n, row := range rows {
		fitted[n] = slices.Clone(row)
		for _, i := range cut {
			if i < len(row) {
				fitted[n][i] = shorten(row[i], widths[i])
			}
		}
	}
	return fitted
}

// shorten cuts a text to a number of characters, and shows that it did.
func shorten(s string, length int) string {
	if utf8.RuneCountInString(s) <= length {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:length-1])) + "…"
}

// wrap breaks a text between words where it is wider than the terminal. The lines after the first begin with the indent.
func wrap(text, indent string, width int) string {
	if width == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	for n, word := range strings.Split(text, " ") {
		length := utf8.RuneCountInString(word)
		switch {
		case n == 0:
		case at+1+length > width:
			b.WriteString("\n" + indent)
			at = utf8.RuneCountInString(indent)
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += length
	}
	return b.String()
}

// command is a command line to type, in the centre of this run; empty parts are left out.
func (a *app) command(parts ...string) string {
	all := []string{"cardproof"}
	if a.configPath != "config.yaml" {
		all = append(all, "--config", asArgument(a.configPath))
	}
	if a.dataDir != "" {
		all = append(all, "--data", asArgument(a.dataDir))
	}
	return strings.Join(slices.DeleteFunc(append(all, parts...), func(s string) bool { return s == "" }), " ")
}

// asArgument is a text as a shell takes it for one word.
func asArgument(s string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-./=:,+@%", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// isMany is the word that goes with a count which stands before it by itself.
func isMany(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// isAre ends "3 rows of roster.csv" so that "refused" can follow.
func isAre(n int) string {
	if n == 1 {
		return " is"
	}
	return " are"
}
