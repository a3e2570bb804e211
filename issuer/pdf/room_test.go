package pdf

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/picture"
	"github.com/cardproof/cardproof/issuer/pdf/stock"
	"github.com/cardproof/cardproof/verify/scan"
)

// wideNames need three lines of a wallet card at 7 points.
var wideNames = []string{
	"കാർത്തികേയൻ സുബ്രഹ്മണ്യം വെങ്കടേശ്വരൻ രാമസ്വാമി", "கார்த்திகேயன் சுப்பிரமணியம் வெங்கடேசன் ராமசாமி", "WILHELMINA WOLFGANG MONTGOMERY WARWICK WHITMORE HAMMOND",
}

// A name that needs a third line passes where it fits beside every course that the cards are for, and is drawn then; what passes with no
// course known is what fits beside any.
func TestThirdLineOfNames(t *testing.T) {
	short := Course{"BLS", card.Qualification{Title: "Basic Life Support", Level: "healthcare provider"}}
	long := Course{"CPR-AED-FA-BBP-1", card.Qualification{Title: strings.Repeat("Bloodborne ", 5) + "Risks", Level: strings.Repeat("provider ", 6) + "other"}}
	for _, look := range assets.Designs() {
		ds, err := design.Shipped(look, design.Brand{})
		if err != nil {
			t.Fatal(err)
		}
		of := func(courses ...Course) *Drawer {
			d, err := New(Options{Centre: fullCentre(t), Design: ds, Pages: allPages, Courses: courses})
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		with, without, both := of(short), of(), of(short, long)
		if err := both.CheckCourse(long.Code, long.Qualification); err != nil {
			t.Fatal(err)
		}
		if err := both.CheckName(wideNames[2]); !errors.Is(err, ErrTooLong) {
			t.Errorf("%s: got %v beside a long course, want ErrTooLong", look, err)
		}
		for _, name := range wideNames {
			if err := with.CheckName(name); err != nil {
				t.Errorf("%s: %s: got %v, want no error", look, name, err)
			}
			if err := without.CheckName(name); !errors.Is(err, ErrTooLong) {
				t.Errorf("%s: %s: got %v without a course, want ErrTooLong", look, name, err)
			}
			checkSaid(t, with, full(t, name), 2)
			for _, page := range with.names {
				checkPlaces(t, with.pages[page], with.values(full(t, name)))
			}
		}
	}
}

// The course is not louder than its holder.
func TestCourseIsNotLargerThanTheName(t *testing.T) {
	for _, look := range assets.Designs() {
		d := newLook(t, look, sampleCentre, design.A4, design.Wallet)
		for _, p := range people {
			c := full(t, p.name)
			value, name := d.values(c), 0.0
			for _, i := range d.pages[design.Wallet].items {
				set, err := i.lay(value)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range set {
					if slices.Equal(s.fields, []string{"name"}) {
						name = s.size
					}
					if slices.Equal(s.fields, []string{"course"}) && s.size > name {
						t.Errorf("%s: %s: got the course in %.2f points and the name in %.2f", look, p.name, s.size, name)
					}
				}
			}
			if name == 0 {
				t.Errorf("%s: %s: got no name", look, p.name)
			}
		}
	}
}

// A code is not broken at its hyphens, and its hyphens stay what they are.
func TestCodesStayWhole(t *testing.T) {
	codes := []string{"LONG-COURSE-CODE", "CPR-AED-FA-BBP-1", "CPR-AED-FA-BBP-2", "A-1", "OTHER-LONG-CODE1", "OTHER-LONG-CODE2"}
	for _, look := range assets.Designs() {
		d := newLook(t, look, fullCentre(t), design.A4, allPages...)
		c := full(t, "Li")
		c.Record.Course, c.Record.Qualification.Meets = codes[0], codes
		file, err := d.Draw(c)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := scan.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		for n, p := range doc.Pages {
			for _, code := range codes {
				if d.names[n] != design.Wallet && !strings.Contains(p.Text, code) {
					t.Errorf("%s: page %d has no %s:\n%s", look, n, code, p.Text)
				}
			}
		}
		fields, err := d.Says(c)
		if err != nil {
			t.Fatal(err)
		}
		broken := 0
		for _, f := range fields {
			if slices.Contains(f.Fields, "meets") && len(f.Lines) > 1 {
				broken++
			}
			for _, l := range f.Lines {
				if strings.HasSuffix(l, "-") {
					t.Errorf("%s: the line %q ends within a code", look, l)
				}
			}
		}
		if broken == 0 {
			t.Errorf("%s: no list of codes takes two lines, so that nothing is tested", look)
		}
	}
	got := wholeCodes([]string{"Smith-", "Jones, ", "CPR-", "AED-", "1 ", "A - ", "B"})
	if want := []string{"Smith-", "Jones, ", "CPR-AED-1 ", "A - ", "B"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What is empty in a row leaves no hole.
func TestRowsCloseUp(t *testing.T) {
	for _, look := range assets.Designs() {
		d := newLook(t, look, fullCentre(t), design.A4, design.Certificate, design.Wallet, design.Back)
		c := full(t, "Li")
		c.Catalogue = ""
		for _, page := range d.names {
			for _, i := range d.pages[page].items {
				if !i.row {
					continue
				}
				set, err := i.lay(d.values(c))
				if err != nil || len(set) == 0 {
					t.Fatalf("%s: %s: got %d texts, %v", look, page, len(set), err)
				}
				end := i.box[0]
				for _, s := range set {
					if gap := s.x - end; gap > 6.01 {
						t.Errorf("%s: %s: %q begins %.1f mm behind the text before it", look, page, s.text, gap)
					}
					end = s.x + s.width
				}
			}
		}
	}
}

func pictureOf(t *testing.T, width, height int) *picture.Picture {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.SetNRGBA(x, y, color.NRGBA{255, 255, uint8(x), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	p, err := picture.Read(".jpg", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A picture on tinted paper lets the paper through its white, and one of few pixels is named.
func TestPictures(t *testing.T) {
	centre := fullCentre(t)
	centre.Signature, centre.Logo = pictureOf(t, 150, 40), pictureOf(t, 700, 300)
	for look, multiplies := range map[string]bool{"laurel": true, "harbour": false} {
		d := newLook(t, look, centre, design.A4, allPages...)
		file, err := d.Draw(full(t, "Li"))
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(file, []byte("/BM /Multiply")); got != multiplies {
			t.Errorf("%s: got pictures that multiply: %v, want %v", look, got, multiplies)
		}
		if got := d.Notices(); len(got) != 1 || !strings.Contains(got[0], "the signature has ") || !strings.Contains(got[0], "pixels across") {
			t.Errorf("%s: got the notices %q, want one about the signature", look, got)
		}
		doc, err := scan.Read(file)
		if err != nil || len(doc.Pages[0].Codes) != 1 || doc.Pages[0].Veiled {
			t.Errorf("%s: got %+v, %v; want a page with its code and no covered text", look, doc.Pages, err)
		}
	}
	if got := newLook(t, "laurel", fullCentre(t), design.A4, allPages...).Notices(); len(got) != 0 {
		t.Errorf("got the notices %q about drawings", got)
	}
}

// Colour reaches the edge of a place, or keeps from all edges where its neighbour begins there.
func TestColourOnSheets(t *testing.T) {
	for _, c := range []struct {
		stock   string
		x, y    float64 // from the card's middle to where colour ends, in mm of the sheet
		groundX float64
	}{
		{"avery-5371", 88.9/2 - 0.75, 50.8/2 - 0.75, 88.9/2 + 0.1},
		{"c32016", 42.5 - 0.75, 27 - 0.75, 42.5 + 2},
		{"a4", 42.8 + 2, 26.99 + 2, 42.8 + 2},
	} {
		s, err := stock.Find(c.stock)
		if err != nil {
			t.Fatal(err)
		}
		scale := min(1, s.PlaceX/design.ID1.Width, s.PlaceY/design.ID1.Height)
		if scale > 0.99 {
			scale = 1
		}
		r := reachOn(s, scale)
		x, y, ground := scale*(design.ID1.Width/2+r.x), scale*(design.ID1.Height/2+r.y), scale*(design.ID1.Width/2+r.groundX)
		for _, v := range [][2]float64{{x, c.x}, {y, c.y}, {ground, c.groundX}} {
			if d := v[0] - v[1]; d > 0.01 || d < -0.01 {
				t.Errorf("%s: got the reach %+v: %.2f mm, want %.2f", c.stock, r, v[0], v[1])
			}
		}
	}
}
