//go:build e2e

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fileState is what verify says of a file that holds one card, and its exit code.
func (c *centreDir) fileState(file string) (state string, code int) {
	c.t.Helper()
	out, code := c.run("verify", file, "--json")
	var said struct {
		Results []struct {
			Code string
			File struct{ State string }
		}
	}
	if err := json.Unmarshal(out, &said); err != nil || len(said.Results) != 1 || said.Results[0].Code != "valid" {
		c.t.Fatalf("%s: got %s, %v; want one valid card", file, out, err)
	}
	return said.Results[0].File.State, code
}

// What other programs make of a genuine card is never called altered. The texts that they lose have to be compared by a person.
func TestCopiesByOtherProgramsAreNotAltered(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	c.write("config.yaml", strings.Replace(string(c.read("config.yaml")), "pages: [wallet]", "pages: [wallet, back, certificate]", 1))
	var rows strings.Builder
	rows.WriteString("name,course,completed,attendance,score,skills\n")
	for _, name := range printedNames {
		fmt.Fprintf(&rows, "%q,BLS,2026-11-07,100,90,pass\n", name)
	}
	c.must("issue", c.write("roster.csv", rows.String()), "--out", "out")
	compared := map[string]int{}
	cards := c.cards("out")
	for _, l := range cards {
		for program, command := range map[string][]string{
			"cairo": {"pdftocairo", "-pdf", l.file, c.path("copy.pdf")},
			"gs":    {"gs", "-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=pdfwrite", "-sOutputFile=" + c.path("copy.pdf"), l.file},
		} {
			output(t, command[0], command[1:]...)
			switch state, code := c.fileState("copy.pdf"); {
			case state == "unsealed" && code == 0:
				compared[program]++
			case state != "unchecked" || code != exitRefused:
				t.Errorf("%s by %s: got %s, exit code %d", l.name, program, state, code)
			}
		}
		output(t, "qpdf", l.file, c.path("copy.pdf")) // it keeps the seal, which is broken
		if state, code := c.fileState("copy.pdf"); state != "changed" && state != "doubtful" || code != exitRefused {
			t.Errorf("%s by qpdf: got %s, exit code %d", l.name, state, code)
		}
	}
	if compared["cairo"] != len(cards) || compared["gs"] < len(cards)/2 {
		t.Errorf("got %v of %d cards compared", compared, len(cards))
	}
}

// overlay is a PDF of one page with a content of its own, to be laid over a wallet card.
func overlay(content string) string {
	var b strings.Builder
	var at []int
	b.WriteString("%PDF-1.7\n")
	for i, o := range []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 242.65 153.01]/Contents 4 0 R/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>>>>>>>",
		fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(content), content),
	} {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.String()
}

