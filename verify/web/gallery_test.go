package web

import (
	"bytes"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/assets"
)

// placeholderLeft is a place in a sentence that nothing was put into.
var placeholderLeft = regexp.MustCompile(`\{[a-z_]+\}`)

// emptyElement is an element whose text is missing.
var emptyElement = regexp.MustCompile(`<(a|b|bdi|button|dd|dt|h1|h2|label|li|p|span|time)\b[^>]*>\s*</`)

// TestGallery executes every page in every state and language, and writes them to a folder for people to look at:
// CARDPROOF_GALLERY, or one that is removed again. Its index.html leads to all of them.
func TestGallery(t *testing.T) {
	dir := os.Getenv("CARDPROOF_GALLERY")
	if dir == "" {
		dir = t.TempDir()
	}
	write := func(name string, page []byte) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all, languages := states(t), languages(t)
	status := map[string]int{}
	for _, st := range all {
		h := testSite(t, st.options)
		for _, l := range languages {
			w := st.render(t, h, l.Code)
			page := w.Body.Bytes()
			for _, want := range []string{fmt.Sprintf(`<html lang="%s" dir="%s">`, l.Code, l.Dir), "<h1", "<main>", "</html>", "<title>"} {
				if !bytes.Contains(page, []byte(want)) {
					t.Errorf("%s in %s: lacks %s", st.name, l.Name, want)
				}
			}
			for _, bad := range []string{"ZgotmplZ", "style=", "<script", "<no value>"} {
				if bytes.Contains(page, []byte(bad)) {
					t.Errorf("%s in %s: has %s", st.name, l.Name, bad)
				}
			}
			if empty := emptyElement.Find(page); empty != nil {
				t.Errorf("%s in %s: %s is empty", st.name, l.Name, empty)
			}
			if left := placeholderLeft.Find(page); left != nil {
				t.Errorf("%s in %s: the place %s is left empty", st.name, l.Name, left)
			}
			if got := w.Header().Get("Content-Language"); got != l.Code || w.Header().Get("Vary") != vary {
				t.Errorf("%s in %s: got Content-Language %q and Vary %q", st.name, l.Name, got, w.Header().Get("Vary"))
			}
			if code, seen := status[st.name]; seen && code != w.Code {
				t.Errorf("%s in %s: got %d, in another language %d", st.name, l.Name, w.Code, code)
			}
			status[st.name] = w.Code
			page = bytes.ReplaceAll(page, []byte(`href="/assets/`), []byte(`href="../assets/`))
			write(l.Code+"/"+st.name+".html", page)
		}
	}
	files, err := loadStatic(assets.Pages())
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range files {
		write("assets/"+f.hash+"/"+name, f.content)
	}
	var index bytes.Buffer
	if err := galleryIndex.Execute(&index, map[string]any{"States": all, "Languages": languages, "Status": status}); err != nil {
		t.Fatal(err)
	}
	write("index.html", index.Bytes())
	if n := strings.Count(index.String(), `href="`); n != len(all)*len(languages) {
		t.Errorf("the index leads to %d pages, want %d", n, len(all)*len(languages))
	}
}

var galleryIndex = template.Must(template.New("index").Funcs(template.FuncMap{"name": func(s state) string { return s.name }}).Parse(
	`<!doctype html><html lang="en"><meta charset="utf-8"><title>Every page in every state and language</title>
<h1>Every page in every state and language</h1>
<table>{{range .States}}{{$name := name .}}
<tr><th scope="row">{{$name}}<td>{{index $.Status $name}}{{range $.Languages}}<td><a target="page" href="{{.Code}}/{{$name}}.html">{{.Name}}</a>{{end}}{{end}}
</table>
</html>
`))
