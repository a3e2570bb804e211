package assets

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

func TestDemoRoster(t *testing.T) {
	today := card.Date{Year: 2028, Month: time.March, Day: 3} // seven days before is in February of a leap year
	records, err := csv.NewReader(bytes.NewReader(DemoRoster(today))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(records), 1+12; got != want {
		t.Fatalf("got %d rows, want a heading and twelve learners", got)
	}
	column := map[string]int{}
	for i, name := range records[0] {
		column[name] = i
	}
	courses, people := map[string]bool{}, map[string]bool{}
	for _, row := range records[1:] {
		courses[row[column["course"]]] = true
		people[row[column["name"]]+row[column["email"]]+row[column["learner_id"]]] = true
		day, err := card.ParseDate(row[column["completed"]])
		if err != nil || !day.Before(today) || day.Before(card.Date{Year: 2028, Month: time.February, Day: 25}) {
			t.Errorf("completed: got %q (%v), want a day of the week before %s", row[column["completed"]], err, today)
		}
		if email := row[column["email"]]; !strings.HasSuffix(email, "@example.org") {
			t.Errorf("email: got %q, want an address at example.org", email)
		}
		if err := card.CheckName(row[column["name"]]); err != nil {
			t.Errorf("name: got %v for %q", err, row[column["name"]])
		}
	}
	if len(courses) != 5 || len(people) != 12 {
		t.Errorf("got %d courses and %d people, want 5 and 12", len(courses), len(people))
	}
}

func TestEmbeddedFilesAreCopies(t *testing.T) {
	for name, read := range map[string]func() []byte{"config.yaml": Config, "verify.yaml": VerifyConfig} {
		first := read()
		if len(first) == 0 {
			t.Fatalf("%s: got nothing, want the file", name)
		}
		first[0]++
		if read()[0] == first[0] {
			t.Errorf("%s: got the changed bytes again, want a fresh copy", name)
		}
	}
}
