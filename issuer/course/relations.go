package course

import (
	"fmt"
	"slices"
	"strings"
)

// This file holds what has to be true of the courses together.

// checkExtras wants one spelling for one column: a roster has it once, whatever course its rows are of.
func (c *Catalogue) checkExtras() error {
	type place struct {
		course int
		column string
	}
	first := map[string]place{}
	for i := range c.courses {
		for j, extra := range c.courses[i].Pass.Extra {
			before, met := first[fold(extra.Column)]
			if met && before.column != extra.Column {
				return &InvalidError{key(i, fmt.Sprintf(".pass.extra[%d].column", j)),
					fmt.Sprintf("is %q, which %s writes as %q; write both alike", extra.Column, key(before.course, ""), before.column)}
			}
			if !met {
				first[fold(extra.Column)] = place{i, extra.Column}
			}
		}
	}
	return nil
}

// checkMeets wants what a card meets to be closed: a card that stands for another course's card stands for all that this one
// stands for. Otherwise an ALS card that meets BLS would be refused where CPR is asked, and a BLS card taken.
func (c *Catalogue) checkMeets() error {
	for i := range c.courses {
		for _, code := range c.courses[i].Meets {
			j, ok := c.byCode[code]
			if !ok {
				continue
			}
			for _, m := range c.courses[j].Meets {
				if !slices.Contains(c.courses[i].Meets, m) {
					return &InvalidError{key(i, ".meets"), fmt.Sprintf("lacks %s, which %s meets", m, code)}
				}
			}
		}
	}
	return nil
}

func (c *Catalogue) checkPrerequisites() error {
	for i := range c.courses {
		asked := c.courses[i].Prerequisites
		for j, p := range asked {
			key := key(i, fmt.Sprintf(".prerequisites[%d].course", j))
			switch {
			case p.Course == c.courses[i].Code:
				return &InvalidError{key, "is " + p.Course + ", the course itself"}
			case slices.ContainsFunc(asked[:j], func(q Prerequisite) bool { return q.Course == p.Course }):
				return &InvalidError{key, "says " + p.Course + " a second time"}
			case len(c.coursesFor(p.Course)) == 0:
				return &InvalidError{key, fmt.Sprintf("is %q; no course of the catalogue has this code, and none meets it", p.Course)}
			}
		}
	}
	return c.checkCircles()
}

// coursesFor are the courses by which a learner gets what a prerequisite asks for: the course of that code, or else all that
// meet it.
func (c *Catalogue) coursesFor(requirement string) []int {
	if i, ok := c.byCode[requirement]; ok {
		return []int{i}
	}
	var found []int
	for i := range c.courses {
		if slices.Contains(c.courses[i].Meets, requirement) {
			found = append(found, i)
		}
	}
	return found
}

// checkCircles refuses courses that no learner can ever begin, because each waits for another. Evidence of another centre is no way
// out: the catalogue would still say that its own courses lead nowhere.
func (c *Catalogue) checkCircles() error {
	open := make([]bool, len(c.courses)) // a learner can get there
	for progress := true; progress; {
		progress = false
		for i := range c.courses {
			if !open[i] && c.waitsFor(i, open) < 0 {
				open[i], progress = true, true
			}
		}
	}
	at := slices.Index(open, false)
	if at < 0 {
		return nil
	}
	// Every course that is not open waits for one that is not open either, so the way comes back to where it was.
	var way []int
	for !slices.Contains(way, at) {
		way = append(way, at)
		at = c.coursesFor(c.courses[at].Prerequisites[c.waitsFor(at, open)].Course)[0]
	}
	way = append(way[slices.Index(way, at):], at)
	codes := make([]string, len(way))
	for n, i := range way {
		codes[n] = c.courses[i].Code
	}
	return &InvalidError{key(at, fmt.Sprintf(".prerequisites[%d].course", c.waitsFor(at, open))),
		"goes round in a circle, so that nobody can begin: " + strings.Join(codes, " -> ")}
}

// waitsFor is the place of the first prerequisite of a course that no open course gives, or -1.
func (c *Catalogue) waitsFor(i int, open []bool) int {
	return slices.IndexFunc(c.courses[i].Prerequisites, func(p Prerequisite) bool {
		return !slices.ContainsFunc(c.coursesFor(p.Course), func(j int) bool { return open[j] })
	})
}
