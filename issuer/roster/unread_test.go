package roster

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
)

// rowsOf is a roster of a talk with columns of its own beside those that it needs.
func rowsOf(heading string, rows ...string) string {
	text := "name,course,completed," + heading + "\n"
	for i, row := range rows {
		text += string(rune('A'+i)) + "na Bela,TALK,2026-11-07," + row + "\n"
	}
	return text
}

func TestUnreadColumnsAreAskedAbout(t *testing.T) {
	for _, c := range []struct {
		name, text string
		options    Options
		want, hint string // of the question; none where it may go through
	}{
		{"a name", rowsOf("Preferred name", "Annie"), Options{}, `"Preferred name" may be a part of the name, and is not read: row 2 has "Annie"`, `--map "Preferred name="`},
		{"a name said to be nothing", rowsOf("Preferred name", "Annie"), Options{Columns: []string{"Preferred name="}}, "", ""},
		{"a name that is there", rowsOf("Short name", "Ana"), Options{}, "", ""},
		{"no name in the column", rowsOf("Maiden surname 2", "", "-"), Options{}, "", ""},
		{"no name at all", "Who? (full name),course,completed\nAna Bela,TALK,2026-11-07\n", Options{}, "Who? (full name)", `--map "Who? (full name)=name"`},
		{"failed", rowsOf("Bemerkung", "bestanden", "nicht bestanden", "nicht bestanden (Wdh.)"), Options{}, `"Bemerkung" has "nicht bestanden" in rows 3, 4, and is not read`, `--map "Bemerkung=passed"`},
		{"failed, Spanish", rowsOf("Dictamen", "No apto"), Options{}, `"No apto" in row 2`, "--map"},
		{"failed, French", rowsOf("Avis", "Admis", "Ajourné"), Options{}, `"Ajourné" in row 3`, "--map"},
		{"failed, Polish", rowsOf("Uwagi", "nie zdał"), Options{}, `"nie zdał" in row 2`, "--map"},
		{"not there", rowsOf("Status", "ok", "abgemeldet"), Options{}, `"abgemeldet" in row 3`, "--map"},
		{"passed", rowsOf("Ergebnis", "bestanden"), Options{}, "", ""},
		{"lunch", rowsOf("Vegetarian,Paid", "no,nein", "x,-"), Options{}, "", ""},
		{"remarks", rowsOf("Remarks", "Nonviolent", "not vegetarian", "Dr. Best referred her"), Options{}, "", ""},
		{"a remark about something else", rowsOf("Bemerkung", "failed payment"), Options{}, `"Bemerkung" has "failed payment" in row 2`, `--map "Bemerkung="`},
		{"set beside marks", rowsOf("QCM 2", "91", "17"), Options{Set: []string{"score=100"}}, `score is set to "100" in every row, and the column "QCM 2"`, `--map "QCM 2=score"`},
		{"set beside points", rowsOf("Points", "23/25"), Options{Set: []string{"score=100"}}, `"Points"`, "--map"},
		{"set beside words", rowsOf("Taller", "apto"), Options{Set: []string{"skills=pass"}}, `skills is set to "pass"`, `--map "Taller=skills"`},
		{"set beside others", rowsOf("Room", "north wing"), Options{Set: []string{"skills=pass", "score=100"}}, "", ""},
		{"two questions", rowsOf("Ergebnis,Zweitname", "durchgefallen,Eva"), Options{}, `"Zweitname"`, ""},
	} {
		o := testOptions()
		o.Columns, o.Set = c.options.Columns, c.options.Set
		if c.want == "" {
			if _, err := Read(strings.NewReader(c.text), o); err != nil {
				t.Errorf("%s: got %v, want no question", c.name, err)
			}
			continue
		}
		if file := refusal(t, c.text, o); !strings.Contains(file.Text, c.want) || !strings.Contains(file.Hint, c.hint) {
			t.Errorf("%s: got %q with the hint %q, want %q and %q", c.name, file, file.Hint, c.want, c.hint)
		}
	}
}

// A heading that may be a mark is one where every cell says per cent.
func TestResults(t *testing.T) {
	for _, c := range []struct{ heading, cells, want string }{
		{"Ergebnis", "91,5 %|100%", "Ergebnis → score"},
		{"Puntaje", "90|95", ""}, // of 120, for all that the file says
		{"Nota final", "9.5|8", ""},
		{"Note", "17|18", ""},
		{"Wynik", "91%|zdał", ""},
		{"Ergebnis", "|", ""},
		{"Ergebnis", "130%", ""},
	} {
		var rows []string
		for _, text := range strings.Split(c.cells, "|") {
			rows = append(rows, `"`+text+`"`)
		}
		ro := mustRead(t, rowsOf(c.heading, rows...))
		if got := strings.Join(ro.Mapping()[3:], ""); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.heading, c.cells, got, c.want)
		}
	}
	if file := refusal(t, rowsOf("score,Ergebnis", `90,20 %`), testOptions()); !strings.Contains(file.Text, "both stand for score") {
		t.Errorf("got %q, want a question", file)
	}
}

