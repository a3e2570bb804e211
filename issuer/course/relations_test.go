package course

import "testing"

// after is a course with prerequisites.
func after(code string, asked ...string) Course {
	c := plain(code, "Course "+code)
	for _, a := range asked {
		c.Prerequisites = append(c.Prerequisites, Prerequisite{Course: a, External: true})
	}
	return c
}

// meeting is a course with prerequisites that meets one requirement more.
func meeting(requirement string, c Course) Course {
	c.Meets = append(c.Meets, requirement)
	return c
}

func TestCoursesContradictEachOther(t *testing.T) {
	quiz := func(code, column string) Course {
		c := after(code)
		c.Pass.Extra = []Extra{{Column: "Oral exam", Passed: true}, {Column: column, Passed: true}}
		return c
	}
	for _, c := range []struct {
		name        string
		courses     []Course
		key, reason string
	}{
		{"column in two spellings", []Course{after("A"), quiz("B", "Mega code"), quiz("C", "MEGACODE")}, "courses[2].pass.extra[1].column",
			`is "MEGACODE", which courses[1] writes as "Mega code"`},

		{"meets less than what it meets", []Course{plain("ALS", "A", "BLS"), bls()}, "courses[0].meets", "lacks CPR, which BLS meets"},
		{"at two removes", []Course{plain("PALS", "P", "ALS"), plain("ALS", "A", "BLS", "CPR"), bls()}, "courses[0].meets", "lacks BLS, which ALS meets"},

		{"unknown", []Course{bls(), after("A", "ALS9")}, "courses[1].prerequisites[0].course", `is "ALS9"`},
		{"by title", []Course{bls(), after("A", "Basic Life Support")}, "courses[1].prerequisites[0].course", "no course"},
		{"none", []Course{bls(), after("A", "BLS", "")}, "courses[1].prerequisites[1].course", "no course"},
		{"itself", []Course{bls(), after("A", "A")}, "courses[1].prerequisites[0].course", "itself"},
		{"twice", []Course{bls(), after("A", "BLS", "BLS")}, "courses[1].prerequisites[1].course", "second time"},

		{"circle of two", []Course{bls(), after("ALS1", "BLS", "ALS2"), after("ALS2", "ALS1")}, "courses[1].prerequisites[1].course", "ALS1 -> ALS2 -> ALS1"},
		{"circle of three behind a course", []Course{after("X", "C"), after("A", "B"), after("B", "C"), after("C", "A")}, "courses[3].prerequisites[0].course", "C -> A -> B -> C"},
		{"only itself meets it", []Course{bls(), meeting("TEAM", after("A", "TEAM"))}, "courses[1].prerequisites[0].course", "A -> A"},
		{"all that meet it wait", []Course{meeting("TEAM", after("A", "C")), meeting("TEAM", after("B", "C")), after("C", "TEAM")},
			"courses[0].prerequisites[0].course", "A -> C -> A"},
		{"another course that meets the code is no way out", []Course{after("A", "B"), after("B", "A"), plain("C", "C", "B")}, "courses[0].prerequisites[0].course", "A -> B -> A"},
	} {
		refused(t, c.name, c.courses, c.key, c.reason)
	}
}

func TestCoursesThatFitTogether(t *testing.T) {
	for name, courses := range map[string][]Course{
		"a ladder, written from above":             {after("C", "B", "A"), after("B", "A"), after("A")},
		"a requirement that no course is named by": {bls(), after("A", "CPR")},
		"a requirement with one way that is open":  {meeting("TEAM", after("A", "C")), meeting("TEAM", after("B")), after("C", "TEAM")},
		"a card that also meets what it asks for":  {meeting("ALS1", after("ALS2", "ALS1")), after("ALS1")},
		"two that meet each other":                 {plain("A", "One", "B"), plain("B", "Two", "A")},
		"one column for two courses":               {als2(), bls(), func() Course { c := als2(); c.Code, c.Title, c.Meets = "ALS3", "Three", []string{"ALS3"}; return c }()},
	} {
		if _, err := New(courses); err != nil {
			t.Errorf("%s: got %v, want none", name, err)
		}
	}
}
