// Package linkcheck answers for a finished site as its static host would: which
// file is behind an address, or that none is.
//
// What enters: the paths of a site's files, the addresses at which it will be,
// redirections, an address and the file in which it stands. What leaves: where
// that leads, and the page that was probably meant. It reads no file, opens no
// connection, and does not decide what is a problem.
package linkcheck

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"duskpress/tools/csp"
	"duskpress/tools/headers"
)

// A Base is an address at which a site, or one language of it, will be.
type Base struct {
	Host string // with its port, in lower case; empty where nobody knows yet
	Path string // begins and ends with /
	Dir  string // of the files that are there: empty, or such as en/
}

// NewBase reads the baseURL of a site.
func NewBase(address, dir string) Base {
	b := Base{Path: "/", Dir: dir}
	u, err := url.Parse(address)
	if err != nil {
		return b
	}
	b.Host = hostOf(u.Scheme, u.Host)
	if p := strings.Trim(u.Path, "/"); p != "" {
		b.Path = "/" + p + "/"
	}
	return b
}

// hostOf leaves out the port that a scheme has anyway, so that http and https
// of a host are one.
func hostOf(scheme, host string) string {
	host = strings.ToLower(host)
	switch strings.ToLower(scheme) {
	case "http":
		return strings.TrimSuffix(host, ":80")
	case "https":
		return strings.TrimSuffix(host, ":443")
	}
	return host
}

// A Kind says where an address leads.
type Kind int

const (
	Nowhere     Kind = iota // a mail, a script, data: nothing that is fetched from a site
	Here                    // a file of the site
	Moved                   // a redirection of the site answers
	Elsewhere               // another host
	OutsideBase             // the site's host, but not below its path
	OtherCase               // a file of the site but for letter case
	Missing                 // no file of the site
	Malformed               // no address
)

// A Target is where an address leads.
type Target struct {
	Kind     Kind
	Path     string // what is asked for, below the site, without escapes
	File     string // what answers
	Fragment string // without #, as it is written
	Why      string // of what is malformed
	URL      string // of what is elsewhere, whole but for its fragment
}

// A Site is the files of a site, its addresses and its redirections.
type Site struct {
	bases     []Base
	files     map[string]bool
	folded    map[string]string
	redirects []headers.Redirect
	refresh   map[string]string
	paths     []string // of the files, for suggestions
}

// New makes a site. Refresh are the pages that send their reader elsewhere, and
// where. The first base is that of the default language.
func New(bases []Base, files []string, redirects []headers.Redirect, refresh map[string]string) *Site {
	s := &Site{bases: bases, files: make(map[string]bool, len(files)), redirects: redirects, refresh: refresh}
	for _, f := range files {
		s.files[f] = true
	}
	s.paths = files
	return s
}

// own reports whether a host is one of the site's.
func (s *Site) own(host string) bool {
	return host != "" && slices.ContainsFunc(s.bases, func(b Base) bool { return b.Host == host })
}

// base is that below which a file is published.
func (s *Site) base(file string) Base {
	best, found := s.bases[0], false
	for _, b := range s.bases {
		if strings.HasPrefix(file, b.Dir) && (!found || len(b.Dir) > len(best.Dir)) {
			best, found = b, true
		}
	}
	return best
}

// PathOf is the path at which a file of the site is asked for.
func (s *Site) PathOf(file string) string {
	b := s.base(file)
	p := strings.TrimPrefix(file, b.Dir)
	if p == "index.html" || strings.HasSuffix(p, "/index.html") {
		p = strings.TrimSuffix(p, "index.html")
	}
	return b.Path + p
}

var schemePattern = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*):`)

// scheme is that of an address, in lower case, and what follows it.
func scheme(s string) (name, rest string) {
	c := strings.IndexByte(s, ':')
	if c < 0 || strings.IndexByte("/?#", s[0]) >= 0 {
		return "", s
	}
	m := schemePattern.FindStringSubmatch(s)
	if m == nil {
		return "", s
	}
	return strings.ToLower(m[1]), s[len(m[0]):]
}

// Resolve finds where an address leads that stands in a file of the site.
// baseHref is the page's base element, if it has one.
func (s *Site) Resolve(from, baseHref, address string) Target {
	address = csp.Clean(address)
	var t Target
	address, t.Fragment, _ = strings.Cut(address, "#")
	if address == "" && baseHref == "" {
		t.Kind, t.File, t.Path = Here, from, from
		return t
	}
	rest, query, _ := strings.Cut(address, "?")
	if strings.IndexByte(rest, '\\') >= 0 {
		rest = strings.ReplaceAll(rest, `\`, "/")
	}
	name, rest := scheme(rest)
	base := s.base(from)
	host, p := base.Host, ""
	switch {
	case name == "http" || name == "https":
		after, ok := strings.CutPrefix(rest, "//")
		if !ok {
			t.Kind, t.Why = Malformed, "two slashes are missing after "+name+":"
			return t
		}
		return s.absolute(t, name, after, query, address)
	case name == "file":
		t.Kind, t.Why = Malformed, "it names a file of the author's machine"
		return t
	case name != "":
		return t // Nowhere
	case strings.HasPrefix(rest, "//"):
		return s.absolute(t, "https", rest[2:], query, "https:"+address)
	case strings.HasPrefix(rest, "/"):
		p = rest
	default:
		dir := s.PathOf(from)
		if baseHref != "" {
			b := s.Resolve(from, "", baseHref)
			switch b.Kind {
			case Elsewhere, Malformed, Nowhere:
				t.Kind = Nowhere
				return t
			}
			dir = s.baseHrefPath(from, baseHref)
		}
		if rest == "" { // a query alone
			p = dir
		} else {
			p = dir[:strings.LastIndexByte(dir, '/')+1] + escapeless(rest)
			return s.below(t, host, base, join(p), query)
		}
	}
	return s.below(t, host, base, join(escapeless(p)), query)
}

// baseHrefPath is the path that relative addresses begin at, without escapes.
func (s *Site) baseHrefPath(from, href string) string {
	href, _, _ = strings.Cut(csp.Clean(href), "#")
	href, _, _ = strings.Cut(href, "?")
	name, rest := "", href
	if href != "" {
		name, rest = scheme(href)
	}
	if name != "" || strings.HasPrefix(rest, "//") {
		rest = strings.TrimPrefix(rest, "//")
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			return escapeless(rest[i:])
		}
		return "/"
	}
	if strings.HasPrefix(rest, "/") {
		return escapeless(rest)
	}
	at := s.PathOf(from)
	return join(at[:strings.LastIndexByte(at, '/')+1] + escapeless(rest))
}

// absolute takes an address with a host.
func (s *Site) absolute(t Target, scheme, rest, query, whole string) Target {
	host := rest
	p := "/"
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		host, p = rest[:i], rest[i:]
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if host == "" || strings.ContainsAny(host, " <>\"'{}|^`") {
		t.Kind, t.Why = Malformed, "it has no host"
		if host != "" {
			t.Why = "no host can be called " + host
		}
		return t
	}
	host = hostOf(scheme, host)
	if !s.own(host) {
		t.Kind, t.URL = Elsewhere, whole
		return t
	}
	t = s.below(t, host, Base{}, join(escapeless(p)), query)
	t.URL = whole
	return t
}

