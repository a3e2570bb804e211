package design

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/cardproof/cardproof/assets"
)

const schemaFile = "../../../docs/design.schema.json"

func TestShippedDesigns(t *testing.T) {
	if got := assets.Designs(); len(got) < 2 {
		t.Fatalf("got the designs %v, want two or more", got)
	}
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range assets.Designs() {
		d, err := Shipped(name, Brand{})
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		for _, page := range []string{Wallet, Back, Certificate} {
			if _, ok := d.Pages[page]; !ok {
				t.Errorf("%s has no page %s", name, page)
			}
		}
		if d.Name != name || d.About == "" {
			t.Errorf("%s: got the name %q and %q about it", name, d.Name, d.About)
		}
		if err := schema.Validate(document(t, name)); err != nil {
			t.Errorf("%s against the schema: %v", name, err)
		}
	}
}

// document is a design's file as a value of JSON.
func document(t *testing.T, name string) any {
	t.Helper()
	text, err := assets.Design(name)
	if err != nil {
		t.Fatal(err)
	}
	var raw any
	if err := yaml.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The schema and the structs name the same keys, and the schema the same fields, kinds and pages as the code.
func TestSchemaHasTheSameKeys(t *testing.T) {
	b, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Properties map[string]struct {
			Enum       []string
			Properties map[string]any
		}
		Enum []string
	}
	var schema struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		got  object
		of   reflect.Type
	}{
		{"design", schema.object, reflect.TypeFor[Design]()}, {"style", schema.Defs["style"], reflect.TypeFor[Style]()},
		{"page", schema.Defs["page"], reflect.TypeFor[Page]()}, {"element", schema.Defs["element"], reflect.TypeFor[Element]()},
	} {
		var want []string
		for f := range c.of.Fields() {
			if tag := f.Tag.Get("yaml"); tag != "" {
				want = append(want, tag)
			}
		}
		slices.Sort(want)
		if got := slices.Sorted(maps.Keys(c.got.Properties)); !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %v, the struct %v", c.name, got, want)
		}
	}
	if got := slices.Sorted(maps.Keys(schema.Properties["pages"].Properties)); !slices.Equal(got, []string{Back, Certificate, Wallet}) {
		t.Errorf("pages: got %v", got)
	}
	if got := schema.Defs["field"].Enum; !slices.Equal(got, Fields()) {
		t.Errorf("fields: the schema has %v, the code %v", got, Fields())
	}
	var kinds []string
	for k := range numbers {
		kinds = append(kinds, string(k))
	}
	got := slices.Sorted(slices.Values(schema.Defs["element"].Properties["kind"].Enum))
	if slices.Sort(kinds); !slices.Equal(got, kinds) {
		t.Errorf("kinds: the schema has %v, the code %v", got, kinds)
	}
}

