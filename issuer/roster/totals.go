package roster

import (
	"regexp"
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
	if !ro.isIdentified() {
		return
	}
	lastLearner := -1
	for i, row := range ro.Rows {
		if !ro.isAnonymous(row) {
			lastLearner = i
		}
	}
	kept := ro.Rows[:0]
	for i, row := range ro.Rows {
		if ro.isTotal(row, i > lastLearner && lastLearner >= 0) {
			ro.Totals = append(ro.Totals, row)
			continue
		}
		kept = append(kept, row)
	}
	ro.Rows = kept
}

// isIdentified says whether every learner's row has to have a cell of its own beside the name: one without is no learner, or one
// that can't be issued as it stands. An address may be missing.
func (ro *Roster) isIdentified() bool {
	return slices.ContainsFunc([]string{ColumnCourse, ColumnCompleted}, func(column string) bool { _, ok := ro.column[column]; return ok })
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
// says itself that it is a total and has nothing but numbers beside that, or it is a remnant below the last learner.
func (ro *Roster) isTotal(row sheet.Row, below bool) bool {
	if !ro.isAnonymous(row) {
		return false
	}
	if below && isPrintDate(row) {
		return true
	}
	named, counted := false, false
	for _, column := range append([]string{ColumnName}, nameParts...) {
		i, ok := ro.column[column]
		text := at(row, i)
		switch {
		case !ok || text == "":
		case isTotalWord(text), isCount(text):
			counted = true
		case below && isLineToFill(text):
			named = true
		default:
			return false
		}
	}
	if counted || slices.ContainsFunc(row.Cells, isTotalWord) {
		return !named && !slices.ContainsFunc(row.Cells, func(text string) bool { return !isOfTotal(strings.TrimSpace(text)) })
	}
	return below && filled(row) <= 2 && (ro.file.Format == sheet.XLSX || len(row.Cells) >= ro.width) // a line that broke off is no remnant
}

// isDoubtful says whether a row may be a total or a line below the list, and may as well be a learner.
func (ro *Roster) isDoubtful(row sheet.Row) bool {
	if !ro.isIdentified() || !ro.isAnonymous(row) {
		return false
	}
	return slices.ContainsFunc(row.Cells, isTotalWord) || slices.ContainsFunc(append([]string{ColumnName}, nameParts...), func(column string) bool {
		text := ro.cell(row, column)
		digits := strings.IndexFunc(text, unicode.IsDigit)
		return digits >= 0 || strings.ContainsAny(text, ":_")
	})
}

// isOfTotal says whether a cell may stand in a row of totals.
func isOfTotal(text string) bool { return text == "" || isCount(text) || isTotalWord(text) }

// isTotalWord says whether a text is such a word, with a number or a colon behind it or not.
func isTotalWord(text string) bool {
	key := strings.TrimFunc(fold.Key(text), func(r rune) bool { return unicode.IsDigit(r) || r == '%' })
	return key != "" && slices.Contains(totalWords, key)
}

// aFormula is one that works something out, such as =COUNTA(B5:B9), as a workbook keeps it whose values were never filled in.
var aFormula = regexp.MustCompile(`^=[A-Z][A-Z.]*\([^"]*\)$`)

// aPrintDate is what a program writes below a list when it prints or exports one.
var aPrintDate = regexp.MustCompile(`(?i)^(erstellt|gedruckt|ausgedruckt|exportiert|stand|druckdatum|created|printed|exported|generated|as of|édité|imprimé|généré|créé|exporté|generado|impreso|creado|exportado|` +
	`wygenerowano|wydrukowano|utworzono|sporządzono)\b[^0-9]{0,20}[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{2,4}\b`)

// isPrintDate says whether a row has nothing but the day on which the list was made.
func isPrintDate(row sheet.Row) bool {
	return filled(row) == 1 && slices.ContainsFunc(row.Cells, func(text string) bool { return aPrintDate.MatchString(strings.TrimSpace(text)) })
}

// isCount says whether a text is a number, or works one out.
func isCount(text string) bool {
	if aFormula.MatchString(text) {
		return true
	}
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsDigit(r) && !strings.ContainsRune(" .,%", r) })
}

// isLineToFill says whether a text is a line to sign on, such as "Signature: ______", with no name on it.
func isLineToFill(text string) bool { return strings.Contains(text, "__") && len(words(text)) < 2 }
