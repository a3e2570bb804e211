package card

import "time"

// State is where a card stands in the register.
type State string

// The states of a card. A card begins as planned, and only the register moves it.
const (
	Planned    State = "planned"    // recorded before it is signed; nobody has the file yet
	Issued     State = "issued"     // the finished file is on disk
	Suspended  State = "suspended"  // withdrawn for now
	Revoked    State = "revoked"    // withdrawn for good
	Superseded State = "superseded" // replaced by a newer card
)

// Qualification is what a card says of its course beside the code, frozen on the day of issue: a later change of the
// catalogue changes no issued card.
type Qualification struct {
	Title   string
	Level   string   // such as "healthcare provider"
	Trained string   // what the holder was trained to do, one sentence for employers; may be empty
	Meets   []string // the requirements that the card answers, such as BLS and CPR
}

// Record is a card as the register tells it to the world: the signed claims, what is printed beside them, and the state.
// Nothing in it is private to the learner.
type Record struct {
	Card
	KeyID         string
	Digest        [32]byte // SHA-256 of the token's header and payload as they were signed; see token.Digest
	Qualification Qualification
	Completed     Date
	IssuedOn      Date // the day of IssuedAt in the issuer's time zone, as printed
	ExpiresOn     Date // the last valid day in the issuer's time zone, as printed
	Instructor    string
	InstructorID  string // may be empty
	State         State
	ChangedAt     time.Time // when the state last changed
	RecordedAt    time.Time // when the register first held the card
	ReplacedBy    Number
}

// Learner is what the issuer knows of the holder beyond the name. It is never in a token, a page or a log.
type Learner struct {
	Email string // lower case; may be empty
	ID    string // the centre's own number of the learner; may be empty
	// Language is the code of the language in which the learner is written to; empty for that of the centre.
	Language string
}

// Entry is a card as the issuer's side of the register holds it: the Record and what only the issuer may see.
type Entry struct {
	Record
	Learner  Learner
	Batch    string
	Class    string
	Token    string // the signed token; empty until the file is proved
	SHA256   string // of the finished file, in hex; empty until the file is proved
	Replaces Number
	Renews   Number // the learner's card of the same course from an earlier completion; may be empty
	Evidence string // how the course's prerequisites were met; may be empty
	// Catalogue is the course's entry in the catalogue as it stood, in JSON: what was asked of the learner, for the record.
	Catalogue string
	// Held says that the card's batch waits for its release. It is the register's to say.
	Held bool
}

// Event is one line of a card's history. Events are only ever added.
type Event struct {
	At     time.Time
	Number Number
	Actor  string // who did it
	Action string // planned, planned again, proved, issued, renewed, suspended, revoked, reinstated, superseded, issued anew, amended, erased
	Reason string
	Detail string // what else is worth keeping, such as the number of the new card
}

// Filed is a card with what whoever holds it has beside what the world may know: its token and its finished file.
type Filed struct {
	Record
	Token  string // the signed token
	SHA256 string // of the finished file, in hex
}
