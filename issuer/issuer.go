// Package issuer turns the rows of a roster into certification cards.
//
// Prepare checks everything and writes nothing; the Plan that it hands out is the only permit to issue, and it works once.
// Issue records each card as planned, signs, draws, proves and archives it, and then records it as issued. Whatever
// breaks off in between, no valid card exists that the register does not hold, and running the same roster again
// finishes what is planned and issues nothing twice.
package issuer

import (
	"context"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
	"github.com/cardproof/cardproof/issuer/pdf"
	"github.com/cardproof/cardproof/issuer/seal"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/scan"
)

// Finder is what a check needs of the register.
type Finder interface {
	// FindLearners says for each key, in order, whether the learner has the card already.
	FindLearners(ctx context.Context, learners []card.LearnerKey) ([]card.LearnerMatch, error)
	FindEntry(ctx context.Context, number card.Number) (card.Entry, bool, error)
	// FindEntries gives the cards of the numbers, in the order in which they were planned.
	FindEntries(ctx context.Context, numbers []card.Number) ([]card.Entry, error)
	// FindReplacement is the card, planned or later, that replaces another.
	FindReplacement(ctx context.Context, old card.Number) (card.Entry, bool, error)
	// FindCards gives for each key, in order, every card of the learner, whatever its course and day.
	FindCards(ctx context.Context, learners []card.LearnerKey) ([][]card.Entry, error)
	// FindByEmail gives for each e-mail address, course and day, in order, the cards of whatever name.
	FindByEmail(ctx context.Context, keys []card.LearnerKey) ([][]card.Entry, error)
	// FindByName gives for each name, in order, every card of it, whoever's.
	FindByName(ctx context.Context, names []string) ([][]card.Entry, error)
	// FindWithdrawn gives the cards that somebody withdrew one by one before they were out.
	FindWithdrawn(ctx context.Context) ([]card.Entry, error)
	// FindRevocation says how a revoked card came to be so.
	FindRevocation(ctx context.Context, number card.Number) (card.Revocation, error)
	// FindCompleted gives the cards of a course that was completed on one day.
	FindCompleted(ctx context.Context, course string, completed card.Date) ([]card.Entry, error)
	// ClassDays gives the days on which a class of a name completed a course.
	ClassDays(ctx context.Context, course, class string) ([]card.Date, error)
	// History gives the events of a card, the oldest first.
	History(ctx context.Context, number card.Number) ([]card.Event, error)
	FindBatch(ctx context.Context, id string) (card.Batch, bool, error)
	BatchEntries(ctx context.Context, id string) ([]card.Entry, error)
	// BatchGivenUp are the cards of a batch that were withdrawn before they were issued.
	BatchGivenUp(ctx context.Context, id string) ([]card.Number, error)
}

// Recorder is what issuing needs of the register. The errors that it acts upon are those of card/ledger.go.
type Recorder interface {
	// ReserveStatus gives n places in the status lists, for ever.
	ReserveStatus(ctx context.Context, n int) ([]card.StatusSlot, error)
	// Plan records cards before they are signed, all or none.
	Plan(ctx context.Context, in card.Intention) error
	// Replan changes cards that are still planned, all or none.
	Replan(ctx context.Context, actor string, at time.Time, entries []card.Entry) error
	// MarkIssued turns planned cards into issued ones, all or none, and supersedes those that they replace.
	MarkIssued(ctx context.Context, actor string, at time.Time, done []card.Finished) error
	// MarkProved notes the finished files of planned cards that wait for their release, all or none.
	MarkProved(ctx context.Context, actor string, at time.Time, done []card.Finished) error
	// Release turns the planned cards of a held batch into issued ones, all or none.
	Release(ctx context.Context, batch, actor string, at time.Time) ([]card.Number, error)
	// Discard gives up the planned cards of a batch, all or none.
	Discard(ctx context.Context, batch, actor string, at time.Time, reason string) ([]card.Number, error)
	// Amend changes what the register keeps of cards' learners, all or none.
	Amend(ctx context.Context, amendments []card.Amendment) error
	// Change withdraws a planned card.
	Change(ctx context.Context, c card.Change) (card.Entry, error)
}

// Archive keeps finished files; *archive.Folder and *archive.Bucket are such. Where a bucket is down, the error wraps
// archive.ErrUnavailable or archive.ErrRefused: no file is lost, and none can be had now.
type Archive interface {
	// Put keeps files for good, and gives the SHA-256 of each in hex.
	Put(ctx context.Context, files map[card.Number][]byte) (sha256 map[card.Number]string, err error)
	Get(ctx context.Context, number card.Number, wantSHA256 string) ([]byte, error)
	Remove(ctx context.Context, number card.Number) (files int, err error)
}

// Options are the parts of an Issuer. All are required but StatusList, Held, Key, Sealer and Recorder; without the last three nothing can
// be issued, only checked.
type Options struct {
	URL        string         // the issuer's origin: the claim iss
	VerifyURL  string         // where the QR leads
	Location   *time.Location // the issuer's time zone
	Catalogue  *course.Catalogue
	StatusList bool // whether cards carry a place in a status list
	Keys       *keys.Set
	Key        *Key
	Sealer     *seal.Sealer
	Register   Finder
	Recorder   Recorder
	Archive    Archive
	Drawer     *pdf.Drawer
	Actor      string // who issues, for the events
	Now        func() time.Time
	// Held gives a context for what is still recorded of finished cards after ctx has ended. It ends at once where others are no longer kept
	// away, who may copy the register or revoke keys by then. Nil stands for context.WithoutCancel.
	Held func(ctx context.Context) context.Context
}

// Issuer issues the cards of one training centre.
type Issuer struct {
	Options
	reader scan.Reader // of finished files
}

// New is an issuer of the given parts.
func New(o Options) *Issuer { return &Issuer{Options: o} }

func (i *Issuer) now() time.Time { return i.Now().UTC().Truncate(time.Second) }

func (i *Issuer) today() card.Date { return card.DateOf(i.Now().In(i.Location)) }
