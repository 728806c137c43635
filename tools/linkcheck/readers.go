package linkcheck

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"duskpress/tools/csp"
)

// A Ref is an address in a file that is no page.
type Ref struct {
	What    string // such as <link>, <loc>, url()
	Address string
	// Whole addresses have to begin with a scheme and a host.
	Whole bool
	// Text is that of an item, which was a page's, and Base the item's address.
	Text bool
	Base string
	// Image says that a picture is loaded, and not led to.
	Image bool
}

// XML reads a feed, a sitemap or an index of sitemaps. Others have no refs.
func XML(data []byte) []Ref {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict, d.Entity = false, xml.HTMLEntity
	r := xmlReader{}
	for {
		token, err := d.Token()
		if err != nil { // what is not well-formed is for others to tell
			return r.end()
		}
		switch t := token.(type) {
		case xml.StartElement:
			if r.root == "" {
				r.root = strings.ToLower(t.Name.Local)
				if !slices.Contains([]string{"rss", "rdf", "feed", "urlset", "sitemapindex"}, r.root) {
					return nil
				}
			}
			r.start(t)
		case xml.CharData:
			if r.want != "" {
				r.text = append(r.text, t...)
			}
		case xml.EndElement:
			r.stop(t)
		}
	}
}

type xmlReader struct {
	root  string
	based bool // an xml:base makes relative addresses whole
	want  string
	text  []byte
	item  int // where the refs of the current item begin
	inner bool
	base  string
	refs  []Ref
}

func attr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if strings.EqualFold(a.Name.Local, name) {
			return a.Value
		}
	}
	return ""
}

func (r *xmlReader) add(what, address string, image bool) {
	if address = strings.TrimSpace(address); address != "" {
		r.refs = append(r.refs, Ref{What: what, Address: address, Whole: !r.based, Image: image})
	}
}

func (r *xmlReader) start(t xml.StartElement) {
	name := strings.ToLower(t.Name.Local)
	if attr(t, "base") != "" && (r.root == "feed" || r.root == "rss") {
		r.based = true
	}
	r.want, r.text = "", r.text[:0]
	switch r.root {
	case "urlset", "sitemapindex":
		switch name {
		case "loc":
			r.want = "<loc>"
		case "link":
			r.add("<xhtml:link>", attr(t, "href"), false)
		}
		return
	}
	switch name {
	case "item", "entry":
		r.endItem()
		r.inner = true
	case "link":
		if href := attr(t, "href"); href != "" {
			r.add("<link>", href, false)
			if rel := attr(t, "rel"); r.inner && (rel == "" || rel == "alternate") {
				r.base = href
			}
		} else {
			r.want = "<link>"
		}
	case "guid":
		if !strings.EqualFold(attr(t, "isPermaLink"), "false") {
			r.want = "<guid>"
		}
	case "enclosure", "thumbnail":
		r.add("<"+name+">", attr(t, "url"), true)
	case "content", "description", "encoded", "summary":
		if u := attr(t, "url"); u != "" { // media:content
			r.add("<media:content>", u, true)
		} else if kind := attr(t, "type"); r.root != "feed" || kind == "html" {
			r.want = "text"
			if src := attr(t, "src"); src != "" {
				r.add("<content>", src, false)
			}
		}
	case "icon", "logo", "url", "comments":
		r.want = "<" + name + ">"
	}
}

func (r *xmlReader) stop(t xml.EndElement) {
	text := string(r.text)
	switch r.want {
	case "":
	case "text":
		if r.inner {
			r.refs = append(r.refs, HTML(text)...)
		}
	case "<link>":
		r.add(r.want, text, false)
		if r.inner {
			r.base = strings.TrimSpace(text)
		}
	default:
		r.add(r.want, text, r.want != "<loc>" && r.want != "<guid>" && r.want != "<comments>")
	}
	r.want, r.text = "", r.text[:0]
	if name := strings.ToLower(t.Name.Local); name == "item" || name == "entry" {
		r.endItem()
		r.inner = false
	}
}

// endItem gives the links in an item's text the item's address to begin at.
func (r *xmlReader) endItem() {
	for i := r.item; i < len(r.refs); i++ {
		if r.refs[i].Text {
			r.refs[i].Base = r.base
		}
	}
	r.item, r.base = len(r.refs), ""
}

func (r *xmlReader) end() []Ref {
	r.endItem()
	return r.refs
}

