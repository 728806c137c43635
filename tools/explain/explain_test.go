package explain

import (
	"net/url"
	"slices"
	"testing"

	"duskpress/tools/pipeline"
)

func TestMade(t *testing.T) {
	tests := []struct {
		from, path string
		want       bool
	}{
		{"css/main.css", "css/main.min.0123.css", true},
		{"css/main.css", "css/mainly.css", false},
		{"css/main.css", "js/main.css", false},
		{"posts/a/dusk.jpg", "posts/a/dusk_hu_ab.webp", true},
		{"posts/a/dusk.jpg", "posts/a/dusk_hue.webp", false},
		{"posts/a/dusk.jpg", "posts/a/dusky.webp", false},
	}
	for _, tt := range tests {
		if got := made(tt.from, tt.path); got != tt.want {
			t.Errorf("made(%q, %q) = %v", tt.from, tt.path, got)
		}
	}
}

func TestNamesOfContent(t *testing.T) {
	from := &pipeline.Content{Path: "content/posts/b.md", Logical: "/posts/b.md"}
	file := &pipeline.Content{Path: "content/posts/a.md", Logical: "/posts/a.md"}
	bundle := &pipeline.Content{Path: "content/posts/c/index.md", Logical: "/posts/c/index.md"}
	for destination, want := range map[string]bool{
		"a.md": true, "./a.md#part": true, "/posts/a.md": true, "../posts/a.md": true, "a": true,
		"c.md": false, "https://example.org/a.md": false, "": false, "#part": false, "x/a.md": false,
	} {
		to := target{file.Path, "posts/a.md", file}
		if got := to.named(from, destination); got != want {
			t.Errorf("named(%q) = %v", destination, got)
		}
	}
	for ref, want := range map[string]bool{
		"a.md": true, "a": true, "posts/a.md#part": true, "/posts/a": true, "ts/a.md": false, "": false, "b": false,
	} {
		if got := refers(ref, file); got != want {
			t.Errorf("refers(%q) = %v", ref, got)
		}
	}
	if !refers("posts/c", bundle) || !refers("c", bundle) || refers("index", bundle) {
		t.Error("the names of a bundle")
	}
}

func TestNamed(t *testing.T) {
	tests := []struct {
		mediaType, data string
		want            []string
	}{
		{"application/xml", `<urlset xmlns="http://x/y"><url><loc>/a/</loc></url><link href="/b/"/></urlset>`, []string{"/a/", "/b/"}},
		{"application/xml", `<a><b>/x</b`, []string{"/x"}},
		{"application/feed+json", `{"items":[{"url":"/a/","n":1,"t":"no address"}]}`, []string{"/a/"}},
		{"application/json", `{"a":`, nil},
		{"text/css", `@import "/a.css"; b{background:url( '/c.png' )} d{src:url(e.woff)}`, []string{"/a.css", "/c.png", "e.woff"}},
		{"text/plain", `- [a](/a/): text`, []string{"/a/"}},
	}
	for _, tt := range tests {
		var got []string
		named(&pipeline.File{MediaType: tt.mediaType}, []byte(tt.data), func(a string) { got = append(got, a) })
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.data, got, tt.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	s := &Site{Site: new(pipeline.Site), Account: &pipeline.Account{
		Bases: []pipeline.Base{
			{Language: "en", Address: "https://en.example.org/sub/", Folder: "en"},
			{Language: "de", Address: "https://de.example.org/", Folder: "de"},
		},
		Outputs: map[string]*pipeline.Output{"en/a/index.html": {}, "de/a.html": {}, "de/index.html": {}},
	}}
	a := newAddresses(s)
	for address, want := range map[string]string{
		"https://en.example.org/sub/a/":     "en/a/index.html",
		"https://en.example.org/sub/a":      "en/a/index.html",
		"https://EN.example.org/sub/a?q#f":  "en/a/index.html",
		"https://en.example.org/a/":         "",
		"https://de.example.org":            "de/index.html",
		"https://de.example.org/a":          "de/a.html",
		"https://de.example.org/../../a":    "de/a.html",
		"https://other.example.org/sub/a/":  "",
		"https://de.example.org/nothing/x/": "",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.file(u); got != want {
			t.Errorf("%s is %q, want %q", address, got, want)
		}
	}
	for file, want := range map[string]string{
		"en/a/index.html": "https://en.example.org/sub/a/", "de/a.html": "https://de.example.org/a.html", "de/ä b.svg": "https://de.example.org/%C3%A4%20b.svg",
	} {
		if got := a.of(file); got != want {
			t.Errorf("%s stands at %s, want %s", file, got, want)
		}
	}
	page := a.urlOf("en/a/index.html")
	for link, want := range map[string]string{"": "", "mailto:x@example.org": "", "../a/#x": "en/a/index.html", "#x": "en/a/index.html", "//de.example.org/": "de/index.html", "http://[": ""} {
		if got := a.resolve(page, link); got != want {
			t.Errorf("the link %q leads to %q, want %q", link, got, want)
		}
	}
}
