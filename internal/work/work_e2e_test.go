//go:build e2e

package work_test

import "testing"

func TestThousandMails(t *testing.T) { checkMany(t, 1000) }
