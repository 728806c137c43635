package templates

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	for _, c := range []struct {
		text        string
		names, keys string
		pages, any  bool
		partials    string
		doubt       string
		allKeys     bool
	}{
		{text: "{{ .Title }}"},
		{text: "{{ .Content }}{{ with .Next }}{{ .Summary }}{{ end }}", names: "Content Summary", pages: true},
		{text: "{{ $p := .Page }}{{ $p.WordCount }}{{ (index .x 0).Plain }}", names: "Plain WordCount"},
		{text: `{{ where site.RegularPages "WordCount" "gt" 5 }}`, keys: "WordCount", pages: true},
		{text: `{{ where .Pages "Params.wordcount.content" 5 }}`, keys: "Content WordCount", pages: true},
		{text: `{{ where .Pages "Section" "posts" }}`, pages: true},
		{text: `{{ $k := "x" }}{{ where .Pages $k 5 }}`, pages: true, allKeys: true},
		{text: `{{ sort .Pages "Summary" "desc" }}`, keys: "Summary", pages: true},
		{text: `{{ sort .list }}`},
		{text: `{{ sort .Pages (printf "x") }}`, pages: true, allKeys: true},
		{text: `{{ .Pages.GroupBy "ReadingTime" "asc" }}`, keys: "ReadingTime", pages: true},
		{text: `{{ (where .Pages "a" "b").GroupBy .x }}`, pages: true, allKeys: true},
		{text: `{{ .Pages.ByLength.Reverse }}`, keys: "Len", pages: true},
		{text: `{{ site.RegularPages.Related . }}`, keys: "Fragments", pages: true},
		{text: `{{ partial "a.html" . }}{{ partialCached "b/c" site "v" }}`, pages: false, partials: "a.html b/c"},
		{text: `{{ partialCached "b" . "v" }}`, partials: "b", doubt: "shown on another"},
		{text: `{{ partialCached "b" . .Permalink }}`, partials: "b", doubt: "shown on another"}, // several pages may have none
		{text: `{{ partialCached "b" . . }}`, partials: "b", doubt: "shown on another"},
		{text: `{{ partialCached "b" .Site }}`, partials: "b", pages: true},
		{text: `{{ partialCached "b" (dict "a" .) }}`, partials: "b", doubt: "shown on another"},
		{text: `{{ partialCached "b" . .Path }}{{ $p := . }}{{ partialCached "c" $p 1 $p.Path }}{{ partialCached "d" .x .x }}`, partials: "b c d"},
		{text: `{{ partialCached "b" . $p.Path }}`, doubt: "parsed"},
		{text: `{{ $p := . }}{{ partialCached "b" . $p.Path }}`, partials: "b", doubt: "shown on another"},
		{text: `{{ . | partialCached "b" }}`, partials: "b", doubt: "computed"},
		{text: `{{ partialCached .name site }}`, any: true, doubt: "computed"},
		{text: `{{ apply .list "partialCached" "d.html" "." }}`, doubt: "apply"},
		{text: `{{ template "x.html" . }}`, doubt: "another file"},
		{text: `{{ define "x" }}{{ end }}{{ template "x" . }}{{ block "y" . }}{{ end }}`},
		{text: `{{ .File.FileInfo.Size }}`, doubt: "FileInfo"},
		{text: `{{ where .Pages "File.FileInfo.Size" 3 }}`, pages: true, doubt: "FileInfo"},
		{text: `{{ (site.GetPage "a").Paginator.Pages }}`, pages: true, doubt: "another page"},
		{text: `{{ range .Paginator.Pages }}{{ end }}{{ $.Paginate .Pages }}`, pages: true},
		{text: `{{ $p.x }}`, doubt: "parsed"},
		{text: `{{ $p := .Parent }}{{ $p.Paginate .Pages }}`, pages: true, doubt: "another page"},
		{text: `{{ (slice .Page).GroupBy "PrevInSection" }}`, pages: true},
		{text: `{{ .Pages.GroupBy "Store" }}`, pages: true, doubt: "Store"},
		{text: `{{ apply .list "site.GetPage" "." }}`, doubt: "apply"},
		{text: `{{ newScratch }}`, doubt: "newscratch"},
		{text: `{{ collections.NewScratch }}`, doubt: "newscratch"},
		{text: `{{ (js.Batch "b").Build }}`, doubt: "js.batch"},
		{text: `{{ resources.Concat "a.js" (slice $) }}`, doubt: "resources.concat"},
		{text: `{{ resources.Get "a" | resources.Copy "b" }}`, doubt: "resources.copy"},
		{text: `{{ partial .name . }}`, any: true},
		{text: `{{ apply .list "partial" "d.html" "." }}`, partials: "d.html"},
		{text: `{{ apply .list "sort" "." "x" }}`, allKeys: true},
		{text: `{{ apply .list .f "." }}`, doubt: "apply"},
		{text: `{{ site.Store.Set "a" 1 }}`, doubt: ".Store"},
		{text: `{{ .Page.Scratch.Get "a" }}`, doubt: ".Scratch"},
		{text: `{{ hugo.Store.Get "a" }}`, doubt: "hugo.store"},
		{text: `{{ .Render "li" }}`, doubt: ".Render"},
		{text: `{{ with (templates.Defer (dict "key" "k")) }}{{ end }}`, doubt: "templates.defer"},
		{text: `{{ (resources.Get "a").Publish }}`, doubt: ".Publish"},
		{text: `{{ resources.GetRemote "https://example.org" }}`, doubt: "remote"},
		{text: `{{ range os.ReadDir "content" }}{{ .Size }}{{ end }}`, doubt: "os.readdir"},
		{text: `{{ range readDir "content" }}{{ end }}`, doubt: "readdir"},
		{text: `{{ shuffle .Pages }}`, pages: true, doubt: "shuffle"},
		{text: `{{ unheardof 1 }}`, doubt: "unheardof"},
		{text: `{{ if }}`, doubt: "parsed"},
		{text: `{{ define "main" }}{{ .RawContent }}{{ end }}`, names: "RawContent"},
		{text: `{{ T "summary" }}{{ dict "content" 1 }}`},
		{text: `{{/* .Content */}}{{ .Params.summary }}`},
	} {
		r := Of("x", c.text)
		join := func(m map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(m)), " ") }
		keys := c.keys
		if c.allKeys {
			keys = join(Body)
		}
		if join(r.Names) != c.names || join(r.Keys) != keys || r.Pages != c.pages || r.AnyPartial != c.any || join(r.Partials) != c.partials {
			t.Errorf("%s: %+v", c.text, r)
		}
		if found := strings.Join(r.Doubts, "\n"); c.doubt == "" && found != "" || !strings.Contains(found, c.doubt) {
			t.Errorf("%s: doubts %q", c.text, found)
		}
	}
}

func TestClosure(t *testing.T) {
	s := Set{
		"page.html":              Of("page.html", `{{ partial "a.html" . }}`),
		"_partials/a.html":       Of("", `{{ partial "inline/b" . }}`),
		"_partials/c.html":       Of("", `{{ define "_partials/inline/b.html" }}{{ .Plain }}{{ end }}{{ .Truncated }}`),
		"posts/list.html":        Of("", `{{ partial .x . }}`),
		"theme/_partials/d.xml":  Of("", `{{ .Fragments }}`),
		"_partials/e.html":       Of("", `{{ partial "d.xml" . }}`),
		"other.html":             Of("", `{{ partial "e" . }}`),
		"_shortcodes/alone.html": Of("", `{{ .Inner }}`),
	}
	names := func(at string) string { return strings.Join(slices.Sorted(maps.Keys(s.Closure(at).Names)), " ") }
	for at, want := range map[string]string{
		"page.html": "Plain Truncated", "posts/list.html": "Fragments Plain Truncated", "other.html": "Fragments", "_shortcodes/alone.html": "",
	} {
		if got := names(at); got != want {
			t.Errorf("%s reads %q, want %q", at, got, want)
		}
	}
	if d := s.Closure("none.html").Doubts; len(d) != 1 {
		t.Error(d)
	}
}

