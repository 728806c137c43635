// Package origin finds where in the sources of a site something stands that was
// seen in its finished pages, such as the address of a link.
//
// What enters: a text and the content file that a page was made of, if any.
// What leaves: files, lines and columns. Content files are looked through first,
// then templates, configuration, data and assets. It is for sites with which
// something is wrong: sources are read when they are first asked for. It never
// decides what is wrong, and looks into nothing outside the site's directory.
package origin

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"duskpress/tools/pipeline"
	"duskpress/tools/sourcemap"
)

// A Place is one in a source file, which is named as in messages.
type Place struct {
	File string
	pipeline.Place
}

// A Finder looks through the sources of one site.
type Finder struct {
	source   string
	contents []*pipeline.Content
	roots    []string
	maps     map[*pipeline.Content]*sourcemap.Map
	heads    map[*pipeline.Content][]byte // front matter
	others   []source
	read     bool
}

type source struct {
	name string
	data []byte
}

// New makes a finder; nothing is read yet.
func New(s *pipeline.Site) *Finder {
	f := &Finder{source: s.Source, maps: make(map[*pipeline.Content]*sourcemap.Map), heads: make(map[*pipeline.Content][]byte)}
	if s.Collection != nil {
		f.contents = slices.Concat(s.Collection.Contents, s.Collection.Adapters)
	}
	for _, l := range s.Languages {
		f.roots = append(f.roots, l.ContentRoots...)
	}
	return f
}

func (f *Finder) of(c *pipeline.Content) *sourcemap.Map {
	if m, ok := f.maps[c]; ok {
		return m
	}
	src, err := c.Read()
	if err != nil {
		src = nil
	}
	m := sourcemap.New(src, c.BodyLine)
	f.maps[c] = m
	for range c.BodyLine - 1 {
		i := bytes.IndexByte(src[len(f.heads[c]):], '\n')
		if i < 0 {
			break
		}
		f.heads[c] = src[:len(f.heads[c])+i+1]
	}
	return m
}

// Content returns where an address stands in a content file: the first of its
// spellings that is there, in a link or picture, in a shortcode or raw HTML, or
// in front matter. An ending is one with which an address may end that a
// template has made of a relative one.
func (f *Finder) Content(c *pipeline.Content, image bool, spellings, endings []string) []Place {
	if c == nil {
		return nil
	}
	m := f.of(c)
	for _, s := range spellings {
		look := m.Link
		if image {
			look = m.Image
		}
		if at := look(s); len(at) > 0 {
			return places(c.Path, at)
		}
	}
	for _, s := range spellings {
		if at := whole(f.heads[c], s); len(at) > 0 && len(s) > 2 {
			return []Place{{c.Path, pipeline.PlaceAt(f.heads[c], at[0])}}
		}
	}
	for _, e := range endings {
		if at := m.Ending(e); len(at) > 0 {
			return places(c.Path, at)
		}
	}
	return nil
}

// Contents returns the first places of an address in any content file.
func (f *Finder) Contents(spelling string) []Place {
	if len(spelling) < 3 {
		return nil
	}
	for _, c := range f.contents {
		src, err := c.Read()
		if err != nil || !bytes.Contains(src, []byte(spelling)) {
			continue
		}
		m := f.of(c)
		at := m.Link(spelling)
		if len(at) == 0 {
			at = m.Image(spelling)
		}
		if len(at) > 0 {
			return places(c.Path, at)
		}
	}
	return nil
}

// Source returns the first place of an address in what is no content: the
// site's own templates first, then its configuration and data, then themes. An
// extension, unless empty, is that of the only files that count.
func (f *Finder) Source(ext string, spellings ...string) (Place, bool) {
	f.load()
	for _, s := range spellings {
		if len(s) < 3 {
			continue
		}
		for _, src := range f.others {
			if ext != "" && path.Ext(src.name) != ext {
				continue
			}
			if at := whole(src.data, s); len(at) > 0 {
				return Place{src.name, pipeline.PlaceAt(src.data, at[0])}, true
			}
		}
	}
	return Place{}, false
}

