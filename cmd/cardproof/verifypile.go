package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/document"
	"github.com/cardproof/cardproof/verify/intake"
)

// pileFrom is the number of results from which each gets one line.
const pileFrom = 11

// fileEndings are those of names that can't be a number or a token: where there is no such file, that is what is wrong.
var fileEndings = []string{".pdf", ".png", ".jpg", ".jpeg", ".webp", ".zip", ".heic", ".tif", ".tiff", ".gif"}

// readJobs sorts the arguments: what is there as a file or a folder is one, with all that is in it, and everything else is a text.
func readJobs(args []string) jobs {
	j := jobs{batch: intake.NewBatch(intake.Office)}
	for _, arg := range args {
		before := len(j.batch.Items)
		if err := j.batch.AddPath(arg); err != nil {
			if !namesFile(arg) {
				j.all = append(j.all, job{text: arg})
				continue
			}
			j.batch.AddMissing(arg)
		}
		for _, it := range j.batch.Items[before:] {
			j.all = append(j.all, job{item: &it})
		}
	}
	return j
}

// namesFile says whether a text that is no file on this machine was meant to be one, and not a token, a number or a link.
func namesFile(arg string) bool {
	slashes := filepath.ToSlash(arg)
	for _, begin := range []string{"./", "../", "~/"} {
		if strings.HasPrefix(slashes, begin) {
			return true
		}
	}
	return slices.Contains(fileEndings, strings.ToLower(filepath.Ext(arg))) || strings.HasSuffix(slashes, "/")
}

// checkAll checks the jobs on all cores; the results are in the jobs' order.
func (a *app) checkAll(ctx context.Context, desk *intake.Desk, all []job) ([]intake.Result, error) {
	var step func(int)
	if len(all) >= pileFrom {
		var end func()
		step, end = a.bar("checking", len(all))
		defer end()
	}
	found := make([][]intake.Result, len(all))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, j := range all {
		group.Go(func() (err error) {
			found[i], err = checkJob(ctx, desk, j)
			if step != nil {
				step(1)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(found...), nil
}

func checkJob(ctx context.Context, desk *intake.Desk, j job) ([]intake.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if j.item != nil {
		return desk.Check(ctx, *j.item)
	}
	in, check := verify.ReadInput(j.text), desk.Checker.CheckNumber
	text := in.Number
	if in.Token != "" {
		text, check = in.Token, desk.Checker.CheckToken
	}
	v, err := check(ctx, text)
	r := intake.Result{Verdict: v, Name: j.text, LeadsTo: document.LeadsElsewhere(j.text, desk.Origins)}
	if v.Card != nil && r.LeadsTo != "" { // a centre may have moved since
		r.LeadsTo = document.LeadsElsewhere(j.text, append(slices.Clone(desk.Origins), v.Card.Issuer))
	}
	return []intake.Result{r}, err
}

// isPile says whether the results are to be printed one in a line.
func (j jobs) isPile(results []answered) bool { return len(results) >= pileFrom || j.batch.Folders > 0 }

// printPile prints one line for each card, and a summary.
func (a *app) printPile(results []answered, passed []string) error {
	count := map[string]int{}
	var words, without []string
	var rows [][]string
	good := 0
	for _, r := range results {
		word, number, name, course := r.word(), "", "", ""
		if c := r.Card; c != nil {
			number, name, course = c.Number, c.Name, c.Course.Code
		}
		rows = append(rows, []string{word, number, name, course, r.where()})
		if !r.good {
			rows = append(rows, []string{"", "", r.why()})
		}
		switch {
		case r.problem != nil:
			without = append(without, r.where())
			continue
		case r.good:
			good++
		case count[word] == 0:
			words = append(words, word)
		}
		count[word]++
	}
	if err := a.table(rows); err != nil {
		return err
	}
	summary := []string{fmt.Sprintf("%d valid", good)}
	for _, word := range words {
		summary = append(summary, fmt.Sprintf("%d %s", count[word], strings.ToLower(word)))
	}
	fmt.Fprintf(a.stdout, "\n%s: %s\n", counted(len(results)-len(without), "card", "cards"), strings.Join(summary, ", "))
	if len(without) > 0 {
		fmt.Fprintf(a.stdout, "%s without a card, or not read to the end: %s\n", counted(len(without), "file", "files"), strings.Join(without, ", "))
	}
	if len(passed) > 0 {
		for i, name := range passed {
			passed[i] = printable(name)
		}
		fmt.Fprintf(a.stdout, "passed over, as no files of cards: %s\n", strings.Join(passed, ", "))
	}
	return nil
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// word is the first word about a result.
func (r answered) word() string {
	switch {
	case r.problem != nil && (r.Code == verify.Unavailable || intake.KindOf(r.problem) == intake.Incomplete):
		return "NOT CHECKED"
	case r.problem != nil:
		return "NO CARD"
	case r.Valid && r.File != nil && !r.File.Reliable:
		return "FILE " + fileWord(*r.File)
	case r.Valid && r.LeadsTo != "":
		return elsewhere
	case r.Valid && slices.ContainsFunc(r.needs, isNo):
		return "NOT MET"
	}
	return upper(r.Code)
}

// elsewhere is the first word about a valid card behind a link that is not this centre's.
const elsewhere = "LINK NOT OURS"

// leadsElsewhere says where the link leads.
func (r answered) leadsElsewhere() string {
	return "The link leads to " + printable(r.LeadsTo) + ", which is not ours. Do not open it, and believe no page there: a forger can show any card. The answer below is on the card in the link."
}

// why says what is wrong with a result that is not good.
func (r answered) why() string {
	switch r.word() {
	case "NOT MET":
		i := slices.IndexFunc(r.needs, isNo)
		return r.needs[i].Because
	case elsewhere:
		return r.leadsElsewhere()
	case upper(r.Code), "NO CARD", "NOT CHECKED":
		return r.Message
	}
	return r.File.Message
}

// where is the input, with the page of a PDF of several.
func (r answered) where() string {
	if r.Page > 1 {
		return fmt.Sprintf("%s, page %d", printable(r.Input), r.Page)
	}
	return printable(r.Input)
}
