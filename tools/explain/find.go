package explain

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"duskpress/tools/pipeline"
)

// A thing is what a question turned out to be about: one of the four.
type thing struct {
	content *pipeline.Content
	held    *pipeline.HeldPage
	file    string // absolute name of another source file
	output  string // path in the site
	notes   []string
}

// An Unknown is a question about nothing that is there.
type Unknown struct {
	Asked, Reason string
	Near          []string
}

func (u *Unknown) Error() string { return u.Reason }

// find tells what a path or address means: a file that is there, an output file,
// an address; in this order.
func (s *Site) find(asked, workDir string) (thing, error) {
	if strings.TrimSpace(asked) == "" {
		return thing{}, s.unknown(asked, "this names nothing")
	}
	if u, err := url.Parse(asked); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		if !s.addresses.local(u) {
			return thing{}, s.unknown(asked, fmt.Sprintf("%s is not on this site, which stands at %s", asked, s.addresses.of("index.html")))
		}
		return s.findAddress(asked, u)
	}
	name := filepath.FromSlash(asked)
	var tries []string
	if filepath.IsAbs(name) {
		tries = []string{name}
	} else {
		tries = []string{filepath.Join(workDir, name), filepath.Join(s.Settings.Source, name)}
	}
	for _, try := range tries {
		if to, ok := s.findFile(filepath.Clean(try)); ok {
			return to, nil
		}
	}
	if p := strings.TrimPrefix(path.Clean("/"+asked), "/"); !strings.HasSuffix(asked, "/") && s.addresses.has(p) {
		return thing{output: p}, nil
	}
	// What is published, or was, below public/.
	if p, ok := s.belowPublic(tries); ok && s.addresses.has(p) {
		return thing{output: p}, nil
	}
	// A content file that only a plugin, an archive or somebody's memory knows.
	for _, c := range s.contents() {
		if c.Path == path.Clean(asked) {
			return thing{content: c}, nil
		}
	}
	if u, err := url.Parse(asked); err == nil && u.Host == "" {
		if !strings.HasPrefix(u.Path, "/") {
			u.Path = "/" + u.Path
		}
		return s.findAddress(asked, u)
	}
	return thing{}, s.unknown(asked, "nothing of this name is there")
}

func (s *Site) contents() []*pipeline.Content {
	if s.Collection == nil {
		return nil
	}
	return s.Collection.Contents
}

// findFile is for a name on the disk.
func (s *Site) findFile(name string) (thing, bool) {
	info, err := os.Stat(name)
	if err != nil {
		return thing{}, false
	}
	if info.IsDir() {
		// The page of a directory of content.
		for _, c := range s.contents() {
			if filepath.Dir(c.Filename) == name && (strings.HasPrefix(c.Base(), "index.") || strings.HasPrefix(c.Base(), "_index.")) {
				return thing{content: c}, true
			}
		}
		return thing{}, false
	}
	if p, ok := s.belowPublic([]string{name}); ok {
		return thing{output: p}, true
	}
	for _, c := range s.contents() {
		if c.Filename == name {
			return thing{content: c}, true
		}
	}
	if rel, err := filepath.Rel(s.Settings.Source, name); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return thing{file: name}, true
	}
	// A theme or module may lie elsewhere; any other file is none of ours.
	if s.Engine.Role(name).Component != "" {
		return thing{file: name}, true
	}
	return thing{}, false
}

// belowPublic is the path in the site of a name below the destination.
func (s *Site) belowPublic(names []string) (string, bool) {
	for _, name := range names {
		rel, err := filepath.Rel(s.Public, name)
		if err == nil && rel != "." && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return filepath.ToSlash(rel), true
		}
	}
	return "", false
}

// findAddress looks for a file at an address, with and without the path of the
// site's base, and then for a content file that would have it.
func (s *Site) findAddress(asked string, u *url.URL) (thing, error) {
	if p := s.addresses.file(u); p != "" {
		return thing{output: p}, nil
	}
	if u.Host == "" {
		for _, b := range s.addresses.bases {
			inside := *u
			inside.Path = strings.TrimSuffix(b.url.Path, "/") + u.Path
			if p := s.addresses.file(&inside); p != "" {
				return thing{output: p}, nil
			}
		}
	}
	for _, c := range s.contents() {
		if s.wouldStandAt(c, u) {
			return thing{content: c, notes: []string{fmt.Sprintf("nothing is at %s; by its name or its front matter, %s would be", u.Path, c.Path)}}, nil
		}
	}
	for _, h := range s.heldPages() {
		if s.wouldStandAt(asContent(h), u) {
			return thing{held: &h}, nil
		}
	}
	if to := s.redirectFrom(u.Path); to != "" {
		return thing{}, s.unknown(asked, fmt.Sprintf("no file is at %s: a line of _redirects sends its readers to %s", u.Path, to))
	}
	return thing{}, s.unknown(asked, "no file of the site is at this path or address, and no source file has this name")
}

