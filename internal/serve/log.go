package serve

import (
	"io"
	"log/slog"
)

// NewLog is the server's log: one JSON object a line.
func NewLog(w io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(w, nil)) }
