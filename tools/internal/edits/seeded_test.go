package edits

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"duskpress/tools/internal/sitetest"
)

// seeds are the lines of the rule of --incremental, each with a theme, laid over
// that of this package, and an edit for which it is needed.
var seeds = map[string]struct {
	files map[string]string
	edit  map[string][2]string // file: a text and what takes its place
}{
	"bodies": {files: map[string]string{
		"layouts/_shortcodes/w.html": quietly,
		"layouts/list.html":          summaries,
		"layouts/rss.xml":            emptyFeed,
		"content/posts/p1.md":        post("Text.\n\n<!--more-->\n\nMore {{< w >}}."),
	}, edit: map[string][2]string{"content/posts/p1.md": {"{{< w >}}", "none"}}},
	"resources": {files: map[string]string{
		"content/posts/q/index.md": "---\ntitle: q\ndate: 2026-02-01\nbuild:\n  publishResources: false\n---\n\nText.\n",
		"content/posts/q/x.txt":    "x",
		"layouts/list.html":        `{{ define "main" }}{{ if lt (site.GetPage "/posts/p1").WordCount 20 }}{{ with (site.GetPage "/posts/q").Resources.Get "x.txt" }}<a href="{{ .RelPermalink }}">x</a>{{ end }}{{ end }}{{ end }}`,
		"layouts/rss.xml":          emptyFeed,
	}, edit: long},
	"imports": {files: map[string]string{
		"assets/main.js":    `import text from "./content/posts/p1.md"; console.log(text);`,
		"layouts/list.html": `{{ define "main" }}{{ with resources.Get "main.js" | js.Build (dict "loaders" (dict ".md" "text")) }}<script src="{{ .RelPermalink }}"></script>{{ end }}{{ end }}`,
		"layouts/rss.xml":   emptyFeed,
	}, edit: long},
	"formats of bodies": {files: map[string]string{
		"hugo.toml":                  strings.Replace(theme["hugo.toml"], `home = ["html", "rss"]`, `home = ["html", "rss", "json"]`, 1),
		"layouts/_shortcodes/v.html": `html`,
		"layouts/_shortcodes/v.json": `json`,
		"layouts/list.html":          `{{ define "main" }}{{ range site.RegularPages }}{{ len .Fragments.Identifiers }}{{ end }}{{ end }}`,
		"layouts/home.json":          `[{{ range site.RegularPages }}{{ .Content | jsonify }},{{ end }}0]`,
		"layouts/rss.xml":            emptyFeed,
		"content/posts/p2.md":        post("{{< v >}}"),
	}, edit: map[string][2]string{"content/posts/p1.md": {"Text of p1.", "## A part\n\nText of p1."}}},
	"formats of a body": {files: map[string]string{
		"hugo.toml":                  "disableDefaultSiteRedirect = true\n" + theme["hugo.toml"] + "[languages.en]\nweight = 1\n[languages.de]\nweight = 2\n",
		"layouts/_shortcodes/v.html": `{{ page.Title }}`,
		"layouts/list.html":          `{{ define "main" }}{{ if .IsHome }}{{ range (site.GetPage "/posts/p1").Translations }}{{ .Content }}{{ end }}{{ end }}{{ end }}`,
		"layouts/page.html":          `{{ define "main" }}<h1>{{ .Title }}</h1>{{ .Content }}{{ range site.RegularPages }}{{ .WordCount }},{{ end }}{{ end }}`,
		"layouts/rss.xml":            emptyFeed,
		"content/posts/p1.de.md":     strings.Replace(post("Eins {{< v >}}."), "title: P", "title: Eins", 1),
		"content/posts/p2.de.md":     strings.Replace(post("Zwei."), "title: P", "title: Zwei", 1),
	}, edit: map[string][2]string{"content/posts/p2.de.md": {"Zwei.", "Zwei und noch einige Worte."}}},
	"keys": {files: map[string]string{
		"layouts/list.html": `{{ define "main" }}{{ range sort site.RegularPages "WordCount" "desc" }}<p>{{ .Title }}</p>{{ end }}{{ end }}`,
	}, edit: map[string][2]string{"content/posts/p3.md": {"Text", "A longer text, this one"}}},
	"names":  {files: map[string]string{"layouts/list.html": summaries}, edit: long},
	"values": {files: map[string]string{"layouts/list.html": summaries}, edit: long},
	"formats": {files: map[string]string{
		"layouts/rss.xml":               `<rss version="2.0"><channel><title>x</title><link>https://edits.example.org/</link><description>x</description>{{ range site.RegularPages }}<item><title>{{ .Title }}</title><link>{{ .Permalink }}</link><description>{{ .Summary }}</description></item>{{ end }}</channel></rss>`,
		"layouts/_shortcodes/v.html":    `same`,
		"layouts/_shortcodes/v.rss.xml": `{{ .Get 0 }}`,
		"content/posts/p1.md":           post("{{< v one >}}"),
	}, edit: map[string][2]string{"content/posts/p1.md": {"v one", "v two"}}},
	"visible": {files: map[string]string{
		"layouts/list.html": `{{ define "main" }}{{ range site.RegularPages }}<p>{{ .Title }}</p>{{ end }}{{ end }}`,
	}, edit: map[string][2]string{"content/posts/p1.md": {"title: ", "title: Other "}}},
	"doubts": {files: map[string]string{
		"layouts/_shortcodes/keep.html": `{{ site.Store.Set "p1" (.Get 0) }}`,
		"layouts/list.html":             `{{ define "main" }}{{ range site.RegularPages }}{{ $x := .Content }}{{ end }}{{ site.Store.Get "p1" }}{{ end }}`,
		"layouts/page.html":             `{{ define "main" }}{{ with (site.GetPage "/posts/p1").Title }}{{ end }}{{ $x := (site.GetPage "/posts/p1").RelPermalink }}{{ $x }}{{ end }}`,
		"layouts/section.html":          `{{ define "main" }}{{ with (templates.Defer (dict "key" "s")) }}{{ site.Store.Get "p1" }}{{ end }}{{ end }}`,
		"content/posts/p1.md":           post("{{< keep one >}}"),
	}, edit: map[string][2]string{"content/posts/p1.md": {"keep one", "keep two"}}},
	"content": {files: map[string]string{
		"layouts/list.html":              `{{ define "main" }}{{ with site.GetPage "/about" }}{{ .Summary }}{{ end }}{{ end }}`,
		"layouts/_shortcodes/other.html": `{{ (site.GetPage (.Get 0)).RawContent }}`,
	}, edit: long},
	"content keys": {files: map[string]string{
		"layouts/list.html":              `{{ define "main" }}{{ with site.GetPage "/about" }}{{ .Summary }}{{ end }}{{ end }}`,
		"layouts/_shortcodes/other.html": `{{ len (where (where site.RegularPages "Section" "posts") "WordCount" "gt" 60) }}`,
	}, edit: long},
	"translations": {files: map[string]string{
		"i18n/en.toml":      "[length]\nother = \"{{ .WordCount }} words\"\n",
		"layouts/list.html": `{{ define "main" }}{{ range site.RegularPages }}{{ i18n "length" . }},{{ end }}{{ end }}`,
	}, edit: long},
	"alias": {files: map[string]string{
		"layouts/alias.html":  `<!doctype html><html lang="en"><head><title>{{ .Permalink }}</title><link rel="canonical" href="{{ .Permalink }}"><meta http-equiv="refresh" content="0; url={{ .Permalink }}"></head><body><p>{{ range site.RegularPages }}{{ .WordCount }},{{ end }}</p></body></html>`,
		"content/posts/p2.md": "---\ntitle: p2\ndate: 2026-02-01\naliases: [/old/]\n---\n\nText.\n",
		"layouts/rss.xml":     emptyFeed,
	}, edit: long},
	"current": {files: map[string]string{
		"hugo.toml":                 strings.Replace(theme["hugo.toml"], `home = ["html", "rss"]`, `home = ["html", "rss", "json"]`, 1),
		"layouts/_partials/on.html": `{{ return page.Title }}`,
		"layouts/rss.xml":           emptyFeed,
		"layouts/section.html":      `{{ define "main" }}<h1>{{ .Title }}</h1>{{ $x := partialCached "on.html" site }}{{ end }}`,
		"layouts/home.json":         `{{ dict "on" (partialCached "on.html" site) "words" (site.GetPage "/posts/p1").WordCount | jsonify }}`,
	}, edit: long},
	"looked": {files: map[string]string{
		"layouts/list.html": `{{ define "main" }}{{ len (os.ReadFile "content/posts/p1.md") }}{{ end }}`,
	}, edit: long},
	"anchors": {files: map[string]string{
		"content/posts/p1.md": post("## A part\n\nText."),
		"content/posts/p2.md": post("[there][r]\n\n[r]: ./p1.md#a-part"),
		"layouts/rss.xml":     emptyFeed,
	}, edit: map[string][2]string{"content/posts/p1.md": {"## A part", "No part."}}},
	"publishers": {files: map[string]string{
		"layouts/list.html": `{{ define "main" }}{{ if lt (site.GetPage "/posts/p1").WordCount 20 }}` + quietly + `{{ end }}{{ end }}`,
		"layouts/rss.xml":   emptyFeed,
	}, edit: long},
	"again": {files: map[string]string{
		"layouts/list.html":   `{{ define "main" }}{{ range (.Paginate (where site.RegularPages "WordCount" "gt" 2) 1).Pages }}<p>{{ .Title }}</p>{{ end }}{{ end }}`,
		"content/posts/p1.md": post("one two three four five six seven"),
	}, edit: map[string][2]string{"content/posts/p1.md": {"one two three four five six seven", "one"}}},
	"allowed": {files: map[string]string{
		"content/posts/p2.md": post("<!-- duskpress:allow leftover-mark: it is meant -->\nA [word] (https://example.org/word)."),
		"layouts/rss.xml":     emptyFeed,
	}, edit: long},
	"mounts": {files: map[string]string{
		"hugo.toml":         theme["hugo.toml"] + mount("content", "content", "") + mount("content/posts", "assets/texts", ""),
		"layouts/list.html": `{{ define "main" }}{{ range resources.Match "texts/*.md" }}{{ len .Content }},{{ end }}{{ end }}`,
	}, edit: long},
	"several pages": {files: map[string]string{
		"hugo.toml": "disableDefaultSiteRedirect = true\n" + theme["hugo.toml"] + "[languages.en]\nweight = 1\n[languages.de]\nweight = 2\n" +
			mount("content", "content", "en") + mount("content", "content", "de"),
		"layouts/list.html":          summaries,
		"layouts/_shortcodes/v.html": `{{ if eq site.Language.Lang "en" }}{{ .Get 0 }}{{ else }}two{{ end }}`,
		"content/posts/p1.md":        post("{{< v one >}}"),
	}, edit: map[string][2]string{"content/posts/p1.md": {"v one", "v two"}}},
	"quiet": {files: map[string]string{
		"content/posts/p2.md": post("A <b>raw</b> word."),
		"layouts/rss.xml":     emptyFeed,
	}, edit: long},
}

