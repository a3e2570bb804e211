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
	nameOrder                  string
}

func (f *rosterFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.columns, "map", nil, "read a column as another: `\"Exam %=score\"`; \"Exam %=\" leaves it out; may be repeated")
	flags.StringArrayVar(&f.set, "set", nil, "give every row a value that the file has no column for: `course=BLS`; may be repeated")
	flags.StringVar(&f.encoding, "encoding", "", "the text file's `encoding`, such as windows-1252")
	flags.StringVar(&f.sheet, "sheet", "", "the `name` of the workbook's sheet")
	flags.StringVar(&f.dateOrder, "date-order", "", "how 03/04/2026 is meant: dmy, mdy or ymd")
	flags.StringVar(&f.nameOrder, "name-order", "", "how a column of whole names is written: first-last, or last-first as in \"Müller, Jürgen\"")
}

// read reads the roster of a file.
func (f *rosterFlags) read(path string, c *config.Config) (*roster.Roster, error) {
	return roster.ReadFile(path, f.options(c))
}

func (f *rosterFlags) options(c *config.Config) roster.Options {
	o := roster.Options{
		Encoding: f.encoding, Sheet: f.sheet, DateOrder: roster.DateOrder(f.dateOrder), Set: f.set, NameOrder: roster.NameOrder(f.nameOrder),
		Columns: f.columns, Remembered: c.Roster.Columns, RememberedEncoding: c.Roster.Encoding,
		Extra: c.Catalogue.ExtraColumns(), Courses: c.Catalogue.Codes(), Titles: c.Catalogue.Titles(),
	}
	if o.DateOrder == "" {
		o.DateOrder = roster.DateOrder(c.Roster.DateOrder)
	}
	if o.NameOrder == "" {
		o.NameOrder = roster.NameOrder(c.Roster.NameOrder)
	}
	return o
}

// String is the flags as they were given, quoted for a shell, as far as a file of refused rows needs them too. That file is marked
// UTF-8 and has one sheet.
func (f *rosterFlags) String() string {
	var words []string
	add := func(flag string, values ...string) {
		for _, value := range values {
			if value != "" {
				words = append(words, flag, asArgument(value))
			}
		}
	}
	add("--map", f.columns...)
	add("--set", f.set...)
	add("--date-order", f.dateOrder)
	add("--name-order", f.nameOrder)
	return strings.Join(words, " ")
}
