package pdf

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
)

var sampleCentre = Centre{Name: "Riverside Resuscitation Training", Phone: "+1 415 555 0134", CheckAt: "cards.example.org"}

// sampleURL has the length and the alphabet of a real one: a prefix and the token in digits.
func sampleURL(digits int) string {
	const pattern = "5476280914536271"
	return "https://cards.example.org/c/" + strings.Repeat(pattern, digits/len(pattern)+1)[:digits]
}

func sample(t testing.TB, name, code, title, level string) Content {
	t.Helper()
	issued := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	n, err := card.NewNumber(bytes.NewReader([]byte("a sample card")))
	if err != nil {
		t.Fatal(err)
	}
	return Content{
		Record: card.Record{
			Card:          card.Card{Issuer: "https://cards.example.org", Number: n, IssuedAt: issued, Name: name, Course: code},
			Qualification: card.Qualification{Title: title, Level: level},
			IssuedOn:      card.DateOf(issued),
			ExpiresOn:     card.Date{Year: 2028, Month: time.November, Day: 30},
			Instructor:    "Dana Okafor",
			InstructorID:  "I-2041",
		},
		URL: sampleURL(888),
	}
}

func newDrawer(t testing.TB, c Centre) *Drawer {
	t.Helper()
	d, err := NewDrawer(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// people are cards that were looked at, one by one, when the design was made.
var people = []struct{ file, name, code, title, level string }{
	{"short", "Li", "BLS", "Basic Life Support", "healthcare provider"},
	{"spanish", "María de los Ángeles Fernández-Villaverde y Ruiz", "PALS", "Pediatric Advanced Life Support", "healthcare provider, advanced"},
	{"german", "Wolfeschlegelsteinhausenbergerdorff Maximiliane Theodora", "ALS2", "Advanced Life Support 2", "healthcare provider, advanced"},
	{"greek", "Κωνσταντίνος Παπαδόπουλος", "BBP", "Bloodborne Pathogens", "workplace"},
	{"ukrainian", "Ґалаґан Надія Олександрівна", "CPR-AED", "CPR and AED for Lay Rescuers", "lay rescuer"},
	{"vietnamese", "Nguyễn Thị Ngọc Ánh", "EKG", "EKG Rhythm Recognition and Basic Pharmacology for Nurses", "healthcare provider"},
	{"longest", "Ana Carolina Vasconcelos de Albuquerque Cavalcanti Magalhães", "CPR-AED-FA-BBP-1", "Basic Life Support for Healthcare Providers and Emergency Medical Services", "healthcare provider"},
	{"polish", "Stanisława Brzęczyszczykiewicz", "FA", "First Aid", "lay rescuer"},
	{"romanian", "Ștefan Țîrlea", "BLS", "Basic Life Support", ""},
	{"turkish", "Iğdır Şükrü Çağlayan", "BLS", "Basic Life Support for Healthcare Providers and Emergency Medical Services", "healthcare provider"},
	{"icelandic", "Þórdís Kolbrún Reykfjörð Gylfadóttir", "BLS", "Basic Life Support", "healthcare provider"},
}