// Sources returns the places of texts in what is no content, in the order of
// Source. What follows each is in Line.
func (f *Finder) Sources(ext string, spellings ...string) []Place {
	f.load()
	var list []Place
	for _, s := range spellings {
		for _, src := range f.others {
			if ext != "" && path.Ext(src.name) != ext {
				continue
			}
			for _, at := range whole(src.data, s) {
				list = append(list, Place{src.name, pipeline.PlaceAt(src.data, at)})
			}
		}
	}
	return list
}

// File returns the places of a text in one source file.
func (f *Finder) File(name, s string) []Place {
	data, err := os.ReadFile(filepath.Join(f.source, filepath.FromSlash(name)))
	if err != nil || s == "" {
		return nil
	}
	var list []Place
	for _, at := range whole(data, s) {
		list = append(list, Place{name, pipeline.PlaceAt(data, at)})
	}
	return list
}

// Limits of what is looked through.
const (
	mostFiles = 5000
	largest   = 1 << 20
)

var (
	readable = map[string]bool{".html": true, ".xml": true, ".json": true, ".toml": true, ".yaml": true, ".yml": true, ".txt": true,
		".css": true, ".scss": true, ".sass": true, ".js": true, ".ts": true, ".svg": true, ".webmanifest": true, ".csv": true, ".htm": true}
	skipped = map[string]bool{"node_modules": true, "public": true, "resources": true, "static": true}
)

func (f *Finder) load() {
	if f.read {
		return
	}
	f.read = true
	// What cannot be read has no place; the build has read what it needs.
	_ = filepath.WalkDir(f.source, func(name string, d fs.DirEntry, err error) error {
		if err != nil || len(f.others) >= mostFiles {
			return fs.SkipDir
		}
		if d.IsDir() {
			base := d.Name()
			if name == f.source {
				return nil
			}
			if strings.HasPrefix(base, ".") || skipped[base] || slices.Contains(f.roots, name) {
				return fs.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, ".duskpress")); err == nil {
				return fs.SkipDir // a published site
			}
			return nil
		}
		if !d.Type().IsRegular() || !readable[strings.ToLower(filepath.Ext(name))] {
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() > largest {
			return nil
		}
		rel, err := filepath.Rel(f.source, name)
		if err != nil {
			return nil
		}
		if data, err := os.ReadFile(name); err == nil {
			f.others = append(f.others, source{filepath.ToSlash(rel), data})
		}
		return nil
	})
	slices.SortStableFunc(f.others, func(a, b source) int { return rank(a.name) - rank(b.name) })
}

// rank orders sources by how likely an author is to have written there.
func rank(name string) int {
	first, _, deep := strings.Cut(name, "/")
	switch {
	case first == "layouts":
		return 0
	case !deep, first == "config":
		return 1
	case first == "data", first == "i18n", first == "assets":
		return 2
	case strings.Contains(name, "/layouts/"):
		return 3
	case path.Ext(name) == ".html":
		return 4
	}
	return 5
}

func places(file string, at []sourcemap.Place) []Place {
	var list []Place
	for _, p := range at {
		list = append(list, Place{file, pipeline.Place(p)})
	}
	return list
}

// whole are the offsets of a text where it is no part of a longer address.
func whole(data []byte, s string) []int {
	if s == "" {
		return nil
	}
	var at []int
	for off := 0; ; {
		i := bytes.Index(data[off:], []byte(s))
		if i < 0 {
			return at
		}
		begin, end := off+i, off+i+len(s)
		off = end
		if begin > 0 && address(data[begin-1]) && address(s[0]) || end < len(data) && address(data[end]) && address(s[len(s)-1]) {
			continue
		}
		at = append(at, begin)
	}
}

func address(c byte) bool {
	return strings.IndexByte("/-_%#.?&", c) >= 0 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

// Line is what stands at a place, to the end of its line.
func (f *Finder) Line(p Place) string {
	var data []byte
	for c, m := range f.maps {
		if c.Path == p.File {
			return m.Rest(sourcemap.Place(p.Place))
		}
	}
	for _, s := range f.others {
		if s.name == p.File {
			data = s.data
		}
	}
	lines := bytes.Split(data, []byte("\n"))
	if p.Line < 1 || p.Line > len(lines) {
		return ""
	}
	line := []rune(string(lines[p.Line-1]))
	return string(line[min(max(p.Column-1, 0), len(line)):])
}
