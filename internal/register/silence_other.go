//go:build !linux

package register

import "syscall"

// endInSilence does nothing where the system knows no such limit: there the probes alone find out.
func endInSilence(string, string, syscall.RawConn) error { return nil }
