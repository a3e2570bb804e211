package assets

import (
	"embed"
	"fmt"
	"io"
)

//go:embed fonts/*.ttf
var fonts embed.FS

// FontFile is a TrueType file in the program itself. It is read in place: what nobody asks for takes no memory.
type FontFile interface {
	io.ReaderAt
	io.ReadSeeker
}

// Font opens one of the card's fonts (SIL Open Font License 1.1, fonts/OFL.txt) by its name, such as "regular" or
// "devanagari". The files are those that fonts/cut.sh makes.
func Font(name string) (FontFile, error) {
	f, err := fonts.Open("fonts/" + name + ".ttf")
	if err != nil {
		return nil, err
	}
	file, ok := f.(FontFile)
	if !ok {
		return nil, fmt.Errorf("the font %s can't be read in place", name)
	}
	return file, nil
}
