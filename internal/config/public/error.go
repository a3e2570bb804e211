package public

import (
	"fmt"
	"strings"
)

// Error is a configuration that can't be used. It says where, what, and what to do.
type Error struct {
	File string // as it was asked for
	Key  string // such as server.rate_limit.per_client; empty where the fault is of the whole file
	Text string // reads on after the key
	Hint string // what to do
	Err  error  // what the system said; may be nil
}

func (e *Error) Error() string {
	where := e.File
	if e.Key != "" {
		where += ": " + e.Key
	}
	text := where + " " + e.Text
	if e.Key == "" {
		text = where + ": " + e.Text
	}
	if e.Err != nil {
		text += ": " + strings.Join(strings.Fields(e.Err.Error()), " ") // YAML's own messages have several lines
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// at names the file in an error that a check of one key made.
func at(file string, err error) error {
	if e, ok := err.(*Error); ok && e != nil {
		e.File = file
		return e
	}
	return fmt.Errorf("%s: %w", file, err)
}

// Invalid is the error of one key's value. The text reads on after the key.
func Invalid(key, text, hint string) *Error { return &Error{Key: key, Text: text, Hint: hint} }