// HTML reads the links in the text of an item.
func HTML(text string) []Ref {
	if !strings.Contains(text, "<") {
		return nil
	}
	var refs []Ref
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return refs
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			element := string(name)
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				switch string(key) {
				case "href", "src", "poster":
					refs = append(refs, Ref{What: "<" + element + " " + string(key) + ">", Address: string(value), Text: true, Image: string(key) != "href"})
				case "srcset":
					for _, address := range csp.Candidates(string(value)) {
						refs = append(refs, Ref{What: "<" + element + " srcset>", Address: address, Text: true, Image: true})
					}
				}
			}
		}
	}
}

// JSON reads a JSON Feed or a web manifest. Others have no refs.
func JSON(data []byte, manifest bool) []Ref {
	var doc map[string]any
	if json.Unmarshal(data, &doc) != nil {
		return nil
	}
	var refs []Ref
	add := func(v any, key string, whole, image bool) {
		if s, ok := v.(string); ok && s != "" {
			refs = append(refs, Ref{What: key, Address: s, Whole: whole, Image: image})
		}
	}
	each := func(key string, call func(map[string]any)) {
		list, _ := doc[key].([]any)
		for _, e := range list {
			if m, ok := e.(map[string]any); ok {
				call(m)
			}
		}
	}
	if manifest {
		add(doc["start_url"], "start_url", false, false)
		for _, key := range []string{"icons", "screenshots"} {
			each(key, func(m map[string]any) { add(m["src"], key, false, true) })
		}
		each("shortcuts", func(m map[string]any) { add(m["url"], "shortcuts", false, false) })
		return refs
	}
	if v, _ := doc["version"].(string); !strings.HasPrefix(v, "https://jsonfeed.org/") {
		return nil
	}
	for _, key := range []string{"home_page_url", "feed_url", "next_url"} {
		add(doc[key], key, true, false)
	}
	add(doc["icon"], "icon", true, true)
	add(doc["favicon"], "favicon", true, true)
	each("items", func(m map[string]any) {
		base, _ := m["url"].(string)
		add(m["url"], "url", true, false)
		add(m["image"], "image", true, true)
		add(m["banner_image"], "banner_image", true, true)
		if list, ok := m["attachments"].([]any); ok {
			for _, e := range list {
				if a, ok := e.(map[string]any); ok {
					add(a["url"], "attachments", true, true)
				}
			}
		}
		if text, ok := m["content_html"].(string); ok {
			for _, r := range HTML(text) {
				r.Base = base
				refs = append(refs, r)
			}
		}
	})
	return refs
}

var sitemapLine = regexp.MustCompile(`(?im)^[ \t]*sitemap[ \t]*:[ \t]*(\S+)`)

// Robots reads the sitemaps that robots.txt names.
func Robots(data []byte) []Ref {
	var refs []Ref
	for _, m := range sitemapLine.FindAllSubmatch(data, -1) {
		refs = append(refs, Ref{What: "Sitemap", Address: string(m[1]), Whole: true})
	}
	return refs
}

var (
	markdownLink = regexp.MustCompile(`\]\(<?([^()\s<>]+(?:\([^()\s]*\)[^()\s<>]*)?)>?(?:\s+(?:"[^"]*"|'[^']*'))?\)`)
	codeSpan     = regexp.MustCompile("`+[^`\n]*`+")
)

// Markdown reads the inline links of a Markdown text, outside of code.
func Markdown(data []byte) []Ref {
	var refs []Ref
	fence := ""
	for line := range strings.Lines(string(data)) {
		trimmed := strings.TrimLeft(line, " \t>")
		mark := fenceOf(trimmed)
		switch {
		case fence == "" && mark != "":
			fence = mark
			continue
		case fence != "":
			if strings.HasPrefix(mark, fence) && strings.Trim(trimmed, fence[:1]+" \t\r\n") == "" {
				fence = ""
			}
			continue
		case strings.HasPrefix(line, "    "), strings.HasPrefix(line, "\t"):
			continue // code, or a list of which the page tells
		}
		if !strings.Contains(line, "](") {
			continue
		}
		if strings.Contains(line, "`") {
			line = codeSpan.ReplaceAllString(line, "")
		}
		for _, m := range markdownLink.FindAllStringSubmatch(line, -1) {
			refs = append(refs, Ref{What: "a link", Address: m[1], Text: true})
		}
	}
	return refs
}

func fenceOf(line string) string {
	for _, c := range []string{"`", "~"} {
		if n := len(line) - len(strings.TrimLeft(line, c)); n >= 3 {
			return line[:n]
		}
	}
	return ""
}
