package picture

import (
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// transform writes the transforms of an element.
func (s *svg) transform(text string) error {
	for strings.TrimSpace(text) != "" {
		name, rest, ok := strings.Cut(text, "(")
		inner, after, closed := strings.Cut(rest, ")")
		v, err := numbers(inner)
		if !ok || !closed || err != nil {
			return fmt.Errorf("has the transform %q, which is none", text)
		}
		m, err := matrix(strings.Trim(name, " ,\t\r\n"), v)
		if err != nil {
			return err
		}
		for _, n := range m {
			s.out.WriteString(f(n) + " ")
		}
		s.out.WriteString("cm ")
		text = after
	}
	return nil
}

func matrix(name string, v []float64) ([6]float64, error) {
	at := func(i int) float64 {
		if i < len(v) {
			return v[i]
		}
		return 0
	}
	switch {
	case name == "matrix" && len(v) == 6:
		return [6]float64(v), nil
	case name == "translate" && len(v) >= 1 && len(v) <= 2:
		return [6]float64{1, 0, 0, 1, v[0], at(1)}, nil
	case name == "scale" && len(v) == 1:
		return [6]float64{v[0], 0, 0, v[0], 0, 0}, nil
	case name == "scale" && len(v) == 2:
		return [6]float64{v[0], 0, 0, v[1], 0, 0}, nil
	case name == "rotate" && (len(v) == 1 || len(v) == 3):
		sin, cos := math.Sincos(v[0] * math.Pi / 180)
		x, y := at(1), at(2)
		return [6]float64{cos, sin, -sin, cos, x - cos*x + sin*y, y - sin*x - cos*y}, nil
	}
	return [6]float64{}, fmt.Errorf("has the transform %s, which is not known here", name)
}

// shape writes the path of an element.
func (s *svg) shape(start xml.StartElement, p paint) error {
	s.out.WriteString(p.state())
	if start.Name.Local == "path" {
		return s.path(attribute(start, "d"))
	}
	if points := attribute(start, "points"); points != "" {
		v, err := numbers(points)
		if err != nil || len(v)%2 != 0 {
			return errors.New("has points that are none")
		}
		for i := 0; i < len(v); i += 2 {
			op := "l"
			if i == 0 {
				op = "m"
			}
			s.write(op, v[i], v[i+1])
		}
		if start.Name.Local == "polygon" {
			s.out.WriteString("h ")
		}
		return nil
	}
	n := map[string]float64{}
	for _, key := range geometry {
		text := strings.TrimSuffix(attribute(start, key), "px")
		if text == "" || key == "transform" {
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("has %s=%q, which is no number", key, text)
		}
		n[key] = v
	}
	switch start.Name.Local {
	case "line":
		s.write("m", n["x1"], n["y1"])
		s.write("l", n["x2"], n["y2"])
	case "rect":
		s.rect(n)
	case "circle":
		s.ellipse(n["cx"], n["cy"], n["r"], n["r"])
	case "ellipse":
		s.ellipse(n["cx"], n["cy"], n["rx"], n["ry"])
	}
	return nil
}

func (s *svg) write(op string, v ...float64) {
	for _, one := range v {
		s.out.WriteString(f(one) + " ")
	}
	s.out.WriteString(op + " ")
}

const quarter = 0.5523 // of a quarter of a circle as a curve

func (s *svg) ellipse(x, y, rx, ry float64) {
	kx, ky := rx*quarter, ry*quarter
	s.write("m", x+rx, y)
	s.write("c", x+rx, y+ky, x+kx, y+ry, x, y+ry)
	s.write("c", x-kx, y+ry, x-rx, y+ky, x-rx, y)
	s.write("c", x-rx, y-ky, x-kx, y-ry, x, y-ry)
	s.write("c", x+kx, y-ry, x+rx, y-ky, x+rx, y)
	s.out.WriteString("h ")
}

func (s *svg) rect(n map[string]float64) {
	x, y, w, h := n["x"], n["y"], n["width"], n["height"]
	rx, ry := n["rx"], n["ry"]
	if rx == 0 {
		rx = ry
	}
	if ry == 0 {
		ry = rx
	}
	rx, ry = min(rx, w/2), min(ry, h/2)
	if rx == 0 {
		s.write("re", x, y, w, h)
		return
	}
	cx, cy := rx*(1-quarter), ry*(1-quarter)
	s.write("m", x+rx, y)
	s.write("l", x+w-rx, y)
	s.write("c", x+w-cx, y, x+w, y+cy, x+w, y+ry)
	s.write("l", x+w, y+h-ry)
	s.write("c", x+w, y+h-cy, x+w-cx, y+h, x+w-rx, y+h)
	s.write("l", x+rx, y+h)
	s.write("c", x+cx, y+h, x, y+h-cy, x, y+h-ry)
	s.write("l", x, y+ry)
	s.write("c", x, y+cy, x+cx, y, x+rx, y)
	s.out.WriteString("h ")
}

// pathReader turns path data into operators (SVG 1.1, 8.3).
type pathReader struct {
	*svg
	x, y           float64 // where the pen is
	startX, startY float64 // of the subpath
	lastX, lastY   float64 // the last control point
	last           byte    // the last command, in lower case
}

// arguments are how many numbers each command takes.
var arguments = map[byte]int{'m': 2, 'l': 2, 'h': 1, 'v': 1, 'c': 6, 's': 4, 'q': 4, 't': 2, 'a': 7, 'z': 0}

func (s *svg) path(d string) error {
	r := pathReader{svg: s}
	for d = strings.TrimLeft(d, " ,\t\r\n"); d != ""; d = strings.TrimLeft(d, " ,\t\r\n") {
		op := d[0]
		lower := op | 0x20
		n, ok := arguments[lower]
		if !ok || r.last == 0 && lower != 'm' {
			return fmt.Errorf("has %q in its path", d[:1])
		}
		end := 1
		for end < len(d) && (arguments[d[end]|0x20] == 0 && d[end]|0x20 != 'z' || d[end] == 'e' || d[end] == 'E') {
			end++
		}
		text := d[1:end]
		d = d[end:]
		if lower == 'a' {
			text = flags(text)
		}
		v, err := numbers(text)
		if err != nil {
			return err
		}
		if n == 0 && len(v) == 0 {
			r.close()
			continue
		}
		if n == 0 || len(v) == 0 || len(v)%n != 0 {
			return fmt.Errorf("has a path whose command %c has %d numbers", op, len(v))
		}
		for i := 0; i < len(v); i += n {
			r.command(op, v[i:i+n], i > 0)
		}
	}
	return nil
}

// flags sets the two flags of each arc apart, which may stand without spaces.
func flags(text string) string {
	var b strings.Builder
	for i, n := 0, 0; i < len(text); {
		if strings.IndexByte(" ,\t\r\n", text[i]) >= 0 {
			i++
			continue
		}
		end := i + 1
		if n%7 != 3 && n%7 != 4 {
			end = numberEnd(text, i)
		}
		b.WriteString(text[i:end] + " ")
		i, n = end, n+1
	}
	return b.String()
}

func (r *pathReader) close() {
	r.out.WriteString("h ")
	r.x, r.y, r.last = r.startX, r.startY, 'z'
}

// command draws one command with its numbers; again says that the same letter had others before.
func (r *pathReader) command(op byte, v []float64, again bool) {
	lower := op | 0x20
	relative := op == lower
	p := append([]float64(nil), v...)
	if relative && lower != 'a' && lower != 'v' && lower != 'h' {
		for i := range p {
			p[i] += [2]float64{r.x, r.y}[i%2]
		}
	}
	switch lower {
	case 'm', 'l':
		if lower == 'm' && !again {
			r.write("m", p[0], p[1])
			r.startX, r.startY = p[0], p[1]
		} else {
			r.write("l", p[0], p[1])
		}
		r.x, r.y = p[0], p[1]
	case 'h', 'v':
		if relative {
			p[0] += map[byte]float64{'h': r.x, 'v': r.y}[lower]
		}
		if lower == 'h' {
			r.x = p[0]
		} else {
			r.y = p[0]
		}
		r.write("l", r.x, r.y)
	case 'c':
		r.curve(p[0], p[1], p[2], p[3], p[4], p[5])
	case 's':
		x, y := r.mirrored("cs")
		r.curve(x, y, p[0], p[1], p[2], p[3])
	case 'q':
		r.quadratic(p[0], p[1], p[2], p[3])
	case 't':
		x, y := r.mirrored("qt")
		r.quadratic(x, y, p[0], p[1])
	case 'a':
		if relative {
			p[5], p[6] = p[5]+r.x, p[6]+r.y
		}
		r.arc(p)
	}
	r.last = lower
}

// mirrored is the last control point, seen from the other side, after a command of the same kind.
func (r *pathReader) mirrored(kinds string) (x, y float64) {
	if strings.IndexByte(kinds, r.last) < 0 {
		return r.x, r.y
	}
	return 2*r.x - r.lastX, 2*r.y - r.lastY
}

func (r *pathReader) curve(x1, y1, x2, y2, x, y float64) {
	r.write("c", x1, y1, x2, y2, x, y)
	r.lastX, r.lastY, r.x, r.y = x2, y2, x, y
}

func (r *pathReader) quadratic(x1, y1, x, y float64) {
	r.write("c", r.x+(x1-r.x)*2/3, r.y+(y1-r.y)*2/3, x+(x1-x)*2/3, y+(y1-y)*2/3, x, y)
	r.lastX, r.lastY, r.x, r.y = x1, y1, x, y
}

// arc draws an elliptical arc as curves (SVG 1.1, F.6).
func (r *pathReader) arc(v []float64) {
	rx, ry, x, y := math.Abs(v[0]), math.Abs(v[1]), v[5], v[6]
	if rx == 0 || ry == 0 || x == r.x && y == r.y {
		r.write("l", x, y)
		r.x, r.y = x, y
		return
	}
	sin, cos := math.Sincos(v[2] * math.Pi / 180)
	dx, dy := (r.x-x)/2, (r.y-y)/2
	px, py := cos*dx+sin*dy, cos*dy-sin*dx
	if grow := px*px/(rx*rx) + py*py/(ry*ry); grow > 1 {
		rx, ry = rx*math.Sqrt(grow), ry*math.Sqrt(grow)
	}
	k := math.Sqrt(max(0, (rx*rx*ry*ry-rx*rx*py*py-ry*ry*px*px)/(rx*rx*py*py+ry*ry*px*px)))
	if (v[3] != 0) == (v[4] != 0) {
		k = -k
	}
	cx, cy := k*rx*py/ry, -k*ry*px/rx
	from := math.Atan2((py-cy)/ry, (px-cx)/rx)
	sweep := math.Atan2((-py-cy)/ry, (-px-cx)/rx) - from
	if v[4] != 0 && sweep < 0 {
		sweep += 2 * math.Pi
	} else if v[4] == 0 && sweep > 0 {
		sweep -= 2 * math.Pi
	}
	mx, my := (r.x+x)/2+cos*cx-sin*cy, (r.y+y)/2+sin*cx+cos*cy
	n := int(math.Ceil(math.Abs(sweep) / (math.Pi / 2)))
	step := sweep / float64(n)
	t := 4.0 / 3 * math.Tan(step/4)
	on := func(a, b float64) (float64, float64) { return mx + cos*rx*a - sin*ry*b, my + sin*rx*a + cos*ry*b }
	for i := range n {
		s0, c0 := math.Sincos(from + step*float64(i))
		s1, c1 := math.Sincos(from + step*float64(i+1))
		x1, y1 := on(c0-t*s0, s0+t*c0)
		x2, y2 := on(c1+t*s1, s1-t*c1)
		ex, ey := on(c1, s1)
		r.write("c", x1, y1, x2, y2, ex, ey)
	}
	r.x, r.y = x, y
}
