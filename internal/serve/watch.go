package serve

import (
	"cmp"
	"context"
	"errors"
	"net"
	"os"
	"time"

	"github.com/cardproof/cardproof/internal/httpd/monitor"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/verify"
)

func newMonitor(o Options, ready func(context.Context) error) *monitor.Monitor {
	host, _, _ := net.SplitHostPort(o.Server.Monitor.Listen) // none where there is no monitor
	return monitor.New(monitor.Options{
		Host:    host,
		Version: cmp.Or(o.Version, "development"),
		Known:   func(outcome string) bool { return verify.Code(outcome).Message() != "" },
		Kind:    failureOf,
		KeySetTime: func() time.Time {
			info, err := os.Stat(o.JWKS)
			if err != nil {
				return time.Time{}
			}
			return info.ModTime()
		},
		Ready: ready,
		Now:   o.Now,
	})
}

// failures are the ways in which the register fails, each in a word for the monitor.
var failures = []struct {
	err  error
	word string
}{
	{register.ErrMissing, "missing"}, {register.ErrCorrupt, "corrupt"}, {register.ErrForeign, "foreign"}, {register.ErrServer, "server"}, {register.ErrAccess, "access"},
	{register.ErrBusy, "busy"}, {register.ErrFull, "full"}, {register.ErrNewer, "version"}, {register.ErrOlder, "version"},
	{register.ErrExchanged, "exchanged"}, {register.ErrUnreachable, "unreachable"}, {register.ErrBehind, "behind"}, {context.DeadlineExceeded, "slow"},
	{verify.ErrAltered, "altered"}, {verify.ErrOlder, "older"},
}

// failureOf says why the register did not answer. A client that hung up is no failure of it.
func failureOf(err error) string {
	if errors.Is(err, context.Canceled) {
		return ""
	}
	for _, f := range failures {
		if errors.Is(err, f.err) {
			return f.word
		}
	}
	return "other"
}
