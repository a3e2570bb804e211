package register

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"fmt"

	"github.com/cardproof/cardproof/card"
)

const (
	// slotsInList is the count of entries in a status list.
	slotsInList = card.MaxStatusIndex + 1
	// usedInList is how many of them are given out before the next list begins. Beyond three quarters, a place would no
	// longer be hard to guess from the ones in use.
	usedInList = slotsInList * 3 / 4
	// slotsInInsert is how many slots one statement takes.
	slotsInInsert = 500
)

// ReserveStatus takes n random unused places in the status lists. They are on disk as taken when it returns, and are never
// given out again: what a crash leaves unused stays unused.
func (db *DB) ReserveStatus(ctx context.Context, n int) ([]card.StatusSlot, error) {
	if n <= 0 {
		return nil, nil
	}
	slots := make([]card.StatusSlot, 0, n)
	err := db.inTx(ctx, "reserve status slots", func(tx *sql.Tx) error {
		var list int64
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(list), 1) FROM status_slots").Scan(&list); err != nil {
			return err
		}
		for ; len(slots) < n; list++ {
			used, err := usedSlots(ctx, tx, list)
			if err != nil {
				return err
			}
			free := usedInList - len(used)
			drawn, err := drawSlots(used, list, min(free, n-len(slots)))
			if err != nil {
				return err
			}
			if err := insertSlots(ctx, tx, drawn); err != nil {
				return err
			}
			slots = append(slots, drawn...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return slots, nil
}

func usedSlots(ctx context.Context, tx *sql.Tx, list int64) (map[int64]bool, error) {
	used := map[int64]bool{}
	return used, forEach(ctx, tx, func(rows *sql.Rows) error {
		var index int64
		err := rows.Scan(&index)
		used[index] = true
		return err
	}, "SELECT idx FROM status_slots WHERE list = ?", list)
}

// drawSlots draws n places that are not used, and notes them as used. With at most three quarters of the list in use, a place
// takes four draws on average at the worst.
func drawSlots(used map[int64]bool, list int64, n int) ([]card.StatusSlot, error) {
	slots := make([]card.StatusSlot, 0, max(n, 0))
	var raw [4]byte
	for len(slots) < n {
		if _, err := rand.Read(raw[:]); err != nil {
			return nil, fmt.Errorf("draw a status slot: %w", err)
		}
		index := int64(binary.LittleEndian.Uint32(raw[:]) % slotsInList) // a power of 2: no place is likelier
		if used[index] {
			continue
		}
		used[index] = true
		slots = append(slots, card.StatusSlot{List: list, Index: index})
	}
	return slots, nil
}

func insertSlots(ctx context.Context, tx *sql.Tx, slots []card.StatusSlot) error {
	for len(slots) > 0 {
		part := slots[:min(len(slots), slotsInInsert)]
		slots = slots[len(part):]
		args := make([]any, 0, 2*len(part))
		for _, s := range part {
			args = append(args, s.List, s.Index)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO status_slots (list, idx) VALUES "+manyRows(len(part), 2), args...); err != nil {
			return err
		}
	}
	return nil
}
