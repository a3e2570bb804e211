package sheet

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/transform"
)

const (
	utf8Name     = "utf-8"
	usualLabels  = "utf-8, utf-16le, windows-1252 (western), windows-1250 (central European), windows-1254 (Turkish), windows-1251 (Cyrillic), iso-8859-2, macintosh"
	orSaveAsUTF8 = "; or save the file as \"CSV UTF-8\" or as a workbook (.xlsx)"
)

// byteOrderMarks, the longer before what they begin with. UTF-32 has a name so that it can be refused by it.
var byteOrderMarks = []struct{ mark, name string }{
	{"\xef\xbb\xbf", utf8Name}, {"\xff\xfe\x00\x00", "utf-32"}, {"\xff\xfe", "utf-16le"}, {"\xfe\xff", "utf-16be"},
}

// decode turns the bytes of a text file into UTF-8 without a byte order mark. A label settles the encoding; else a byte order
// mark does; else UTF-16 shows by its NUL bytes and UTF-8 by being valid; else it is single bytes, see singleByte.
func decode(data, label string) (text, name string, marked bool, err error) {
	for _, bom := range byteOrderMarks {
		if strings.HasPrefix(data, bom.mark) {
			data, name, marked = data[len(bom.mark):], bom.name, true
			break
		}
	}
	if label != "" {
		if name, err = named(label, name); err != nil {
			return "", "", false, err
		}
	}
	if name == "" {
		if name, err = detect(data); err != nil {
			return "", "", false, err
		}
	}
	text, err = decodeAs(data, name)
	return text, name, marked, err
}

// named is the WHATWG name of the encoding that a person asked for. A byte order mark can't be argued with.
func named(label, marked string) (string, error) {
	e, err := htmlindex.Get(label)
	if err != nil {
		return "", &Error{Text: fmt.Sprintf("%q is no encoding that is known", label), Hint: "Usual ones are " + usualLabels + "."}
	}
	name, err := htmlindex.Name(e)
	if err != nil || name == "replacement" || name == "x-user-defined" {
		return "", &Error{Text: fmt.Sprintf("%q is no encoding of letters", label), Hint: "Usual ones are " + usualLabels + "."}
	}
	if strings.EqualFold(strings.TrimSpace(label), "utf-16") && marked == "utf-16be" {
		return marked, nil
	}
	if marked != "" && marked != name {
		return "", &Error{Text: fmt.Sprintf("the file begins with the byte order mark of %s, so it is not %s", marked, name),
			Hint: "Leave the encoding out: --encoding, or roster.encoding in config.yaml."}
	}
	return name, nil
}

