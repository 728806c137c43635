// Package page reads a finished HTML page, once, for all checks.
//
// What enters: the bytes of a page as they will be published. What leaves: its
// facts, and the faults that a look at this page alone shows: tags that are
// nested wrongly, ids that stand twice, headings out of order, what templates
// failed to fill in. It reads no file, knows no other page, never decides how
// serious a rule is for a site, and keeps nothing of the page but short texts.
package page

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"duskpress/tools/csp"
	"duskpress/tools/pipeline"
)

// Read parses a page.
func Read(data []byte) (*pipeline.Facts, []pipeline.Fault) {
	r := &reader{facts: new(pipeline.Facts), leaks: looksLeaky(data)}
	r.nesting.report = r.report
	z := html.NewTokenizer(bytes.NewReader(data))
	for {
		kind := z.Next()
		switch kind {
		case html.ErrorToken:
			r.end(data)
			r.tooMany()
			return r.facts, r.faults
		case html.DoctypeToken:
			r.facts.Whole, r.head.doctype = true, true
		case html.TextToken:
			r.text(z.Text())
		case html.EndTagToken:
			name, _ := z.TagName()
			r.endTag(intern(name))
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			element := intern(name)
			r.raw = append(r.raw[:0], z.Raw()...) // reading attributes changes it
			r.attrs = csp.Attrs(z, more, r.attrs[:0])
			if bytes.Count(r.raw, []byte("=")) > len(r.attrs) {
				r.twice(element, r.raw)
			}
			r.startTag(element, kind == html.SelfClosingTagToken)
		}
	}
}

// intern is a name as a string, without an allocation for those of HTML.
func intern(name []byte) string {
	if a := atom.Lookup(name); a != 0 {
		return a.String()
	}
	return string(name)
}

// A reader collects what the tags and texts of a page tell.
type reader struct {
	facts  *pipeline.Facts
	faults []pipeline.Fault
	causes int // how many kinds of them
	more   int // faults of further kinds
	attrs  []csp.Attr
	raw    []byte // the tag as it is written

	policy  csp.Page
	links   linkFacts
	nesting nesting
	head    head
	outline outline
	leaks   bool // whether to look for what templates failed to fill in

	inTitle bool
	data    []byte // the text of a script that is data
	inData  bool
	code    int // depth of elements in which text is only shown
	hidden  int // depth of elements that nobody sees
	picture int // depth of picture elements
	ids     []string
}

// What is kept of one page: faults of so many causes, and so many of each.
const (
	mostCauses = 40
	mostPlaces = 20
)

// report keeps a fault. Of one cause there may be several: where they stand in
// content each has a place of its own. What is not kept is counted.
func (r *reader) report(x pipeline.Fault) {
	first, last, places := true, 0, 0
	for i, y := range r.faults {
		if y.Rule != x.Rule || y.Cause != x.Cause {
			continue
		}
		first, last = false, i
		places++
		if slices.Equal(y.Texts, x.Texts) {
			x.Nth++
		}
	}
	switch {
	case !first && x.Rule != "html":
	case !first && places == mostPlaces:
		r.faults[last].More++
	case !first:
		r.faults = append(r.faults, x)
	case r.causes < mostCauses:
		r.causes++
		r.faults = append(r.faults, x)
	default:
		r.more++
	}
}

// tooMany says that not all was kept.
func (r *reader) tooMany() {
	if r.more > 0 {
		r.faults = append(r.faults, pipeline.Fault{
			Rule: "html", Severity: pipeline.Warning, Cause: "more",
			Message: fmt.Sprintf("more is wrong with the page than is told here: %d further faults", r.more), Hint: "mend the others, and check again",
		})
	}
}

// shown are elements that are seen without a text in them.
var shown = map[string]bool{
	"img": true, "svg": true, "video": true, "audio": true, "canvas": true, "iframe": true, "object": true, "embed": true, "input": true,
	"hr": true, "math": true, "textarea": true, "select": true, "meter": true, "progress": true,
}

