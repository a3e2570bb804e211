package pdf

import "strings"

// Text is the QR of a URL for a terminal: black on white whatever the terminal's own colours are, two modules in a character,
// and how many columns it takes. The error is that of CheckURL.
func Text(url string) (text string, columns int, err error) {
	code, _, err := encode(url)
	if err != nil {
		return "", 0, err
	}
	const blackOnWhite, reset = "\x1b[30;107m", "\x1b[0m"
	modules := code.Bitmap()
	dark := func(x, y int) bool {
		return y >= 0 && y < len(modules) && x >= 0 && x < len(modules) && modules[y][x]
	}
	var b strings.Builder
	for y := -quietZone; y < len(modules)+quietZone; y += 2 {
		b.WriteString(blackOnWhite)
		for x := -quietZone; x < len(modules)+quietZone; x++ {
			upper, lower := dark(x, y), dark(x, y+1)
			switch {
			case upper && lower:
				b.WriteRune('█')
			case upper:
				b.WriteRune('▀')
			case lower:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteString(reset + "\n")
	}
	return b.String(), len(modules) + 2*quietZone, nil
}
