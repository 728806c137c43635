package feeds

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"image"
	"image/png"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

type urlset struct {
	XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	URLs    []struct {
		Loc     string `xml:"loc"`
		Lastmod string `xml:"lastmod"`
		Links   []struct {
			Rel  string `xml:"rel,attr"`
			Lang string `xml:"hreflang,attr"`
			Href string `xml:"href,attr"`
		} `xml:"http://www.w3.org/1999/xhtml link"`
	} `xml:"url"`
}

type sitemapindex struct {
	XMLName  xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 sitemapindex"`
	Sitemaps []struct {
		Loc string `xml:"loc"`
	} `xml:"sitemap"`
}

// sitemap wants every page that may be found, once, and no other.
func (s *site) sitemap() {
	listed := make(map[string]bool)
	for _, name := range s.named("sitemap.xml") {
		var index sitemapindex
		if err := strictXML(s.files[name], &index); err == nil {
			for _, m := range index.Sitemaps {
				s.address(name, "loc", m.Loc)
			}
			continue
		}
		var set urlset
		if err := strictXML(s.files[name], &set); err != nil {
			s.complain(name, "%v", err)
			continue
		}
		for _, u := range set.URLs {
			s.address(name, "loc", u.Loc)
			file := s.file(u.Loc)
			if listed[file] {
				s.complain(name, "%s stands twice", u.Loc)
			}
			listed[file] = true
			if _, err := time.Parse(time.RFC3339, u.Lastmod); err != nil && u.Lastmod != "" {
				s.complain(name, "lastmod of %s: %v", u.Loc, err)
			}
			var have []string
			for _, l := range u.Links {
				s.address(name, "hreflang", l.Href)
				have = append(have, l.Lang+" "+l.Href)
			}
			var want []string
			for _, l := range s.page(file).links {
				if l.lang != "" {
					want = append(want, l.lang+" "+l.href)
				}
			}
			if !slices.Equal(have, want) {
				s.complain(name, "%s has the translations %q, its page says %q", u.Loc, have, want)
			}
		}
	}
	for _, name := range s.named("*.html") {
		p := s.page(name)
		hidden := slices.Contains(p.meta["robots"], "noindex") || p.redirect
		if hidden == listed[name] {
			s.complain(name, "in the sitemap: %v, to be kept out of it: %v", listed[name], hidden)
		}
	}
}

func (s *site) robots() {
	const name = "robots.txt"
	found := 0
	agent := false
	for line := range strings.Lines(s.files[name]) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		switch {
		case strings.TrimSpace(line) == "":
		case !ok:
			s.complain(name, "the line %q", line)
		case key == "User-agent":
			agent = value == "*"
		case key == "Sitemap":
			found++
			s.address(name, "the sitemap", value)
		}
	}
	if !agent || found != 1 {
		s.complain(name, "%d sitemaps, or no agent", found)
	}
}

var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList)).Parser()

// A shape is what the tests look at in Markdown.
type shape struct {
	headings []string // "2 text"
	links    []string
	quotes   int
}

func shapeOf(src string) shape {
	var sh shape
	data := []byte(src)
	ast.Walk(markdown.Parse(text.NewReader(data)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			sh.headings = append(sh.headings, strconv.Itoa(n.Level)+" "+plain(n, data))
		case *ast.Link:
			sh.links = append(sh.links, string(n.Destination))
		case *ast.Image:
			sh.links = append(sh.links, string(n.Destination))
		case *ast.AutoLink:
			sh.links = append(sh.links, string(n.URL(data)))
		case *ast.Blockquote:
			sh.quotes++
		}
		return ast.WalkContinue, nil
	})
	return sh
}

