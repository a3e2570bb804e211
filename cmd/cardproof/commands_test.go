package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

const repository = "../.."

// leaves are the commands that do something, by their path without the program's name.
func leaves(cmd *cobra.Command) (all []string) {
	for _, sub := range cmd.Commands() {
		switch {
		case !sub.IsAvailableCommand():
		case sub.HasAvailableSubCommands():
			all = append(all, leaves(sub)...)
		default:
			all = append(all, strings.TrimPrefix(sub.CommandPath(), "cardproof "))
		}
	}
	return all
}

func child(cmd *cobra.Command, name string) *cobra.Command {
	if i := slices.IndexFunc(cmd.Commands(), func(c *cobra.Command) bool { return c.Name() == name }); i >= 0 {
		return cmd.Commands()[i]
	}
	return nil
}

var codeSpan = regexp.MustCompile("`([^`]+)`")

// tabled are the commands in the first column of the tables of a text. In a row, a name may stand for a command of the group before it:
// `keys init`, `list`.
func tabled(root *cobra.Command, text string) map[string]bool {
	found := map[string]bool{}
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		column, _, _ := strings.Cut(line[2:], " | ")
		var group *cobra.Command
		for _, span := range codeSpan.FindAllStringSubmatch(column, -1) {
			words := strings.Fields(strings.TrimPrefix(span[1], "cardproof "))
			from := root
			if group != nil && child(group, words[0]) != nil {
				from = group
			}
			cmd := child(from, words[0])
			if cmd != nil && cmd.HasAvailableSubCommands() && len(words) > 1 {
				group = cmd
				cmd = child(cmd, words[1])
			}
			if cmd != nil {
				found[strings.TrimPrefix(cmd.CommandPath(), "cardproof ")] = true
			}
		}
	}
	return found
}

// Who looks for a command looks into one of the two tables.
func TestEveryCommandIsInTheTables(t *testing.T) {
	root := newRoot(&app{})
	want := leaves(root)
	if len(want) < 40 {
		t.Fatalf("got %d commands of the tree: %q", len(want), want)
	}
	for _, file := range []string{"README.md", "docs/card-format.md"} {
		text, err := os.ReadFile(filepath.Join(repository, file))
		if err != nil {
			t.Fatal(err)
		}
		got := tabled(root, string(text))
		for _, command := range want {
			if !got[command] {
				t.Errorf("the table of %s has no row for %s", file, command)
			}
		}
	}
}

// A command that is named in a text, within the marks of code or at the start of an example's line.
var (
	namedCommand = regexp.MustCompile("[`\"]cardproof ([a-z][^`\"\n\\\\]*)[`\"\\\\]")
	exampleLine  = regexp.MustCompile(`(?m)^\s*cardproof ([a-z].*)$`)
	chainForm    = regexp.MustCompile(`^(chain|words|card) 1$`) // what hashes of the register begin with, and no command
)

// misnamed says what of a command line is not there: a command, or a flag.
func misnamed(root *cobra.Command, line string) string {
	cmd, isArgument := root, false
	for word := range strings.FieldsSeq(line) {
		if strings.ContainsAny(word, "#|>&;") { // the rest is the shell's, or a remark
			return ""
		}
		name, isFlag := strings.CutPrefix(strings.Trim(word, "[]{}(),.…"), "--")
		name, _, _ = strings.Cut(strings.ReplaceAll(name, "%s", ""), "=")
		switch {
		case isFlag && name != "help" && cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil && root.PersistentFlags().Lookup(name) == nil:
			return "--" + name
		case isFlag, isArgument:
		case child(cmd, strings.TrimSuffix(word, ",")) != nil:
			cmd = child(cmd, strings.TrimSuffix(word, ","))
		case cmd.HasAvailableSubCommands() && regexp.MustCompile(`^[a-z]+$`).MatchString(word):
			return word
		default:
			isArgument = true
		}
	}
	return ""
}

// Hints, help, comments and documents name commands to type: each of them is there, with its flags.
func TestNamedCommandsExist(t *testing.T) {
	root := newRoot(&app{})
	root.InitDefaultHelpCmd()
	named := 0
	check := func(where string, lines [][]string) {
		for _, line := range lines {
			if chainForm.MatchString(line[1]) {
				continue
			}
			named++
			if bad := misnamed(root, line[1]); bad != "" {
				t.Errorf("%s names cardproof %s, which has no %s", where, line[1], bad)
			}
		}
	}
	err := filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return orSkip(err)
		}
		if d.IsDir() || !slices.Contains([]string{".go", ".md", ".yaml", ".html"}, filepath.Ext(path)) || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		check(path, namedCommand.FindAllStringSubmatch(string(text), -1))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		check("the help of "+cmd.CommandPath(), exampleLine.FindAllStringSubmatch(cmd.Long+"\n"+cmd.Example, -1))
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
	if named < 100 {
		t.Errorf("got %d commands that are named, want more", named)
	}
	for line, want := range map[string]string{"mail list": "list", "mail status --al": "--al", "mail status --all": "", "show NUMBER": "", "nothing": "nothing"} {
		if got := misnamed(root, line); got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
}

func orSkip(err error) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}
