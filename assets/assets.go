// Package assets holds what the programs carry inside themselves, so that each is one file with nothing to install beside it.
package assets

import (
	"embed"
	"io/fs"
)

//go:embed pages
var pages embed.FS

// Pages has the templates of the public pages (*.html) and, in the folder static, what they load.
func Pages() fs.FS {
	sub, err := fs.Sub(pages, "pages")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}
