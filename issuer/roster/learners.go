package roster

import (
	"hash/maphash"
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
	byHash map[uint64]int32 // hash of an ID or a name → place in rows of the last row that has it
	rows   []learnerRow
	here   []int32 // places in rows that belong to the row at hand
}

type learnerRow struct {
	place  int32 // in Checked.Completions; in Refused it is ^place
	before int32 // place in rows of the row before it with the same hash, or none
}

const none = -1

func newLearners() *learners {
	return &learners{seed: maphash.MakeSeed(), byHash: map[uint64]int32{}}
}

// learnerHash is what two rows that may be the same have in common.
type learnerHash struct {
	id, name, email string
	withoutID       bool
	course          *course.Course
	completed       card.Date
}

// add notes a completion and answers with the row that told it first. Equal learner IDs are one learner. So are equal name and
// e-mail, unless neither has an e-mail and the IDs tell two people apart: an address that is shared needs a person's eye.
func (l *learners) add(out *Checked, c Completion) (first int, double bool) {
	if c.LearnerID != "" {
		h := l.hash(learnerHash{id: c.LearnerID, course: c.Course, completed: c.Completed})
		first, double = l.find(out, h, func(o *Completion) bool { return o.LearnerID == c.LearnerID && isSameCourse(o, c) })
		if !double {
			l.note(h)
		}
	}
	name := foldName(c.Name)
	key := learnerHash{name: name, email: c.Email, withoutID: true, course: c.Course, completed: c.Completed}
	isSame := func(o *Completion) bool {
		return o.Email == c.Email && isSameCourse(o, c) && foldName(o.Name) == name
	}
	withoutID := l.hash(key)
	key.withoutID = false
	withID := l.hash(key)
	if !double {
		first, double = l.find(out, withoutID, isSame)
	}
	if !double && (c.Email != "" || c.LearnerID == "") {
		first, double = l.find(out, withID, isSame)
	}
	switch {
	case double:
	case c.LearnerID == "":
		l.note(withoutID)
	default:
		l.note(withID)
	}
	return first, double
}

// find looks through the rows of a hash. Nearly always there is one, and it is the same.
func (l *learners) find(out *Checked, hash uint64, isSame func(*Completion) bool) (row int, found bool) {
	i, ok := l.byHash[hash]
	for ; ok && i != none; i = l.rows[i].before {
		if other := l.at(out, i); other != nil && isSame(other) {
			return other.Row, true
		}
	}
	return 0, false
}

func (l *learners) note(hash uint64) {
	before, ok := l.byHash[hash]
	if !ok {
		before = none
	}
	here := int32(len(l.rows))
	l.byHash[hash] = here
	l.rows = append(l.rows, learnerRow{before: before})
	l.here = append(l.here, here)
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

func (l *learners) hash(h learnerHash) uint64 { return maphash.Comparable(l.seed, h) }

// foldName is card.FoldName of a name that has single spaces, in less time where all of it is ASCII.
func foldName(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return card.FoldName(name)
		}
	}
	return strings.ToLower(name)
}
