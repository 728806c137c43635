package explain

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"duskpress/tools/headers"
	"duskpress/tools/pipeline"
	"duskpress/tools/sourcemap"
)

// Links are the ways to a thing.
type Links struct {
	// Content are the links that authors wrote, each at its place.
	Content []Place `json:"content"`
	// Pages link to it through their templates.
	Pages []string `json:"pages"`
	// Redirects lead to it: pages of aliases, and lines of _redirects.
	Redirects []string `json:"redirects"`
	// Named are feeds, sitemaps and style sheets that have its address.
	Named []string `json:"named"`
	// Unknown says why something of this is not known.
	Unknown string `json:"unknown,omitempty"`
}

// A Place of a link in a content file, and the page on which it shows.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"col,omitempty"`
	Page   string `json:"page"`
}

// A reference is what leads to one file of the site, as the files that are
// there have it.
type reference struct {
	from *pipeline.File
	// addresses are those that stand in a page; none where the file redirects or
	// only names the address.
	addresses []string
	redirect  string // what to call it
}

// linkIndex has the references to each file of the site. It is made once.
type linkIndex struct {
	to     map[string][]*reference
	parsed bool // some page was
}

func (s *Site) linkIndex() *linkIndex {
	if s.links != nil {
		return s.links
	}
	x := &linkIndex{to: make(map[string][]*reference)}
	s.links = x
	for _, f := range s.Files() {
		switch {
		case f.Facts != nil && f.Facts.Refresh != "":
			x.parsed = true
			if to := s.addresses.resolve(s.addresses.urlOf(f.Path), f.Facts.Refresh); to != "" && to != f.Path {
				x.to[to] = append(x.to[to], &reference{from: f, redirect: f.Path})
			}
		case f.Facts != nil:
			x.parsed = true
			x.page(s, f)
		case f.Path == headers.RedirectsFile:
			x.redirects(s, f)
		case namesAddresses(f):
			x.list(s, f)
		}
	}
	return x
}

// page adds the links of one page.
func (x *linkIndex) page(s *Site, f *pipeline.File) {
	at := s.addresses.urlOf(f.Path)
	seen := make(map[string]bool)
	found := make(map[string]*reference)
	for _, link := range f.Facts.Links {
		if seen[link.URL] {
			continue
		}
		seen[link.URL] = true
		to := s.addresses.resolve(at, link.URL)
		if to == "" {
			continue
		}
		if found[to] == nil {
			found[to] = &reference{from: f}
			x.to[to] = append(x.to[to], found[to])
		}
		found[to].addresses = append(found[to].addresses, link.URL)
	}
}

// redirects adds the lines of _redirects.
func (x *linkIndex) redirects(s *Site, f *pipeline.File) {
	data, err := s.Read(f.Path)
	if err != nil {
		return
	}
	list, _ := headers.ParseRedirects(data)
	for _, r := range list {
		if to := s.addresses.resolve(s.addresses.urlOf("index.html"), r.To); to != "" {
			x.to[to] = append(x.to[to], &reference{from: f, redirect: f.Path + ": " + r.From})
		}
	}
}

// list adds what a feed, a sitemap, a style sheet or another list names.
func (x *linkIndex) list(s *Site, f *pipeline.File) {
	data, err := s.Read(f.Path)
	if err != nil {
		return
	}
	at := s.addresses.urlOf(f.Path)
	seen := map[string]bool{f.Path: true}
	named(f, data, func(address string) {
		address = strings.TrimSpace(address)
		if address == "" || strings.ContainsAny(address, " \n<>") {
			return
		}
		if to := s.addresses.resolve(at, address); to != "" && !seen[to] {
			seen[to] = true
			x.to[to] = append(x.to[to], &reference{from: f})
		}
	})
}

// linksTo finds what leads to some output files. The source that they were made
// of, relative to the site's directory, helps with links that name the file.
func (s *Site) linksTo(targets []string, source string) *Links {
	l := &Links{Content: []Place{}, Pages: []string{}, Redirects: []string{}, Named: []string{}}
	x := s.linkIndex()
	if !x.parsed {
		l.Unknown = "no page was parsed: the plugin facts is off, or the build ended early"
	}
	to := s.target(source)
	for _, t := range targets {
		for _, r := range x.to[t] {
			switch {
			case r.redirect != "":
				l.Redirects = append(l.Redirects, r.redirect)
			case slices.Contains(targets, r.from.Path): // a page's links to itself are no way to it
			case len(r.addresses) == 0:
				l.Named = append(l.Named, r.from.Path)
			default:
				if places := s.places(r.from, r.addresses, to); len(places) > 0 {
					l.Content = append(l.Content, places...)
				} else {
					l.Pages = append(l.Pages, r.from.Path)
				}
			}
		}
	}
	for _, list := range []*[]string{&l.Pages, &l.Redirects, &l.Named} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	slices.SortFunc(l.Content, func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Page, b.Page))
	})
	l.Content = slices.CompactFunc(l.Content, func(a, b Place) bool { return a.File == b.File && a.Line == b.Line && a.Column == b.Column })
	return l
}

