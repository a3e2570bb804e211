package card

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// This file holds what the issuer and the register say to each other, so that neither has to import the other.

// The answers of a register that the issuer acts upon. Any other error means that the register failed.
var (
	// ErrConflict says that another run was faster: it has recorded one of these cards, or has planned it anew. Ask the
	// register again what it holds, and go on from there.
	ErrConflict = errors.New("another run has recorded one of these cards in the meantime")
	// ErrTakenID says that another learner's card of the same course and day has the learner ID already.
	ErrTakenID = errors.New("another learner's card of this course and day has this learner ID")
	// ErrRevokedKey says that the key which a card was planned for was revoked meanwhile, and does not speak for it any more.
	ErrRevokedKey = errors.New("the key that the card was planned for is revoked")
	// ErrNotFound says that the register has no card of the number.
	ErrNotFound = errors.New("the register has no card of this number")
)

// The ways in which a batch can't be moved as a whole.
var (
	// ErrNoBatch says that the register has no batch of the name.
	ErrNoBatch = errors.New("the register has no such batch")
	// ErrUnproved says that cards of a held batch have no finished file yet, so that it can't be released.
	ErrUnproved = errors.New("not every card of the batch is finished")
	// ErrNotHeld says that a batch was not begun as one that waits for its release.
	ErrNotHeld = errors.New("the batch was not held")
	// ErrHeld says that a card waits for the release of its batch, and can't be issued by itself.
	ErrHeld = errors.New("the card waits for the release of its batch")
	// ErrReleased says that cards of a batch are out, so that it can't be discarded any more.
	ErrReleased = errors.New("cards of the batch are out already")
	// ErrDiscarded says that nothing of a batch is left that could be released.
	ErrDiscarded = errors.New("the batch was discarded")
)

// MoveError refuses a change of state that the rules do not allow. Where From equals To, the goal was reached before.
type MoveError struct {
	Number   Number
	From, To State
}

func (e *MoveError) Error() string {
	return "card " + e.Number.String() + " is " + string(e.From) + " and can't become " + string(e.To)
}

// Intention is a batch of cards that are about to be signed. The register holds it before the first signature, so that no
// valid card exists which nobody has on record.
type Intention struct {
	Batch   string // a name of the batch that no other batch has
	Roster  string // the roster's file name; may be empty
	Actor   string // who issues
	Reason  string // why; required where an entry replaces a card
	At      time.Time
	Held    bool    // its cards are finished but not issued until the batch is released
	Entries []Entry // State, RecordedAt, ChangedAt, Batch and Held are set by the register
	// Catalogue is the whole catalogue as it stands, for the requirements that the public pages offer to ask about; nil leaves
	// those of the last batch.
	Catalogue []CatalogueEntry
}

// CatalogueEntry is a course as the register keeps it.
type CatalogueEntry struct {
	Course        string // the code
	Qualification Qualification
	Entry         string // as Entry.Catalogue
}

// Requirement is something that an employer may ask a card for.
type Requirement struct {
	Code  string // such as CPR
	Title string // of the course of this code; empty where there is none
	// MetBy are the titles of the courses that meet a requirement without a course of its own, by the courses' codes.
	MetBy []string
}

// Batch is a batch as the register tells it.
type Batch struct {
	ID     string
	Roster string // the roster's file name; may be empty
	Actor  string
	At     time.Time
	Held   bool          // it was begun as one that waits for its release
	Cards  map[State]int // without those that were given up before they were issued
	// Stands is as Cards, with each card that was replaced or issued anew counted as the last that took its place; nil says that
	// none was.
	Stands  map[State]int
	Proved  int // of the planned ones, those that have their finished file
	GivenUp int
	// Courses and Days are those of Cards, each once and in order.
	Courses []string
	Days    []Date
}

// Sibling is a batch that holds cards of the same course, day and class as another one.
type Sibling struct {
	Batch  string
	Roster string        // the roster's file name; may be empty
	Cards  map[State]int // those cards alone, as they stand
}

// BatchState is where a batch stands.
type BatchState string

// The states of a batch.
const (
	BatchUnfinished BatchState = "unfinished" // a run broke off: the same command again finishes it
	BatchHeld       BatchState = "held"       // every card is finished and waits for the release
	BatchIssued     BatchState = "issued"     // every card is out, or was
	BatchSuspended  BatchState = "suspended"  // every card is withdrawn, some of them only for now
	BatchRevoked    BatchState = "revoked"    // every card is withdrawn for good
	BatchDiscarded  BatchState = "discarded"  // every card was given up before it was out
)

