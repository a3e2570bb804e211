package sheet

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// maxMerged is enough for a hint to a person, and little to look through for each cell.
const maxMerged = 1000

// add takes what an element outside of the rows says: hidden columns (ECMA-376-1, 18.3.1.13) and merged cells (18.3.1.54). What
// is not well formed says nothing; no cell depends on it.
func (l *Look) add(start xml.StartElement) {
	switch start.Name.Local {
	case "col":
		first, err := strconv.Atoi(attr(start, "min"))
		last, lastErr := strconv.Atoi(attr(start, "max"))
		if err != nil || lastErr != nil || first < 1 || !isTrue(attr(start, "hidden")) {
			return
		}
		if n := len(l.HiddenColumns); n > 0 { // they stand in order, and each is told once
			first = max(first, l.HiddenColumns[n-1]+2)
		}
		for column := first; column <= min(last, MaxColumns); column++ {
			l.HiddenColumns = append(l.HiddenColumns, column-1)
		}
	case "mergeCell":
		from, to, _ := strings.Cut(attr(start, "ref"), ":")
		place, line, ok := cellAt(from)
		lastPlace, lastLine, lastOK := cellAt(to)
		if ok && lastOK && len(l.Merged) < maxMerged {
			l.Merged = append(l.Merged, Block{FirstLine: line, LastLine: lastLine, FirstPlace: place, LastPlace: lastPlace})
		}
	}
}

// cellAt is the place and the line of a cell's name, such as 1 and 7 of B7.
func cellAt(name string) (place, line int, ok bool) {
	letters := 0
	for letters < len(name) && letters < 3 && isASCIILetter(rune(name[letters])) {
		place = place*26 + int(name[letters]|0x20-'a') + 1
		letters++
	}
	line, err := strconv.Atoi(name[letters:])
	return place - 1, line, err == nil && letters > 0 && line > 0
}
