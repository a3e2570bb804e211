package issuer

import (
	"errors"
	"fmt"
)

// RowError says in which row of the roster a card failed.
type RowError struct {
	Row int // 0 for a card that comes from no roster
	Err error
}

func (e *RowError) Error() string {
	if e.Row == 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("row %d: %v", e.Row, e.Err)
}

func (e *RowError) Unwrap() error { return e.Err }

func rowError(row int, err error) error { return &RowError{row, err} }

// UndeliveredError says which cards of a batch are not in the output folder although the run went on to its end: their archived
// file is missing or altered, or they were withdrawn while they were made.
type UndeliveredError struct{ Rows []*RowError }

func (e *UndeliveredError) Error() string {
	if len(e.Rows) == 1 {
		return fmt.Sprintf("one card was not delivered: %v", e.Rows[0])
	}
	return fmt.Sprintf("%d cards were not delivered, the first of them: %v", len(e.Rows), e.Rows[0])
}

func (e *UndeliveredError) Unwrap() error {
	errs := make([]error, len(e.Rows))
	for n, row := range e.Rows {
		errs[n] = row
	}
	return errors.Join(errs...)
}
