// Package design reads the declared look of a card: a YAML file of pages, boxes in mm, type styles and colours.
//
// A design is checked as a whole before anything is drawn with it: unknown keys and fields, boxes outside of the page, texts that could
// not hold what they may have to, colours that can't be read on their ground, and a symbol that cameras could not read are refused with
// the key's path. What passes draws every card whose texts pass the drawer's own checks. docs/design.schema.json has the same keys.
package design

import (
	"errors"
	"fmt"
	"regexp"
	"sort"

	"github.com/go-viper/mapstructure/v2"
	"go.yaml.in/yaml/v3"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/internal/spelling"
)

// The pages that a design may have.
const (
	Wallet      = "wallet"      // the front of a card of the size ID-1 (ISO/IEC 7810)
	Back        = "back"        // its back
	Certificate = "certificate" // landscape, on A4 or US Letter
)

// Size is width and height in mm.
type Size struct{ Width, Height float64 }

// The sizes of the pages. A certificate is drawn in what A4 and US Letter have in common, in the middle of either.
var (
	ID1         = Size{85.6, 53.98}
	A4          = Size{297, 210}
	Letter      = Size{279.4, 215.9}
	certificate = Size{279.4, 210}
)

// Design is a checked design. It must not be changed.
type Design struct {
	Name    string            `yaml:"name"`    // as the configuration names it
	About   string            `yaml:"about"`   // what it is like; for whoever chooses one
	Colours map[string]string `yaml:"colours"` // #rrggbb by role
	Styles  map[string]Style  `yaml:"styles"`
	Pages   map[string]Page   `yaml:"pages"` // by the names above

	palette map[string]Colour
}

// Style is how a text is set. Sizes are in points, tracking and leading in type sizes.
type Style struct {
	Weight   string  `yaml:"weight"`   // regular, semibold or serif
	Size     float64 `yaml:"size"`     // the largest
	Least    float64 `yaml:"least"`    // the smallest; Size where it is left out
	Lines    int     `yaml:"lines"`    // at most; 1 where it is left out
	Sure     int     `yaml:"sure"`     // so many of them have their place beside any other text; all where it is left out
	Leading  float64 `yaml:"leading"`  // from baseline to baseline; 1.17 where it is left out
	Tracking float64 `yaml:"tracking"` // added between letters
	Capitals bool    `yaml:"capitals"`
	Colour   string  `yaml:"colour"` // a role
	Align    string  `yaml:"align"`  // left, centre or right
}

// Page is what is drawn on one page, in the order of reading.
type Page struct {
	Ground   string    `yaml:"ground"` // the role of the paper's colour; white where it is left out
	Elements []Element `yaml:"elements"`
}

// Kind is what an element is.
type Kind string

// The kinds.
const (
	Text      Kind = "text"
	Stack     Kind = "stack" // elements under each other: what is long pushes down what follows
	Row       Kind = "row"   // texts beside each other: where one is empty, the next ones close up
	Rectangle Kind = "rectangle"
	Line      Kind = "line"
	Frame     Kind = "frame"    // around the paper, in the same distance from all its edges
	Ornament  Kind = "ornament" // fine lines
	Image     Kind = "image"
	Symbol    Kind = "symbol"
)

// Element is one thing on a page. Lengths are in mm; boxes count from the page's upper left corner.
type Element struct {
	Kind Kind      `yaml:"kind"`
	Box  []float64 `yaml:"box"` // left, top, width, height; of a symbol left, top, side; of a frame the distance; in a stack the length of a line, else none
	// When hides the element where all these fields are empty. A text is hidden where all its own fields are.
	When []string `yaml:"when"`

	Text       string `yaml:"text"`
	Style      string `yaml:"style"`
	Label      string `yaml:"label"`       // a text above it
	LabelStyle string `yaml:"label_style"` // "label" where it is left out
	VAlign     string `yaml:"valign"`      // top, middle or bottom of the box

	Elements []Element `yaml:"elements"` // of a stack or a row
	Gap      float64   `yaml:"gap"`      // above an element of a stack, or left of one of a row
	Lift     float64   `yaml:"lift"`     // how far the marks of a tall script may reach above a stack

	Fill     string  `yaml:"fill"`   // a role; of an image, of the tile under it
	Stroke   string  `yaml:"stroke"` // a role
	Width    float64 `yaml:"width"`  // of the stroke; of the column of a text in a row
	Radius   float64 `yaml:"radius"` // of the corners of a rectangle or of an image's tile
	Pad      float64 `yaml:"pad"`    // what an image's tile is wider than the picture on each side
	Ornament string  `yaml:"ornament"`
	Image    string  `yaml:"image"` // logo or signature
	Align    string  `yaml:"align"` // of an image or a symbol: left, centre or right
}

