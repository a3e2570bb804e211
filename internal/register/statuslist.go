package register

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/cardproof/cardproof/card"
)

// StatusLists answers which status lists have changed since a mark, and the mark of now, which is the register's last event. Of the
// empty mark, and of one that is not in this register's history because a copy was restored, the answer is all lists. There
// is always list 1.
func (r *Reader) StatusLists(ctx context.Context, since string) (changed []int64, now string, err error) {
	err = r.ask(ctx, func(file *opened) (err error) {
		// One transaction is one moment: an event that comes between two questions would be lost.
		tx, err := file.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return err
		}
		defer tx.Rollback() // it only read
		if now, err = latestMark(ctx, tx); err != nil {
			return err
		}
		changed, err = changedLists(ctx, tx, since)
		return err
	})
	return changed, now, wrap("ask which status lists have changed", err)
}

// markOf is a mark in SQL: the event's number, by which it is found, and what tells it from another of the same number.
const markOf = "seq || ' ' || at || ' ' || number || ' ' || action"

func latestMark(ctx context.Context, tx *sql.Tx) (mark string, err error) {
	err = tx.QueryRowContext(ctx, "SELECT "+markOf+" FROM events ORDER BY seq DESC LIMIT 1").Scan(&mark)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return mark, err
}

func changedLists(ctx context.Context, tx *sql.Tx, since string) (lists []int64, err error) {
	text, _, _ := strings.Cut(since, " ")
	seq, _ := strconv.ParseInt(text, 10, 64) // there is no event 0
	known := false
	if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM events WHERE seq = ? AND "+markOf+" = ?)", seq, since).Scan(&known); err != nil {
		return nil, err
	}
	if !known {
		// Lists are begun one after the other, so that there are all up to the last.
		var last int64
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(list), 1) FROM status_slots").Scan(&last); err != nil {
			return nil, err
		}
		for list := int64(1); list <= last; list++ {
			lists = append(lists, list)
		}
		return lists, nil
	}
	// CROSS JOIN makes SQLite begin with the events, of which there are few, and not with the cards.
	return lists, forEach(ctx, tx, func(rows *sql.Rows) error {
		var list int64
		err := rows.Scan(&list)
		lists = append(lists, list)
		return err
	}, "SELECT DISTINCT c.status_list FROM events e CROSS JOIN cards c WHERE c.number = e.number AND e.seq > ? AND c.status_list IS NOT NULL", seq)
}

// CountNotIn counts the places of a list whose card is not in a state, or that no card has.
func (r *Reader) CountNotIn(ctx context.Context, list int64, places []int64, state card.State) (n int, err error) {
	all, err := json.Marshal(append([]int64{}, places...)) // [] rather than null
	if err != nil {
		return 0, err
	}
	err = r.ask(ctx, func(file *opened) error {
		return file.read.QueryRowContext(ctx, `SELECT count(*) FROM json_each(?) p
			LEFT JOIN cards c ON c.status_list = ? AND c.status_idx = CAST(p.value AS bigint) WHERE c.state IS DISTINCT FROM ?`, string(all), list, string(state)).Scan(&n)
	})
	return n, wrap("look up places of a status list", err)
}

// StatusesIn goes through the places of a list that were given out, with the state of the card that has each. A place that no card
// of the register has, because the issuing broke off or the card was planned anew, counts as that of a planned card: if
// its token was ever signed, nobody may rely on it.
func (r *Reader) StatusesIn(ctx context.Context, list int64, each func(index int64, s card.State) error) error {
	return wrap("read a status list", r.ask(ctx, func(file *opened) error {
		return forEach(ctx, file.read, func(rows *sql.Rows) error {
			var index int64
			var state card.State
			if err := rows.Scan(&index, &state); err != nil {
				return err
			}
			return each(index, state)
		}, `SELECT s.idx, coalesce(c.state, ?) FROM status_slots s
			LEFT JOIN cards c ON c.status_list = s.list AND c.status_idx = s.idx WHERE s.list = ?`, string(card.Planned), list)
	}))
}
