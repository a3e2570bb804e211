package sheet

import (
	"slices"
	"strings"
	"testing"
)

func TestEncodingByEvidence(t *testing.T) {
	const ascii = "name;course\r\n"
	for _, c := range []struct{ name, text, as, want string }{
		{"ASCII", "Ana Bela", "utf-8", "utf-8"},
		{"UTF-8", "Jürgen Łukasz Ольга", "utf-8", "utf-8"},
		{"UTF-8 that may be windows-1250", "Ă¼ Ä‡", "utf-8", "utf-8"},
		{"German", "Jürgen Müller; Straße; Änne Özil", "windows-1252", "windows-1252"},
		{"German in windows-1250", "Jürgen Müller; Straße; Änne Özil", "windows-1250", "windows-1252"},
		{"one letter at a word's beginning", "Übel", "windows-1252", "windows-1252"},
		{"German ä alone, which is õ or ń in the code pages of DOS", "Schäfer Jäger", "windows-1252", "windows-1252"},
		{"German ü alone, which is ř in one of them", "Müller Günther", "windows-1252", "windows-1252"},
		{"Spanish, which has letters where the Baltic ones are", "García Sánchez Martín Raúl Jesús", "windows-1252", "windows-1252"},
		{"French ë and î behind a vowel", "Noël Benoît", "windows-1252", "windows-1252"},
		{"shared French", "Zoé Côté", "windows-1252", "windows-1252"},
		{"shared quotes and dashes", "„Ani“ – O’Brien … Gabriel·la 5 €", "windows-1252", "windows-1252"},
		{"Polish ł inside", "Paweł Małgorzata", "windows-1250", "windows-1250"},
		{"Polish ą inside", "Dąbrowski", "windows-1250", "windows-1250"},
		{"Polish ż and ó inside", "Grażyna Wójcik", "windows-1250", "windows-1250"},
		{"Polish ź behind a lower-case letter", "Woźniak Dąb", "windows-1250", "windows-1250"},
		{"Polish in capitals", "RÓŻA WRÓŻKA PAWŁOWSKI", "windows-1250", "windows-1250"},
		{"Czech ť, which is nothing in western, beside á", "Šťastný Kateřina Svatošová", "windows-1250", "windows-1250"},
		{"an accent in place of an apostrophe", "Jürgen O´Brien D´Angelo", "windows-1252", "windows-1252"},
		{"Catalan", "Gabriel·la Núria", "windows-1252", "windows-1252"},
		{"ú behind a and before l", "Raúl Saúl Jesús Araújo", "windows-1252", "windows-1252"},
		{"ÿ inside", "L'Haÿ-les-Roses Croÿer", "windows-1252", "windows-1252"},
	} {
		got, err := detect(ascii+encodeAs(t, c.text, c.as), nil)
		if err != nil || got != c.want {
			t.Errorf("%s: got %q and %v, want %s", c.name, got, err, c.want)
		}
	}
}

