package register

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/cardproof/cardproof/card"
)

const (
	secretBytes = 16 // 128 random bits, so that no rate of guessing finds one
	// maxOwnCards bounds the cards of one link. A learner has a handful; more have one ID only where an office gave it to many.
	maxOwnCards = 200
)

// secretText is Crockford's base32 in lower case: 26 characters without a hyphen, an underscore or a difference of case, none of which
// every mail program leaves as they were.
var secretText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// ErrNoLearner says that a key names nobody: it has neither a learner ID nor an e-mail address with a name.
var ErrNoLearner = errors.New("a link needs a learner ID, or an e-mail address and a name")

// Link is a link as its table tells it. The secret is nowhere.
type Link struct {
	LearnerID string
	Email     string
	Name      string // of the learner whom the link was looked up for, or else as it was folded when the link was made
	CreatedAt time.Time
	CreatedBy string
	RevokedAt time.Time // zero while it is in force
	RevokedBy string
}

// NewLink makes a link to the cards of one learner, and answers its secret, 26 characters, which is kept nowhere: only its SHA-256 is.
// Of the key the ID, the e-mail and the name count, as for FindCards. The error is ErrNoLearner, or the register failed.
func (db *DB) NewLink(ctx context.Context, learner card.LearnerKey, actor string, at time.Time) (secret string, err error) {
	secrets, err := db.NewLinks(ctx, []card.LearnerKey{learner}, actor, at)
	switch {
	case err != nil:
		return "", err
	case secrets[0] == "":
		return "", wrap("make a link", ErrNoLearner)
	}
	return secrets[0], nil
}

func identityOf(k card.LearnerKey) (id, email, name string) {
	return strings.TrimSpace(k.ID), foldEmail(k.Email), card.FoldName(k.Name)
}

// hashSecret is what the register holds of a secret. It takes what a person or a mail program made of one: capitals, O for 0, I and L for 1,
// and marks around it. A text that is no secret has a hash as well, so that all are looked up alike.
func hashSecret(secret string) []byte {
	plain := strings.Map(func(r rune) rune {
		switch r = unicode.ToLower(r); {
		case r == 'o':
			return '0'
		case r == 'i' || r == 'l':
			return '1'
		case r >= '0' && r <= '9' || r >= 'a' && r <= 'z':
			return r
		}
		return -1
	}, secret)
	sum := sha256.Sum256([]byte(plain))
	return sum[:]
}

// findLink answers nothing for a link that is unknown, revoked, or older than ?2: for all of them it is the same look-up, in an index that
// has none of them.
const findLink = "SELECT learner_id, email, name_fold FROM links INDEXED BY links_in_force WHERE hash = ?1 AND created_at > ?2 AND revoked_at IS NULL"

// sameLearner keeps a row of replacements to the cards under the link's address.
const sameLearner = "c.email = ?2 AND ?2 <> '' AND (c.learner_id = '' OR ?1 = '' OR c.learner_id = ?1)"

// ownCards are the cards of the learner ?1 (ID), ?2 (e-mail), ?3 (folded name), as FindCards finds them, and those that stand in one row
// of replacements with them: a corrected name has not made them somebody else's. Two rules keep people of one mailbox apart. Where e-mail
// and name are those of several learner IDs, a card without an ID counts as nobody's with an ID. And a card under another address,
// which was corrected because it was not the learner's, stays out of sight of the wrong one.
const ownCards = `WITH RECURSIVE own (number, replaces) AS (
	SELECT number, replaces FROM cards WHERE learner_id <> '' AND learner_id = ?1
	UNION
	SELECT c.number, c.replaces FROM cards c WHERE ?2 <> '' AND ?3 <> '' AND c.name_fold = ?3 AND c.email = ?2 AND (c.learner_id = '' OR ?1 = '')
		AND (c.learner_id = ?1 OR NOT EXISTS (SELECT 1 FROM cards o WHERE o.name_fold = ?3 AND o.email = ?2
			AND o.learner_id NOT IN ('', ?1, c.learner_id)))
	UNION
	SELECT c.number, c.replaces FROM own CROSS JOIN cards c WHERE (c.number = own.replaces
		OR c.replaces = own.number AND NOT (c.state = 'revoked' AND c.token = '')) AND ` + sameLearner + `
) SELECT ` + publicColumns + ", " + qualificationColumns + `, c.token, c.sha256
	FROM cards c JOIN catalogue q ON q.id = c.catalogue
	WHERE c.number IN (SELECT number FROM own) AND c.token <> '' AND c.state <> 'planned' ORDER BY c.issued_at DESC, c.seq DESC LIMIT ?4`

