package design

import (
	"fmt"
	"math"
	"strconv"
)

// Colour is red, green and blue, 0 to 255.
type Colour [3]uint8

// White is the paper's own colour.
var White = Colour{255, 255, 255}

// ParseColour reads the form #rrggbb.
func ParseColour(s string) (Colour, error) {
	if len(s) != 7 || s[0] != '#' {
		return Colour{}, fmt.Errorf("%q is no colour of the form #rrggbb", s)
	}
	v, err := strconv.ParseUint(s[1:], 16, 24)
	if err != nil {
		return Colour{}, fmt.Errorf("%q is no colour of the form #rrggbb", s)
	}
	return Colour{uint8(v >> 16), uint8(v >> 8), uint8(v)}, nil
}

// luminance is the relative luminance of WCAG 2.2.
func (c Colour) luminance() float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// leastContrast is what text needs on its ground (WCAG 2.2, 1.4.3).
const leastContrast = 4.5

// String is the form #rrggbb.
func (c Colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// IsLighter says whether a colour is lighter than another.
func (c Colour) IsLighter(than Colour) bool { return c.luminance() > than.luminance() }

// ContrastError says that a text can't be read on its ground.
type ContrastError struct {
	Role         string // of the text's colour
	Text, Ground Colour
	Got, Least   float64 // contrast, 1 to 21 (WCAG 2.2)
}

func (e *ContrastError) Error() string {
	return fmt.Sprintf("the colour %s has a contrast of %.1f to its ground, or to what touches its box, and text needs %g", e.Role, e.Got, e.Least)
}

// contrast is the contrast of two colours, 1 to 21 (WCAG 2.2).
func contrast(a, b Colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}
