package register

import "testing"

func TestForServer(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"SELECT ?, ? FROM t WHERE a = ?":                    "SELECT $1, $2 FROM t WHERE a = $3",
		"SELECT ?2, ?1, ?":                                  "SELECT $2, $1, $3",
		"SELECT '?' || a, 'it''s ?' FROM t WHERE b = ?":     "SELECT '?' || a, 'it''s ?' FROM t WHERE b = $1",
		"SELECT id FROM b WHERE id = ? COLLATE NOCASE":      `SELECT id FROM b WHERE lower(id) = lower(CAST($1 AS text) COLLATE "C")`,
		"WHERE c.batch <> ?1 COLLATE NOCASE AND c.x = ?1":   `WHERE lower(c.batch) <> lower(CAST($1 AS text) COLLATE "C") AND c.x = $1`,
		"FROM links INDEXED BY links_in_force WHERE a = ?1": "FROM links WHERE a = $1",
		"IN (SELECT value FROM json_each(?))":               "IN (SELECT value FROM jsonb_array_elements_text(CAST($1 AS text)::jsonb))",
		"SET recorded_at = max(recorded_at, ?)":             "SET recorded_at = greatest(recorded_at, $1)",
	} {
		for range 2 { // the second comes from memory
			if got := forServer(query); got != want {
				t.Errorf("%s:\n got %s\nwant %s", query, got, want)
			}
		}
	}
}
