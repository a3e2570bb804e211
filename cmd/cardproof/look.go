package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/issuer/pdf"
	"github.com/cardproof/cardproof/issuer/pdf/design"
	"github.com/cardproof/cardproof/issuer/pdf/picture"
)

// newDrawer makes the drawer of the configured design, and refuses a centre or a course that does not fit on a card.
func (a *app) newDrawer(c *config.Config) (*pdf.Drawer, error) {
	return a.drawerOf(c, c.Design.Pages)
}

func (a *app) drawerOf(c *config.Config, pages []string) (*pdf.Drawer, error) {
	look, err := readDesign(c, design.Brand{Primary: c.Brand.Primary, Accent: c.Brand.Accent})
	if err := a.explainColour(c, err); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, fail(exitUsage, fmt.Errorf("%s: design: %w", a.configPath, err), "Mend that key; docs/designs.md says what each one means, and docs/design.schema.json lets an editor complete them.")
	}
	centre, err := centreOf(c)
	if err != nil {
		return nil, fail(exitUsage, fmt.Errorf("%s: %w", a.configPath, err), "Name a picture that the card can show, or leave the key empty.")
	}
	paper := design.A4
	if c.Design.Paper == "letter" {
		paper = design.Letter
	}
	for _, page := range pages {
		if _, ok := look.Pages[page]; !ok {
			return nil, fail(exitUsage, fmt.Errorf("%s: the design %s has no page %s", a.configPath, look.Name, page), "Take that page out of design.pages, or draw it in the design.")
		}
	}
	courses := make([]pdf.Course, len(c.Courses))
	for i, one := range c.Courses {
		courses[i] = pdf.Course{Code: one.Code, Qualification: one.Qualification()}
	}
	return a.fitted(c, pdf.Options{Centre: centre, Design: look, Pages: pages, Paper: paper, Courses: courses})
}

// fitted makes the drawer if all that the configuration has for the cards fits on them. The error tells of everything that does not.
func (a *app) fitted(c *config.Config, o pdf.Options) (*pdf.Drawer, error) {
	var problems []string
	drawer, err := pdf.New(o)
	for long := (*pdf.LengthError)(nil); errors.As(err, &long); drawer, err = pdf.New(o) {
		place := centrePlace(&o.Centre, long.Field)
		if place.text == nil {
			break
		}
		problems = append(problems, tooLong(place.key, long))
		*place.text = place.least // as if it fitted, to find what else does not
	}
	if err != nil {
		return nil, fail(exitUsage, fmt.Errorf("%s: issuer or brand: %w", a.configPath, err), "Shorten that text, or write it in letters that the card's typeface has.")
	}
	for i, one := range c.Courses {
		err := drawer.CheckCourse(one.Code, one.Qualification())
		if err == nil {
			continue
		}
		key := fmt.Sprintf("courses[%d] (%s)", i, one.Code)
		long := lengthErrors(err)
		if len(long) == 0 {
			return nil, fail(exitUsage, fmt.Errorf("%s: %s: %w", a.configPath, key, err), "Write its texts in letters that the card's typeface has.")
		}
		for _, l := range long {
			problems = append(problems, tooLong(key+": "+cmp.Or(courseKeys[l.Field], l.Field), l))
		}
	}
	if len(problems) == 0 {
		return drawer, nil
	}
	hints := []string{"Shorten it. How much fits depends on the letters: a wide one takes the place of two narrow ones."}
	if len(problems) > 1 {
		hints = append(problems[1:], "Shorten them. How much fits depends on the letters: a wide one takes the place of two narrow ones.")
	}
	return nil, fail(exitUsage, fmt.Errorf("%s: %s", a.configPath, problems[0]), hints...)
}

func tooLong(key string, l *pdf.LengthError) string {
	return fmt.Sprintf("%s is too long for the page %s: about %s too many", key, l.Page, plural(l.Over, "character", "characters"))
}

