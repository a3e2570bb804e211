package scan

import (
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

const (
	maxMappings = 1 << 16 // of a font
	maxTarget   = 32      // bytes of the text that one code stands for; it is cut there
)

// toUnicode reads the CMap that says what a font's codes mean (ISO 32000-1, 9.10.3).
func (s *source) toUnicode(f *font, o types.Object) error {
	o, err := s.file.Dereference(o)
	if err != nil {
		return err
	}
	stream, ok := o.(types.StreamDict)
	if !ok {
		return nil
	}
	read := func() (map[int]string, error) {
		content, err := s.inflate(stream)
		if err != nil {
			return nil, err
		}
		return readCMap(content)
	}
	if s.isPlain(stream) {
		f.unicode, err = s.reader.cmaps.of(stream.Raw, read)
	} else {
		f.unicode, err = read()
	}
	if err != nil {
		return err
	}
	return s.budget.enter(len(f.unicode))
}

// readCMap reads the two operators that map codes to texts: single ones, and ranges of codes. Nothing else of the language is run.
func readCMap(content []byte) (map[int]string, error) {
	m := map[int]string{}
	lex := lexer{data: content}
	var row [3][]byte
	n, inArray, inRange, begun := 0, false, false, false
	next := 0 // the code of the next member of an array
	for {
		kind := lex.next()
		switch {
		case kind == tokenEnd:
			return m, nil
		case kind == tokenWord:
			inRange = string(lex.word()) == "beginbfrange"
			begun = inRange || string(lex.word()) == "beginbfchar"
			n, inArray = 0, false
		case !begun:
		case kind == tokenArray && n == 2 && inRange && !inArray:
			inArray, next = true, code(row[0])
		case kind == tokenArray:
			n, inArray = 0, false
		case kind == tokenString && inArray:
			if next <= code(row[1]) {
				m[next] = target(lex.text, 0)
			}
			next++
		case kind == tokenString:
			row[n] = append(row[n][:0], lex.text...)
			if n++; n == 2 && !inRange {
				m[code(row[0])] = target(row[1], 0)
				n = 0
			}
			if n == 3 {
				first, last := code(row[0]), code(row[1])
				if last-first >= maxMappings-len(m) {
					return nil, ErrTooLarge
				}
				for c := first; c <= last; c++ {
					m[c] = target(row[2], c-first)
				}
				n = 0
			}
		}
		if len(m) > maxMappings {
			return nil, ErrTooLarge
		}
	}
}

// code is the number of a code of one or two bytes; no other is looked up.
func code(b []byte) int {
	v := 0
	for _, c := range b[:min(len(b), 3)] {
		v = v<<8 | int(c)
	}
	return v
}

// target is the text that the nth code of a range stands for: its last character counts on.
func target(b []byte, n int) string {
	text := []rune(decodeUTF16(b[:min(len(b), maxTarget)]))
	if len(text) == 0 {
		return ""
	}
	text[len(text)-1] += rune(n)
	return string(text)
}
