package httpd

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestProxies(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("2001:db8::/32")}
	for name, tc := range map[string]struct {
		trusted []netip.Prefix
		peer    string
		lines   []string
		want    string
	}{
		"nobody is trusted":              {nil, "10.0.0.1:1", []string{"192.0.2.7"}, "10.0.0.1:1"},
		"a stranger's word":              {trusted, "192.0.2.1:1", []string{"192.0.2.7"}, "192.0.2.1:1"},
		"a proxy's word":                 {trusted, "10.0.0.1:1", []string{"192.0.2.7"}, "192.0.2.7:0"},
		"a proxy mapped into IPv6":       {trusted, "[::ffff:10.0.0.1]:1", []string{"192.0.2.7"}, "192.0.2.7:0"},
		"a proxy that says nothing":      {trusted, "10.0.0.1:1", nil, "10.0.0.1:1"},
		"an empty header":                {trusted, "10.0.0.1:1", []string{""}, "10.0.0.1:1"},
		"what the client wrote before":   {trusted, "10.0.0.1:1", []string{"203.0.113.9, 192.0.2.7"}, "192.0.2.7:0"},
		"the same in another line":       {trusted, "10.0.0.1:1", []string{"203.0.113.9", "192.0.2.7"}, "192.0.2.7:0"},
		"proxies in a row":               {trusted, "10.0.0.1:1", []string{"203.0.113.9, 192.0.2.7, 10.1.1.1,127.0.0.1"}, "192.0.2.7:0"},
		"proxies alone":                  {trusted, "10.0.0.1:1", []string{"10.9.9.9, 10.1.1.1"}, "10.9.9.9:0"},
		"a name":                         {trusted, "10.0.0.1:1", []string{"192.0.2.7, localhost"}, "10.0.0.1:1"},
		"unknown":                        {trusted, "10.0.0.1:1", []string{"unknown"}, "10.0.0.1:1"},
		"rubbish behind a proxy":         {trusted, "10.0.0.1:1", []string{"rubbish, 10.1.1.1"}, "10.1.1.1:0"},
		"an empty entry at the end":      {trusted, "10.0.0.1:1", []string{"192.0.2.7,"}, "10.0.0.1:1"},
		"with a port":                    {trusted, "10.0.0.1:1", []string{"192.0.2.7:4711"}, "192.0.2.7:0"},
		"IPv6":                           {trusted, "[2001:db8::1]:1", []string{"2a00::7"}, "[2a00::7]:0"},
		"IPv6 in brackets":               {trusted, "10.0.0.1:1", []string{"[2a00::7]"}, "[2a00::7]:0"},
		"IPv6 with a port":               {trusted, "10.0.0.1:1", []string{"[2a00::7]:4711"}, "[2a00::7]:0"},
		"a zone":                         {trusted, "10.0.0.1:1", []string{"fe80::1%eth0"}, "10.0.0.1:1"},
		"an address in decimal":          {trusted, "10.0.0.1:1", []string{"3221225985"}, "10.0.0.1:1"},
		"an address with leading zeros":  {trusted, "10.0.0.1:1", []string{"192.000.002.007"}, "10.0.0.1:1"},
		"no address at all":              {trusted, "10.0.0.1:1", []string{"0.0.0.0"}, "10.0.0.1:1"},
		"a line break in it":             {trusted, "10.0.0.1:1", []string{"192.0.2.7\n"}, "10.0.0.1:1"},
		"a peer that is a Unix socket":   {trusted, "@", []string{"192.0.2.7"}, "@"},
		"the client's own spoofed proxy": {trusted, "10.0.0.1:1", []string{"127.0.0.1, 192.0.2.7"}, "192.0.2.7:0"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = tc.peer
			r.Header["X-Forwarded-For"] = tc.lines
			got := ""
			Proxies{tc.trusted, "X-Forwarded-For"}.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr })).
				ServeHTTP(httptest.NewRecorder(), r)
			if got != tc.want || r.RemoteAddr != tc.peer {
				t.Errorf("got %s, want %s; the request itself has %s", got, tc.want, r.RemoteAddr)
			}
		})
	}
}

// Only the header that was configured counts.
func TestProxiesReadOneHeader(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "10.0.0.1:1"
	r.Header.Set("X-Forwarded-For", "192.0.2.7")
	r.Header.Set("X-Real-Ip", "192.0.2.8")
	r.Header.Set("Forwarded", "for=192.0.2.9")
	p := Proxies{[]netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}, "x-real-ip"}
	if got, ok := p.clientOf(r); !ok || got.String() != "192.0.2.8" {
		t.Errorf("got %s, %v, want the address in X-Real-IP", got, ok)
	}
}

// A list of hops that never ends costs no more than one look at it.
func FuzzHop(f *testing.F) {
	for _, text := range []string{"192.0.2.7", "[2a00::7]:1", "[::", "]", "unknown", " 10.0.0.1\t", "::ffff:10.0.0.1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, ok := parseHop(text)
		if ok != a.IsValid() || a.Zone() != "" || a.Is4In6() {
			t.Errorf("%q: got %v, %v", text, a, ok)
		}
	})
}
