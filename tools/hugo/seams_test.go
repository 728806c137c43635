package hugo

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/gohugoio/hugo/identity"
	"github.com/gohugoio/hugo/markup/converter"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"duskpress/tools/pipeline"
)

// seamSite uses every seam once. A process builds one site, so all canaries
// look at one build.
var seamSite = map[string]string{
	"config.toml": `baseURL = "https://example.org/"
disableKinds = ["rss"]
[taxonomies]
tag = "tags"
[params.duskpress]
`,
	"layouts/baseof.html":                          `{{ block "main" . }}{{ end }}`,
	"layouts/home.html":                            `{{ define "main" }}home{{ with (templates.Defer (dict "key" "k")) }} deferred{{ end }}{{ warnf "planted warning" }}{{ end }}`,
	"layouts/page.html":                            `{{ define "main" }}{{ .Title }}|{{ .Content }}{{ partial "foot.html" . }}{{ (resources.Get "a.css").RelPermalink }}{{ end }}`,
	"layouts/_partials/foot.html":                  `foot`,
	"assets/a.css":                                 `a{}`,
	"layouts/section.html":                         `{{ define "main" }}section {{ .Title }}{{ end }}`,
	"layouts/taxonomy.html":                        `{{ define "main" }}taxonomy{{ end }}`,
	"layouts/term.html":                            `{{ define "main" }}term {{ .Title }}{{ end }}`,
	"layouts/_markup/render-codeblock-hooked.html": `{{ (transform.HighlightCodeBlock .).Inner }}`,
	"content/posts/a.md":                           "+++\ntitle = \"A\"\ntags = [\"Tag\"]\naliases = [\"/old/\"]\n+++\ntransform-me\n\n```go\nx\n```\n\n```hooked\ny\n```\n\n{{< ref \"nowhere.md\" >}}\n",
	"content/posts/b.md":                           "+++\ntitle = \"B\"\ntags = [\"tag\"]\n+++\nb\n",
	"content/posts/c.md":                           "+++\ntitle = \"C\"\ntags = [\"tag\"]\n+++\nc\n",
	"content/made/_content.gotmpl":                 `{{ $.AddPage (dict "path" "held" "title" "Held" "draft" true) }}{{ $.AddPage (dict "path" "free" "title" "Free") }}`,
	"static/s.txt":                                 "static",
}

type seams struct {
	engine    *Engine
	err       error
	problems  *pipeline.Problems
	mu        sync.Mutex
	files     map[string]string
	documents map[string]bool
	codes     []string
	early     bool // a file came before the filter was asked
}

func (s *seams) Extend(md goldmark.Markdown) {
	md.Parser().AddOptions(parser.WithASTTransformers(util.Prioritized(s, 50)))
}

func (s *seams) Transform(_ *ast.Document, _ text.Reader, pc parser.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := pipeline.DocumentOf(pc).Content; c != nil {
		s.documents[c.Path] = true
	}
}