func TestRefusals(t *testing.T) {
	text, err := assets.Design("harbour")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ what, from, to, key, says string }{
		{"unknown key", "size: 9.5, least: 6, lines: 2,", "size: 9.5, leest: 6, lines: 2,", "styles.centre.leest", "least"},
		{"unknown field", `text: "{name}"`, `text: "{nam}"`, "pages.certificate.elements[8].elements[0].text", "did you mean {name}?"},
		{"box outside", "[3.5, 31.1, 42, 6]", "[53.5, 31.1, 42, 6]", "pages.wallet.elements[4].box", "out of the page"},
		{"negative box", "[3.5, 31.1, 42, 6]", "[-1, 31.1, 42, 6]", "pages.wallet.elements[4].box", "outside"},
		{"box of two", "[3.5, 31.1, 42, 6]", "[3.5, 31.1]", "pages.wallet.elements[4].box", "4 numbers"},
		{"text over the symbol", "[3.5, 45.1, 42, 6.7]", "[40, 44.5, 42, 6.7]", "pages.wallet.elements[7].box", "overlaps"},
		{"line through the symbol", "[3.5, 29.5, 42, 0]", "[3.5, 29.5, 62, 0]", "pages.wallet.elements[7].box", "quiet zone"},
		{"small symbol", "[45.94, 9.2, 38]", "[45.9, 9.2, 30]", "pages.wallet.elements[7].box", "0.33 mm"},
		{"no number", `text: "{number}" }`, `text: "{issued}" }`, "pages.certificate.elements", "{number}"},
		{"no symbol", "      - { kind: symbol, box: [45.94, 9.2, 38], align: right }\n", "", "pages.wallet.elements", "no symbol"},
		{"unknown style", "style: date,", "style: dates,", "pages.wallet.elements[4].style", "styles does not have"},
		{"low contrast", `haze: "#d6e1ee"`, `haze: "#3d5a80"`, "pages.back.elements[7].elements[0]", "contrast"},
		{"no colour", `ink: "#102034"`, `ink: "black"`, "colours.ink", "#rrggbb"},
		{"missing role", `  muted: "#52616f"` + "\n", "", "colours.muted", "missing"},
		{"small name", "size: 14, least: 7,", "size: 14, least: 6,", "pages.back", ""},
		{"low box", "[3.5, 11.2, 42, 17]", "[3.5, 11.2, 42, 8]", "pages.wallet.elements[3].box", "not high enough"},
		{"two sources", `"{code}[ · {level}]" }`, `"{code}[ · {name}]" }`, "pages.certificate.elements[8].elements[3].text", "a text of its own"},
		{"unknown kind", "kind: line, box: [3.5, 29.5", "kind: lines, box: [3.5, 29.5", "pages.wallet.elements[1].kind", "no kind"},
		{"wrong type", "size: 14, least: 7,", "size: large, least: 7,", "styles.name.size", ""},
		{"unknown page", "  back:\n", "  front:\n", "pages.front", "no page"},
		{"last day under a condition", `label: "{validity}[ · {rule}]", text: "{valid_through}" }`, `text: "{valid_through}", when: [rule] }`, "pages.wallet.elements[4]", "under a condition"},
		{"last day in brackets", `text: "{valid_through}" }`, `text: "{rule}[ {valid_through} {phone}]" }`, "pages.certificate.elements[10]", "under a condition"},
		{"name under a condition", "        lift: 2.3\n", "        lift: 2.3\n        when: [level]\n", "pages.wallet.elements[3].elements[0]", "{name} under a condition"},
		{"symbol under a condition", "box: [45.94, 9.2, 38],", "box: [45.94, 9.2, 38], when: [level],", "pages.wallet.elements[7].when", "symbol"},
		{"unknown condition in a stack", `gap: 1.6, style: phone`, `gap: 1.6, when: [fone], style: phone`, "pages.wallet.elements[2].elements[1].when", "no field"},
		{"dark under a part of the date", "      - { kind: line, box: [3.5, 29.5,", "      - { kind: rectangle, box: [3, 30, 20, 9], fill: ink }\n      - { kind: line, box: [3.5, 29.5,", "pages.wallet.elements[5]", "touches its box"},
		{"dark under the date, at times", "      - { kind: line, box: [3.5, 29.5,", "      - { kind: rectangle, box: [3, 30, 43, 9], fill: ink, when: [logo] }\n      - { kind: line, box: [3.5, 29.5,", "pages.wallet.elements[5]", "touches its box"},
		{"thick line over the date", "kind: line, box: [3.5, 29.5, 42, 0], stroke: line, width: 0.2", "kind: line, box: [3.5, 30, 42, 0], stroke: ink, width: 12", "pages.wallet.elements[3].elements[0]", "touches its box"},
		{"ornament under the date", "kind: line, box: [3.5, 29.5, 42, 0], stroke: line, width: 0.2", "kind: ornament, ornament: waves, box: [3, 30, 30, 9], stroke: ink, width: 0.3", "pages.wallet.elements[4]", "touches its box"},
		{"thick frame", "kind: line, box: [3.5, 29.5, 42, 0], stroke: line, width: 0.2", "kind: frame, box: [2], stroke: ink, width: 8", "pages.wallet.elements[3].elements[0]", "touches its box"},
		{"filled frame", "kind: line, box: [3.5, 29.5, 42, 0], stroke: line, width: 0.2", "kind: frame, box: [2], stroke: line, width: 0.2, fill: ink", "pages.wallet.elements[1].fill", "no place here"},
		{"text at the cut", "box: [3.5, 2, 42, 6.4]", "box: [3.5, 1.4, 42, 6.4]", "pages.wallet.elements[2].box", "knife"},
		{"row without widths", "width: 20.6, style: day, label: Completed", "style: day, label: Completed", "pages.wallet.elements[5].elements[0].width", "how wide"},
		{"wide row", "width: 20.6, gap: 0.8", "width: 20.6, gap: 2", "pages.wallet.elements[5].box", "wide enough"},
		{"sure of more", "lines: 3, sure: 2", "lines: 3, sure: 4", "styles.name.sure", "lines"},
		{"padding", "pad: 3, radius", "pad: 15, radius", "pages.certificate.elements[2].pad", "no room"},
		{"unclosed brace", `text: "{centre}"`, `text: "{centre"`, "pages.back.elements[6].text", "without its }"},
	} {
		changed := strings.ReplaceAll(string(text), c.from, c.to)
		if changed == string(text) {
			t.Errorf("%s: the design has no %q", c.what, c.from)
			continue
		}
		_, err := Read("file", []byte(changed), Brand{})
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want an *Error", c.what, err)
			continue
		}
		if c.what == "small name" {
			if !strings.Contains(e.Error(), "7 points") {
				t.Errorf("%s: got %v", c.what, err)
			}
			continue
		}
		if e.Key != c.key || !strings.Contains(e.Error(), c.says) || e.File != "file" {
			t.Errorf("%s: got %v, want the key %s and %q", c.what, err, c.key, c.says)
		}
	}
	if _, err := Read("file", []byte("pages: ["), Brand{}); err == nil {
		t.Error("got no error of a file that is not YAML")
	}
	if _, err := Shipped("harbor", Brand{}); err == nil || !strings.Contains(err.Error(), "did you mean harbour?") {
		t.Errorf("got %v, want a hint", err)
	}
}

