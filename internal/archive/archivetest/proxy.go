package archivetest

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
	"time"
)

// Fault is what a Proxy does to a request.
type Fault int

// The faults. All but None and Slow break a request.
const (
	None       Fault = iota
	Refuse           // 503 SlowDown, as Amazon's servers answer under load
	CutRequest       // the connection ends while the body is sent, and the server never sees it
	CutAnswer        // the connection ends in the middle of the answer's body
	LoseAnswer       // the server does what is asked, and the connection ends before it says so
	Alter            // one byte of the body is changed on the way to the server
	Slow             // the answer takes half a second
)

// Proxy stands in front of a server.
type Proxy struct {
	Address string       // host:port on this machine
	Faults  atomic.Int64 // how many requests met one
	plan    atomic.Pointer[func(*http.Request) Fault]
}

// Front puts a proxy in front of a server. It passes everything on until Plan says otherwise.
func (s *Server) Front(t testing.TB) *Proxy {
	t.Helper()
	p := &Proxy{}
	p.Plan(func(*http.Request) Fault { return None })
	target, err := url.Parse(s.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	reverse := &httputil.ReverseProxy{
		// versitygw 1.8.0 refuses some writes before it has read the body, and may take the rest of that for the next request of the connection.
		Transport: &http.Transport{DisableKeepAlives: true},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // it is signed
		},
		// What was broken off on purpose is no news.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.pass(reverse, w, r) }))
	t.Cleanup(front.Close)
	p.Address = front.Listener.Addr().String()
	return p
}

// Endpoint is the proxy's origin.
func (p *Proxy) Endpoint() string { return "http://" + p.Address }

// Plan says from now on which fault a request meets. Many goroutines ask it.
func (p *Proxy) Plan(plan func(*http.Request) Fault) { p.plan.Store(&plan) }

// EveryNth is a plan that has a fault for every nth of the requests that it is about.
func EveryNth(n int64, fault Fault, about func(*http.Request) bool) func(*http.Request) Fault {
	var seen atomic.Int64
	return func(r *http.Request) Fault {
		if about(r) && seen.Add(1)%n == 0 {
			return fault
		}
		return None
	}
}

func (p *Proxy) pass(reverse http.Handler, w http.ResponseWriter, r *http.Request) {
	fault := (*p.plan.Load())(r)
	if fault != None {
		p.Faults.Add(1)
	}
	switch fault {
	case Refuse:
		refuse(w, r, http.StatusServiceUnavailable, "SlowDown")
		return
	case CutRequest:
		_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
		panic(http.ErrAbortHandler)
	case LoseAnswer:
		reverse.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case CutAnswer:
		w = &cutting{ResponseWriter: w}
	case Alter:
		r.Body = &altering{ReadCloser: r.Body}
	case Slow:
		time.Sleep(500 * time.Millisecond)
	}
	reverse.ServeHTTP(w, r)
}

func refuse(w http.ResponseWriter, r *http.Request, status int, code string) {
	_, _ = io.Copy(io.Discard, r.Body) // as a server does that answers after the body
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code><Message>The proxy of the test says so.</Message></Error>")
}

// cutting breaks an answer off after half of its first write.
type cutting struct{ http.ResponseWriter }

func (c *cutting) Write(b []byte) (int, error) {
	_, _ = c.ResponseWriter.Write(b[:len(b)/2])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

// altering changes the first byte of a body.
type altering struct {
	io.ReadCloser
	done bool
}

func (a *altering) Read(b []byte) (int, error) {
	n, err := a.ReadCloser.Read(b)
	if n > 0 && !a.done {
		b[0] ^= 1
		a.done = true
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
