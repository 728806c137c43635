package codetext

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"duskpress/tools/internal/sitetest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	sitetest.Clean()
	os.Exit(code)
}

// number reads an environment variable.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// Without attributes of blocks, which are no part of CommonMark.
const config = `baseURL = "https://duskpress.example/"
title = "Code"
locale = "en"
disableKinds = ["home", "section", "rss", "sitemap", "robotsTXT", "404", "taxonomy", "term"]
[taxonomies]
  tag = "tags"
[params.duskpress]
`

var sites = map[string]string{
	"classes":  config + "[markup.highlight]\n  noClasses = false\n",
	"defaults": config,
}

// TestCode builds posts of generated code and compares the text of each code
// and pre element with its node.
//
// The number of posts is DUSKPRESS_CODE_POSTS, and DUSKPRESS_CODE_SEED repeats
// a run, or makes another one.
func TestCode(t *testing.T) {
	count := int(number(t, "DUSKPRESS_CODE_POSTS", 150))
	seed := number(t, "DUSKPRESS_CODE_SEED", 1)
	t.Logf("DUSKPRESS_CODE_POSTS=%d DUSKPRESS_CODE_SEED=%d", count, seed)
	posts := make([]Post, count)
	for i := range posts {
		posts[i] = Generate(seed, i)
	}
	sitetest.Tool(t)
	for name, config := range sites {
		for _, minify := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/minify=%v", name, minify), func(t *testing.T) {
				t.Parallel()
				testSite(t, config, posts, minify)
			})
		}
	}
}

func testSite(t *testing.T, config string, posts []Post, minify bool) {
	dir := t.TempDir()
	sitetest.Write(t, filepath.Join(dir, "config.toml"), config)
	sitetest.Write(t, filepath.Join(dir, "layouts", "page.html"),
		"<!doctype html>\n<html lang=\"en\">\n<head>\n<title>{{ .Title }}</title>\n</head>\n<body>\n<main>\n{{ .Content }}\n</main>\n</body>\n</html>\n")
	for i, post := range posts {
		sitetest.Write(t, filepath.Join(dir, "content", "posts", fmt.Sprintf("%d.md", i)), post.Source())
	}
	sitetest.MustBuild(t, dir, "--no-color", fmt.Sprintf("--minify=%v", minify))
	shown := 0
	for i, post := range posts {
		page, err := os.ReadFile(filepath.Join(dir, "public", "posts", strconv.Itoa(i), "index.html"))
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := Published(string(page))
		if err != nil {
			t.Fatal(err)
		}
		if d := compare(Expected(post.Body), got); d != "" {
			if shown++; shown > 5 {
				t.Fatal("and more")
			}
			t.Errorf("post %d: %s\nsource %q\npage %s", i, d, post.Source(), page)
		}
	}
}

// compare describes the first difference.
func compare(want, got []Element) string {
	for i := range min(len(want), len(got)) {
		wanted, text := want[i].Text, got[i].Text
		if want[i].Name != got[i].Name || wanted != text {
			return fmt.Sprintf("element %d:\nwant %s %q\n got %s %q", i, want[i].Name, wanted, got[i].Name, text)
		}
	}
	if len(want) != len(got) {
		return fmt.Sprintf("want %d elements, got %d:\n%s", len(want), len(got),
			cmp.Diff(want, got, cmpopts.IgnoreFields(Element{}, "Fenced")))
	}
	return ""
}

// TestCompare plants faults.
func TestCompare(t *testing.T) {
	const source = "A `two  spaces` and ``a ` tick``\n\n```go {linenos=table}\nx  y\n```\n\n    in  dented\n"
	const page = `<p>A <code>two  spaces</code> and <code>a ` + "`" + ` tick</code></p>
<div class=highlight><table><tr><td class=lntd><pre><code><span class=lnt>1
</span></code></pre></td><td class=lntd><pre><code><span class=n>x</span>  y
</code></pre></td></tr></table></div><pre><code>in  dented
</code></pre>`
	got, err := Published(page)
	if err != nil {
		t.Fatal(err)
	}
	if d := compare(Expected(source), got); d != "" {
		t.Errorf("without a fault: %s", d)
	}
	for _, fault := range [][2]string{
		{"two  spaces", "two spaces"},
		{"two  spaces", "two  spaces "},
		{"</span>  y", "</span> y"},
		{"  y\n", "  y"},
		{"  y\n", "  y\n\n"},
		{"in  dented\n", "in  dented"},
		{"<pre><code>in  dented\n</code></pre>", "<pre>in  dented\n</pre>"},
		{"<code>two  spaces</code>", "two  spaces"},
		{"and <code>", "and <code>x</code> <code>"},
	} {
		if !strings.Contains(page, fault[0]) {
			t.Fatalf("no %q to plant a fault in", fault[0])
		}
		faulty := strings.Replace(page, fault[0], fault[1], 1)
		got, err := Published(faulty)
		if err != nil {
			t.Fatal(err)
		}
		if compare(Expected(source), got) == "" {
			t.Errorf("%q for %q is not seen", fault[1], fault[0])
		}
	}
}

// TestGenerate checks that a seed gives the same posts again, and that these
// have what they are for.
func TestGenerate(t *testing.T) {
	seen := map[string]int{}
	for i := range 200 {
		post := Generate(1, i)
		if again := Generate(1, i); again != post {
			t.Fatalf("post %d is not the same twice", i)
		}
		for _, e := range Expected(post.Body) {
			count := func(what string, yes bool) {
				if yes {
					seen[what]++
				}
			}
			count("fenced", e.Fenced)
			count("empty fence", e.Fenced && e.Text == "")
			count("blank lines at the end of a fence", e.Fenced && strings.HasSuffix(e.Text, "\n\n"))
			count("CRLF", strings.Contains(post.Body, "\r\n"))
			count("indented", e.Name == "pre" && !e.Fenced)
			count("span", e.Name == "code" && !strings.HasSuffix(e.Text, "\n"))
			for _, text := range []string{"  ", "\t", "`", "``", "<", "&amp;", "\"", "'", "</code></pre>", "{{", "\u200b", "日本語", " \n", "\n\n", "|"} {
				count(text, strings.Contains(e.Text, text))
			}
			count("space at the start", strings.HasPrefix(e.Text, " "))
			count("space at the end", strings.HasSuffix(e.Text, " "))
			count("long line", len(e.Text) > 2000)
		}
		for _, part := range []string{"linenos=table", "linenos=inline", "hl_lines", "nosuchlanguage", "\n> ", "| ", "[x] ", "+++", "{\n", "######"} {
			seen[part] += strings.Count(post.Source(), part)
		}
	}
	for what, n := range seen {
		if n < 5 {
			t.Errorf("%q comes %d times", what, n)
		}
	}
}
