package roster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/fold"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// waiting are the keys of what stands above those who were not in the course, beside the words for failed and not there.
var waiting = strings.Fields("waitinglist waitlist wartelistenplatze warteliste nachrucker nachrueckerliste nachrueckliste listedattente listadeespera listarezerwowa rezerwa rezerwowi " +
	"noshows absentees dropouts withdrawals cancellations failures failedlearners failedparticipants durchgefallene abwesende abmeldungen stornierungen " +
	"nichtbestandene nichterschienene absents absentes ausentes suspensos nieobecni echecs ajournes abandons bajas repeaters wiederholer")

// checkSections asks where a line in the list says that those below it failed or were not there: each row below looks as good as
// any. The error is a *FileError.
func (ro *Roster) checkSections() error {
	last := 0
	for _, row := range ro.Rows {
		if filled(row) > 1 && !isSection(row) {
			last = max(last, row.Line)
		}
	}
	for _, row := range slices.Concat(ro.Rows, ro.Totals) {
		if row.Line < last && isSection(row) {
			return &FileError{Text: fmt.Sprintf("row %d says %q, and learners stand below it", row.Line, shorten(strings.TrimSpace(strings.Join(row.Cells, " ")))),
				Hint: "Take out the learners below it who are to get no card, and then the row itself; a file may have one list only."}
		}
	}
	return nil
}

// isSection says whether a row has nothing but such a word, and a number beside it or none.
func isSection(row sheet.Row) bool {
	word := ""
	for _, text := range row.Cells {
		switch text = strings.TrimSpace(text); {
		case text == "", isCount(text):
		case word == "":
			word = text // looked at only where it is alone: nearly every row ends here
		default:
			return false
		}
	}
	return word != "" && isSectionWord(word)
}

func isSectionWord(text string) bool {
	if i := strings.IndexAny(text, ":(–—"); i > 0 {
		text = text[:i]
	}
	return isFailure(text) || isToRepeat(text) || slices.Contains(waiting, fold.Key(text))
}
