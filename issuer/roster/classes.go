package roster

import (
	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
)

// Class is the learners who were taught together, for a course that limits how many an instructor may have.
type Class struct {
	Course    *course.Course
	Name      string    // as the first row writes it; empty where the roster has no name for the class
	Completed card.Date // of a class without a name, which are those who completed on one day; zero for one that has a name
	Rows      []int     // of all learners in order, refused ones too
	// Instructors are who taught them, each once, by ID or else by name. Names that are nearly equal are one person unless two IDs
	// tell them apart: too few instructors is the safe mistake.
	Instructors []string
}

type classKey struct {
	course    *course.Course
	name      string
	completed card.Date
}

// classFinder finds the class that a row belongs to. Rows of a class stand together, so it remembers the last.
type classFinder struct{ name, folded string }

// class is false where neither a name nor a day tells.
func (f *classFinder) class(c *Completion) (classKey, bool) {
	if c.Class == "" {
		return classKey{course: c.Course, completed: c.Completed}, !c.Completed.IsZero()
	}
	if c.Class != f.name {
		f.name, f.folded = c.Class, foldName(c.Class)
	}
	return classKey{course: c.Course, name: f.folded}, true
}

// classes are those whose course limits the participants, in the order of their first rows.
func classes(out *Checked) []Class {
	place := map[classKey]int{}
	var found []Class
	var taught []instructors
	of := classFinder{}
	eachInOrder(out, func(c *Completion) {
		if c.Course.ParticipantsPerInstructor == 0 {
			return
		}
		key, ok := of.class(c)
		if !ok {
			return
		}
		i, known := place[key]
		if !known {
			i = len(found)
			place[key] = i
			found, taught = append(found, Class{Course: c.Course, Name: c.Class, Completed: key.completed}), append(taught, instructors{})
		}
		found[i].Rows = append(found[i].Rows, c.Row)
		taught[i].add(c)
	})
	for i := range found {
		for _, one := range taught[i].distinct() {
			found[i].Instructors = append(found[i].Instructors, one.shown)
		}
	}
	return found
}

// eachInOrder calls do for the completions and the refused rows in the order of the file.
func eachInOrder(out *Checked, do func(*Completion)) {
	good, bad := out.Completions, out.Refused
	for len(good)+len(bad) > 0 {
		if len(bad) == 0 || (len(good) > 0 && good[0].Row < bad[0].Row) {
			do(&good[0])
			good = good[1:]
		} else {
			do(&bad[0])
			bad = bad[1:]
		}
	}
}
