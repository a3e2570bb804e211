package config

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestBrandAndDesign(t *testing.T) {
	path := write(t, least+"brand: {logo: pictures/logo.svg, signature: /srv/hand.png}\ndesign: {name: ./own.yaml, pages: [certificate, wallet], paper: letter}\n")
	c, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Dir(path)
	if c.Brand.Logo != filepath.Join(folder, "pictures/logo.svg") || c.Brand.Signature != "/srv/hand.png" || c.Design.Name != filepath.Join(folder, "own.yaml") || !c.Design.IsFile() {
		t.Errorf("got %+v and %+v, want paths that count from the file", c.Brand, c.Design)
	}
	for key, text := range map[string]string{
		"brand.logo":      "brand: {logo: logo.gif}",
		"brand.id":        `brand: {id: "1234567890123456789012345"}`,
		"brand.colour":    `brand: {colour: "#000000"}`,
		"brand.signatory": `brand: {signatory: "A\tB"}`,
		"design.name":     `design: {name: ""}`,
		"design.pages":    "design: {pages: [back]}",
		"design.pages[1]": "design: {pages: [wallet, front]}",
		"design.pages[2]": "design: {pages: [wallet, back, wallet]}",
		"design.paper":    "design: {paper: a5}",
	} {
		var e *Error
		if _, err := Load(write(t, least+text+"\n"), nil); !errors.As(err, &e) || e.Key != key || e.Hint == "" {
			t.Errorf("%s: got %v, want an error about %s with a hint", text, err, key)
		}
	}
}
