//go:build e2e

package main

import (
	"bytes"
	"fmt"
	"os/exec"
)

// haproxy is the path of HAProxy, which is not in everybody's PATH.
func haproxy() string {
	if path, err := exec.LookPath("haproxy"); err == nil {
		return path
	}
	return "/usr/sbin/haproxy"
}

// balancer runs HAProxy in front of servers, as docs/scale.md has it, until the test ends.
func (c *centreDir) balancer(program, at string, servers ...string) (said *bytes.Buffer) {
	c.t.Helper()
	config := "defaults\n mode http\n timeout connect 2s\n timeout client 15s\n timeout server 15s\nfrontend in\n bind " + at + "\n default_backend cards\n" +
		"backend cards\n option httpchk GET /readyz\n default-server check inter 1s fall 2 rise 2\n timeout check 4s\n option redispatch\n"
	for i, address := range servers {
		config += fmt.Sprintf(" server s%d %s\n", i, address)
	}
	cmd := exec.Command(program, "-db", "-f", c.write("haproxy.cfg", config))
	said = &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has nothing to keep
		_ = cmd.Wait()
	})
	return said
}
