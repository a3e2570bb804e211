package register

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/cardproof/cardproof/card"
)

// Amend changes e-mail addresses, learner IDs and languages of cards, all or none, whatever their state. What changes nothing is passed over. The
// events say what was changed and not from what to what: an address that was wrong is somebody's, and events stay for ever. Links of the
// learner that were made for the address before are revoked: a stranger may have them. Mails of the card that nobody has got yet go to the new
// address, and in the new language. The error is
// card.ErrNotFound, or card.ErrTakenID where another learner's card of the same course and day has the ID.
func (db *DB) Amend(ctx context.Context, amendments []card.Amendment) error {
	for _, a := range amendments {
		if err := checkReasoned(a.Actor, a.Reason, a.At); err != nil {
			return wrap("amend a card", err)
		}
	}
	if len(amendments) == 0 {
		return nil
	}
	return db.inTx(ctx, "amend a card", func(tx *sql.Tx) error {
		for _, a := range amendments {
			if err := amend(ctx, tx, a); err != nil {
				return fmt.Errorf("card %s: %w", a.Number, err)
			}
		}
		return nil
	})
}

func amend(ctx context.Context, tx *sql.Tx, a card.Amendment) error {
	e, err := mustAmend(ctx, tx, a.Number)
	if err != nil {
		return err
	}
	events := newEvents(tx, a.Actor, a.At)
	var changed []string
	if email := foldEmail(a.Email); email != "" && email != e.Learner.Email {
		changed = append(changed, became("e-mail", e.Learner.Email))
		if _, err := tx.ExecContext(ctx, "UPDATE cards SET email = ? WHERE number = ?", email, string(a.Number)); err != nil {
			return err
		}
		if err := endLinksTo(ctx, tx, e, a); err != nil {
			return err
		}
	}
	if a.LearnerID != "" && a.LearnerID != e.Learner.ID {
		changed = append(changed, became("learner_id", e.Learner.ID))
		others, err := amendID(ctx, tx, e, a.LearnerID)
		if err != nil {
			return err
		}
		for _, n := range others { // the chain vouches for every card as its last event found it
			events.queue(n, "amended", a.Reason, "learner_id with that of "+a.Number.String())
		}
	}
	if a.Language != "" && a.Language != e.Learner.Language {
		changed = append(changed, became("language", e.Learner.Language))
		if _, err := tx.ExecContext(ctx, "UPDATE cards SET language = ? WHERE number = ?", a.Language, string(a.Number)); err != nil {
			return err
		}
	}
	if len(changed) > 0 {
		if _, err := followCard(ctx, tx, a.Number, a.Actor, a.At); err != nil {
			return err
		}
		events.queue(a.Number, "amended", a.Reason, strings.Join(changed, ", "))
	}
	return events.flush(ctx)
}

func became(what, before string) string {
	if before == "" {
		return what + " added"
	}
	return what + " changed"
}

// mustAmend is the card to amend.
func mustAmend(ctx context.Context, tx *sql.Tx, n card.Number) (*card.Entry, error) {
	e, ok, err := findEntry(ctx, tx, n)
	if err == nil && !ok {
		err = card.ErrNotFound
	}
	return &e, err
}

// amendID gives a learner ID to a card and to all that it took the place of, and answers those. With an ID on one side only, equal names
// would make two people one by the older card.
func amendID(ctx context.Context, tx *sql.Tx, e *card.Entry, id string) (others []card.Number, err error) {
	chain, err := chainOf(ctx, tx, e)
	if err != nil {
		return nil, err
	}
	var own []any
	for _, one := range chain {
		own = append(own, string(one.Number))
		if one.Number != e.Number && one.Learner.ID != id {
			others = append(others, one.Number)
		}
	}
	var taken bool
	err = tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM cards WHERE learner_id = ? AND learner_id <> '' AND course = ? AND completed = ? AND "+
		notGivenUp+" AND number NOT IN ("+placeholders(len(own))+"))", append([]any{id, e.Course, e.Completed.String()}, own...)...).Scan(&taken)
	if err != nil {
		return nil, err
	}
	if taken {
		return nil, card.ErrTakenID
	}
	_, err = tx.ExecContext(ctx, "UPDATE cards SET learner_id = ? WHERE number IN ("+placeholders(len(own))+")", append([]any{id}, own...)...)
	return others, err
}

// endLinksTo revokes the links of e's learner that were made for the address that a correction takes away.
func endLinksTo(ctx context.Context, tx *sql.Tx, e *card.Entry, a card.Amendment) error {
	_, err := tx.ExecContext(ctx, `UPDATE links SET revoked_at = ?, revoked_by = ? WHERE revoked_at IS NULL AND email <> '' AND email = ?
		AND (learner_id <> '' AND learner_id = ? OR name_fold = ?)`, a.At.Unix(), a.Actor, e.Learner.Email, e.Learner.ID, card.FoldName(e.Name))
	return err
}
