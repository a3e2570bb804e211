package assets

import (
	"io/fs"
	"regexp"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A French mark that has a space before it, or within guillemets, never begins a line without its word: no plain space, and not none.
var frenchSlip = regexp.MustCompile(`[^\x{A0}\x{202F}][;?!»]|[^\x{A0}\x{202F}]:( |$)|«[^\x{A0}\x{202F}]`)

func TestFrenchSpaces(t *testing.T) {
	for _, c := range []struct {
		text string
		slip bool
	}{
		{"Prêt\u202f?", false}, {"Prêt ?", true}, {"Prêt?", true}, {"le code\u00a0: {code}", false}, {"le code : {code}", true}, {"le code :", true}, {"le code: x", true},
		{"https://example.org", false}, {"«\u00a0oui\u00a0»", false}, {"« oui\u00a0»", true}, {"«\u00a0oui »", true}, {"oui ; non", true},
	} {
		if got := frenchSlip.MatchString(c.text); got != c.slip {
			t.Errorf("%q: got %v, want %v", c.text, got, c.slip)
		}
	}
	for name, folder := range map[string]fs.FS{"pages": Pages(), "mail": Mail()} {
		data, err := fs.ReadFile(folder, "text/fr.yaml")
		if err != nil {
			t.Fatal(err)
		}
		var texts yaml.Node
		if err := yaml.Unmarshal(data, &texts); err != nil {
			t.Fatal(err)
		}
		read := 0
		var walk func(*yaml.Node)
		walk = func(n *yaml.Node) {
			if n.Kind == yaml.ScalarNode {
				read++
				if slip := frenchSlip.FindString(n.Value); slip != "" {
					t.Errorf("%s, line %d: %q needs a no-break space in %q", name, n.Line, slip, n.Value)
				}
			}
			for _, part := range n.Content {
				walk(part)
			}
		}
		walk(&texts)
		if read < 40 {
			t.Errorf("%s: only %d texts were read", name, read)
		}
	}
}
