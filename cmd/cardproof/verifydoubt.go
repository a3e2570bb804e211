package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/cardproof/cardproof/verify"
)

// doubting judges cards, and goes on where one row of the register can't be believed: a pile of a thousand cards must not lose its answers
// for one of them. That card is not valid in the answers, and stderr has the reason once.
type doubting struct {
	checker *verify.Checker
	stderr  io.Writer
	mu      sync.Mutex
	told    map[string]bool
}

func newDoubting(c *verify.Checker, stderr io.Writer) *doubting {
	return &doubting{checker: c, stderr: stderr, told: map[string]bool{}}
}

// CheckToken judges a card by its token.
func (d *doubting) CheckToken(ctx context.Context, text string) (verify.Verdict, error) {
	v, err := d.checker.CheckToken(ctx, text)
	return v, d.tell(err)
}

// CheckNumber judges a card by its number.
func (d *doubting) CheckNumber(ctx context.Context, typed string) (verify.Verdict, error) {
	v, err := d.checker.CheckNumber(ctx, typed)
	return v, d.tell(err)
}

func (d *doubting) tell(err error) error {
	if !errors.Is(err, verify.ErrAltered) {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.told[err.Error()] {
		d.told[err.Error()] = true
		fmt.Fprintf(d.stderr, "warning: %v\n", err)
	}
	return nil
}
