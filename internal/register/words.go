package register

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// The statements of this package are written once, in what SQLite and PostgreSQL both understand. What is left are these words of SQLite,
// each with its counterpart, and the placeholders.

var serverWords = strings.NewReplacer(
	" INDEXED BY links_in_force", "", // PostgreSQL takes no hints
	"max(recorded_at, ?)", "greatest(recorded_at, ?)",
	"json_each(?)", "jsonb_array_elements_text(CAST(? AS text)::jsonb)",
	"json_each(q.meets)", "jsonb_array_elements_text(q.meets::jsonb)",
	// PostgreSQL takes one recursive term, and an index for each side of its OR.
	besideOwn, "SELECT c.number, c.replaces FROM own JOIN cards c ON c.number = own.replaces OR c.replaces = own.number",
)

// anyCase is a comparison that takes A to Z for a to z. With the collation "C", lower folds these letters alone, as NOCASE does.
var anyCase = regexp.MustCompile(`([a-z.]+) (=|<>) (\?\d*) COLLATE NOCASE`)

const serverAnyCase = `lower($1) $2 lower(CAST($3 AS text) COLLATE "C")`

// translated holds the statements that were translated. They are few: lists of values come in few lengths.
var translated sync.Map

// forServer is a statement in PostgreSQL's words.
func forServer(query string) string {
	if done, ok := translated.Load(query); ok {
		return done.(string)
	}
	done := numbered(serverWords.Replace(anyCase.ReplaceAllString(query, serverAnyCase)))
	translated.Store(query, done)
	return done
}

// numbered gives placeholders the numbers that they have in SQLite: ?2 is $2, and each ? the next one. Those between quotes are none.
func numbered(query string) string {
	var out strings.Builder
	last, quoted := 0, false
	for i := 0; i < len(query); i++ {
		c := query[i]
		if c == '\'' {
			quoted = !quoted
		}
		if c != '?' || quoted {
			out.WriteByte(c)
			continue
		}
		end := i + 1
		for end < len(query) && query[end] >= '0' && query[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(query[i+1 : end])
		if err != nil {
			n = last + 1
		}
		last = max(last, n)
		out.WriteString("$" + strconv.Itoa(n))
		i = end - 1
	}
	return out.String()
}