const (
	quietly   = `{{ with resources.FromString "words/x.txt" "x" }}{{ $silent := .RelPermalink }}{{ end }}`
	summaries = `{{ define "main" }}{{ range site.RegularPages }}<p>{{ .Summary }}</p>{{ end }}{{ end }}`
	emptyFeed = `<rss version="2.0"><channel><title>x</title><link>https://edits.example.org/</link><description>x</description></channel></rss>`
)

var long = map[string][2]string{"content/posts/p1.md": {"Text of p1.", "A text of p1 that is longer. " + strings.Repeat("many words ", 60)}}

func mount(source, target, lang string) string {
	return fmt.Sprintf("[[module.mounts]]\nsource = %q\ntarget = %q\nlang = %q\n", source, target, lang)
}

func post(body string) string { return "---\ntitle: P\ndate: 2026-02-01\n---\n\n" + body + "\n" }

// TestSeededFaults switches each line of the rule off by itself: what is published
// or said is then wrong, which shows that the line is needed, and that a comparison
// with a build from nothing sees it missing.
func TestSeededFaults(t *testing.T) {
	lines := slices.Sorted(maps.Keys(seeds))
	if os.Getenv("DUSKPRESS_HEAVY") == "" {
		lines = lines[:3] // each takes a linking of the tool
	}
	for _, line := range lines {
		seed := seeds[line]
		t.Run(line, func(t *testing.T) {
			for _, faulty := range []bool{false, true} {
				tool := sitetest.Tool(t)
				if faulty {
					tool = sitetest.ToolWith(t, "duskpress/tools/pipeline.seeded", line)
				}
				dir := filepath.Join(t.TempDir(), "site")
				s := &site{dir: dir, files: maps.Clone(theme), clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
				s.files["layouts/page.html"] = `{{ define "main" }}<h1>{{ .Title }}</h1>{{ .Content }}{{ end }}`
				s.files["layouts/list.html"] = `{{ define "main" }}<h1>{{ .Title }}</h1>{{ end }}`
				s.files["layouts/_shortcodes/other.html"] = "x"
				for _, name := range []string{"p1", "p2", "p3"} {
					s.files["content/posts/"+name+".md"] = strings.Replace(post("Text of "+name+"."), "title: P", "title: "+name, 1)
				}
				maps.Copy(s.files, seed.files)
				s.write(t, dir)
				first, exit := sitetest.Run(t, dir, tool, "build", "--incremental")
				if exit != 0 {
					t.Fatal(first)
				}
				for name, change := range seed.edit {
					if !strings.Contains(s.files[name], change[0]) {
						t.Fatalf("%s has no %q", name, change[0])
					}
					s.files[name] = strings.Replace(s.files[name], change[0], change[1], 1)
				}
				s.write(t, dir)
				warm, code := sitetest.Run(t, dir, tool, "build", "--incremental", "--verbose")
				fresh := filepath.Join(t.TempDir(), "site")
				s.write(t, fresh)
				cold, want := sitetest.Build(t, fresh, "--no-cache")
				diff := ""
				if code != want {
					diff += "another exit code\n"
				}
				if said(warm) != said(cold) {
					diff += "something else is said\n"
				}
				if want == 0 {
					diff += differ(sitetestTree(t, dir), sitetestTree(t, fresh))
				}
				switch {
				case faulty && diff == "":
					t.Errorf("nobody sees that the line is missing\n%s", warm)
				case !faulty && diff != "":
					t.Errorf("%s\n%s\n%s", diff, warm, cold)
				}
			}
		})
	}
}