func TestEncodingIsAskedForWhenInDoubt(t *testing.T) {
	for _, c := range []struct {
		name, text, as string
		said           []string
	}{
		{"è or č", "Hélène", "windows-1252", []string{`windows-1252 reads "Hélène"`, `windows-1250 reads "Hélčne"`, "--encoding windows-1252 or --encoding windows-1250", "roster.encoding"}},
		{"ñ or ń", "Muñoz", "windows-1252", []string{`"Muñoz"`, `"Muńoz"`}},
		{"æ or ć", "Kovać", "windows-1250", []string{`"Kovaæ"`, `"Kovać"`}},
		{"ê or ę", "Zięba", "windows-1250", []string{`"Ziêba"`, `"Zięba"`}},
		{"ø or ř", "Søren", "windows-1252", []string{`"Søren"`, `"Sřren"`}},
		{"Œ or Ś", "Śliwa", "windows-1250", []string{`"Œliwa"`, `"Śliwa"`}},
		{"a footnote or ą", "Smith¹ Ana", "windows-1252", []string{`"Smith¹"`, `"Smithą"`}},
		{"ł at the end", "Michał", "windows-1250", []string{`"Micha³"`, `"Michał"`}},
		{"Ł at the beginning", "Łukasz", "windows-1250", []string{`"£ukasz"`, `"Łukasz"`}},
		{"¿ or ż at the beginning", "żona", "windows-1250", []string{`"¿ona"`, `"żona"`}},
		{"ordinal or Ş", "Mª José", "windows-1252", []string{`"Mª"`, `"MŞ"`}},
		{"Turkish ı or ý", "Yıldız", "windows-1254", []string{`windows-1252 reads "Yýldýz"`, `windows-1254 reads "Yıldız"`}},
		{"old Macintosh ö or š", "Björn", "macintosh", []string{`"Bjšrn"`, `macintosh reads "Björn"`}},
		{"old Macintosh alone", "René Grüne", "macintosh", []string{`macintosh reads "René", "Grüne"`}},
		{"Danish on an old Macintosh, or ż", "Søren", "macintosh", []string{`windows-1250 reads "Sżren"`, `macintosh reads "Søren"`}},
		{"three words, each once", "ñ ñ Muñoz Peña Ibáñez Núñez", "windows-1252", []string{`"ñ", "Muñoz", "Peña";`}},
		{"Ö or the Í of DOS", "Özil", "windows-1252", []string{`windows-1252 reads "Özil" (as does windows-1250, windows-1254, windows-1257, iso-8859-2, iso-8859-15, iso-8859-16)`, `cp850 reads "Ízil" (as does cp852)`}},
		{"ISO 8859-2, alone", "Kowalski Śliwa Mieszko Wiśniewski", "iso-8859-2", []string{`iso-8859-2 reads "Śliwa", "Wiśniewski"`, "--encoding iso-8859-2"}},
		{"ą or the š of ISO 8859-2", "Piątek", "windows-1250", []string{`windows-1250 reads "Piątek"`, `iso-8859-2 reads "Pištek"`}},
		{"š of ISO 8859-2 before a vowel", "Mašek", "iso-8859-2", []string{`iso-8859-2 reads "Mašek"`}},
		{"Latvian ā or â", "Jānis Kārlis", "windows-1257", []string{`windows-1252 reads "Jânis", "Kârlis" (as does windows-1250`, `windows-1257 reads "Jānis", "Kārlis"`}},
		{"Lithuanian ė or ë", "Eglė", "windows-1257", []string{`"Eglë"`, `windows-1257 reads "Eglė"`}},
		{"Latvian ē or ç", "Pētersons", "windows-1257", []string{`"Pçtersons"`, `"Pētersons"`}},
		{"ß of DOS or á", "Groß", "cp850", []string{`windows-1252 reads "Groá"`, `cp850 reads "Groß" (as does cp852, cp437)`}},
		{"õ of DOS or ä", "Simões", "cp850", []string{`"Simäes"`, `cp850 reads "Simões"`}},
		{"Spanish in DOS", "Andrés Muñoz", "cp850", []string{`cp850 reads "Andrés", "Muñoz" (as does cp437)`}},
		{"German in DOS", "Jürgen Müller Weiß", "cp437", []string{`cp850 reads "Jürgen", "Müller", "Weiß" (as does cp852, cp437)`}},
		{"Polish in DOS", "Grażyna", "cp852", []string{`cp852 reads "Grażyna"`, `iso-8859-2 reads "Gražyna"`}},
		{"Czech in DOS", "Dvořák Kateřina", "cp852", []string{`cp852 reads "Dvořák", "Kateřina"`}},
		{"Cyrillic in DOS", "Ольга", "cp866", []string{"--encoding"}},
		{"Polish in a Baltic encoding", "Śliwa", "windows-1257", []string{`"Úliwa"`, `windows-1257 reads "Śliwa"`}},
		{"Polish in a Baltic encoding, inside", "Wiśniewski", "windows-1257", []string{`windows-1257 reads "Wiśniewski"`}},
		{"Slovene in Latin-9", "Žganjar", "iso-8859-15", []string{`iso-8859-15 reads "Žganjar" (as does iso-8859-16)`}},
		{"Slovene in Latin-9, at the end", "Aleš", "iso-8859-15", []string{`iso-8859-15 reads "Aleš"`}},
		{"Romanian in Latin-10", "Ionuț Gheorghiță", "iso-8859-16", []string{`iso-8859-16 reads "Ionuț", "Gheorghiță"`}},
		{"Catalan in DOS", "Gabriel·la", "cp850", []string{`"Gabrielúla"`, `cp850 reads "Gabriel·la" (as does cp437)`}},
		{"Greek", "Αθηνά", "windows-1253", []string{"--encoding"}},
		{"Cyrillic", "Ольга", "windows-1251", []string{"name another encoding"}},
	} {
		_, err := Read(strings.NewReader("name;course\r\n"+encodeAs(t, c.text, c.as)+";BLS\r\n"), Options{})
		wantError(t, c.name, err, c.said...)
	}
	for _, c := range []struct{ name, data, text string }{
		{"none", "name\nAna\xa9Lee\xf7x\x81\n", "line 2 on, fit none"},
		{"UTF-8 with one line of another encoding", "name\nJürgen\nM\xfcller\n", "line 3 of it is not"},
		{"UTF-8 cut off", "name\nJürgen\nWang 王\xe5\xb0", "line 3 of it is not"},
	} {
		_, err := Read(strings.NewReader(c.data), Options{})
		wantError(t, c.name, err, c.text, "--encoding")
	}
}

