package convert

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"duskpress/tools/note"
)

func TestShift(t *testing.T) {
	for _, c := range []struct {
		in, want string
		by, line int
	}{
		{"#### A\ntext\n##### B #####\n", "## A\ntext\n### B #####\n", -2, 0},
		{"A\n=\n\nB *x*\n---\n", "A\n-\n\n### B *x*\n", 1, 0},
		{"B\n---\n# C", "B\n===\n# C", -1, 0},
		{"text\n\n    # code\n\n`# x`\n\n```\n# y\n```\n\n## real\n", "text\n\n    # code\n\n`# x`\n\n```\n# y\n```\n\n### real\n", 1, 0},
		{"> 1. ## deep\n", "> 1. ### deep\n", 1, 0},
		{"###### six\n", "###### six\n", 1, 0},
		{"# x\n\ntwo\nlines\n---\n", "", 1, 3},
		{"a\n\n##\n", "", 1, 3},
		{"# A {#id .c}\n", "## A {#id .c}\n", 1, 0},
		{"# A\r\n\r\nB\r\n===\r\n", "## A\r\n\r\nB\r\n---\r\n", 1, 0},
	} {
		got, line := shift([]byte(c.in), c.by)
		if line != c.line || line == 0 && string(got) != c.want {
			t.Errorf("shift(%q, %d) = %q at line %d, want %q at line %d", c.in, c.by, got, line, c.want, c.line)
		}
	}
}

// FuzzShift wants headings to move there and back without another change of the
// document, or an honest refusal.
func FuzzShift(f *testing.F) {
	f.Add("## A\n\nB\n===\n\n> ### C ##\n", 1)
	f.Add("- # x\n  y\n  ---\n", -1)
	f.Fuzz(func(t *testing.T, body string, by int) {
		if by < -5 || by > 5 {
			return
		}
		got, line := shift([]byte(body), by)
		if line == 0 && outline([]byte(body), by) != outline(got, 0) {
			t.Errorf("%q moved by %d is %q", body, by, got)
		}
		if line < 0 || line > 1+strings.Count(body, "\n") {
			t.Errorf("%q: line %d", body, line)
		}
	})
}

func liquidOf(text string) (string, []string) {
	w := &work{plan: &Plan{}, Options: Options{Name: func(s string) string { return s }}}
	s := &source{file: "x.md", text: []byte(text), line: 1, fields: &fields{}}
	s.fields.set("title", "T")
	out := w.liquid(s, true)
	var said []string
	for _, p := range w.plan.Problems {
		said = append(said, p.Position()+" "+p.Message)
	}
	return string(out), said
}

func TestLiquid(t *testing.T) {
	for _, c := range []struct{ in, want, said string }{
		{"a {% raw %}{{ x }}{% endraw %} b", "a {{ x }} b", ""},
		{"{%- raw -%}{% if %}{%- endraw -%}", "{% if %}", ""},
		{"{% highlight go %}\nx\n{% endhighlight %}\n", "```go\nx\n```\n", ""},
		{"see {% highlight go hl_lines=\"1 3\" %}x{% endhighlight %} there", "see \n\n```go {hl_lines=[\"1\", \"3\"]}\nx\n```\n\n there", ""},
		{"{{ site.baseurl }}/x and {{ '/y' | prepend: site.baseurl | prepend: site.url }}", "/x and /y", ""},
		{"{{ page.title }}", "T", ""},
		{"{{< figure >}}", "{{</* figure */>}}", ""},
		{"x\n{% include a.html b=\"c\" %}", "x\n{% include a.html b=\"c\" %}", "x.md:2 {% include a.html b=\"c\" %} has no counterpart, and stays as it is"},
		{"x\n\n{% raw %} never closed", "x\n\n never closed", "x.md:3 nothing closes {% raw %}"},
		{"{% assign a = 1 %}{{ a }}", "{% assign a = 1 %}{{ a }}", "x.md:1 {% assign a = 1 %} has no counterpart, and stays as it is|x.md:1 {{ a }} has no counterpart, and stays as it is"},
	} {
		got, said := liquidOf(c.in)
		if got != c.want || strings.Join(said, "|") != c.said {
			t.Errorf("%q\n got %q\nwant %q\nsaid %q", c.in, got, c.want, said)
		}
	}
}

