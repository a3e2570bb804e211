package main

import (
	"reflect"
	"testing"
)

func TestFit(t *testing.T) {
	rows := [][]string{{"row 3", "name", "Maximiliane Theodora Konstantina"}, {"row 12", "score", "71 %"}}
	for _, tc := range []struct {
		width int
		want  [][]string
	}{
		{0, rows}, // no terminal: nothing is cut
		{80, rows},
		{40, [][]string{{"row 3", "name", "Maximiliane Theodora Kon…"}, {"row 12", "score", "71 %"}}},
		{10, [][]string{{"row 3", "name", "Maximiliane…"}, {"row 12", "score", "71 %"}}},
	} {
		if got := fit(rows, tc.width, 2); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%d: got %q, want %q", tc.width, got, tc.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tc := range []struct {
		width int
		want  string
	}{
		{0, "  → Write one of BLS, PALS, überlang."},
		{80, "  → Write one of BLS, PALS, überlang."},
		{20, "  → Write one of\n    BLS, PALS,\n    überlang."},
		{3, "  →\n    Write\n    one\n    of\n    BLS,\n    PALS,\n    überlang."},
	} {
		if got := wrap("  → Write one of BLS, PALS, überlang.", "    ", tc.width); got != tc.want {
			t.Errorf("%d: got %q, want %q", tc.width, got, tc.want)
		}
	}
}

func TestCommandsCanBeTyped(t *testing.T) {
	for text, want := range map[string]string{
		"": "''", "cards": "cards", "out/müller.csv": "out/müller.csv", "Exam %=score": "'Exam %=score'", "it's": `'it'\''s'`, "$(rm)": "'$(rm)'", "a;b": "'a;b'",
	} {
		if got := asArgument(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	f := rosterFlags{columns: []string{"Exam %=score"}, set: []string{"course=BLS"}, dateOrder: "dmy"}
	a := &app{configPath: "my centre.yaml", dataDir: "d"}
	want := "cardproof --config 'my centre.yaml' --data d issue p.csv --map 'Exam %=score' --set course=BLS --date-order dmy"
	if got := a.command("issue", "p.csv", f.String(), ""); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
