package issuer

import (
	"context"
	"fmt"
	"slices"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
	"github.com/cardproof/cardproof/issuer/roster"
	"github.com/cardproof/cardproof/issuer/roster/fold"
)

// teachers are the instructors of a class, as rows and cards name them.
type teachers struct {
	named   map[string]map[string]bool // ID → names that stand beside it
	bare    map[string]bool            // names without an ID
	unknown bool                       // a learner has no instructor at all
}

func newTeachers() *teachers {
	return &teachers{named: map[string]map[string]bool{}, bare: map[string]bool{}}
}

func (t *teachers) add(id, name string) {
	id, name = fold.Key(id), fold.Key(name)
	switch {
	case id != "" && t.named[id] == nil:
		t.named[id] = map[string]bool{name: true}
	case id != "":
		t.named[id][name] = true
	case name != "":
		t.bare[name] = true
	default:
		t.unknown = true
	}
}

// has says whether an instructor may be one of these: by the same ID, or where one side has none, by the same name. Who is not
// named may be anybody.
func (t *teachers) has(id, name string) bool {
	id, name = fold.Key(id), fold.Key(name)
	if t.unknown || id == "" && name == "" {
		return true
	}
	if id == "" {
		return t.bare[name] || t.isNamed(name)
	}
	return t.named[id] != nil || t.bare[name]
}

func (t *teachers) isNamed(name string) bool {
	for _, names := range t.named {
		if names[name] {
			return true
		}
	}
	return false
}

// count is how many people they are at least: the same ID is one, a name without ID is the one of that name who has an ID, and it
// may be one whose ID stands without a name. Too few instructors is the safe mistake.
func (t *teachers) count() int {
	bare, nameless := 0, 0
	for name := range t.bare {
		if !t.isNamed(name) {
			bare++
		}
	}
	for _, names := range t.named {
		if len(names) == 1 && names[""] {
			nameless++
		}
	}
	return max(1, len(t.named)+max(0, bare-nameless))
}

// days gives the cards of a course and day, each looked up once.
type days struct {
	*Issuer
	found map[dayKey][]card.Entry
}

type dayKey struct {
	course    string
	completed card.Date
}

func (d *days) cards(ctx context.Context, k dayKey) (_ []card.Entry, err error) {
	if _, ok := d.found[k]; !ok {
		d.found[k], err = d.Register.FindCompleted(ctx, k.course, k.completed)
	}
	return d.found[k], err
}

// judgeClasses refuses the classes that have more learners for an instructor than their course allows. Those whom the register
// has of the same class count as well: a class that comes in two files is one class. A class of which every card was issued
// before is passed over, since nothing is issued for it. The own cards are those of the rows.
func (i *Issuer) judgeClasses(ctx context.Context, checked *roster.Checked, issued map[int]bool, own map[card.Number]bool) ([]roster.Problem, error) {
	if len(checked.Classes) == 0 {
		return nil, nil
	}
	rows := map[int]*roster.Completion{}
	for _, list := range [][]roster.Completion{checked.Completions, checked.Refused} {
		for n := range list {
			rows[list[n].Row] = &list[n]
		}
	}
	known := &days{i, map[dayKey][]card.Entry{}}
	sidesOfDay := sidesOf(checked.Classes, rows)
	var problems []roster.Problem
	for _, c := range checked.Classes {
		fresh := slices.DeleteFunc(slices.Clone(c.Rows), func(row int) bool { return issued[row] })
		if len(fresh) == 0 {
			continue
		}
		taught := newTeachers()
		for _, row := range c.Rows {
			if done := rows[row]; done != nil {
				taught.add(done.InstructorID, done.Instructor)
			}
		}
		others, err := i.others(ctx, known, c, rows, taught)
		if err != nil {
			return nil, err
		}
		others = slices.DeleteFunc(others, func(e card.Entry) bool { return own[e.Number] })
		for _, e := range others {
			taught.add(e.InstructorID, e.Instructor)
		}
		beside := besides(c, sidesOfDay, rows, taught)
		for _, done := range beside {
			taught.add(done.InstructorID, done.Instructor)
		}
		learners := len(c.Rows) + len(beside) + len(others)
		if learners > c.Course.ParticipantsPerInstructor*taught.count() {
			problems = append(problems, exceeded(c, fresh, learners, len(others), taught.count()))
		}
		notice, err := i.otherDay(ctx, c, rows, fresh)
		if err != nil {
			return nil, err
		}
		if notice != nil {
			problems = append(problems, *notice)
		}
	}
	return problems, nil
}

// others are the learners of a class that the register has and the roster has not.
func (i *Issuer) others(ctx context.Context, known *days, c roster.Class, rows map[int]*roster.Completion, taught *teachers) ([]card.Entry, error) {
	seen := map[card.Date]bool{{}: true} // a class of the same name that completed on another day is another class
	var entries []card.Entry
	for _, row := range c.Rows {
		done := rows[row]
		if done == nil || seen[done.Completed] {
			continue
		}
		seen[done.Completed] = true
		found, err := known.cards(ctx, dayKey{c.Course.Code, done.Completed})
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			if inClass(e, done.Class, taught) {
				entries = append(entries, e)
			}
		}
	}
	own := newLearnersOf(c.Rows, rows)
	return slices.DeleteFunc(counted(entries), own.has), nil
}