// State is where the batch stands, by its cards. A card that was replaced stands for its last replacement.
func (b Batch) State() BatchState {
	stands := b.Stands
	if stands == nil {
		stands = b.Cards
	}
	total := 0
	for _, n := range stands {
		total += n
	}
	planned := b.Cards[Planned]
	switch {
	case total == 0:
		return BatchDiscarded
	case planned > 0 && (!b.Held || b.Proved < planned):
		return BatchUnfinished
	case planned > 0:
		return BatchHeld
	case stands[Revoked] == total:
		return BatchRevoked
	case stands[Revoked]+stands[Suspended] == total:
		return BatchSuspended
	}
	return BatchIssued
}

// BatchChange moves all cards of a batch to another state: Revoked, Suspended, or Issued, which reinstates the suspended
// ones. A card that was replaced or issued anew stands for the last that took its place, which may be of another batch.
type BatchChange struct {
	Batch  string
	To     State
	Actor  string
	Reason string
	At     time.Time
}

// WithBatch is how the event of a card tells that it was moved with its batch, and not by itself. More may follow behind a comma.
func WithBatch(batch string) string { return "with batch " + batch }

// BatchChanged is what came of a BatchChange.
type BatchChanged struct {
	Changed []Number // those that moved, replacements among them
	Already int      // those that were in the state before
	Left    int      // those that can't be moved there, such as revoked ones that would be suspended
}

// Finished is a card whose finished file is durably on disk.
type Finished struct {
	Number Number
	Digest [32]byte // of the token's header and payload: it has to be the one that was planned
	Token  string
	SHA256 string // of the file: 64 lower-case hex digits
}

// Change moves a card to another state: Revoked, Suspended, or Issued, which reinstates a suspended card.
type Change struct {
	Number Number
	To     State
	Actor  string
	Reason string
	At     time.Time
	// Detail says what else is worth keeping. A planned card that another one takes the place of has it; of one that a person
	// withdrew by itself it is empty.
	Detail string
}

// Amendment changes what the register keeps of a card's learner and no card shows. The card itself stays as it is. An empty field
// stays as it was.
type Amendment struct {
	Number    Number
	Email     string
	LearnerID string // of the cards as well that this one took the place of: one learner has one ID
	Language  string // as Learner.Language
	Actor     string
	Reason    string
	At        time.Time
}

// Revocation is how a revoked card came to be so.
type Revocation struct {
	WasOut     bool // it was in force once
	TakenOut   bool // it was not, and somebody took it by itself out of its batch; it is no correction of another card
	BatchWaits bool // its batch still has cards that are not out
}

// LapsedError refuses to put a card in force because another one that met a prerequisite of it no longer is.
type LapsedError struct {
	Number Number // the card that was not issued
	Prior  Number // the one that it presupposes
	State  State  // of Prior, or of the last card that took its place
}

func (e *LapsedError) Error() string {
	return "card " + e.Number.String() + " was not issued: card " + e.Prior.String() + ", which it presupposes, is " + string(e.State)
}

// Standing is where a card stands.
type Standing struct {
	Number Number
	State  State
}

// StatusSlot is a place in a status list, given to one card for ever. Lists are numbered from 1.
type StatusSlot struct {
	List  int64
	Index int64
}

// Ref is the slot as a card of the issuer names it.
func (s StatusSlot) Ref(issuer string) *StatusRef {
	return &StatusRef{Index: s.Index, URI: issuer + "/s/" + strconv.FormatInt(s.List, 10)}
}

// LearnerKey is a completion as a roster tells it: the same learner, course and day are the same card for ever.
type LearnerKey struct {
	ID        string // the centre's own number of the learner; may be empty
	Email     string // may be empty
	Name      string
	Course    string
	Completed Date
}

// How a LearnerKey met its card.
const (
	ByID   = "learner_id"
	ByName = "email and name"
)

// LearnerMatch is what the register knows of a LearnerKey. Without an Entry it has no such card.
//
// Two learner IDs that are equal are the same learner. E-mail and name that are equal (the name folded by FoldName) are the
// same learner unless both sides have an ID and these differ; then the match stands only for a shared e-mail, with OtherID.
type LearnerMatch struct {
	Entry *Entry // the card as it is today, with every replacement followed; it may be planned, revoked or suspended
	By    string // ByID or ByName
	// NameDiffers says that the ID is the same, but no card of the chain has this name: a correction, or an ID that
	// was given twice. Either way it is no second card; a correction goes by way of a replacement.
	NameDiffers bool
	// OtherID says that e-mail and name are the same, but the card belongs to another learner ID. The register would take
	// a second card; only a person can say whether this is a mistyped ID or two people.
	OtherID bool
	// Ambiguous says that e-mail and name meet the cards of more than one learner, and Entry is only one of them.
	Ambiguous bool
}

// FoldName is a name for comparison: in NFC, without case, with single spaces.
func FoldName(name string) string {
	folded := cases.Fold().String(norm.NFC.String(name))
	return norm.NFC.String(strings.Join(strings.Fields(folded), " ")) // folding may leave NFC
}