// places finds where the links stand in the source of a page: as addresses, or
// as names of the content file.
func (s *Site) places(f *pipeline.File, addresses []string, to target) []Place {
	c := f.Content
	if c == nil {
		return nil
	}
	src, err := c.Read()
	if err != nil {
		return nil
	}
	m := sourcemap.New(src, c.BodyLine)
	var list []Place
	add := func(at []sourcemap.Place) {
		for _, p := range at {
			list = append(list, Place{c.Path, p.Line, p.Column, f.Path})
		}
	}
	for _, address := range addresses {
		add(m.Link(address))
		add(m.Image(address))
	}
	for _, d := range m.Destinations() {
		if to.named(c, d) {
			add(m.Link(d))
			add(m.Image(d))
		}
	}
	if to.content == nil {
		return list
	}
	for _, call := range c.Shortcodes {
		if call.Name != "ref" && call.Name != "relref" {
			continue
		}
		for _, key := range []string{"0", "path"} {
			if p, ok := call.Params[key]; ok && refers(p.Value, to.content) {
				list = append(list, Place{c.Path, p.Line, p.Column, f.Path})
			}
		}
	}
	return list
}

// A target is the source of what is linked to, as links may name it.
type target struct {
	file    string // relative to the site's directory
	logical string // in the folder of the engine that it lies in
	content *pipeline.Content
}

func (s *Site) target(source string) target {
	if source == "" {
		return target{}
	}
	to := target{file: source}
	for _, c := range s.contents() {
		if c.Path == source {
			to.content, to.logical = c, strings.TrimPrefix(c.Logical, "/")
			return to
		}
	}
	to.logical = s.Engine.Role(s.absolute(source)).Logical
	return to
}

// named reports whether a link's destination names the file: from the directory
// of the content file that links, or from the top.
func (t target) named(from *pipeline.Content, destination string) bool {
	u, err := url.Parse(destination)
	if err != nil || t.file == "" || u.Scheme != "" || u.Host != "" || u.Path == "" {
		return false
	}
	if path.Join(path.Dir(from.Path), u.Path) == t.file {
		return true
	}
	name := strings.TrimPrefix(path.Join(path.Dir(from.Logical), u.Path), "/")
	if strings.HasPrefix(u.Path, "/") {
		name = strings.TrimPrefix(path.Clean(u.Path), "/")
	}
	return name == t.logical || t.content != nil && strings.TrimSuffix(t.logical, path.Ext(t.logical)) == name
}

// refers reports whether the argument of a ref names a content file, whole or by
// the end of its path.
func refers(ref string, to *pipeline.Content) bool {
	ref, _, _ = strings.Cut(ref, "#")
	ref = strings.ToLower(strings.Trim(path.Clean("/"+ref), "/"))
	if ref == "" {
		return false
	}
	full := strings.ToLower(strings.TrimPrefix(to.Logical, "/"))
	name, _, _ := strings.Cut(path.Base(full), ".")
	short := path.Join(path.Dir(full), name)
	if name == "index" || name == "_index" {
		short = path.Dir(full)
	}
	for _, p := range []string{full, short} {
		if p == ref || strings.HasSuffix(p, "/"+ref) {
			return true
		}
	}
	return false
}

// redirectFrom is where _redirects sends the readers of a path, or "".
func (s *Site) redirectFrom(p string) string {
	data, err := s.Read(headers.RedirectsFile)
	if err != nil {
		return ""
	}
	list, _ := headers.ParseRedirects(data)
	for _, r := range list {
		if to, ok := r.Match(p, nil); ok {
			return to
		}
	}
	return ""
}

// namesAddresses reports whether a file is of a kind that lists addresses.
func namesAddresses(f *pipeline.File) bool {
	switch {
	case f.Kind == pipeline.Static && !strings.HasSuffix(f.Path, ".css"):
		return false
	case f.MediaType == "text/css", strings.HasSuffix(f.MediaType, "json"), strings.HasSuffix(f.MediaType, "xml") && f.MediaType != "image/svg+xml":
		return true
	}
	return f.Path == "llms.txt" || strings.HasSuffix(f.MediaType, "webmanifest")
}

// named calls found with each address in a feed, sitemap, style sheet or other
// list. Only whole values count: the text of a feed may mention anything.
func named(f *pipeline.File, data []byte, found func(string)) {
	switch {
	case f.MediaType == "text/css":
		for _, m := range cssURL.FindAllSubmatch(data, -1) {
			found(string(m[1]))
		}
	case strings.HasSuffix(f.MediaType, "json"), strings.HasSuffix(f.MediaType, "webmanifest"):
		namedJSON(data, found)
	case strings.HasSuffix(f.MediaType, "xml"):
		namedXML(data, found)
	default:
		for _, m := range markdownURL.FindAllSubmatch(data, -1) {
			found(string(m[1]))
		}
	}
}

var (
	cssURL      = regexp.MustCompile(`(?:url\(\s*["']?|@import\s*["'])([^"')\s]+)`)
	markdownURL = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

func namedJSON(data []byte, found func(string)) {
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.Token()
		if err != nil {
			return
		}
		if text, ok := token.(string); ok && strings.Contains(text, "/") {
			found(text)
		}
	}
}

func namedXML(data []byte, found func(string)) {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	for {
		token, err := d.Token()
		if err != nil {
			return
		}
		switch t := token.(type) {
		case xml.CharData:
			if strings.Contains(string(t), "/") {
				found(string(t))
			}
		case xml.StartElement:
			for _, a := range t.Attr {
				if strings.Contains(a.Value, "/") && a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
					found(a.Value)
				}
			}
		}
	}
}
