package bundle

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/cardproof/cardproof/card"
)

// The longest name of a file. Windows and macOS take 255 UTF-16 units and Linux 255 bytes; the rest is for the folder, which counts
// on Windows as well, and for what a program puts behind the name of a copy.
const (
	maxUnits = 120
	maxBytes = 240
)

const extension = ".pdf"

// The joiners stand within words of Persian and of the Indic scripts. All other characters that nobody sees are left out.
const nonJoiner, joiner = '\u200c', '\u200d'

// FileName is what the file of a card is called, wherever it is saved or unpacked: "7F3K-9QWX-2MTD Ana Silva.pdf". It is a name by the rules of
// Windows, macOS and Linux, in NFC, of at most 120 UTF-16 units and 240 bytes. The number makes it unlike every other name, also where
// capitals do not count, and unlike the names that Windows keeps for devices, such as CON and NUL.
func FileName(number card.Number, holder string) string {
	name := number.String()
	if cleaned := cleanHolder(holder, maxUnits-len(name)-1-len(extension), maxBytes-len(name)-1-len(extension)); cleaned != "" {
		name += " " + cleaned
	}
	return name + extension
}

// cleanHolder is a name without what no file name may have, cut to a number of UTF-16 units and bytes.
func cleanHolder(holder string, units, bytes int) string {
	cleaned := strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"/\|?*`, r):
			return '_' // what Windows refuses, "Set naming conventions" of its documentation
		case r == nonJoiner || r == joiner:
			return r
		case unicode.IsSpace(r) || unicode.Is(unicode.Zs, r):
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return -1
		}
		return r
	}, norm.NFC.String(holder))
	// A list of file names is opened in spreadsheets, too, and has to say the very name.
	cleaned = norm.NFC.String(strings.Join(strings.Fields(guard(cleaned, replaced)), " "))
	end := 0
	for i, r := range cleaned {
		length := utf8.RuneLen(r)
		if units -= utf16.RuneLen(r); units < 0 || i+length > bytes {
			break
		}
		end = i + length
	}
	// Windows takes dots and spaces from the end of a name without a word, and a joiner that joins nothing is not to be seen.
	return strings.TrimRight(cleaned[:end], ". \u200c\u200d")
}
