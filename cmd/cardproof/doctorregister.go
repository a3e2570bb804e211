package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/register"
)

const (
	// waitsLong is after how long a card that is planned and not held was forgotten: a run takes minutes.
	waitsLong = 24 * time.Hour
	// heldLong is after how long a held batch is worth a line.
	heldLong = 30 * 24 * time.Hour
	// namedAtMost is how many cards one line names.
	namedAtMost = 5
)

// register looks at the file, at the chain, and at every card.
func (c *checkup) register(ctx context.Context) {
	found, err := c.ledger.Integrity(ctx)
	switch {
	case errors.Is(err, register.ErrNoFile):
		c.ok("register's file", "there is none: the register is in a database, and its pages and indexes are looked after there (docs/postgresql.md)")
	case err != nil:
		c.fails("register's file", err)
		return
	case len(found) > 0:
		c.problem(exitRegister, "register's file", "Stop issuing, keep a copy of it as it is, and bring back the last good backup with `cardproof restore`.", "is damaged: %s", found[0])
	default:
		c.ok("register's file", "every page, index and reference is sound")
	}
	audit, err := c.ledger.Audit(ctx, nil)
	if err != nil {
		c.fails("chain", err)
		return
	}
	d := describeAudit(audit)
	if d.OK {
		c.ok("chain", "all %d entries and %d cards are whole; head %s", d.Entries, d.Cards, d.Head)
		return
	}
	first := d.Faults
	if d.Broken != nil {
		first = []auditedFault{*d.Broken}
	}
	c.problem(exitRegister, "chain", "Run `cardproof audit verify`; it names all that was found. Do not go on with this register before you know why.", "%s", first[0].text())
}

// archive compares the files of cards with what the register says of them.
func (c *checkup) archive(ctx context.Context) {
	var files []register.CardFile
	err := c.ledger.EachFile(ctx, func(f register.CardFile) error {
		if f.State != card.Planned {
			files = append(files, f)
		}
		return ctx.Err()
	})
	if err == nil && c.flags.sample > 0 && c.flags.sample < len(files) {
		files, err = sampleOf(files, c.flags.sample)
	}
	if err != nil {
		c.fails("archive", err)
		return
	}
	store, err := c.openArchiveOf(c.config, c.ledger)
	if err == nil {
		err = checkFolder(ctx, store)
	}
	if err != nil {
		c.fails("archive", err)
		return
	}
	var bad []string
	for _, f := range files {
		_, err := store.Get(ctx, f.Number, f.SHA256)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, archive.ErrMissing), errors.Is(err, archive.ErrAltered):
			bad = append(bad, f.Number.String())
		case err != nil:
			c.fails("archive", err)
			return
		}
	}
	if len(bad) > 0 {
		c.problem(exitFailed, "archive", "Bring these files back from a backup: an issued card is never drawn anew. The cards themselves stay valid.",
			"%s missing or altered: %s", plural(len(bad), "file is", "files are"), named(bad))
	} else {
		c.ok("archive", "%s read, each as the register says", plural(len(files), "file", "files"))
	}
	c.leftovers(ctx, store)
}

// leftovers looks for files that are no card's.
func (c *checkup) leftovers(ctx context.Context, store archive.Archive) {
	files := map[leftover][]string{}
	err := eachLeftover(ctx, c.ledger, store, c.now(), func(f archive.File, is leftover) error {
		files[is] = append(files[is], cmp.Or(f.Number.String(), "a mark of the archive"))
		return nil
	})
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		c.fails("archive", err)
		return
	}
	if left := files[ofErased]; len(left) > 0 {
		c.problem(exitFailed, "archive", "Run `cardproof archive tidy --yes`: it removes them.", "files of erased cards are still there: %s", named(left))
	}
	if left := slices.Concat(files[unrecorded], files[brokenOff]); len(left) > 0 {
		c.warn("archive", "They are of runs that broke off, or the second ones of two machines, and no card needs them. See them with `cardproof archive tidy`, and add --yes to remove them.",
			"%s beside those of the register: %s", plural(len(left), "file is there", "files are there"), named(left))
	}
	if left := files[unknown]; len(left) > 0 {
		c.warn("archive", "They may be of cards that were issued after this copy of the register was made: do not issue, and do not remove them, before you know (docs/operate.md). If they are another centre's, give each an archive of its own.",
			"%s of cards that this register does not know: %s", plural(len(left), "file is there", "files are there"), named(left))
	}
}

// sampleOf chooses n of the files by chance, so that nobody can know which are looked at.
func sampleOf(files []register.CardFile, n int) ([]register.CardFile, error) {
	for i := range n {
		j, err := rand.Int(rand.Reader, big.NewInt(int64(len(files)-i)))
		if err != nil {
			return nil, err
		}
		k := i + int(j.Int64())
		files[i], files[k] = files[k], files[i]
	}
	return files[:n], nil
}

func named(all []string) string {
	text := ""
	for i, n := range all {
		switch {
		case i == namedAtMost:
			return text + fmt.Sprintf(" and %d more", len(all)-i)
		case i > 0:
			text += ", "
		}
		text += n
	}
	return text
}

// waiting looks for batches that somebody has forgotten.
func (c *checkup) waiting(ctx context.Context) {
	cards, err := c.ledger.Unfinished(ctx)
	if err != nil {
		c.fails("planned cards", err)
		return
	}
	var broken, held []string
	seen := map[string]bool{}
	for _, e := range cards {
		age := c.now().Sub(e.RecordedAt)
		switch {
		case seen[e.Batch]:
		case e.Held && age > heldLong:
			held = append(held, e.Batch)
			seen[e.Batch] = true
		case !e.Held && age > waitsLong:
			broken = append(broken, e.Batch)
			seen[e.Batch] = true
		}
	}
	if len(broken) > 0 {
		c.warn("planned cards", "Run the same `cardproof issue` again, which finishes them, or give them up with `cardproof discard BATCH`.",
			"a run broke off more than %s ago: %s", roughly(waitsLong), named(broken))
	}
	if len(held) > 0 {
		c.warn("planned cards", "Release them with `cardproof release BATCH`, or give them up with `cardproof discard BATCH`.", "held for more than %s: %s", roughly(heldLong), named(held))
	}
	if len(broken)+len(held) == 0 {
		c.ok("planned cards", "%s, none for too long", plural(len(cards), "waits", "wait"))
	}
}

// retention says how many cards are to be erased by the rule of the configuration.
func (c *checkup) retention(ctx context.Context) {
	years := c.config.Keep.EraseAfterYears
	if years == 0 {
		return
	}
	due, err := c.ledger.CardsEndedBefore(ctx, c.now().UTC().AddDate(-years, 0, 0))
	if err != nil {
		c.fails("retention", err)
		return
	}
	if len(due) > 0 {
		c.warn("retention", "See which with `cardproof erase --expired`, and add --yes to erase them.", "the details of %s are kept longer than %s after the end", plural(len(due), "card", "cards"), plural(years, "year", "years"))
		return
	}
	c.ok("retention", "nothing is kept longer than %s after the end", plural(years, "year", "years"))
}