func (s *seams) build(t *testing.T) {
	dir := t.TempDir()
	for name, data := range seamSite {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s.problems = new(pipeline.Problems)
	s.files = make(map[string]string)
	s.documents = make(map[string]bool)
	engine, err := Load(t.Context(), Options{
		Source: dir, Environment: "production", CacheDir: filepath.Join(dir, ".duskpress", "cache"), Account: true,
		Log: slog.New(slog.DiscardHandler), Problems: s.problems,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.engine = engine
	collection, err := engine.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	collection.AddContent(filepath.Join(dir, "content", "virtual", "v.md"), []byte("{\"title\": \"Virtual\"}\nv\n"))
	_, s.err = engine.Render(t.Context(), pipeline.RenderJob{
		Collection: collection,
		Source: func(_ *pipeline.Content, src []byte) ([]byte, error) {
			return bytes.ReplaceAll(src, []byte("transform-me"), []byte("transformed")), nil
		},
		Extenders: []pipeline.Extender{{Plugin: "seams", Extender: s}},
		Code: func(c pipeline.Code) (pipeline.CodeHTML, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.codes = append(s.codes, c.Language+":"+c.Text)
			return pipeline.CodeHTML{HTML: "<pre>code</pre>", InnerLow: 5, InnerHigh: 9}, nil
		},
		Sink: func(f *pipeline.File) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if f.Open == nil {
				s.files[f.Path] = string(f.Data)
				s.early = s.early || !engine.pages.before.ran
			}
			return nil
		},
		Written: func(p string) ([]byte, error) { return nil, os.ErrNotExist },
	})
}

// TestSeams fails by the name of the seam that an upgrade of Hugo has closed.
func TestSeams(t *testing.T) {
	s := new(seams)
	s.build(t)
	e := s.engine

	t.Run("Source", func(t *testing.T) {
		if got := s.files["posts/a/index.html"]; !strings.Contains(got, "transformed") {
			t.Errorf("content was not read through the Source phase: %q", got)
		}
		if got := s.files["virtual/v/index.html"]; !strings.Contains(got, "Virtual") {
			t.Errorf("a file that lies on no disk made no page: %q", got)
		}
	})
	t.Run("Timeout", func(t *testing.T) {
		if got := e.sites.Sites[0].Conf.Timeout(); got != pageTimeout {
			t.Errorf("a page has %v, want %v", got, pageTimeout)
		}
	})
	t.Run("Destination", func(t *testing.T) {
		if got := e.destination.held["index.html"]; !strings.Contains(string(got), "deferred") {
			t.Errorf("a deferred template was not filled in: %q; held %v, sent %q", got, len(e.destination.held), s.files["index.html"])
		}
		if got := s.files["old/index.html"]; !strings.Contains(got, "/posts/a/") {
			t.Errorf("an alias did not arrive: %q", got)
		}
	})
	t.Run("Markdown", func(t *testing.T) {
		if !s.documents["content/posts/a.md"] {
			t.Errorf("an extender did not learn its document: %v", s.documents)
		}
		if _, err := markdownField(converter.NopConverter); err == nil {
			t.Error("a converter without md was taken")
		}
	})
	t.Run("Highlighter", func(t *testing.T) {
		if got := strings.Join(s.codes, " "); !strings.Contains(got, "go:x") || !strings.Contains(got, "hooked:y") {
			t.Errorf("code that was rendered: %q", got)
		}
		r, err := newHighlightResult(pipeline.CodeHTML{HTML: "<pre>code</pre>", InnerLow: 5, InnerHigh: 9})
		if err != nil || r.Inner() != "code" || r.Wrapped() != "<pre>code</pre>" {
			t.Errorf("%v: inner %q, wrapped %q", err, r.Inner(), r.Wrapped())
		}
	})
	t.Run("Filter", func(t *testing.T) {
		if !e.pages.before.ran || s.early {
			t.Errorf("asked before rendering: %v; a file came earlier: %v", e.pages.before.ran, s.early)
		}
	})
	t.Run("Targets", func(t *testing.T) {
		for path, what := range map[string]string{
			"posts/a/index.html":  "the page content/posts/a.md",
			"old/index.html":      "an alias of the page content/posts/a.md",
			"s.txt":               "the static file static/s.txt",
			"tags/tag/index.html": `the term page "Tag"`,
		} {
			if got := e.pages.owners[path].what; got != what {
				t.Errorf("%s is owned by %q, want %q", path, got, what)
			}
		}
	})
	t.Run("Release", func(t *testing.T) {
		if err := e.releasing.Load(); err != nil {
			t.Error(*err)
		}
		// Of b and c the text and the source; a has a shortcode and keeps them.
		if got := e.released.Load(); got < 4 {
			t.Errorf("%d entries were put out of date", got)
		}
		if _, err := releaseText(nil, "html", true); err == nil {
			t.Error("a page of another type was taken")
		}
		if _, err := outdate(reflect.ValueOf(new(strings.Builder)), "key"); err == nil {
			t.Error("a cache without Get was taken")
		}
	})
	t.Run("Adapters", func(t *testing.T) {
		if held := e.collection.HeldPages; len(held) != 1 || held[0].Path != "/made/held" || held[0].Reason != "draft" || held[0].Line != 1 || held[0].Column != 28 {
			t.Errorf("held are %+v", held)
		}
	})
	t.Run("Embedded", func(t *testing.T) {
		for _, name := range embeddedShortcodes {
			if name != "gist" && !strings.Contains(e.embeddedShortcode(name), "{{") {
				t.Errorf("the shortcode %s has no template", name)
			}
		}
		if got := e.embeddedShortcode("figure"); !strings.Contains(got, "<figure") {
			t.Errorf("figure is %q", got)
		}
		if got := e.embeddedShortcode("nowhere"); got != "" {
			t.Errorf("a shortcode that is not there is %q", got)
		}
	})
	t.Run("Account", func(t *testing.T) {
		account, err := e.Account()
		if err != nil {
			t.Fatal(err)
		}
		o := account.Outputs["posts/a/index.html"]
		if o == nil {
			t.Fatalf("no output posts/a/index.html among %d", len(account.Outputs))
		}
		if o.Kind != "page" || o.Content == nil || o.Content.Path != "content/posts/a.md" || o.Format != "html" || o.Render != "always" || o.List != "always" {
			t.Errorf("%+v of %+v", o, o.Page)
		}
		if o.Template == nil || o.Template.File != "layouts/page.html" || o.Base == nil || o.Base.File != "layouts/baseof.html" {
			t.Errorf("template %v over %v", o.Template, o.Base)
		}
		var used []string
		for _, u := range o.Used {
			used = append(used, u.File)
		}
		if got := strings.Join(used, " "); !strings.Contains(got, "layouts/_partials/foot.html") || !strings.Contains(got, "layouts/_markup/render-codeblock-hooked.html") {
			t.Errorf("made with %q", got)
		}
		if got := strings.Join(o.Read, " "); got != "assets/a.css" {
			t.Errorf("reads %q", got)
		}
		if alias := account.Outputs["old/index.html"]; alias == nil || !alias.Alias || alias.Template == nil {
			t.Errorf("alias %+v", alias)
		}
		if len(o.Terms) != 1 || o.Terms[0].Kind != "term" {
			t.Errorf("terms %+v", o.Terms)
		}
		if s := account.Outputs["sitemap.xml"]; s == nil || s.Template == nil || s.Template.File != "" {
			t.Errorf("sitemap %+v", s)
		}
		if _, err := buildOptions(nil); err == nil {
			t.Error("a page without build options was taken")
		}
		if _, err := identities(struct{ identity.Manager }{}); err == nil {
			t.Error("a note of another type was taken")
		}
	})
	t.Run("Settle", func(t *testing.T) {
		// Two of three posts write it in lower case; Hugo capitalises it.
		if got := s.files["tags/tag/index.html"]; got != "term Tag" {
			t.Errorf("the term's page is %q", got)
		}
		if got := e.sites.Sites[0].MainSections(); len(got) != 1 || got[0] != "posts" {
			t.Errorf("main sections %v", got)
		}
	})
	t.Run("Log", func(t *testing.T) {
		want := map[string]string{
			"hugo-warning": "planted warning",
			"ref":          `Ref "nowhere.md": page not found`,
		}
		for _, p := range s.problems.Sorted() {
			if want[p.Rule] == p.Message {
				delete(want, p.Rule)
			}
			if p.Rule == "ref" && (p.File != "content/posts/a.md" || p.Line != 16 || p.Column != 1) {
				t.Errorf("a bad ref is placed at %s", p.Position())
			}
		}
		if len(want) > 0 || s.err == nil {
			t.Errorf("not reported: %v; error %v; problems %v", want, s.err, s.problems.Sorted())
		}
	})
	t.Run("Page", func(t *testing.T) {
		if _, err := targets(nil); err == nil {
			t.Error("a page of another type was taken")
		}
	})
}

func TestLogMessages(t *testing.T) {
	source := t.TempDir()
	tests := []struct {
		name, message string
		want          pipeline.Problem
	}{
		{"a position in quotes", `toc: unknown tag "x": "` + source + `/content/a.md:3:5"`, pipeline.Problem{File: "content/a.md", Line: 3, Column: 5, Message: `toc: unknown tag "x"`, Rule: "toc"}},
		{"a bad ref", `[en] REF_NOT_FOUND: Ref "x": "` + source + `/content/a.md:3:5": page not found`, pipeline.Problem{File: "content/a.md", Line: 3, Column: 5, Message: `Ref "x": page not found`, Rule: "ref"}},
		{"no position", "something went wrong", pipeline.Problem{Message: "something went wrong", Rule: "hugo"}},
	}
	for _, tt := range tests {
		l := newLogCapture(source, new(pipeline.Problems))
		got := classify(l.place(pipeline.Problem{Message: tt.message, Rule: "hugo"}))
		if got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
	for _, message := range []string{
		"deprecated: site config key paginate was deprecated in Hugo v0.128.0 and will be removed in a future release.",
		"DEPRECATED: x",
	} {
		if !deprecation.MatchString(message) {
			t.Errorf("no deprecation: %q", message)
		}
	}
}

func TestFingerprinted(t *testing.T) {
	for name, want := range map[string]bool{
		"css/main." + strings.Repeat("a1", 32) + ".css": true,
		"js/x." + strings.Repeat("0", 32) + ".js":       true,
		"js/chunk-ABCDEF12.js":                          true,
		"posts/deadbeef/index.html":                     false,
		"main.min.css":                                  false,
	} {
		if got := fingerprinted(name); got != want {
			t.Errorf("fingerprinted(%q) = %v", name, got)
		}
	}
}
