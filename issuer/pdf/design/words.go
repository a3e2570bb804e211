package design

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// text checks a text of a page, within the box that it is set in.
// when are the conditions of what holds it.
func (c *pageCheck) text(key string, e *Element, box []float64, when ...string) error {
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
		colour := c.Styles[name].Colour
		for _, ground := range c.grounds(box) {
			if got := contrast(c.palette[colour], ground); got < leastContrast {
				return &Error{Key: key, Text: "can't be read", Err: &ContrastError{Role: colour, Text: c.palette[colour], Ground: ground, Got: got, Least: leastContrast}}
			}
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
	return c.says(key, t, style, len(e.When)+len(when) == 0)
}

func (c *pageCheck) says(key string, t *Template, style Style, always bool) error {
	source := Source(0)
	for _, p := range t.parts {
		c.said[p.field] = c.said[p.field] || always && p.field != ""
	}
	for _, f := range t.Fields() {
		c.perhaps[f] = key
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
