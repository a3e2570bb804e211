package httpd

import (
	"net"
	"net/netip"
	"sync"

	"golang.org/x/net/netutil"
)

// Connections bound how many connections are open at once. A limit of 0 is none.
type Connections struct {
	PerClient int            // of one IPv4 address or one /64 of IPv6; what is over it is closed unanswered
	Total     int            // what is over it waits to be accepted
	Exempt    []netip.Prefix // networks of proxies, which stand for many clients
}

// Limit is ln with the limits.
func (c Connections) Limit(ln net.Listener) net.Listener {
	if c.Total > 0 {
		ln = netutil.LimitListener(ln, c.Total)
	}
	if c.PerClient <= 0 {
		return ln
	}
	return &fairListener{Listener: ln, limits: c, open: make(map[netip.Prefix]int)}
}

// fairListener keeps one client from taking all connections.
type fairListener struct {
	net.Listener
	limits Connections

	mu   sync.Mutex
	open map[netip.Prefix]int // connections of each network that has any
}

// Accept waits for a connection of a client that is within its limit.
func (l *fairListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		remote := conn.RemoteAddr().String()
		if a, ok := addrOf(remote); !ok || (Proxies{Trusted: l.limits.Exempt}).trusts(a) {
			return conn, nil
		}
		network := networkOf(remote)
		if l.take(network) {
			return &countedConn{Conn: conn, done: sync.OnceFunc(func() { l.give(network) })}, nil
		}
		conn.Close() // nothing was read or written that could be lost
	}
}

func (l *fairListener) take(network netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[network] >= l.limits.PerClient {
		return false
	}
	l.open[network]++
	return true
}

func (l *fairListener) give(network netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[network]--; l.open[network] <= 0 {
		delete(l.open, network)
	}
}

// countedConn gives its place back when it closes.
type countedConn struct {
	net.Conn
	done func()
}

// Close closes the connection and gives its place back.
func (c *countedConn) Close() error {
	defer c.done()
	return c.Conn.Close()
}
