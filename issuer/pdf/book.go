package pdf

import (
	"errors"
	"time"
)

// Book is one file with the pages of many cards, one behind the other, for a printer. It is no new card: what it draws has been issued.
// What is the same on all cards is in the file once. It is for one goroutine.
type Book struct {
	d     *Drawer
	f     *file
	cards int
}

// NewBook begins a file with the pages of the Options.
func (d *Drawer) NewBook(title string, at time.Time) *Book {
	return &Book{d: d, f: d.newFile(fileFacts{title: title, author: d.centre.Name, at: at})}
}

// Add draws one more card. The error is that of Draw; after it the book is of no more use.
func (b *Book) Add(c Content) error {
	if err := b.d.checkContent(c); err != nil {
		return err
	}
	b.cards++
	return b.f.card(c, false, b.f.d.names)
}

// Finish gives the file.
func (b *Book) Finish() ([]byte, error) {
	if b.cards == 0 {
		return nil, errors.New("there is no card to print")
	}
	return b.f.finish()
}
