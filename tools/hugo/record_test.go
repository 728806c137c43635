package hugo

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"duskpress/tools/pipeline"
)

// Hugo notes for its server which pages an output was made with. Whoever wants
// to render only what an edit changes has to know what these notes miss. This
// test builds a site before and after an edit of one body, twice whole and once
// with nothing but the outputs whose notes name the edited page, and pins for
// each way to read a page what is seen. A line that changes with an upgrade of
// Hugo changes what tools/incremental.md argues.

// seen is what the notes are worth for one template.
type seen string

const (
	named      seen = "changed, and the notes name the page"
	throughs   seen = "changed, and only the notes of a page that the notes name do"
	missed     seen = "changed, and no notes name the page"
	spare      seen = "did not change, and the notes name the page"
	apart      seen = "did not change, and no notes name the page"
	lacksOther seen = "comes out wrong where only what the notes name is rendered"
)

// recordCases are bodies of templates, each of a page of its own. The edited page
// is /posts/x.
var recordCases = map[string]struct {
	layout, content string
	want            seen
}{
	"method":      {layout: `{{ with site.GetPage "/posts/x" }}{{ .WordCount }}{{ end }}`, want: named},
	"content":     {layout: `{{ (site.GetPage "/posts/x").Content }}`, want: named},
	"summary":     {layout: `{{ range site.RegularPages }}{{ .Summary }}{{ end }}`, want: named},
	"fragments":   {layout: `{{ len (site.GetPage "/posts/x").Fragments.Identifiers }}`, want: named},
	"partial":     {layout: `{{ partial "words.html" (site.GetPage "/posts/x") }}`, want: named},
	"cached":      {layout: `{{ partialCached "words.html" (site.GetPage "/posts/x") "k" }}`, want: named},
	"apply":       {layout: `{{ apply site.RegularPages "partial" "words.html" "." }}`, want: named},
	"string":      {layout: `{{ .RenderString "{{< words >}}" }}`, want: named},
	"title":       {layout: `{{ (site.GetPage "/posts/x").Title }}`, want: spare},
	"nothing":     {layout: `nothing`, want: apart},
	"where":       {layout: `{{ len (where site.RegularPages "WordCount" "gt" 50) }}`, want: missed},
	"sort":        {layout: `{{ with index (sort site.RegularPages "WordCount" "desc") 0 }}{{ .Title }}{{ end }}`, want: missed},
	"group":       {layout: `{{ range site.RegularPages.GroupBy "WordCount" }}{{ .Key }} {{ end }}`, want: missed},
	"bylength":    {layout: `{{ with index (site.RegularPages.ByLength.Reverse) 0 }}{{ .Title }}{{ end }}`, want: missed},
	"related":     {layout: `{{ range site.RegularPages.Related . }}{{ .Title }} {{ end }}`, content: "## Fresh heading\n", want: missed},
	"readfile":    {layout: `{{ len (os.ReadFile "content/posts/x.md") }}`, want: missed},
	"stat":        {layout: `{{ (os.Stat "content/posts/x.md").Size }}`, want: missed},
	"adapter":     {layout: `{{ .Content }}`, content: "adapter", want: missed},
	"shortcode":   {layout: `{{ .Content }}`, content: "{{< words >}}\n", want: named},
	"hook":        {layout: `{{ .Content }}`, content: "[x](/posts/x)\n", want: named},
	"quotes":      {layout: `{{ (site.GetPage "/cases/shortcode").Content }}`, want: throughs},
	"deferred":    {layout: `{{ with (templates.Defer (dict "key" "d")) }}{{ (site.GetPage "/posts/x").WordCount }}{{ end }}`, want: named},
	"executed":    {layout: `{{ $r := resources.FromString "t" "{{ (site.GetPage \"/posts/x\").WordCount }}" | resources.ExecuteAsTemplate "e.txt" . }}{{ $r.Content }}`, want: named},
	"bundle":      {layout: `{{ (resources.FromString "f.txt" (site.GetPage "/posts/x").Plain | fingerprint).RelPermalink }}`, want: named},
	"store":       {layout: `{{ site.Store.Get "x" }}`, want: missed},
	"pagestore":   {layout: `{{ with site.GetPage "/posts/x" }}{{ .Content | len }}{{ .Store.Get "x" }}{{ end }}`, want: named},
	"inline":      {layout: `{{ define "_partials/in.html" }}{{ return .WordCount }}{{ end }}{{ partial "in.html" (site.GetPage "/posts/x") }}`, want: named},
	"complement":  {layout: `{{ len (complement (where site.RegularPages "Content" "like" "fresh") site.RegularPages) }}`, want: missed},
	"printed":     {layout: `{{ printf "%v" (index (where site.RegularPages "Path" "/posts/x") 0).WordCount }}`, want: named},
	"jsonify":     {layout: `{{ dict "n" (site.GetPage "/posts/x").WordCount | jsonify }}`, want: named},
	"scratch":     {layout: `{{ range site.RegularPages }}{{ $.Scratch.Add "n" .WordCount }}{{ end }}{{ .Scratch.Get "n" }}`, want: named},
	"othersstore": {layout: `{{ with (templates.Defer (dict "key" "o")) }}{{ (site.GetPage "/posts/x").WordCount }} {{ site.Store.Get "y" }}{{ end }}`, want: lacksOther},
	"pagejson":    {layout: `{{ site.GetPage "/posts/x" | jsonify | len }}`, want: apart},
	"adds":        {layout: `{{ $n := 0 }}{{ range site.RegularPages }}{{ $n = add $n .WordCount }}{{ end }}{{ $n }}`, want: named},
	"neighbour":   {layout: `{{ with .NextInSection }}{{ .Title }}{{ end }}`, want: apart},
	"readingtime": {layout: `{{ range (site.GetPage "/posts").Pages }}{{ with .ReadingTime }}{{ . }}{{ end }}{{ end }}`, want: named},
	"condition":   {layout: `-{{ range site.RegularPages }}{{ if gt .WordCount 50 }}{{ .Title }}{{ end }}{{ end }}`, want: named},
	"grouped":     {layout: `{{ range site.RegularPages.GroupBy "ReadingTime" }}{{ range .Pages }}{{ .Title }}{{ end }};{{ end }}`, want: named},
}

