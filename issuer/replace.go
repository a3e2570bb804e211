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
	Language   string // likewise; as in a roster
	Reason     string // required; it stands in both cards' history
	// Anew says that a card that was revoked shall be issued again under another number, as where it was revoked by mistake.
	// Revoked is for ever: the old card stays so.
	Anew bool
	// Namesake says that a person stands by the reason, so that the name may be one that another card of the course and day has. It does
	// not go with Anew.
	Namesake bool
}

// OvertakenError says that a correction was begun and broke off, and that its card is not in force any more. It is a *card.MoveError.
type OvertakenError struct {
	*card.MoveError
	Begun    card.Number // the planned card that can't take the place of the other
	Batch    string      // of Begun
	BatchOut bool        // other cards of that batch are out, so that it can't be discarded
}

func (e *OvertakenError) Error() string {
	return fmt.Sprintf("card %s is %s, and its correction %s was begun before that", e.Number, e.From, e.Begun)
}

// Unwrap answers the move that is refused.
func (e *OvertakenError) Unwrap() error { return e.MoveError }

// Remedy is what can be done about it.
func (e *OvertakenError) Remedy() string {
	remedy := fmt.Sprintf("Give up that correction with `cardproof discard %s`.", e.Batch)
	if e.BatchOut {
		remedy = fmt.Sprintf("Give up that correction with `cardproof revoke %s --reason TEXT`.", e.Begun)
	}
	if e.From == card.Suspended {
		remedy = fmt.Sprintf("Put the card in force with `cardproof reinstate %s --reason TEXT` and run the same command again. Or: %s", e.Number, remedy)
	}
	return remedy
}

// NameTakenError says that another card of the same course and day is in the name that a correction gives: more likely a slip than
// two people of one name.
type NameTakenError struct {
	Name  string
	Other card.Number
	Anew  bool // the card was to be issued anew under that name, which no reason opens
}

func (e *NameTakenError) Error() string {
	return fmt.Sprintf("card %s of the same course and day is in the name %q already", e.Other, e.Name)
}

// IsPrinted says whether a correction needs another card. An e-mail address and a learner ID stand on none: Amend changes them.
func (c Correction) IsPrinted() bool { return c.Name != "" || c.Instructor != "" || c.Anew }

// Remedy is what can be done about it.
func (e *NameTakenError) Remedy() string {
	if e.Anew {
		return "Correct the name. If they are two people of one name, first issue the card anew under its own name, and then replace the new one with --name and --reason."
	}
	return "Correct the name. If they are two people of one name, run the command again with --reason TEXT, which stays in the history of both cards."
}

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
	return true, i.Recorder.Amend(ctx, []card.Amendment{{Number: number, Email: learner.Email, LearnerID: learner.ID, Language: learner.Language, Actor: i.Actor, Reason: c.Reason, At: i.now()}})
}

// amended is a learner with the address, the ID and the language of a correction.
func amended(l card.Learner, c Correction) (card.Learner, error) {
	email, id, problems := roster.CheckLearner(c.Email, c.LearnerID)
	language, wrong := roster.CheckLanguage(c.Language)
	if problems = append(problems, wrong...); len(problems) > 0 {
		return l, &CorrectionError{problems[0]}
	}
	return card.Learner{Email: cmp.Or(email, l.Email), ID: cmp.Or(id, l.ID), Language: cmp.Or(language, l.Language)}, nil
}

// CorrectionError says why a correction can't be printed. It is about the columns name, instructor, email, learner_id and language, as in a roster.
type CorrectionError struct{ Problem roster.Problem }

func (e *CorrectionError) Error() string {
	return fmt.Sprintf("%s %q: %s %s", e.Problem.Column, e.Problem.Value, e.Problem.Message, e.Problem.Remedy)
}

