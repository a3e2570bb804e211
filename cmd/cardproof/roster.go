package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/issuer/roster"
)

func newRoster(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "roster",
		Short: "Begin a roster",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newTemplate(a))
	return cmd
}

func newTemplate(a *app) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "template COURSE",
		Short: "Write an empty roster of a course, as a workbook and as CSV",
		Long: `Template writes COURSE.xlsx and COURSE.csv into a folder, with the columns that the course needs. The workbook explains each of them on
its second sheet. The folder is made where there is none; a file that is there already is left as it is.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.template(args[0], out) },
	}
	cmd.Flags().StringVar(&out, "out", ".", "the `folder` for the two files")
	return cmd
}

func (a *app) template(code, out string) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	course, ok := c.Catalogue.Find(code)
	if !ok {
		return fail(exitUsage, fmt.Errorf("the catalogue has no course %q", code), "Name one of "+strings.Join(c.Catalogue.Codes(), ", ")+".")
	}
	var text, workbook bytes.Buffer
	if err := roster.WriteTemplateText(&text, course); err != nil {
		return err
	}
	if err := roster.WriteTemplateWorkbook(&workbook, course); err != nil {
		return err
	}
	files := []struct {
		outFile
		data []byte
	}{{data: workbook.Bytes()}, {data: text.Bytes()}}
	written := []string{filepath.Join(out, course.Code+".xlsx"), filepath.Join(out, course.Code+".csv")}
	for i, path := range written {
		files[i].outFile = outFile{flag: "the roster", path: path, mode: 0o644}
		if err := files[i].check(a, c); err != nil { // both before either is written
			return err
		}
	}
	if err := durable.MakeFolder(out, 0o755); err != nil {
		return err
	}
	for _, file := range files {
		if err := file.write(a, c, file.data); err != nil {
			return err
		}
	}
	if a.json {
		return a.printJSON(map[string][]string{"written": written})
	}
	fmt.Fprintf(a.stdout, "An empty roster of %s is in %s\nFill it in, and run `cardproof check %s`.\n", course.Code, strings.Join(written, " and "), written[0])
	return nil
}
