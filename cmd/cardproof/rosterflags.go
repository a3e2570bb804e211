package main

import (
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
