package httpd

import (
	"net/http"
	"net/netip"
	"strings"
)

// Proxies says whose word about a client's address counts, and in which header it stands. The zero value believes nobody.
type Proxies struct {
	Trusted []netip.Prefix
	Header  string // such as X-Forwarded-For: addresses between commas, the nearest last
}

// Wrap hands each request of a trusted proxy to next with the client's address as its RemoteAddr. What anybody else says in
// the header is passed over.
func (p Proxies) Wrap(next http.Handler) http.Handler {
	if len(p.Trusted) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if client, ok := p.clientOf(r); ok {
			behind := *r // a handler may not change the request that it was given
			behind.RemoteAddr = netip.AddrPortFrom(client, 0).String()
			r = &behind
		}
		next.ServeHTTP(w, r)
	})
}

// clientOf is the address that is furthest from us of those that a trusted proxy vouches for: from the right, the first that is
// none of our proxies. It is false where the peer itself has to count, because it is no proxy, or its list can't be read.
func (p Proxies) clientOf(r *http.Request) (netip.Addr, bool) {
	peer, ok := addrOf(r.RemoteAddr)
	if !ok || !p.trusts(peer) {
		return netip.Addr{}, false
	}
	// Several lines of a header are one list (RFC 9110, section 5.3).
	list := strings.Join(r.Header.Values(p.Header), ",")
	if list == "" {
		return netip.Addr{}, false
	}
	var client netip.Addr
	for list != "" {
		at := strings.LastIndexByte(list, ',')
		hop, ok := parseHop(list[at+1:])
		if !ok {
			break // what stands before it, nobody can vouch for
		}
		client = hop
		if !p.trusts(hop) || at < 0 {
			break
		}
		list = list[:at]
	}
	return client, client.IsValid()
}

// parseHop reads one entry of the list: an address, with or without a port, an IPv6 one with or without brackets. A name, a
// zone and "unknown" are none.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.Trim(text, " \t")
	if len(text) > 64 {
		return netip.Addr{}, false
	}
	if inner, ok := strings.CutPrefix(text, "["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); ok {
			text = inner
		}
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		ap, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		a = ap.Addr()
	}
	if a.Zone() != "" || a.IsUnspecified() {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

func (p Proxies) trusts(a netip.Addr) bool {
	for _, network := range p.Trusted {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// addrOf is the address in a RemoteAddr.
func addrOf(remote string) (netip.Addr, bool) {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}, false
	}
	return ap.Addr().Unmap().WithZone(""), true
}
