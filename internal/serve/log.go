package serve

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// logDelay is how long a line may wait for others: whoever reads the log, such as the journal, would be woken up for
	// every request, on the cores that answer them.
	logDelay = 200 * time.Millisecond
	// logBuffer is how many bytes wait at most.
	logBuffer = 32 << 10
)

// NewLog is the server's log, from a level on: one JSON object a line. What is of level INFO may wait for 200 ms before it is
// written; Site.Close writes what still waits.
func NewLog(w io.Writer, from slog.Level) *slog.Logger {
	late := &lateWriter{to: w}
	return slog.New(lateHandler{slog.NewJSONHandler(late, &slog.HandlerOptions{Level: from}), late})
}

// lateHandler writes at once from WARN on: whoever looks for the reason of a fall finds it.
type lateHandler struct {
	slog.Handler
	late *lateWriter
}

func (h lateHandler) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		h.Flush()
	}
	return err
}

func (h lateHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return lateHandler{h.Handler.WithAttrs(attrs), h.late}
}

func (h lateHandler) WithGroup(name string) slog.Handler {
	return lateHandler{h.Handler.WithGroup(name), h.late}
}

// Flush writes what waits.
func (h lateHandler) Flush() { h.late.flush() }

// flushLog writes what waits in a log of NewLog.
func flushLog(log *slog.Logger) {
	if f, ok := log.Handler().(interface{ Flush() }); ok {
		f.Flush()
	}
}

// lateWriter gathers lines, in order.
type lateWriter struct {
	mu    sync.Mutex
	to    io.Writer
	wait  []byte
	timer *time.Timer
}

func (l *lateWriter) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.wait) == 0 {
		if l.timer == nil {
			l.timer = time.AfterFunc(logDelay, l.flush)
		} else {
			l.timer.Reset(logDelay)
		}
	}
	l.wait = append(l.wait, line...)
	if len(l.wait) >= logBuffer {
		l.write()
	}
	return len(line), nil
}

func (l *lateWriter) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write()
}

// write may keep the others waiting where nobody reads the log: better slow than without a trace.
func (l *lateWriter) write() {
	if len(l.wait) == 0 {
		return
	}
	_, _ = l.to.Write(l.wait) // there is no other place to complain to
	l.wait = l.wait[:0]
}
