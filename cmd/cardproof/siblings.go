package main

import (
	"fmt"

	"github.com/cardproof/cardproof/card"
)

// shownSibling is another batch that holds cards of the same class, as --json prints it.
type shownSibling struct {
	ID     string             `json:"batch"`
	Roster string             `json:"roster"`
	Cards  map[card.State]int `json:"cards"` // those of the same course, day and class
}

func describeSiblings(found []card.Sibling) []shownSibling {
	shown := []shownSibling{}
	for _, s := range found {
		shown = append(shown, shownSibling{s.Batch, s.Roster, s.Cards})
	}
	return shown
}

// printSiblings tells of the other batches of a class: whoever withdraws a class means all of it. The command is what does the same to
// another batch; where it is empty there is nothing to do.
func (a *app) printSiblings(found []card.Sibling, command func(card.Sibling) string) {
	if len(found) == 0 {
		return
	}
	fmt.Fprintln(a.stdout, "Other batches hold cards of the same course, day and class:")
	for _, s := range found {
		fmt.Fprintf(a.stdout, "  %s: %s\n", batchOf(s.Batch, s.Roster), cardsByState(s.Cards))
		if text := command(s); text != "" {
			fmt.Fprintf(a.stdout, "    %s\n", text)
		}
	}
}
