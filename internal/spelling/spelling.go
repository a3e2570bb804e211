// Package spelling finds the word that a person probably meant, for a hint beside an error.
package spelling

// Nearest is the word of the list that is the fewest slips away: single letters left out, put in, changed, or swapped with their
// neighbour. One slip in four letters is near, and one in a shorter word. It is nothing where no word is near, and where two
// are as near as each other: a hint that is a guess sends people the wrong way.
func Nearest(word string, list []string) string {
	letters := []rune(word)
	best, least := "", max(1, len(letters)/4)+1
	for _, one := range list {
		switch d := slips(letters, []rune(one)); {
		case d >= len(letters): // nothing of the word is left
		case d < least:
			best, least = one, d
		case d == least && one != best:
			best = ""
		}
	}
	return best
}

// slips is the distance of optimal string alignment: Levenshtein's, with a swap of two neighbours as one slip.
func slips(a, b []rune) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			cost := above[j]
			if a[i] != b[j] {
				cost = min(above[j], above[j+1], row[j]) + 1
			}
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				cost = min(cost, before[j-1]+1)
			}
			row[j+1] = cost
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
