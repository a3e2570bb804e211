package verify_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/verify"
)

const attacksFile = "../docs/attacks.md"

// groups are the vectors' groups, in the order of the page.
var groups = []struct{ name, title string }{
	{"algorithm", "Another algorithm, or the same by another name"},
	{"signature", "Signatures"},
	{"header", "The header, and keys that a token brings along"},
	{"encoding", "The text: a second spelling of a card, or none"},
	{"claims", "The claims"},
	{"time", "Time"},
	{"key", "Keys and their life"},
	{"register", "The register"},
	{"number", "Questions by number"},
	{"need", "Questions about a requirement"},
	{"genuine", "Genuine cards"},
}

const attacksIntro = `# Every attack tried, and the verdict

Each row is a file of ` + "`testdata/vectors`" + `, and the answer that the tests ask for on every run (` + "`go test ./verify`" + `). %d questions, of which %d
may not be answered with ` + "`valid`" + `. In most of those the token is signed by the right key, and the register holds it with its digest, so that nothing but the
rule in the row keeps the card from being valid. This page is written by the tests from the same files, and they fail where it is out of date.

What is behind it besides:

- **Wycheproof**: the vectors for Ed25519, for ECDSA on P-256 in the form of JWS, for JWS, and for JWK, through the code that checks cards (` + "`card/token`, `keys`" + `).
- **Fuzzing** of the parser, of the digits, and of card numbers: what is accepted is, byte for byte, what Cardproof would write (` + "`scripts/fuzz`" + `).
- **Every character**: of a genuine token each character is changed, and none of the results opens (` + "`card/token`" + `).
- **Nothing comes back**: hostile tokens with a marker in every header and claim go through the whole server; no page, JSON, header or line of the log has it
  (` + "`verify/web`" + `).
- **A register that lies**: rows that were altered with the triggers dropped, an older copy in place of the register, another centre's key set over ours, a named
  pipe in its place. No card is valid with other data, and none that a status list in hand has as withdrawn (` + "`internal/serve`" + `).
- **No question to the register** before the signature is right, so that a forged token costs no more than a genuine one (` + "`verify`" + `).
- **Files that show two things**: a PDF within a picture or between the files of a ZIP, and a PDF in which a viewer that searches for objects finds others than
  its table names (` + "`verify/intake`" + `, ` + "`verify/scan`" + `).
`

// TestAttacksPage keeps the page with the attacks equal to the vectors.
func TestAttacksPage(t *testing.T) {
	if *update {
		writeVectors(t, makeVectors(t)) // this test may run before the one of the vectors
	}
	byGroup := map[string]map[string]vector{}
	total, failing := 0, 0
	for name, data := range readVectors(t) {
		v, err := parseVector(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if byGroup[v.Group] == nil {
			byGroup[v.Group] = map[string]vector{}
		}
		byGroup[v.Group][name] = v
		total++
		if v.Expected.Code != verify.Valid {
			failing++
		}
	}
	var page strings.Builder
	fmt.Fprintf(&page, attacksIntro, total, failing)
	for _, g := range groups {
		if len(byGroup[g.name]) == 0 {
			t.Errorf("no vector is of the group %q", g.name)
		}
		fmt.Fprintf(&page, "\n## %s\n\n| vector | what is tried | verdict |\n|---|---|---|\n", g.title)
		for _, name := range slices.Sorted(maps.Keys(byGroup[g.name])) {
			v := byGroup[g.name][name]
			fmt.Fprintf(&page, "| `%s` | %s | %s |\n", name, inTable(v.Description), verdictInWords(v))
		}
		delete(byGroup, g.name)
	}
	for name := range byGroup {
		t.Errorf("the page has no place for the group %q", name)
	}
	if *update {
		if err := os.WriteFile(attacksFile, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(attacksFile); err != nil || !bytes.Equal(got, []byte(page.String())) {
		t.Errorf("%s is not what the vectors say (%v); run `go test ./verify -run 'TestVectors|TestAttacks' -update`", attacksFile, err)
	}
}

func verdictInWords(v vector) string {
	text := "`" + string(v.Expected.Code) + "`"
	if v.Expected.Code == verify.Valid {
		text = "**valid**"
	}
	for i, r := range v.Expected.Reasons {
		if i == 0 {
			text += ", also"
		}
		text += " `" + string(r) + "`"
	}
	if m := v.Expected.Meets; m != nil {
		text += map[bool]string{true: "; meets it", false: "; does not meet it"}[m.Answer]
	}
	return text
}

// inTable keeps a text from ending its cell or becoming markup.
func inTable(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "__", `\_\_`, "\n", " ").Replace(s)
}
