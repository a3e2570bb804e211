package register

import (
	"context"
	"database/sql"
	"fmt"
)

// Accept says whether a register is the one that is meant, by the IDs of keys that it names: nil, or an error that is
// ErrForeign. It may be asked twice of one file, about a part of the keys and about all.
type Accept func(ctx context.Context, keyIDs []string) error

// OfKeys accepts a register that names at least one of the centre's keys; has says whether the key of an ID is one. A
// register of another centre names only strangers, and a new one of another folder names that folder's keys.
func OfKeys(has func(keyID string) bool) Accept {
	return func(_ context.Context, keyIDs []string) error {
		for _, id := range keyIDs {
			if has(id) {
				return nil
			}
		}
		if len(keyIDs) == 0 {
			return fmt.Errorf("%w: it names no key", ErrForeign)
		}
		return fmt.Errorf("%w: it names key %s, which is not in the key set, and none that is", ErrForeign, keyIDs[0])
	}
}

// Accepted is what accept says about the register.
func (l *Ledger) Accepted(ctx context.Context, accept Accept) error {
	err := l.check()
	if err == nil {
		err = l.accepted(ctx, accept)
	}
	return wrap("see whose register it is", err)
}

// Accepted is what accept says about the register.
func (r *Reader) Accepted(ctx context.Context, accept Accept) error {
	return wrap("see whose register it is", r.ask(ctx, func(file *opened) error { return file.accepted(ctx, accept) }))
}

// accepted asks about the keys of the history, which are few, and only where they do not do about those of all cards too.
func (o *opened) accepted(ctx context.Context, accept Accept) error {
	ids, err := o.keyIDs(ctx, "SELECT DISTINCT key_id FROM key_events")
	if err != nil {
		return err
	}
	if len(ids) > 0 && accept(ctx, ids) == nil {
		return nil
	}
	if ids, err = o.keyIDs(ctx, "SELECT key_id FROM key_events UNION SELECT key_id FROM cards"); err != nil {
		return err
	}
	return accept(ctx, ids)
}

func (o *opened) keyIDs(ctx context.Context, query string) (ids []string, err error) {
	return ids, forEach(ctx, o.read, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, query)
}

// KeyIDs answers the keys of the register's history, in the order of their IDs.
func (r *Reader) KeyIDs(ctx context.Context) (ids []string, err error) {
	err = r.ask(ctx, func(file *opened) (err error) {
		ids, err = file.keyIDs(ctx, "SELECT DISTINCT key_id FROM key_events ORDER BY key_id")
		return err
	})
	return ids, wrap("list the keys", err)
}

// HasSigned says whether a card that is or was out hangs on a key. It may have to look through all cards, from the newest on.
func (r *Reader) HasSigned(ctx context.Context, keyID string) (has bool, err error) {
	err = r.ask(ctx, func(file *opened) error {
		return file.read.QueryRowContext(ctx,
			"SELECT EXISTS (SELECT 1 FROM cards WHERE key_id = ? AND state <> 'planned' ORDER BY seq DESC)", keyID).Scan(&has)
	})
	return has, wrap("ask for the cards of a key", err)
}
