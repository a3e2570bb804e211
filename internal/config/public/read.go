package public

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"reflect"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"github.com/cardproof/cardproof/internal/spelling"
)

// envPrefix begins the name of every environment variable that overrides a key: server.listen is CARDPROOF_SERVER_LISTEN.
const envPrefix = "CARDPROOF_"

// maxFileSize bounds a configuration file in bytes; a catalogue of a thousand courses stays far below.
const maxFileSize = 1 << 20

// Read reads a strict configuration file into a pointer to a struct that holds the defaults and whose mapstructure tags are
// the keys. Values of the environment (as os.Environ gives it) stand above those of the file. The error is an *Error.
//
// It refuses what viper alone lets through: unknown keys (also empty ones), a value of another type than the key's, a
// duration without a unit, a fraction where a whole number belongs, an empty file, and a variable that begins like one of
// ours but names no key. An empty variable counts as not set, so that an empty string never switches a limit off.
func Read(path string, env []string, into any, missingHint string) error {
	raw, err := readYAML(path, missingHint)
	if err != nil {
		return err
	}
	if err := checkAgainst(raw, into); err != nil {
		return at(path, err)
	}
	if key, ok := emptyValue(raw, reflect.TypeOf(into).Elem(), ""); ok {
		return at(path, Invalid(key, "has no value", `Put the value in quotation marks, since # begins a comment without them; write "" for none.`))
	}
	v := viper.New()
	defaults := map[string]any{}
	if err := mapstructure.Decode(into, &defaults); err != nil {
		return &Error{File: path, Text: "has defaults that can't be used", Err: err}
	}
	for key, value := range defaults {
		v.SetDefault(key, value)
	}
	keys := settableKeys(reflect.TypeOf(into).Elem(), "")
	if err := v.MergeConfigMap(raw); err != nil {
		return &Error{File: path, Text: "can't be read", Err: err}
	}
	if err := override(v, keys, env); err != nil {
		return err
	}
	if err := v.UnmarshalExact(into, viper.DecodeHook(strictValues)); err != nil {
		return at(path, typeError(err))
	}
	return nil
}

func readYAML(path, missingHint string) (map[string]any, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Error{File: path, Text: "does not exist", Hint: missingHint, Err: nil}
	}
	if err != nil {
		return nil, &Error{File: path, Text: "can't be read", Hint: "Look at the name and the permissions of the file.", Err: err}
	}
	if info.IsDir() || info.Size() > maxFileSize {
		return nil, &Error{File: path, Text: "is no configuration file", Hint: "Give the name of a file of at most 1 MiB."}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &Error{File: path, Text: "can't be read", Hint: "Look at the name and the permissions of the file.", Err: err}
	}
	raw := map[string]any{}
	if err := yaml.Unmarshal(text, &raw); err != nil {
		return nil, &Error{File: path, Text: "is not YAML", Hint: "Mend the line that is named; keys are indented with spaces, never with tabs.", Err: err}
	}
	if len(raw) == 0 {
		return nil, &Error{File: path, Text: "is empty", Hint: missingHint}
	}
	return raw, nil
}

// checkAgainst decodes the file alone into a fresh value of the type of into. Viper forgets empty keys, so the check of
// unknown ones comes before it.
func checkAgainst(raw map[string]any, into any) error {
	var meta mapstructure.Metadata
	fresh := reflect.New(reflect.TypeOf(into).Elem()).Interface()
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{DecodeHook: strictValues, Metadata: &meta, Result: fresh})
	if err != nil {
		return err
	}
	if err := decoder.Decode(raw); err != nil {
		return typeError(err)
	}
	if len(meta.Unused) == 0 {
		return nil
	}
	sort.Strings(meta.Unused)
	key := meta.Unused[0]
	hint := "Take the key out, or look at the comments of the file that `cardproof init` writes."
	if near := spelling.Nearest(key, append(meta.Unset, meta.Keys...)); near != "" {
		hint = "Did you mean " + near + "?"
	}
	return Invalid(key, "is no key of this file", hint)
}

