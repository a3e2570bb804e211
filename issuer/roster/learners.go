package roster

import (
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
)

// learners finds the rows that are one learner's completion told twice. The register follows the same rule (card.LearnerMatch).
//
// It keeps no keys: a hash leads to the rows that may be the same, and these are compared. So a large roster costs little memory,
// and a file that names one learner in every row no more time than another.
type learners struct {
	seed   maphash.Seed
	byHash map[uint64]int32 // hash of what may make two rows the same → place in rows of the last row that has it
	rows   []learnerRow
	here   []int32     // places in rows that belong to the row at hand
	first  map[int]int // row of the roster → a row before it that is the same learner's; see groups
}

type learnerRow struct {
	place  int32 // in Checked.Completions; in Refused it is ^place
	before int32 // place in rows of the row before it with the same hash, or none
	linked bool  // it is known to be the same as every row before it with the same key
}

const none = -1

func newLearners() *learners {
	return &learners{seed: maphash.MakeSeed(), byHash: map[uint64]int32{}, first: map[int]int{}}
}

// learnerHash is what two rows that may be the same have in common: an ID, a name with an e-mail, or a name.
type learnerHash struct {
	id, name, email string
	course          *course.Course
	completed       card.Date
}

// add notes a completion, and whose it is. Equal learner IDs are one learner, and so are equal name and e-mail: IDs that differ
// need a person's eye then. A row with neither may be any learner of its name.
func (l *learners) add(out *Checked, c Completion) {
	if c.LearnerID != "" {
		h := learnerHash{id: c.LearnerID, course: c.Course, completed: c.Completed}
		l.link(out, c.Row, h, true, func(o *Completion) bool { return o.LearnerID == c.LearnerID && isSameCourse(o, c) })
	}
	name := foldName(c.Name)
	if name == "" {
		return
	}
	h := learnerHash{name: name, course: c.Course, completed: c.Completed}
	isSame := func(o *Completion) bool { return isSameCourse(o, c) && foldName(o.Name) == name }
	l.link(out, c.Row, h, c.Email == "" && c.LearnerID == "", isSame)
	if c.Email != "" {
		h.email = c.Email
		l.link(out, c.Row, h, true, func(o *Completion) bool { return o.Email == c.Email && isSame(o) })
	}
}

// link joins a row with those of the same key, where the key is enough or a row before it had nothing else, and notes it. Rows
// that were joined are not looked through again; nearly always there is one, and it is the same.
func (l *learners) link(out *Checked, row int, key learnerHash, isEnough bool, isSame func(*Completion) bool) {
	hash := maphash.Comparable(l.seed, key)
	before, ok := l.byHash[hash]
	if !ok {
		before = none
	}
	linked := isEnough
	for i := before; i != none; i = l.rows[i].before {
		other := l.at(out, i)
		if other == nil || !isSame(other) {
			continue
		}
		linked = linked || l.rows[i].linked
		if linked {
			l.join(other.Row, row)
		}
		if l.rows[i].linked || !linked {
			break
		}
	}
	here := int32(len(l.rows))
	l.byHash[hash] = here
	l.rows = append(l.rows, learnerRow{before: before, linked: linked})
	l.here = append(l.here, here)
}

// join makes two rows one learner's.
func (l *learners) join(a, b int) {
	a, b = l.firstOf(a), l.firstOf(b)
	if a != b {
		l.first[max(a, b)] = min(a, b)
	}
}

func (l *learners) firstOf(row int) int {
	for {
		before, ok := l.first[row]
		if !ok {
			return row
		}
		if further, ok := l.first[before]; ok {
			l.first[row] = further
		}
		row = before
	}
}

// groups are the rows that are one learner's, two at least in each, in order.
func (l *learners) groups() [][]int {
	byFirst := map[int][]int{}
	for row := range l.first {
		first := l.firstOf(row)
		byFirst[first] = append(byFirst[first], row)
	}
	var out [][]int
	for _, first := range slices.Sorted(maps.Keys(byFirst)) {
		slices.Sort(byFirst[first])
		out = append(out, append([]int{first}, byFirst[first]...))
	}
	return out
}

// keep tells where the row at hand is about to go.
func (l *learners) keep(out *Checked, accepted bool) {
	place := ^int32(len(out.Refused))
	if accepted {
		place = int32(len(out.Completions))
	}
	for _, i := range l.here {
		l.rows[i].place = place
	}
	l.here = l.here[:0]
}

// at is a row that was added before, or nil for the row at hand, which is not yet among the others.
func (l *learners) at(out *Checked, i int32) *Completion {
	switch place := l.rows[i].place; {
	case len(l.here) > 0 && i >= l.here[0]:
		return nil
	case place < 0:
		return &out.Refused[^place]
	default:
		return &out.Completions[place]
	}
}

func isSameCourse(a *Completion, b Completion) bool {
	return a.Course == b.Course && a.Completed == b.Completed
}

// foldName is card.FoldName of a name that has single spaces, in less time where all of it is ASCII.
func foldName(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return card.FoldName(name)
		}
	}
	return strings.ToLower(name)
}
