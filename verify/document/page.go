package document

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/cardproof/cardproof/card"
)

// printedPage is the text of a page, with or without a card's code.
type printedPage struct {
	number int       // from 1; 0 for all pages together
	lines  []string  // not empty, in the order of drawing
	sizes  []float64 // of lines; nil where they are not known
	veiled bool
	// covered says that something lies over a code of the page.
	covered bool
	cards   []int  // of File.Cards; none for a page without a code
	said    []bool // the lines that are, alone or with others, something that the card says: they are no labels
}

// mark notes which lines the cards say themselves: a course or a holder may be called as a label is.
func (p *printedPage) mark(cards []*card.Record, centre string) {
	p.said = make([]bool, len(p.lines))
	texts := []string{fold(centre)}
	for _, r := range cards {
		q := r.Qualification
		for _, s := range []string{r.Name, r.Course, q.Title, q.Level, q.Trained, r.Course + q.Level, r.Instructor, r.Instructor + r.InstructorID} {
			texts = append(texts, fold(s))
		}
	}
	for from := range p.lines {
		together := ""
		for to := from; to < min(from+maxLines, len(p.lines)); to++ {
			if together += fold(p.lines[to]); slices.Contains(texts, together) {
				for i := from; i <= to; i++ {
					p.said[i] = true
				}
			}
		}
	}
}

// maxLines is how many lines a text of a card is laid out in.
const maxLines = 8

// muchLarger is by how much a text has to be larger than the holder's name to be read in its place.
const muchLarger = 1.3

// larger is a line in larger type than the name, which stands on the lines from to to, that the card does not say; -1 where there is none.
func (p printedPage) larger(from, to int, known []string) int {
	if len(p.sizes) != len(p.lines) {
		return -1
	}
	name := slices.Max(p.sizes[from:to])
	for i, line := range p.lines {
		if p.sizes[i] > muchLarger*name && !p.says(i) && !isKnown(line, known) && strings.ContainsFunc(line, unicode.IsLetter) &&
			dateForm.ReplaceAllString(line, "") != "" && !cardForm.MatchString(dashes.Replace(line)) {
			return i
		}
	}
	return -1
}

func (p printedPage) says(line int) bool { return line < len(p.said) && p.said[line] }

// The words around a card's fields, folded. A design of a centre's own may have others: then less is concluded.
var (
	labelsOfExpiry    = []string{"validthrough", "validity"}
	labelsOfIssue     = []string{"issued"}
	labelsOfCompleted = []string{"completed"}
	labelsOfNumber    = []string{"cardnumber", "number"}
	ruleOfExpiry      = "totheendofthemonth"
	afterName         = "hassuccessfullycompleted"
	phrases           = []string{afterName, ruleOfExpiry, "thiscertifiesthat", "thisistocertifythat", "certificateofcompletion", "checkthiscard", "checkthiscertificate",
		"validthrough", "validity", "issued", "completed", "cardnumber", "number", "instructor", "meetstherequirements", "noexpirydate"}
)

// find gives the first line from which a few lines together are the wanted text, and the one behind them; -1 where there is none.
func (p printedPage) find(want string, key func(string) string) (from, to int) {
	for from = range p.lines {
		for to = from + 1; to <= min(from+4, len(p.lines)); to++ {
			if key(strings.Join(p.lines[from:to], " ")) == want {
				return from, to
			}
		}
	}
	return -1, -1
}

// holds says whether a folded text is anywhere on the page, also within other text.
func (p printedPage) holds(folded string) bool {
	return strings.Contains(fold(strings.Join(p.lines, "")), folded)
}

// behind gives what stands behind a label: the rest of its line, or else the next line.
func (p printedPage) behind(labels []string) (value string, found bool) {
	for i, line := range p.lines {
		if p.says(i) {
			continue
		}
		folded := fold(line)
		at := slices.IndexFunc(labels, func(label string) bool { return strings.HasPrefix(folded, label) })
		if at < 0 {
			continue
		}
		rest := strings.TrimSuffix(strings.TrimPrefix(folded, labels[at]), ruleOfExpiry)
		switch {
		case rest != "" && strings.ContainsFunc(rest, unicode.IsDigit):
			return line[strings.IndexFunc(line, unicode.IsDigit):], true
		case rest != "":
			continue // a sentence that begins so
		case i+1 < len(p.lines) && !p.says(i+1):
			return p.lines[i+1], true
		}
		return "", true
	}
	return "", false
}

// looksLikeName says whether a line could be a part of a name: a few words without figures, the last of which is not in small letters.
func looksLikeName(line string) bool {
	words := strings.Fields(line)
	if len(words) == 0 || len(words) > 6 || isGarbled(line) || strings.ContainsFunc(line, unicode.IsDigit) {
		return false
	}
	for _, r := range words[len(words)-1] {
		return unicode.IsLetter(r) && !unicode.IsLower(r)
	}
	return false
}

var (
	dateForm = regexp.MustCompile(`(?i)([0-9]{1,2})\s*(January|February|March|April|May|June|July|August|September|October|November|December)\s*([0-9]{4})`)
	yearForm = regexp.MustCompile(`[0-9]{4}|'[0-9]{2}|[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{2}`)
	cardForm = regexp.MustCompile(`[0-9A-Z]{4}\s?-\s?[0-9A-Z]{4}\s?-\s?[0-9A-Z]{4}`)
	dashes   = strings.NewReplacer("\u00ad", "-", "\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u2212", "-")
)

// dates are the days on the page in the form in which cards print them, folded.
func (p printedPage) dates() []string {
	var all []string
	for _, line := range p.lines {
		for _, found := range dateForm.FindAllString(norm.NFKC.String(line), -1) {
			all = append(all, fold(found))
		}
		if fold(line) == fold(noExpiry) {
			all = append(all, fold(noExpiry))
		}
	}
	return all
}

var _, noExpiry = card.NoExpiry.Validity()

// numbers are the card numbers on the page, rightly written ones alone.
func (p printedPage) numbers() []card.Number {
	var all []card.Number
	for _, line := range p.lines {
		for _, found := range cardForm.FindAllString(dashes.Replace(norm.NFKC.String(line)), -1) {
			if n, err := card.ParseNumber(found); err == nil {
				all = append(all, n)
			}
		}
	}
	return all
}
