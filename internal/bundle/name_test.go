package bundle

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/cardproof/cardproof/card"
)

const number card.Number = "7F3K9QWX2MTD"

func TestFileName(t *testing.T) {
	for _, c := range []struct{ holder, want string }{
		{"Ana Silva", "Ana Silva"}, {"ANA SILVA", "ANA SILVA"},
		{"María de los Ángeles Ruiz", "María de los Ángeles Ruiz"},
		{"Jose\u0301", "Jos\u00e9"},
		{"Smith Jr.", "Smith Jr"},
		{"Kumar s/o Raja", "Kumar s_o Raja"},
		{`..\..\Windows\x`, ".._.._Windows_x"},
		{`a<b>c:d"e|f?g*h`, "a_b_c_d_e_f_g_h"},
		{"CON", "CON"}, {"nul.txt", "nul.txt"},
		{" . ", ""}, {"...", ""}, {"", ""},
		{"a\x00b\nc\u202ed\ufeffe", "ab cde"},
		{"a\u00a0b\u3000c  d", "a b c d"},
		{"نرگس می\u200cخواهم", "نرگس می\u200cخواهم"},
		{"bare joiner\u200d", "bare joiner"},
		{"ⴰⵎⵉⵔ 田中 太郎 𞤀𞤣𞤢𞤥", "ⴰⵎⵉⵔ 田中 太郎 𞤀𞤣𞤢𞤥"},
		{"=1+1", "_1+1"}, {"Ana;=1+1", "Ana;_1+1"}, {"Ana, -1", "Ana, _1"},
		{strings.Repeat("x", 200), strings.Repeat("x", 101)},
		{strings.Repeat("田", 100), strings.Repeat("田", 73)},          // 240 bytes
		{strings.Repeat("𞤀", 100), strings.Repeat("𞤀", 50)},          // two UTF-16 units and four bytes each
		{strings.Repeat("x", 99) + " . yz", strings.Repeat("x", 99)}, // cut behind the space
		{strings.Repeat("x", 100) + "𞤀", strings.Repeat("x", 100)},   // half a character is none
		{"\xff\xfeAna", "Ana"}, {"\xff\xfe", ""},
		{"Ana O’Neill", "Ana O’Neill"}, {`Ana "the; x" \ O'Neill/../etc`, "Ana _the; x_ _ O'Neill_.._etc"},
		{"محمد عبد الله", "محمد عبد الله"}, {"a\u202efdp.exe\u2066", "afdp.exe"}, {"x\r\nSet-Cookie: y\x00", "x Set-Cookie_ y"}, {"Dr. ", "Dr"}, {"山田  太郎", "山田 太郎"},
	} {
		want := "7F3K-9QWX-2MTD " + c.want + ".pdf"
		if c.want == "" {
			want = "7F3K-9QWX-2MTD.pdf"
		}
		if got := FileName(number, c.holder); got != want {
			t.Errorf("%q: got %q, want %q", c.holder, got, want)
		}
	}
}

// device are the names that Windows keeps for devices, with any extension; also with the small raised digits.
var device = regexp.MustCompile(`(?i)^(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³]) *(\.|$)`)

// checkName checks the rules of Windows ("Naming Files, Paths, and Namespaces"), which are the strictest, and those of this package.
func checkName(t *testing.T, holder string) {
	t.Helper()
	name := FileName(number, holder)
	switch {
	case strings.ContainsAny(name, `<>:"/\|?*`), strings.ContainsFunc(name, unicode.IsControl):
		t.Errorf("%q: %q has a character that Windows refuses", holder, name)
	case strings.HasSuffix(name, " ") || strings.HasSuffix(name, "."), strings.HasSuffix(strings.TrimSuffix(name, ".pdf"), " "):
		t.Errorf("%q: %q ends with a space or a dot", holder, name)
	case device.MatchString(name):
		t.Errorf("%q: %q is a device", holder, name)
	case len(utf16.Encode([]rune(name))) > maxUnits || len(name) > maxBytes:
		t.Errorf("%q: %q is too long", holder, name)
	case !utf8.ValidString(name) || !norm.NFC.IsNormalString(name):
		t.Errorf("%q: %q is no UTF-8 in NFC", holder, name)
	case !strings.HasPrefix(name, number.String()) || !strings.HasSuffix(name, ".pdf"):
		t.Errorf("%q: %q has another beginning or end", holder, name)
	case guard(name, quoted) != name:
		t.Errorf("%q: %q is another one in a list", holder, name)
	}
}

// A letter of any script that a card can bear is in the name of its file, too.
func TestFileNameKeepsEveryLetter(t *testing.T) {
	count := 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if text := string(r); unicode.IsLetter(r) && card.CheckName(text) == nil {
			count++
			if got, want := FileName(number, text), "7F3K-9QWX-2MTD "+text+".pdf"; got != want {
				t.Fatalf("%U: got %q, want %q", r, got, want)
			}
		}
	}
	if count < 100_000 {
		t.Errorf("got %d letters", count)
	}
}

func FuzzFileName(f *testing.F) {
	for _, s := range []string{"Ana Silva", "a\u0301\u0301", strings.Repeat("한", 60), strings.Repeat("a\u0300", 60), "; =", "'=", `"-`} {
		f.Add(s)
	}
	f.Fuzz(checkName)
}

func TestGuard(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Ana Silva", "Ana Silva"}, {"Anne-Marie", "Anne-Marie"}, {"O'Brien", "O'Brien"}, {"a@b.example", "a@b.example"}, {"x=y", "x=y"},
		{"Basic Life Support, Level 2", "Basic Life Support, Level 2"},
		{"=1+1", "'=1+1"}, {"+1", "'+1"}, {"-1", "'-1"}, {"@SUM(1)", "'@SUM(1)"}, {"＝1", "'＝1"}, {" =1", " '=1"}, {"\t=1", "\t'=1"},
		{`"=1`, `"'=1`}, {"Ana;=1", "Ana;'=1"}, {"Ana\t@x", "Ana\t'@x"}, {"Ana\r\n-1", "Ana\r\n'-1"}, {"Ana,=1;=2", "Ana,'=1;'=2"},
	} {
		if got := guard(c.text, quoted); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}
