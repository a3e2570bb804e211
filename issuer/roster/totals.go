package roster

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// totalWords are the keys of what stands beside a sum, a number of learners or an average, in five languages.
var totalWords = strings.Fields("total totals totallearners totalparticipants totalstudents grandtotal subtotal sum count average avg mean median " +
	"summe gesamt gesamtsumme gesamtzahl gesamtschnitt zwischensumme anzahl anzahlteilnehmer anzahlderteilnehmer durchschnitt durchschnittlich notendurchschnitt klassendurchschnitt " +
	"kursdurchschnitt teilnehmergesamt gesamtteilnehmer teilnehmeranzahl teilnehmerinsgesamt teilnehmersumme learnerstotal participantstotal studentstotal mittel mittelwert insgesamt teilnehmerzahl " +
	"totalgeneral soustotal somme moyenne moy mediane effectif nombredeparticipants totalparticipantes totalalumnos numerodeparticipantes numerodealumnos promedio media mediana suma " +
	"sumatotal recuento " +
	"razem ogolem lacznie srednia mediana liczbauczestnikow podsumowanie")

// totalSigns stand for such a word.
var totalSigns = []string{"Ø", "⌀", "∅", "Σ", "∑"}

// maxTotalBytes bounds a cell that is such a word and nothing else.
const maxTotalBytes = 100

// minDateFigures are how many signs a date has at least: 20261107, or a spreadsheet's 46333.
const minDateFigures = 5

// takeTotalsOut moves the rows that are no learners from Rows to Totals.
func (ro *Roster) takeTotalsOut() {
	identified := ro.isIdentified()
	lastLearner := -1
	for i, row := range ro.Rows {
		if !ro.isAnonymous(row) {
			lastLearner = i
		}
	}
	kept := ro.Rows[:0]
	for i, row := range ro.Rows {
		if ro.isTotal(row, identified, i > lastLearner && lastLearner >= 0) {
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

// isAnonymous says whether nothing in a row says which learner, course or day it is about; the word for a total or an average says
// nothing of that, wherever it stands. A row that WriteProblems wrote was a learner before, and stays one.
func (ro *Roster) isAnonymous(row sheet.Row) bool {
	if at(row, ro.problem) != "" {
		return false
	}
	for _, column := range []string{ColumnEmail, ColumnCourse, ColumnCompleted, ColumnLearnerID, ColumnPriorCard} {
		i, ok := ro.column[column]
		text := at(row, i)
		switch {
		case !ok || text == "" || isTotalWord(text):
		case column != ColumnCourse && beginsAsTotal(text):
		case (column == ColumnEmail || column == ColumnCompleted) && isCount(text) && (len(text) < minDateFigures || text[0] == '='): // how many there are
		default:
			return false
		}
	}
	return true
}

// isTotal says whether a row is beyond doubt no learner: nothing says who, which course and when, and no name is in it. Then it
// either has the word for a total outside of the name, or is nothing but such words and numbers where the rows are identified, or
// is a remnant below the last learner.
func (ro *Roster) isTotal(row sheet.Row, identified, below bool) bool {
	if !ro.isAnonymous(row) {
		return false
	}
	if below && isPrintDate(row) {
		return true
	}
	worded, counted, signed, isName := false, false, false, map[int]bool{}
	for _, column := range nameColumnsOf {
		i, ok := ro.column[column]
		if !ok {
			continue
		}
		isName[i] = true
		switch text := at(row, i); {
		case text == "":
		case isTotalWord(text):
			worded = true
		case isCount(text):
			counted = true
		case below && isLineToFill(text):
			signed = true
		default:
			return false
		}
	}
	said, others := false, false
	for i, text := range row.Cells {
		text = strings.TrimSpace(text)
		said = said || (!isName[i] && beginsAsTotal(text))
		others = others || !isOfTotal(text)
	}
	switch {
	case said && !signed && (identified || !worded || !others):
		return true
	case !identified:
		return false
	case worded || counted:
		return !signed && !others
	}
	return below && filled(row) <= 2 && (ro.file.Format == sheet.XLSX || len(row.Cells) >= ro.width) // a line that broke off is no remnant
}

// nameColumnsOf are the columns in which a name stands.
var nameColumnsOf = append([]string{ColumnName}, nameParts...)

// isDoubtful says whether a row may be a total or a line below the list, and may as well be a learner.
func (ro *Roster) isDoubtful(row sheet.Row) bool {
	if !ro.isIdentified() || !ro.isAnonymous(row) {
		return false
	}
	return slices.ContainsFunc(row.Cells, isTotalWord) || slices.ContainsFunc(nameColumnsOf, func(column string) bool {
		text := ro.cell(row, column)
		digits := strings.IndexFunc(text, unicode.IsDigit)
		return digits >= 0 || strings.ContainsAny(text, ":_")
	})
}

// isNamedAsTotal says whether what stands in the place of the name begins as a total does, and nothing tells that it is a person.
func (ro *Roster) isNamedAsTotal(row sheet.Row) bool {
	if ro.cell(row, ColumnEmail) != "" || ro.cell(row, ColumnLearnerID) != "" {
		return false
	}
	name := normal(ro.nameText(row))
	if beginsAsTotal(name) || isHeadingWord(name) {
		return true
	}
	first, _ := utf8.DecodeRuneInString(name) // "del curso" is no first name beside "Media"; "Ana" is one beside "Sum"
	return !unicode.IsUpper(first) && slices.ContainsFunc(nameParts, func(column string) bool { return beginsAsTotal(ro.cell(row, column)) })
}

// isOfTotal says whether a cell may stand in a row of totals.
func isOfTotal(text string) bool { return text == "" || isCount(text) || isTotalWord(text) }

// aCode is a word with a number that belongs to it, such as SUM-001: the number of a learner or a class.
var aCode = regexp.MustCompile(`\pL[-_./#]?[0-9]`)

// isTotalWord says whether a text is such a word, with a number or a colon behind it or not.
func isTotalWord(text string) bool {
	if text == "" || len(text) > maxTotalBytes || strings.Contains(text, "@") || (isFigure(text[0]) && isFigure(text[len(text)-1])) { // nearly every cell
		return false
	}
	if slices.Contains(totalSigns, strings.TrimRight(text, " :=.,%0123456789")) {
		return true
	}
	key := strings.TrimFunc(fold.Key(text), func(r rune) bool { return unicode.IsDigit(r) || r == '%' })
	return key != "" && slices.Contains(totalWords, key) && !aCode.MatchString(text)
}

// beginsAsTotal says whether the first words of a text are such a word: "Media del curso", "Ø Punkte".
func beginsAsTotal(text string) bool {
	if text == "" || strings.Contains(text, "@") || (isFigure(text[0]) && isFigure(text[len(text)-1])) {
		return false
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(":=(/", r) })
	const most = 3 // "Nombre de participants"
	for n := 1; n <= min(most, len(words)); n++ {
		if isTotalWord(strings.Join(words[:n], " ")) {
			return true
		}
	}
	return false
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

func isFigure(b byte) bool { return b >= '0' && b <= '9' }

// isLineToFill says whether a text is a line to sign on, such as "Signature: ______", with no name on it.
func isLineToFill(text string) bool { return strings.Contains(text, "__") && len(words(text)) < 2 }
