// Package post makes mails and hands them to a mail server, with go-mail.
//
// Writer makes a mail of a Letter: text and HTML in the learner's language, with headers into which no name and no address can
// write. Sender hands mails to one server over a connection that it keeps, and says of each what is certain: whether the server has
// it, will never have it, may have it later, or whether nobody can know (RFC 5321 has no way to ask). Nothing here logs: addresses,
// names and links are private, and the caller gets what the server said.
package post

import (
	"time"

	"github.com/cardproof/cardproof/card"
)

// Kind is what a mail is about.
type Kind string

// The kinds of mails.
const (
	Issued   Kind = "issued"
	Replaced Kind = "replaced"
	Reminder Kind = "reminder"
	Links    Kind = "links"
	Test     Kind = "test" // of the mail server, by the admin
)

// Letter is what one mail says.
type Letter struct {
	Event    string // what it is about, for ever the same; the Message-ID comes of it
	Copy     int64  // how often it was sent before and is wanted once more
	Kind     Kind
	Language string // code; one that is not known is English
	To       Address
	Name     string // of the learner; may be empty
	Course   string // title
	Number   card.Number
	Through  card.Date // the last valid day; card.NoExpiry for a card without end
	Links    []Link    // private; may be empty
	Stop     string    // the address that stops reminders; may be empty
	PDF      []byte    // attached; may be empty
	Date     time.Time
}

// Link is a private link.
type Link struct {
	Name string // whose; empty where there is one alone
	URL  string
}