// emptyValue finds a key of a text, number or switch that has nothing behind it, the first by the alphabet: the default would silently take
// its place. So it is with `primary: #0b5d3b`, of which YAML sees a comment alone. A group or a list may be empty.
func emptyValue(value any, t reflect.Type, key string) (string, bool) {
	switch v := value.(type) {
	case nil:
		return key, t.Kind() != reflect.Struct && t.Kind() != reflect.Slice
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if of, ok := fieldType(t, name); ok {
				if found, ok := emptyValue(v[name], of, strings.TrimPrefix(key+"."+name, ".")); ok {
					return found, true
				}
			}
		}
	case []any:
		if t.Kind() != reflect.Slice {
			break
		}
		for i, one := range v {
			if found, ok := emptyValue(one, t.Elem(), fmt.Sprintf("%s[%d]", key, i)); ok {
				return found, true
			}
		}
	}
	return "", false
}

// fieldType is the type that a key of a struct has.
func fieldType(t reflect.Type, key string) (reflect.Type, bool) {
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		if options == "squash" {
			if found, ok := fieldType(field.Type, key); ok {
				return found, true
			}
		}
		if name != "-" && strings.EqualFold(name, key) {
			return field.Type, true
		}
	}
	return nil, false
}

// strictValues is mapstructure's hook for values: what its decoder would bend silently is refused here.
func strictValues(from, to reflect.Value) (any, error) {
	value := from.Interface()
	if to.Type() == reflect.TypeFor[time.Duration]() {
		switch d := value.(type) {
		case time.Duration:
			return d, nil
		case string:
			return time.ParseDuration(d)
		}
		return nil, errors.New("needs a unit, such as 5s or 2m")
	}
	if f, ok := value.(float64); ok && to.CanInt() && f != math.Trunc(f) {
		return nil, errors.New("has to be a whole number")
	}
	return value, nil
}

func typeError(err error) error {
	const hint = "Give it a value of the kind that the comments of the file show."
	var decode *mapstructure.DecodeError
	if !errors.As(err, &decode) {
		return &Error{Text: "has a value that can't be used", Hint: hint, Err: err}
	}
	var kind *mapstructure.UnconvertibleTypeError
	if errors.As(decode, &kind) {
		return Invalid(decode.Name(), "has to be "+kindName(kind.Expected.Type()), hint)
	}
	return &Error{Key: decode.Name(), Text: "has a value that can't be used", Hint: hint, Err: decode.Unwrap()}
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.String:
		return "text (in quotation marks where it looks like a number)"
	case reflect.Slice:
		return "a list"
	}
	return "a group of keys"
}

// override puts the environment above the file. Viper's own way reads the process's environment and misses keys that stand
// nowhere else.
//
// A list has its values between commas.
func override(v *viper.Viper, keys map[string]reflect.Kind, env []string) error {
	names := make(map[string]string, len(keys))
	sections := map[string]bool{}
	for key := range keys {
		names[envPrefix+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = key
		if section, _, nested := strings.Cut(key, "."); nested {
			sections[envPrefix+strings.ToUpper(section)+"_"] = true
		}
	}
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		if key, ok := names[name]; ok {
			switch {
			case value == "":
			case keys[key] == reflect.Slice:
				v.Set(key, splitList(value))
			default:
				v.Set(key, value)
			}
			continue
		}
		for section := range sections {
			if strings.HasPrefix(name, section) {
				return unknownVariable(name, names)
			}
		}
	}
	return nil
}

func unknownVariable(name string, names map[string]string) error {
	list := make([]string, 0, len(names))
	for one := range names {
		list = append(list, one)
	}
	sort.Strings(list)
	e := &Error{File: "environment", Key: name, Text: "is no key of the configuration", Hint: "Unset it."}
	if near := spelling.Nearest(name, list); near != "" {
		e.Hint = "Did you mean " + near + "?"
	}
	return e
}

func splitList(value string) []string {
	list := strings.Split(value, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// settableKeys lists the keys of a struct that the environment can set, with their kinds: all but lists of groups.
func settableKeys(t reflect.Type, prefix string) map[string]reflect.Kind {
	keys := map[string]reflect.Kind{}
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		kind := field.Type.Kind()
		switch {
		case name == "-" || kind == reflect.Slice && field.Type.Elem().Kind() != reflect.String:
		case options == "squash":
			maps.Copy(keys, settableKeys(field.Type, prefix))
		case kind == reflect.Struct:
			maps.Copy(keys, settableKeys(field.Type, prefix+name+"."))
		default:
			keys[prefix+name] = kind
		}
	}
	return keys
}
