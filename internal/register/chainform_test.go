package register

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestChainForm compares the hashes with those of another program (hashlib of Python, by the form of decision 31): registers that are out there
// were written with them.
func TestChainForm(t *testing.T) {
	t.Parallel()
	salt := make([]byte, saltBytes)
	for i := range salt {
		salt[i] = byte(i)
	}
	at := int64(1795262400)
	words := hashWords(salt, "issued in error", "Zoë")
	course := hashRow([]any{"BLS", "Basic Life Support", "", "", `["BLS"]`, ""})
	batch := hashRow([]any{"b1", "class.csv", "office", at, int64(0)})
	row := hashCard(salt, []any{int64(1), "N0XKJ8NR241J", nil, ""}, course, batch)
	first := linkUp(Head{}, cardLog, 1, []any{at, "N0XKJ8NR241J", "office", "revoked"}, words, row)
	second := linkUp(first, keyLog, 1, []any{at, "abcdefghijk", "office", "in use", at, ""}, nil, nil)
	for _, c := range []struct {
		name      string
		got, want string
	}{
		{"words", fmt.Sprintf("%x", words), "196d5e3135aae4da1704bd4d3b44fc243cb3579a8b195d06c2c5760c8f767641"},
		{"course", fmt.Sprintf("%x", course), "166f09e2bf489ead91e743c6bdf65417df64276d00d087d459e271d69cfa28cf"},
		{"batch", fmt.Sprintf("%x", batch), "0b4a55b7e480d8e74ff371d2d08ef7073ffbda90c93b201b8ff43ea54f98a984"},
		{"card", fmt.Sprintf("%x", row), "b4b382e2647c9d3dc38bcd49c0f73f34dd45866d2df6f4952aaed6486c9e77fa"},
		{"first", fmt.Sprintf("%d %x", first.Seq, first.Hash), "1 c61b81151430956221cdc52745d4ac04ce7f2680fa6533c2849f9d33406ce848"},
		{"second", fmt.Sprintf("%d %x", second.Seq, second.Hash), "2 42221abe2555cbe9019097fb3281b38c2991a3150e246bdabac90f0925c40991"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, c.got, c.want)
		}
	}
}

// TestChainCoversEveryColumn fails when a column is added that the chain does not cover.
func TestChainCoversEveryColumn(t *testing.T) {
	t.Parallel()
	for table, covered := range map[string]string{
		"cards":     cardColumns + ", c.catalogue, c.batch",
		"events":    cardEventColumns,
		"catalogue": catalogueValues + ", q.id, q.current",
		"batches":   batchValues + ", b.released_at",
	} {
		for _, column := range columnsOf(t, table) {
			if !strings.Contains(covered+",", "."+column+",") {
				t.Errorf("%s.%s is in no hash: decide on it here and in decision 31", table, column)
			}
		}
	}
}

// TestChainFormIsWrittenDown compares what is hashed with the table of decision 31, by which somebody else's program walks the chain.
func TestChainFormIsWrittenDown(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/decisions/0031-erasure.md")
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(line, " | "); len(cells) == 2 && strings.HasPrefix(line, "| ") {
			written[strings.TrimPrefix(cells[0], "| ")] = strings.TrimSuffix(strings.TrimSpace(cells[1]), " |")
		}
	}
	var keyFacts string
	for _, column := range columnsOf(t, keyLog) {
		if column != "seq" {
			keyFacts += " ‖ " + column
		}
	}
	eventFacts := strings.Split(strings.ReplaceAll(cardEventColumns, "e.", ""), ", ")[1:5] // behind the seq, which is of the entry; before the words
	names := strings.Join(strings.Fields(strings.ReplaceAll(cardColumns, "c.", "")), " ")
	for row, want := range map[string]string{
		"card":                  "`" + cardTag + "` ‖ salt ‖ the columns " + names + " ‖ course ‖ batch",
		"course":                strings.ReplaceAll(strings.ReplaceAll(catalogueValues, "q.", ""), ", ", " ‖ ") + ", of the catalogue's row",
		"batch":                 strings.ReplaceAll(strings.ReplaceAll(batchValues, "b.", ""), ", ", " ‖ "),
		"facts of `events`":     strings.Join(eventFacts, " ‖ "),
		"facts of `key_events`": strings.TrimPrefix(keyFacts, " ‖ ") + "; words and card are empty (`0:,`)",
		"words":                 "`" + wordsTag + "` ‖ salt ‖ reason ‖ detail",
	} {
		if written[row] != want {
			t.Errorf("%s: got %q, want %q", row, written[row], want)
		}
	}
	if entry := written["entry"]; !strings.HasPrefix(entry, "`"+chainTag+"` ‖ ") || !strings.Contains(entry, "(`"+cardLog+"`, `"+keyLog+"`)") {
		t.Errorf("entry: got %q", entry)
	}
	if n := len(strings.Split(names, ", ")); n != cardColumnCount {
		t.Errorf("columns of a card: got %d, want %d", n, cardColumnCount)
	}
}