// Replace issues a corrected card of the same completion and expiry, and supersedes the old one in the same moment. The Result
// has the new card, and a cards.csv in the folder is brought up to date. The same call again finishes what broke off, and delivers a
// replacement that is out already. The error is card.ErrNotFound, a *card.MoveError where the old card is not in force (which may be an
// *OvertakenError), an *AnewError, ErrExpired, a *NameTakenError, or a *CorrectionError.
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
	rows := map[card.Number]int{} // by the first card of what replaced each other
	for _, row := range f.Rows {
		first, err := i.firstOf(ctx, row.Number)
		if err != nil {
			return nil, err
		}
		if before, ok := rows[first]; ok {
			p.problems = append(p.problems, sameCard(row, before))
			continue
		}
		rows[first] = row.Row
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

// firstOf goes from a card back to the first one that it stands for; of an unknown number that is itself.
func (i *Issuer) firstOf(ctx context.Context, n card.Number) (card.Number, error) {
	for {
		e, ok, err := i.Register.FindEntry(ctx, n)
		if err != nil || !ok || e.Replaces == "" {
			return n, err
		}
		n = e.Replaces
	}
}

func sameCard(row roster.CorrectionRow, before int) roster.Problem {
	return roster.Problem{Row: row.Row, Rows: []int{before}, Column: roster.ColumnNumber, Code: "duplicate_row", Value: row.Number.String(),
		Message: fmt.Sprintf("Rows %d and %d have a card and one that was issued in its place.", before, row.Row), Remedy: "Leave the older number out."}
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
	var anew *AnewError
	var overtaken *OvertakenError
	var taken *NameTakenError
	var move *card.MoveError
	switch {
	case errors.As(err, &correction):
		found := correction.Problem
		found.Row = row.Row
		return &found
	case errors.As(err, &anew):
		return problem("not_in_force", "The card is not issued anew: "+anew.Message+".", anew.Remedy)
	case errors.As(err, &overtaken):
		return problem("not_in_force", fmt.Sprintf("The card is %s, and its correction was begun before that.", overtaken.From), overtaken.Remedy())
	case errors.As(err, &taken):
		found := problem("name_taken", fmt.Sprintf("Card %s of the same course and day has this name.", taken.Other),
			fmt.Sprintf("Correct the name. If they are two people of one name, replace this card by itself: `cardproof replace %s --name \"...\" --reason TEXT`.", row.Number))
		if taken.Anew {
			found.Remedy = taken.Remedy()
		}
		found.Column, found.Value = roster.ColumnName, row.Name
		return found
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
	if err != nil {
		return line{}, err
	}
	planned := ok && begun.State == card.Planned
	goesOn := ok && saysTheSame(begun, want) && (begun.State == card.Issued || planned && e.State != card.Suspended && !isOvertaken(e, begun))
	switch {
	case goesOn:
		return line{entry: &begun, before: begun.State}, nil
	case ok && !planned:
		return line{}, &card.MoveError{Number: old, From: card.Superseded, To: card.Superseded}
	case planned && e.State != card.Issued && !c.Anew:
		return line{}, i.overtaken(ctx, e, begun)
	case c.Anew && e.State == card.Issued:
		return line{}, &AnewError{old, "it is in force", fmt.Sprintf("Correct it with `cardproof replace %s --name \"...\"`, or issue it under another number with `cardproof replace %s --reason TEXT`.", old, old)}
	case e.State != card.Issued && (!c.Anew || e.State != card.Revoked):
		return line{}, &card.MoveError{Number: old, From: e.State, To: card.Superseded}
	case !i.now().Before(e.ExpiresAt):
		return line{}, fmt.Errorf("%w: %s", ErrExpired, old)
	}
	if e.State == card.Revoked {
		if err := i.checkAnew(ctx, e, want, begun.Number); err != nil {
			return line{}, err
		}
	}
	if err := i.checkNamesake(ctx, e, want, begun.Number, c); err != nil {
		return line{}, err
	}
	return line{entry: &want, givesUp: begun.Number}, nil
}

func (i *Issuer) overtaken(ctx context.Context, e, begun card.Entry) error {
	b, err := i.findBatch(ctx, begun.Batch)
	if err != nil {
		return err
	}
	out := 0
	for state, n := range b.Cards {
		if state != card.Planned {
			out += n
		}
	}
	return &OvertakenError{&card.MoveError{Number: e.Number, From: e.State, To: card.Superseded}, begun.Number, b.ID, out > 0}
}

// checkNamesake refuses a correction to the name that a classmate's card has, unless a person stands by it. The reason
// of a card that is issued anew is about something else.
func (i *Issuer) checkNamesake(ctx context.Context, e, want card.Entry, begun card.Number, c Correction) error {
	if c.Namesake && !c.Anew || card.FoldName(e.Name) == card.FoldName(want.Name) {
		return nil
	}
	found, err := i.Register.FindByName(ctx, []string{want.Name})
	if err != nil {
		return err
	}
	for _, other := range found[0] {
		if isLiving(other.State) && other.Course == e.Course && other.Completed == e.Completed && other.Number != e.Number && other.Number != begun {
			return &NameTakenError{want.Name, other.Number, c.Anew}
		}
	}
	return nil
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