func TestRemediesNameTheFilesOwnColumns(t *testing.T) {
	text := "name,course,Datum der Runde,QCM blanc,Zimmer\nAna Bela,BLS,7.11.2026,91,Nord\nCarl Dorn,BLS,7.11.2026,85,Nord\n"
	said := map[string]string{}
	for _, p := range Check(mustRead(t, text), testRules(t)).Problems {
		said[p.Column+p.Code] = p.Remedy
	}
	for key, want := range map[string]string{
		"completedmissing_column":  `--map "Datum der Runde=completed"`,
		"scoremissing_column":      `--map "QCM blanc=score"`,
		"skillsmissing_column":     `--map "Heading=skills" (not read so far: "Datum der Runde", "QCM blanc", "Zimmer")`,
		"attendancemissing_column": "not read so far",
		"unknown_column":           `the roster does not have email, completed, attendance, score, skills`,
	} {
		got := said[key]
		if !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", key, got, want)
		}
		if key != "completedmissing_column" && strings.Contains(got, "--set") {
			t.Errorf("%s: got %q, want no value for all as long as a column may have those of each", key, got)
		}
	}
	if got := mustRead(t, "name,course,completed\nAna,BLS,2026-11-07\n").howToGet(ColumnScore); !strings.Contains(got, `--set "score=…"`) {
		t.Errorf("got %q, want a place for the value and no value", got)
	}
}

func TestWhatTheCourseDoesNotAskFor(t *testing.T) {
	text := "name,course,completed,attendance,score,skills,scenario,Knot test\n" +
		"Ana Bela,BLS,2026-11-07,100,90,pass,FAILED,-\n" +
		"Bela Cruz,BLS,2026-11-07,100,90,pass,n/a,\n" +
		"Carl Dorn,BLS,2026-11-07,100,90,pass,no,no\n" +
		"Dora Egli,TALK,2026-11-07,100,20,nicht bestanden,,\n" +
		"Egon Fink,TALK,2026-11-07,,90,,,\n"
	checked := Check(mustRead(t, text), testRules(t))
	want(t, "problems", refused(checked.Problems), []string{"2 scenario scenario_not_passed", "4 scenario scenario_not_passed", "4 Knot test test_not_passed", "5 skills skills_not_passed"})
	want(t, "notices", notices(checked.Problems), []string{"5 score not_asked"})
}

// Whatever is missing, everything else is told in the same round.
func TestAllIsToldAtOnce(t *testing.T) {
	rules := testRules(t)
	asks := []course.Course{}
	for _, one := range rules.Catalogue.Courses() {
		if one.Pass.Skills {
			one.Prerequisites = nil
			asks = append(asks, one)
		}
	}
	catalogue, err := course.New(asks)
	if err != nil {
		t.Fatal(err)
	}
	rules.Catalogue = catalogue
	got := refused(Check(mustRead(t, "name,completed,attendance,score,email\nAna Bela,30.02.2026,50,83,ana@\nCarl Dorn,2026-11-07,100,90,\n"), rules).Problems)
	slices.Sort(got)
	want(t, "problems", got, []string{"0 course missing_column [2 3]", "0 skills missing_column [2 3]", "2 attendance low_attendance", "2 completed bad_date",
		"2 email bad_email", "2 score low_score"})
}

func TestSecondHeading(t *testing.T) {
	const first = "name,course,completed,attendance,score\nAna Bela,TALK,2026-11-07,100,90\n"
	for _, c := range []struct {
		name, row string
		refused   bool
		rows      int
	}{
		{"marks swapped", "name,course,completed,score,attendance", true, 0},
		{"in other words", "Nom complet,Cours,Date de fin,Note %,Présence", true, 0},
		{"shorter", "name,course", true, 0},
		{"names and e-mail", "Remark,Full name,E-mail,Course", true, 0},
		{"the same", "name,course,completed,attendance,score", false, 1},
		{"the same in capitals", "NAME,Course ,Completed,ATTENDANCE,SCORE", false, 1},
		{"the same in other words", "name,Kurs,Datum,Anwesenheit,score", false, 1},
		{"a learner with words of headings", "Zoë Student,Training,Datum,Anwesend,Test", false, 2},
		{"a learner called so", "Klasse,TALK,2026-11-07,100,90", false, 2},
	} {
		text := first + c.row + "\n"
		if c.refused {
			if file := refusal(t, text, testOptions()); !strings.Contains(file.Text, "row 1 is the heading") || !strings.Contains(file.Text, "row 3") {
				t.Errorf("%s: got %q, want both rows named", c.name, file)
			}
			continue
		}
		if got := len(mustRead(t, text).Rows); got != c.rows {
			t.Errorf("%s: got %d learners, want %d", c.name, got, c.rows)
		}
	}
	text := "first name;last name;course;completed\nAnna;Schmidt;TALK;2026-11-07\n\nlast name;first name;course;completed\nMeier;Berta;TALK;2026-11-07\n"
	if file := refusal(t, text, testOptions()); !strings.Contains(file.Text, "row 4") {
		t.Errorf("got %q, want the second heading named", file)
	}
}

