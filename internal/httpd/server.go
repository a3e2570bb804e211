// Package httpd is the house that every public page of Cardproof lives in: a server with limits on time and size,
// security headers from one place, one way from an error to a response, an access log that keeps no secret, and
// rate limits.
package httpd

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Config bounds what one connection may take. A zero value means the default.
type Config struct {
	ReadHeaderTimeout time.Duration // 5 s
	ReadTimeout       time.Duration // 15 s, the body included
	WriteTimeout      time.Duration // 45 s, the handler included
	IdleTimeout       time.Duration // 120 s between two requests of a connection
	StopTimeout       time.Duration // 10 s for open requests once the server has to stop
	MaxHeaderBytes    int           // 16 KiB: a token as digits has 4,096 characters, and it stands in the request line
	TLS               *tls.Config   // nil for plain HTTP
	Log               *slog.Logger  // for what net/http complains of; nil for none
}

// Serve answers the connections of ln until ctx is done; then it takes no new ones and lets open requests finish, for
// StopTimeout at most. It closes ln. The error is nil after a stop that was asked for and in time.
func Serve(ctx context.Context, ln net.Listener, h http.Handler, c Config) error {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: orDefault(c.ReadHeaderTimeout, 5*time.Second),
		ReadTimeout:       orDefault(c.ReadTimeout, 15*time.Second),
		WriteTimeout:      orDefault(c.WriteTimeout, 45*time.Second),
		IdleTimeout:       orDefault(c.IdleTimeout, 120*time.Second),
		MaxHeaderBytes:    orDefault(c.MaxHeaderBytes, 16<<10),
		TLSConfig:         c.TLS,
		ErrorLog:          slog.NewLogLogger(complaints{c.Log}, slog.LevelWarn),

		DisableGeneralOptionsHandler: true, // "OPTIONS *" is a request as any other, for limits and log
	}
	served := make(chan error, 1)
	go func() {
		if c.TLS != nil {
			served <- s.ServeTLS(ln, "", "")
			return
		}
		served <- s.Serve(ln)
	}()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	// ctx is over, and the open requests are owed some time that is not.
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), orDefault(c.StopTimeout, 10*time.Second))
	defer cancel()
	err := s.Shutdown(stop)
	if err != nil {
		err = errors.Join(fmt.Errorf("stop: %w", err), s.Close())
	}
	if e := <-served; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

func orDefault[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}

// complaints passes on what net/http writes to its ErrorLog, cut where an address of a client would follow.
type complaints struct{ log *slog.Logger }

func (c complaints) Enabled(context.Context, slog.Level) bool { return c.log != nil }

func (c complaints) Handle(ctx context.Context, r slog.Record) error {
	text := []byte(r.Message)
	for _, before := range []string{" from ", " serving "} {
		text, _, _ = bytes.Cut(text, []byte(before))
	}
	c.log.LogAttrs(ctx, slog.LevelWarn, "http server", slog.String("says", string(text)))
	return nil
}

func (c complaints) WithAttrs([]slog.Attr) slog.Handler { return c }
func (c complaints) WithGroup(string) slog.Handler      { return c }
