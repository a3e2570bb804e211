package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cardproof/cardproof/internal/config/public"
)

// Brand is what cards show of the centre beside its name and phone. Everything may be empty.
type Brand struct {
	ID             string `mapstructure:"id"`
	Address        string `mapstructure:"address"`
	Primary        string `mapstructure:"primary"` // #rrggbb; the file may leave out the #
	Accent         string `mapstructure:"accent"`  // likewise
	Logo           string `mapstructure:"logo"`    // path
	Signature      string `mapstructure:"signature"`
	Signatory      string `mapstructure:"signatory"`
	SignatoryTitle string `mapstructure:"signatory_title"`
}

// Design is how cards look.
type Design struct {
	Name  string   `mapstructure:"name"`  // of a design that the program carries, or the path of a file
	Pages []string `mapstructure:"pages"` // of a card's file
	Paper string   `mapstructure:"paper"` // of certificates: a4 or letter
}

// colourHint says how a colour is written.
const colourHint = `Put the colour in quotation marks: # begins a comment. Write it such as "#0b5d3b", or "" for the design's own.`

func (b *Brand) validate() error {
	for _, one := range []struct {
		key, text string
		most      int
	}{{"id", b.ID, 24}, {"address", b.Address, 100}, {"signatory", b.Signatory, 60}, {"signatory_title", b.SignatoryTitle, 80}} {
		if err := public.CheckText("brand."+one.key, one.text, one.most); err != nil {
			return err
		}
	}
	for key, colour := range map[string]*string{"brand.primary": &b.Primary, "brand.accent": &b.Accent} {
		digits := strings.TrimPrefix(*colour, "#")
		if *colour == "" {
			continue
		}
		if _, err := strconv.ParseUint(digits, 16, 24); err != nil || len(digits) != 6 {
			return public.Invalid(key, fmt.Sprintf("is %q, which is no colour", *colour), colourHint)
		}
		*colour = "#" + digits
	}
	for key, path := range map[string]string{"logo": b.Logo, "signature": b.Signature} {
		if path != "" && !slices.Contains([]string{".svg", ".png", ".jpg", ".jpeg"}, strings.ToLower(filepath.Ext(path))) {
			return public.Invalid("brand."+key, fmt.Sprintf("is %q, which is no picture that a card can show", path), "Name a file that ends in .svg, .png or .jpg.")
		}
	}
	return nil
}

// IsFile says whether the design is a file of the centre's own.
func (d *Design) IsFile() bool {
	return strings.ContainsAny(d.Name, `/\`) || strings.HasSuffix(d.Name, ".yaml") || strings.HasSuffix(d.Name, ".yml")
}

func (d *Design) validate() error {
	if strings.TrimSpace(d.Name) == "" {
		return public.Invalid("design.name", "is empty", "Write harbour or laurel, or the path of a design of your own.")
	}
	if len(d.Pages) == 0 {
		return public.Invalid("design.pages", "is empty", "Write the pages of a card's file, such as [wallet] or [certificate, wallet].")
	}
	for i, page := range d.Pages {
		if !slices.Contains([]string{"wallet", "back", "certificate"}, page) || slices.Contains(d.Pages[:i], page) {
			return public.Invalid(fmt.Sprintf("design.pages[%d]", i), fmt.Sprintf("is %q", page), "There are wallet, back and certificate, each at most once.")
		}
	}
	if !slices.Contains(d.Pages, "wallet") && !slices.Contains(d.Pages, "certificate") {
		return public.Invalid("design.pages", "has no page with a QR code", "Add wallet or certificate.")
	}
	if d.Paper != "a4" && d.Paper != "letter" {
		return public.Invalid("design.paper", fmt.Sprintf("is %q", d.Paper), "Write a4 or letter.")
	}
	return nil
}

// absolutePictures makes the paths that are named count from the folder of the configuration.
func (c *Config) absolutePictures(file string) error {
	paths := map[string]*string{}
	for key, p := range map[string]*string{"brand.logo": &c.Brand.Logo, "brand.signature": &c.Brand.Signature} {
		if *p != "" {
			paths[key] = p
		}
	}
	if c.Design.IsFile() {
		paths["design.name"] = &c.Design.Name
	}
	return public.Absolute(file, paths)
}