func (s *Site) heldPages() []pipeline.HeldPage {
	if s.Collection == nil {
		return nil
	}
	return s.Collection.HeldPages
}

// asContent is a page of an adapter as the content file that would make it.
func asContent(h pipeline.HeldPage) *pipeline.Content {
	return &pipeline.Content{Logical: h.Path + ".md", Language: h.Language, FrontMatter: map[string]any{"url": h.URL, "slug": h.Slug}}
}

// wouldStandAt reports whether a content file without a page would have an
// address: by its url, an alias, or its name and slug in its directory.
func (s *Site) wouldStandAt(c *pipeline.Content, u *url.URL) bool {
	want := strings.ToLower(strings.Trim(path.Clean("/"+u.Path), "/"))
	want = strings.TrimSuffix(strings.TrimSuffix(want, "/index.html"), ".html")
	for _, b := range s.addresses.bases {
		if rest, ok := strings.CutPrefix("/"+want, strings.ToLower(b.url.Path)); ok {
			want = strings.Trim(rest, "/")
			break
		}
	}
	if rest, ok := strings.CutPrefix(want, strings.ToLower(c.Language)+"/"); ok && want != "" {
		want = rest
	}
	if want == "" {
		return false
	}
	if v, _ := c.FrontMatter["url"].(string); v != "" && strings.ToLower(strings.Trim(v, "/")) == want {
		return true
	}
	dir, name := path.Split(strings.ToLower(strings.TrimPrefix(c.Logical, "/")))
	name, _, _ = strings.Cut(name, ".")
	if name == "index" || name == "_index" {
		dir, name = path.Split(strings.TrimSuffix(dir, "/"))
	}
	if v, _ := c.FrontMatter["slug"].(string); v != "" && dir+strings.ToLower(v) == want {
		return true
	}
	return dir+name == want
}

// unknown says so, with up to three things that may have been meant.
func (s *Site) unknown(asked, reason string) error {
	word := strings.Trim(asked, "/")
	absolute := false
	if u, err := url.Parse(asked); err == nil && u.Host != "" {
		word, absolute = strings.Trim(u.Path, "/"), true
	}
	var files, outputs, paths []string
	for _, c := range s.contents() {
		files = append(files, c.Path)
	}
	for file := range s.templates {
		files = append(files, file)
	}
	for file := range s.readers {
		files = append(files, file)
	}
	for _, file := range s.Account.Copied {
		files = append(files, file)
	}
	for _, f := range s.Files() {
		outputs = append(outputs, f.Path)
		if p := s.addresses.urlOf(f.Path).Path; f.MediaType == "text/html" {
			paths = append(paths, p)
		}
	}
	slices.Sort(files)
	files = slices.Compact(files)
	slices.Sort(paths)
	lists := [][]string{files, outputs, paths}
	if absolute || strings.HasPrefix(asked, "/") || strings.HasSuffix(asked, "/") {
		lists = [][]string{paths, outputs, files}
	}
	var near []string
	add := func(n string) {
		if n != "" && len(near) < 3 && !slices.Contains(near, n) {
			near = append(near, n)
		}
	}
	last := func(p string) string { return strings.ToLower(path.Base(strings.TrimSuffix(p, "/"))) }
	for _, list := range lists {
		trimmed := make(map[string]string, len(list))
		var keys, names []string
		byName := make(map[string]string)
		for _, p := range list {
			key := strings.Trim(p, "/")
			if key == "" {
				continue
			}
			trimmed[key] = p
			keys = append(keys, key)
			if _, ok := byName[last(p)]; !ok {
				byName[last(p)] = p
				names = append(names, last(p))
			}
		}
		if p, ok := byName[last(word)]; ok && last(word) != "index.html" {
			add(p)
		}
		add(trimmed[pipeline.Nearest(word, keys)])
		if n := last(word); len(n) > 3 {
			add(byName[pipeline.Nearest(n, names)])
		}
	}
	return &Unknown{Asked: asked, Reason: reason, Near: near}
}
