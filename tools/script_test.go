package main

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/testscript"
)

// leastSite is a site that builds: a configuration in the duskpress profile and
// a template for each kind of page.
var leastSite = map[string]string{
	"config.toml": `baseURL = "https://example.org/"
title = "Least"
disableKinds = ["rss"]
capitalizeListTitles = false
[taxonomies]
tag = "tags"
[params.duskpress.plugins.posts]
disabled = true
`,
	"layouts/baseof.html": `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ .Title }}</title></head><body>{{ block "main" . }}{{ end }}</body></html>
`,
	"layouts/home.html":     `{{ define "main" }}<h1>{{ .Title }}</h1>{{ range .Site.RegularPages }}<a href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}{{ end }}` + "\n",
	"layouts/page.html":     `{{ define "main" }}<h1>{{ .Title }}</h1>{{ range .GetTerms "tags" }}<a rel="tag" href="{{ .RelPermalink }}">{{ .LinkTitle }}</a>{{ end }}<nav>{{ .TableOfContents }}</nav><article>{{ .Content }}</article>{{ end }}` + "\n",
	"layouts/section.html":  `{{ define "main" }}<h1>{{ .Title }}</h1>{{ end }}` + "\n",
	"layouts/taxonomy.html": `{{ define "main" }}<h1>{{ .Title }}</h1>{{ range .Pages }}<a href="{{ .RelPermalink }}">{{ .LinkTitle }}</a>{{ end }}{{ end }}` + "\n",
	"layouts/term.html":     `{{ define "main" }}<h1>{{ .Title }}</h1>{{ range .Pages }}<a href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}{{ end }}` + "\n",
	"layouts/404.html":      `{{ define "main" }}<h1>Not found</h1>{{ end }}` + "\n",
}

// cmdSite writes the least site; files that a script brings along win.
func cmdSite(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: site")
	}
	for name, data := range leastSite {
		file := ts.MkAbs(name)
		if _, err := os.Stat(file); err == nil {
			continue
		}
		ts.Check(os.MkdirAll(filepath.Dir(file), 0o777))
		ts.Check(os.WriteFile(file, []byte(data), 0o666))
	}
}

// cmdRepo copies a folder or file of the repository's site.
func cmdRepo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: repo name...")
	}
	for _, name := range args {
		from := filepath.Join(ts.Getenv("REPO"), name)
		to := ts.MkAbs(name)
		info, err := os.Stat(from)
		ts.Check(err)
		if info.IsDir() {
			ts.Check(os.CopyFS(to, os.DirFS(from)))
			continue
		}
		data, err := os.ReadFile(from)
		ts.Check(err)
		ts.Check(os.WriteFile(to, data, 0o666))
	}
}

// cmdSnapshot remembers a directory's files under a name; cmdSame compares
// with it. `! same` wants a difference.
func cmdSnapshot(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: snapshot dir name")
	}
	to := ts.MkAbs(filepath.Join(".snapshots", args[1]))
	ts.Check(os.RemoveAll(to))
	ts.Check(os.CopyFS(to, os.DirFS(ts.MkAbs(args[0]))))
}

func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] same dir name")
	}
	a, err := readTree(ts.MkAbs(args[0]))
	ts.Check(err)
	b, err := readTree(ts.MkAbs(filepath.Join(".snapshots", args[1])))
	ts.Check(err)
	if equal := maps.Equal(a, b); equal == neg {
		ts.Fatalf("same %s %s is %v: %v and %v", args[0], args[1], equal, slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b)))
	}
}

func readTree(dir string) (map[string]string, error) {
	tree := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		tree[path[len(dir):]] = string(data)
		return err
	})
	return tree, err
}

// cmdDamage cuts every file of a directory short.
func cmdDamage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: damage DIR")
	}
	dir := ts.MkAbs(args[0])
	list, err := os.ReadDir(dir)
	ts.Check(err)
	if len(list) == 0 {
		ts.Fatalf("%s is empty", args[0])
	}
	for _, d := range list {
		info, err := d.Info()
		ts.Check(err)
		ts.Check(os.Truncate(filepath.Join(dir, d.Name()), info.Size()/2))
	}
}
