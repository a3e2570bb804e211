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
	tokenWord
)

// lexer cuts a content stream into numbers, names and operators. Strings, arrays and dictionaries give what lies in them
// or nothing: no operator that takes one matters here.
type lexer struct {
	data   []byte
	number float64
	word   []byte
}

func (l *lexer) next() token {
	for len(l.data) > 0 {
		switch c := l.data[0]; c {
		case 0, '\t', '\n', '\f', '\r', ' ', '[', ']', '<', '>', '{', '}', ')':
			if c == '<' && len(l.data) > 1 && l.data[1] != '<' {
				l.skipTo('>')
				continue
			}
			l.data = l.data[1:]
		case '%':
			l.skipTo('\n')
		case '(':
			l.skipString()
		case '/':
			l.data = l.data[1:]
			l.take()
			return tokenName
		default:
			l.take()
			if c == '+' || c == '-' || c == '.' || c >= '0' && c <= '9' {
				if n, err := strconv.ParseFloat(string(l.word), 64); err == nil {
					l.number = n
					return tokenNumber
				}
				continue
			}
			if string(l.word) == "BI" {
				l.skipPicture()
				continue
			}
			return tokenWord
		}
	}
	return tokenEnd
}

// take moves the regular characters at the front into word.
func (l *lexer) take() {
	n := 0
	for n < len(l.data) && isRegular(l.data[n]) {
		n++
	}
	l.word, l.data = l.data[:n], l.data[n:]
}

func (l *lexer) skipTo(end byte) {
	n := bytes.IndexByte(l.data, end)
	if n < 0 {
		n = len(l.data) - 1
	}
	l.data = l.data[n+1:]
}

// skipString steps over a string with its nested parentheses and its escapes (ISO 32000-1, 7.3.4.2).
func (l *lexer) skipString() {
	depth := 0
	for i := 0; i < len(l.data); i++ {
		switch l.data[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			depth--
			if depth == 0 {
				l.data = l.data[i+1:]
				return
			}
		}
	}
	l.data = nil
}

// skipPicture steps over an inline picture: its bytes can look like operators.
func (l *lexer) skipPicture() {
	for i := 1; i+2 < len(l.data); i++ {
		if l.data[i] == 'E' && l.data[i+1] == 'I' && isSpace(l.data[i-1]) && isSpace(l.data[i+2]) {
			l.data = l.data[i+2:]
			return
		}
	}
	l.data = nil
}

func isSpace(c byte) bool {
	return c == 0 || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' '
}

// isRegular says whether a byte is neither white space nor a delimiter (ISO 32000-1, 7.2.2).
func isRegular(c byte) bool {
	switch c {
	case 0, '\t', '\n', '\f', '\r', ' ', '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return false
	}
	return true
}
