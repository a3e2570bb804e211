// Package monitor is what the server's own people look at: numbers for Prometheus, profiles, and whether the server answers.
// It stands on a listener of its own. Nothing in it names a card, a holder, a token or a client: every label has one of a
// few values that are known beforehand.
package monitor

import (
	"context"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/cardproof/cardproof/internal/httpd"
)

// Options is what New needs.
type Options struct {
	Version string
	Host    string // the name in the address that it listens at; empty for none
	// Known says whether an outcome is one of a few, such as a verdict's code. Any other one is counted as "other".
	Known func(outcome string) bool
	// Kind says in a word why the register could not be asked, and "" for an error that is not about it. Its words are few.
	Kind func(err error) string
	// KeySetTime is when the file of public keys was written; the zero time where that can't be seen.
	KeySetTime func() time.Time
	Ready      func(context.Context) error
	Now        func() time.Time
}

// Monitor counts requests. It is safe for concurrent use.
type Monitor struct {
	options  Options
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	cards    *prometheus.CounterVec
	took     *prometheus.HistogramVec
	limited  prometheus.Counter
	register *prometheus.CounterVec
}

// New makes a monitor with a registry of its own.
func New(o Options) *Monitor {
	m := &Monitor{
		options:  o,
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "cardproof_requests_total",
			Help: "Requests that were answered, by the route's pattern, the class of the status, and the outcome, such as a verdict's code."},
			[]string{"route", "status", "outcome"}),
		cards: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "cardproof_cards_total",
			Help: "Cards that were asked about, alone, in a list or in a file, by the verdict's code and the state of a file that is not to be relied on."},
			[]string{"code", "file"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "cardproof_request_seconds",
			Help:    "Time from a request's header to the end of its answer, by the route's pattern.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}},
			[]string{"route"}),
		limited: prometheus.NewCounter(prometheus.CounterOpts{Name: "cardproof_rate_limited_total",
			Help: "Requests that a rate limit refused."}),
		register: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "cardproof_register_errors_total",
			Help: "Questions that the register did not answer, by the kind of failure."},
			[]string{"kind"}),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "cardproof_build_info", Help: "1, with the versions as labels."}, []string{"version", "go"})
	build.WithLabelValues(o.Version, runtime.Version()).Set(1)
	age := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "cardproof_key_set_age_seconds",
		Help: "Time since the file of public keys was written; -1 where it can't be seen."}, m.keySetAge)
	m.registry.MustRegister(m.requests, m.cards, m.took, m.limited, m.register, build, age,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *Monitor) keySetAge() float64 {
	written := m.options.KeySetTime()
	if written.IsZero() {
		return -1
	}
	return m.options.Now().Sub(written).Seconds()
}

// Observe counts one request.
func (m *Monitor) Observe(s httpd.Seen) {
	outcome := s.Outcome
	if outcome != "" && !m.options.Known(outcome) {
		outcome = "other" // such as "list of 17"
	}
	m.requests.WithLabelValues(s.Route, strconv.Itoa(s.Status/100)+"xx", outcome).Inc()
	for c, n := range s.Cards {
		if !m.options.Known(c.Code) {
			c.Code = "other"
		}
		m.cards.WithLabelValues(c.Code, c.File).Add(float64(n))
	}
	m.took.WithLabelValues(s.Route).Observe(s.Took.Seconds())
	if s.Status == http.StatusTooManyRequests {
		m.limited.Inc()
	}
	if s.Err == nil {
		return
	}
	if kind := m.options.Kind(s.Err); kind != "" {
		m.register.WithLabelValues(kind).Inc()
	}
}

// readyTime bounds the question whether the server is ready.
const readyTime = 3 * time.Second

// Handler serves the numbers at /metrics, profiles at /debug/pprof/, /healthz and /readyz.
func (m *Monitor) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTime)
		defer cancel()
		if err := m.options.Ready(ctx); err != nil {
			say(w, http.StatusServiceUnavailable, "not ready: "+err.Error()+"\n") // whoever is here may know why
			return
		}
		say(w, http.StatusOK, "ready\n")
	})
	return m.ownHosts(mux)
}

// ownHosts answers those who know the monitor by its address or by a name of the own network. A name with a dot may be anybody's, who
// leads a browser of this machine here by it and reads the answers (DNS rebinding).
func (m *Monitor) ownHosts(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = strings.Trim(r.Host, "[]")
		}
		_, err = netip.ParseAddr(host)
		if err != nil && strings.Contains(host, ".") && !strings.EqualFold(host, m.options.Host) {
			say(w, http.StatusMisdirectedRequest, "Ask by the IP address, or by the name in server.monitor.listen.\n")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // the client went away: nobody is left to tell
}
