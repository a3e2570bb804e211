package card

import "strings"

// byCard stands between a requirement and the card that met it.
const byCard = " by card "

// Met is a prerequisite that was met by a card of this centre.
type Met struct {
	Requirement string
	Card        Number
}

// String is the prerequisite as a card's evidence has it.
func (m Met) String() string { return m.Requirement + byCard + m.Card.String() }

// MetByCards reads which cards an Entry.Evidence names, so that they can be looked at again. Its pieces stand apart by "; ", which no
// evidence of another centre has within.
func MetByCards(evidence string) []Met {
	var cards []Met
	for _, piece := range strings.Split(evidence, "; ") {
		requirement, text, ok := strings.Cut(piece, byCard)
		if !ok || !IsCourseCode(requirement) {
			continue
		}
		if n, err := ParseNumber(text); err == nil {
			cards = append(cards, Met{requirement, n})
		}
	}
	return cards
}