// CardsByLink answers the cards of the learner whom a link is for, the newest first, and false where no link in force has the secret:
// nobody learns whether there ever was one. Cards that are not out, or were given up before, are not among them.
func (r *Reader) CardsByLink(ctx context.Context, secret string, now time.Time) (cards []card.Filed, ok bool, err error) {
	oldest := int64(math.MinInt64)
	if r.LinkLifetime > 0 {
		oldest = now.Add(-r.LinkLifetime).Unix()
	}
	err = r.ask(ctx, func(file *opened) (err error) {
		cards, ok, err = file.cardsByLink(ctx, hashSecret(secret), oldest)
		return err
	})
	return cards, ok, wrap("look up a link", err)
}

func (o *opened) cardsByLink(ctx context.Context, hash []byte, oldest int64) (cards []card.Filed, ok bool, err error) {
	leave, err := o.enter(ctx)
	if err != nil {
		return nil, false, err
	}
	defer leave()
	if o.server {
		callers := ctx
		bounded, cancel := context.WithTimeout(ctx, lookupTimeout)
		defer cancel()
		defer func() { err = inTime(callers, err) }()
		ctx = bounded
	} else {
		ctx = context.WithoutCancel(ctx) // as for findRecord
	}
	var id, email, name string
	switch err := o.link.QueryRowContext(ctx, hash, oldest).Scan(&id, &email, &name); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	rows, err := o.own.QueryContext(ctx, id, email, name, maxOwnCards)
	err = eachRow(rows, err, func(rows *sql.Rows) error {
		c, err := scanFiled(rows)
		cards = append(cards, c)
		return err
	})
	return cards, err == nil, err
}

func scanFiled(rows *sql.Rows) (c card.Filed, err error) {
	var row recordRow
	var says frozenRow
	if err := rows.Scan(append(append(row.dest(), says.qualificationDest()...), &c.Token, &c.SHA256)...); err != nil {
		return c, err
	}
	of, err := says.frozen()
	if err != nil {
		return c, err
	}
	c.Record, err = row.record(of.qualification)
	return c, err
}

// learnersOf are the learners who have cards that are out under the address ?1.
const learnersOf = `SELECT c.learner_id, c.name FROM cards c WHERE c.email <> '' AND c.email = ?1 AND c.token <> '' AND c.state <> 'planned'
	AND NOT EXISTS (SELECT 1 FROM cards n WHERE n.replaces = c.number AND NOT (n.state = 'revoked' AND n.token = '')
		AND n.email = c.email AND n.token <> '' AND n.state <> 'planned')
	ORDER BY c.seq`

// LearnersByEmail answers the learners who have cards under an address, each once, in the order of their first card. A card
// that another one stands for is not counted: under that one's name the learner has both.
func (l *Ledger) LearnersByEmail(ctx context.Context, email string) ([]card.LearnerKey, error) {
	email = foldEmail(email)
	var all []card.LearnerKey
	err := l.each(ctx, func(rows *sql.Rows) error {
		k := card.LearnerKey{Email: email}
		err := rows.Scan(&k.ID, &k.Name)
		all = append(all, k)
		return err
	}, learnersOf, email)
	return distinctLearners(all), wrap("find the learners of an address", err)
}

// distinctLearners leaves each learner once: by the ID, and without one by the name, unless exactly one ID has that name.
func distinctLearners(all []card.LearnerKey) (distinct []card.LearnerKey) {
	ids := map[string]map[string]bool{} // of a folded name
	for _, k := range all {
		name := card.FoldName(k.Name)
		if ids[name] == nil {
			ids[name] = map[string]bool{}
		}
		if k.ID != "" {
			ids[name][k.ID] = true
		}
	}
	seen := map[string]bool{}
	for _, k := range all {
		name := card.FoldName(k.Name)
		is := "id " + k.ID
		if k.ID == "" {
			is = "name " + name
		}
		if seen[is] || k.ID == "" && len(ids[name]) == 1 {
			continue
		}
		seen[is] = true
		distinct = append(distinct, k)
	}
	return distinct
}

