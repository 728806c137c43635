package edits

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"duskpress/tools/internal/sitetest"
)

// strange are themes that read pages in every way that is known to escape a record
// of reads, each laid over the theme of this package. Whole are those on which a
// build must not dare to leave anything out.
var strange = map[string]struct {
	files map[string]string
	whole bool
	body  []string // lines that an edit may put into a body
}{
	"plain": {files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ with site.GetPage (.Get 0) }}<b>{{ .Title }}, {{ .Date.Format "2006" }}</b>{{ end }}`,
		"layouts/list.html":              `{{ define "main" }}<h1>{{ .Title }}</h1>{{ range (.Paginate .RegularPagesRecursive).Pages }}<h2><a href="{{ .RelPermalink }}">{{ .Title }}</a></h2><div>{{ .Summary }}</div>{{ end }}{{ end }}`,
	}},
	"counts": {files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ with site.GetPage (.Get 0) }}<b>{{ .Title }}</b>{{ end }}`,
		"layouts/list.html": `{{ define "main" }}{{ range site.RegularPages }}{{ if gt .WordCount 40 }}<p>{{ .Title }} {{ .ReadingTime }}</p>{{ end }}{{ end }}
{{ $n := 0 }}{{ range site.RegularPages }}{{ $n = add $n (len .Fragments.Identifiers) }}{{ end }}{{ $n }}{{ end }}`,
	}},
	"orders": {files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/list.html": `{{ define "main" }}{{ range .RegularPages.ByLength }}<p>{{ .Title }}</p>{{ end }}{{ range .RegularPages.GroupBy "ReadingTime" }}<b>{{ .Key }}</b>{{ end }}
{{ len (where site.RegularPages ".Content" "like" "retry") }}{{ end }}`,
	}},
	"computed key": {files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/list.html":              `{{ define "main" }}{{ $key := printf "%sCount" "Word" }}{{ range sort site.RegularPages $key }}<p>{{ .Title }}</p>{{ end }}{{ end }}`,
	}},
	"second hand": {whole: true}, // the shortcode other shows the text of another page
	"partial calls": {files: map[string]string{
		"layouts/_shortcodes/other.html":    `{{ .Get 0 }}`,
		"layouts/_partials/words.html":      `{{ return .WordCount }}`,
		"layouts/_partials/inner/list.html": `{{ define "_partials/inline/sum.html" }}{{ .Summary }}{{ end }}{{ range .RegularPages }}{{ partial "inline/sum.html" . }}{{ end }}`,
		"layouts/list.html": `{{ define "main" }}{{ range .RegularPages }}{{ $name := "words.html" }}{{ partial $name . }};{{ end }}
{{ range apply site.RegularPages "partial" "words.html" "." }}{{ . }},{{ end }}{{ partialCached "inner/list.html" site }}{{ end }}`,
	}},
	"stores": {whole: true, files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Page.Store.Set "n" (len .Page.RawContent) }}{{ site.Store.Set "last" (len .Page.RawContent) }}`,
		"layouts/list.html":              `{{ define "main" }}{{ range site.RegularPages }}{{ $x := .Content }}{{ .Store.Get "n" }}{{ end }}{{ end }}`,
	}},
	"files": {whole: true, files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/list.html":              `{{ define "main" }}{{ range site.RegularPages }}{{ with .File }}{{ len (os.ReadFile (path.Join "content" .Path)) }},{{ end }}{{ end }}{{ end }}`,
	}},
	"file's size": {whole: true, files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/list.html":              `{{ define "main" }}{{ range site.RegularPages }}{{ with .File }}{{ with os.Stat (path.Join "content" .Path) }}{{ .Size }}{{ end }}{{ end }}{{ end }}{{ end }}`,
	}},
	"mounted": {whole: true, files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"hugo.toml":                      theme["hugo.toml"] + "[[module.mounts]]\nsource = \"content\"\ntarget = \"content\"\n[[module.mounts]]\nsource = \"content\"\ntarget = \"assets/raw\"\n[[module.mounts]]\nsource = \"assets\"\ntarget = \"assets\"\n",
		"layouts/list.html":              `{{ define "main" }}{{ range resources.Match "raw/posts/*.md" }}{{ len .Content }},{{ end }}{{ end }}`,
	}},
	"deferred": {whole: true, files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/list.html":              `{{ define "main" }}{{ with (templates.Defer (dict "key" "d")) }}{{ range site.RegularPages }}{{ .WordCount }},{{ end }}{{ end }}{{ end }}`,
	}},
	"translations": {whole: true, files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"i18n/en.toml":                   "[length]\nother = \"{{ .WordCount }} words\"\n",
		"layouts/list.html":              `{{ define "main" }}{{ range site.RegularPages }}{{ i18n "length" . }},{{ end }}{{ end }}`,
	}},
	"aliases": {whole: true, files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/alias.html":             `<!doctype html><html lang="en"><head><title>{{ .Permalink }}</title><link rel="canonical" href="{{ .Permalink }}"><meta http-equiv="refresh" content="0; url={{ .Permalink }}"></head><body><p>{{ range site.RegularPages }}{{ .WordCount }},{{ end }}</p></body></html>`,
	}},
	"other file": {whole: true, files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/_partials/words.html":   `{{ .WordCount }}`,
		"layouts/list.html":              `{{ define "main" }}{{ range site.RegularPages }}{{ template "_partials/words.html" . }},{{ end }}{{ end }}`,
	}},
	"first come": {whole: true, files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"hugo.toml":                      strings.Replace(theme["hugo.toml"], `home = ["html", "rss"]`, `home = ["html", "rss", "json"]`, 1),
		"layouts/_partials/kept.html":    `{{ return newScratch }}`,
		"layouts/_partials/title.html":   `{{ return .Title }}`,
		"layouts/page.html":              `{{ define "main" }}{{ .Content }}{{ (partialCached "kept.html" site).SetInMap "words" .Path .WordCount }}{{ if eq .Path "/about" }}{{ $x := partialCached "title.html" . "k" }}{{ $y := resources.Concat "n.txt" (slice (resources.FromString "m.txt" (string .WordCount))) }}{{ end }}{{ end }}`,
		"layouts/home.json":              `{{ dict "kept" ((partialCached "kept.html" site).Get "words") "title" (partialCached "title.html" . "k") "n" (resources.Concat "n.txt" (slice (resources.FromString "o.txt" "none"))).Content "words" (site.GetPage "/about").WordCount | jsonify }}`,
	}},
	"sizes": {whole: true, files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/list.html":              `{{ define "main" }}{{ range where site.RegularPages "File.FileInfo.Size" "gt" 200 }}{{ .Title }},{{ end }}{{ end }}`,
	}},
	"terms": {files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/list.html":              `{{ define "main" }}{{ range $term, $pages := site.Taxonomies.tags }}{{ range $pages }}<p>{{ .Title }}: {{ .WordCount }} {{ .Summary }}</p>{{ end }}{{ end }}{{ end }}`,
	}},
	"below the fold": {files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/_shortcodes/word.html":  `{{ with resources.FromString (printf "words/%s.txt" (.Get 0)) (.Get 0) }}<a href="{{ .RelPermalink }}">word</a>{{ end }}`,
		"layouts/list.html":              `{{ define "main" }}{{ range site.RegularPages }}<p>{{ .Summary }}</p>{{ end }}{{ end }}`,
	}, body: []string{"Above.\n\n<!--more-->\n\nBelow {{< word retry >}}.", "Above.\n\n<!--more-->\n\nBelow {{< word clock >}}.", "Above.\n\n<!--more-->\n\nBelow."}},
	"stages": {files: map[string]string{
		"hugo.toml":                      strings.Replace(theme["hugo.toml"], `home = ["html", "rss"]`, `home = ["html", "rss", "json"]`, 1),
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/_shortcodes/v.html":     `html`,
		"layouts/_shortcodes/v.json":     `json`,
		"layouts/home.html":              `{{ define "main" }}{{ range site.RegularPages }}{{ len .Fragments.Identifiers }}{{ end }}{{ end }}`,
		"layouts/home.json":              `[{{ range site.RegularPages }}{{ .Content | jsonify }},{{ end }}0]`,
	}, body: []string{"{{< v >}}", "## A part\n\n{{< v >}}", "Text.", "## Another part"}},
	"texts": {files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/_shortcodes/raw.html":   `{{ len .Page.RawContent }}`,
		"layouts/list.html":              `{{ define "main" }}{{ range site.RegularPages }}{{ .RenderString "x {{< raw >}}" }},{{ end }}{{ end }}`,
	}},
	"views": {whole: true, files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/list.html":              `{{ define "main" }}{{ range site.RegularPages }}{{ .Render "card" }}{{ end }}{{ end }}`,
		"layouts/card.html":              `<p>{{ .Summary }}</p>`,
	}},
	"adapter": {whole: true, files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"content/made/_content.gotmpl":   `{{ .AddPage (dict "path" "one" "title" "One" "content" (dict "mediaType" "text/markdown" "value" (os.ReadFile "content/about.md"))) }}`,
	}},
	"pictures": {files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/_shortcodes/pic.html":   `{{ with resources.Get "pic.png" }}{{ with .Resize (printf "%vx" ($.Get 0)) }}<img src="{{ .RelPermalink }}" alt="x" width="{{ .Width }}" height="{{ .Height }}">{{ end }}{{ end }}`,
		"layouts/_shortcodes/word.html":  `{{ with resources.FromString (printf "words/%s.txt" (.Get 0)) (.Get 0) }}<a href="{{ .RelPermalink }}">word</a>{{ end }}`,
		"assets/pic.png":                 picture(),
	}, body: []string{"{{< pic 20 >}}", "{{< pic 30 >}}", "{{< pic 40 >}}", "{{< word retry >}}", "{{< word clock >}}"}},
	"two languages": {files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ with site.GetPage (.Get 0) }}<b>{{ .Title }}</b>{{ end }}`,
		"hugo.toml":                      theme["hugo.toml"] + "[languages.en]\nweight = 1\n[languages.de]\nweight = 2\n",
		"content/posts/p1.de.md":         "---\ntitle: Eins\ndate: 2026-02-01\n---\n\nEin Text.\n",
		"content/posts/p2.de.md":         "---\ntitle: Zwei\ndate: 2026-02-02\n---\n\nNoch einer.\n",
		"layouts/page.html":              `{{ define "main" }}{{ range .Translations }}<p>{{ .Title }}: {{ .Summary }}</p>{{ end }}{{ .Content }}{{ end }}`,
	}},
	"formats": {files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/_shortcodes/other.xml":  `{{ .Page.Title }}-{{ .Get 0 }}`,
		"hugo.toml":                      strings.Replace(theme["hugo.toml"], "[outputs]", "[outputs]\n  page = [\"html\", \"json\"]", 1),
		"layouts/page.json":              `{{ dict "plain" .Plain "words" .WordCount | jsonify }}`,
	}},
	"reader": {files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/page.html":              `{{ define "main" }}{{ .Content }}{{ with .NextInSection }}<p>{{ .Plain | truncate 50 }}</p>{{ end }}{{ with .PrevInSection }}{{ .TableOfContents }}{{ end }}{{ end }}`,
	}},
	"dumps": {files: map[string]string{
		"layouts/_shortcodes/other.html": `{{ .Get 0 }}`,
		"layouts/list.html":              `{{ define "main" }}{{ range site.RegularPages }}{{ jsonify (dict "a" .Title "n" .FuzzyWordCount) }}{{ end }}{{ with index site.RegularPages 0 }}{{ .HasShortcode "other" }}{{ end }}{{ end }}`,
	}},
}

// picture is a small PNG file.
func picture() string {
	img := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for x := range 64 {
		for y := range 48 {
			img.Set(x, y, color.RGBA{uint8(4 * x), uint8(5 * y), 90, 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.String()
}

// TestPartial is the oracle of --incremental: after each of many random edits, most
// of bodies, what is published equals a build from nothing, in names and bytes, and
// the same is said of the site.
func TestPartial(t *testing.T) {
	seed := newSeed(t)
	names := append(slices.Sorted(maps.Keys(strange)), "the repository's")
	each := max(3, count("DUSKPRESS_PARTIAL_EDITS", 60, 500)/len(names))
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			s := strangeSite(t, name, r)
			left, failed, _ := follow(t, s, r, each, func(t testing.TB, r *rand.Rand) string {
				what := s.back(t, r)
				if what == "" {
					what = s.bodies(t, r, strange[name].body)
				}
				if r.IntN(8) == 0 {
					what += s.killed(t, time.Duration(r.IntN(400))*time.Millisecond)
				}
				return what
			}, "--incremental")
			parts, doubts := 0, 0
			for _, out := range s.outputs {
				if strings.Contains(out, "all else is as it was") {
					parts++
				}
				if _, why, ok := strings.Cut(out, "note: everything is rendered after all: "); ok {
					doubts++
					why, _, _ = strings.Cut(why, "\n")
					t.Logf("doubt: %s", why)
				}
			}
			t.Logf("%d edits: %d builds rendered a part, %d doubted, %d had nothing to do, %d failed", each, parts, doubts, left, failed)
			switch {
			case strange[name].whole && parts > 0:
				t.Errorf("%d builds dared to render a part", parts)
			case !strange[name].whole && parts == 0 && each > 8:
				t.Errorf("no build rendered a part:\n%s", s.outputs[len(s.outputs)-1])
			}
		})
	}
}

func strangeSite(t *testing.T, name string, r *rand.Rand) *site {
	dir := filepath.Join(t.TempDir(), "site")
	if name != "the repository's" {
		s := &site{dir: dir, files: maps.Clone(theme), clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
		for i := range 7 {
			s.files[fmt.Sprintf("content/posts/p%d.md", i)] = s.post(r, i)
		}
		maps.Copy(s.files, strange[name].files)
		s.write(t, dir)
		return s
	}
	s := &site{dir: dir, files: make(map[string]string), clock: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	whole := t.TempDir()
	sitetest.CopyRepoSite(t, whole)
	for file, text := range sitetest.Tree(t, whole) {
		s.files[file] = text
	}
	s.write(t, dir)
	return s
}

// back goes back, now and then, from sources of which no site can be made to those
// of which one was: a link to what is gone would fail all builds that follow.
func (s *site) back(t testing.TB, r *rand.Rand) string {
	if strings.Contains(s.outputs[len(s.outputs)-1], "exit=0") {
		s.good = maps.Clone(s.files)
		return ""
	}
	if s.good == nil || r.IntN(2) == 0 {
		return ""
	}
	s.files = maps.Clone(s.good)
	s.write(t, s.dir)
	return "gone back to what was good"
}

// killed begins a build and kills it.
func (s *site) killed(t testing.TB, after time.Duration) string {
	cmd := exec.Command(sitetest.Tool(t), "build", "--incremental", "--clock="+s.clock.Format(time.RFC3339))
	cmd.Dir, cmd.Env = s.dir, sitetest.Env()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	if cmd.Wait() == nil {
		return "; built in between"
	}
	return "; a build was killed"
}

// bodies edits the body of a post, most of the time.
func (s *site) bodies(t testing.TB, r *rand.Rand, lines []string) string {
	if r.IntN(5) == 0 && s.files["hugo.toml"] != "" {
		return s.edit(t, r)
	}
	s.n++
	posts := s.names("content/posts/", ".md")
	posts = slices.DeleteFunc(posts, func(name string) bool { return strings.HasPrefix(filepath.Base(name), "_index") })
	name := posts[r.IntN(len(posts))]
	front, body, _ := strings.Cut(strings.TrimPrefix(s.files[name], "---\n"), "\n---\n")
	head := "---\n" + front + "\n---\n"
	if !strings.HasPrefix(s.files[name], "---\n") {
		head, body = "", s.files[name]
	}
	parts := strings.SplitAfter(body, "\n\n")
	at := r.IntN(len(parts))
	what := ""
	insert := func(text string) {
		parts = slices.Insert(parts, at, text+"\n\n")
	}
	switch k := r.IntN(10); {
	case head == "":
		s.files[name] += fmt.Sprintf("\nLine %d %s.\n", s.n, word(r))
		s.write(t, s.dir)
		return "line below " + name
	case k == 0:
		what = "a heading"
		insert("## " + word(r) + " " + strconv.Itoa(r.IntN(3)))
	case k == 1 && len(parts) > 2:
		what = "less"
		parts = slices.Delete(parts, at, at+1)
	case k == 2:
		what = "a link"
		to := posts[r.IntN(len(posts))] // one that is not published is an error, alike in both builds
		insert(fmt.Sprintf("[see](%s)", []string{"./" + strings.TrimPrefix(to, "content/posts/"), "https://example.org/", "https://example.org/" + word(r), "/"}[r.IntN(4)]))
	case k == 3 && s.files["layouts/_shortcodes/other.html"] != "":
		what = "a shortcode"
		insert(fmt.Sprintf("{{< other \"/posts/p%d\" >}}", r.IntN(7)))
	case k < 6 && len(lines) > 0:
		what = "a line of the theme's"
		insert(lines[r.IntN(len(lines))])
	case k == 6:
		what = "code"
		insert("```go\nfunc " + word(r) + "() {}\n```")
	default:
		what = "words"
		insert(strings.Join(words(r, 1+r.IntN(20)), " ") + ".")
	}
	s.files[name] = head + strings.Join(parts, "")
	if r.IntN(6) == 0 {
		other := posts[r.IntN(len(posts))]
		s.files[other] += "\nAnother line.\n"
		what += ", and " + other
	}
	s.write(t, s.dir)
	return what + " in the body of " + name
}
