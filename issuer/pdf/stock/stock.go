// Package stock has the sheets on which printers print many cards: label stock by its maker's number, plain paper, and grids of one's own.
package stock

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cardproof/cardproof/internal/spelling"
)

// Sheet is a grid of equal places on paper. Lengths are in mm.
type Sheet struct {
	Name          string
	Width, Height float64 // of the paper
	Columns, Rows int
	Left, Top     float64 // of the first place
	PitchX        float64 // from a place to its neighbour
	PitchY        float64
	PlaceX        float64 // width of a place
	PlaceY        float64
	Marks         bool // crop marks: the paper has no cuts of its own
}

const inch = 25.4

// sheets are the stocks by name. The dimensions of the US stocks are in their maker's templates. Those of C32016 are not confirmed by its maker:
// the size and number of its cards are printed on the package, and gLabels has this grid for C32011-10, which has the same.
var sheets = map[string]Sheet{
	"avery-5371":  {Width: 8.5 * inch, Height: 11 * inch, Columns: 2, Rows: 5, Left: 0.75 * inch, Top: 0.5 * inch, PitchX: 3.5 * inch, PitchY: 2 * inch, PlaceX: 3.5 * inch, PlaceY: 2 * inch},
	"avery-8371":  {Width: 8.5 * inch, Height: 11 * inch, Columns: 2, Rows: 5, Left: 0.75 * inch, Top: 0.5 * inch, PitchX: 3.5 * inch, PitchY: 2 * inch, PlaceX: 3.5 * inch, PlaceY: 2 * inch},
	"avery-28371": {Width: 8.5 * inch, Height: 11 * inch, Columns: 2, Rows: 5, Left: 0.75 * inch, Top: 0.5 * inch, PitchX: 3.5 * inch, PitchY: 2 * inch, PlaceX: 3.5 * inch, PlaceY: 2 * inch},
	"c32016":      {Width: 210, Height: 297, Columns: 2, Rows: 5, Left: 15, Top: 13.5, PitchX: 95, PitchY: 54, PlaceX: 85, PlaceY: 54},
	"a4":          {Width: 210, Height: 297, Columns: 2, Rows: 4, Left: 16.4, Top: 31.54, PitchX: 91.6, PitchY: 59.98, PlaceX: 85.6, PlaceY: 53.98, Marks: true},
	"letter":      {Width: 8.5 * inch, Height: 11 * inch, Columns: 2, Rows: 4, Left: 19.35, Top: 22.74, PitchX: 91.6, PitchY: 59.98, PlaceX: 85.6, PlaceY: 53.98, Marks: true},
}

// Names are the named stocks, sorted.
func Names() []string { return slices.Sorted(maps.Keys(sheets)) }

// Find gives a stock by its name, or reads a grid such as "paper=210x297,columns=2,rows=5,left=15,top=13.5,pitch=95x54,place=85x54". Grids get
// crop marks where there is room between the places.
func Find(text string) (Sheet, error) {
	if !strings.Contains(text, "=") {
		s, ok := sheets[strings.ToLower(text)]
		if !ok {
			hint := ""
			if near := spelling.Nearest(strings.ToLower(text), Names()); near != "" {
				hint = "; did you mean " + near + "?"
			}
			return Sheet{}, fmt.Errorf("%q is no stock; there are %s%s", text, strings.Join(Names(), ", "), hint)
		}
		s.Name = strings.ToLower(text)
		return s, nil
	}
	s := Sheet{Name: "grid", Width: 210, Height: 297, PlaceX: 85.6, PlaceY: 53.98}
	for _, pair := range strings.Split(text, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if err := s.set(key, value); err != nil {
			return Sheet{}, err
		}
	}
	if s.PitchX == 0 {
		s.PitchX, s.PitchY = s.PlaceX, s.PlaceY
	}
	s.Marks = s.PitchX-s.PlaceX >= 2 && s.PitchY-s.PlaceY >= 2
	return s, s.check()
}

func (s *Sheet) set(key, value string) error {
	x, y, pair := strings.Cut(value, "x")
	numbers := [2]float64{}
	for i, text := range [2]string{x, y} {
		if i == 1 && !pair {
			break
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !(v >= 0 && v <= 2000) {
			return fmt.Errorf("%s=%s is no length in mm", key, value)
		}
		numbers[i] = v
	}
	wantPair := key == "paper" || key == "pitch" || key == "place"
	if pair != wantPair {
		return fmt.Errorf("%s=%s can't be used: paper, pitch and place are two lengths such as 85x54, all others one number", key, value)
	}
	switch key {
	case "paper":
		s.Width, s.Height = numbers[0], numbers[1]
	case "pitch":
		s.PitchX, s.PitchY = numbers[0], numbers[1]
	case "place":
		s.PlaceX, s.PlaceY = numbers[0], numbers[1]
	case "columns":
		s.Columns = int(numbers[0])
	case "rows":
		s.Rows = int(numbers[0])
	case "left":
		s.Left = numbers[0]
	case "top":
		s.Top = numbers[0]
	default:
		return fmt.Errorf("%q is no part of a grid; there are paper, columns, rows, left, top, pitch and place", key)
	}
	return nil
}

// check refuses a grid that its paper does not hold.
func (s Sheet) check() error {
	right := s.Left + float64(s.Columns-1)*s.PitchX + s.PlaceX
	bottom := s.Top + float64(s.Rows-1)*s.PitchY + s.PlaceY
	const rounding = 0.01
	switch {
	case s.Columns < 1 || s.Rows < 1 || s.Columns*s.Rows > 100:
		return fmt.Errorf("the grid needs columns and rows, of 1 to 100 places in all")
	case s.PitchX < s.PlaceX-rounding && s.Columns > 1 || s.PitchY < s.PlaceY-rounding && s.Rows > 1:
		return fmt.Errorf("the places of the grid overlap: the pitch is less than the place")
	case right > s.Width+rounding || bottom > s.Height+rounding:
		return fmt.Errorf("the grid reaches to %.2f × %.2f mm, and the paper has %g × %g", right, bottom, s.Width, s.Height)
	}
	return nil
}

// Places is how many cards a sheet has.
func (s Sheet) Places() int { return s.Columns * s.Rows }

// Place is the upper left corner of a place, counted from 0 along the rows.
func (s Sheet) Place(n int) (x, y float64) {
	return s.Left + float64(n%s.Columns)*s.PitchX, s.Top + float64(n/s.Columns)*s.PitchY
}
