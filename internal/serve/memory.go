package serve

import (
	"os"
	"runtime/debug"
)

const (
	// heapGrowth is in per cent of what lives. Little lives between two requests, so that by Go's own 100 the server would clear
	// up after every few hundred of them, for a quarter of its time.
	heapGrowth = 400
	// softMemory is in bytes. From there on it clears up as often as it takes.
	softMemory = 56 << 20
)

// spendMemory trades memory for time while the server runs, unless GOGC or GOMEMLIMIT say otherwise. What it returns puts it back.
func spendMemory() (back func()) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	growth, limit := debug.SetGCPercent(heapGrowth), debug.SetMemoryLimit(softMemory)
	return func() {
		debug.SetGCPercent(growth)
		debug.SetMemoryLimit(limit)
	}
}