func plain(n ast.Node, src []byte) string {
	var b bytes.Buffer
	ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			value := t.Segment.Value(src)
			for i := 0; i < len(value); i++ {
				if value[i] == '\\' && i+1 < len(value) && strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", value[i+1]) >= 0 {
					i++
				}
				b.WriteByte(value[i])
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// llms wants the form of llmstxt.org: a title, a summary, sections of links.
func (s *site) llms(name string) {
	sh := shapeOf(s.files[name])
	if len(sh.headings) < 2 || sh.headings[0] != "1 "+s.title(name) || sh.quotes != 1 {
		s.complain(name, "headings %q, %d summaries", sh.headings, sh.quotes)
	}
	for _, h := range sh.headings[min(1, len(sh.headings)):] {
		if !strings.HasPrefix(h, "2 ") {
			s.complain(name, "a heading %q", h)
		}
	}
	for _, l := range sh.links {
		s.address(name, "a link", l)
	}
	dir := path.Dir(name)
	for _, url := range s.newest(dir) {
		if !slices.Contains(sh.links, twinOf(url)) {
			s.complain(name, "no link to %s", twinOf(url))
		}
	}
}

func twinOf(url string) string {
	if strings.HasSuffix(url, "/") {
		return url + "index.md"
	}
	return strings.TrimSuffix(url, ".html") + ".md"
}

func (s *site) title(beside string) string {
	if t := s.of(path.Dir(beside)).meta["og:title"]; len(t) == 1 {
		return t[0]
	}
	return ""
}

// twin wants a Markdown twin to carry its page's title, date, tags and address,
// its headings, and whole addresses.
func (s *site) twin(name string) {
	of := strings.TrimSuffix(name, ".md") + ".html"
	if _, ok := s.files[of]; !ok {
		s.complain(name, "there is no page beside it")
		return
	}
	p := s.page(of)
	title, canonical := "", p.canonical
	if t := p.meta["og:title"]; len(t) == 1 {
		title = t[0]
	}
	sh := shapeOf(s.files[name])
	if len(sh.headings) == 0 || sh.headings[0] != "1 "+title {
		s.complain(name, "the headings are %q, the page's title %q", sh.headings, title)
	}
	if !slices.Contains(sh.links, canonical) {
		s.complain(name, "does not name its page")
	}
	head, _, _ := strings.Cut(s.files[name], "<"+canonical+">")
	if d := p.meta["article:published_time"]; len(d) > 0 && !strings.Contains(head, d[0][:len(time.DateOnly)]) {
		s.complain(name, "does not tell its date")
	}
	tags := shapeOf(head).links
	if len(tags) != len(p.meta["article:tag"]) {
		s.complain(name, "links %q for the tags %q", tags, p.meta["article:tag"])
	}
	for _, l := range sh.links {
		if l != "" {
			s.address(name, "a link", l)
		}
	}
}

// meta judges the head of a page.
func (s *site) meta(name string) {
	p := s.page(name)
	if p.redirect {
		return
	}
	if path.Base(name) == "404.html" {
		if p.canonical != "" {
			s.complain(name, "is canonical")
		}
		return
	}
	if s.address(name, "canonical", p.canonical); s.file(p.canonical) != name {
		s.complain(name, "says that it is %q", p.canonical)
	}
	one := func(key string) string {
		if len(p.meta[key]) != 1 || p.meta[key][0] == "" {
			s.complain(name, "%s: %q", key, p.meta[key])
			return ""
		}
		return p.meta[key][0]
	}
	title := one("og:title")
	if kind := one("og:type"); kind != "website" && kind != "article" {
		s.complain(name, "og:type %q", kind)
	}
	if one("og:url") != p.canonical || one("og:description") != one("description") {
		s.complain(name, "Open Graph says something else than the page")
	}
	one("og:site_name")
	if one("og:locale") != strings.ReplaceAll(p.lang, "-", "_") {
		s.complain(name, "og:locale is not %s", p.lang)
	}
	if card := one("twitter:card"); card == "summary_large_image" != (p.meta["og:image"] != nil) {
		s.complain(name, "twitter:card %q, og:image %q", card, p.meta["og:image"])
	}
	s.image(name, p)
	for _, l := range p.links {
		if l.rel == "alternate" {
			u, err := s.base.Parse(l.href)
			if err != nil {
				s.complain(name, "a link to %q: %v", l.href, err)
				continue
			}
			s.address(name, l.kind+l.lang, u.String())
			if want := map[string]string{".md": "text/markdown", ".json": "application/feed+json", ".xml": "application/rss+xml"}[path.Ext(u.Path)]; l.lang == "" && want != l.kind {
				s.complain(name, "%s is said to be %q", l.href, l.kind)
			}
			if other := s.file(u.String()); l.lang != "" && other != "" {
				back := false
				for _, b := range s.page(other).links {
					back = back || b.lang == p.lang && b.href == p.canonical
				}
				if !back || s.page(other).lang != l.lang {
					s.complain(name, "%s does not link back, or is not in %s", l.href, l.lang)
				}
			}
		}
	}
	s.data(name, p, title)
}

// image wants a picture of the size that is said.
func (s *site) image(name string, p *page) {
	for _, url := range p.meta["og:image"] {
		s.address(name, "og:image", url)
		file := s.file(url)
		if path.Ext(file) == ".png" {
			cfg, err := png.DecodeConfig(strings.NewReader(s.files[file]))
			if err != nil {
				s.complain(name, "%s: %v", file, err)
				continue
			}
			if w, h := p.meta["og:image:width"], p.meta["og:image:height"]; len(w) != 1 || len(h) != 1 || w[0] != strconv.Itoa(cfg.Width) || h[0] != strconv.Itoa(cfg.Height) {
				s.complain(name, "%s is %d by %d, said to be %q by %q", file, cfg.Width, cfg.Height, w, h)
			}
		}
		if strings.HasPrefix(path.Base(file), "base_hu_") && len(s.files[file]) > 40<<10 {
			s.complain(name, "%s has %d bytes", file, len(s.files[file]))
		}
		if alt := p.meta["og:image:alt"]; len(alt) != 1 || alt[0] == "" {
			s.complain(name, "og:image:alt %q", alt)
		}
	}
}

// data judges JSON-LD: it is JSON, of a known type, and says what the page says.
func (s *site) data(name string, p *page, title string) {
	published := p.meta["article:published_time"]
	types := make(map[string]map[string]any)
	for _, d := range p.data {
		var list []map[string]any
		var one map[string]any
		if err := json.Unmarshal([]byte(d), &one); err == nil {
			list = append(list, one)
		} else if err := json.Unmarshal([]byte(d), &list); err != nil {
			s.complain(name, "JSON-LD: %v", err)
			return
		}
		for _, thing := range list {
			if thing["@context"] != "https://schema.org" {
				s.complain(name, "JSON-LD without its context")
			}
			kind, _ := thing["@type"].(string)
			types[kind] = thing
			for _, key := range []string{"url", "image"} {
				if v, ok := thing[key].(string); ok {
					s.address(name, "JSON-LD "+key, v)
				}
			}
		}
	}
	if slices.Equal(p.meta["og:type"], []string{"article"}) {
		post := types["BlogPosting"]
		if post["headline"] != title || post["url"] != p.canonical || len(published) != 1 || post["datePublished"] != published[0] || post["inLanguage"] != p.lang {
			s.complain(name, "JSON-LD says of the post %v", post)
		}
		var tags []string
		keywords, _ := post["keywords"].([]any)
		for _, k := range keywords {
			tags = append(tags, k.(string))
		}
		if !slices.Equal(tags, p.meta["article:tag"]) {
			s.complain(name, "keywords %q, tags %q", tags, p.meta["article:tag"])
		}
		if _, err := time.Parse(time.RFC3339, published[0]); err != nil {
			s.complain(name, "%v", err)
		}
	}
	if way := types["BreadcrumbList"]; way != nil {
		list, _ := way["itemListElement"].([]any)
		for i, e := range list {
			step, _ := e.(map[string]any)
			if step["position"] != float64(i+1) || step["name"] == "" {
				s.complain(name, "a step of the way: %v", step)
			}
			if url, ok := step["item"].(string); ok {
				s.address(name, "a step of the way", url)
			} else if i < len(list)-1 {
				s.complain(name, "a step that leads nowhere: %v", step)
			}
		}
	}
	if s.page("index.html") == p && types["WebSite"] == nil {
		s.complain(name, "no WebSite")
	}
}

// decode reads a card's pixels.
func decode(data string) (image.Image, error) { return png.Decode(strings.NewReader(data)) }

// judge runs every check on every file.
func (s *site) judge() []string {
	for _, name := range s.named("index.xml") {
		s.rss(name)
	}
	for _, name := range s.named("feed.json") {
		s.jsonFeed(name)
	}
	for _, name := range s.named("llms.txt") {
		s.llms(name)
	}
	for _, name := range s.named("*.md") {
		s.twin(name)
	}
	for _, name := range s.named("*.html") {
		s.meta(name)
	}
	s.sitemap()
	s.robots()
	return s.wrong
}
