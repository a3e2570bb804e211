package issuer

import "fmt"

// RowError says in which row of the roster a card failed.
type RowError struct {
	Row int
	Err error
}

func (e *RowError) Error() string { return fmt.Sprintf("row %d: %v", e.Row, e.Err) }

func (e *RowError) Unwrap() error { return e.Err }

func rowError(row int, err error) error { return &RowError{row, err} }
