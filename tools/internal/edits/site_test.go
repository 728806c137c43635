package edits

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"duskpress/tools/internal/sitetest"
)

// A site is the sources of a small site, in memory and on the disk.
type site struct {
	dir   string
	files map[string]string
	// past are states to go back to.
	past []map[string]string
	// good is the last one of which a site could be made.
	good map[string]string
	// clock is the time that the site is built at.
	clock time.Time
	n     int // edits so far
	// outputs are what the builds printed.
	outputs []string
}

// Shortcodes that show each other's rendered text would wait for each other.
//
// theme has what reads across pages: lists, terms, neighbours, summaries, a
// shortcode and a hook, a data file, translations, resources, a stored count.
var theme = map[string]string{
	"hugo.toml": `baseURL = "https://edits.example.org/"
title = "Edits"
mainSections = ["posts"]
[taxonomies]
  tag = "tags"
[pagination]
  pagerSize = 4
[outputs]
  home = ["html", "rss"]
  term = ["html", "rss"]
[markup.highlight]
  noClasses = false
[params.duskpress]
`,
	"layouts/baseof.html": `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ .Title }} | {{ site.Title }}</title>
{{ with resources.Get "main.css" }}{{ $css := . | fingerprint }}<link rel="stylesheet" href="{{ $css.RelPermalink }}">{{ end }}
</head><body>{{ partial "top.html" . }}<main>{{ block "main" . }}{{ end }}</main></body></html>
`,
	"layouts/page.html": `{{ define "main" }}<h1>{{ .Title }}</h1>
<ul>{{ range .GetTerms "tags" }}<li><a href="{{ .RelPermalink }}">{{ .LinkTitle }}</a></li>{{ end }}</ul>
<p>{{ .WordCount }} words; {{ with .PrevInSection }}after {{ .Title }}{{ end }}, {{ with .NextInSection }}before {{ .Title }}{{ end }}</p>
{{ .TableOfContents }}{{ .Content }}
{{ range first 3 (site.RegularPages.Related .) }}<p>related: {{ .Title }}</p>{{ end }}{{ end }}
`,
	"layouts/list.html": `{{ define "main" }}<h1>{{ .Title }}</h1>
{{ $pages := .Paginate (where .RegularPagesRecursive "Params.hidden" "!=" true) }}
{{ range $pages.Pages }}<h2><a href="{{ .RelPermalink }}">{{ .Title }}</a></h2><div>{{ .Summary }}</div>{{ end }}
{{ range first 2 (sort site.RegularPages "WordCount" "desc") }}<p>long: {{ .Title }}, {{ .WordCount }}</p>{{ end }}{{ end }}
`,
	"layouts/_partials/top.html":                 `<p>{{ i18n "hello" }} {{ hugo.Data.facts.fact }} {{ len site.RegularPages }}</p>`,
	"layouts/_shortcodes/other.html":             `{{ with site.GetPage (.Get 0) }}<b>{{ .Title }}: {{ .RawContent | truncate 30 }}</b>{{ end }}`,
	"layouts/_markup/render-link.html":           `<a href="{{ .Destination | safeURL }}">{{ .Text }}</a>`,
	"layouts/_markup/render-codeblock-note.html": `<pre data-note="{{ .Ordinal }}">{{ (transform.HighlightCodeBlock .).Wrapped }}</pre>`,
	"i18n/en.toml":                               "[hello]\nother = \"Hello\"\n",
	"data/facts.toml":                            "fact = \"one\"\n",
	"assets/main.css":                            "p { color: red }\n",
	"static/robots.txt":                          "User-agent: *\n",
	"content/about.md":                           "---\ntitle: About\n---\n\nAbout this. {{< other \"/posts/p1\" >}}\n",
}

