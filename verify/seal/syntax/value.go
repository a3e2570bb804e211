package syntax

import (
	"bytes"
	"slices"
	"strconv"
)

const (
	maxDepth = 32  // how deep dictionaries and arrays may lie in each other
	maxKeys  = 512 // of one dictionary
)

// Entry is one key of a dictionary with its value, unread.
type Entry struct {
	Key string // without the slash, as it is written
	Raw []byte // the value's bytes in the file, without white space around
	At  int    // where Raw begins in the file
}

// Dict is a dictionary, in the order of the file.
type Dict []Entry

// Get is the value of a key, nil where there is none.
func (d Dict) Get(key string) []byte {
	e, _ := d.Entry(key)
	return e.Raw
}

// Entry is the entry of a key.
func (d Dict) Entry(key string) (Entry, bool) {
	i := slices.IndexFunc(d, func(e Entry) bool { return e.Key == key })
	if i < 0 {
		return Entry{}, false
	}
	return d[i], true
}

// ReadDict reads the dictionary that begins at a place of data. It refuses a key that stands there twice, of which two readers may
// take two values. The error is ErrSyntax.
func ReadDict(data []byte, at int) (d Dict, end int, err error) {
	if !bytes.HasPrefix(data[min(at, len(data)):], []byte("<<")) {
		return nil, 0, wrong(at, "no dictionary")
	}
	for at = skipSpace(data, at+2); !bytes.HasPrefix(data[at:], []byte(">>")); {
		if at >= len(data) || data[at] != '/' {
			return nil, 0, wrong(at, "no key of a dictionary")
		}
		begin := at + 1
		at = skipRegular(data, begin)
		key := string(data[begin:at])
		if _, twice := d.Entry(key); twice || key == "" || len(d) == maxKeys {
			return nil, 0, wrong(begin, "a key that is empty or there twice, or one too many")
		}
		begin = skipSpace(data, at)
		if at, err = skipValue(data, begin, 0); err != nil {
			return nil, 0, err
		}
		d = append(d, Entry{key, data[begin:at], begin})
		at = skipSpace(data, at)
	}
	return d, at + 2, nil
}

// Items are the values of an array, unread. The error is ErrSyntax.
func Items(array []byte) (items [][]byte, err error) {
	if len(array) < 2 || array[0] != '[' {
		return nil, wrong(0, "no array")
	}
	at := skipSpace(array, 1)
	for at < len(array) && array[at] != ']' {
		end, err := skipValue(array, at, 0)
		if err != nil {
			return nil, err
		}
		items = append(items, array[at:end])
		at = skipSpace(array, end)
	}
	if at != len(array)-1 {
		return nil, wrong(at, "an array without an end")
	}
	return items, nil
}

// Ref is the object number of a reference such as "12 0 R". Other generations than 0 are not understood.
func Ref(value []byte) (number int, ok bool) {
	digits, ok := bytes.CutSuffix(value, []byte(" 0 R"))
	if !ok {
		return 0, false
	}
	return Int(digits)
}

// Int is a whole number without a sign, of at most nine digits.
func Int(value []byte) (n int, ok bool) {
	if len(value) == 0 || len(value) > 9 {
		return 0, false
	}
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// skipValue is the end of the value that begins at a place: a dictionary, an array, a string, a name, a number, a reference or a
// keyword.
func skipValue(data []byte, at, depth int) (end int, err error) {
	if at >= len(data) || depth > maxDepth {
		return 0, wrong(at, "no value, or one that lies too deep")
	}
	rest := data[at:]
	switch c := rest[0]; {
	case bytes.HasPrefix(rest, []byte("<<")):
		return skipMany(data, at+2, ">>", depth+1)
	case c == '[':
		return skipMany(data, at+1, "]", depth+1)
	case c == '(':
		return skipString(data, at)
	case c == '<':
		return skipHex(data, at)
	case c == '/':
		return skipRegular(data, at+1), nil
	}
	end = skipRegular(data, at)
	if end == at {
		return 0, wrong(at, "no value")
	}
	return skipReference(data, at, end), nil
}

// skipReference is the end of "12 0 R", where the value is its first number, and else the end of the value.
func skipReference(data []byte, at, end int) int {
	if _, ok := Int(data[at:end]); !ok {
		return end
	}
	generation := skipSpace(data, end)
	stop := skipRegular(data, generation)
	if _, ok := Int(data[generation:stop]); !ok {
		return end
	}
	r := skipSpace(data, stop)
	if r < len(data) && data[r] == 'R' && skipRegular(data, r) == r+1 {
		return r + 1
	}
	return end
}

func skipMany(data []byte, at int, closing string, depth int) (end int, err error) {
	for at = skipSpace(data, at); !bytes.HasPrefix(data[at:], []byte(closing)); at = skipSpace(data, at) {
		if at, err = skipValue(data, at, depth); err != nil {
			return 0, err
		}
	}
	return at + len(closing), nil
}

func skipString(data []byte, at int) (end int, err error) {
	open := 0
	for i := at; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				return i + 1, nil
			}
		}
	}
	return 0, wrong(at, "a string without an end")
}

func skipHex(data []byte, at int) (end int, err error) {
	for i := at + 1; i < len(data); i++ {
		switch c := data[i]; {
		case c == '>':
			return i + 1, nil
		case '0' <= c && c <= '9', 'A' <= c && c <= 'F', 'a' <= c && c <= 'f':
		default:
			return 0, wrong(i, "no hexadecimal digit")
		}
	}
	return 0, wrong(at, "a string without an end")
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func skipSpace(data []byte, at int) int {
	for at < len(data) && isSpace(data[at]) {
		at++
	}
	return min(at, len(data))
}

func skipRegular(data []byte, at int) int {
	for at < len(data) && !isSpace(data[at]) && bytes.IndexByte([]byte("()<>[]{}/%"), data[at]) < 0 {
		at++
	}
	return at
}

func wrong(at int, what string) error { return &syntaxError{what + " at byte " + strconv.Itoa(at)} }

// syntaxError is ErrSyntax with what and where.
type syntaxError struct{ what string }

func (e *syntaxError) Error() string { return ErrSyntax.Error() + ": " + e.what }

func (e *syntaxError) Is(target error) bool { return target == ErrSyntax }
