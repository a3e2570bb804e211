package sheet

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/transform"
)

const (
	utf8Name     = "utf-8"
	usualLabels  = "utf-8, utf-16le, windows-1252 (western), windows-1250 (central European), windows-1254 (Turkish), windows-1251 (Cyrillic), windows-1257 (Baltic), iso-8859-2, cp850, cp852, cp437 (DOS), macintosh, x-mac-ce (old Macintosh)"
	orSaveAsUTF8 = "; or save the file as \"CSV UTF-8\" or as a workbook (.xlsx)"
)

// byteOrderMarks, the longer before what they begin with. UTF-32 has a name so that it can be refused by it.
var byteOrderMarks = []struct{ mark, name string }{
	{"\xef\xbb\xbf", utf8Name}, {"\xff\xfe\x00\x00", "utf-32"}, {"\xff\xfe", "utf-16le"}, {"\xfe\xff", "utf-16be"},
}

// decode turns the bytes of a text file into UTF-8 without a byte order mark. An encoding that is named for this file settles it;
// else a byte order mark does; else UTF-16 shows by its NUL bytes; else the encoding that was named for all files counts, where
// the bytes do not speak against it; else UTF-8 shows by being valid; else it is single bytes, see singleByte.
func decode(data string, o Options) (text, name string, marked bool, err error) {
	for _, bom := range byteOrderMarks {
		if strings.HasPrefix(data, bom.mark) {
			data, name, marked = data[len(bom.mark):], bom.name, true
			break
		}
	}
	switch {
	case o.Encoding != "":
		name, err = named(o.Encoding, name)
	case name != "":
	case o.UsualEncoding != "":
		name, err = usual(data, o.UsualEncoding)
	default:
		name, err = detect(data, o.IsHeading)
	}
	if err != nil {
		return "", "", false, err
	}
	text, err = decodeAs(data, name)
	return text, name, marked, err
}

// usual is the encoding of a file without a byte order mark where a label is known for all files. One of single bytes reads
// UTF-8 too, and every name in it wrong.
func usual(data, label string) (string, error) {
	name, err := named(label, "")
	if err != nil || name == utf8Name || strings.HasPrefix(name, "utf-16") {
		return name, err
	}
	if strings.IndexByte(data, 0) >= 0 {
		return wideWithoutMark(data)
	}
	i := strings.IndexFunc(data, func(r rune) bool { return r >= utf8.RuneSelf })
	if i < 0 || !utf8.ValidString(data) {
		return name, nil
	}
	return "", &Error{Text: fmt.Sprintf("the file has the form of UTF-8, from line %d on, and roster.encoding in config.yaml says %s", lineAt(data, i), name),
		Hint: "Say which of them this file is: --encoding utf-8 or --encoding " + name + "."}
}

// IsEncoding says whether a label is of an encoding that Options can name.
func IsEncoding(label string) bool {
	_, err := named(label, "")
	return err == nil
}

// lookup finds an encoding by its WHATWG label, and one of single bytes that the web does not know, as those of DOS, by its
// IANA name: cp850 or IBM850.
func lookup(label string) (e encoding.Encoding, name string, err error) {
	if key := strings.ToLower(strings.TrimSpace(label)); key == macCEName || key == "mac-centraleurope" {
		return newMacCE(), macCEName, nil
	}
	if e, err = htmlindex.Get(label); err == nil {
		name, err = htmlindex.Name(e)
		return e, name, err
	}
	e, err = ianaindex.IANA.Encoding(label)
	if err != nil {
		return nil, "", err
	}
	table, isTable := e.(*charmap.Charmap)
	if !isTable {
		return nil, "", errors.New("no encoding of single bytes")
	}
	if name, err = ianaindex.IANA.Name(table); err != nil {
		return nil, "", err
	}
	return table, strings.Replace(strings.ToLower(name), "ibm", "cp", 1), nil
}

// named is the name of the encoding that a person asked for. A byte order mark can't be argued with.
func named(label, marked string) (string, error) {
	_, name, err := lookup(label)
	if err != nil {
		return "", &Error{Text: fmt.Sprintf("%q is no encoding that is known", label), Hint: "Usual ones are " + usualLabels + "."}
	}
	if name == "replacement" || name == "x-user-defined" {
		return "", &Error{Text: fmt.Sprintf("%q is no encoding of letters", label), Hint: "Usual ones are " + usualLabels + "."}
	}
	if strings.EqualFold(strings.TrimSpace(label), "utf-16") && marked == "utf-16be" {
		return marked, nil
	}
	if marked != "" && marked != name {
		return "", &Error{Text: fmt.Sprintf("the file begins with the byte order mark of %s, so it is not %s", marked, name), Hint: "Leave --encoding out."}
	}
	return name, nil
}

// decodeAs decodes the whole of a text, or says on which line it is not what the name says.
func decodeAs(data, name string) (string, error) {
	if name == utf8Name {
		return data, checkUTF8(data)
	}
	e, _, err := lookup(name)
	if err != nil {
		return "", &Error{Text: "the file is saved as " + strings.ToUpper(name), Hint: saveAs, Err: err}
	}
	var b strings.Builder
	b.Grow(len(data) + len(data)/16)
	if _, err := io.Copy(&b, transform.NewReader(strings.NewReader(data), e.NewDecoder())); err != nil {
		return "", &Error{Text: "the file can't be decoded as " + name, Hint: saveAs, Err: err}
	}
	text := b.String()
	if i := strings.IndexFunc(text, isDamage); i >= 0 {
		return "", &Error{Text: fmt.Sprintf("line %d of the file can't be read as %s", lineAt(text, i), name),
			Hint: "Name the encoding that the file was saved in: --encoding, or roster.encoding in config.yaml" + orSaveAsUTF8 + "."}
	}
	return text, nil
}

