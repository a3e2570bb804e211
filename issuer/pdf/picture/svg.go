package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cardproof/cardproof/issuer/pdf/design"
)

// The limits of an SVG file.
const (
	maxDrawing = 64 << 10 // bytes of operators: a card holds them all
	maxNested  = 60
)

const svgSpace = "http://www.w3.org/2000/svg"

// harmless are elements that draw nothing; what is in them is passed over. What <defs> holds is drawn by elements that are refused.
var harmless = []string{"title", "desc", "metadata", "defs"}

// silent are attributes and properties that change nothing of what is drawn here.
var silent = []string{"id", "class", "version", "baseProfile", "role", "focusable", "overflow", "font-family", "font-size", "font-weight", "enable-background",
	"isolation", "image-rendering", "shape-rendering", "color-interpolation", "paint-order", "fill-opacity", "stroke-opacity", "opacity", "stroke-miterlimit",
	"display", "visibility", "mix-blend-mode", "clip-rule", "color", "stroke-dasharray", "stroke-dashoffset", "preserveAspectRatio", "text-rendering", "space"}

// onlyWith are those of the above that are silent with these values alone.
var onlyWith = map[string][]string{
	"fill-opacity": {"1"}, "stroke-opacity": {"1"}, "opacity": {"1"}, "display": {"inline", "block"}, "visibility": {"visible"}, "mix-blend-mode": {"normal"},
	"stroke-dasharray": {"none"}, "isolation": {"auto"}, "paint-order": {"normal", "fill", "markers stroke fill"}, "preserveAspectRatio": {"xMidYMid", "xMidYMid meet"},
	"stroke-miterlimit": {"4", "10"},
}

// paint is how shapes are painted where an element says nothing else.
type paint struct {
	fill, stroke string // operators of a colour; empty for none
	width        float64
	lineCap      int
	lineJoin     int
	evenOdd      bool
}

// svg is a file being read.
type svg struct {
	decoder *xml.Decoder
	out     bytes.Buffer
}

// readSVG reads the part of SVG 1.1 that logos are drawn in: paths and basic shapes in plain colours, groups and transforms. All else is
// refused by its name: text in fonts that the card does not have, pictures, gradients, masks, styles in sheets.
func readSVG(data []byte) (*Picture, error) {
	s := svg{decoder: xml.NewDecoder(bytes.NewReader(data))}
	for {
		token, err := s.decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("is an SVG file without a drawing")
		}
		if err != nil {
			return nil, fmt.Errorf("is no SVG that can be read: %w", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Local != "svg" || start.Name.Space != svgSpace {
			return nil, errors.New("is no SVG: its first element is not <svg> of " + svgSpace)
		}
		return s.root(start)
	}
}

func (s *svg) root(start xml.StartElement) (*Picture, error) {
	view, err := viewBox(start)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&s.out, "%s w 4 M 0 0 %s %s re W n 1 0 0 1 %s %s cm\n", f(1), f(view[2]), f(view[3]), f(-view[0]), f(-view[1]))
	p := paint{fill: "0 0 0 rg", width: 1}
	if p, err = p.with(start); err != nil {
		return nil, err
	}
	if err := s.children(p, 0); err != nil {
		return nil, err
	}
	if s.out.Len() > maxDrawing {
		return nil, errors.New("is more complex than a card can hold; simplify its paths")
	}
	return &Picture{Width: view[2], Height: view[3], Drawing: s.out.Bytes()}, nil
}

// viewBox is what of its coordinates a file shows.
func viewBox(start xml.StartElement) ([]float64, error) {
	width, height := "", ""
	for _, a := range start.Attr {
		switch a.Name.Local {
		case "viewBox":
			v, err := numbers(a.Value)
			if err != nil || len(v) != 4 || !(v[2] > 0 && v[3] > 0) {
				return nil, fmt.Errorf("has the viewBox %q, which is none", a.Value)
			}
			return v, nil
		case "width":
			width = a.Value
		case "height":
			height = a.Value
		}
	}
	w, errW := strconv.ParseFloat(strings.TrimSuffix(width, "px"), 64)
	h, errH := strconv.ParseFloat(strings.TrimSuffix(height, "px"), 64)
	if errW != nil || errH != nil || !(w > 0 && h > 0) {
		return nil, errors.New("has neither a viewBox nor a width and height in pixels")
	}
	return []float64{0, 0, w, h}, nil
}

// children draws what is in an element, up to its end.
func (s *svg) children(p paint, depth int) error {
	if depth > maxNested {
		return errors.New("has groups nested too deeply")
	}
	for {
		token, err := s.decoder.Token()
		if err != nil {
			return fmt.Errorf("is no SVG that can be read: %w", err)
		}
		switch token := token.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := s.element(token, p, depth); err != nil {
				return err
			}
		}
	}
}

func (s *svg) element(start xml.StartElement, p paint, depth int) error {
	name := start.Name.Local
	if start.Name.Space != svgSpace || slices.Contains(harmless, name) {
		return s.decoder.Skip()
	}
	if !slices.Contains([]string{"g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon"}, name) {
		return fmt.Errorf("has the element <%s>, which can't be drawn faithfully; convert it to paths in plain colours", name)
	}
	p, err := p.with(start)
	if err != nil {
		return fmt.Errorf("<%s>: %w", name, err)
	}
	s.out.WriteString("q ")
	if err := s.transform(attribute(start, "transform")); err != nil {
		return err
	}
	if name == "g" {
		if err := s.children(p, depth+1); err != nil {
			return err
		}
		s.out.WriteString("Q\n")
		return nil
	}
	if err := s.shape(start, p); err != nil {
		return fmt.Errorf("<%s>: %w", name, err)
	}
	s.out.WriteString(p.operators() + " Q\n")
	if s.out.Len() > maxDrawing {
		return errors.New("is more complex than a card can hold; simplify its paths")
	}
	return s.children(p, depth+1) // a shape holds a title at most
}

