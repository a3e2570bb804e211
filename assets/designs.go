package assets

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed designs/*.yaml
var designs embed.FS

// Design is the file of a design that the program carries, by its name, such as "harbour".
func Design(name string) ([]byte, error) { return designs.ReadFile("designs/" + name + ".yaml") }

// Designs are the names of the designs that the program carries, sorted.
func Designs() []string {
	files, err := fs.Glob(designs, "designs/*.yaml")
	if err != nil {
		panic(err) // the pattern is a valid one
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(strings.TrimPrefix(f, "designs/"), ".yaml")
	}
	return files
}
