package explain

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
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

// linksTo finds what leads to some output files. The source that they were made
// of, relative to the site's directory, helps with links that name the file.
func (s *Site) linksTo(targets []string, source string) *Links {
	l := &Links{Content: []Place{}, Pages: []string{}, Redirects: []string{}, Named: []string{}}
	want := make(map[string]bool)
	for _, t := range targets {
		want[t] = true
	}
	to := s.target(source)
	parsed := false
	for _, f := range s.Files() {
		switch {
		case f.Facts != nil:
			parsed = true
			s.linksOf(l, f, want, to)
		case f.Path == headers.RedirectsFile:
			s.redirectsOf(l, f, want)
		case namesAddresses(f):
			if !want[f.Path] && s.names(f, want) {
				l.Named = append(l.Named, f.Path)
			}
		}
	}
	if !parsed {
		l.Unknown = "no page was parsed: the plugin facts is off, or the build ended early"
	}
	slices.SortFunc(l.Content, func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Page, b.Page))
	})
	l.Content = slices.CompactFunc(l.Content, func(a, b Place) bool { return a.File == b.File && a.Line == b.Line && a.Column == b.Column })
	return l
}

// linksOf looks through the links of one page.
func (s *Site) linksOf(l *Links, f *pipeline.File, want map[string]bool, to target) {
	at := s.addresses.urlOf(f.Path)
	if f.Facts.Refresh != "" {
		if to := s.addresses.resolve(at, f.Facts.Refresh); want[to] && to != f.Path {
			l.Redirects = append(l.Redirects, f.Path)
		}
		return
	}
	if want[f.Path] {
		return // a page's links to itself are no way to it
	}
	var addresses []string
	for _, link := range f.Facts.Links {
		if !slices.Contains(addresses, link.URL) && want[s.addresses.resolve(at, link.URL)] {
			addresses = append(addresses, link.URL)
		}
	}
	if len(addresses) == 0 {
		return
	}
	places := s.places(f, addresses, to)
	if len(places) == 0 {
		l.Pages = append(l.Pages, f.Path)
	}
	l.Content = append(l.Content, places...)
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

// redirectsOf looks through _redirects.
func (s *Site) redirectsOf(l *Links, f *pipeline.File, want map[string]bool) {
	data, err := s.Read(f.Path)
	if err != nil {
		return
	}
	list, _ := headers.ParseRedirects(data)
	for _, r := range list {
		if want[s.addresses.resolve(s.addresses.urlOf("index.html"), r.To)] {
			l.Redirects = append(l.Redirects, f.Path+": "+r.From)
		}
	}
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

// names reports whether a feed, sitemap, style sheet or other list has the
// address of one of some files.
func (s *Site) names(f *pipeline.File, want map[string]bool) bool {
	data, err := s.Read(f.Path)
	if err != nil {
		return false
	}
	at := s.addresses.urlOf(f.Path)
	leads := func(address string) bool {
		address = strings.TrimSpace(address)
		return address != "" && !strings.ContainsAny(address, " \n<>") && want[s.addresses.resolve(at, address)]
	}
	switch {
	case f.MediaType == "text/css":
		return slices.ContainsFunc(cssURL.FindAllSubmatch(data, -1), func(m [][]byte) bool { return leads(string(m[1])) })
	case strings.HasSuffix(f.MediaType, "json"), strings.HasSuffix(f.MediaType, "webmanifest"):
		return jsonNames(data, leads)
	case strings.HasSuffix(f.MediaType, "xml"):
		return xmlNames(data, leads)
	}
	return slices.ContainsFunc(markdownURL.FindAllSubmatch(data, -1), func(m [][]byte) bool { return leads(string(m[1])) })
}

var (
	cssURL      = regexp.MustCompile(`(?:url\(\s*["']?|@import\s*["'])([^"')\s]+)`)
	markdownURL = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// jsonNames reports whether a string of the file is such an address.
func jsonNames(data []byte, leads func(string) bool) bool {
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.Token()
		if err != nil {
			return false
		}
		if text, ok := token.(string); ok && strings.Contains(text, "/") && leads(text) {
			return true
		}
	}
}

// xmlNames reports whether an element or attribute of the file is such an
// address. Only whole ones count: a feed's text may mention anything.
func xmlNames(data []byte, leads func(string) bool) bool {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) || err != nil {
			return false
		}
		switch t := token.(type) {
		case xml.CharData:
			if text := string(t); strings.Contains(text, "/") && leads(text) {
				return true
			}
		case xml.StartElement:
			for _, a := range t.Attr {
				if strings.Contains(a.Value, "/") && a.Name.Space != "xmlns" && a.Name.Local != "xmlns" && leads(a.Value) {
					return true
				}
			}
		}
	}
}