func attribute(start xml.StartElement, name string) string {
	for _, a := range start.Attr {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// with reads the attributes that say how to paint, and refuses those that would change the picture and are not known.
func (p paint) with(start xml.StartElement) (paint, error) {
	for _, a := range start.Attr {
		if a.Name.Space != "" || a.Name.Local == "xmlns" || a.Name.Local == "style" {
			continue
		}
		if err := p.set(a.Name.Local, a.Value); err != nil {
			return p, err
		}
	}
	for _, one := range strings.Split(attribute(start, "style"), ";") {
		key, value, ok := strings.Cut(one, ":")
		if !ok || strings.HasPrefix(strings.TrimSpace(key), "-") {
			continue
		}
		if err := p.set(strings.TrimSpace(key), strings.TrimSpace(value)); err != nil {
			return p, err
		}
	}
	return p, nil
}

// geometry are the attributes that the shapes read themselves.
var geometry = []string{"d", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "width", "height", "points", "transform", "viewBox"}

func (p *paint) set(key, value string) (err error) {
	switch key {
	case "fill":
		p.fill, err = colour(value, "rg")
	case "stroke":
		p.stroke, err = colour(value, "RG")
	case "stroke-width":
		p.width, err = strconv.ParseFloat(strings.TrimSuffix(value, "px"), 64)
	case "fill-rule":
		p.evenOdd = value == "evenodd"
	case "stroke-linecap":
		p.lineCap = slices.Index([]string{"butt", "round", "square"}, value)
	case "stroke-linejoin":
		p.lineJoin = slices.Index([]string{"miter", "round", "bevel"}, value)
	default:
		if slices.Contains(geometry, key) || strings.HasPrefix(key, "data-") || strings.HasPrefix(key, "aria-") {
			return nil
		}
		if allowed, limited := onlyWith[key]; !slices.Contains(silent, key) || limited && !slices.Contains(allowed, value) {
			return fmt.Errorf("has %s=%q, which can't be drawn faithfully", key, value)
		}
	}
	if err != nil || p.lineCap < 0 || p.lineJoin < 0 {
		return fmt.Errorf("has %s=%q, which can't be drawn faithfully", key, value)
	}
	return nil
}

var named = map[string]string{"black": "#000000", "white": "#ffffff", "red": "#ff0000", "green": "#008000", "blue": "#0000ff", "navy": "#000080",
	"teal": "#008080", "gray": "#808080", "grey": "#808080", "silver": "#c0c0c0", "maroon": "#800000", "orange": "#ffa500", "gold": "#ffd700", "yellow": "#ffff00"}

func colour(value, operator string) (string, error) {
	value = strings.ToLower(strings.TrimSpace(value))
	if value == "none" || value == "transparent" {
		return "", nil
	}
	if hex, ok := named[value]; ok {
		value = hex
	}
	if len(value) == 4 && value[0] == '#' {
		value = string([]byte{'#', value[1], value[1], value[2], value[2], value[3], value[3]})
	}
	if inner, ok := strings.CutPrefix(value, "rgb("); ok {
		v, err := numbers(strings.TrimSuffix(inner, ")"))
		if err != nil || len(v) != 3 {
			return "", errors.New("no colour")
		}
		value = fmt.Sprintf("#%02x%02x%02x", uint8(v[0]), uint8(v[1]), uint8(v[2]))
	}
	c, err := design.ParseColour(value)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s %s %s", f(float64(c[0])/255), f(float64(c[1])/255), f(float64(c[2])/255), operator), nil
}

// operators paint the path that was drawn before.
func (p paint) operators() string {
	star := ""
	if p.evenOdd {
		star = "*"
	}
	switch {
	case p.fill != "" && p.stroke != "" && p.width > 0:
		return "B" + star
	case p.fill != "":
		return "f" + star
	case p.stroke != "" && p.width > 0:
		return "S"
	}
	return "n"
}

// state sets colours and lines, which has to be done before a path is begun.
func (p paint) state() string {
	return fmt.Sprintf("%s %s %s w %d J %d j ", p.fill, p.stroke, f(p.width), p.lineCap, p.lineJoin)
}

// f writes a number with four decimals at most.
func f(v float64) string {
	return strconv.FormatFloat(math.Round(v*1e4)/1e4, 'f', -1, 64)
}

// numbers reads a list of numbers as SVG writes them: 10-5.5.5 are three.
func numbers(s string) ([]float64, error) {
	var out []float64
	for i := 0; i < len(s); {
		if strings.IndexByte(" ,\t\r\n", s[i]) >= 0 {
			i++
			continue
		}
		end := numberEnd(s, i)
		v, err := strconv.ParseFloat(s[i:end], 64)
		if err != nil || math.IsInf(v, 0) || math.Abs(v) > 1e6 {
			return nil, fmt.Errorf("has %q where a number belongs", s[i:min(len(s), i+12)])
		}
		out = append(out, v)
		i = end
	}
	return out, nil
}

// numberEnd is where the number that begins at i ends.
func numberEnd(s string, i int) int {
	start, dot, exponent := i, false, false
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
		case (c == '-' || c == '+') && (i == start || s[i-1] == 'e' || s[i-1] == 'E'):
		case c == '.' && !dot && !exponent:
			dot = true
		case (c == 'e' || c == 'E') && !exponent && i > start:
			exponent = true
		default:
			return max(i, start+1)
		}
	}
	return i
}
