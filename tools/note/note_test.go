package note

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestSlug(t *testing.T) {
	for _, c := range []struct{ title, language, want string }{
		{"What broke at nine", "en", "what-broke-at-nine"},
		{"  What's  “next”?  ", "en", "whats-next"},
		{"Größe & Äpfel", "de", "groesse-und-aepfel"},
		{"Größe", "de-CH", "groesse"},
		{"Größe", "en", "grosse"},
		{"Café déjà vu", "fr", "cafe-deja-vu"},
		{"Привет, мир", "en", "privet-mir"},
		{"东京", "en", "dong-jing"},
		{"C++, C# and .NET", "en", "cpp-csharp-and-dotnet"},
		{"snake_case_name", "en", "snake-case-name"},
		{"_index", "en", "index"},
		{"99% of it", "en", "99-percent-of-it"},
		{"🤷", "en", ""},
		{"", "en", ""},
	} {
		if got := Slug(c.title, c.language); got != c.want {
			t.Errorf("Slug(%q, %s) = %q, want %q", c.title, c.language, got, c.want)
		}
	}
	long := Slug(strings.Repeat("word ", 40), "en")
	if len(long) > longest || !strings.HasSuffix(long, "-word") {
		t.Errorf("a long title has the slug %q", long)
	}
}

func FuzzSlug(f *testing.F) {
	f.Add("What broke?", "en")
	f.Add("Ünïcödé 東京 C++", "de")
	f.Add("--__--", "")
	f.Add(strings.Repeat("ß", 200), "de")
	ok := regexp.MustCompile(`^([a-z0-9]+(-[a-z0-9]+)*)?$`)
	f.Fuzz(func(t *testing.T, title, language string) {
		s := Slug(title, language)
		if !ok.MatchString(s) || len(s) > longest {
			t.Errorf("Slug(%q, %q) = %q", title, language, s)
		}
		if again := Slug(s, ""); again != s {
			t.Errorf("the slug of %q is %q, and its slug %q", title, s, again)
		}
	})
}

func TestFill(t *testing.T) {
	day := time.Date(2026, 11, 3, 23, 0, 0, 0, time.UTC)
	yes := true
	n := Note{Title: `What "broke" \ at nine`, Date: day, Tags: []string{"C++", "a, b"}, Draft: &yes}
	for _, c := range []struct{ name, archetype, form, want string }{
		{"toml in place, comments and tables kept",
			"+++\ntitle = 'x' # mine\ntags = [\n 'a',\n]\nweight = 3\n[params]\ndraft = 1\n+++\nBody\n", "",
			"+++\ntitle = \"What \\\"broke\\\" \\\\ at nine\" # mine\ntags = [\"C++\", \"a, b\"]\nweight = 3\ndate = 2026-11-03\ndraft = true\n[params]\ndraft = 1\n+++\nBody\n"},
		{"yaml in place", "---\ntitle: x\ntags:\n- a\ndraft: false\n---\n\nBody\n", "",
			"---\ntitle: \"What \\\"broke\\\" \\\\ at nine\"\ntags: [\"C++\", \"a, b\"]\ndraft: true\ndate: 2026-11-03\n---\n\nBody\n"},
		{"toml to yaml", "+++\ntitle = 'x'\ncover = { image = 'a.png' }\nlayout = 'wide'\n+++\nBody\n", "yaml",
			"---\ntitle: \"What \\\"broke\\\" \\\\ at nine\"\nlayout: wide\ncover:\n  image: a.png\ndate: 2026-11-03\ndraft: true\ntags: [\"C++\", \"a, b\"]\n---\nBody\n"},
		{"no front matter", "Just a body\n", "",
			"+++\ntitle = \"What \\\"broke\\\" \\\\ at nine\"\ndate = 2026-11-03\ndraft = true\ntags = [\"C++\", \"a, b\"]\n+++\nJust a body\n"},
		{"empty front matter", "+++\n+++\n", "",
			"+++\ntitle = \"What \\\"broke\\\" \\\\ at nine\"\ndate = 2026-11-03\ndraft = true\ntags = [\"C++\", \"a, b\"]\n+++\n"},
		{"headings", "+++\ntitle = 'x'\nweight = 3\n+++\n\nBody\n", "headings",
			"# What \"broke\" \\\\ at nine\n#### 2026-11-03\n###### C++, a, b\n\nBody\n"},
	} {
		got, lost, err := Fill([]byte(c.archetype), n, Form(c.form))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if d := cmp.Diff(c.want, string(got)); d != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, d)
		}
		if want := c.form == "headings"; slices.Equal(lost, []string{"tag a, b", "weight"}) != want {
			t.Errorf("%s: lost %q", c.name, lost)
		}
	}
	if _, _, err := Fill([]byte("+++\ntitle = \n+++\n"), n, YAML); err == nil {
		t.Error("a broken archetype is no error")
	}
}

// FuzzFill wants a title and a tag back out of every form.
func FuzzFill(f *testing.F) {
	f.Add("What broke?", "go")
	f.Add("a: b # c \" ' \\", "[x]")
	f.Add("--- +++", "yes")
	f.Fuzz(func(t *testing.T, title, tag string) {
		if !utf8.ValidString(title) || !utf8.ValidString(tag) {
			return
		}
		for _, archetype := range []string{string(Default(true)), "---\ntitle: x\ntags: []\n---\nBody\n"} {
			for _, form := range []Form{"", YAML, TOML} {
				data, _, err := Fill([]byte(archetype), Note{Title: title, Tags: []string{tag}}, form)
				if err != nil {
					t.Fatalf("%q in %s: %v", title, form, err)
				}
				have, front, _ := split(data)
				m, err := decode(have, front)
				if err != nil {
					t.Fatal(err)
				}
				if tags, _ := m["tags"].([]any); m["title"] != title || len(tags) != 1 || tags[0] != tag {
					t.Errorf("%s: %q %q came back as %v", form, title, tag, m)
				}
			}
		}
	})
}

func TestTaken(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.md", "B.md", "_c.md", "d.de.md", "e/index.md"} {
		if err := Write(filepath.Join(dir, filepath.FromSlash(name)), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	for slug, taken := range map[string]bool{"a": true, "b": true, "c": true, "d": true, "e": true, "f": false, "aa": false} {
		if got := Taken(dir, slug) != ""; got != taken {
			t.Errorf("%s is taken: %v", slug, got)
		}
	}
	if got := Free(dir, "a"); got != "a-2" {
		t.Errorf("free is %q", got)
	}
	file := filepath.Join(dir, "a.md")
	if err := Write(file, []byte("y")); !errors.Is(err, ErrExists) {
		t.Errorf("writing over a file: %v", err)
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "x" {
		t.Errorf("the file is now %q, %v", data, err)
	}
}

func TestTags(t *testing.T) {
	known := []Tag{{"go", "Go", 3}, {"outages", "outages", 2}}
	slug := func(s string) string {
		if s == "golang" {
			return "go"
		}
		return strings.ToLower(s)
	}
	near := func(s string, all []string) string {
		if s == "outage" {
			return "outages"
		}
		return ""
	}
	tags, said := Tags([]string{" GO", "golang", "outage", "new  one", ""}, known, slug, near)
	if d := cmp.Diff([]string{"Go", "outage", "new one"}, tags); d != "" {
		t.Error(d)
	}
	want := []string{`the tag "GO" is written "Go" here`, `the tag "golang" is named twice`,
		`no post has the tag "outage" yet; 2 posts have "outages"`, `no post has the tag "new one" yet`}
	if d := cmp.Diff(want, said); d != "" {
		t.Error(d)
	}
}