// decodeAs decodes the whole of a text, or says on which line it is not what the name says.
func decodeAs(data, name string) (string, error) {
	if name == utf8Name {
		return data, checkUTF8(data)
	}
	e, err := htmlindex.Get(name)
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

func detect(data string) (string, error) {
	if strings.IndexByte(data, 0) >= 0 {
		return wideWithoutMark(data)
	}
	if utf8.ValidString(data) {
		return utf8Name, nil
	}
	if i := strings.IndexFunc(data, func(r rune) bool { return r < ' ' && isDamage(r) }); i >= 0 {
		return "", &Error{Text: fmt.Sprintf("line %d of the file has bytes that are no text", lineAt(data, i)), Hint: saveAs}
	}
	if !hasUTF8Letters(data) {
		return singleByte(data)
	}
	return "", &Error{Text: fmt.Sprintf("the file is UTF-8, but line %d of it is not, so letters such as ü would be lost", lineAt(data, firstInvalid(data))),
		Hint: "Look at that line, and save the file as \"CSV UTF-8\" once more; where it is in another encoding, name that one: --encoding windows-1252, or roster.encoding in config.yaml."}
}

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

// A singleByteReading is one of the encodings that offices write without saying so. Turkish differs from western in six letters,
// an old Macintosh in nearly all; they are among the readings so that neither is taken for western.
type singleByteReading struct {
	name    string
	table   *charmap.Charmap
	isAsked bool // it is never taken without a question
}

var singleByteReadings = []singleByteReading{
	{"windows-1252", charmap.Windows1252, false},
	{"windows-1250", charmap.Windows1250, false},
	{"windows-1254", charmap.Windows1254, true},
	{"macintosh", charmap.Macintosh, true},
}

// singleByte chooses among singleByteReadings. A reading is ruled out only by what no text has, see isImpossible; where the
// readings that remain read the same letters there is no doubt, and else a person is asked: a guess would change a name.
func singleByte(data string) (string, error) {
	left := slices.DeleteFunc(slices.Clone(singleByteReadings), func(s singleByteReading) bool { return s.isImpossible(data) })
	if len(left) == 0 {
		line := lineAt(data, strings.IndexFunc(data, func(r rune) bool { return r >= utf8.RuneSelf }))
		return "", &Error{Text: fmt.Sprintf("the file is not UTF-8, and its letters, from line %d on, fit none of the usual encodings", line),
			Hint: "Name the one that it was saved in: --encoding, or roster.encoding in config.yaml (" + usualLabels + ")" + orSaveAsUTF8 + "."}
	}
	words := wordsWith(data, func(b byte) bool {
		return slices.ContainsFunc(left[1:], func(s singleByteReading) bool { return s.table.DecodeByte(b) != left[0].table.DecodeByte(b) })
	})
	if len(words) == 0 && !left[0].isAsked {
		return left[0].name, nil
	}
	if len(words) == 0 {
		words = wordsWith(data, func(byte) bool { return true })
	}
	return "", question(words, left)
}

// question shows the words as each reading has them.
func question(words []string, left []singleByteReading) error {
	var said, names []string
	for _, reading := range left {
		var as []string
		for _, word := range words {
			as = append(as, fmt.Sprintf("%q", reading.decode(word)))
		}
		said = append(said, reading.name+" reads "+strings.Join(as, ", "))
		names = append(names, "--encoding "+reading.name)
	}
	return &Error{Text: "the file does not say in which encoding its letters are, and it matters: " + strings.Join(said, "; "),
		Hint: "Look at which of them are right, and say so: " + strings.Join(names, " or ") + ", or roster.encoding in config.yaml. Where none is right, name another encoding" + orSaveAsUTF8 + "."}
}

func (s singleByteReading) decode(word string) string {
	runes := make([]rune, len(word))
	for i := range len(word) {
		runes[i] = s.table.DecodeByte(word[i])
	}
	return string(runes)
}

// wordsWith are the first words with a byte beyond ASCII of which a question asks.
func wordsWith(data string, isAsked func(byte) bool) []string {
	const most = 3
	var words []string
	for i := 0; i < len(data) && len(words) < most; i++ {
		if data[i] < utf8.RuneSelf || !isAsked(data[i]) {
			continue
		}
		word, end := wordAt(data, i)
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
		i = end - 1
	}
	return words
}

// wordAt is the word around a byte, and where it ends. A word is shown to a person, so it may not be endless.
func wordAt(data string, i int) (string, int) {
	const longest = 24
	isIn := func(b byte) bool { return b >= utf8.RuneSelf || b == '-' || b == '\'' || isASCIILetter(rune(b)) }
	start, end := i, i+1
	for start > 0 && i-start < longest && isIn(data[start-1]) {
		start--
	}
	for end < len(data) && end-i < longest && isIn(data[end]) {
		end++
	}
	return data[start:end], end
}

// isImpossible says whether the reading has what no text has: a control character, a sign in the middle of a word (the ³ of
// Paw³owski), an upper-case letter behind a lower-case one (the Ÿ of WoŸniak).
func (s singleByteReading) isImpossible(data string) bool {
	for i := range len(data) {
		if data[i] < utf8.RuneSelf {
			continue
		}
		before, r, after := '\n', s.table.DecodeByte(data[i]), '\n'
		if i > 0 {
			before = s.table.DecodeByte(data[i-1])
		}
		if i+1 < len(data) {
			after = s.table.DecodeByte(data[i+1])
		}
		if isDamage(r) || isImpossibleBetween(before, r, after) || s.isAsked && isUnlikelyBetween(before, r, after) {
			return true
		}
	}
	return false
}

func isImpossibleBetween(before, r, after rune) bool {
	switch {
	case !isLetter(before):
		return false
	case isLetter(r):
		return unicode.IsUpper(r) && unicode.IsLower(before) && !unicode.IsUpper(after)
	case r == '‚' || r == '„': // they open a quotation, and in the DOS encodings they are letters
		return true
	case r == '\u00a0': // á in the DOS encodings
		return unicode.IsLower(before) && unicode.IsLower(after)
	case r == '·': // of Catalan, as in Gabriel·la; á in another reading
		return isLetter(after) && (before|0x20 != 'l' || after|0x20 != 'l')
	}
	return isLetter(after) && !isJoining(r)
}

// isUnlikelyBetween is enough to rule out an encoding that hardly anybody writes: a sign that touches a word, or an upper-case
// letter inside of a word that goes on in lower case.
func isUnlikelyBetween(before, r, after rune) bool {
	if isLetter(r) {
		return unicode.IsUpper(r) && isLetter(before) && unicode.IsLower(after)
	}
	return !isJoining(r) && (isLetter(before) || isLetter(after))
}

func isJoining(r rune) bool { return strings.ContainsRune("’‘´–—\u00a0\u00ad", r) }

// isLetter leaves out what a single-byte encoding has beside the letters of names, such as the florin sign, π, and ligatures.
func isLetter(r rune) bool { return unicode.Is(unicode.Latin, r) && r != 'ƒ' && r < 'ﬀ' }

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
