// Package typeface sets a text in the card's typeface, in every script that its fonts have: which font draws which letter,
// the order of right-to-left text (UAX #9), and the form and place of every glyph (OpenType shaping). A Subset then holds
// the glyphs that one document draws, ready to embed.
//
// What can't be drawn faithfully is refused: a missing glyph, an invisible character, a mark without its letter.
package typeface

import (
	"fmt"
	"sync"
)

// Style is one of the three cuts of Latin, Greek and Cyrillic. All other scripts have one, of the weight of Semibold.
type Style string

// The styles, by the names of their font files.
const (
	Regular  Style = "regular"
	Semibold Style = "semibold"
	Serif    Style = "serif"
)

// UndrawableError says that the typeface has no glyph for a character, or that it can't stand where it stands.
type UndrawableError struct{ Rune rune }

func (e *UndrawableError) Error() string {
	return fmt.Sprintf("the card's typeface can't draw the character %U", e.Rune)
}

// Glyph is one shape of a font. All lengths are in units of the font (Font.Upem to an em).
type Glyph struct {
	Font    *Font
	ID      uint16
	Advance int // how far the pen moves behind it
	X, Y    int // from the pen to the glyph's origin, right and up
}

// Cluster is the least piece of a text that has glyphs of its own: a letter with its marks, a ligature,
// a syllable.
type Cluster struct {
	Text        string
	RightToLeft bool
	Glyphs      []Glyph // in the order of drawing, from left to right; all of one font
}

// Line is a text set in one line. It must not be changed: the same line serves everybody who asks for the same text.
type Line struct {
	Text     string
	Clusters []Cluster // in the order of drawing, from left to right
	Width    float64   // in ems
	Left     float64   // where the ink of the first glyph begins, in ems; that of its stem, where a hook hangs below the baseline
	Right    float64   // where that of the last one ends, in ems
	Top      float64   // ink above the baseline, in ems
	Bottom   float64   // ink below the baseline, in ems
	Latin    bool      // every glyph is Latin, Greek or Cyrillic
}

// Set is the typeface: all its fonts, each read when a text first needs it. It is safe for concurrent use.
type Set struct {
	fonts   map[string]func() (*Font, error)
	shapers sync.Pool

	mu            sync.Mutex
	recent, older map[lineKey]*Line
}

type lineKey struct {
	style Style
	text  string
}

// keptLines is how many lines the two halves of the memory hold each: a card's fixed words are set once, names pass by.
const keptLines = 256

// New opens the typeface, and reads the two fonts that every card needs.
func New() (*Set, error) {
	s := &Set{fonts: make(map[string]func() (*Font, error)), recent: make(map[lineKey]*Line)}
	for name := range pdfNames {
		s.fonts[name] = sync.OnceValues(func() (*Font, error) { return loadFont(name, weight(name)) })
	}
	s.shapers.New = func() any { return newShaper(s) }
	for _, style := range []Style{Regular, Semibold} {
		if _, err := s.fonts[string(style)](); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func weight(name string) int {
	switch name {
	case string(Regular), "adlam", "nko", "oriya", "syriac", "tifinagh":
		return 400
	case string(Serif):
		return 500
	}
	return 600
}

// Line sets a text in one line. The error is an *UndrawableError, or says that a font file can't be read.
func (s *Set) Line(style Style, text string) (*Line, error) {
	key := lineKey{style, text}
	if l := s.kept(key); l != nil {
		return l, nil
	}
	sh := s.shapers.Get().(*shaper)
	l, err := sh.line(style, text)
	s.shapers.Put(sh)
	if err != nil {
		return nil, err
	}
	s.keep(key, l)
	return l, nil
}

func (s *Set) kept(key lineKey) *Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.recent[key]; l != nil {
		return l
	}
	l := s.older[key]
	if l != nil {
		s.store(key, l)
	}
	return l
}

func (s *Set) keep(key lineKey, l *Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store(key, l)
}

// store forgets what was not asked for since the last time that the memory was full.
func (s *Set) store(key lineKey, l *Line) {
	if len(s.recent) == keptLines {
		s.recent, s.older = make(map[lineKey]*Line, keptLines), s.recent
	}
	s.recent[key] = l
}
