//go:build e2e

package main

import (
	"fmt"
	"os"
	"path/filepath"
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
