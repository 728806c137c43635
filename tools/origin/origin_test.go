package origin

import (
	"os"
	"path/filepath"
	"testing"

	"duskpress/tools/pipeline"
)

func TestFinder(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{
		"layouts/home.html":         "<p>日本\n  <a href=\"/gone/\">x</a> /gone/more",
		"theme/layouts/baseof.html": "<a href=\"/gone/\"><a href=\"/theme/\">",
		"config.toml":               "url = '/menu/'\n",
		"static/x.html":             "/static/",
		"public/x.html":             "/published/",
		"site/.duskpress":           "",
		"site/x.html":               "/published/",
		"node_modules/x.js":         "/module/",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	content := filepath.Join(dir, "a.md")
	text := "+++\nimage = \"/front/\"\n+++\n`/link/` [日本](/link/) {{< x src=\"/short/\" >}} [up](../b.md#part)\n"
	if err := os.WriteFile(content, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	c := &pipeline.Content{Path: "content/a.md", Filename: content, BodyLine: 4}
	f := New(&pipeline.Site{Settings: pipeline.Settings{Source: dir}, Collection: &pipeline.Collection{Contents: []*pipeline.Content{c}}})

	for address, want := range map[string]Place{
		"/gone/":   {"layouts/home.html", pipeline.Place{Line: 2, Column: 12}},
		"/theme/":  {"theme/layouts/baseof.html", pipeline.Place{Line: 1, Column: 27}},
		"/menu/":   {"config.toml", pipeline.Place{Line: 1, Column: 8}},
		"/static/": {}, "/published/": {}, "/module/": {}, "/men/": {},
	} {
		if got, _ := f.Source("", address); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
	for address, want := range map[string]pipeline.Place{
		"/link/": {Line: 4, Column: 15}, "/front/": {Line: 2, Column: 10}, "/short/": {Line: 4, Column: 34}, "/none/": {},
	} {
		var got pipeline.Place
		if at := f.Content(c, false, []string{address}, nil); len(at) > 0 {
			got = at[0].Place
		}
		if got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
	at := f.Content(c, false, []string{"/b/#part"}, []string{"b.md#part"})
	if len(at) != 1 || f.Line(at[0]) != "../b.md#part)" {
		t.Errorf("an ending: %v", at)
	}
}
