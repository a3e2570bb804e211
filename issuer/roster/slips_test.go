package roster

import (
	"fmt"
	"strings"
	"testing"
)

const slipHeading = "name,email,learner_id,course,completed,class\n"

func slipsOf(t testing.TB, rows ...string) []string {
	t.Helper()
	checked := Check(mustRead(t, slipHeading+strings.Join(rows, "\n")+"\n"), testRules(t))
	want(t, "problems", refused(checked.Problems), nil)
	return notices(checked.Problems)
}

func TestNotices(t *testing.T) {
	const good = ",TALK,2026-11-07,C1"
	for _, c := range []struct {
		name string
		rows []string
		want []string
	}{
		{"capitals", []string{"ANA BELA,,1" + good, "JD LI,,2" + good, "Ana III,,3" + good}, []string{"2 name all_caps", "3 name all_caps"}},
		{"small letters", []string{"ana bela,,1" + good, "bell Hooks,,2" + good, "li,,3" + good, "王小明,,4" + good}, []string{"2 name lower_case"}},
		{"odd words", []string{"Christopher Null,,1" + good, "True Bela,,2" + good, "Ana Sum,,3" + good, "Li Na,,4" + good}, []string{"2 name odd_name", "3 name odd_name"}},
		{"comma", []string{`"John Smith, Jr.",,2` + good, `"Ana Bela, RN, MSc",,3` + good}, nil}, // "Müller, Jürgen" is refused: TestNameOrder
		{"spaces", []string{"Ana  Bela,,1" + good, "Ana\u00a0 Bela,,2" + good, " Ana Bela ,,3" + good}, []string{"2 name double_space", "3 name double_space"}},
		{"domain", []string{"Ana Bela,ana@gmial.com,1" + good, "Carl Dorn,carl@mail.com,2" + good, "Dora Egli,dora@yahoo.it,3" + good, "Egon Fink,e@gmail.co,4" + good,
			"Fred Gold,f@hotmail.be,5" + good, "Gina Hart,g@example.org,6" + good, "Hans Ihle,h@GMX.net,7" + good}, []string{"2 email email_domain", "5 email email_domain"}},
		{"similar, no mark", []string{"Katarina Novak,,," + good[1:], "Katerina Novak,,," + good[1:]}, []string{"3 name similar_name"}},
		{"similar, transcribed", []string{"Heiko Bäcker,,," + good[1:], "Heiko Baecker,,," + good[1:]}, []string{"3 name similar_name"}},
		{"similar, another spelling", []string{"Zoé Groß,,," + good[1:], "Zoe Gross,z@example.org,," + good[1:]}, []string{"3 name similar_name"}},
		{"transcribed, two addresses", []string{"Heiko Bäcker,a@example.org,," + good[1:], "Heiko Baecker,b@example.org,," + good[1:]}, []string{"3 name similar_name"}},
		{"similar, one mark", []string{"Katarina Novak,,7" + good, "Katarnia Novak,k@example.org," + good}, []string{"3 name similar_name"}},
		{"similar, one address", []string{"Katarina Novak,k@example.org," + good, "Katerina Novak,k@example.org," + good}, []string{"3 name similar_name"}},
		{"two IDs", []string{"Katarina Novak,,7" + good, "Katerina Novak,,8" + good}, nil},
		{"two addresses", []string{"Katarina Novak,a@example.org," + good, "Katerina Novak,b@example.org," + good}, []string{"3 name similar_name"}},
		{"short names", []string{"Ana,,," + good[1:], "Ada,,," + good[1:]}, nil},
		{"two classes", []string{"Katarina Novak,," + good, "Katerina Novak,,,TALK,2026-11-07,C2"}, nil},
	} {
		want(t, c.name, slipsOf(t, c.rows...), c.want)
	}
}

func TestNameOrderByAddresses(t *testing.T) {
	var rows []string
	for i, name := range []string{"Jürgen Müller", "Ana Bela", "Carl Dorn", "Dora Egli", "Egon Fink", "Fred Gold", "Gina Hart", "Hans Ihle", "Ida Jung", "Karl Lang"} {
		first, last, _ := strings.Cut(strings.ToLower(strings.NewReplacer("ü", "ue").Replace(name)), " ")
		if i%2 == 0 {
			first = first[:1]
		}
		rows = append(rows, fmt.Sprintf("%s,%s.%s@example.org,%d,TALK,2026-11-07,C1", name, first, last, i))
	}
	want(t, "all alike", slipsOf(t, rows...), nil)
	swapped := append(rows, "Noll Mia,mia.noll@example.org,99,TALK,2026-11-07,C1", "Ott Nina,info.desk@example.org,98,TALK,2026-11-07,C1")
	want(t, "one swapped", slipsOf(t, swapped...), []string{"12 name name_order"})
	want(t, "too few to tell", slipsOf(t, swapped[8:]...), nil)
}

func TestOddDates(t *testing.T) {
	row := func(n int, day, class string) string {
		return fmt.Sprintf("%c Bela,,%d,BLS,%s,%s", 'A'+n, n, day, class)
	}
	roster := func(rows ...string) []string {
		text := "name,email,learner_id,course,completed,class,attendance,score,skills\n"
		for _, r := range rows {
			text += r + ",100,90,pass\n"
		}
		checked := Check(mustRead(t, text), testRules(t))
		want(t, "problems", refused(checked.Problems), nil)
		return notices(checked.Problems)
	}
	for _, c := range []struct {
		name       string
		rows, want []string
	}{
		{"a year off", []string{row(1, "2026-11-07", "C"), row(2, "2026-11-07", "C"), row(3, "2025-11-07", "C")}, []string{"4 completed odd_date"}},
		{"days off", []string{row(1, "2026-11-07", "C"), row(2, "2026-11-07", "C"), row(3, "2026-10-31", "C")}, nil},
		{"no day of most", []string{row(1, "2026-11-07", "C"), row(2, "2025-11-07", "C")}, nil},
		{"two classes", []string{row(1, "2026-11-07", "C"), row(2, "2026-11-07", "C"), row(3, "2025-11-07", "D")}, nil},
		{"long ago, told once", []string{row(1, "2025-05-20", "C"), row(2, "2025-05-21", "D"), row(3, "2025-05-20", "E")}, []string{"2 completed odd_date"}},
	} {
		want(t, c.name, roster(c.rows...), c.want)
	}
}

func TestNoticeOfAHeadingWithTheLastNameFirst(t *testing.T) {
	checked := Check(mustRead(t, "Nom et prénom,Cours,Date\nCôté Zoé,TALK,2026-11-07\n"), testRules(t))
	want(t, "notices", notices(checked.Problems), []string{"1 name name_order"})
}

// A group of any size is looked through in bounded time: beyond a class's size it is not.
func TestSimilarNamesAreLookedForInClasses(t *testing.T) {
	for n, expected := range map[int]int{maxClass: maxClass - 1, maxClass + 1: 0} {
		rows := make([]string, n)
		for i := range rows {
			rows[i] = fmt.Sprintf("Katarina Novak %c,,,TALK,2026-11-07,C1", 'a'+rune(i)+5000)
		}
		if got := len(slipsOf(t, rows...)); got != expected {
			t.Errorf("%d rows: got %d notices, want %d", n, got, expected)
		}
	}
}
