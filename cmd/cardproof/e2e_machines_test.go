//go:build e2e

package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkIssueByLayers issues 1,000 cards with the register in a file, in a database, and by workers beside the command, on this one machine. What
// differs is the cost of the layers: the processors' time of the programs and of the database's server.
//
//	go test -tags e2e -run '^$' -bench IssueByLayers -benchtime 1x ./cmd/cardproof
func BenchmarkIssueByLayers(b *testing.B) {
	const rows = 1000
	b.Run("sqlite", func(b *testing.B) {
		c := newCentre(b)
		issueMeasured(b, c, rows, "issue", c.roster(rows), "--out", "out")
	})
	b.Run("postgres", func(b *testing.B) {
		c := newQueueCentre(b)
		issueMeasured(b, c, rows, "issue", c.roster(rows), "--out", "out")
	})
	for workers := 1; workers <= 3; workers++ {
		b.Run(fmt.Sprintf("queue-%d", workers), func(b *testing.B) {
			c := newQueueCentre(b)
			for range workers {
				m := c.newMachine()
				m.t = b
				m.worker()
			}
			time.Sleep(3 * time.Second) // until the workers are there
			issueMeasured(b, c, rows, "issue", c.roster(rows), "--out", "out", "--queue")
		})
	}
}

// BenchmarkVerdictsByLayers has 16 clients ask for 10 s, half by the URL of a QR code, half by number, each time for another of 10,000 cards: one
// server with the register in a file, one and two with it in a database, and these behind a balancer. All are on this one machine, with the
// clients: what differs is the cost of the layers.
//
//	go test -tags e2e -run '^$' -bench VerdictsByLayers -benchtime 1x ./cmd/cardproof
func BenchmarkVerdictsByLayers(b *testing.B) {
	for _, with := range []struct {
		name     string
		database bool
		servers  int
		balanced bool
	}{{"sqlite", false, 1, false}, {"postgres", true, 1, false}, {"balancer-1", true, 1, true}, {"balancer-2", true, 2, true}} {
		b.Run(with.name, func(b *testing.B) {
			var g *growth
			if with.database {
				_, url := newDatabase(b)
				g = &growth{centreDir: newCentreOn(b, url), b: b, at: url}
			} else {
				c := newCentre(b)
				g = &growth{centreDir: c, b: b, at: c.path("data/register.db")}
			}
			g.key = g.signingKey()
			g.growTo(10_000)
			var origin string
			var addresses []string
			for range with.servers {
				_, origin = g.serveProcess()
				addresses = append(addresses, strings.TrimPrefix(origin, "http://"))
			}
			if with.balanced {
				ln, err := net.Listen("tcp", "127.0.0.1:0") // a port that is free
				if err != nil {
					b.Fatal(err)
				}
				at := ln.Addr().String()
				if err := ln.Close(); err != nil {
					b.Fatal(err)
				}
				g.balancer(haproxy(), at, addresses...)
				origin = "http://" + at
				until(b, time.Minute, func() bool { return wantValid(http.DefaultClient, origin+"/"+g.paths[0]) == nil })
			}
			verdictsMeasured(b, g, origin)
		})
	}
}

func verdictsMeasured(b *testing.B, g *growth, origin string) {
	b.Helper()
	const during = 10 * time.Second
	layers := map[string]string{"cpu-us": g.bin, "db-cpu-us": "postgres", "balancer-cpu-us": haproxy()}
	before := map[string]time.Duration{}
	for layer, program := range layers {
		before[layer] = processesTime(b, program)
	}
	times := verdicts(b, origin, g.paths, 16, during)
	for layer, program := range layers {
		b.ReportMetric(float64((processesTime(b, program)-before[layer]).Microseconds())/float64(len(times)), layer+"/verdict")
	}
	slices.Sort(times)
	b.ReportMetric(float64(len(times))/during.Seconds(), "verdicts/s")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(0, "ns/op")
}

func issueMeasured(b *testing.B, c *centreDir, rows int, args ...string) {
	b.Helper()
	programs, database := processesTime(b, c.bin), processesTime(b, "postgres")
	start := time.Now()
	cmd := c.command(append([]string{"--quiet"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	took := time.Since(start)
	own := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime() // it has ended, and is not among the processes
	perCard := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(rows) }
	b.ReportMetric(float64(rows)/took.Seconds(), "cards/s")
	b.ReportMetric(perCard(own+processesTime(b, c.bin)-programs), "cpu-ms/card")
	b.ReportMetric(perCard(processesTime(b, "postgres")-database), "db-cpu-ms/card")
	b.ReportMetric(0, "ns/op")
}

// processesTime is what the processes of a program that run now have used of the processors, with that of their children that have ended.
func processesTime(b *testing.B, program string) (used time.Duration) {
	b.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range stats {
		line, err := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		name, _, _ := strings.Cut(string(line), "\x00")
		if err != nil || name != program && filepath.Base(name) != program && !strings.HasPrefix(name, program+":") {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			used += cpuTime(b, pid)
		}
	}
	return used
}
