package register

import (
	"errors"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// endInSilence has the system give a connection up when nothing of what was sent was acknowledged for as long as silence (TCP_USER_TIMEOUT,
// RFC 5482).
func endInSilence(network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(silence.Milliseconds()))
	})
	return errors.Join(err, failed)
}
