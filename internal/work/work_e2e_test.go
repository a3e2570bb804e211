//go:build e2e

package work_test

import "testing"

func TestThousandMails(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, database string) { checkMany(t, database, 1000) })
}