// Error is a design that can't be used.
type Error struct {
	File string // its name or path
	Key  string // such as pages.wallet.elements[3].box; empty where the fault is of the whole file
	Text string // reads on after the key
	Err  error  // may be nil
}

func (e *Error) Error() string {
	text := e.File + ": "
	if e.Key != "" {
		text += e.Key + " "
	}
	text += e.Text
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// Brand are the colours of a centre, #rrggbb, that take the place of a design's own; empty ones don't.
type Brand struct{ Primary, Accent string }

// Shipped opens a design that the program carries. The error is an *Error.
func Shipped(name string, b Brand) (*Design, error) {
	data, err := assets.Design(name)
	if err != nil {
		text := "is no design; there are"
		for i, n := range assets.Designs() {
			if i > 0 {
				text += " and"
			}
			text += " " + n
		}
		if near := spelling.Nearest(name, assets.Designs()); near != "" {
			text += "; did you mean " + near + "?"
		}
		return nil, &Error{File: name, Text: text}
	}
	return Read(name, data, b)
}

// Read checks the text of a design file. The file's name is for errors, which are *Errors.
func Read(file string, data []byte, b Brand) (*Design, error) {
	d, err := read(data)
	if err == nil {
		err = d.check(b)
	}
	var e *Error
	if errors.As(err, &e) {
		e.File = file
		return nil, e
	}
	if err != nil {
		return nil, &Error{File: file, Text: "can't be read", Err: err}
	}
	return d, nil
}

// maxFile bounds a design file in bytes.
const maxFile = 256 << 10

func read(data []byte) (*Design, error) {
	if len(data) > maxFile {
		return nil, &Error{Text: "is longer than 256 KiB"}
	}
	raw := map[string]any{}
	if err := yaml.Unmarshal(data, &raw); err != nil {
		return nil, &Error{Text: "is not YAML", Err: err}
	}
	d := new(Design)
	var meta mapstructure.Metadata
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{TagName: "yaml", Metadata: &meta, Result: d, MatchName: func(key, field string) bool { return key == field }})
	if err != nil {
		return nil, err
	}
	if err := decoder.Decode(raw); err != nil {
		var at *mapstructure.DecodeError
		if errors.As(err, &at) {
			return nil, &Error{Key: dotted(at.Name()), Text: "has a value that can't be used", Err: at.Unwrap()}
		}
		return nil, &Error{Text: "has a value that can't be used", Err: err}
	}
	if len(meta.Unused) > 0 {
		sort.Strings(meta.Unused)
		text := "is no key of a design"
		if near := spelling.Nearest(meta.Unused[0], append(meta.Unset, meta.Keys...)); near != "" {
			text += "; did you mean " + dotted(near) + "?"
		}
		return nil, &Error{Key: dotted(meta.Unused[0]), Text: text}
	}
	return d, nil
}

// inBrackets finds the keys of maps, which the decoder writes in brackets, as it does the numbers of lists.
var inBrackets = regexp.MustCompile(`\[([^]0-9][^]]*)\]`)

// dotted is a key's path as all other errors write it: styles.name.size.
func dotted(key string) string { return inBrackets.ReplaceAllString(key, ".$1") }

// Colour is the colour of a role.
func (d *Design) Colour(role string) Colour { return d.palette[role] }

// PageSize is the size of a page by its name.
func PageSize(name string) Size {
	if name == Certificate {
		return certificate
	}
	return ID1
}

func keyOf(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
