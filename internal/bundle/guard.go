package bundle

import (
	"regexp"
	"strings"
)

// formula finds where a spreadsheet would begin to read a formula: at the beginning of a cell, or behind what another country's
// spreadsheet takes for the end of one. Excel evaluates cells that begin with any of these signs, and so it does with their wide forms
// where those are typed; LibreOffice evaluates those that begin with "=". Quotation marks around a cell change nothing.
var formula = regexp.MustCompile(`(^|[;,|\t\r\n])([\s"']*)([` + regexp.QuoteMeta(signs) + `])`)

// The hyphen stands last, where a set of characters takes it for itself.
const signs = "=+@＝＋－＠-"

// What guard does with the sign that begins a formula.
const (
	quoted   = "${1}${2}'${3}" // a spreadsheet takes it for text, and shows the apostrophe
	replaced = "${1}${2}_"
)

// guard makes a text one that no spreadsheet calculates with. Other texts stay as they are.
func guard(text, how string) string {
	if !strings.ContainsAny(text, signs) {
		return text
	}
	return formula.ReplaceAllString(text, how)
}
