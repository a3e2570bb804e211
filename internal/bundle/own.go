package bundle

import (
	"archive/zip"
	"bufio"
	"os"
	"strings"
)

// IsZip says whether a file is a ZIP as NewZip writes it: the list of its cards stands last.
func IsZip(path string) bool {
	z, err := zip.OpenReader(path)
	if err != nil {
		return false
	}
	defer z.Close() // it was only read
	return len(z.File) > 0 && z.File[len(z.File)-1].Name == ManifestName
}

// IsMerge says whether a file is a list as NewMerge writes it: its first cells are those of the heading.
func IsMerge(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() // it was only read
	line, err := bufio.NewReaderSize(f, 4096).ReadString('\n')
	if err != nil {
		return false
	}
	cells := strings.FieldsFunc(strings.TrimPrefix(line, "\ufeff"), func(r rune) bool { return strings.ContainsRune(",;\t\"\r\n", r) })
	return len(cells) >= len(mergeHeading) && strings.Join(cells[:len(mergeHeading)], ",") == strings.Join(mergeHeading, ",")
}
