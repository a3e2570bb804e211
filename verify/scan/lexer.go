package scan

import (
	"bytes"
	"strconv"
)

type token int

const (
	tokenEnd token = iota
	tokenNumber
	tokenName
	tokenString
	tokenArray // an array begins or ends
	tokenWord
)

// lexer cuts a content stream or a CMap into numbers, names, strings and operators. Dictionaries give what lies in them: what
// the few operators here take of one can be told without its brackets.
type lexer struct {
	pictures int // inline pictures that were stepped over; whoever counts them sets it back
	data     []byte
	at       int // what lies before it has been read
	from, to int // of the last name or operator in data
	number   float64
	text     []byte // the last string; until the next one
}

// word is the last name or operator.
func (l *lexer) word() []byte { return l.data[l.from:l.to] }

func (l *lexer) next() token {
	for l.at < len(l.data) {
		switch c := l.data[l.at]; c {
		case 0, '\t', '\n', '\f', '\r', ' ', '>', '{', '}', ')':
			at := l.at + 1
			for at < len(l.data) && isSpace(l.data[at]) {
				at++
			}
			l.at = at
		case '[', ']':
			l.at++
			return tokenArray
		case '<':
			if l.at+1 < len(l.data) && l.data[l.at+1] == '<' {
				l.at += 2
				continue
			}
			l.hex()
			return tokenString
		case '%':
			l.skipLine()
		case '(':
			l.literal()
			return tokenString
		case '/':
			l.at++
			l.take()
			return tokenName
		default:
			l.take()
			if c == '+' || c == '-' || c == '.' || c >= '0' && c <= '9' {
				if n, ok := number(l.word()); ok {
					l.number = n
					return tokenNumber
				}
				continue
			}
			if string(l.word()) == "BI" {
				l.skipPicture()
				l.pictures++
				continue
			}
			return tokenWord
		}
	}
	return tokenEnd
}

// take makes the regular characters at the front the word.
func (l *lexer) take() {
	n := l.at
	for n < len(l.data) && regular[l.data[n]] {
		n++
	}
	l.from, l.to, l.at = l.at, n, n
}

// number reads what PDF writes as a number. Nearly all of them are short, and need none of the care that ParseFloat takes.
func number(b []byte) (float64, bool) {
	digits := b
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		digits = b[1:]
	}
	whole, scale, point := 0, 1, false
	for _, c := range digits {
		switch {
		case c >= '0' && c <= '9':
			whole = 10*whole + int(c-'0')
			if point {
				scale *= 10
			}
		case c == '.' && !point:
			point = true
		default:
			scale = 0
		}
	}
	if len(digits) == 0 || len(digits) > 15 || scale == 0 || point && len(digits) == 1 {
		n, err := strconv.ParseFloat(string(b), 64)
		return n, err == nil
	}
	if b[0] == '-' {
		whole = -whole
	}
	return float64(whole) / float64(scale), true // both are exact, so the quotient is the nearest number
}

// skipLine steps over a comment.
func (l *lexer) skipLine() {
	for l.at < len(l.data) && l.data[l.at] != '\r' && l.data[l.at] != '\n' {
		l.at++
	}
}

// hex reads a string in hexadecimal; a last digit that stands alone has a 0 behind it (ISO 32000-1, 7.3.4.3).
func (l *lexer) hex() {
	l.text = l.text[:0]
	half, high := false, byte(0)
	for l.at++; l.at < len(l.data) && l.data[l.at] != '>'; l.at++ {
		var v byte
		switch c := l.data[l.at]; {
		case c >= '0' && c <= '9':
			v = c - '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			v = c | 0x20 - 'a' + 10
		default:
			continue
		}
		if half {
			l.text = append(l.text, high|v)
		}
		half, high = !half, v<<4
	}
	if half {
		l.text = append(l.text, high)
	}
	l.at = min(l.at+1, len(l.data))
}

// literal reads a string with its nested parentheses and its escapes (ISO 32000-1, 7.3.4.2).
func (l *lexer) literal() {
	l.text = l.text[:0]
	depth := 1
	for l.at++; l.at < len(l.data); l.at++ {
		c := l.data[l.at]
		switch c {
		case '\\':
			l.at++
			l.escape()
			continue
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			break
		}
		l.text = append(l.text, c)
	}
	l.at = min(l.at+1, len(l.data))
}

// escape reads what stands behind a backslash, and stays at its last byte.
func (l *lexer) escape() {
	if l.at >= len(l.data) {
		return
	}
	c := l.data[l.at]
	switch {
	case c >= '0' && c <= '7':
		v, n := 0, 0
		for ; n < 3 && l.at+n < len(l.data) && l.data[l.at+n] >= '0' && l.data[l.at+n] <= '7'; n++ {
			v = 8*v + int(l.data[l.at+n]-'0')
		}
		l.text = append(l.text, byte(v))
		l.at += n - 1
		return
	case c == '\r' && l.at+1 < len(l.data) && l.data[l.at+1] == '\n': // a line that goes on
		l.at++
		return
	case c == '\r' || c == '\n':
		return
	}
	if n := bytes.IndexByte([]byte("nrtbf"), c); n >= 0 {
		c = "\n\r\t\b\f"[n]
	}
	l.text = append(l.text, c)
}

// skipPicture steps over an inline picture: its bytes can look like operators.
func (l *lexer) skipPicture() {
	for i := l.at + 1; i+2 < len(l.data); i++ {
		if l.data[i] == 'E' && l.data[i+1] == 'I' && isSpace(l.data[i-1]) && isSpace(l.data[i+2]) {
			l.at = i + 2
			return
		}
	}
	l.at = len(l.data)
}

func isSpace(c byte) bool {
	return c == 0 || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' '
}

// regular are the bytes that are neither white space nor delimiters (ISO 32000-1, 7.2.2).
var regular = func() (t [256]bool) {
	for c := range t {
		t[c] = !bytes.ContainsRune([]byte("\x00\t\n\f\r ()<>[]{}/%"), rune(c)) || c > 127
	}
	return t
}()
