//go:build e2e

package scan

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestReadRefusesFiles(t *testing.T) {
	b, _ := sampleCard(t)
	long := strings.Repeat("0 0 1 1 re ", MaxContent/11+1)
	for _, tt := range []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, ErrNotPDF},
		{"text", []byte("a,b,c\n"), ErrNotPDF},
		{"header alone", []byte("%PDF-1.4\n"), ErrNotPDF},
		{"cut", b[:len(b)/3], ErrNotPDF},
		{"large", make([]byte, MaxFile+1), ErrTooLarge},
		{"page content", document("", long), ErrTooLarge},
		{"rectangles", document("", strings.Repeat("0 0 1 1 re f ", maxRects+1)), ErrTooLarge},
		{"forms in themselves", document("/Fm Do /Fm Do /Fm Do", "/Fm Do"), ErrTooLarge},
		{"saved states", document("", strings.Repeat("q ", maxSaved+1)), ErrTooLarge},
		{"pages", document("", make([]string, MaxPages+1)...), ErrTooLarge},
		{"all pages together", document("", pages(maxTotal/MaxContent+1, strings.Repeat(" ", MaxContent-100))...), ErrTooLarge},
	} {
		started := time.Now()
		if got, err := codes(tt.data); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %q, %v; want %v", tt.name, got, err, tt.want)
		}
		if took := time.Since(started); took > MaxTime+MaxTime/2 { // the clock is looked at between two pieces of work
			t.Errorf("%s: took %v", tt.name, took)
		}
	}
}
