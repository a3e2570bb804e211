package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/issuer/roster"
)

// rosterFlags settle what a roster file leaves open. They stand above the section roster of the configuration.
type rosterFlags struct {
	columns, set               []string
	encoding, sheet, dateOrder string
}

func (f *rosterFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.columns, "map", nil, "read a column as another: `\"Exam %=score\"`; \"Exam %=\" leaves it out; may be repeated")
	flags.StringArrayVar(&f.set, "set", nil, "give every row a value that the file has no column for: `course=BLS`; may be repeated")
	flags.StringVar(&f.encoding, "encoding", "", "the text file's `encoding`, such as windows-1252")
	flags.StringVar(&f.sheet, "sheet", "", "the `name` of the workbook's sheet")
	flags.StringVar(&f.dateOrder, "date-order", "", "how 03/04/2026 is meant: dmy, mdy or ymd")
}

// String is the flags as they were given, for a command line; empty for none.
func (f *rosterFlags) String() string {
	var all []string
	for _, one := range f.columns {
		all = append(all, "--map "+asArgument(one))
	}
	for _, one := range f.set {
		all = append(all, "--set "+asArgument(one))
	}
	for _, one := range []struct{ name, value string }{{"encoding", f.encoding}, {"sheet", f.sheet}, {"date-order", f.dateOrder}} {
		if one.value != "" {
			all = append(all, "--"+one.name+" "+asArgument(one.value))
		}
	}
	return strings.Join(all, " ")
}

// read reads the roster of a file.
func (f *rosterFlags) read(path string, c *config.Config) (*roster.Roster, error) {
	return roster.ReadFile(path, f.options(c))
}

func (f *rosterFlags) options(c *config.Config) roster.Options {
	o := roster.Options{
		Encoding: f.encoding, Sheet: f.sheet, DateOrder: roster.DateOrder(f.dateOrder), Set: f.set,
		Columns: f.columns, Remembered: c.Roster.Columns,
		Extra: c.Catalogue.ExtraColumns(), Courses: c.Catalogue.Codes(),
	}
	if o.Encoding == "" {
		o.Encoding = c.Roster.Encoding
	}
	if o.DateOrder == "" {
		o.DateOrder = roster.DateOrder(c.Roster.DateOrder)
	}
	return o
}
