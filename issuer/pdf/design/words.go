package design

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// text checks a text of a page, within the box that it is set in.
func (c *pageCheck) text(key string, e *Element, box []float64) error {
	style, ok := c.Styles[e.Style]
	if !ok {
		return &Error{Key: key + ".style", Text: fmt.Sprintf("is %q, which styles does not have", e.Style)}
	}
	used := []string{e.Style}
	if e.Label != "" {
		if e.LabelStyle == "" {
			e.LabelStyle = "label"
		}
		if _, ok := c.Styles[e.LabelStyle]; !ok {
			return &Error{Key: key + ".label_style", Text: fmt.Sprintf("is %q, which styles does not have", e.LabelStyle)}
		}
		used = append(used, e.LabelStyle)
	}
	if !slices.Contains([]string{"", "top", "middle", "bottom"}, e.VAlign) {
		return &Error{Key: key + ".valign", Text: "has to be top, middle or bottom"}
	}
	for _, name := range used {
		if got := contrast(c.palette[c.Styles[name].Colour], c.under(box)); got < leastContrast {
			return &Error{Key: key, Text: "can't be read", Err: &ContrastError{Role: c.Styles[name].Colour,
				Text: c.palette[c.Styles[name].Colour], Ground: c.under(box), Got: got, Least: leastContrast}}
		}
	}
	t, err := Parse(e.Text)
	if err == nil {
		_, err = Parse(e.Label)
	}
	if err == nil && strings.TrimSpace(e.Text) == "" {
		err = errors.New("is empty")
	}
	if err != nil {
		return &Error{Key: key + ".text", Text: "can't be used", Err: err}
	}
	return c.says(key, t, style)
}

func (c *pageCheck) says(key string, t *Template, style Style) error {
	source := Source(0)
	for _, f := range t.Fields() {
		c.said[f] = true
		s := fields[f]
		if s > Instructor {
			continue
		}
		if source != 0 && s != source {
			return &Error{Key: key + ".text", Text: "joins fields of the holder, the course and the instructor; give each a text of its own, so that each can be checked by itself"}
		}
		source = s
	}
	if source == Learner && (style.Least < LeastName || style.Capitals) {
		return &Error{Key: key + ".style", Text: "sets a name in capitals or smaller than 7 points; a name is printed as it is written, and large enough to be read"}
	}
	return nil
}

// under is the colour on which a box stands: that of the last rectangle that holds all of it.
func (c *pageCheck) under(box []float64) Colour {
	ground := c.ground
	for _, f := range c.fills {
		if inside(box, f.box) {
			ground = f.colour
		}
	}
	return ground
}
