package register

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"
)

// chainVersion is that of the migration in Go that chains what an older version wrote.
const chainVersion = 6

func chainMigration() *goose.Migration {
	return goose.NewGoMigration(chainVersion, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		return chainAfter(ctx, tx, logEnds{})
	}}, nil)
}

// logEnds are the last rows of the logs.
type logEnds struct{ cards, keys int64 }

func endsOfLogs(ctx context.Context, tx *sql.Tx) (ends logEnds, err error) {
	err = tx.QueryRowContext(ctx, "SELECT (SELECT coalesce(max(seq), 0) FROM events), (SELECT coalesce(max(seq), 0) FROM key_events)").Scan(&ends.cards, &ends.keys)
	return ends, err
}

// chainAfter chains what a transaction has written behind ends. A row that another program put in before it stays outside the chain, for
// the audit to find: this program vouches for what it wrote itself.
func chainAfter(ctx context.Context, tx *sql.Tx, ends logEnds) error {
	now, err := endsOfLogs(ctx, tx)
	if err != nil || now == ends {
		return err
	}
	c := &chainer{tx: tx, rows: rowHashes{}}
	if c.head, err = headOf(ctx, tx); err != nil {
		return err
	}
	for from := ends.cards; from < now.cards; from += chainedAtOnce {
		if err := c.cards(ctx, from); err != nil {
			return fmt.Errorf("chain the events: %w", err)
		}
	}
	if err := c.keys(ctx, ends.keys); err != nil {
		return fmt.Errorf("chain the events of keys: %w", err)
	}
	return nil
}

func headOf(ctx context.Context, q querier) (head Head, err error) {
	var hash []byte
	err = q.QueryRowContext(ctx, "SELECT seq, hash FROM chain ORDER BY seq DESC LIMIT 1").Scan(&head.Seq, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return Head{}, nil
	}
	copy(head.Hash[:], hash)
	return head, err
}

const (
	// chainedAtOnce is how many rows of a log are read at once.
	chainedAtOnce = 2000
	// chainInInsert is how many entries one statement writes.
	chainInInsert = 200
)

// chainer adds entries to the chain, in one transaction.
type chainer struct {
	tx     *sql.Tx
	head   Head
	rows   rowHashes
	insert *sql.Stmt // of chainInInsert entries; closed with the transaction
	queued []any
}

const chainColumns = 5

// cards chains the events of cards behind a row, at most chainedAtOnce. Each goes in with its card as that stands now.
func (c *chainer) cards(ctx context.Context, after int64) error {
	if err := c.rows.load(ctx, c.tx, after, after+chainedAtOnce); err != nil {
		return err
	}
	e := newCardEvent()
	err := forEach(ctx, c.tx, func(rows *sql.Rows) error {
		if err := rows.Scan(e.dest...); err != nil {
			return err
		}
		card, err := e.hashCard(c.rows)
		if err == nil {
			c.add(cardLog, e.seq, e.facts(), e.hashWords(), card)
		}
		return err
	}, "SELECT "+cardEventColumns+", "+cardColumns+", c.catalogue, c.batch FROM events e JOIN cards c ON c.number = e.number WHERE e.seq > ? AND e.seq <= ? ORDER BY e.seq",
		after, after+chainedAtOnce)
	if err != nil {
		return err
	}
	return c.flush(ctx)
}

// keys chains the events of keys behind a row. There are few.
func (c *chainer) keys(ctx context.Context, after int64) error {
	err := forEach(ctx, c.tx, func(rows *sql.Rows) error {
		var entry int64
		facts, dest := anyValues(6)
		if err := rows.Scan(append([]any{&entry}, dest...)...); err != nil {
			return err
		}
		c.add(keyLog, entry, facts, nil, nil)
		return nil
	}, "SELECT seq, at, key_id, actor, action, since, reason FROM key_events WHERE seq > ? ORDER BY seq", after)
	if err != nil {
		return err
	}
	return c.flush(ctx)
}

func (c *chainer) add(log string, entry int64, facts []any, words, card []byte) {
	c.head = linkUp(c.head, log, entry, facts, words, card)
	hash := c.head.Hash
	c.queued = append(c.queued, c.head.Seq, log, entry, card, hash[:])
}

func (c *chainer) flush(ctx context.Context) error {
	const full = chainInInsert * chainColumns
	for ; len(c.queued) >= full; c.queued = c.queued[full:] {
		if c.insert == nil {
			var err error
			if c.insert, err = c.tx.PrepareContext(ctx, insertChain(chainInInsert)); err != nil {
				return err
			}
		}
		if _, err := c.insert.ExecContext(ctx, c.queued[:full]...); err != nil {
			return err
		}
	}
	if len(c.queued) == 0 {
		return nil
	}
	_, err := c.tx.ExecContext(ctx, insertChain(len(c.queued)/chainColumns), c.queued...)
	c.queued = nil
	return err
}

func insertChain(n int) string {
	return "INSERT INTO chain (seq, log, entry, card, hash) VALUES " + manyRows(n, chainColumns)
}
