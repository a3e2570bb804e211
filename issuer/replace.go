package issuer

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/roster"
)

// ErrExpired says that a card is past its last valid day, so that a replacement would be of no use to anybody.
var ErrExpired = errors.New("the card has expired; only a new completion makes a new card")

// Correction is what a replacement changes. An empty field stays as it was.
type Correction struct {
	Name       string
	Instructor string
	Email      string // of the learner; it is not printed
	LearnerID  string // likewise
	Reason     string // required; it stands in both cards' history
	// Anew says that a card that was revoked shall be issued again under another number, as where it was revoked by mistake.
	// Revoked is for ever: the old card stays so.
	Anew bool
}

// IsPrinted says whether a correction needs another card. An e-mail address and a learner ID stand on none: Amend changes them.
func (c Correction) IsPrinted() bool { return c.Name != "" || c.Instructor != "" || c.Anew }

// Amend changes the e-mail address and the learner ID that the register has of a card's learner; the card stays as it is. It answers whether
// that was anything new. The error is card.ErrNotFound, card.ErrTakenID, a *card.MoveError where another card took the place of this
// one, or a *CorrectionError.
func (i *Issuer) Amend(ctx context.Context, number card.Number, c Correction) (changed bool, err error) {
	if i.Recorder == nil {
		return false, ErrNoKey
	}
	e, ok, err := i.Register.FindEntry(ctx, number)
	switch {
	case err != nil:
		return false, err
	case !ok:
		return false, fmt.Errorf("%w: %s", card.ErrNotFound, number)
	case e.State == card.Superseded:
		return false, &card.MoveError{Number: number, From: card.Superseded, To: card.Superseded}
	}
	learner, err := amended(e.Learner, c)
	if err != nil || learner == e.Learner {
		return false, err
	}
	return true, i.Recorder.Amend(ctx, []card.Amendment{{Number: number, Email: learner.Email, LearnerID: learner.ID, Actor: i.Actor, Reason: c.Reason, At: i.now()}})
}

// amended is a learner with the address and the ID of a correction.
func amended(l card.Learner, c Correction) (card.Learner, error) {
	email, id, problems := roster.CheckLearner(c.Email, c.LearnerID)
	if len(problems) > 0 {
		return l, &CorrectionError{problems[0]}
	}
	return card.Learner{Email: cmp.Or(email, l.Email), ID: cmp.Or(id, l.ID)}, nil
}

// CorrectionError says why a correction can't be printed. It is about the columns name, instructor, email and learner_id, as in a roster.
type CorrectionError struct{ Problem roster.Problem }

func (e *CorrectionError) Error() string {
	return fmt.Sprintf("%s %q: %s %s", e.Problem.Column, e.Problem.Value, e.Problem.Message, e.Problem.Remedy)
}

// Replace issues a corrected card of the same completion and expiry, and supersedes the old one in the same moment. The Result
// has the new card, and a cards.csv in the folder is brought up to date. The same call again finishes what broke off, and delivers a replacement that is out already. The error is
// card.ErrNotFound, a *card.MoveError where the old card is not in force (a revoked one may be issued anew), ErrExpired, or a *CorrectionError.
func (i *Issuer) Replace(ctx context.Context, old card.Number, c Correction, d Delivery) (*Result, error) {
	l, err := i.replacement(ctx, old, c)
	if err != nil {
		return nil, err
	}
	d.NoManifest = true
	result, err := i.Issue(ctx, &Plan{lines: []line{l}, reason: c.Reason}, d)
	if err != nil {
		return result, err
	}
	e, _, err := i.Register.FindEntry(ctx, old)
	if err != nil {
		return result, err
	}
	out := &folder{dir: d.Dir}
	result.Relisted, err = out.relist(card.Standing{Number: old, State: e.State}, result.Lines[0])
	return result, err
}

// PrepareCorrections checks a file of corrections as Prepare does a roster: each row names a card and what is to be changed on
// it. The reason stands in the history of every card that it replaces. With anew, cards that were revoked are issued again.
func (i *Issuer) PrepareCorrections(ctx context.Context, f *roster.Corrections, reason string, anew bool) (*Plan, error) {
	p := &Plan{roster: f.Name, reason: reason, problems: f.Problems}
	for _, row := range f.Rows {
		l, err := i.replacement(ctx, row.Number, Correction{Name: row.Name, Instructor: row.Instructor, Reason: reason, Anew: anew})
		if found := correctionProblem(row, err); found != nil {
			p.problems = append(p.problems, *found)
			continue
		}
		if err != nil {
			return nil, err
		}
		same, err := i.isUnchanged(ctx, row.Number, l)
		if err != nil {
			return nil, err
		}
		if same {
			p.problems = append(p.problems, unchanged(row))
			continue
		}
		l.row = row.Row
		p.lines = append(p.lines, l)
	}
	roster.SortProblems(p.problems)
	p.refused = roster.CountRefused(p.problems)
	return p, nil
}

