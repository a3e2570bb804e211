package pgtest

import (
	"os/exec"
	"syscall"
)

// runAsUser has a program run as another user: the server refuses root.
func runAsUser(cmd *exec.Cmd) {
	if uid, gid, other := runAs(); other {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	}
}

// endWithThread has a program end with the thread that starts it, so that a test that is killed leaves none behind.
func endWithThread(cmd *exec.Cmd) { cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT }
