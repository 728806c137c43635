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
		{text: `{{ partial "a.html" . }}{{ partialCached "b/c" . "v" }}`, partials: "a.html b/c"},
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