func TestNameOrder(t *testing.T) {
	for _, c := range []struct {
		name  string
		order NameOrder
		want  string // none where it is refused
	}{
		{"Müller, Jürgen", "", ""}, {"Müller, Jürgen", FirstLast, ""}, {"Nguyễn, Do", "", ""}, {"Ana Bela, RN", "", "Ana Bela, RN"}, {"Ana Bela,", "", "Ana Bela,"},
		{"Müller, Jürgen", LastFirst, "Jürgen Müller"}, {"von der Heide,Sören", LastFirst, "Sören von der Heide"}, {"Sukarno, -", LastFirst, "Sukarno"},
		{"Jürgen Müller", LastFirst, ""}, {"King, Martin, Jr.", LastFirst, ""}, {"Müller,", LastFirst, ""}, {", Jürgen", LastFirst, ""},
	} {
		o := testOptions()
		o.NameOrder = c.order
		ro, err := Read(strings.NewReader("name,course,completed\n\""+c.name+"\",TALK,2026-11-07\n"), o)
		if err != nil {
			t.Fatal(err)
		}
		checked := Check(ro, testRules(t))
		if c.want == "" {
			want(t, c.name, refused(checked.Problems), []string{"2 name name_order"})
			if p := first(checked.Problems); !strings.Contains(p.Remedy, "--name-order") {
				t.Errorf("%s: got the remedy %q, want the option in it", c.name, p.Remedy)
			}
			continue
		}
		if len(checked.Completions) != 1 || checked.Completions[0].Name != c.want {
			t.Errorf("%q, %q: got %+v, want %q", c.name, c.order, checked.Problems, c.want)
		}
	}
	name, _, problems := CheckPrinted("Müller, Jürgen", "", "", testRules(t))
	if name != "Müller, Jürgen" || problems != nil {
		t.Errorf("a single name: got %q and %v, want it as it was typed", name, problems)
	}
}

func TestFurtherPartsOfNames(t *testing.T) {
	for _, c := range []struct{ heading, cells, want, code string }{
		{"Nombre,Apellido paterno,Apellido materno", "Ana,García,López", "Ana García López", ""},
		{"Nombre,Primer apellido,Segundo apellido", "Ana,García,García", "Ana García García", ""},
		{"Nombre,Apellido 1,Apellido 2", "Ana,García,", "Ana García", ""},
		{"Apellido paterno,Apellido materno,Nombres", "García,-,Ana María", "Ana María García", ""},
		{"Vorname,Namenszusatz,Nachname", "Sören,von der,Heide", "Sören von der Heide", ""},
		{"Vorname,Namenszusatz,Nachname", "Sören,jun.,Heide", "", "name_prefix name_parts"},
		{"First name,Middle name,Last name,Suffix", "Martin,Luther,King,Jr.", "Martin Luther King Jr.", ""},
		{"Imię,Drugie imię,Nazwisko", "Jan,Paweł,Żółć", "Jan Paweł Żółć", ""},
		{"Prénom,Second prénom,Particule,Nom", "Jean,Marc,d',Alembert", "Jean Marc d'Alembert", ""},
		{"Prénom,Nom d'usage", "Zoé,Côté", "Zoé Côté", ""},
		{"Nombre,Apellidos,Segundo apellido", "Ana,García López,López", "", "second_last_name name_parts"},
		{"First name,Middle name,Last name", "Anna Maria,Maria,Bell", "", "middle_name name_parts"},
		{"First name,Last name", `Jürgen,"Müller, Jürgen"`, "", "last_name name_parts"},
		{"First name,Last name", `John,"Smith, Jr."`, "John Smith, Jr.", ""},
		{"First name,Middle name,Last name", ",Ann,", "", "first_name missing_value"},
		{"Full name,Middle name", "Zoé M Côté,M", "Zoé M Côté", ""},
	} {
		checked := Check(mustRead(t, c.heading+",course,completed\n"+c.cells+",TALK,2026-11-07\n"), testRules(t))
		if c.want != "" && (len(checked.Completions) != 1 || checked.Completions[0].Name != c.want) {
			t.Errorf("%s %s: got %+v %+v, want %q", c.heading, c.cells, checked.Completions, checked.Problems, c.want)
		}
		if c.code != "" && (len(checked.Problems) == 0 || first(checked.Problems).Column+" "+first(checked.Problems).Code != c.code) {
			t.Errorf("%s %s: got %+v %+v, want %s", c.heading, c.cells, checked.Completions, checked.Problems, c.code)
		}
	}
	for _, text := range []string{
		"Full name,Middle name,course,completed\nZoé Côté,M,TALK,2026-11-07\n",
		"Name,Segundo apellido,course,completed\nAna García,López,TALK,2026-11-07\n",
		"Nombre,Apellido paterno,2nd surname,course,completed\nAna,García,López,TALK,2026-11-07\n",
		"Imię,Nazwisko,Drugie nazwisko,course,completed\nEwa,Kowalska,Nowak,TALK,2026-11-07\n",
	} {
		if file := refusal(t, text, testOptions()); !strings.Contains(file.Hint, "--map") {
			t.Errorf("%q: got %q, want a question", text, file)
		}
	}
}

