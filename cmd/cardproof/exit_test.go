package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/internal/register"
)

// A server that can't hold a register is no file of another centre, and the hint says what it has to be.
func TestServerThatCannotHoldARegister(t *testing.T) {
	f := explainRegister(fmt.Errorf("open the register: %w: PostgreSQL 14 is too old", register.ErrServer))
	if f == nil || f.code != exitRegister || !strings.Contains(strings.Join(f.hints, " "), "PostgreSQL 15 or newer, and a database in UTF8") {
		t.Errorf("got %+v", f)
	}
}