// A false name over the one that was signed, and the signed one hidden under a false card: neither is fine.
func TestForgedCopiesAreNotFine(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	c.must("issue", c.write("roster.csv", "name,course,completed,attendance,score,skills\nAna Bela,BLS,2026-11-07,100,90,pass\n"), "--out", "out")
	output(t, "pdftocairo", "-pdf", c.cards("out")[0].file, c.path("copy.pdf"))
	const falseName = "BT 0 g /F 14 Tf 11 104 Td (Eve Mallory) Tj ET "
	for name, tc := range map[string]struct{ content, want string }{
		"nothing":                     {"", "unsealed"},
		"a stamp elsewhere":           {"BT 0 g /F 6 Tf 60 4 Td (received and filed by hr) Tj ET", "unsealed"},
		"another name painted over":   {"1 g 8 98 120 20 re f " + falseName, "unchecked"},
		"another day painted over":    {"1 g 8 44 120 12 re f BT 0 g /F 12 Tf 11 46 Td (30 November 2030) Tj ET", "unchecked"},
		"another day beside it":       {"BT 0 g /F 12 Tf 11 4 Td (30 November 2030) Tj ET", "unchecked"},
		"another number beside it":    {"BT 0 g /F 6 Tf 11 4 Td (0000-0000-0000) Tj ET", "unchecked"},
		"the whole card painted over": {"1 g 0 0 242 120 re f " + falseName, ""},
	} {
		file := "copy.pdf"
		if tc.content != "" {
			file = "forged.pdf"
			output(t, "qpdf", c.path("copy.pdf"), "--overlay", c.write("over.pdf", overlay(tc.content)), "--", c.path(file))
		}
		if tc.want == "" { // nothing of the code is left
			if _, code := c.run("verify", file); code != exitRefused {
				t.Errorf("%s: got exit code %d", name, code)
			}
			continue
		}
		state, code := c.fileState(file)
		if state != tc.want || (code == 0) != (tc.want == "unsealed") {
			t.Errorf("%s: got %s, exit code %d; want %s", name, state, code, tc.want)
		}
	}
	// A forger's own drawing, with what was signed hidden in it.
	for name, hidden := range map[string]string{
		"no paint": "BT 3 Tr /F 14 Tf 11 120 Td (Ana Bela) Tj ET", "white": "BT 1 g /F 14 Tf 11 120 Td (Ana Bela) Tj ET", "tiny": "BT /F 0.5 Tf 11 120 Td (Ana Bela) Tj ET",
		"off the page": "BT /F 14 Tf 11 300 Td (Ana Bela) Tj ET", "clipped": "q 0 0 9 9 re W n BT /F 14 Tf 11 120 Td (Ana Bela) Tj ET Q",
	} {
		output(t, "qpdf", c.path("copy.pdf"), "--overlay", c.write("over.pdf", overlay(hidden)), "--", c.path("forged.pdf"))
		if state, code := c.fileState("forged.pdf"); state != "unchecked" || code != exitRefused {
			t.Errorf("%s: got %s, exit code %d", name, state, code)
		}
	}
}

// A page that is a picture without a code is told of, whatever stands on the pages beside it.
func TestPagesThatAreNotCheckedAreTold(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	c.must("issue", c.write("roster.csv", "name,course,completed,attendance,score,skills\nAna Bela,BLS,2026-11-07,100,90,pass\n"), "--out", "out")
	card := c.cards("out")[0].file
	output(t, "pdftocairo", "-pdf", card, c.path("copy.pdf"))
	output(t, "pdftoppm", "-r", "150", "-png", "-singlefile", card, c.path("front"))
	output(t, "/usr/bin/python3", "-c", `
import sys
from PIL import Image
front = Image.open(sys.argv[1] + ".png").convert("L")
front.save(sys.argv[1] + ".pdf", resolution=150)
front.crop((0, 0, front.width // 2, front.height)).save(sys.argv[1] + "-cut.pdf", resolution=150)`, c.path("front"))
	for name, tc := range map[string]struct {
		pages []string
		state string
		told  int // results beside the card's
	}{
		"a picture without a code": {[]string{"copy.pdf", "front-cut.pdf"}, "unchecked", 1},
		"a letter":                 {[]string{"copy.pdf", "letter.pdf"}, "unsealed", 0},
		"a picture with the code":  {[]string{"copy.pdf", "front.pdf"}, "pictured", 0},
		"scans, one without":       {[]string{"front.pdf", "front-cut.pdf"}, "pictured", 1},
	} {
		c.write("letter.pdf", overlay("BT 0 g /F 8 Tf 11 120 Td (Dear Sir) Tj ET"))
		args := []string{"--empty", "--pages"}
		for _, p := range tc.pages {
			args = append(args, c.path(p))
		}
		output(t, "qpdf", append(args, "--", c.path("both.pdf"))...)
		out, code := c.run("verify", "both.pdf", "--json")
		var said struct {
			Results []struct {
				Code string
				File *struct{ State string }
			}
		}
		if err := json.Unmarshal(out, &said); err != nil || len(said.Results) != 1+tc.told || said.Results[0].Code != "valid" || said.Results[0].File.State != tc.state {
			t.Errorf("%s: got %s, %v; want %s and %d results more", name, out, err, tc.state, tc.told)
		}
		if fine := tc.state != "unchecked" && tc.told == 0; (code == 0) != fine {
			t.Errorf("%s: got exit code %d", name, code)
		}
	}
}

func (c *centreDir) read(name string) []byte {
	c.t.Helper()
	data, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		c.t.Fatal(err)
	}
	return data
}