// isUnchanged says whether a card says already what a correction asks for: a list of the whole class with one name mended
// replaces one card.
func (i *Issuer) isUnchanged(ctx context.Context, old card.Number, l line) (bool, error) {
	if !l.isNew() {
		return false, nil
	}
	e, _, err := i.Register.FindEntry(ctx, old)
	return e.State == card.Issued && saysTheSame(e, *l.entry), err
}

func unchanged(row roster.CorrectionRow) roster.Problem {
	return roster.Problem{Row: row.Row, Column: roster.ColumnNumber, Code: "unchanged", Value: row.Number.String(), Severity: roster.Notice,
		Message: "The card says so already.", Remedy: "It is not replaced."}
}

// correctionProblem tells of a card that can't be replaced; nil where that is not the error.
func correctionProblem(row roster.CorrectionRow, err error) *roster.Problem {
	problem := func(code, message, remedy string) *roster.Problem {
		return &roster.Problem{Row: row.Row, Column: roster.ColumnNumber, Code: code, Value: row.Number.String(), Message: message, Remedy: remedy}
	}
	var correction *CorrectionError
	var move *card.MoveError
	switch {
	case errors.As(err, &correction):
		found := correction.Problem
		found.Row = row.Row
		return &found
	case errors.Is(err, card.ErrNotFound):
		return problem("unknown_card", "The register has no card of this number.", "Compare the number with the card.")
	case errors.Is(err, ErrExpired):
		return problem("already_expired", "The card has expired.", "Issue the card of the new completion from its roster, and leave this row out.")
	case errors.As(err, &move) && move.From == card.Superseded:
		return problem("already_replaced", "The card was replaced by another one before.", "Correct the card that replaced it; `cardproof show` names it.")
	case errors.As(err, &move) && move.From == card.Revoked:
		return problem("not_in_force", "The card was withdrawn for good.",
			"Leave the row out; or if that was a mistake, issue all such cards of the file anew by adding --anew --reason TEXT to the command.")
	case errors.As(err, &move):
		return problem("not_in_force", fmt.Sprintf("The card is %s.", move.From), "Leave the row out, or put the card in force first.")
	}
	return nil
}

func (i *Issuer) replacement(ctx context.Context, old card.Number, c Correction) (line, error) {
	e, ok, err := i.Register.FindEntry(ctx, old)
	if err != nil {
		return line{}, err
	}
	if !ok {
		return line{}, fmt.Errorf("%w: %s", card.ErrNotFound, old)
	}
	want, err := i.corrected(e, c)
	if err != nil {
		return line{}, err
	}
	begun, ok, err := i.Register.FindReplacement(ctx, old)
	switch same := saysTheSame(begun, want); {
	case err != nil:
		return line{}, err
	case ok && same && !isOvertaken(e, begun) && (begun.State == card.Planned || begun.State == card.Issued):
		return line{entry: &begun, before: begun.State}, nil
	case ok && begun.State != card.Planned:
		return line{}, &card.MoveError{Number: old, From: card.Superseded, To: card.Superseded}
	case e.State != card.Issued && (!c.Anew || e.State != card.Revoked):
		return line{}, &card.MoveError{Number: old, From: e.State, To: card.Superseded}
	case !i.now().Before(e.ExpiresAt):
		return line{}, fmt.Errorf("%w: %s", ErrExpired, old)
	}
	return line{entry: &want, givesUp: begun.Number}, nil
}

// isOvertaken says whether a card was revoked after its replacement was begun, which then may not take its place any more.
func isOvertaken(old, begun card.Entry) bool {
	return begun.State == card.Planned && old.State == card.Revoked && !begun.RecordedAt.After(old.ChangedAt)
}

// corrected is the card that will take the place of e, checked before anything is recorded.
func (i *Issuer) corrected(e card.Entry, c Correction) (card.Entry, error) {
	if c.Name != "" {
		e.Name = c.Name
	}
	if c.Instructor != "" {
		e.Instructor = c.Instructor
	}
	var err error
	if e.Learner, err = amended(e.Learner, c); err != nil {
		return card.Entry{}, err
	}
	name, instructor, problems := roster.CheckPrinted(e.Name, e.Instructor, e.InstructorID, i.rules())
	if len(problems) > 0 {
		return card.Entry{}, &CorrectionError{problems[0]}
	}
	e.Name, e.Instructor = name, instructor
	if _, err := i.symbols()(e.Card); err != nil {
		return card.Entry{}, &CorrectionError{tooDense(roster.Completion{Name: name})}
	}
	number, err := card.NewNumber(rand.Reader)
	e.Replaces, e.Number, e.ReplacedBy, e.Token, e.SHA256, e.Held = e.Number, number, "", "", "", false
	return e, err
}
