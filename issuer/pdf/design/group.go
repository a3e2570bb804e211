package design

import (
	"fmt"
	"slices"
)

// take notes the place of texts, and refuses one too near to where the card will be cut.
func (c *pageCheck) take(key string, e *Element) error {
	c.taken = append(c.taken, taken{key, e.Box, e.Kind})
	b := e.Box
	if min(b[0], b[1], c.size.Width-b[0]-b[2], c.size.Height-b[1]-b[3]) < leastMargin-touch {
		return &Error{Key: key + ".box", Text: fmt.Sprintf("comes nearer than %g mm to the edge of the page, where the knife may cut its text", leastMargin)}
	}
	return nil
}

// group checks a stack or a row.
func (c *pageCheck) group(key string, e *Element) error {
	need, wide, texts := 0.0, 0.0, 0
	for i := range e.Elements {
		one := &e.Elements[i]
		k := keyOf(key+".elements", i)
		if err := c.member(k, e, one); err != nil {
			return err
		}
		if one.Kind == Line {
			need += one.Gap * Tight
			continue
		}
		texts++
		if err := c.text(k, one, []float64{e.Box[0], e.Box[1] - e.Lift, e.Box[2], e.Box[3] + e.Lift}, e.When...); err != nil {
			return err
		}
		if e.Kind == Row {
			need = max(need, c.need(one))
			wide += one.Width
		} else {
			need += c.need(one)
		}
		if i > 0 && e.Kind == Row {
			wide += one.Gap
		} else if i > 0 {
			need += one.Gap * Tight
		}
	}
	switch {
	case texts == 0:
		return &Error{Key: key + ".elements", Text: "is missing"}
	case need > e.Box[3]+touch:
		return &Error{Key: key + ".box", Text: fmt.Sprintf("is not high enough: its texts may need %.2f mm", need)}
	case wide > e.Box[2]+touch:
		return &Error{Key: key + ".box", Text: fmt.Sprintf("is not wide enough: its columns and gaps need %.2f mm", wide)}
	}
	return nil
}

// member checks what an element of a stack or a row has or has not, beside its text.
func (c *pageCheck) member(key string, group, e *Element) error {
	if !(e.Gap >= 0 && e.Gap <= 100) {
		return &Error{Key: key + ".gap", Text: "has to be from 0 to 100 mm"}
	}
	if err := checkWhen(key, e); err != nil {
		return err
	}
	switch {
	case e.Kind == Line && group.Kind == Stack:
		if _, ok := c.palette[e.Stroke]; !ok || len(e.Box) != 1 || !(e.Box[0] > 0 && e.Box[0] <= group.Box[2]) || !(e.Width > 0 && e.Width <= 2) {
			return &Error{Key: key, Text: "needs its length as a box of one number, not longer than the stack is wide, a stroke, and its width of at most 2 mm"}
		}
	case e.Kind != Text:
		return &Error{Key: key + ".kind", Text: "has to be text: a " + string(group.Kind) + " holds nothing else, but for a line in a stack"}
	case len(e.Box) > 0:
		return &Error{Key: key + ".box", Text: "has no place here: a " + string(group.Kind) + " sets its elements"}
	case group.Kind == Row && !(e.Width > 0 && e.Width <= group.Box[2]):
		return &Error{Key: key + ".width", Text: "has to say how wide the column is, in mm"}
	}
	return nil
}

func checkWhen(key string, e *Element) error {
	for _, f := range e.When {
		if fields[f] == 0 {
			return &Error{Key: key + ".when", Text: fmt.Sprintf("names %q, which is no field", f)}
		}
	}
	return nil
}

func (c *pageCheck) image(key string, e *Element) error {
	c.taken = append(c.taken, taken{key, e.Box, e.Kind})
	switch {
	case e.Image != "logo" && e.Image != "signature":
		return &Error{Key: key + ".image", Text: "has to be logo or signature"}
	case !slices.Contains([]string{"", "top", "middle", "bottom"}, e.VAlign):
		return &Error{Key: key + ".valign", Text: "has to be top, middle or bottom"}
	case !(e.Pad >= 0 && 2*e.Pad < min(e.Box[2], e.Box[3])):
		return &Error{Key: key + ".pad", Text: "leaves no room for the picture"}
	}
	return nil
}
