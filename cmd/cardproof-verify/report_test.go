package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/internal/register"
)

// A server that can't hold a register is told from a register of another centre.
func TestServerThatCannotHoldARegister(t *testing.T) {
	code, hint := advise(fmt.Errorf("open the register: %w: the database's encoding is LATIN1", register.ErrServer))
	if code != exitRegister || !strings.Contains(hint, "PostgreSQL 15 or newer, and a database in UTF8") {
		t.Errorf("got %d, %q", code, hint)
	}
}
