//go:build !linux

package pgtest

import "os/exec"

// runAsUser does nothing here: the tests have to run as a user whom the server takes.
func runAsUser(*exec.Cmd) {}

// endWithThread does nothing here: a test that is killed leaves its server behind.
func endWithThread(*exec.Cmd) {}