// isDamage finds what no office types and a wrong encoding leaves: the replacement character and control characters.
func isDamage(r rune) bool {
	return r == utf8.RuneError || unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r'
}

// checkUTF8 leaves control characters to whoever looks at the cells: they are told by row and column there.
func checkUTF8(text string) error {
	if i := strings.IndexByte(text, 0); i >= 0 {
		return &Error{Text: fmt.Sprintf("line %d of the file has a NUL byte, so it is no text", lineAt(text, i)), Hint: saveAs}
	}
	if utf8.ValidString(text) {
		return nil
	}
	return &Error{Text: fmt.Sprintf("line %d of the file is not UTF-8, so letters such as ü would be lost", lineAt(text, firstInvalid(text))),
		Hint: "Save it as \"CSV UTF-8\" once more from the program that made it."}
}

func detect(data string, isHeading func(string) bool) (string, error) {
	if strings.IndexByte(data, 0) >= 0 {
		return wideWithoutMark(data)
	}
	if utf8.ValidString(data) {
		return utf8Name, chanceUTF8(data)
	}
	if i := strings.IndexFunc(data, func(r rune) bool { return r < ' ' && isDamage(r) }); i >= 0 {
		return "", &Error{Text: fmt.Sprintf("line %d of the file has bytes that are no text", lineAt(data, i)), Hint: saveAs}
	}
	if !hasUTF8Letters(data) {
		return singleByte(data, isHeading)
	}
	return "", &Error{Text: fmt.Sprintf("the file is UTF-8, but line %d of it is not, so letters such as ü would be lost", lineAt(data, firstInvalid(data))),
		Hint: "Look at that line, and save the file as \"CSV UTF-8\" once more; where it is in another encoding, name that one: --encoding windows-1252, or roster.encoding in config.yaml."}
}

// chanceUTF8 asks where a text may be valid UTF-8 by accident, as the two bytes of KRÓŁ in windows-1250 are: a letter of
// another script touches one of ASCII, nothing in the text can be nothing but UTF-8, and some encoding of single bytes
// explains it too.
func chanceUTF8(data string) error {
	if hasUTF8Letters(data) {
		return nil
	}
	i := otherScriptInWord(data)
	if i < 0 {
		return nil
	}
	left, _ := survivors(data)
	if len(left) == 0 {
		return nil
	}
	word, _ := wordAt(data, i)
	return question([]string{word}, alike(data, left), true)
}

// otherScriptInWord is where a letter beyond Latin, of a script that is written in two bytes, touches a letter of ASCII; or -1.
func otherScriptInWord(text string) int {
	before, at := '\n', -1
	for i, r := range text {
		isOther, wasOther := isOtherScript(r), isOtherScript(before)
		switch {
		case isOther && isASCIILetter(before):
			return i
		case wasOther && isASCIILetter(r):
			return at
		}
		before, at = r, i
	}
	return -1
}

func isOtherScript(r rune) bool { return r >= 0x370 && r < 0x800 && unicode.IsLetter(r) }

// wideWithoutMark recognises UTF-16 by the NUL bytes that ASCII has in it: delimiters and line ends are always among them.
func wideWithoutMark(data string) (string, error) {
	var nuls [2]int
	for i := range len(data) {
		if data[i] == 0 {
			nuls[i%2]++
		}
	}
	name, first := "utf-16be", 0
	if nuls[1] > nuls[0] {
		name, first = "utf-16le", 1
	}
	const clear = 2 // a letter such as U+4E00 has its NUL on the other side
	if len(data)%2 == 0 && nuls[first] > clear*nuls[1-first] && isWide(data, first) {
		return name, nil
	}
	i := strings.IndexByte(data, 0)
	return "", &Error{Text: fmt.Sprintf("line %d of the file has a NUL byte, so it is no text", lineAt(data, i)), Hint: saveAs}
}

// isWide says whether the text is sound UTF-16, its high bytes at the odd places or at the even ones.
func isWide(data string, high int) bool {
	for i := 0; i+1 < len(data); i += 2 {
		r := rune(data[i+high])<<8 | rune(data[i+1-high])
		if utf16.IsSurrogate(r) {
			if i += 2; i+1 >= len(data) {
				return false
			}
			r = utf16.DecodeRune(r, rune(data[i+high])<<8|rune(data[i+1-high]))
		}
		if isDamage(r) {
			return false
		}
	}
	return true
}

// hasUTF8Letters finds letters of UTF-8 in a text that is not all UTF-8: Latin letters beyond ASCII, and what takes three
// bytes. As single bytes these would be pairs such as Ã¼ that no language writes. Pairs such as ÓŁ are left out: in Windows-1250
// they are Polish, and valid UTF-8 by accident.
func hasUTF8Letters(data string) bool {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRuneInString(data[i:])
		if size > 1 && (r >= 0xC0 && r < 0x180 || size > 2) {
			return true
		}
		i += size
	}
	return false
}

func isASCIILetter(r rune) bool { return r|0x20 >= 'a' && r|0x20 <= 'z' }

// lineAt counts the lines of a file up to a place, from 1, whatever its line ends are.
func lineAt(text string, i int) int {
	line := 1
	for j := range i {
		if text[j] == '\n' || text[j] == '\r' && (j+1 == len(text) || text[j+1] != '\n') {
			line++
		}
	}
	return line
}

func firstInvalid(text string) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(text)
}
