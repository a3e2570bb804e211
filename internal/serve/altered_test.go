package serve

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card/token"
)

// alter changes the register behind its back: its triggers are dropped first, as a faulty program, a bad disk or an administrator would not
// ask them.
func (h *house) alter(t *testing.T, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+h.path()+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT name FROM sqlite_master WHERE type = 'trigger'")
	if err != nil {
		t.Fatal(err)
	}
	var drop []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		drop = append(drop, "DROP TRIGGER "+name)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	for _, s := range drop {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if done, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	} else if n, err := done.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s: changed %d rows, %v", statement, n, err)
	}
}

// told is an answer of the interface for programs.
type told struct {
	Code string
	Card *struct {
		Name, Expires string
		Course        struct{ Code, Title string }
	}
	status int
}

func ask(t *testing.T, site *Site, path string) (a told) {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	a.status = w.Code
	return a
}

// Of a row that was altered nothing is believed that was not signed: neither by its token nor by its number is a card valid with other data.
func TestAlteredRows(t *testing.T) {
	first, signing := testKey(t, "a")
	second, other := testKey(t, "b")
	h := newHouse(t, first, second)
	h.record(t, first.ID)
	h.record(t, second.ID)
	h.issue(t, other, "another")
	site, err := h.open(t)
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	const doubtful, unavailable, valid = "status_unknown 503", "unavailable 503", "valid 200"
	for i, tc := range []struct {
		set               string
		byToken, byNumber string
	}{
		{set: "name = 'Dr Evil'", byToken: valid, byNumber: valid},
		{set: "course = 'CPR-AED'", byToken: doubtful, byNumber: unavailable},
		{set: "expires_on = '2099-12-31'", byToken: doubtful, byNumber: unavailable},
		{set: "expires_at = 4102444800, expires_on = '2099-12-31'", byToken: doubtful, byNumber: unavailable},
		{set: "expires_at = 4102444800", byToken: valid, byNumber: valid},
		{set: "issued_on = '2020-01-01'", byToken: doubtful, byNumber: unavailable},
		{set: "catalogue = (SELECT id FROM catalogue WHERE course = 'PALS')", byToken: doubtful, byNumber: unavailable},
		{set: "token = (SELECT token FROM cards WHERE batch = 'another')", byToken: valid, byNumber: unavailable},
		{set: "name = 'Dr Evil', digest = zeroblob(32)", byToken: "unregistered 200", byNumber: unavailable},
		{set: "key_id = '" + second.ID + "'", byToken: valid, byNumber: unavailable},
		{set: "state = 'revoked', expires_on = '2099-12-31'", byToken: "revoked 503", byNumber: unavailable},
		{set: "instructor = instructor", byToken: valid, byNumber: valid},
	} {
		batch := fmt.Sprint("b", i)
		raw := h.issue(t, signing, batch)
		if i == 0 {
			h.alter(t, "INSERT INTO catalogue (course, title, level, trained, meets, entry) VALUES ('PALS', 'Other Course', '', '', '[\"PALS\"]', '')")
		}
		h.alter(t, "UPDATE cards SET "+tc.set+" WHERE batch = ?", batch)
		opened, err := token.Open(raw, func(string) (token.PublicKey, bool) { return token.PublicKey{Alg: first.Alg, Key: first.Public}, true })
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]string{"/c/" + raw: tc.byToken, "/n/" + opened.Card.Number.String(): tc.byNumber} {
			got := ask(t, site, path)
			if have := fmt.Sprint(got.Code, " ", got.status); have != want {
				t.Errorf("%s, %s: got %s, want %s", tc.set, path[:3], have, want)
			}
			if c := got.Card; c != nil && (c.Name != opened.Card.Name || c.Course.Code != "BLS" || c.Course.Title == "Other Course" || strings.HasPrefix(c.Expires, "2099")) {
				t.Errorf("%s, %s: the answer shows %+v", tc.set, path[:3], *c)
			}
		}
	}
	if n := h.log.count("does not agree with what was signed"); n == 0 {
		t.Error("the log has no reason")
	}
}