// FuzzLiquid wants a text without marks back as it was, and no crash.
func FuzzLiquid(f *testing.F) {
	f.Add("{% highlight x %}{% raw %}{{ y }}{% endraw %}{% endhighlight %} z")
	f.Add("{% post_url 2020-01-01-x %} {{ 'a' | relative_url }} {{<x>}}")
	f.Add("{%raw%}{%raw%}{%endraw%}")
	f.Fuzz(func(t *testing.T, text string) {
		got, _ := liquidOf(text)
		if !strings.Contains(text, "{%") && !strings.Contains(text, "{{") && got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}

func TestPermalink(t *testing.T) {
	day := time.Date(2015, 2, 3, 4, 5, 6, 0, time.UTC)
	for pattern, want := range map[string]string{
		"date":                        "/a/b%20c/2015/02/03/x-y.html",
		"pretty":                      "/a/b%20c/2015/02/03/x-y/",
		"ordinal":                     "/a/b%20c/2015/034/x-y.html",
		"none":                        "/a/b%20c/x-y.html",
		"/blog/:year/:i_month/:title": "/blog/2015/2/x-y",
		"/:short_year:hour/:slug/":    "/1504/x-y/",
		"/fixed/":                     "/fixed/",
	} {
		if got := permalink(pattern, "x-y", []string{"A", "b c"}, day); got != want {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	if d := cmp.Diff([]string{"a", "b", "c d", "e", "3"}, words("a b", "c d, e", 3, nil)); d != "" {
		t.Error(d)
	}
}

// TestWrite plants what can happen between reading and writing.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	put := func(name, data string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(data), 0o640); err != nil {
			t.Fatal(err)
		}
		return file
	}
	read := func(file string) string {
		data, err := os.ReadFile(file)
		if err != nil {
			return err.Error()
		}
		return string(data)
	}
	a := put("a.md", "edited since")
	if err := (&Change{From: a, To: a, Old: []byte("old"), New: []byte("new")}).Write(); err == nil || read(a) != "edited since" {
		t.Errorf("a file that was edited: %v, %q", err, read(a))
	}
	b := put("_b.md", "edited since")
	to := filepath.Join(dir, "b.md")
	if err := (&Change{From: b, To: to, Old: []byte("old"), New: []byte("new"), Replaces: true}).Write(); err == nil || read(b) != "edited since" {
		t.Errorf("a draft that was edited: %v, %q", err, read(b))
	}
	c := put("c.md", "another's")
	if err := (&Change{From: a, To: c, Old: []byte("edited since"), New: []byte("new")}).Write(); err == nil || read(c) != "another's" {
		t.Errorf("a file in the way: %v, %q", err, read(c))
	}
	good := &Change{From: a, To: a, Old: []byte("edited since"), New: []byte("new")}
	if err := good.Write(); err != nil || read(a) != "new" {
		t.Errorf("%v, %q", err, read(a))
	}
	if info, err := os.Stat(a); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".import-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestLocal keeps what lies outside of the folder from being published.
func TestLocal(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "notes")
	for _, name := range []string{"secret.txt", "notes/in.png", "notes/sub/deep.png"} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "secret.txt"), filepath.Join(root, "link.txt")); err != nil {
		t.Log("no symbolic links here:", err)
	}
	w := &work{root: root, config: jekyllConfig{BaseURL: "/blog"}}
	s := &source{file: filepath.Join(root, "sub", "post.md")}
	for dest, want := range map[string]bool{
		"deep.png": true, "../in.png": true, "/in.png": true, "/blog/in.png": true, "deep.png#x": true,
		"../../secret.txt": false, "/../secret.txt": false, "../link.txt": false, "sub": false, "..": false,
		"https://example.org/deep.png": false, "//example.org/deep.png": false, "": false, "gone.png": false,
	} {
		if got := w.local(s, dest) != ""; got != want {
			t.Errorf("%q is a file of the folder: %v", dest, got)
		}
	}
}

// FuzzPlain wants every byte of a text back where there is nothing to convert,
// and nothing to do in a second run.
func FuzzPlain(f *testing.F) {
	f.Add("Text.\n\n## Part\n\n- a\n    - b\n\n```go\n# x\n```\n")
	f.Add("    code\n\nline  \nline\\\n<b>x</b> [[wiki]] &amp; {{< x >}} {% raw %}\n\n\n")
	f.Add("+++\n")
	f.Fuzz(func(t *testing.T, body string) {
		if strings.ContainsAny(body, "]\r\x00") || !utf8.ValidString(body) || strings.Trim(body, "\n") == "" {
			return
		}
		body = strings.TrimLeft(body, "\n")
		if first, _, _ := strings.Cut(body, "\n"); strings.HasPrefix(strings.TrimLeft(first, " "), "#") || shallowest([]byte(body)) == 1 || shallowest([]byte("x\n\n"+body)) == 1 {
			return // more metadata, or more titles
		}
		dir := t.TempDir()
		from := filepath.Join(dir, "notes")
		if err := note.Write(filepath.Join(from, "2020-01-02-a.md"), []byte("# T\n\n"+body)); err != nil {
			t.Fatal(err)
		}
		o := Options{Path: from, Content: filepath.Join(dir, "content"), To: "posts", Headings: func([]byte) *Headings { return nil }, Name: func(s string) string { return s }}
		plan, err := Make(o)
		if err != nil || len(plan.Open()) != 1 {
			t.Fatalf("%q: %v, %d changes", body, err, len(plan.Changes))
		}
		want := "+++\ntitle = \"T\"\ndate = 2020-01-02\n+++\n\n" + body
		if got := string(plan.Changes[0].New); got != want {
			t.Errorf("%q became %q", body, got)
		}
		if err := plan.Changes[0].Write(); err != nil {
			t.Fatal(err)
		}
		if again, err := Make(o); err != nil || len(again.Open()) != 0 {
			t.Errorf("%q: a second run: %v, %d changes", body, err, len(again.Open()))
		}
	})
}
