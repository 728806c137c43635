package codetext

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

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

const config = `baseURL = "https://duskpress.example/"
title = "Code"
locale = "en"
disableKinds = ["home", "section", "rss", "sitemap", "robotsTXT", "404", "taxonomy", "term"]
[taxonomies]
  tag = "tags"
[markup.goldmark.parser.attribute]
  block = true
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
// a run.
func TestCode(t *testing.T) {
	count := int(number(t, "DUSKPRESS_CODE_POSTS", 150))
	seed := number(t, "DUSKPRESS_CODE_SEED", uint64(time.Now().UnixNano()))
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
//
// It is strict but in one thing: Hugo cuts all line ends at the end of a
// fenced block before any hook or highlighter sees it, and its highlighter
// puts one back unless nothing is left. So blank lines, without a space in
// them, at the end of a fence do not count. All else does, in blocks that are
// indented these lines too.
func compare(want, got []Element) string {
	for i := range min(len(want), len(got)) {
		text := want[i].Text
		if want[i].Fenced {
			if text = strings.TrimRight(text, "\n"); text != "" {
				text += "\n"
			}
		}
		if want[i].Name != got[i].Name || text != got[i].Text {
			return fmt.Sprintf("element %d:\nwant %s %q\n got %s %q", i, want[i].Name, text, got[i].Name, got[i].Text)
		}
	}
	if len(want) != len(got) {
		return fmt.Sprintf("want %d elements, got %d:\n%s", len(want), len(got), cmp.Diff(want, got, cmpopts.IgnoreFields(Element{}, "Fenced")))
	}
	return ""
}
