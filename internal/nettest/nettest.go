//go:build linux

// Package nettest has hosts of their own for tests, each in a network namespace, on a switch whose cables a test can cut. Only tests import it.
package nettest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Network is the network that all hosts are in.
const Network = "10.91.0.0/24"

// Host is a network with one card and an address on the switch. It is gone with the test, also where that is killed: nothing has a name
// outside the process.
type Host struct {
	Address string // without a port
	name    string
	space   *os.File
	at      *os.File // the switch
}

// New makes hosts on one switch, in the order of their names.
func New(t testing.TB, names ...string) []*Host {
	t.Helper()
	at, err := newSpace()
	if err != nil {
		t.Fatalf("a network namespace wants root, or a kernel that lets every user make one: %v", err)
	}
	t.Cleanup(func() { at.Close() })
	if err := ip(at, nil, "link add name switch type bridge", "link set dev switch up"); err != nil {
		t.Fatal(err)
	}
	hosts := make([]*Host, len(names))
	for i, name := range names {
		space, err := newSpace()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { space.Close() })
		h := &Host{Address: fmt.Sprint("10.91.0.", i+1), name: name, space: space, at: at}
		if err := errors.Join(
			ip(at, space, "link add name "+h.port()+" type veth peer name cable netns /proc/self/fd/3", "link set dev "+h.port()+" master switch up"),
			ip(space, nil, "link set dev lo up", "address add "+h.Address+"/24 dev cable", "link set dev cable up"),
		); err != nil {
			t.Fatal(err)
		}
		hosts[i] = h
	}
	return hosts
}

func (h *Host) port() string { return "to-" + h.name }

// newSpace makes a network namespace. It lives as long as its file is open, or a process is in it.
func newSpace() (space *os.File, err error) {
	made := make(chan struct{})
	go func() {
		defer close(made)
		runtime.LockOSThread() // and never unlocks: the thread ends with the goroutine
		if err = unix.Unshare(unix.CLONE_NEWNET); err == nil {
			space, err = os.Open("/proc/thread-self/ns/net")
		}
	}()
	<-made
	return space, err
}

func enter(space *os.File) error { return unix.Setns(int(space.Fd()), unix.CLONE_NEWNET) }

// inside runs do in a namespace, on a thread that ends then.
func inside(space *os.File, do func() error) (err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if err = enter(space); err == nil {
			err = do()
		}
	}()
	<-done
	return err
}

// Enter moves the calling thread to the host. The caller has locked its goroutine to the thread, and never unlocks it.
func (h *Host) Enter() error { return enter(h.space) }

// ip has ip(8) carry out commands in a namespace, with another one as its file 3.
func ip(space, third *os.File, lines ...string) error {
	cmd := exec.Command("ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	cmd.ExtraFiles = []*os.File{third}
	var said []byte
	err := inside(space, func() (err error) {
		said, err = cmd.CombinedOutput()
		return err
	})
	if err != nil {
		return fmt.Errorf("ip (of the package iproute2): %w: %s", err, said)
	}
	return nil
}

// Program is a program that does what another one does, but on the host.
func (h *Host) Program(t testing.TB, path string) string {
	t.Helper()
	there := filepath.Join(t.TempDir(), filepath.Base(path))
	script := fmt.Sprintf("#!/bin/sh\nexec nsenter --net=/proc/%d/fd/%d -- '%s' \"$@\"\n", os.Getpid(), h.space.Fd(), path)
	if err := os.WriteFile(there, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return there
}

// Dial opens a connection from the host.
func (h *Host) Dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	err = inside(h.space, func() (err error) {
		conn, err = (&net.Dialer{}).DialContext(ctx, network, address) // to an address: a name would be looked up on another thread
		return err
	})
	return conn, err
}

// Client asks from the host, each time by a connection of its own.
func (h *Host) Client(limit time.Duration) *http.Client {
	return &http.Client{Timeout: limit, Transport: &http.Transport{DialContext: h.Dial, DisableKeepAlives: true}}
}

// Cut takes every word between hosts away and tells none of them: no answer comes, and no refusal. They still reach all others.
func Cut(t testing.TB, hosts ...*Host) { t.Helper(); isolate(t, hosts, "on") }

// Mend takes a Cut back.
func Mend(t testing.TB, hosts ...*Host) { t.Helper(); isolate(t, hosts, "off") }

func isolate(t testing.TB, hosts []*Host, to string) {
	t.Helper()
	var lines []string
	for _, h := range hosts { // isolated ports of a bridge hand on nothing to each other
		lines = append(lines, "link set dev "+h.port()+" type bridge_slave isolated "+to)
	}
	if err := ip(hosts[0].at, nil, lines...); err != nil {
		t.Fatal(err)
	}
}

// Unplug pulls the cable of a host, which sees that.
func (h *Host) Unplug(t testing.TB) {
	t.Helper()
	if err := ip(h.at, nil, "link set dev "+h.port()+" down"); err != nil {
		t.Fatal(err)
	}
}

// Plug puts the cable in again.
func (h *Host) Plug(t testing.TB) {
	t.Helper()
	if err := ip(h.at, nil, "link set dev "+h.port()+" up"); err != nil {
		t.Fatal(err)
	}
}
