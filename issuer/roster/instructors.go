package roster

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/cardproof/cardproof/issuer/roster/fold"
)

// maxInstructors bounds the instructors of a class that are compared each with each; no class has so many.
const maxInstructors = 100

// instructors are who taught a class, each spelling of a name once, in the order of their rows.
type instructors []instructor

type instructor struct {
	id, name string // folded; either may be empty
	shown    string
	row      int // the first
}

func (list *instructors) add(c *Completion) {
	one := instructor{id: foldID(c.InstructorID), name: foldName(c.Instructor), shown: c.Instructor, row: c.Row}
	if one.shown == "" {
		one.shown = c.InstructorID
	}
	if one.shown == "" {
		return
	}
	for _, known := range *list {
		if known.id == one.id && known.name == one.name {
			return
		}
	}
	*list = append(*list, one)
}

// foldID is an ID for comparison: "I-2041" is "i 2041".
func foldID(id string) string {
	if key := fold.Key(id); key != "" {
		return key
	}
	return foldName(id)
}

// isNear says whether two names that differ may be one person's: a letter apart, or "A. Berg" beside "A Berg" and "Anna Berg".
// Names that differ in a figure are two, such as "Trainer 1" and "Trainer 2".
func (a instructor) isNear(b instructor) bool {
	one, two := fold.Key(a.name), fold.Key(b.name)
	if a.name == b.name || one == "" || two == "" || figuresIn(one) != figuresIn(two) {
		return false
	}
	isOneApart := fold.IsOneApart(one, two) && min(letters(one), letters(two)) >= minNameLetters
	return one == two || isOneApart || isInitialOf(a.name, b.name) || isInitialOf(b.name, a.name)
}

func figuresIn(key string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, key)
}

// isInitialOf says whether a name is another one with its first name cut down to a letter.
func isInitialOf(short, long string) bool {
	first, last, ok := strings.Cut(short, " ")
	whole, other, also := strings.Cut(long, " ")
	initial := fold.Key(first)
	return ok && also && letters(initial) == 1 && strings.HasPrefix(fold.Key(whole), initial) && fold.Key(last) == fold.Key(other)
}

// distinct are the instructors, each person once: by ID where there is one, under whatever names; a name without ID is whoever
// bears it or nearly so.
func (list instructors) distinct() []instructor {
	persons := make([]instructors, 0, len(list)) // the spellings of each
	for _, one := range list {
		if one.id == "" {
			continue
		}
		i := slices.IndexFunc(persons, func(p instructors) bool { return p[0].id == one.id })
		if i < 0 {
			persons = append(persons, instructors{one})
			continue
		}
		persons[i] = append(persons[i], one)
	}
	for _, one := range list {
		if one.id != "" {
			continue
		}
		isOne := func(b instructor) bool { return one.name == b.name || one.isNear(b) }
		i := slices.IndexFunc(persons, func(p instructors) bool { return slices.ContainsFunc(p, isOne) })
		if i < 0 {
			persons = append(persons, instructors{one})
			continue
		}
		persons[i] = append(persons[i], one)
	}
	out := make([]instructor, len(persons))
	for i, p := range persons {
		out[i] = p[0]
	}
	slices.SortFunc(out, func(a, b instructor) int { return a.row - b.row })
	return out
}

// instructorSlips tells of names that may be one instructor's, written in two ways: in a class, and in the file where an ID says so.
func (c *checker) instructorSlips(classes map[classKey][]*Completion) {
	byID := map[string]instructor{}
	told := map[[2]string]bool{}
	eachInOrder(&c.out, func(one *Completion) {
		id, name := foldID(one.InstructorID), foldName(one.Instructor)
		if id == "" || name == "" {
			return
		}
		first, known := byID[id]
		if !known {
			byID[id] = instructor{name: name, shown: one.Instructor, row: one.Row}
			return
		}
		if pair := [2]string{id, name}; first.name != name && !told[pair] {
			told[pair] = true
			c.notice(one.Row, ColumnInstructor, "similar_instructor", one.Instructor,
				fmt.Sprintf("The instructor's number %s stands beside %q in row %d.", one.InstructorID, first.shown, first.row), "Write one name for one number.")
		}
	})
	for _, group := range classes {
		var list instructors
		for _, one := range group {
			if len(list) <= maxInstructors {
				list.add(one)
			}
		}
		c.similarInstructors(list)
	}
}

func (c *checker) similarInstructors(list instructors) {
	if len(list) > maxInstructors {
		return
	}
	for i, a := range list {
		for _, b := range list[:i] {
			if a.isNear(b) && (a.id == "" || b.id == "") {
				c.notice(a.row, ColumnInstructor, "similar_instructor", a.shown,
					fmt.Sprintf("The name is nearly that of row %d of the same class, %q; the two count as one instructor.", b.row, b.shown),
					"Write the name in one way, or tell two people apart by instructor_id.")
				break
			}
		}
	}
}
