package document

import "testing"

func TestFold(t *testing.T) {
	for _, pair := range [][2]string{
		{"Ana Bela", "ANA  BELA"}, {"Suffield", "Suﬃeld"}, {"Zoë", "Zoe\u0308"}, {"Groß", "GROSS"}, {"Anne-Marie", "Anne\u00adMarie"}, {"O’Neill", "O'Neill"},
		{"王小明", "王 小明"}, {"김민준", "\u1100\u1175\u11b7\u1106\u1175\u11ab\u110c\u116e\u11ab"},
	} {
		if got, want := fold(pair[0]), fold(pair[1]); got != want || got == "" {
			t.Errorf("%q and %q: got %q and %q", pair[0], pair[1], got, want)
		}
	}
	if fold("Müller") == fold("Muller") || bare("Müller") != bare("Muller") || bare("Müller") == bare("Mller") {
		t.Error("accents: fold has to tell them, and bare not")
	}
}

func TestNameKey(t *testing.T) {
	for _, pair := range [][2]string{
		{"محمد العربي", "يبرعلا دمحم"}, {"אבי כהן Smith", "Smith ןהכ יבא"}, {"מִרְיָם כהן", "ןהכ םירמ"},
	} {
		if got, want := nameKey(pair[0]), nameKey(pair[1]); got != want || got == "" {
			t.Errorf("%q and %q: got %q and %q", pair[0], pair[1], got, want)
		}
	}
	for _, pair := range [][2]string{{"Ana Bela", "Bela Ana"}, {"Ana Bela", "anA aleB"}, {"محمد", "محمود"}} {
		if nameKey(pair[0]) == nameKey(pair[1]) {
			t.Errorf("%q and %q are taken for the same", pair[0], pair[1])
		}
	}
}

func TestIsGarbled(t *testing.T) {
	for text, want := range map[string]bool{
		"Ana Bela · BLS (2026)": false, "Li 王小明": false, "やまだ タロウ": false, "김민준 金": false, "राजेश कुमार": false, "مُحَمَّد": false, "Ґалаґан": false, "": false,
		"Su\u6600\ucf00eld": true, "\u0e43\u0e08\u0e14\u1435": true, "A\ufffdb": true, "A\ue000": true, "A\x00": true, "P\u0430ul": true,
	} {
		if got := isGarbled(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestIsAnother(t *testing.T) {
	for _, tt := range []struct {
		printed, signed string
		want            bool
	}{
		{"Eve Mallory", "Ana Bela", true}, {"Anna Bela", "Ana Bela", true}, {"Ana Bela", "محمد العربي", true}, {"محمد العربي", "Ana Bela", true}, {"王大明", "王小明", true},
		{"Bela Ana", "Ana Bela", true},
		{"Ana Bela", "Ana Bela", false}, {"Zoe Dvorak", "Zoë Dvořák", false}, {"Fiona A eck", "Fiona Affleck", false}, {"Fiona A\u6600eck", "Fiona Affleck", false},
		{"محمود العربي", "محمد العربي", false}, {"ริมชาส", "สมชาย", false}, {"\u0930\u303e\u091c\u1c47\u0936", "राजेश", false}, {"", "Ana", false}, {"· ·", "Ana", false},
	} {
		if got := isAnother(tt.printed, tt.signed); got != tt.want {
			t.Errorf("%q for %q: got %v, want %v", tt.printed, tt.signed, got, tt.want)
		}
	}
}