// Texts of the shipped designs keep 2 mm from where a card is cut.
func TestShippedTextsKeepFromTheEdge(t *testing.T) {
	const least = 2.0
	for _, name := range assets.Designs() {
		d, err := Shipped(name, Brand{})
		if err != nil {
			t.Fatal(err)
		}
		for page, p := range d.Pages {
			size, texts := PageSize(page), 0
			for i, e := range p.Elements {
				if e.Kind != Text && e.Kind != Stack && e.Kind != Row {
					continue
				}
				texts++
				b := e.Box
				if got := min(b[0], b[1], size.Width-b[0]-b[2], size.Height-b[1]-b[3]); got < least {
					t.Errorf("%s: %s.elements[%d] is %.2f mm from the edge, want %g", name, page, i, got, least)
				}
			}
			if texts < 5 {
				t.Errorf("%s: %s has %d texts", name, page, texts)
			}
		}
	}
}

func TestBrandColours(t *testing.T) {
	d, err := Shipped("harbour", Brand{Primary: "#5b1a2e"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := d.Colour("primary"), (Colour{0x5b, 0x1a, 0x2e}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	for brand, key := range map[Brand]string{{Primary: "#e0e040"}: "pages.", {Accent: "#ffff00"}: "pages.", {Accent: "teal"}: "brand.accent"} {
		var e *Error
		if _, err := Shipped("harbour", brand); !errors.As(err, &e) || !strings.HasPrefix(e.Key, key) {
			t.Errorf("%+v: got %v, want an error about %s", brand, err, key)
		}
	}
}

func TestTemplates(t *testing.T) {
	all := map[string]string{"code": "BLS", "level": "healthcare provider", "instructor": "Ruth", "instructor_id": "I-1"}
	for _, c := range []struct{ text, without, want string }{
		{"{code}[ · {level}]", "", "BLS · healthcare provider"},
		{"{code}[ · {level}]", "level", "BLS"},
		{"{instructor}[ · {instructor_id}]", "instructor", "I-1"},
		{"{instructor}[ · {instructor_id}]", "instructor_id", "Ruth"},
		{"{instructor}[ · {instructor_id}]", "instructor instructor_id", ""},
		{"This certifies that", "", "This certifies that"},
		{"Trained to: {trained}", "", ""},
	} {
		tmpl, err := Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		got := tmpl.Fill(func(f string) string {
			if slices.Contains(strings.Fields(c.without), f) {
				return ""
			}
			return all[f]
		})
		if got != c.want {
			t.Errorf("%q without %q: got %q, want %q", c.text, c.without, got, c.want)
		}
	}
}

func TestContrast(t *testing.T) {
	for _, c := range []struct {
		a, b Colour
		want float64
	}{{White, Colour{}, 21}, {White, White, 1}, {White, Colour{0x76, 0x76, 0x76}, 4.54}} {
		if got := contrast(c.a, c.b); got < c.want-0.01 || got > c.want+0.01 {
			t.Errorf("%v on %v: got %.2f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}
