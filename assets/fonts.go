package assets

import (
	"embed"
	"path"
)

//go:embed fonts/*.ttf
var fonts embed.FS

// The weights of the card's face.
const (
	FontRegular  = "regular"
	FontSemibold = "semibold"
)

// FontSheets are the TrueType files of a weight, in a fixed order: the face Noto Sans SemiCondensed (SIL Open Font
// License 1.1, fonts/OFL.txt), cut by script into sheets of at most 224 characters that share none. Every call gives
// fresh copies, because gofpdf writes into the bytes that it is handed.
func FontSheets(weight string) ([][]byte, error) {
	entries, err := fonts.ReadDir("fonts")
	if err != nil {
		return nil, err
	}
	var sheets [][]byte
	for _, e := range entries { // sorted by name: the digit in the name is the order
		if ok, _ := path.Match(weight+"-*.ttf", e.Name()); !ok {
			continue
		}
		b, err := fonts.ReadFile(path.Join("fonts", e.Name()))
		if err != nil {
			return nil, err
		}
		sheets = append(sheets, b)
	}
	return sheets, nil
}
