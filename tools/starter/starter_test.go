package starter

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"

	"duskpress/layouts"
	"duskpress/theme"
	"duskpress/tools/internal/sitetest"
)

// TestWhole holds what is part of the tool to what lies in the repository: a
// directory that is added to the theme has to be named there.
func TestWhole(t *testing.T) {
	root := sitetest.Root(t)
	for dir, have := range map[string]fs.FS{"theme": theme.Files, "layouts": layouts.Files} {
		var want []string
		err := filepath.WalkDir(filepath.Join(root, dir), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && name != filepath.Join(root, "theme", "images") {
				return err
			}
			if d.IsDir() {
				return fs.SkipDir // screenshots, for the README
			}
			if rel, err := filepath.Rel(filepath.Join(root, dir), name); err == nil && rel != "embed.go" {
				want = append(want, filepath.ToSlash(rel))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		_ = fs.WalkDir(have, ".", func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				got = append(got, name)
			}
			return err
		})
		slices.Sort(want)
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: (-repository +tool)\n%s", dir, d)
		}
	}
}

// TestConfig holds the configuration of new sites to the repository's own, but
// for what a site is called.
func TestConfig(t *testing.T) {
	read := func(data []byte) map[string]any {
		m := make(map[string]any)
		if err := toml.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		delete(m, "baseURL")
		delete(m, "title")
		delete(m["params"].(map[string]any), "description")
		return m
	}
	ours, err := os.ReadFile(filepath.Join(sitetest.Root(t), "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := site.ReadFile("site/config.toml")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(read(ours), read(theirs)); d != "" {
		t.Errorf("(-config.toml +tools/starter/site/config.toml)\n%s", d)
	}
	sub, err := fs.Sub(site, "site/config")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = fs.WalkDir(os.DirFS(filepath.Join(sitetest.Root(t), "config")), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		ours, err := os.ReadFile(filepath.Join(sitetest.Root(t), "config", filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		if theirs, err := fs.ReadFile(sub, name); err != nil || !bytes.Equal(ours, theirs) {
			t.Errorf("tools/starter/site/config/%s is not config/%[1]s: %v", name, err)
		}
		return nil
	})
	if err != nil || n == 0 {
		t.Errorf("config/: %d files, %v", n, err)
	}
}

func TestMake(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	o := Options{Dir: dir, Title: `My "notes"`, BaseURL: "https://me.example/", Description: "A \\ sentence.", Today: time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)}
	names, err := Make(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".gitignore", "config.toml", "netlify.toml", "content/posts/first.md", "theme/layouts/baseof.html", "layouts/_shortcodes/toc.html", "tools/probes/site.http"} {
		if !slices.Contains(names, name) {
			t.Errorf("no %s", name)
		}
	}
	config, err := os.ReadFile(filepath.Join(dir, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	m := make(map[string]any)
	if err := toml.Unmarshal(config, &m); err != nil {
		t.Fatal(err)
	}
	if m["title"] != o.Title || m["baseURL"] != o.BaseURL || m["params"].(map[string]any)["description"] != o.Description {
		t.Errorf("the configuration is\n%s", config)
	}
	first, _ := os.ReadFile(filepath.Join(dir, "content", "posts", "first.md"))
	if !bytes.Contains(first, []byte("\ndate = 2026-11-03\n")) {
		t.Errorf("the first note is\n%s", first)
	}
	if _, err := Make(o); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("a second time: %v", err)
	}
}
