package phrase

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// read reads one file: exactly the texts that there have to be, none of them empty, none twice.
func read(data []byte) (*Texts, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	var t Texts
	if err := d.Decode(&t); err != nil {
		return nil, err
	}
	for path, text := range textsOf(&t) {
		if strings.TrimSpace(text) == "" || strings.TrimSpace(text) != text {
			return nil, fmt.Errorf("the text %s is empty, or has spaces around it", path)
		}
	}
	if t.Dir != "ltr" && t.Dir != "rtl" {
		return nil, errors.New("the direction is neither ltr nor rtl")
	}
	return &t, nil
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// sameShape compares the texts of a language with the English ones: the same keys, and in each the same placeholders.
func sameShape(english, other *Texts) error {
	want, got := textsOf(english), textsOf(other)
	if w, g := slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)); !slices.Equal(w, g) {
		return fmt.Errorf("other keys than in English: %s", difference(w, g))
	}
	for path, text := range want {
		w, g := placeholders(text), placeholders(got[path])
		if !slices.Equal(w, g) {
			return fmt.Errorf("%s has the placeholders %v, in English it has %v", path, g, w)
		}
	}
	return nil
}

func placeholders(text string) []string {
	return slices.Sorted(slices.Values(placeholder.FindAllString(text, -1)))
}

func difference(a, b []string) string {
	var odd []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			odd = append(odd, "without "+s)
		}
	}
	for _, s := range b {
		if !slices.Contains(a, s) {
			odd = append(odd, "with "+s)
		}
	}
	return strings.Join(odd, ", ")
}

// textsOf has every text by its path in the file.
func textsOf(t *Texts) map[string]string {
	all := map[string]string{}
	collect(all, "", reflect.ValueOf(t).Elem())
	return all
}

func collect(all map[string]string, path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		all[path] = v.String()
	case reflect.Struct:
		for i := range v.NumField() {
			collect(all, path+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Array, reflect.Slice:
		for i := range v.Len() {
			collect(all, fmt.Sprintf("%s.%d", path, i), v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			collect(all, path+"."+key.String(), v.MapIndex(key))
		}
	default:
		panic("phrase: a text of the kind " + v.Kind().String()) // a mistake in Texts, which every test meets
	}
}
