package sheet

import (
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
		{"one letter at a word's beginning", "Özil", "windows-1252", "windows-1252"},
		{"shared French", "Zoé Côté", "windows-1252", "windows-1252"},
		{"shared quotes and dashes", "„Ani“ – O’Brien … Gabriel·la 5 €", "windows-1252", "windows-1252"},
		{"Polish ł inside", "Paweł Małgorzata", "windows-1250", "windows-1250"},
		{"Polish ą inside", "Dąbrowski", "windows-1250", "windows-1250"},
		{"Polish ż and ó inside", "Grażyna Wójcik", "windows-1250", "windows-1250"},
		{"Polish ź behind a lower-case letter", "Woźniak Dąb", "windows-1250", "windows-1250"},
		{"Polish in capitals", "RÓŻA WRÓŻKA PAWŁOWSKI", "windows-1250", "windows-1250"},
		{"Czech ť, which is nothing in western, beside á", "Šťastný Kateřina Svatošová", "windows-1250", "windows-1250"},
		{"ÿ inside", "L'Haÿ-les-Roses Croÿer", "windows-1252", "windows-1252"},
	} {
		got, err := detect(ascii + encodeAs(t, c.text, c.as))
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
		{"Cyrillic", "Ольга", "windows-1251", []string{"name another encoding"}},
	} {
		_, err := Read(strings.NewReader("name;course\r\n"+encodeAs(t, c.text, c.as)+";BLS\r\n"), Options{})
		wantError(t, c.name, err, c.said...)
	}
	for _, c := range []struct{ name, data, text string }{
		{"DOS", "name\nAndr\x82s Mu\xa4oz Ren\x82\n", "line 2 on, fit none"},
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
		{"macintosh", "Bj\x9arn", "Björn", "macintosh"},
		{"utf-16", "\xfe\xff\x00n\x01\x42", "nł", "utf-16be"},
		{"utf-8", "\ufeffMuñoz", "Muñoz", "utf-8"},
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