func newSite(t testing.TB, dir string, r *rand.Rand) *site {
	s := &site{dir: dir, files: maps.Clone(theme), clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	for i := range 7 {
		s.files[fmt.Sprintf("content/posts/p%d.md", i)] = s.post(r, i)
	}
	s.files["content/posts/bundle/index.md"] = s.post(r, 50)
	s.files["content/posts/bundle/notes.txt"] = "notes"
	s.write(t, dir)
	return s
}

// post is the text of a post: a few sections, code, tags, now and then a future
// date, a draft, an alias, a shortcode.
func (s *site) post(r *rand.Rand, i int) string {
	var b strings.Builder
	date := s.clock.AddDate(0, 0, r.IntN(50)-47)
	fmt.Fprintf(&b, "---\ntitle: Post %d %s\ndate: %s\ntags: [%s]\n", i, word(r), date.Format(time.RFC3339), strings.Join(words(r, r.IntN(3)), ", "))
	switch r.IntN(10) {
	case 0:
		b.WriteString("draft: true\n")
	case 1:
		fmt.Fprintf(&b, "aliases: [/old/%s-%d/]\n", word(r), i)
	case 2:
		fmt.Fprintf(&b, "expiryDate: %s\n", date.AddDate(0, 0, 40).Format(time.RFC3339))
	case 3:
		b.WriteString("hidden: true\n")
	case 4:
		fmt.Fprintf(&b, "weight: %d\n", r.IntN(5)+1)
	}
	b.WriteString("---\n\n")
	for range 1 + r.IntN(3) {
		fmt.Fprintf(&b, "## %s %s\n\n%s.\n\n", word(r), word(r), strings.Join(words(r, 8+r.IntN(20)), " "))
		switch r.IntN(5) {
		case 0:
			fmt.Fprintf(&b, "```go {linenos=%s}\nfunc %s() int { return %d }\n```\n\n", []string{"table", "inline", "true", "false"}[r.IntN(4)], word(r), r.IntN(9))
		case 1:
			fmt.Fprintf(&b, "```note\n%s = \"%s\"\n```\n\n", word(r), word(r))
		case 2:
			fmt.Fprintf(&b, "{{< other \"/posts/p%d\" >}}\n\n", r.IntN(7))
		case 3:
			fmt.Fprintf(&b, "[a link](https://example.org/%s)\n\n", word(r))
		}
	}
	return b.String()
}

var vocabulary = strings.Fields("alpha beta gamma delta queue retry backoff lease clock shard index cursor")

func word(r *rand.Rand) string { return vocabulary[r.IntN(len(vocabulary))] }

func words(r *rand.Rand, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = word(r)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// names are the files below a directory, sorted.
func (s *site) names(prefix, suffix string) []string {
	var list []string
	for name := range s.files {
		if strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// edit changes the site, and says how.
func (s *site) edit(t testing.TB, r *rand.Rand) string {
	s.n++
	if r.IntN(8) == 0 {
		s.past = append(s.past, maps.Clone(s.files))
	}
	posts := s.names("content/posts/", ".md")
	pick := func() string { return posts[r.IntN(len(posts))] }
	replace := func(name, old, new string) string {
		s.files[name] = strings.Replace(s.files[name], old, new, 1)
		return name + ": " + old + " became " + new
	}
	what := func() string {
		switch k := r.IntN(22); {
		case k < 4: // a body
			name := pick()
			s.files[name] += fmt.Sprintf("Line %d %s.\n", s.n, word(r))
			return "body of " + name
		case k == 4:
			name := fmt.Sprintf("content/posts/n%d.md", s.n)
			s.files[name] = s.post(r, 100+s.n)
			return "new " + name
		case k == 5 && len(posts) > 4:
			name := pick()
			if name == "content/posts/bundle/index.md" {
				delete(s.files, "content/posts/bundle/notes.txt")
			}
			delete(s.files, name)
			return "removed " + name
		case k == 6:
			from := pick()
			to := fmt.Sprintf("content/posts/r%d.md", s.n)
			s.files[to] = s.files[from]
			delete(s.files, from)
			return from + " renamed to " + to
		case k == 7:
			return replace(pick(), "tags: [", "tags: ["+fmt.Sprintf("%s%d, ", word(r), r.IntN(3)))
		case k == 8:
			return replace(pick(), "title: ", "title: New ")
		case k == 9:
			return replace(pick(), "weight: ", "weight: 1")
		case k == 10:
			return replace("layouts/page.html", "<h1>", fmt.Sprintf("<h1 data-n=\"%d\">", s.n))
		case k == 11:
			return replace("layouts/_partials/top.html", "<p>", fmt.Sprintf("<p>%s ", word(r)))
		case k == 12:
			return replace("layouts/_shortcodes/other.html", "<b>", fmt.Sprintf("<b title=\"%d\">", s.n))
		case k == 13:
			return replace("hugo.toml", "title = \"", "title = \""+word(r)+" ")
		case k == 14:
			return replace("data/facts.toml", "\"", "\""+word(r)+" ")
		case k == 15:
			return replace("i18n/en.toml", "= \"", "= \""+word(r)+" ")
		case k == 16:
			s.files["assets/main.css"] += fmt.Sprintf("b { margin: %dpx }\n", s.n)
			return "a style sheet"
		case k == 17:
			s.files[fmt.Sprintf("static/s%d.txt", r.IntN(4))] = word(r)
			return "a static file"
		case k == 18 && len(s.past) > 0:
			s.files = maps.Clone(s.past[r.IntN(len(s.past))])
			return "gone back to an earlier state"
		case k == 19:
			s.clock = s.clock.Add(time.Duration(1+r.IntN(100)) * time.Hour)
			return "the clock at " + s.clock.Format(time.RFC3339)
		case k == 20:
			if _, ok := s.files["content/posts/bundle/index.md"]; ok {
				s.files["content/posts/bundle/notes.txt"] = word(r)
				return "a bundle's file"
			}
		}
		return "nothing"
	}()
	s.write(t, s.dir)
	if r.IntN(10) == 0 { // another hand was in what is published
		name := filepath.Join(s.dir, "public", "index.html")
		if err := os.WriteFile(name, []byte("by hand"), 0o666); err == nil {
			what += "; public/index.html by hand"
		}
	}
	if r.IntN(12) == 0 {
		what += "; " + s.spoil(t, r)
	}
	return what
}

// spoil damages the cache.
func (s *site) spoil(t testing.TB, r *rand.Rand) string {
	packs, err := filepath.Glob(filepath.Join(s.dir, ".duskpress", "cache", "*", "*"))
	if err != nil || len(packs) == 0 {
		return "no cache"
	}
	name := packs[r.IntN(len(packs))]
	data, err := os.ReadFile(name)
	if err != nil || len(data) == 0 {
		return "no cache"
	}
	switch r.IntN(3) {
	case 0:
		data[r.IntN(len(data))] ^= 1 << r.IntN(8)
	case 1:
		data = data[:r.IntN(len(data))]
	default:
		data = append(data, "more"...)
	}
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return "damaged " + filepath.Base(filepath.Dir(name)) + " in the cache"
}

// write brings the sources in a directory to the site's state.
func (s *site) write(t testing.TB, dir string) {
	t.Helper()
	seen := make(map[string]bool)
	for _, top := range []string{"content", "layouts", "i18n", "data", "assets", "static"} {
		_ = filepath.WalkDir(filepath.Join(dir, top), func(name string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil
			}
			rel, _ := filepath.Rel(dir, name)
			rel = filepath.ToSlash(rel)
			if want, ok := s.files[rel]; !ok {
				return os.Remove(name)
			} else if data, err := os.ReadFile(name); err == nil && string(data) == want {
				seen[rel] = true
			}
			return nil
		})
	}
	for name, text := range s.files {
		if file := filepath.Join(dir, filepath.FromSlash(name)); !seen[name] {
			if old, err := os.ReadFile(file); err != nil || string(old) != text {
				sitetest.Write(t, file, text)
			}
		}
	}
}