func TestWhole(t *testing.T) {
	for _, c := range []struct {
		files map[string]string
		why   string
	}{
		{map[string]string{"page.html": `{{ .Content }}{{ partial "a" . }}`, "_partials/a.html": `{{ page.Title }}`}, ""},
		{map[string]string{"page.html": `{{ partialCached "a" site }}`, "_partials/a.html": `{{ partial "b" . }}`, "_partials/b.html": `{{ page.Title }}`}, "being rendered"},
		{map[string]string{"_Shortcodes/a.html": `{{ with site.GetPage "x" }}{{ .WordCount }}{{ end }}`}, "part of a body"},
		{map[string]string{"_shortcodes/a.go": `{{ with site.GetPage "x" }}{{ .WordCount }}{{ end }}`}, "part of a body"},
		{map[string]string{"_shortcodes/a.html": `{{ page.Title }}`}, "being rendered"},
		{map[string]string{"_markup/render-link.html": `{{ range .Page.AlternativeOutputFormats }}x{{ end }}`}, "being rendered"},
		{map[string]string{"_shortcodes/a.html": `{{ partial "schema.html" (site.GetPage "x") }}`}, "part of a body"},
		{map[string]string{"alias.html": `{{ .Permalink }}{{ .Page.Summary }}`}, ""},
		{map[string]string{"alias.html": `{{ with .Page.Next }}{{ .Summary }}{{ end }}`}, "alias.html"},
		{map[string]string{"_shortcodes/a.html": `{{ .Page.WordCount }}`}, ""},
		{map[string]string{"_shortcodes/a.html": `{{ with site.GetPage "x" }}{{ .WordCount }}{{ end }}`}, "part of a body"},
		{map[string]string{"_shortcodes/a.html": `{{ .Page.RenderString .Inner }}`, "_shortcodes/b.html": `{{ .Page.WordCount }}`, "_shortcodes/c.html": `{{ (site.GetPage "x").Title }}`}, ""},
		{map[string]string{"_shortcodes/a.html": `{{ (site.GetPage "x").RenderString .Inner }}`, "_shortcodes/b.html": `{{ .Page.WordCount }}`}, "part of a body"},
		{map[string]string{"_markup/render-link.html": `{{ partial "a" . }}`, "_partials/a.html": `{{ where .x "WordCount" 1 }}`}, "chooses"},
	} {
		s := make(Set)
		for name, text := range c.files {
			s[name] = Of(name, text)
		}
		if why := s.Whole(func(string) bool { return false }); c.why == "" && why != "" || !strings.Contains(why, c.why) {
			t.Errorf("%v: %q", c.files, why)
		}
	}
	for _, c := range []struct{ call, file string }{
		{"foo.html", "_Partials/foo.html"}, {"foo.xml", "_partials/foo.rss.xml"}, {"foo.json", "_partials/foo.html"}, {"foo.en.html", "_partials/foo.html"},
		{"./foo.html", "partials/foo.html"}, {"sub//foo", "_partials/sub/foo.html"}, {"sub/../foo.html", "_partials/foo.html"}, {"foo-bar", "_partials/foo bar.html"},
		{"FOO.html", "theme/_partials/foo.de.html"},
	} {
		s := Set{"a.html": Of("", "{{ partial `"+c.call+"` . }}"), c.file: Of("", "{{ .Plain }}")}
		if names := s.Closure("a.html").Names; !names["Plain"] || names["Summary"] {
			t.Errorf("partial %q does not find %s: %v", c.call, c.file, names)
		}
	}
	if s := (Set{"a.html": Of("", `{{ partial "opengraph.html" . }}`)}); !s.Closure("a.html").Names["Summary"] {
		t.Error("one of Hugo's own partials reads nothing")
	}
	terms := Set{"a.html": Of("", `{{ range site.Taxonomies.tags.x }}{{ partial "b" . }}{{ end }}`), "_partials/b.html": Of("", `{{ .WordCount }}`)}
	if !terms.Closure("a.html").Keys["WordCount"] {
		t.Error("what is read of the pages of a term leaves no note")
	}
	inline := Set{"a.html": Of("", `{{ partial .x . }}`), "section.html": Of("", `{{ define "_partials/inline/b.html" }}{{ .Plain }}{{ end }}`)}
	if !inline.Closure("a.html").Names["Plain"] {
		t.Error("a partial whose name is computed may stand in any file")
	}
	s := Set{"list.html": Of("", `{{ .RenderString "x" }}`), "_shortcodes/a.html": Of("", `{{ .Page.Plain }}`)}
	if !s.Closure("list.html").Names["Plain"] {
		t.Error("what a shortcode reads that a text brings is not seen")
	}
}