func TestEncodingThatIsGiven(t *testing.T) {
	for _, c := range []struct{ label, data, want, name string }{
		{"windows-1252", "Mu\xf1oz", "Muñoz", "windows-1252"},
		{"cp1250", "Mu\xf1oz", "Muńoz", "windows-1250"},
		{"Latin1", "Mu\xf1oz", "Muñoz", "windows-1252"},
		{"iso-8859-2", "Mi\xb6", "Miś", "iso-8859-2"},
		{"x-mac-ce", "\xe5liwa D\x88browski \x8alut\x9b", "Śliwa Dąbrowski älutõ", "x-mac-ce"},
		{"macintosh", "Bj\x9arn", "Björn", "macintosh"},
		{"utf-16", "\xfe\xff\x00n\x01\x42", "nł", "utf-16be"},
		{"utf-8", "\ufeffMuñoz", "Muñoz", "utf-8"},
		{"cp850", "Mu\xa4oz", "Muñoz", "cp850"},
		{"IBM852", "Dvo\xfd\xa0k", "Dvořák", "cp852"},
		{"cp437", "Ren\x82", "René", "cp437"},
		{"cp1257", "Egl\xeb", "Eglė", "windows-1257"},
		{"shift_jis", "\x93\xfa\x96\x7b", "日本", "shift_jis"},
	} {
		table := mustRead(t, c.data, Options{Encoding: c.label})
		if got := table.Rows[0].Cells[0]; got != c.want || table.Encoding != c.name {
			t.Errorf("%s: got %q in %s, want %q in %s", c.label, got, table.Encoding, c.want, c.name)
		}
	}
	for _, c := range []struct{ label, data, text string }{
		{"latin-99", "a", "windows-1250"},
		{"replacement", "a", "no encoding of letters"},
		{"x-user-defined", "a", "no encoding of letters"},
		{"utf-8", "a\nb\nMu\xf1oz", "line 3 of the file is not UTF-8"},
		{"windows-1252", "a\r\nb\r\n\x8dx", "line 3 of the file can't be read as windows-1252"},
		{"windows-1252", "a\nb\x01", "line 2"},
		{"shift_jis", "a\nMu\xf1", "line 2"},
		{"utf-16le", "a\x00\n\x00b", "line 2"},
		{"windows-1252", "\ufeffa", "byte order mark of utf-8"},
	} {
		_, err := Read(strings.NewReader(c.data), Options{Encoding: c.label})
		wantError(t, c.label, err, c.text)
	}
}

func TestUTF16(t *testing.T) {
	const text = "name;course\r\n一丁 Łukasz 😀;BLS\r\n"
	for _, c := range []struct {
		name, mark, encoding string
	}{
		{"little end, marked", "\xff\xfe", "utf-16le"}, {"big end, marked", "\xfe\xff", "utf-16be"},
		{"little end", "", "utf-16le"}, {"big end", "", "utf-16be"},
	} {
		table := mustRead(t, c.mark+encodeAs(t, text, c.encoding), Options{})
		if got, want := table.Rows[1].Cells[0], "一丁 Łukasz 😀"; got != want || table.Encoding != c.encoding || table.Marked != (c.mark != "") {
			t.Errorf("%s: got %q as %s, marked %v", c.name, got, table.Encoding, table.Marked)
		}
	}
	whole := encodeAs(t, text, "utf-16le")
	for name, data := range map[string]string{"cut off": "\xff\xfe" + whole[:len(whole)-1], "half a pair": "\xff\xfea\x00\n\x00\x3d\xd8", "cut off, no mark": whole[:len(whole)-1]} {
		_, err := Read(strings.NewReader(data), Options{})
		wantError(t, name, err, "line")
	}
}

func TestBrokenUTF8WithAMarkIsRefused(t *testing.T) {
	_, err := Read(strings.NewReader("\ufeffname\r\nJ\xfcrgen\r\n"), Options{})
	wantError(t, "marked", err, "line 2 of the file is not UTF-8", "CSV UTF-8")
}

