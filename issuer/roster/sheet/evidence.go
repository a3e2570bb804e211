package sheet

import (
	"strings"
	"unicode/utf8"
)

// headingLines is how far down a text a heading is looked for, and maxHeadingBytes how long it may be.
const headingLines, maxHeadingBytes = peekedRows, 120

// byHeading are the readings that make most known headings of the first lines' cells; none where no reading makes one. What has no
// letter beyond ASCII is the same in all of them, and says nothing.
func byHeading(data string, groups [][]reading, isHeading func(string) bool) [][]reading {
	if isHeading == nil {
		return nil
	}
	known := make([]int, len(groups))
	most := 0
	for _, cell := range firstCells(data) {
		for i, group := range groups {
			if isHeading(group[0].decode(cell)) {
				known[i]++
				most = max(most, known[i])
			}
		}
	}
	var evident [][]reading
	for i, group := range groups {
		if most > 0 && known[i] == most {
			evident = append(evident, group)
		}
	}
	return evident
}

// firstCells are the cells of the first lines, whatever separates them, that have a byte beyond ASCII.
func firstCells(data string) []string {
	var cells []string
	for range headingLines {
		line, rest, found := strings.Cut(data, "\n")
		for _, cell := range strings.FieldsFunc(line[:min(len(line), peekedBytes/headingLines)], func(r rune) bool { return r == '\r' || strings.ContainsRune(delimiters, r) }) {
			cell = strings.Trim(cell, " \"\r")
			if len(cell) <= maxHeadingBytes && strings.ContainsFunc(cell, func(r rune) bool { return r >= utf8.RuneSelf }) {
				cells = append(cells, cell)
			}
		}
		if data = rest; !found {
			break
		}
	}
	return cells
}