// hosted are paths that hosts answer by themselves.
var hosted = []string{"/.netlify/", "/cdn-cgi/", "/_vercel/"}

// below looks for a path of a host. Of several bases there the longest that
// holds the path is meant; prefer decides where hosts are not known.
func (s *Site) below(t Target, host string, prefer Base, p, query string) Target {
	for _, h := range hosted {
		if strings.Contains(p, h) {
			return t
		}
	}
	best, found := Base{}, false
	for _, b := range s.bases {
		if b.Host != host || !(strings.HasPrefix(p, b.Path) || p+"/" == b.Path) {
			continue
		}
		if !found || len(b.Path) > len(best.Path) || b == prefer {
			best, found = b, true
		}
	}
	if !found {
		t.Kind, t.Path = OutsideBase, p
		return t
	}
	t.Path = best.Dir + strings.TrimPrefix(strings.TrimPrefix(p, strings.TrimSuffix(best.Path, "/")), "/")
	if file, ok := s.find(t.Path); ok {
		t.Kind, t.File = Here, file
		return t
	}
	if best.Dir != "" {
		// Hosts of several languages may share what lies at the top.
		if file, ok := s.find(strings.TrimPrefix(t.Path, best.Dir)); ok && !strings.HasSuffix(file, ".html") {
			t.Kind, t.File = Here, file
			return t
		}
	}
	if _, _, ok := s.redirected("/"+t.Path, query, false); ok {
		t.Kind = Moved
		return t
	}
	t.Kind = Missing
	if file, ok := s.findFolded(t.Path); ok {
		t.Kind, t.File = OtherCase, file
	}
	return t
}

// find is the file for a path below the site, as static hosts look for it.
func (s *Site) find(p string) (string, bool) {
	dir := strings.TrimSuffix(p, "/")
	if p != "" && dir == p && s.files[p] {
		return p, true
	}
	index := "index.html"
	if dir != "" {
		index = dir + "/index.html"
	}
	if s.files[index] {
		return index, true
	}
	if dir != "" && s.files[dir+".html"] {
		return dir + ".html", true
	}
	return "", false
}

func fold(p string) string { return strings.ToLower(norm.NFC.String(p)) }

// findFolded is find where letter case, and the way accents are encoded, do not
// count.
func (s *Site) findFolded(p string) (string, bool) {
	if s.folded == nil {
		s.folded = make(map[string]string, len(s.files))
		for _, f := range slices.Sorted(slices.Values(s.paths)) {
			if _, ok := s.folded[fold(f)]; !ok {
				s.folded[fold(f)] = f
			}
		}
	}
	dir := strings.TrimSuffix(fold(p), "/")
	for _, name := range []string{dir, strings.TrimPrefix(dir+"/index.html", "/"), dir + ".html"} {
		if f, ok := s.folded[name]; ok && name != "" {
			return f, true
		}
	}
	return "", false
}

// escapeless resolves what is escaped in a path, and leaves what is no escape.
func escapeless(p string) string {
	if strings.IndexByte(p, '%') < 0 {
		return p
	}
	b := make([]byte, 0, len(p))
	for i := 0; i < len(p); i++ {
		if p[i] == '%' && i+2 < len(p) && hex(p[i+1]) >= 0 && hex(p[i+2]) >= 0 {
			b = append(b, byte(hex(p[i+1])<<4|hex(p[i+2])))
			i += 2
			continue
		}
		b = append(b, p[i])
	}
	return string(b)
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// join resolves . and .. in a path that begins with /, and keeps the slash at
// its end.
func join(p string) string {
	if !strings.Contains(p, "/.") && !strings.Contains(p, "//") {
		return p
	}
	slash := strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/.") || strings.HasSuffix(p, "/..")
	p = path.Clean(p)
	if slash && p != "/" {
		p += "/"
	}
	return p
}

// Below is the path that an address outside the site's path would have below
// it, if there is a file there, or nothing.
func (s *Site) Below(from, p string) string {
	b := s.base(from)
	rest := strings.TrimPrefix(p, "/")
	if rest == "" || b.Path == "/" {
		return ""
	}
	if _, ok := s.find(b.Dir + rest); !ok {
		return ""
	}
	return b.Path + rest
}
