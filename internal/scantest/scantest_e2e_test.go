//go:build e2e

package scantest

import (
	"os/exec"
	"strings"
	"testing"
)

// Few cards, but in every way: the command still runs, nobody reads a card wrongly, and every undamaged one is read.
func TestScanTest(t *testing.T) {
	cmd := exec.Command("../../scripts/scan-test", "--cards", "4", "--dpi", "150", "300", "--damaged", "300")
	cmd.Env = append(cmd.Environ(), "SCAN_TEST_NPM=no")
	out, err := cmd.CombinedOutput()
	// A few cards prove nothing about the share of all pictures, which is the full run's business.
	if !strings.Contains(string(out), "Wrong readings: 0.") || strings.Contains(string(out), "unread, undamaged") {
		t.Errorf("%v:\n%s", err, out)
	}
	if !strings.Contains(string(out), "| coffee ring | 300 |") {
		t.Errorf("no table:\n%s", out)
	}
}
