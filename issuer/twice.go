package issuer

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/roster"
	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/slip"
)

// compareRows looks at rows of the same name, course and day. Where one of two has no e-mail address, nobody can tell whether they are two
// people, and the later row is refused; with two addresses they are two, and are told of, unless one is likely a slip of the other.
func (p *preparation) compareRows() {
	type nameKey struct {
		name string
		dayKey
	}
	last := make(map[nameKey]int32, len(p.checked.Completions)) // place of the last row of a name
	before := map[int32]int32{}                                 // and of the one before it, where there are several
	for n := range p.checked.Completions {
		c := &p.checked.Completions[n]
		k := nameKey{card.FoldName(c.Name), dayKey{c.Course.Code, c.Completed}}
		m, ok := last[k]
		last[k] = int32(n)
		if !ok {
			continue
		}
		before[int32(n)] = m
		for tries := 0; ok && tries < maxCompared; tries++ {
			if p.compareTwo(&p.checked.Completions[m], c) {
				break
			}
			m, ok = before[m]
		}
	}
}

// compareTwo tells of two rows of one name, the first before the second, and returns whether there was anything to tell.
func (p *preparation) compareTwo(first, second *roster.Completion) bool {
	if areTwo(first.LearnerID, second.LearnerID, first.Class, second.Class) || p.issued[first.Row] && p.issued[second.Row] {
		return false
	}
	isSlip := isDomainSlip(first.Email, second.Email)
	if first.Email != "" && second.Email != "" && !isSlip {
		p.say(roster.Problem{Row: second.Row, Column: roster.ColumnName, Code: "similar_name", Value: second.Name, Severity: roster.Notice,
			Message: fmt.Sprintf("The name is that of row %d of the same course and day; by the e-mail addresses they are two people.", first.Row),
			Remedy:  "Delete one of the two rows if they are one person."})
		return true
	}
	what := "the same name, course and day, and one of them has no e-mail address"
	if isSlip {
		what = "the same name, course and day, and e-mail addresses that differ in a likely slip"
	}
	p.sayBoth(first, second, what)
	return true
}

// sayBoth refuses two rows that may be one learner. One who has a card keeps it.
func (p *preparation) sayBoth(first, second *roster.Completion, what string) {
	if p.issued[second.Row] {
		first, second = second, first
	}
	var both []int
	if !p.issued[first.Row] {
		both = []int{first.Row}
	}
	p.say(roster.Problem{Row: second.Row, Rows: both, Column: roster.ColumnEmail, Code: "duplicate_row",
		Message: fmt.Sprintf("Rows %d and %d have %s.", min(first.Row, second.Row), max(first.Row, second.Row), what),
		Remedy:  "Delete one of the two. If they are two people, give each an e-mail address or a learner_id."})
}

// isDomainSlip says whether two addresses are one but for a domain that is likely a slip of the other's: gmial.com.
func isDomainSlip(a, b string) bool {
	local, domain, _ := strings.Cut(a, "@")
	otherLocal, other, _ := strings.Cut(b, "@")
	return local != "" && local == otherLocal && domain != other && (slip.NearDomain(a) == other || slip.NearDomain(b) == domain)
}

const (
	// maxNear bounds the rows of a course and day that have a word of their names in common and are compared each with each. More of
	// them are no class, but a year's list.
	maxNear = 1000
	// minLetters are fewer than which a letter of difference says nothing.
	minLetters = 5
)

// nearRow is a row with its name as it is compared.
type nearRow struct {
	*roster.Completion
	name, whole, bare string
	words             []string // of bare, in order
}

func newNearRow(c *roster.Completion) nearRow {
	r := nearRow{Completion: c, name: card.FoldName(c.Name), whole: fold.Key(c.Name), bare: slip.Bare(c.Name)}
	for _, word := range strings.FieldsFunc(r.name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
		r.words = append(r.words, slip.Bare(word))
	}
	slices.Sort(r.words)
	return r
}

// keys are what names that are nearly equal have in common: all of it, its words in order, or one of several words.
func (r nearRow) keys() []string {
	keys := []string{r.bare, strings.Join(r.words, " ")}
	if len(r.words) < 2 {
		return append(keys, " ") // all that are one word
	}
	for _, word := range r.words {
		keys = append(keys, " "+word)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// isNear says whether two names are equal but for the order or the spelling of their words, or for one letter.
func (r nearRow) isNear(o nearRow) bool {
	isOneApart := fold.IsOneApart(r.whole, o.whole) && min(utf8.RuneCountInString(r.whole), utf8.RuneCountInString(o.whole)) >= minLetters
	return isOneApart || r.bare != "" && r.bare == o.bare || len(r.words) > 0 && slices.Equal(r.words, o.words)
}

// compareNearRows looks at rows of nearly the same name, course and day of which one at least has no e-mail address: as across two runs,
// nobody can tell whether they are two people. Of two with addresses the roster's own check tells.
func (p *preparation) compareNearRows() {
	type bucket struct {
		dayKey
		key string
	}
	rows := make([]nearRow, 0, len(p.checked.Completions))
	buckets := map[bucket][]int32{}
	if !slices.ContainsFunc(p.checked.Completions, func(c roster.Completion) bool { return c.Email == "" }) {
		return
	}
	for n := range p.checked.Completions {
		rows = append(rows, newNearRow(&p.checked.Completions[n]))
		r, said := &rows[n], false
		for _, key := range r.keys() {
			b := bucket{dayKey{r.Course.Code, r.Completed}, key}
			for _, m := range buckets[b] {
				said = said || p.compareNear(rows[m], *r)
			}
			if len(buckets[b]) < maxNear {
				buckets[b] = append(buckets[b], int32(n))
			}
		}
	}
}

// compareNear refuses two rows of nearly the same name, the first before the second, and returns whether it did.
func (p *preparation) compareNear(first, second nearRow) bool {
	if first.Email != "" && second.Email != "" || first.name == second.name || !first.isNear(second) ||
		areTwo(first.LearnerID, second.LearnerID, first.Class, second.Class) || p.issued[first.Row] && p.issued[second.Row] {
		return false
	}
	p.sayBoth(first.Completion, second.Completion, "nearly the same name and the same course and day, and not both have an e-mail address")
	return true
}
