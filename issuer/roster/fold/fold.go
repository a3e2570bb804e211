// Package fold brings short texts into forms in which they can be compared: a heading, a word for passed, a name.
package fold

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// letters are those that Unicode does not take apart, and signs that stand for letters in headings ("N°").
var letters = strings.NewReplacer("ß", "ss", "ł", "l", "ø", "o", "đ", "d", "ð", "d", "þ", "th", "æ", "ae", "œ", "oe", "ı", "i", "°", "o")

// Key is a text without case, accents, spaces and punctuation, so that "E-Mail-Adresse" and "e mail adresse" are the same. A
// per cent sign is kept: it tells a mark from a word.
func Key(s string) string {
	if key, ok := asciiKey(s); ok {
		return key
	}
	s = letters.Replace(strings.ToLower(norm.NFC.String(s)))
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '%' {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return letters.Replace(b.String())
}

func asciiKey(s string) (string, bool) {
	key := make([]byte, 0, len(s))
	for i := range len(s) {
		b := s[i]
		switch {
		case b >= utf8.RuneSelf:
			return "", false
		case b >= 'A' && b <= 'Z':
			key = append(key, b+'a'-'A')
		case b >= 'a' && b <= 'z', b >= '0' && b <= '9', b == '%':
			key = append(key, b)
		}
	}
	return string(key), true
}

// umlauts are written out as German does where a keyboard or an address has none.
var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue")

// Spelled is the Key of a text with its umlauts written out: "Müller" is mueller.
func Spelled(s string) string { return Key(umlauts.Replace(norm.NFC.String(s))) }

// Distance is how many letters have to be put in, left out, changed or swapped with their neighbour to make a into b.
func Distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, now := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		now[0] = i
		for j := 1; j <= len(y); j++ {
			change := last[j-1]
			if x[i-1] != y[j-1] {
				change++
			}
			now[j] = min(change, last[j]+1, now[j-1]+1)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(y)]
}

// IsOneApart says whether the Distance of two texts is exactly 1, in one pass.
func IsOneApart(a, b string) bool {
	for a != "" && b != "" {
		x, n := utf8.DecodeRuneInString(a)
		y, m := utf8.DecodeRuneInString(b)
		if x != y || n != m {
			return differInOne(a, n, b, m)
		}
		a, b = a[n:], b[m:]
	}
	return utf8.RuneCountInString(a)+utf8.RuneCountInString(b) == 1
}

// differInOne looks at two texts whose first letters, n and m bytes long, differ.
func differInOne(a string, n int, b string, m int) bool {
	restA, restB := a[n:], b[m:]
	if restA == restB || restA == b || a == restB {
		return true
	}
	_, k := utf8.DecodeRuneInString(restA)
	_, l := utf8.DecodeRuneInString(restB)
	return k > 0 && l > 0 && a[:n] == restB[:l] && restA[:k] == b[:m] && restA[k:] == restB[l:]
}
