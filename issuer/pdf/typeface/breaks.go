package typeface

import (
	"strings"

	"github.com/go-text/typesetting/segmenter"
)

// Pieces cuts a text where a line may end (UAX #14): behind spaces and hyphens, and between the characters of scripts that
// are written without spaces. A piece ends with the spaces behind it.
func Pieces(text string) []string {
	if text == "" {
		return nil
	}
	var s segmenter.Segmenter
	s.Init([]rune(text))
	var out []string
	for lines := s.LineIterator(); lines.Next(); {
		out = append(out, string(lines.Line().Text))
	}
	return out
}

// TrimEnd takes away the spaces that a line does not show at its end.
func TrimEnd(line string) string { return strings.TrimRight(line, " \u3000") }
