package roster

import (
	"slices"
	"strings"
	"unicode"

	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// totalWords are the keys of what stands beside a sum, a number of learners or an average, in five languages.
var totalWords = strings.Fields("total totals totallearners totalparticipants totalstudents grandtotal subtotal sum count average mean " +
	"summe gesamt gesamtsumme gesamtzahl zwischensumme anzahl anzahlteilnehmer anzahlderteilnehmer durchschnitt mittelwert insgesamt teilnehmerzahl " +
	"totalgeneral soustotal somme moyenne effectif nombredeparticipants totalparticipantes totalalumnos numerodeparticipantes numerodealumnos promedio media suma sumatotal " +
	"razem ogolem lacznie srednia liczbauczestnikow podsumowanie")

// takeTotalsOut moves the rows that are no learners from Rows to Totals.
func (ro *Roster) takeTotalsOut() {
	lastLearner := -1
	for i, row := range ro.Rows {
		if !ro.isAnonymous(row) {
			lastLearner = i
		}
	}
	identified := ro.hasAny(ColumnEmail, ColumnCourse, ColumnCompleted)
	kept := ro.Rows[:0]
	for i, row := range ro.Rows {
		if ro.isHeadingAgain(row) || (identified && ro.isTotal(row, i > lastLearner && lastLearner >= 0)) {
			ro.Totals = append(ro.Totals, row)
			continue
		}
		kept = append(kept, row)
	}
	ro.Rows = kept
}

// hasAny says whether the file itself has one of the columns.
func (ro *Roster) hasAny(columns ...string) bool {
	return slices.ContainsFunc(columns, func(column string) bool { _, ok := ro.column[column]; return ok })
}

// isAnonymous says whether nothing in a row says which learner, course or day it is about. A row that WriteProblems wrote was a
// learner before, and stays one.
func (ro *Roster) isAnonymous(row sheet.Row) bool {
	if at(row, ro.problem) != "" {
		return false
	}
	for _, column := range []string{ColumnEmail, ColumnCourse, ColumnCompleted, ColumnLearnerID, ColumnPriorCard} {
		if i, ok := ro.column[column]; ok && at(row, i) != "" {
			return false
		}
	}
	return true
}

// isTotal says whether a row is beyond doubt no learner: nothing says who, which course and when, no name is in it, and either it
// says itself that it is a total, or a number stands where the name would, or it is a remnant below the last learner.
func (ro *Roster) isTotal(row sheet.Row, below bool) bool {
	if !ro.isAnonymous(row) {
		return false
	}
	counted := false
	for _, column := range []string{ColumnName, ColumnFirstName, ColumnLastName} {
		i, ok := ro.column[column]
		text := at(row, i)
		switch {
		case !ok || text == "":
		case isTotalWord(text), isCount(text):
			counted = true
		case !below || !isFooter(text):
			return false
		}
	}
	if counted || slices.ContainsFunc(row.Cells, isTotalWord) {
		return true
	}
	return below && filled(row) <= 2 && (ro.file.Format == sheet.XLSX || len(row.Cells) >= ro.width) // a line that broke off is no remnant
}

// isTotalWord says whether a text is such a word, with a number or a colon behind it or not.
func isTotalWord(text string) bool {
	key := strings.TrimFunc(fold.Key(text), func(r rune) bool { return unicode.IsDigit(r) || r == '%' })
	return key != "" && slices.Contains(totalWords, key)
}

// isCount says whether a text is a number.
func isCount(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsDigit(r) && !strings.ContainsRune(" .,%", r) })
}

// isFooter says whether a text can't be a name: "Signature: ______", "Printed 2026-11-02".
func isFooter(text string) bool {
	digits := 0
	for _, r := range text {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	return digits > 2 || strings.Contains(text, ":") || strings.Contains(text, "__")
}

// isHeadingAgain says whether a row repeats the heading, as printed lists do on every page.
func (ro *Roster) isHeadingAgain(row sheet.Row) bool {
	if len(row.Cells) < ro.width {
		return false
	}
	for i := range ro.width {
		if strings.TrimSpace(row.Cells[i]) != strings.TrimSpace(ro.Heading[i]) {
			return false
		}
	}
	return true
}
