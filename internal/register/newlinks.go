package register

import (
	"context"
	"crypto/rand"
	"database/sql"
	"time"

	"github.com/cardproof/cardproof/card"
)

// NewLinks makes a link to the cards of each of some learners, all or none, as NewLink does for one. The secrets are in the order of the
// learners; that of a key which names nobody is empty.
func (db *DB) NewLinks(ctx context.Context, learners []card.LearnerKey, actor string, at time.Time) (secrets []string, err error) {
	const doing = "make links"
	if err := checkHand(actor, at); err != nil {
		return nil, wrap(doing, err)
	}
	secrets = make([]string, len(learners))
	err = db.inTx(ctx, doing, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, "INSERT INTO links (hash, learner_id, email, name_fold, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?)")
		if err != nil {
			return err
		}
		defer insert.Close() // the transaction closes it anyway
		for i, learner := range learners {
			id, email, name := identityOf(learner)
			if id == "" && (email == "" || name == "") {
				continue
			}
			var raw [secretBytes]byte
			_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
			secret := secretText.EncodeToString(raw[:])
			if _, err := insert.ExecContext(ctx, hashSecret(secret), id, email, name, at.Unix(), actor); err != nil {
				return err
			}
			secrets[i] = secret
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return secrets, nil
}