func (r *reader) startTag(element string, selfClosing bool) {
	f := r.facts
	r.inTitle = element == "title" && f.Title == "" && !r.nesting.foreign()
	for _, a := range r.attrs {
		switch k := string(a.Key); {
		case k == "id", k == "name" && element == "a":
			f.IDs = append(f.IDs, string(a.Value))
			if k == "id" && r.hidden == 0 {
				r.ids = append(r.ids, f.IDs[len(f.IDs)-1])
			}
		case k == "lang" && element == "html":
			f.Lang = string(a.Value)
		}
		if r.leaks {
			r.leakIn(element, a)
			r.noValue(element, string(a.Key))
		}
	}
	r.links.start(f, element, r.attrs)
	switch element {
	case "html", "head", "body":
		f.Whole = true
	case "meta":
		if seconds, address := refresh(r.attrs); seconds == "0" && f.Refresh == "" {
			f.Refresh = address
		}
	case "img":
		r.image()
	case "link":
		if rel, _ := csp.Find(r.attrs, "rel"); hasWord(rel, "stylesheet") && !hasWord(rel, "alternate") {
			href, _ := csp.Find(r.attrs, "href")
			f.Sheets = append(f.Sheets, one(string(href)))
		}
	case "script":
		r.inData = isData(r.attrs)
	case "picture":
		r.picture++
	}
	f.Shows = f.Shows || shown[element] && r.hidden == 0
	r.head.start(element, r.attrs)
	r.outline.start(element, r.attrs, r.hidden, level(element) > 0 && r.nesting.within("figcaption"))
	r.depth(element, 1)
	r.nesting.start(element, r.attrs, selfClosing)
	r.policy.Start(element, r.attrs)
}

func (r *reader) endTag(element string) {
	r.policy.End(element)
	r.nesting.end(element)
	r.outline.end(element)
	r.depth(element, -1)
	switch element {
	case "title":
		r.inTitle = false
	case "picture":
		r.picture = max(0, r.picture-1)
	case "script":
		r.endData()
	}
}

// depth counts the elements around what comes.
func (r *reader) depth(element string, n int) {
	switch element {
	case "code", "pre", "kbd", "samp", "textarea":
		r.code = max(0, r.code+n)
	case "script", "style", "template":
		r.hidden = max(0, r.hidden+n)
	}
}

func (r *reader) text(text []byte) {
	r.policy.Text(text)
	r.links.text(r.facts, text)
	if r.inTitle {
		r.facts.Title += string(text)
		if r.leaks {
			r.leakText(text)
		}
		return
	}
	if r.inData {
		r.data = append(r.data, text...)
	}
	if r.hidden > 0 {
		return
	}
	if !r.facts.Shows && len(bytes.TrimSpace(text)) > 0 && r.nesting.inBody() {
		r.facts.Shows = true
	}
	r.nesting.text(text)
	r.outline.addText(text)
	if r.leaks && r.code == 0 {
		r.leakText(text)
	}
}

// end is called behind the last token.
func (r *reader) end(data []byte) {
	r.facts.Uses = r.policy.Uses
	r.nesting.finish()
	r.sameIDs()
	if !r.facts.Whole || r.facts.Refresh != "" {
		return
	}
	r.head.check(r, data)
	r.outline.check(r)
}

func hasWord(list []byte, word string) bool {
	for w := range bytes.FieldsSeq(list) {
		if strings.EqualFold(string(w), word) {
			return true
		}
	}
	return false
}

// image keeps an img element.
func (r *reader) image() {
	src, _ := csp.Find(r.attrs, "src")
	m := pipeline.Image{Src: one(string(src)), Chosen: r.picture > 0}
	if bytes.HasPrefix(src, []byte("data:")) {
		m.Src = "data:"
	}
	width, hasWidth := csp.Find(r.attrs, "width")
	height, hasHeight := csp.Find(r.attrs, "height")
	m.Width, _ = strconv.Atoi(string(width))
	m.Height, _ = strconv.Atoi(string(height))
	m.Sized = hasWidth && hasHeight
	m.NoAlt = true
	for _, a := range r.attrs {
		switch string(a.Key) {
		case "alt", "aria-label", "aria-labelledby":
			m.NoAlt = false
		case "aria-hidden":
			m.NoAlt = m.NoAlt && string(a.Value) != "true"
		case "role":
			m.NoAlt = m.NoAlt && string(a.Value) != "presentation" && string(a.Value) != "none"
		case "style":
			m.Sized = m.Sized || bytes.Contains(a.Value, []byte("height")) || bytes.Contains(a.Value, []byte("aspect-ratio"))
		case "hidden":
			m.NoAlt, m.Sized = false, true
		case "srcset":
			m.Chosen = true
		}
	}
	r.facts.Images = append(r.facts.Images, m)
}

// value is the value of an attribute as a text, empty where there is none.
func value(attrs []csp.Attr, key string) string {
	v, _ := csp.Find(attrs, key)
	return string(v)
}

// refresh is where a meta element sends the reader, and after how many seconds;
// nothing for other meta elements.
func refresh(attrs []csp.Attr) (seconds, address string) {
	if !strings.EqualFold(value(attrs, "http-equiv"), "refresh") {
		return "", ""
	}
	seconds, rest, _ := strings.Cut(value(attrs, "content"), ";")
	key, address, ok := strings.Cut(strings.TrimSpace(rest), "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(key), "url") {
		return "", ""
	}
	return strings.TrimSpace(seconds), strings.Trim(strings.TrimSpace(address), `"'`)
}