// lengthErrors are those that an error joins.
func lengthErrors(err error) []*pdf.LengthError {
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	var out []*pdf.LengthError
	for _, one := range all {
		var long *pdf.LengthError
		if errors.As(one, &long) {
			out = append(out, long)
		}
	}
	return out
}

// courseKeys are the keys of the configuration behind the fields of a design that tell of a course.
var courseKeys = map[string]string{"course": "title", "code": "code", "level": "level", "meets": "meets", "trained": "trained"}

// place is where the configuration has a text of the centre.
type place struct {
	key   string
	text  *string
	least string // what stands for it while the others are looked at
}

func centrePlace(c *pdf.Centre, field string) place {
	return map[string]place{
		"centre":          {"issuer.name", &c.Name, "A"},
		"centre_id":       {"brand.id", &c.ID, ""},
		"address":         {"brand.address", &c.Address, ""},
		"phone":           {"issuer.phone", &c.Phone, ""},
		"host":            {"the host of issuer.verify_url", &c.CheckAt, "a.example"},
		"signatory":       {"brand.signatory", &c.Signatory, ""},
		"signatory_title": {"brand.signatory_title", &c.SignatoryTitle, ""},
	}[field]
}

// explainColour turns the error of a design whose text can't be read because of one of the centre's own colours into one about the key
// of that colour. It is nil where the colours are not the fault.
func (a *app) explainColour(c *config.Config, err error) error {
	var faint *design.ContrastError
	if !errors.As(err, &faint) {
		return nil
	}
	if _, err := readDesign(c, design.Brand{}); err != nil { // the design's own fault
		return nil
	}
	key, value := "brand.accent", c.Brand.Accent
	if _, err := readDesign(c, design.Brand{Primary: c.Brand.Primary}); errors.As(err, &faint) {
		key, value = "brand.primary", c.Brand.Primary
	}
	colour, err := design.ParseColour(value)
	if err != nil {
		return nil
	}
	other, how := faint.Text, nameOf(faint.Text)+" text on it"
	if faint.Text == colour {
		other, how = faint.Ground, "as text on "+nameOf(faint.Ground)+" it"
	}
	is, remedy := "light", "darker"
	if !other.IsLighter(colour) {
		is, remedy = "dark", "lighter"
	}
	return fail(exitUsage, fmt.Errorf("%s: %s %s is too %s: %s has %.1f:1, %.1f:1 is needed", a.configPath, key, value, is, how, faint.Got, faint.Least),
		fmt.Sprintf("Take a %s colour, or \"\" for the design's own.", remedy))
}

func nameOf(c design.Colour) string {
	if c == design.White {
		return "white"
	}
	return c.String()
}

// readDesign opens the configured design with the centre's colours.
func readDesign(c *config.Config, brand design.Brand) (*design.Design, error) {
	if !c.Design.IsFile() {
		return design.Shipped(c.Design.Name, brand)
	}
	data, err := os.ReadFile(c.Design.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist", c.Design.Name)
	}
	if err != nil {
		return nil, err
	}
	return design.Read(c.Design.Name, data, brand)
}

func centreOf(c *config.Config) (pdf.Centre, error) {
	centre := pdf.Centre{
		Name: c.Issuer.Name, ID: c.Brand.ID, Address: c.Brand.Address, Phone: c.Issuer.Phone, CheckAt: host(c.Issuer.VerifyURL),
		Signatory: c.Brand.Signatory, SignatoryTitle: c.Brand.SignatoryTitle,
	}
	for _, one := range []struct {
		key, path string
		to        **picture.Picture
	}{{"brand.logo", c.Brand.Logo, &centre.Logo}, {"brand.signature", c.Brand.Signature, &centre.Signature}} {
		if one.path == "" {
			continue
		}
		p, err := picture.Load(one.path)
		if err != nil {
			return pdf.Centre{}, fmt.Errorf("%s: %s: %w", one.key, one.path, err)
		}
		*one.to = p
	}
	return centre, nil
}
