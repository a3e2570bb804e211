package serve

import (
	"io"
	"log/slog"
)

// NewLog is the server's log, from a level on: one JSON object a line.
func NewLog(w io.Writer, from slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: from}))
}