const recordBefore = "{{< note >}}\n\nfew words\n"

var recordAfter = recordBefore + strings.Repeat("fresh ", 500) + "\n\n## Fresh heading\n"

func recordSite(body string) map[string]string {
	files := map[string]string{
		"config.toml": `baseURL = "https://example.org/"
disableKinds = ["rss", "taxonomy", "term", "sitemap", "robotsTXT", "404"]
[related]
threshold = 1
[[related.indices]]
name = "fragments"
type = "fragments"
applyFilter = true
weight = 80
[params.duskpress]
`,
		"layouts/home.html":                `home`,
		"layouts/section.html":             `section`,
		"layouts/page.html":                `{{ .Title }} {{ .Content }}`,
		"layouts/_partials/words.html":     `{{ .WordCount }}`,
		"layouts/_shortcodes/words.html":   `{{ (site.GetPage "/posts/x").WordCount }}`,
		"layouts/_shortcodes/note.html":    `{{ $n := len .Page.RawContent }}{{ site.Store.Set "x" $n }}{{ .Page.Store.Set "x" $n }}`,
		"layouts/_markup/render-link.html": `{{ with site.GetPage .Destination }}{{ .WordCount }}{{ end }}`,
		"content/posts/x.md":               "---\ntitle: X\ndate: 2026-01-01\n---\n" + body,
		"content/posts/y.md":               "---\ntitle: Y\ndate: 2026-01-02\nlayout: sets\n---\n## Fresh heading\n\n" + strings.Repeat("word ", 40) + "\n",
		"layouts/posts/sets.html":          `{{ site.Store.Set "y" 1 }}`,
		"content/made/_content.gotmpl":     `{{ .AddPage (dict "path" "adapter" "title" "Adapter" "layout" "adapter" "content" (dict "mediaType" "text/markdown" "value" (os.ReadFile "content/posts/x.md"))) }}`,
		"layouts/made/adapter.html":        `{{ .Content }}`,
	}
	for name, c := range recordCases {
		if name == "adapter" {
			continue
		}
		files["layouts/cases/"+name+".html"] = c.layout
		files["content/cases/"+name+".md"] = "---\ntitle: " + name + "\nlayout: " + name + "\n---\n" + c.content
	}
	return files
}

