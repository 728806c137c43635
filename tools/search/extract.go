package search

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
)

// The marks that a theme can set.
const (
	textMark = "data-search"  // ="text": what is indexed of a page
	dirMark  = "search-index" // the id of an element whose data-dir says where the index is wanted
)

// Extract reads a page of HTML: its title, date and text, by headings that have
// an id. The text is what a theme marks with data-search="text"; without that
// the first <article>, else <main>, else all. What is not read in the page, such
// as navigation, scripts, and the numbers of lines, is left out.
func Extract(data []byte) *Page {
	e := extractor{page: &Page{}, z: html.NewTokenizer(bytes.NewReader(data))}
	switch {
	case bytes.Contains(data, []byte(textMark+"=text")) || bytes.Contains(data, []byte(textMark+`="text"`)):
		e.marked = true
	case bytes.Contains(data, []byte("<article")):
		e.region = "article"
	case bytes.Contains(data, []byte("<main")):
		e.region = "main"
	default:
		e.region = "body"
	}
	e.page.Sections = []Section{{}}
	e.run()
	e.section()
	if e.page.Sections[0] == (Section{}) {
		e.page.Sections = e.page.Sections[1:]
	}
	e.page.Title = squeeze(e.title.String())
	if e.page.Title == "" {
		e.page.Title = squeeze(e.htmlTitle.String())
	}
	return e.page
}

type extractor struct {
	page   *Page
	z      *html.Tokenizer
	region string // the element that is indexed; with marked, its name once it is found
	marked bool

	depth    int // of elements of the region's name inside it; 0 outside
	done     bool
	skip     string // the element that is being left out, and how deep
	skipped  int
	heading  string // the heading that is being read
	text     strings.Builder
	head     strings.Builder
	title    strings.Builder
	hasTitle bool
	inTitle  bool // in the first <h1>
	inHTML   bool // in <title>

	htmlTitle strings.Builder
}

// left are the elements that are left out with all that they hold. Their end
// tags cannot be omitted.
var left = map[string]bool{"script": true, "style": true, "nav": true, "template": true, "noscript": true, "button": true, "select": true, "svg": true, "annotation": true, "iframe": true, "object": true, "video": true, "audio": true, "form": true}

// leftClasses are those of parts that no one reads as text.
var leftClasses = map[string]bool{"ln": true, "lnt": true, "lnlinks": true, "footnote-backref": true, "toc": true, "anchor": true}

// inline are the elements that do not part words.
var inline = map[string]bool{"a": true, "abbr": true, "b": true, "bdi": true, "bdo": true, "cite": true, "code": true, "data": true, "del": true, "dfn": true, "em": true, "i": true, "ins": true, "kbd": true, "mark": true, "mi": true, "mn": true, "mo": true, "q": true, "s": true, "samp": true, "small": true, "span": true, "strong": true, "sub": true, "sup": true, "time": true, "u": true, "var": true, "wbr": true}

// ends are the elements whose end tags may be omitted: to leave one out, and
// all up to an end tag that never comes, would lose the rest.
var ends = map[string]bool{"p": true, "li": true, "dt": true, "dd": true, "td": true, "th": true, "tr": true, "thead": true, "tbody": true, "tfoot": true, "option": true, "colgroup": true, "caption": true, "html": true, "head": true, "body": true}

var void = map[string]bool{"area": true, "base": true, "br": true, "col": true, "embed": true, "hr": true, "img": true, "input": true, "link": true, "meta": true, "source": true, "track": true, "wbr": true}

func (e *extractor) run() {
	for {
		switch e.z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			e.read(e.z.Text())
		case html.StartTagToken:
			e.start(false)
		case html.SelfClosingTagToken:
			e.start(true)
		case html.EndTagToken:
			name, _ := e.z.TagName()
			e.end(string(name))
		}
	}
}

func (e *extractor) read(text []byte) {
	switch {
	case e.inHTML:
		e.htmlTitle.Write(text)
	case e.skip != "":
	case e.inTitle:
		e.title.Write(text)
	case e.depth == 0:
	case e.heading != "":
		e.head.Write(text)
	default:
		e.text.Write(text)
	}
}

