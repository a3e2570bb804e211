// Package heading knows what the columns of a roster are called in the offices of five languages.
//
// It only answers what a single heading stands for. Which row is the heading, and what follows from several columns that
// stand side by side, is for the roster to say.
package heading

import (
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/fold"
)

// The canonical columns of a roster.
const (
	Name             = "name"
	FirstName        = "first_name"
	MiddleName       = "middle_name"
	NamePrefix       = "name_prefix" // "von", "de la": what stands before the last name
	LastName         = "last_name"
	SecondLastName   = "second_last_name"
	NameSuffix       = "name_suffix" // "Jr."
	Email            = "email"
	Course           = "course"
	Completed        = "completed"
	Attendance       = "attendance"
	Score            = "score"
	Skills           = "skills"
	Scenario         = "scenario"
	Passed           = "passed" // the overall result
	Instructor       = "instructor"
	InstructorID     = "instructor_id"
	Class            = "class"
	PriorCard        = "prior_card"
	ExperienceMonths = "experience_months"
	LearnerID        = "learner_id"
	Language         = "language" // in which the learner is written to
)

// FullName is what a heading stands for that can only mean first and last name together, such as "Full name". "Name" alone may
// be the last name where another column has the first, so the two are told apart here; as columns both are Name.
const FullName = "full name"

// LastThenFirst is such a heading that says itself that the last name comes first, such as "Nom et prénom".
const LastThenFirst = "last name, first name"

// columns in the order in which problems are told.
var columns = []string{Name, FirstName, MiddleName, NamePrefix, LastName, SecondLastName, NameSuffix, Email, Course, Completed, Attendance, Score, Skills, Scenario, Passed, Instructor, InstructorID,
	Class, PriorCard, ExperienceMonths, LearnerID, Language}

// Columns are the canonical columns, in the order in which problems are told.
func Columns() []string { return slices.Clone(columns) }

var (
	canonical = canonicalKeys()
	synonyms  = synonymKeys()
)

func canonicalKeys() map[string]string {
	keys := map[string]string{}
	for _, column := range columns {
		keys[fold.Key(column)] = column
	}
	return keys
}

func synonymKeys() map[string]string {
	keys := map[string]string{}
	for _, language := range slices.Concat(languages, []map[string][]string{arabic}) {
		for column, texts := range language {
			for _, text := range texts {
				keys[fold.Key(text)] = column
				keys[fold.Spelled(text)] = column
			}
		}
	}
	return keys
}

// Canonical is the canonical column of a name such as "Learner ID" or learner_id.
func Canonical(text string) (column string, ok bool) {
	column, ok = canonical[fold.Key(text)]
	return column, ok
}

// Column is what a heading stands for: a canonical column, FullName or LastThenFirst.
func Column(text string) (column string, ok bool) {
	key := fold.Key(text)
	for _, k := range []string{key, strings.ReplaceAll(key, "%", "")} { // "Result %" is a mark, "Result" may be a word
		if column, ok = canonical[k]; ok {
			return column, true
		}
		if column, ok = synonyms[k]; ok {
			return column, true
		}
	}
	for _, tail := range outOfHundred {
		if rest, ok := strings.CutSuffix(key, tail); ok && (synonyms[rest] == Score || canonical[rest] == Score || slices.Contains(results, rest)) {
			return Score, true
		}
	}
	return "", false
}

// IsRunningNumber says whether a heading is that of a column in which the rows are counted.
func IsRunningNumber(text string) bool {
	return strings.TrimSpace(text) == "#" || slices.Contains(runningNumbers, fold.Key(text))
}

// IsPriorCard says whether a heading is that of a card of one of the courses, such as "ALS1 card" or "Carte ALS1".
func IsPriorCard(text string, courses []string) bool {
	key := fold.Key(text)
	for _, code := range courses {
		code = fold.Key(code)
		if rest, ok := strings.CutPrefix(key, code); ok && slices.Contains(cardWords, rest) {
			return true
		}
		if rest, ok := strings.CutSuffix(key, code); ok && slices.Contains(cardWords, rest) {
			return true
		}
	}
	return false
}

// Nearest is the column whose names come nearest to a heading, for a guess that a person will judge, with how far away it is:
// 0 is the same, 1 has nothing in common.
func Nearest(text string) (column string, away float64) {
	key, away := fold.Key(text), 1.0
	if key == "" {
		return Name, away
	}
	try := func(known, of string) {
		longest := float64(max(len([]rune(key)), len([]rune(known))))
		d := float64(fold.Distance(key, known)) / longest
		if len(known) >= 4 && strings.Contains(key, known) {
			d = min(d, 0.5*(1-float64(len(known))/longest))
		}
		if d < away || (d == away && of < column) { // the same guess every time, whatever the order of the map
			column, away = of, d
		}
	}
	for known, of := range canonical {
		try(known, of)
	}
	for known, of := range synonyms {
		if of == FullName || of == LastThenFirst {
			of = Name
		}
		try(known, of)
	}
	return column, away
}
