package main

import (
	"context"
	"errors"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
)

// links are the private links of an export: one for each learner, however many of the cards are theirs.
type links struct {
	origin   string
	learners map[card.LearnerKey]int // whose; the place in secrets
	secrets  []string                // empty where a key names nobody
}

// keyOfLink is what a link tells its learner by.
func keyOfLink(e card.Entry) card.LearnerKey {
	return card.LearnerKey{ID: e.Learner.ID, Email: e.Learner.Email, Name: card.FoldName(e.Name)}
}

// of is the link for a card's row; empty where the learner can't have one.
func (l *links) of(e card.Entry) (string, error) {
	i, ok := l.learners[keyOfLink(e)]
	if !ok {
		return "", errors.New("a card is in the list for whose learner no link was made")
	}
	if l.secrets[i] == "" {
		return "", nil
	}
	return work.LinkURL(l.origin, l.secrets[i], e.Learner.Language), nil
}

// makeLinks makes the links for the cards that are handed out, all or none. They are in force before the list is written: where that fails,
// nobody has them.
func (e *exporter) makeLinks(ctx context.Context) (err error) {
	l := &links{origin: e.config.Issuer.VerifyURL, learners: map[card.LearnerKey]int{}}
	var keys []card.LearnerKey
	cards := map[int]int{} // place → how many cards
	err = e.cards.Each(ctx, func(entry card.Entry) error {
		if e.judge.line(entry).File == "" {
			return ctx.Err()
		}
		key := keyOfLink(entry)
		i, known := l.learners[key]
		if !known {
			i = len(keys)
			l.learners[key], keys = i, append(keys, key)
		}
		cards[i]++
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	db, err := register.Open(ctx, registerPath(e.config))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if l.secrets, err = db.NewLinks(ctx, keys, actor(), e.now().UTC()); err != nil {
		return err
	}
	for i, secret := range l.secrets {
		if secret != "" {
			e.result.Links++
		} else {
			e.result.WithoutLink += cards[i]
		}
	}
	e.links = l
	return nil
}