// LearnerOfCard answers under which keys the links of a card's learner may stand: that of the card which stands for it now, and behind it
// those of the others in its row of replacements, whose names may have been corrected. The error is card.ErrNotFound, or the register failed.
func (l *Ledger) LearnerOfCard(ctx context.Context, number card.Number) (keys []card.LearnerKey, err error) {
	err = l.snapshot(ctx, "find a card's learner", func(tx *sql.Tx) error {
		e, ok, err := findEntry(ctx, tx, number)
		if err == nil && !ok {
			err = fmt.Errorf("%w: %s", card.ErrNotFound, number)
		}
		if err != nil {
			return err
		}
		chain, err := chainOf(ctx, tx, &e)
		for _, one := range slices.Backward(chain) {
			keys = append(keys, card.LearnerKey{ID: one.Learner.ID, Email: one.Learner.Email, Name: one.Name})
		}
		return err
	})
	return keys, err
}

// theirLinks chooses the links l of a learner ?1 (ID), ?2 (e-mail), ?3 (folded name). With an e-mail alone it chooses all that were made for it.
const theirLinks = `(l.learner_id <> '' AND l.learner_id = ?1 OR l.email <> '' AND l.email = ?2
	AND (?3 = '' OR l.name_fold = ?3 AND (?1 = '' OR l.learner_id = '')))`

// Links answers the links of some learners, the oldest first. A key with an e-mail alone stands for all links that were made for it.
func (l *Ledger) Links(ctx context.Context, learners []card.LearnerKey) ([]Link, error) {
	var links []Link
	seen := map[int64]bool{}
	for _, k := range learners {
		id, email, name := identityOf(k)
		err := l.each(ctx, func(rows *sql.Rows) error {
			var one Link
			var seq, created int64
			var revoked sql.NullInt64
			if err := rows.Scan(&seq, &one.LearnerID, &one.Email, &one.Name, &created, &one.CreatedBy, &revoked, &one.RevokedBy); err != nil {
				return err
			}
			one.CreatedAt = fromUnix(created)
			if revoked.Valid {
				one.RevokedAt = fromUnix(revoked.Int64)
			}
			if one.Name == name && name != "" {
				one.Name = k.Name
			}
			if !seen[seq] {
				links = append(links, one)
			}
			seen[seq] = true
			return nil
		}, "SELECT l.seq, l.learner_id, l.email, l.name_fold, l.created_at, l.created_by, l.revoked_at, coalesce(l.revoked_by, '') FROM links l WHERE "+
			theirLinks+" ORDER BY l.seq", id, email, name)
		if err != nil {
			return nil, wrap("list the links", err)
		}
	}
	return links, nil
}

// RevokeLinks ends all links of some learners that are in force, all or none, and answers how many. The keys are those of Links.
func (db *DB) RevokeLinks(ctx context.Context, learners []card.LearnerKey, actor string, at time.Time) (n int, err error) {
	const doing = "revoke the links"
	if err := checkHand(actor, at); err != nil {
		return 0, wrap(doing, err)
	}
	err = db.inTx(ctx, doing, func(tx *sql.Tx) error {
		for _, k := range learners {
			id, email, name := identityOf(k)
			ended, err := endLinks(ctx, tx, id, email, name, actor, at)
			if err != nil {
				return err
			}
			n += ended
		}
		return nil
	})
	return n, err
}

// endLinks ends the links in force of one learner, and answers how many.
func endLinks(ctx context.Context, tx *sql.Tx, id, email, name, actor string, at time.Time) (int, error) {
	return countRows(tx.ExecContext(ctx, "UPDATE links AS l SET revoked_at = ?4, revoked_by = ?5 WHERE l.revoked_at IS NULL AND "+theirLinks,
		id, email, name, at.Unix(), actor))
}

// EndLink revokes the link of a secret, if it is in force.
func (db *DB) EndLink(ctx context.Context, secret, actor string, at time.Time) error {
	if err := checkHand(actor, at); err != nil {
		return wrap("revoke a link", err)
	}
	return db.inTx(ctx, "revoke a link", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE links SET revoked_at = ?, revoked_by = ? WHERE hash = ? AND revoked_at IS NULL", at.Unix(), actor, hashSecret(secret))
		return err
	})
}