func (e *extractor) start(closed bool) {
	tag, more := e.z.TagName()
	name := string(tag)
	attr := make(map[string]string)
	for more {
		var key, value []byte
		key, value, more = e.z.TagAttr()
		attr[string(key)] = string(value)
	}
	closed = closed || void[name]
	if e.skip != "" {
		if name == e.skip && !closed {
			e.skipped++
		}
		return
	}
	p := e.page
	if attr["id"] == dirMark {
		p.IndexDir = attr["data-dir"]
	}
	switch name {
	case "title":
		e.inHTML = e.htmlTitle.Len() == 0 && !closed
		return
	case "meta":
		switch {
		case strings.EqualFold(attr["name"], "robots"):
			p.NoIndex = p.NoIndex || strings.Contains(strings.ToLower(attr["content"]), "noindex")
		case strings.EqualFold(attr["http-equiv"], "refresh"):
			p.Redirect = true
		case attr["property"] == "article:published_time" && len(attr["content"]) >= 10:
			p.Date = attr["content"][:10]
		}
		return
	case "time":
		if at := attr["datetime"]; p.Date == "" && len(at) >= 10 && e.page.Sections[0] == (Section{}) && e.text.Len() == 0 {
			p.Date = at[:10]
		}
	case "h1":
		if !e.hasTitle {
			e.hasTitle, e.inTitle = true, true
			return
		}
	}
	if e.leaves(name, attr) {
		if !closed {
			e.skip, e.skipped = name, 1
		}
		e.gap(name)
		return
	}
	switch {
	case e.depth == 0 && e.marked && attr[textMark] == "text" && !closed && !ends[name]:
		e.region, e.depth = name, 1
	case e.depth == 0 && !e.marked && !e.done && name == e.region && !closed:
		e.depth, e.done = 1, true
	case e.depth > 0 && name == e.region && !closed:
		e.depth++
	}
	if e.depth > 0 && len(name) == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6' && attr["id"] != "" {
		e.section()
		e.heading = name
		p.Sections = append(p.Sections, Section{ID: attr["id"]})
		return
	}
	e.gap(name)
	if e.depth > 0 && name == "li" {
		e.text.WriteString(between)
	}
}

func (e *extractor) leaves(name string, attr map[string]string) bool {
	if left[name] {
		return true
	}
	if ends[name] || void[name] {
		return false
	}
	if _, hidden := attr["hidden"]; hidden || attr["aria-hidden"] == "true" {
		return true
	}
	for class := range strings.FieldsSeq(attr["class"]) {
		if leftClasses[class] {
			return true
		}
	}
	return false
}

func (e *extractor) end(name string) {
	switch {
	case e.inHTML:
		e.inHTML = name != "title"
	case e.skip != "":
		if name == e.skip {
			if e.skipped--; e.skipped == 0 {
				e.skip = ""
			}
		}
	case e.inTitle && name == "h1":
		e.inTitle = false
	case e.heading == name && name != "":
		e.heading = ""
		last := &e.page.Sections[len(e.page.Sections)-1]
		last.Heading = strings.TrimRight(squeeze(e.head.String()), " #¶")
		e.head.Reset()
	default:
		if e.depth > 0 && name == e.region {
			e.depth--
		}
		e.gap(name)
	}
}

// between stands before each item of a list: as a reader sees it in the results,
// a list without it would be one sentence that makes no sense.
const between = "· "

// gap parts the words before and after a tag.
func (e *extractor) gap(name string) {
	if e.depth > 0 && !inline[name] {
		e.text.WriteByte(' ')
	}
}

// section ends the text of a section.
func (e *extractor) section() {
	last := &e.page.Sections[len(e.page.Sections)-1]
	last.Text = strings.TrimPrefix(squeeze(e.text.String()), between)
	e.text.Reset()
}

// squeeze makes one space of white space.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }
