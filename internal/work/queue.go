// Package work does what takes its time in the background: it sends mails, reminds learners of cards that end, and makes the cards of batches that
// several machines share.
//
// The queue, its schedule and its retries are River's, in an SQLite file of its own, or beside the register where that is in PostgreSQL. What is owed to
// whom is in the register: a mail or a card is one row there, for ever, and a job is only the wish to look at that row. So a job that is lost, or there
// twice, or of a queue that was deleted, loses nothing and does nothing twice. One run sends mails at a time (Worker); a lock beside the file sees to
// it, which the system gives back when a run dies, and between machines one in the database. Of those that make cards (Maker) any number run at once,
// with a register in PostgreSQL alone.
package work

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/cardproof/cardproof/internal/register"
)

// The arguments of jobs. They are in the file of the queue, so there is nothing in them that a link or a mail would have.
type (
	// deliverArgs is the wish to send a mail, in the turn that it had then.
	deliverArgs struct {
		Mail int64 `json:"mail"`
		Turn int64 `json:"turn"`
	}
	// linksArgs is somebody's wish for the links of an address. The address is what identifies it; the request names the mail.
	linksArgs struct {
		Address  string `json:"address" river:"unique"`
		Language string `json:"language"`
		Request  string `json:"request"`
	}
	sweepArgs  struct{}
	remindArgs struct{}
)

func (deliverArgs) Kind() string { return "deliver" }
func (linksArgs) Kind() string   { return "links" }
func (sweepArgs) Kind() string   { return "sweep" }
func (remindArgs) Kind() string  { return "remind" }

// mostAttempts is more than fit into any mail.give_up_after: the time decides, and not River.
const mostAttempts = 200

func (deliverArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true}, MaxAttempts: mostAttempts}
}

// linksPause is for how long a second wish for the links of the same address is the same wish.
const linksPause = 15 * time.Minute

func (linksArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: linksPause}}
}

// Queue takes jobs in, for the run that does them. It is safe for concurrent use, also by several processes. Close it.
type Queue struct {
	pool   *sql.DB
	client *river.Client[*sql.Tx]
}

// OpenQueue opens the queue in the file at a path, or in the database of a URL; it is made where there is none, and brought to River's
// present form.
func OpenQueue(ctx context.Context, where string) (*Queue, error) {
	pool, on, err := openPool(ctx, where)
	if err != nil {
		return nil, err
	}
	client, err := river.NewClient(on, &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &Queue{pool, client}, nil
}

// connections are how many the queue has to a database: River asks, the worker answers, and one is spare.
const connections = 4

func openPool(ctx context.Context, where string) (pool *sql.DB, on riverdriver.Driver[*sql.Tx], err error) {
	if register.IsServer(where) {
		if pool, err = register.OpenServerPool(where, connections); err != nil {
			return nil, nil, err
		}
		on = riverdatabasesql.New(pool)
	} else {
		if pool, err = openFile(where); err != nil {
			return nil, nil, err
		}
		on = riversqlite.New(pool)
	}
	if err := bringUp(ctx, on); err != nil {
		return nil, nil, errors.Join(err, pool.Close())
	}
	return pool, on, nil
}

// bringUp brings the queue to River's present form. Another program may do the same at once; then one of the two is refused, and looks again.
func bringUp(ctx context.Context, on riverdriver.Driver[*sql.Tx]) error {
	m, err := rivermigrate.New(on, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if _, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil); err == nil || ctx.Err() != nil {
		return err
	}
	time.Sleep(time.Second)
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// openFile opens the file. Its driver is registered by internal/register, the only importer of it.
func openFile(path string) (*sql.DB, error) {
	f, err := os.OpenFile(path, os.O_CREATE, 0o600) // SQLite would make it readable to others, and there are addresses in it
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(30000)", "journal_mode(WAL)", "synchronous(NORMAL)"}}
	pool, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1) // as River asks of SQLite: two connections of one process only wait for each other
	return pool, nil
}

// Clock is the time of the database of the queue, by which machines agree.
func (q *Queue) Clock(ctx context.Context) (now time.Time, err error) {
	err = q.pool.QueryRowContext(ctx, "SELECT now()").Scan(&now)
	return now.UTC(), err
}

// eachJob hands every job that a search finds to do, by ID, until that is an error.
func eachJob(ctx context.Context, client *river.Client[*sql.Tx], search *river.JobListParams, do func(*rivertype.JobRow) error) error {
	first := search.First(1000).OrderBy(river.JobListOrderByID, river.SortOrderAsc)
	for params := first; ; {
		page, err := client.JobList(ctx, params)
		if err != nil || len(page.Jobs) == 0 {
			return err
		}
		for _, row := range page.Jobs {
			if err := do(row); err != nil {
				return err
			}
		}
		params = first.After(page.LastCursor) // River takes one cursor
	}
}

// Close closes the queue.
func (q *Queue) Close() error { return q.pool.Close() }

// Deliver puts in a job for each mail that has none for this turn. The mails are in the register already.
func (q *Queue) Deliver(ctx context.Context, mails []register.Mail) error {
	const together = 500
	for len(mails) > 0 {
		part := mails[:min(len(mails), together)]
		jobs := make([]river.InsertManyParams, len(part))
		for i, m := range part {
			jobs[i].Args = deliverArgs{Mail: m.ID, Turn: m.Turn}
		}
		if _, err := q.client.InsertMany(ctx, jobs); err != nil {
			return err
		}
		mails = mails[len(part):]
	}
	return nil
}

// LinksWanted takes in the wish of somebody for the links to the cards of an address. It answers the same, and as fast, whether or not
// there are any: that is looked up by the job.
func (q *Queue) LinksWanted(ctx context.Context, address, language string) error {
	address = strings.ToLower(strings.TrimSpace(address)) // as the register keeps it, so that one wish in two spellings is one
	_, err := q.client.Insert(ctx, linksArgs{Address: address, Language: language, Request: rand.Text()}, nil)
	return err
}
