// Package csp says what pages and style sheets ask of a Content-Security-Policy,
// and writes the strictest policy that allows it.
//
// What enters: the tags of an HTML page as a tokenizer finds them, the text of
// a style sheet, sources that an owner allows. What leaves: uses, sources, and
// the text of a policy, the same for the same input. It reads no file, parses a
// page only where nobody else does, and never writes unsafe-inline or unsafe-eval.
package csp

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"duskpress/tools/pipeline"
)

// An Attr is one attribute of a tag, its key in lower case, its value without
// escapes. Its bytes are looked at and not kept.
type Attr struct{ Key, Value []byte }

// A Page collects what one page asks of a policy.
type Page struct {
	Uses []pipeline.Use

	raw     string // script or style, while its text is read
	text    []byte
	foreign int // depth of elements that are SVG or MathML
}

// Start takes a start tag. Of an attribute that stands twice, the first counts.
func (p *Page) Start(element string, attrs []Attr) {
	switch element {
	case "svg", "math":
		p.foreign++
	case "script":
		if executable(attrs) {
			if src, ok := Find(attrs, "src"); ok {
				p.load("script-src", element, "src", string(src))
			} else {
				p.raw = element
			}
			p.svgHref(element, "script-src", attrs)
		}
	case "style":
		if t, _ := Find(attrs, "type"); len(t) == 0 || strings.EqualFold(string(t), "text/css") {
			p.raw = element
		}
	case "link":
		p.link(attrs)
	case "form":
		// Without an action a form is sent to its own page.
		p.use(pipeline.Use{Directive: "form-action", Source: Self, Element: element, Attribute: "action"})
	case "image", "feimage", "use":
		if p.foreign > 0 {
			p.svgHref(element, "img-src", attrs)
		}
	}
	for i, a := range attrs {
		if !repeated(attrs, i) {
			p.attribute(element, a)
		}
	}
}

func repeated(attrs []Attr, i int) bool {
	return slices.ContainsFunc(attrs[:i], func(a Attr) bool { return bytes.Equal(a.Key, attrs[i].Key) })
}

// Attrs reads the attributes of the tag that a tokenizer stands at, whose name
// was read, behind those in list.
func Attrs(z *html.Tokenizer, more bool, list []Attr) []Attr {
	for more {
		var a Attr
		a.Key, a.Value, more = z.TagAttr()
		list = append(list, a)
	}
	return list
}

// Find is the value of the first attribute with a key.
func Find(attrs []Attr, key string) (value []byte, ok bool) {
	for _, a := range attrs {
		if string(a.Key) == key {
			return a.Value, true
		}
	}
	return nil, false
}

// loads are the attributes that make a browser fetch something, or send
// something, and the directive that decides on it.
var loads = map[[2]string]string{
	{"img", "src"}:           "img-src",
	{"input", "src"}:         "img-src",
	{"video", "poster"}:      "img-src",
	{"body", "background"}:   "img-src",
	{"table", "background"}:  "img-src",
	{"td", "background"}:     "img-src",
	{"audio", "src"}:         "media-src",
	{"video", "src"}:         "media-src",
	{"source", "src"}:        "media-src",
	{"track", "src"}:         "media-src",
	{"iframe", "src"}:        "frame-src",
	{"frame", "src"}:         "frame-src",
	{"object", "data"}:       "object-src",
	{"embed", "src"}:         "object-src",
	{"form", "action"}:       "form-action",
	{"button", "formaction"}: "form-action",
	{"input", "formaction"}:  "form-action",
	{"base", "href"}:         "base-uri",
}

// navigations are attributes whose javascript: addresses a browser would run.
var navigations = map[string]bool{"href": true, "xlink:href": true, "src": true, "action": true, "formaction": true, "data": true}

func (p *Page) attribute(element string, a Attr) {
	key := string(a.Key)
	switch {
	case key == "style":
		p.use(pipeline.Use{Directive: "style-src", Element: element, Attribute: key, Inline: string(a.Value)})
	case len(key) > 4 && strings.HasPrefix(key, "on") && letters(key):
		p.use(pipeline.Use{Directive: "script-src", Element: element, Attribute: key, Inline: string(a.Value)})
	case navigations[key] && script(a.Value):
		p.use(pipeline.Use{Directive: "script-src", Element: element, Attribute: key, Inline: string(a.Value)})
	case key == "srcset" && (element == "img" || element == "source"), key == "imagesrcset" && element == "link":
		for _, address := range Candidates(string(a.Value)) {
			p.load("img-src", element, key, address)
		}
	case key == "srcdoc" && element == "iframe":
		// Its document has the policy of the page.
		inner := Page{Uses: p.Uses}
		inner.Read(a.Value)
		p.Uses = inner.Uses
	case key == "ping" && (element == "a" || element == "area"):
		for address := range strings.FieldsSeq(string(a.Value)) {
			p.load("connect-src", element, key, address)
		}
	default:
		if directive := loads[[2]string{element, key}]; directive != "" {
			p.load(directive, element, key, string(a.Value))
		}
	}
}

