package config

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/config/public"
)

const (
	shipped = "../../assets/config.yaml"
	least   = `
issuer: {name: Centre, url: "https://cards.example.org"}
courses: [{code: BLS, title: Basic Life Support, meets: [BLS], validity: {months: 24, until: day}}]
`
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestShippedFileIsTheOneOfTheRoot(t *testing.T) {
	root, err := os.ReadFile("../../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	embedded, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(root, embedded) {
		t.Error("config.yaml and assets/config.yaml differ; the root's file is what `cardproof init` writes: copy one over the other")
	}
}

// The file says that a key left out has the value shown. So what it shows has to be what a file that says nothing gets.
func TestShippedValuesAreTheDefaults(t *testing.T) {
	got, err := Load(shipped, nil)
	if err != nil {
		t.Fatal(err)
	}
	bare, err := Load(write(t, least), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Roster.DateOrder != bare.Roster.DateOrder || got.Roster.Encoding != bare.Roster.Encoding || len(got.Roster.Columns)+len(bare.Roster.Columns) != 0 {
		t.Errorf("roster: got %+v of the shipped file, want the defaults %+v", got.Roster, bare.Roster)
	}
	if !reflect.DeepEqual(got.Server, bare.Server) || got.Brand != bare.Brand || !reflect.DeepEqual(got.Design.Pages, bare.Design.Pages) || got.Design.Name != bare.Design.Name ||
		got.Design.Paper != bare.Design.Paper || got.Card != bare.Card || got.Issuer.TimeZone != bare.Issuer.TimeZone ||
		got.Issuer.Phone != bare.Issuer.Phone || filepath.Base(got.Data) != filepath.Base(bare.Data) || filepath.Base(got.Keys) != filepath.Base(bare.Keys) {
		t.Errorf("got %+v of the shipped file, want the defaults %+v", got, bare)
	}
	if got, want := got.Issuer.VerifyURL, "http://localhost:8080"; got != want {
		t.Errorf("verify_url: got %q, want %q", got, want)
	}
}

func TestPathsCountFromTheFile(t *testing.T) {
	path := write(t, least+"data: ../elsewhere\nkeys: /etc/cardproof/keys\n")
	c, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(filepath.Dir(filepath.Dir(path)), "elsewhere"); c.Data != want || c.Keys != "/etc/cardproof/keys" {
		t.Errorf("got %q and %q, want %q and the absolute path as it is", c.Data, c.Keys, want)
	}
}

func TestEnvironmentStandsAboveTheFile(t *testing.T) {
	path := write(t, least+"server: {rate_limit: {global: 7}, timeouts: {read: 9s}}\ndata: a\n")
	c, err := Load(path, []string{
		"CARDPROOF_SERVER_RATE_LIMIT_PER_CLIENT=0", "CARDPROOF_SERVER_RATE_LIMIT_GLOBAL=0.5", "CARDPROOF_SERVER_TIMEOUTS_READ=3s",
		"CARDPROOF_CARD_STATUS_LIST=false", "CARDPROOF_ISSUER_NAME=Other: Centre", "CARDPROOF_ISSUER_TIME_ZONE=Asia/Tokyo",
		"CARDPROOF_DATA=b", "CARDPROOF_KEY_PASSPHRASE=not ours to judge", "CARDPROOF_SERVER_RATE_LIMIT_GLOBAL_BURST=", "PATH=/bin"})
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.Server.RateLimit, c.Server.Timeouts.Read, c.Card.StatusList, c.Issuer.Name, c.Issuer.Location.String(), filepath.Base(c.Data)}
	want := []any{public.RateLimit{PerClient: 0, PerClientBurst: 40, Global: 0.5, GlobalBurst: 4000}, 3 * time.Second, false, "Other: Centre", "Asia/Tokyo", "b"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestEnvironmentIsStrict(t *testing.T) {
	path := write(t, least)
	for _, c := range []struct{ pair, key, hint string }{
		{"CARDPROOF_SERVER_RATELIMIT_PER_CLIENT=0", "CARDPROOF_SERVER_RATELIMIT_PER_CLIENT", "CARDPROOF_SERVER_RATE_LIMIT_PER_CLIENT?"},
		{"CARDPROOF_SERVER_TIMEOUTS_READ=5", "server.timeouts.read", ""},
		{"CARDPROOF_SERVER_RATE_LIMIT_PER_CLIENT=none", "server.rate_limit.per_client", ""},
		{"CARDPROOF_SERVER_RATE_LIMIT_PER_CLIENT=NaN", "server.rate_limit.per_client", ""},
		{"CARDPROOF_CARD_STATUS_LIST=perhaps", "card.status_list", ""},
	} {
		_, err := Load(path, []string{c.pair})
		var e *Error
		if !errors.As(err, &e) || e.Key != c.key || !strings.Contains(e.Hint, c.hint) {
			t.Errorf("%s: got %v, want an error of %s with the hint %q", c.pair, err, c.key, c.hint)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, key, part string }{
		{"unknown key", least + "sever: {}\n", "sever", "server?"},
		{"unknown empty key", least + "server: {rate_limit: {per_clint: }}\n", "server.rate_limit.per_clint", "server.rate_limit.per_client?"},
		{"unknown key of a course", strings.Replace(least, "title:", "titel: x, title:", 1), "courses[0].titel", "courses[0].title?"},
		{"duplicate key", least + "data: a\ndata: b\n", "", "already defined"},
		{"scalar for a group", least + "server: 5\n", "server", "expected a map"},
		{"duration without unit", least + "server: {timeouts: {read: 5}}\n", "server.timeouts.read", "unit"},
		{"duration zero", least + "server: {timeouts: {read: 0s}}\n", "server.timeouts.read", "0s"},
		{"negative rate", least + "server: {rate_limit: {global: -1}}\n", "server.rate_limit.global", "-1"},
		{"infinite rate", least + "server: {rate_limit: {global: .inf}}\n", "server.rate_limit.global", "Inf"},
		{"no burst", least + "server: {rate_limit: {global_burst: 0}}\n", "server.rate_limit.global_burst", "0"},
		{"fraction of a month", strings.Replace(least, "24", "24.5", 1), "courses[0].validity.months", "whole number"},
		{"text for a number", strings.Replace(least, "24", "two years", 1), "courses[0].validity.months", "whole number"},
		{"number for a switch", least + "card: {status_list: 1}\n", "card.status_list", "true or false"},
		{"number for a name", strings.Replace(least, "Centre", "112", 1), "issuer.name", "text"},
		{"pass mark", strings.Replace(least, "day}", "day}, pass: {score: 130}", 1), "courses[0].pass.score", "130"},
		{"unknown key of a pass rule", strings.Replace(least, "day}", "day}, pass: {extra: [{columm: Quiz}]}", 1), "courses[0].pass.extra[0].columm", "courses[0].pass.extra[0].column?"},
		{"text for external", strings.Replace(least, "day}", "day}, prerequisites: [{course: CPR, external: maybe}]", 1), "courses[0].prerequisites[0].external", "true or false"},
		{"unknown prerequisite", strings.Replace(least, "day}", "day}, prerequisites: [{course: CPR}]", 1), "courses[0].prerequisites[0].course", "CPR"},
		{"group for prerequisites", strings.Replace(least, "day}", "day}, prerequisites: BLS", 1), "courses[0].prerequisites", "array"},
		{"months without end", strings.Replace(least, "until: day", "until: none", 1), "courses[0].validity.months", "leave months out"},
		{"date order", least + "roster: {date_order: DMY}\n", "roster.date_order", "dmy, mdy or ymd"},
		{"name order", least + "roster: {name_order: last}\n", "roster.name_order", "last-first"},
		{"encoding", least + "roster: {encoding: windows-9999}\n", "roster.encoding", "windows-1252"},
		{"encoding of nothing", least + "roster: {encoding: replacement}\n", "roster.encoding", "no encoding of text"},
		{"encoding of no letters", least + "roster: {encoding: x-user-defined}\n", "roster.encoding", "no encoding of text"},
		{"column without =", least + "roster: {columns: [\"Exam %=score\", Exam]}\n", "roster.columns[1]", "Exam %=score"},
		{"column without heading", least + "roster: {columns: [\" =score\"]}\n", "roster.columns[0]", "heading"},
		{"heading twice", least + "roster: {columns: [Exam=score, \"exam =skills\"]}\n", "roster.columns[1]", "second time"},
		{"columns as a group", least + "roster: {columns: {Exam: score}}\n", "roster.columns", "array"},
		{"number for a column", least + "roster: {columns: [5]}\n", "roster.columns[0]", "text"},
		{"no courses", "issuer: {name: Centre, url: \"https://cards.example.org\"}\n", "courses", "empty"},
		{"no name", strings.Replace(least, "name: Centre, ", "", 1), "issuer.name", "missing"},
		{"no url", strings.Replace(least, `, url: "https://cards.example.org"`, "", 1), "issuer.url", "missing"},
		{"http", strings.Replace(least, "https:", "http:", 1), "issuer.url", "https"},
		{"trailing slash", strings.Replace(least, "example.org", "example.org/", 1), "issuer.url", "trailing slash"},
		{"verify_url", strings.Replace(least, "name:", "verify_url: ftp://a, name:", 1), "issuer.verify_url", "origin"},
		{"time zone", strings.Replace(least, "name:", "time_zone: Mars/Base, name:", 1), "issuer.time_zone", "Mars"},
		{"local time", strings.Replace(least, "name:", "time_zone: Local, name:", 1), "issuer.time_zone", "Local"},
		{"contact", strings.Replace(least, "name:", "contact: help@example.org, name:", 1), "issuer.contact", "mailto"},
		{"phone", strings.Replace(least, "name:", `phone: "1\n2", name:`, 1), "issuer.phone", "line"},
		{"listen", least + "server: {listen: localhost}\n", "server.listen", "host:port"},
		{"port", least + "server: {listen: \":66000\"}\n", "server.listen", "65535"},
		{"no folder", least + "data: \"\"\n", "data", "empty"},
		{"empty", "", "", "empty"},
		{"comments only", "# nothing\n", "", "empty"},
		{"a list", "- a\n", "", "YAML"},
		{"tab", "issuer:\n\tname: x\n", "", "YAML"},
	} {
		path := write(t, c.text)
		_, err := Load(path, nil)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want an *Error", c.name, err)
			continue
		}
		if e.Key != c.key || e.File != path || e.Hint == "" || !strings.Contains(e.Error()+e.Hint, c.part) || strings.Contains(e.Error(), "\n") {
			t.Errorf("%s: got key %q, error %q, hint %q; want key %q, one line, and %q in it", c.name, e.Key, e, e.Hint, c.key, c.part)
		}
	}
}

func TestMissingFileSaysWhatToRun(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "config.yaml"), nil)
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "cardproof init") {
		t.Errorf("got %v, want a hint to run cardproof init", err)
	}
}

func TestPhoneTrialOnALAN(t *testing.T) {
	c, err := Load(write(t, strings.Replace(least, "name:", "verify_url: \"http://192.168.1.20:8080\", name:", 1)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Issuer.VerifyURL, "http://192.168.1.20:8080"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRoster(t *testing.T) {
	c, err := Load(write(t, least+`roster: {date_order: dmy, name_order: last-first, encoding: ISO-8859-2, columns: ["Exam %=score", "a = b=name", "Nr.="]}`+"\n"),
		[]string{"CARDPROOF_ROSTER_DATE_ORDER=mdy"})
	if err != nil {
		t.Fatal(err)
	}
	want := Roster{DateOrder: "mdy", NameOrder: "last-first", Encoding: "ISO-8859-2", Columns: []string{"Exam %=score", "a = b=name", "Nr.="}}
	if !reflect.DeepEqual(c.Roster, want) {
		t.Errorf("got %+v, want %+v", c.Roster, want)
	}
}
