package config

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ErrForm says that a configuration is written in a form in which no single key can be taken out.
var ErrForm = errors.New("no single key can be taken out of the configuration as it is written")

// elsewhere are the keys by which a configuration leads out of its folder to what a centre lives on, with the folder that is not elsewhere.
var elsewhere = map[string]string{"data": "data", "keys": "keys", "archive": filepath.Join("data", "cards"), "register": "", "register_read": ""}

// StandAlone makes comments of the keys of a configuration that lead out of its folder to the register, the cards or the keys of a centre,
// so that it stands for what lies beside it. It answers which keys these were. Nothing else of the text is changed. The error is ErrForm.
func StandAlone(text []byte) (alone []byte, out []string, err error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil || len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil, nil, ErrForm
	}
	root := document.Content[0]
	lines := bytes.SplitAfter(text, []byte("\n"))
	for i := 0; i < len(root.Content); i += 2 {
		if !leadsElsewhere(root.Content[i], root.Content[i+1]) {
			continue
		}
		if root.Style&yaml.FlowStyle != 0 {
			return nil, nil, ErrForm
		}
		end := len(lines) + 1
		if i+2 < len(root.Content) {
			end = root.Content[i+2].Line
		}
		for n := root.Content[i].Line; n < end; n++ {
			if line := bytes.TrimSpace(lines[n-1]); len(line) > 0 && line[0] != '#' {
				lines[n-1] = append([]byte("# "), lines[n-1]...)
			}
		}
		out = append(out, strings.ToLower(root.Content[i].Value))
	}
	alone = bytes.Join(lines, nil)
	if !standsAlone(text, alone, out) {
		return nil, nil, ErrForm
	}
	return alone, out, nil
}

func leadsElsewhere(key, value *yaml.Node) bool {
	beside, is := elsewhere[strings.ToLower(key.Value)]
	for value.Kind == yaml.AliasNode {
		value = value.Alias
	}
	return is && (value.Kind != yaml.ScalarNode || leadsOut(value.Value, beside))
}

func leadsOut(value, beside string) bool { return value != "" && filepath.Clean(value) != beside }

// standsAlone reads both texts as a program does: the second lacks the keys that were taken out, and no others; and none that it has leads
// out, by whatever means of YAML it came in.
func standsAlone(before, after []byte, out []string) bool {
	var was, is map[string]any
	if yaml.Unmarshal(before, &was) != nil || yaml.Unmarshal(after, &is) != nil || len(is) != len(was)-len(out) {
		return false
	}
	for key, value := range is {
		beside, watched := elsewhere[strings.ToLower(key)]
		text, isText := value.(string)
		if watched && value != nil && (!isText || leadsOut(text, beside)) {
			return false
		}
		if _, had := was[key]; !had || slices.Contains(out, strings.ToLower(key)) {
			return false
		}
	}
	return true
}
