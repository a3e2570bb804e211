package roster

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func TestTemplateText(t *testing.T) {
	rules := testRules(t)
	for code, want := range map[string]string{
		"TALK": "\ufeffname,course,completed,email,learner_id,language,class,instructor,instructor_id\n",
		"ALS2": "\ufeffname,course,completed,attendance,score,skills,scenario,experience_months,prior_card,email,learner_id,language,class,instructor,instructor_id\n",
		"OWN":  "\ufeffname,course,completed,Station 3,Knot test,email,learner_id,language,class,instructor,instructor_id\n",
	} {
		c, _ := rules.Catalogue.Find(code)
		var out bytes.Buffer
		if err := WriteTemplateText(&out, c); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != want {
			t.Errorf("%s: got %q, want %q", code, got, want)
		}
	}
}

// A template that was filled in as its second sheet says is a roster in which nothing is wrong; an empty one is refused.
func TestTemplateWorkbook(t *testing.T) {
	rules := testRules(t)
	for _, c := range rules.Catalogue.Courses() {
		var out bytes.Buffer
		if err := WriteTemplateWorkbook(&out, &c); err != nil {
			t.Fatal(err)
		}
		data := out.Bytes()
		if _, err := Read(bytes.NewReader(data), testOptions()); err == nil || !strings.Contains(err.Error(), "no learner") {
			t.Errorf("%s, empty: got %v, want that there is no learner", c.Code, err)
		}
		f, err := excelize.OpenReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := f.GetSheetList(), []string{"Roster", "How to fill in"}; !slices.Equal(got, want) {
			t.Errorf("%s: got the sheets %q, want %q", c.Code, got, want)
		}
		validations, err := f.GetDataValidations("Roster")
		if err != nil || len(validations) < 8 {
			t.Errorf("%s: got %d columns with help and %v, want all", c.Code, len(validations), err)
		}
		for i, g := range guides(&c) {
			cell, _ := excelize.CoordinatesToCellName(i+1, 2)
			if err := f.SetCellStr("Roster", cell, g.example); err != nil {
				t.Fatal(err)
			}
			if len(g.what) > 255 {
				t.Errorf("%s, %s: the help has %d bytes, and a spreadsheet shows 255", c.Code, g.column, len(g.what))
			}
		}
		out.Reset()
		if err := f.Write(&out); err != nil {
			t.Fatal(err)
		}
		f.Close()
		ro, err := Read(&out, testOptions())
		if err != nil {
			t.Fatal(err)
		}
		checked := Check(ro, rules)
		want(t, c.Code, append(refused(checked.Problems), notices(checked.Problems)...), slices.DeleteFunc([]string{"2 completed already_expired"}, func(string) bool { return c.Code != "TALK" }))
	}
}
