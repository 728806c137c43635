package feeds

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"duskpress/tools/internal/sitetest"
)

func TestMain(m *testing.M) { os.Exit(clean(m)) }

func clean(m *testing.M) int {
	defer sitetest.Clean()
	return m.Run()
}

// A site is what was published, and where.
type site struct {
	base  *url.URL
	files map[string]string

	pages map[string]*page // parsed, by file
	wrong []string         // what the checks found
}

func newSite(t *testing.T, base, dir string) *site {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return &site{base: u, files: sitetest.Tree(t, filepath.Join(dir, "public"))}
}

func (s *site) complain(where, format string, args ...any) {
	s.wrong = append(s.wrong, where+": "+fmt.Sprintf(format, args...))
}

// named lists the files whose name matches a pattern of path.Match's, at the end
// of their path.
func (s *site) named(base string) []string {
	var names []string
	for name := range s.files {
		if ok, _ := path.Match(base, path.Base(name)); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// address wants a whole address; one of the site has to be there, its part too.
func (s *site) address(where, what, address string) {
	u, err := url.Parse(address)
	if err != nil {
		s.complain(where, "%s %q: %v", what, address, err)
		return
	}
	if u.Scheme == "" || u.Opaque == "" && u.Host == "" {
		s.complain(where, "%s %q is not whole", what, address)
		return
	}
	if u.Host != s.base.Host {
		return
	}
	if u.Scheme != s.base.Scheme || !strings.HasPrefix(u.Path, s.base.Path) {
		s.complain(where, "%s %q is outside the site", what, address)
		return
	}
	name := s.file(address)
	if name == "" {
		s.complain(where, "%s %q: there is no such file", what, address)
		return
	}
	if u.Fragment != "" && strings.HasSuffix(name, ".html") && !s.page(name).ids[u.Fragment] {
		s.complain(where, "%s %q: the page has no such part", what, address)
	}
}

// file is the file that an address of the site shows, or nothing.
func (s *site) file(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	name := strings.TrimPrefix(path.Clean("/"+strings.TrimPrefix(u.Path, s.base.Path)), "/")
	if strings.HasSuffix(u.Path, "/") {
		name = path.Join(name, "index.html")
	}
	if _, ok := s.files[name]; !ok {
		return ""
	}
	return name
}

// A page is one HTML file as these tests read it.
type page struct {
	lang      string
	canonical string
	meta      map[string][]string // by name or property
	links     []link
	data      []string // JSON-LD
	ids       map[string]bool
	h1        string
	anchors   map[string]bool // addresses of links in the text, as they stand there
	redirect  bool
}

type link struct{ rel, kind, lang, href string }

func (s *site) page(name string) *page {
	if p := s.pages[name]; p != nil {
		return p
	}
	p := &page{meta: make(map[string][]string), ids: make(map[string]bool), anchors: make(map[string]bool)}
	z := html.NewTokenizer(strings.NewReader(s.files[name]))
	data, h1 := false, false
	for z.Next() != html.ErrorToken {
		tok := z.Token()
		if tok.Type == html.TextToken && data {
			p.data = append(p.data, tok.Data)
		}
		if tok.Type == html.TextToken && h1 {
			p.h1 += tok.Data
		}
		data = false
		h1 = h1 && tok.Data != "h1" || tok.Data == "h1" && tok.Type == html.StartTagToken
		if tok.Type != html.StartTagToken && tok.Type != html.SelfClosingTagToken {
			continue
		}
		attr := attributes(tok)
		if id, ok := attr["id"]; ok {
			p.ids[id] = true
		}
		switch tok.Data {
		case "a":
			p.anchors[attr["href"]] = true
		case "html":
			p.lang = attr["lang"]
		case "meta":
			key := attr["name"] + attr["property"]
			p.meta[key] = append(p.meta[key], attr["content"])
			p.redirect = p.redirect || attr["http-equiv"] == "refresh"
		case "link":
			if attr["rel"] == "canonical" {
				p.canonical = attr["href"]
			}
			p.links = append(p.links, link{attr["rel"], attr["type"], attr["hreflang"], attr["href"]})
		case "script":
			data = attr["type"] == "application/ld+json"
		}
	}
	if s.pages == nil {
		s.pages = make(map[string]*page)
	}
	s.pages[name] = p
	return p
}

// of is the page of a directory: in it, or beside it where addresses are ugly.
func (s *site) of(dir string) *page {
	if name := path.Join(dir, "index.html"); s.files[name] != "" {
		return s.page(name)
	}
	return s.page(dir + ".html")
}

func attributes(tok html.Token) map[string]string {
	attr := make(map[string]string)
	for _, a := range tok.Attr {
		attr[a.Key] = a.Val
	}
	return attr
}

var inlineColour = regexp.MustCompile(`^(color:#[0-9a-f]{6}|background:#[0-9a-f]{6}|font-|user-select:)`)

// text judges the HTML of a post in a feed: addresses are whole and lead
// somewhere, code has colours of its own and no class that needs a style sheet.
func (s *site) text(where, text string) {
	z := html.NewTokenizer(strings.NewReader(text))
	inCode, coloured := 0, 0
	for z.Next() != html.ErrorToken {
		tok := z.Token()
		if tok.Data == "pre" || tok.Data == "code" {
			switch tok.Type {
			case html.StartTagToken:
				inCode++
			case html.EndTagToken:
				inCode--
			}
		}
		if tok.Type != html.StartTagToken && tok.Type != html.SelfClosingTagToken {
			continue
		}
		attr := attributes(tok)
		for _, key := range []string{"href", "src", "poster"} {
			if v, ok := attr[key]; ok {
				s.address(where, key, v)
			}
		}
		if set, ok := attr["srcset"]; ok {
			for one := range strings.SplitSeq(set, ",") {
				s.address(where, "srcset", strings.Fields(one)[0])
			}
		}
		if class, ok := attr["class"]; ok && inCode > 0 && tok.Data == "span" || class == "chroma" || strings.HasPrefix(class, "ln") {
			s.complain(where, "code has the class %q", class)
		}
		if inCode > 0 && tok.Data == "span" && inlineColour.MatchString(attr["style"]) {
			coloured++
		}
	}
	if strings.Contains(text, `data-lang="go"`) && coloured == 0 {
		s.complain(where, "code has no colours of its own")
	}
}
