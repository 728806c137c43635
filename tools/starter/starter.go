// Package starter makes a new site: the theme, what content calls, a
// configuration, a first note.
//
// What enters: a directory that is not there or empty, and what the site is to
// be called. What leaves: files in it. It overwrites nothing, and needs neither
// a network nor a copy of the repository, since the files are part of the tool.
package starter

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"duskpress/layouts"
	"duskpress/theme"
	"duskpress/tools/note"
	"duskpress/tools/probes"
)

//go:embed all:site
var site embed.FS

// Options say what the new site is to be.
type Options struct {
	Dir string // absolute
	// Title, BaseURL and Description replace those of the configuration, unless
	// they are empty.
	Title, BaseURL, Description string
	// Today dates the first note.
	Today time.Time
	// Repository, unless empty, is a copy of the press with its tools: the new
	// site gets them too, and needs no installed tool.
	Repository string
}

// shape are the parts of a repository that a site of its own shape has, beside
// the site itself.
var shape = []string{"tools", "theme", "layouts", "go.mod", "go.sum", ".gitignore", "netlify.toml", "LICENSE", "README.md"}

// Make writes the site and returns its files, sorted.
func Make(o Options) ([]string, error) {
	if err := empty(o.Dir); err != nil {
		return nil, err
	}
	files := make(map[string][]byte)
	take := func(fsys fs.FS, to string) error {
		return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := fs.ReadFile(fsys, name)
			if err == nil {
				files[path.Join(to, name)] = data
			}
			return err
		})
	}
	base, err := fs.Sub(site, "site")
	if err != nil {
		return nil, err
	}
	if err := errors.Join(take(base, ""), take(theme.Files, "theme"), take(layouts.Files, "layouts"), take(probes.Files, "tools/probes")); err != nil {
		return nil, err
	}
	files[".gitignore"] = files["gitignore"] // under its own name it would ignore files here
	delete(files, "gitignore")
	files["config.toml"] = configure(files["config.toml"], o)
	files["content/_index.md"] = retitle(files["content/_index.md"], o)
	first := "content/posts/first.md"
	files[first] = bytes.Replace(files[first], []byte("2000-01-01"), []byte(o.Today.Format(time.DateOnly)), 1)
	if o.Repository != "" {
		for _, name := range shape {
			for have := range files {
				if have == name || strings.HasPrefix(have, name+"/") {
					delete(files, have)
				}
			}
		}
		files[first] = bytes.ReplaceAll(files[first], []byte("$ duskpress "), []byte("$ go run ./tools "))
		if err := copyShape(o.Repository, files); err != nil {
			return nil, err
		}
	}
	for name, data := range files {
		if strings.HasPrefix(name, "tools/probes/") && path.Ext(name) == ".http" {
			files[name] = aim(data, o.Repository == "")
		}
	}
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := note.Write(filepath.Join(o.Dir, filepath.FromSlash(name)), files[name]); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// empty refuses a directory in which something is, but for what begins with a
// dot, such as .git.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") || e.Name() == ".gitignore" {
			return fmt.Errorf("%s is not empty: it has %s", dir, e.Name())
		}
	}
	return nil
}

// IsRepository reports whether a directory holds the press and its tools.
func IsRepository(dir string) bool {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(dir, "tools", "main.go"))
	return err == nil && bytes.HasPrefix(data, []byte("module duskpress\n"))
}

func copyShape(root string, files map[string][]byte) error {
	for _, name := range shape {
		err := filepath.WalkDir(filepath.Join(root, name), func(file string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			rel, err := filepath.Rel(root, file)
			if err != nil {
				return err
			}
			data, err := os.ReadFile(file)
			if err == nil {
				files[filepath.ToSlash(rel)] = data
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("copying the press: %w", err)
		}
	}
	return nil
}

// configure puts what the site is called into its configuration, in place of
// the lines that say it.
func configure(config []byte, o Options) []byte {
	for _, f := range []struct{ line, value string }{
		{"baseURL = ", o.BaseURL}, {"title = ", o.Title}, {"  description = ", o.Description},
	} {
		if f.value == "" {
			continue
		}
		lines := bytes.Split(config, []byte("\n"))
		for i, line := range lines {
			if bytes.HasPrefix(line, []byte(f.line)) {
				lines[i] = []byte(f.line + note.Quote(f.value))
				break
			}
		}
		config = bytes.Join(lines, []byte("\n"))
	}
	return config
}

// aim points requests at what a new site has.
func aim(requests []byte, installed bool) []byte {
	words := []string{"/posts/idempotency-keys/", "/posts/first/", "/tags/go/", "/tags/writing/"}
	if installed {
		words = append(words, "go run ./tools ", "duskpress ")
	}
	return []byte(strings.NewReplacer(words...).Replace(string(requests)))
}

// retitle does the same for the home page.
func retitle(home []byte, o Options) []byte {
	_, _, text := note.Split(home)
	title, description := "Notes", strings.TrimSpace(string(text))
	if o.Title != "" {
		title = o.Title
	}
	if o.Description != "" {
		description = o.Description
	}
	front, err := note.Front(note.TOML, []note.Field{{Key: "title", Value: title}, {Key: "description", Value: description}})
	if err != nil {
		return home
	}
	return note.Join(note.TOML, front, []byte("\n"+description+"\n"))
}