// counted leaves out the cards that another of them took the place of.
func counted(entries []card.Entry) []card.Entry {
	replaced := map[card.Number]bool{}
	for _, e := range entries {
		replaced[e.Replaces] = true
	}
	return slices.DeleteFunc(entries, func(e card.Entry) bool { return e.State == card.Superseded || replaced[e.Number] })
}

// sides are the rows of a course and day: those without the name of a class, and those with one.
type sides struct{ unnamed, named []*roster.Completion }

func sidesOf(all []roster.Class, rows map[int]*roster.Completion) map[dayKey]*sides {
	days := map[dayKey]*sides{}
	for _, c := range all {
		for _, row := range c.Rows {
			done := rows[row]
			if done == nil || done.Completed.IsZero() {
				continue
			}
			k := dayKey{c.Course.Code, done.Completed}
			if days[k] == nil {
				days[k] = &sides{}
			}
			if c.Name == "" {
				days[k].unnamed = append(days[k].unnamed, done)
			} else {
				days[k].named = append(days[k].named, done)
			}
		}
	}
	return days
}

// besides are the rows of other classes of the roster that count to one: where only one of the two has a name, those of the same course,
// day and instructor. Else a learner without a class would be one more than the instructor may have.
func besides(c roster.Class, days map[dayKey]*sides, rows map[int]*roster.Completion, taught *teachers) []*roster.Completion {
	var found []*roster.Completion
	seen := map[card.Date]bool{}
	for _, row := range c.Rows {
		done := rows[row]
		if done == nil || done.Completed.IsZero() || seen[done.Completed] {
			continue
		}
		seen[done.Completed] = true
		day := days[dayKey{c.Course.Code, done.Completed}]
		others := day.unnamed
		if c.Name == "" {
			others = day.named
		}
		for _, other := range others {
			if taught.has(other.InstructorID, other.Instructor) {
				found = append(found, other)
			}
		}
	}
	return found
}

// inClass says whether a card of the same course and day is one of a class. Where one of them has no name of a class, it is one if the
// instructor may be the same.
func inClass(e card.Entry, class string, taught *teachers) bool {
	if class == "" || e.Class == "" {
		return taught.has(e.InstructorID, e.Instructor)
	}
	return card.FoldName(e.Class) == card.FoldName(class)
}

// learnersOf are the learners of some rows.
type learnersOf struct {
	ids   map[string]bool
	names map[[2]string][]string // e-mail and name → IDs
}

func newLearnersOf(list []int, rows map[int]*roster.Completion) *learnersOf {
	l := &learnersOf{map[string]bool{}, map[[2]string][]string{}}
	for _, row := range list {
		if c := rows[row]; c != nil {
			l.ids[c.LearnerID] = true
			k := [2]string{c.Email, card.FoldName(c.Name)}
			l.names[k] = append(l.names[k], c.LearnerID)
		}
	}
	return l
}

// has says whether a card is that of one of the learners.
func (l *learnersOf) has(e card.Entry) bool {
	if e.Learner.ID != "" && l.ids[e.Learner.ID] {
		return true
	}
	ids := l.names[[2]string{e.Learner.Email, card.FoldName(e.Name)}]
	return slices.ContainsFunc(ids, func(id string) bool { return id == "" || e.Learner.ID == "" })
}

// otherDay tells of a class whose name the register has with another day. It counts as another class.
func (i *Issuer) otherDay(ctx context.Context, c roster.Class, rows map[int]*roster.Completion, fresh []int) (*roster.Problem, error) {
	found, err := i.Register.ClassDays(ctx, c.Course.Code, c.Name)
	if err != nil {
		return nil, err
	}
	for _, day := range found {
		if !slices.ContainsFunc(c.Rows, func(row int) bool { return rows[row] != nil && rows[row].Completed == day }) {
			return &roster.Problem{Row: fresh[0], Column: roster.ColumnClass, Code: "class_day", Value: c.Name, Severity: roster.Notice,
				Message: fmt.Sprintf("The register has a class %s of %s that completed on %s.", c.Name, c.Course.Code, day.Words()),
				Remedy:  "It counts as another class. Correct the date if they are one."}, nil
		}
	}
	return nil, nil
}

func exceeded(c roster.Class, fresh []int, learners, others, instructors int) roster.Problem {
	group := "this class"
	if c.Name != "" {
		group = "class " + c.Name
	}
	of := ""
	if others > 0 {
		of = fmt.Sprintf(" (%d of them issued before)", others)
	}
	return roster.Problem{Row: fresh[0], Rows: fresh[1:], Column: roster.ColumnClass, Code: "ratio_exceeded", Value: c.Name,
		Message: tooMany(group, fmt.Sprintf("%d learners%s", learners, of), c.Course, instructors),
		Remedy:  "If a second instructor taught, name each learner's own in the column instructor; if these were two classes, give them two names in the column class."}
}

func tooMany(group, learners string, c *course.Course, instructors int) string {
	return fmt.Sprintf("In %s %s have %s, where %s allows %d for each.", group, learners,
		count(instructors, "instructor", "instructors"), c.Code, c.ParticipantsPerInstructor)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "one " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
