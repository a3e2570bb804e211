//go:build e2e

package bundle

import (
	"testing"
	"unicode"
)

func TestFileNameOfEveryCharacter(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r%101 != 0 && !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cc, unicode.Cf) {
			continue // of a million that stand for nothing, some are enough
		}
		checkName(t, string(r))
		if r < 0x3000 {
			for _, holder := range []string{"a" + string(r), string(r) + "b", ";" + string(r) + "b"} {
				checkName(t, holder)
			}
		}
		if t.Failed() {
			return
		}
	}
}
