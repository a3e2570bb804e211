package cell

import "testing"

func TestMojibake(t *testing.T) {
	for name, want := range map[string]bool{
		"GarcÃ\u00ada": true, "MÃ¼ller": true, "Ãngel": false, "JOÃO": false, "FaustinÃ\u00a0": true, "Åšwiatek": true, "Ð•Ð»ÐµÐ½Ð°": true,
		"Garc√≠a": true, "Garc├¡a": true, "Oâ€™Connor": true, "¿ngela": true, "NÃºñez": true,
		"D’Angelo": false, "BARBÉ’S": false, "Müller": false, "Þórunn Ægisdóttir": false, "O´Connor": false, "Zoë": false, "Ŝtefan": false,
		"Екатерина": false, "佐藤 健一": false, "שרה כהן־לוי": false, "Nils 😀": false, "Gal·la": false,
	} {
		if got := IsMojibake(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}
