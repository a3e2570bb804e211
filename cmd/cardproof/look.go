package main

import (
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
	look, err := readDesign(c)
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
	courses := make([]pdf.Course, len(c.Courses))
	for i, one := range c.Courses {
		courses[i] = pdf.Course{Code: one.Code, Qualification: one.Qualification()}
	}
	drawer, err := pdf.New(pdf.Options{Centre: centre, Design: look, Pages: pages, Paper: paper, Courses: courses})
	if err != nil {
		err = fmt.Errorf("issuer or brand: %w", err)
	}
	for i, one := range c.Courses {
		if err == nil {
			if err = drawer.CheckCourse(one.Code, one.Qualification()); err != nil {
				err = fmt.Errorf("courses[%d]: %w", i, err)
			}
		}
	}
	if err != nil {
		return nil, fail(exitUsage, fmt.Errorf("%s: %w", a.configPath, err), "Shorten that text, or write it in letters that the card's typeface has.")
	}
	return drawer, nil
}

// readDesign opens the configured design with the centre's colours.
func readDesign(c *config.Config) (*design.Design, error) {
	brand := design.Brand{Primary: c.Brand.Primary, Accent: c.Brand.Accent}
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