// A learner is never taken for a total.
func TestTotalsSwallowNobody(t *testing.T) {
	all := []string{"course=TALK", "completed=2026-11-07"}
	for _, c := range []struct {
		text       string
		set        []string
		code       string // of the last row; none where it is a learner
		rows, kept int
	}{
		{"name,email,skills\nAna Bela,ana@example.org,pass\nBert Lost (1985),,pass\n", all, "bad_character", 2, 1},
		{"name,email,skills\nAna Bela,ana@example.org,pass\nBert Lost: guest,,\n", all, "bad_character", 2, 1},
		{"name,email,skills\nAna Bela,ana@example.org,pass\nSum,,pass\n", all, "total_row", 2, 1},
		{"name,email\nAna Bela,ana@example.org\nTotal,\n", all, "total_row", 2, 1},
		{"name,email\nAna Bela,ana@example.org\nParticipant,\n", all, "total_row", 2, 1},
		{"name,course,completed,skills\nAna Bela,TALK,2026-11-07,pass\nSum,,,pass\n", nil, "total_row", 2, 1},
		{"name,course,completed,x\nAna Bela,TALK,2026-11-07,\nBert Lost (1985),,,\n", nil, "total_row", 2, 1},
		{"name,course,completed,x\nAna Bela,TALK,2026-11-07,\nBert Lost: guest,,,\n", nil, "total_row", 2, 1},
		{"name,course,completed,x\nAna Bela,TALK,2026-11-07,\nBert Lost,,,\n", nil, "missing_value", 2, 1},
		{"name,course,completed,x\nAna Bela,TALK,2026-11-07,\nTotal,,,1\n", nil, "", 1, 1},
	} {
		o := testOptions()
		o.Set = c.set
		ro, err := Read(strings.NewReader(c.text), o)
		if err != nil {
			t.Fatal(err)
		}
		checked := Check(ro, testRules(t))
		code := ""
		for _, p := range checked.Problems {
			if p.Severity != Notice {
				code = p.Code
			}
		}
		if len(ro.Rows) != c.rows || len(checked.Completions) != c.kept || code != c.code {
			t.Errorf("%q: got %d rows, %d completions and %q, want %d, %d and %q", c.text, len(ro.Rows), len(checked.Completions), code, c.rows, c.kept, c.code)
		}
	}
}

func TestCorrectionsAskForTheWholeName(t *testing.T) {
	any, err := card.NewNumber(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	number := any.String()
	for text, want := range map[string]string{
		"number,name,Apellido paterno\n" + number + ",Ida,Dos\n":    "Apellido paterno",
		"number,name,Preferred name\n" + number + ",Ida,Dos\n":      "Preferred name",
		"number,Nom et prénom\n" + number + ",Dos Ida\n":            "heading",
		"number,Full name,name\n" + number + ",Old Wrong,Ida Dos\n": "both stand for name",
	} {
		_, err := ReadCorrections(writeFile(t, text), Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q in it", text, err, want)
		}
	}
	c, err := ReadCorrections(writeFile(t, "number,name\n"+number+",\"Müller, Jürgen\"\n"), Options{})
	if err != nil || len(c.Problems) != 1 || c.Problems[0].Code != "name_order" {
		t.Errorf("got %+v and %v, want the row refused", c, err)
	}
}