type recorded struct {
	files           map[string]string
	direct, through map[string]bool // outputs whose notes name /posts/x, or a page whose notes do
}

func buildRecorded(t *testing.T, site map[string]string, only map[string]bool) recorded {
	t.Helper()
	dir := t.TempDir()
	for name, data := range site {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	problems := new(pipeline.Problems)
	opts := Options{
		Source: dir, Environment: "production", CacheDir: filepath.Join(dir, ".duskpress", "cache"), Account: true,
		Log: slog.New(slog.DiscardHandler), Problems: problems,
	}
	if only != nil {
		opts.Only = func() func(string, string) bool { return func(file, _ string) bool { return only[file] } }
	}
	engine, err := Load(t.Context(), opts)
	if err != nil {
		t.Fatal(err, problems.Sorted())
	}
	defer engine.Close()
	collection, err := engine.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := recorded{files: make(map[string]string), direct: make(map[string]bool), through: make(map[string]bool)}
	var mu sync.Mutex
	_, err = engine.Render(t.Context(), pipeline.RenderJob{
		Collection: collection,
		Source:     func(_ *pipeline.Content, src []byte) ([]byte, error) { return src, nil },
		Sink: func(f *pipeline.File) error {
			mu.Lock()
			defer mu.Unlock()
			if f.Open == nil {
				r.files[f.Path] = string(f.Data)
			}
			return nil
		},
		Written: func(p string) ([]byte, error) {
			mu.Lock()
			defer mu.Unlock()
			return []byte(r.files[p]), nil
		},
	})
	if err != nil {
		t.Fatal(err, problems.Sorted())
	}
	for _, p := range engine.pages.all {
		list, err := targets(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range list {
			pages, _, err := readBy(p, target.format)
			if err != nil {
				t.Fatal(err)
			}
			r.direct[target.path] = p.Path() == "/posts/x"
			for q := range pages {
				if q.Path() == "/posts/x" {
					r.direct[target.path] = true
				}
				further, _, err := readBy(q, target.format)
				if err != nil {
					t.Fatal(err)
				}
				for f := range further {
					r.through[target.path] = r.through[target.path] || f.Path() == "/posts/x"
				}
			}
		}
	}
	return r
}

func TestWhatTheRecordOfReadsMisses(t *testing.T) {
	before := buildRecorded(t, recordSite(recordBefore), nil)
	after := buildRecorded(t, recordSite(recordAfter), nil)
	only := maps.Clone(before.direct)
	for path := range before.through {
		only[path] = only[path] || before.through[path]
	}
	alone := buildRecorded(t, recordSite(recordAfter), only)

	for _, name := range slices.Sorted(maps.Keys(recordCases)) {
		path := "cases/" + name + "/index.html"
		if name == "adapter" {
			path = "made/adapter/index.html"
		}
		was, ok := before.files[path]
		is, still := after.files[path]
		if !ok || !still {
			t.Errorf("%s: no output", name)
			continue
		}
		var got seen
		switch changed := was != is; {
		case only[path] && alone.files[path] != is:
			got = lacksOther
		case changed && before.direct[path]:
			got = named
		case changed && before.through[path]:
			got = throughs
		case changed:
			got = missed
		case before.direct[path]:
			got = spare
		default:
			got = apart
		}
		if want := recordCases[name].want; got != want {
			t.Errorf("%s: %s; want: %s\nbefore %.80q\nafter  %.80q\nalone  %.80q", name, got, want, was, is, alone.files[path])
		}
	}
}
