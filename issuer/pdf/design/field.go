package design

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cardproof/cardproof/internal/spelling"
)

// Source is where a field's text comes from, and so when it can be checked.
type Source int

// The sources. A text has fields of one of the first three at most: each is checked by itself, long before the card is drawn.
const (
	Learner    Source = iota + 1
	Course            // of the catalogue
	Instructor        // of a class
	Centre            // the same on all cards
	Bounded           // of the card; it has a longest form
)

// Fields is the closed set of what a text can say.
var fields = map[string]Source{
	"name": Learner,
	// The course: its title, its code, for whom it is, the requirements that it meets, and what the holder was trained to do.
	"course": Course, "code": Course, "level": Course, "meets": Course, "trained": Course,
	"hours": Bounded, "days": Bounded, "credits": Bounded,
	// validity is the label of valid_through: a card without an end has another. rule is "to the end of the month" or nothing.
	"number": Bounded, "completed": Bounded, "issued": Bounded, "validity": Bounded, "valid_through": Bounded, "rule": Bounded,
	"instructor": Instructor, "instructor_id": Instructor,
	"centre": Centre, "centre_id": Centre, "address": Centre, "phone": Centre, "host": Centre, "signatory": Centre, "signatory_title": Centre,
	"signature": Centre, "logo": Centre, // for `when`: whether there is such a picture
}

// Fields lists the fields, sorted.
func Fields() []string {
	var out []string
	for f := range fields {
		out = append(out, f)
	}
	slices.Sort(out)
	return out
}

// SourceOf is the source of a field; 0 for none of the set.
func SourceOf(field string) Source { return fields[field] }

// Template is a text with fields.
type Template struct {
	parts []part
}

// part is a literal, a field, or a piece in square brackets that vanishes where one of its fields is empty.
type part struct {
	literal, field string
	optional       []part
}

// Parse reads a text such as "{code}[ · {level}]".
func Parse(text string) (*Template, error) {
	parts, rest, err := parse(text, false)
	if err != nil {
		return nil, err
	}
	if rest != "" {
		return nil, fmt.Errorf("has a ] without its [")
	}
	return &Template{parts}, nil
}

func parse(s string, inside bool) (parts []part, rest string, err error) {
	for s != "" {
		i := strings.IndexAny(s, "{}[]")
		if i < 0 {
			i = len(s)
		}
		if i > 0 {
			parts = append(parts, part{literal: s[:i]})
			s = s[i:]
			continue
		}
		switch s[0] {
		case '{':
			end := strings.IndexByte(s, '}')
			if end < 0 {
				return nil, "", fmt.Errorf("has a { without its }")
			}
			name := s[1:end]
			if fields[name] == 0 || name == "logo" || name == "signature" {
				return nil, "", unknownField(name)
			}
			parts, s = append(parts, part{field: name}), s[end+1:]
		case '[':
			if inside {
				return nil, "", fmt.Errorf("has brackets within brackets")
			}
			inner, after, err := parse(s[1:], true)
			if err != nil {
				return nil, "", err
			}
			if !strings.HasPrefix(after, "]") {
				return nil, "", fmt.Errorf("has a [ without its ]")
			}
			parts, s = append(parts, part{optional: inner}), after[1:]
		case '}':
			return nil, "", fmt.Errorf("has a } without its {")
		case ']':
			return parts, s, nil
		}
	}
	return parts, "", nil
}

func unknownField(name string) error {
	if near := spelling.Nearest(name, Fields()); near != "" {
		return fmt.Errorf("names {%s}, which is no field; did you mean {%s}?", name, near)
	}
	return fmt.Errorf("names {%s}, which is no field; there are %s", name, strings.Join(Fields(), ", "))
}

// Fields are the template's fields in the order of the text.
func (t *Template) Fields() []string { return fieldsOf(t.parts) }

func fieldsOf(parts []part) []string {
	var out []string
	for _, p := range parts {
		if p.field != "" {
			out = append(out, p.field)
		}
		out = append(out, fieldsOf(p.optional)...)
	}
	return out
}

// Fill gives the text, or nothing where there are fields and all of them are empty. What joins two fields does not stay at an end.
func (t *Template) Fill(value func(field string) string) string {
	var b strings.Builder
	has, any := fill(&b, t.parts, value)
	if has && !any {
		return ""
	}
	return strings.Trim(b.String(), " ·,|")
}

// fill says whether parts have fields, and whether one of them is not empty.
func fill(b *strings.Builder, parts []part, value func(string) string) (has, any bool) {
	for _, p := range parts {
		switch {
		case p.field != "":
			v := value(p.field)
			has, any = true, any || v != ""
			b.WriteString(v)
		case p.optional != nil:
			empty := slices.ContainsFunc(fieldsOf(p.optional), func(f string) bool { return value(f) == "" })
			if !empty {
				h, a := fill(b, p.optional, value)
				has, any = has || h, any || a
			} else {
				has = true
			}
		default:
			b.WriteString(p.literal)
		}
	}
	return has, any
}
