package assets

import (
	"embed"
	"io/fs"
)

//go:embed mail
var mail embed.FS

// Mail has the templates of mails (mail.html, mail.txt) and, in the folder text, what they say in each language.
func Mail() fs.FS {
	sub, err := fs.Sub(mail, "mail")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}