func TestUTF8ByChanceIsAskedFor(t *testing.T) {
	for _, c := range []struct{ name, text, as, said string }{
		{"Polish capitals", "KRÓŁ", "windows-1250", `windows-1250 reads "KRÓŁ"`},
		{"Czech in DOS", "Běž", "cp852", `cp852 reads "Běž"`},
	} {
		_, err := Read(strings.NewReader("name\r\n"+encodeAs(t, c.text, c.as)+"\r\n"), Options{})
		wantError(t, c.name, err, "utf-8 reads", c.said, "--encoding utf-8 or --encoding ")
	}
	for _, text := range []string{"Ольга Αθηνά", "KRӣ Jürgen", "Аnna 王", "Anna-Ольга", "Ju\u0308rgen", "\ufeffKRӣ"} { // the last is for whoever looks at the name
		if table := mustRead(t, "name\n"+text+"\n", Options{}); table.Encoding != "utf-8" || table.Rows[1].Cells[0] != strings.TrimPrefix(text, "\ufeff") && !strings.HasPrefix(text, "\ufeff") {
			t.Errorf("%q: got %q as %s", text, table.Rows[1].Cells[0], table.Encoding)
		}
	}
}

func TestUsualEncoding(t *testing.T) {
	for _, c := range []struct{ name, data, want, encoding string }{
		{"single bytes", "name\nMu\xf1oz", "Muńoz", "windows-1250"},
		{"ASCII", "name\nAna", "Ana", "windows-1250"},
		{"UTF-8 with a mark", "\ufeffname\nMuñoz", "Muñoz", "utf-8"},
		{"UTF-16 with a mark", "\xff\xfen\x00\n\x00\xf1\x00", "ñ", "utf-16le"},
		{"UTF-16", "n\x00\n\x00\xf1\x00", "ñ", "utf-16le"},
	} {
		table := mustRead(t, c.data, Options{UsualEncoding: "windows-1250"})
		if got := table.Rows[1].Cells[0]; got != c.want || table.Encoding != c.encoding {
			t.Errorf("%s: got %q in %s, want %q in %s", c.name, got, table.Encoding, c.want, c.encoding)
		}
	}
	if got := mustRead(t, "Mu\xf1oz", Options{Encoding: "windows-1252", UsualEncoding: "windows-1250"}).Rows[0].Cells[0]; got != "Muñoz" {
		t.Errorf("named for this file: got %q", got)
	}
	_, err := Read(strings.NewReader("name\nMuñoz"), Options{UsualEncoding: "windows-1250"})
	wantError(t, "UTF-8 without a mark", err, "line 2", "windows-1250", "--encoding utf-8 or --encoding windows-1250")
	_, err = Read(strings.NewReader("\ufeffname\nMuñoz"), Options{Encoding: "windows-1250"})
	wantError(t, "named against a mark", err, "byte order mark of utf-8", "Leave --encoding out")
}

func TestIsEncoding(t *testing.T) {
	for label, want := range map[string]bool{"utf-8": true, "cp850": true, "IBM437": true, "latin2": true, "replacement": false, "x-user-defined": false, "latin-99": false, "": false} {
		if got := IsEncoding(label); got != want {
			t.Errorf("%q: got %v, want %v", label, got, want)
		}
	}
}

// A heading that only one reading makes a word of says in which encoding the file is.
func TestHeadingSettlesTheEncoding(t *testing.T) {
	known := func(cell string) bool {
		return slices.Contains([]string{"Imię", "Obecność", "Prénom", "Prüfung"}, cell)
	}
	for _, c := range []struct{ name, heading, text, as, want string }{
		{"Polish", "Imię;kurs", "Zięba", "windows-1250", "windows-1250"},
		{"Polish in ISO 8859-2", "Obecność;kurs", "Śliwa", "iso-8859-2", "iso-8859-2"},
		{"French in DOS", "Prénom;cours", "Hélène", "cp850", "cp850"},
		{"German on an old Macintosh, in quotation marks", `"Prüfung","Kurs"`, "Björn", "macintosh", "macintosh"},
		{"French, or č", "Prénom;cours", "Hélène", "windows-1252", ""},
		{"no heading that is known", "Pręnom;cours", "Zięba", "windows-1250", ""},
	} {
		got, err := detect(encodeAs(t, "Liste\n"+c.heading+"\n"+c.text+"\n", c.as), known)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: got %q and %v, want %q", c.name, got, err, c.want)
		}
	}
	_, err := detect(encodeAs(t, "Prénom;cours\nHélène\n", "windows-1252"), known)
	if err == nil || strings.Contains(err.Error(), "cp850") || !strings.Contains(err.Error(), `windows-1250 reads "Hélčne"`) {
		t.Errorf("got %v, want a question about those only that read the heading", err)
	}
}