func letters(s string) bool {
	for _, c := range []byte(s) {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// svgHref takes the address of an element of SVG.
func (p *Page) svgHref(element, directive string, attrs []Attr) {
	for _, key := range []string{"href", "xlink:href"} {
		if v, ok := Find(attrs, key); ok && !bytes.HasPrefix(bytes.TrimSpace(v), []byte("#")) {
			p.load(directive, element, key, string(v))
			return
		}
	}
}

// Connection stands in the place of a directive for a host that browsers only
// connect to, before they need it: no policy keeps them from that.
const Connection = "connection"

// linkLoads are the rels of a link whose target a browser fetches by itself.
var linkLoads = map[string]string{
	"stylesheet":                   "style-src",
	"icon":                         "img-src",
	"apple-touch-icon":             "img-src",
	"apple-touch-icon-precomposed": "img-src",
	"apple-touch-startup-image":    "img-src",
	"mask-icon":                    "img-src",
	"manifest":                     "manifest-src",
	"modulepreload":                "script-src",
	"prefetch":                     "connect-src",
}

// preloads are the directives by what a link rel=preload is for.
var preloads = map[string]string{
	"script": "script-src", "worker": "script-src", "style": "style-src", "image": "img-src", "font": "font-src",
	"fetch": "connect-src", "audio": "media-src", "video": "media-src", "track": "media-src", "embed": "object-src", "object": "object-src",
}

func (p *Page) link(attrs []Attr) {
	href, ok := Find(attrs, "href")
	if !ok {
		return
	}
	rel, _ := Find(attrs, "rel")
	for word := range strings.FieldsSeq(strings.ToLower(string(rel))) {
		directive := linkLoads[word]
		if word == "preconnect" || word == "dns-prefetch" {
			if source := Source(string(href)); source != Self {
				directive = Connection
			}
		}
		if word == "preload" {
			as, _ := Find(attrs, "as")
			directive = preloads[strings.ToLower(string(as))]
		}
		if directive != "" {
			p.load(directive, "link", "href", string(href))
		}
	}
}

// executable reports whether a browser would run a script, or take it for
// rules or a map of imports, which need leave as well. What else stands in a
// script, such as JSON-LD, is data.
func executable(attrs []Attr) bool {
	t, typed := Find(attrs, "type")
	if !typed {
		if l, ok := Find(attrs, "language"); ok && len(l) > 0 {
			return javascript["text/"+strings.ToLower(string(l))]
		}
		return true
	}
	name := strings.ToLower(strings.Trim(string(t), " \t\n\f\r"))
	return name == "" && len(t) == 0 || name == "module" || name == "importmap" || name == "speculationrules" || javascript[name]
}

// javascript are the media types that mean JavaScript:
// https://mimesniff.spec.whatwg.org/#javascript-mime-type.
var javascript = map[string]bool{
	"application/ecmascript": true, "application/javascript": true, "application/x-ecmascript": true, "application/x-javascript": true,
	"text/ecmascript": true, "text/javascript": true, "text/javascript1.0": true, "text/javascript1.1": true, "text/javascript1.2": true,
	"text/javascript1.3": true, "text/javascript1.4": true, "text/javascript1.5": true, "text/jscript": true, "text/livescript": true,
	"text/x-ecmascript": true, "text/x-javascript": true,
}

// Text takes text, as it stands in the page.
func (p *Page) Text(raw []byte) {
	if p.raw != "" {
		p.text = append(p.text, raw...)
	}
}

// End takes an end tag.
func (p *Page) End(element string) {
	if element == p.raw && p.raw != "" {
		p.inline()
	}
	if (element == "svg" || element == "math") && p.foreign > 0 {
		p.foreign--
	}
}

// inline takes the script or style sheet whose text was read.
func (p *Page) inline() {
	element, text := p.raw, p.text
	p.raw, p.text = "", nil
	if p.foreign > 0 { // in there it is text like any other
		s := html.UnescapeString(string(text))
		if rest, ok := strings.CutPrefix(s, "<![CDATA["); ok {
			s = strings.TrimSuffix(rest, "]]>")
		}
		text = []byte(s)
	}
	directive := "script-src"
	if element == "style" {
		directive = "style-src"
		for _, u := range Stylesheet(text) {
			u.Element = element
			p.use(u)
		}
	} else if len(text) == 0 {
		return
	}
	p.use(pipeline.Use{Directive: directive, Element: element, Source: Hash(text)})
}

// Hash is the source that allows an inline script or style sheet.
func Hash(text []byte) string {
	sum := sha256.Sum256(text)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// load takes an address that the page loads or sends to.
func (p *Page) load(directive, element, attribute, address string) {
	source := Source(address)
	if source == "" {
		return
	}
	u := pipeline.Use{Directive: directive, Element: element, Attribute: attribute, Source: source}
	if source != Self && source != "data:" {
		u.Address = strings.TrimSpace(address)
	}
	p.use(u)
}

// use keeps what the page asks for, once. Of what nothing can allow, one is
// kept for each element and attribute: code with inline colours has thousands.
func (p *Page) use(u pipeline.Use) {
	for _, v := range p.Uses {
		same := v
		same.Inline = u.Inline
		if same == u {
			return
		}
		if u.Source == Self && v.Source == Self && v.Directive == u.Directive {
			return
		}
	}
	p.Uses = append(p.Uses, u)
}

// Read takes a whole page, where nobody else parses it.
func (p *Page) Read(data []byte) {
	z := html.NewTokenizer(bytes.NewReader(data))
	var attrs []Attr
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			p.Text(z.Text())
		case html.EndTagToken:
			name, _ := z.TagName()
			p.End(string(name))
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			element := string(name)
			attrs = Attrs(z, more, attrs[:0])
			p.Start(element, attrs)
		}
	}
}
