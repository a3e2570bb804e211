package cell

import "testing"

func TestMixedScripts(t *testing.T) {
	for word, want := range map[string]bool{
		"Anna": false, "Jürgen": false, "Ольга": false, "Αθηνά": false, "O’Brien": false, "Anna-Ольга": false, "Anna Ольга": false, "王Wei": false, "אנה": false, "": false,
		"Аnna": true, "Olгa": true, "Annα": true, "O’Вrien": true, "Zdenا": true, "KRӣL": true, "Paw¹": true, "©ukasz": true, "®eljko": true, "Mi¦": true, "Gra¾yna": true, "M¤ller": true,
	} {
		if got := MixedScripts(word); got != want {
			t.Errorf("%q: got %v, want %v", word, got, want)
		}
	}
}
