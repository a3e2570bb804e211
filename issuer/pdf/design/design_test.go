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
		{"box outside", "[3.5, 31.7, 42, 6]", "[53.5, 31.7, 42, 6]", "pages.wallet.elements[4].box", "out of the page"},
		{"negative box", "[3.5, 31.7, 42, 6]", "[-1, 31.7, 42, 6]", "pages.wallet.elements[4].box", "outside"},
		{"box of two", "[3.5, 31.7, 42, 6]", "[3.5, 31.7]", "pages.wallet.elements[4].box", "4 numbers"},
		{"text over the symbol", "[3.5, 45.1, 42, 6.7]", "[40, 41.5, 42, 6.7]", "pages.wallet.elements[7].box", "overlaps"},
		{"line through the symbol", "[3.5, 29.6, 42, 0]", "[3.5, 29.6, 62, 0]", "pages.wallet.elements[7].box", "quiet zone"},
		{"small symbol", "[45.94, 9.2, 38]", "[45.9, 9.2, 30]", "pages.wallet.elements[7].box", "0.33 mm"},
		{"no number", `text: "{number}" }`, `text: "{issued}" }`, "pages.certificate.elements", "{number}"},
		{"no symbol", "      - { kind: symbol, box: [45.94, 9.2, 38], align: right }\n", "", "pages.wallet.elements", "no symbol"},
		{"unknown style", "style: date,", "style: dates,", "pages.wallet.elements[4].style", "styles does not have"},
		{"low contrast", `haze: "#d6e1ee"`, `haze: "#3d5a80"`, "pages.back.elements[12].elements[0]", "contrast"},
		{"no colour", `ink: "#102034"`, `ink: "black"`, "colours.ink", "#rrggbb"},
		{"missing role", `  muted: "#52616f"` + "\n", "", "colours.muted", "missing"},
		{"small name", "size: 14, least: 7,", "size: 14, least: 6,", "pages.back", ""},
		{"low box", "[3.5, 11, 42, 17]", "[3.5, 11, 42, 8]", "pages.wallet.elements[3].box", "not high enough"},
		{"two sources", `"{code}[ · {level}]" }`, `"{code}[ · {name}]" }`, "pages.certificate.elements[8].elements[3].text", "a text of its own"},
		{"unknown kind", "kind: line, box: [3.5, 29.6", "kind: lines, box: [3.5, 29.6", "pages.wallet.elements[1].kind", "no kind"},
		{"wrong type", "size: 14, least: 7,", "size: large, least: 7,", "styles.name.size", ""},
		{"unknown page", "  back:\n", "  front:\n", "pages.front", "no page"},
		{"unclosed brace", `text: "{centre}"`, `text: "{centre"`, "pages.back.elements[11].text", "without its }"},
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
