package plugins

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"duskpress/tools/pipeline"
)

func TestParseHeadings(t *testing.T) {
	tests := []struct {
		name, src string
		want      *headingForm
		rules     string
	}{
		{"all of it", "## T\n#### 2024-01-02\n###### a, b c\n\nBody.\n", &headingForm{Title: "T", Date: "2024-01-02", Tags: []string{"a", "b c"}, Description: "Body.", lines: 3, dateLine: 1, tagsLine: 2, tagsColumn: 8}, ""},
		{"tags before the date, blank lines, white space", "# T #\n\n###### a b\n\n#### 2024-01-02 10:30\n", &headingForm{Title: "T", Date: "2024-01-02T10:30:00", Tags: []string{"a", "b"}, lines: 5, dateLine: 4, tagsLine: 2, tagsColumn: 8}, ""},
		{"a README", "# T\n\n## Introduction\n\nText.\n", &headingForm{Title: "T", Description: "Text.", lines: 1, dateLine: -1, tagsLine: -1}, ""},
		{"another heading ends it", "# T\n#### Not a date\n###### a\n", &headingForm{Title: "T", lines: 1, dateLine: -1, tagsLine: -1, shift: -2}, ""},
		{"no title", "Text\n", nil, ""},
		{"a deeper heading", "### T\n", nil, ""},
		{"a tag, not a heading", "#T\n", nil, ""},
		{"CRLF and BOM", "\ufeff# T\r\n#### 2024-01-02\r\n", &headingForm{Title: "T", Date: "2024-01-02", bom: true, lines: 2, dateLine: 1, tagsLine: -1}, ""},
		{"no date", "# T\n#### 2024-13-02\n", &headingForm{Title: "T", lines: 2, dateLine: 1, tagsLine: -1}, "date"},
		{"two dates", "# T\n#### 2024-01-02\n#### 2024-01-03\n", &headingForm{Title: "T", Date: "2024-01-02", lines: 3, dateLine: 1, tagsLine: -1}, "date"},
		{"two headings of tags", "# T\n###### a\n###### b\n", &headingForm{Title: "T", Tags: []string{"a"}, lines: 3, dateLine: -1, tagsLine: 1, tagsColumn: 8}, "tags-heading"},
		{"code is no heading", "# T\n\n```\n# x\n```\n\n### Y\n", &headingForm{Title: "T", lines: 1, dateLine: -1, tagsLine: -1, shift: -1}, ""},
		{"marks in the title", "# Use `go` & *care* \\* &amp;\n", &headingForm{Title: "Use go & care * &", lines: 1, dateLine: -1, tagsLine: -1}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := parseHeadings([]byte(tt.src))
			if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(headingForm{})); d != "" {
				t.Error(d)
			}
			var rules []string
			for _, p := range problems {
				rules = append(rules, p.rule)
			}
			if s := strings.Join(rules, " "); s != tt.rules {
				t.Errorf("rules %q, want %q", s, tt.rules)
			}
		})
	}
}

func FuzzHeadings(f *testing.F) {
	f.Add("# T\n#### 2024-01-02\n###### a b\n\nText\n")
	f.Add("## `x`\r\n\r\n###### ,\n")
	f.Add("\ufeff# T")
	f.Fuzz(func(t *testing.T, src string) {
		form, _ := parseHeadings([]byte(src))
		if form == nil {
			return
		}
		c := &pipeline.Content{}
		h := &headings{found: map[*pipeline.Content]*headingForm{c: form}}
		out, err := h.source(t.Context(), c, []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if a, b := strings.Count(src, "\n"), bytes.Count(out, []byte("\n")); a != b {
			t.Fatalf("%d lines became %d:\n%s", a, b, out)
		}
		var m map[string]any
		if err := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(out, []byte("\ufeff")))).Decode(&m); err != nil {
			t.Fatalf("front matter: %v\n%s", err, out)
		}
	})
}

func TestSlug(t *testing.T) {
	set, err := newTagSet(tagsConfig{Aliases: map[string]string{"golang": "Go"}, Slugs: map[string]string{"R&D": "r-and-d"}})
	if err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]string{
		"Go": "go", "golang": "go", "GoLang": "go", "C++": "cpp", "c#": "csharp", ".NET": "dotnet",
		"software design": "software-design", "Software_Design": "software-design", "r&d": "r-and-d",
		"Caf\u00e9": "café", "Cafe\u0301": "café", "日本": "日本", "a/b": "a-b", "node.js": "nodejs", "!?": "", " x ": "x",
	} {
		if got := set.slug(tag); got != want {
			t.Errorf("slug(%q) = %q, want %q", tag, got, want)
		}
	}
	if _, err := newTagSet(tagsConfig{Slugs: map[string]string{"x": "A b"}}); err == nil {
		t.Error("a slug that is none was taken")
	}
}

func FuzzTagsSource(f *testing.F) {
	f.Add("toml", "+++\ntags = [\"a\",\n\"b\"] # c\n+++\nText\n")
	f.Add("yaml", "---\ntags:\n  - a\n  - b\ntitle: x\n---\nText\n")
	f.Add("json", "{\"tags\": [\"a\"]}\nText\n")
	f.Fuzz(func(t *testing.T, format, src string) {
		c := &pipeline.Content{Format: format}
		set := &tagSet{edits: map[*pipeline.Content][]string{c: {"x", "y"}}}
		out, err := set.source(t.Context(), c, []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if a, b := strings.Count(src, "\n"), bytes.Count(out, []byte("\n")); a != b {
			t.Fatalf("%d lines became %d:\n%s", a, b, out)
		}
	})
}

func TestRelativePath(t *testing.T) {
	for _, tt := range []struct{ dir, to, want string }{
		{"content/posts", "content/posts/a.md", "./a.md"},
		{"content/posts", "content/about.md", "../about.md"},
		{"content/posts/bundle", "content/posts/a.md", "../a.md"},
		{"content", "content/posts/a.md", "./posts/a.md"},
	} {
		if got := relativePath(tt.dir, tt.to); got != tt.want {
			t.Errorf("relativePath(%q, %q) = %q, want %q", tt.dir, tt.to, got, tt.want)
		}
	}
}

func TestRelativeAddress(t *testing.T) {
	for _, tt := range []struct{ dir, file, want string }{
		{"search/en", "posts/a/index.html", "../../posts/a/"},
		{"search/en", "index.html", "../../"},
		{"search/en", "posts/ä b.html", "../../posts/%C3%A4%20b.html"},
		{"search/en", "search/index.html", "../"},
		{"en/search/en", "en/posts/a/index.html", "../../posts/a/"},
		{"de/search/de", "de/index.html", "../../"},
	} {
		if got := relativeAddress(tt.dir, tt.file); got != tt.want {
			t.Errorf("relativeAddress(%q, %q) = %q, want %q", tt.dir, tt.file, got, tt.want)
		}
	}
}
