package page

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"duskpress/tools/csp"
	"duskpress/tools/pipeline"
)

// What an element is for nesting; those not in the list are 0.
type trait uint16

const (
	void        trait = 1 << iota // has no end tag
	optional                      // its end tag may be left out
	block                         // ends a paragraph
	phrasing                      // holds no block
	transparent                   // holds what the element around it may
	control                       // is no part of a link or button
)

var traits = func() map[string]trait {
	all := map[string]trait{}
	for t, names := range map[trait]string{
		void:     "area base basefont bgsound br col embed frame hr image img input keygen link meta param source track wbr",
		optional: "html head body p li dt dd option optgroup tr td th thead tbody tfoot caption colgroup rb rt rtc rp",
		block: `address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form
			h1 h2 h3 h4 h5 h6 header hgroup hr main menu nav ol p pre search section table ul`,
		phrasing: `p h1 h2 h3 h4 h5 h6 pre span em strong b i u s small mark code kbd samp var sub sup cite q abbr dfn time label
			button data output bdi bdo ruby rt progress meter`,
		transparent: "a ins del map object noscript video audio canvas slot",
		control:     "button details embed iframe label select textarea",
	} {
		for _, name := range strings.Fields(names) {
			all[name] |= t
		}
	}
	return all
}()

// An element that is open.
type element struct {
	name    string
	foreign bool // its children are SVG or MathML
	// child is the first that must not be one: it is reported when the element
	// is closed, since all children are wrong of one that is not.
	child *pipeline.Fault
}

// nesting follows the elements of a page as far as a stack can: it honours the
// end tags that may be left out, and where tags cross it reports that once and
// goes on as if they did not. It knows the faults that browsers mend each in
// their own surprising way, not all of HTML.
type nesting struct {
	report func(pipeline.Fault)

	stack []element
	owed  map[string]int // end tags whose elements were closed for another
	endP  string         // what ended a paragraph that had no end tag,
	endAt string         // and the text before
	near  []byte         // the text of the block so far
}

const nearest = 60 // bytes of text that are kept

func (n *nesting) fault(cause, message, hint, tag string) {
	n.faultAfter(clean(string(n.near)), cause, message, hint, tag)
}

// faultAfter reports what stands behind some words.
func (n *nesting) faultAfter(words, cause, message, hint, tag string) {
	n.report(newFault(words, cause, message, hint, tag))
}

func newFault(words, cause, message, hint, tag string) pipeline.Fault {
	x := pipeline.Fault{
		Rule: "html", Severity: pipeline.Warning, Cause: cause, Message: message, Hint: hint,
		Subject: pipeline.MarkupSubject, Texts: []string{"<" + tag},
	}
	if words != "" {
		x.Message += ", after " + quote(words)
		x.Texts = append(x.Texts, words)
	}
	return x
}

func (n *nesting) text(text []byte) {
	if len(text) > nearest {
		text = text[len(text)-nearest:]
	}
	n.near = append(n.near, text...)
	if over := len(n.near) - nearest; over > 0 {
		n.near = slices.Delete(n.near, 0, over)
	}
}

// foreign reports whether what comes next is SVG or MathML.
func (n *nesting) foreign() bool { return len(n.stack) > 0 && n.stack[len(n.stack)-1].foreign }

// inBody reports whether what comes next is seen.
func (n *nesting) inBody() bool {
	return !slices.ContainsFunc(n.stack, func(e element) bool { return e.name == "head" || e.name == "title" })
}

func (n *nesting) top() string {
	if len(n.stack) == 0 {
		return ""
	}
	return n.stack[len(n.stack)-1].name
}

// integration are elements of SVG and MathML that hold HTML.
var integration = map[string]bool{
	"foreignobject": true, "desc": true, "title": true, "annotation-xml": true, "mi": true, "mo": true, "mn": true, "ms": true, "mtext": true,
}

func (n *nesting) start(name string, attrs []csp.Attr, selfClosing bool) {
	if n.foreign() {
		if traits[name]&block != 0 {
			n.fault(name+" in "+n.top(), fmt.Sprintf("a <%s> in <%s> ends the drawing", name, n.top()), "put HTML into foreignObject, or behind the drawing", name)
		}
		if !selfClosing {
			n.push(name, !integration[name])
		}
		return
	}
	t := traits[name]
	n.close(name, t)
	n.checkParent(name)
	n.checkAround(name, attrs, t)
	if t&phrasing == 0 && t&transparent == 0 || t&block != 0 {
		n.near = n.near[:0]
	}
	if t&void == 0 && (!selfClosing || name != "svg" && name != "math") {
		n.push(name, name == "svg" || name == "math")
	}
}

func (n *nesting) push(name string, foreign bool) {
	n.stack = append(n.stack, element{name: name, foreign: foreign})
}

// closers says which elements a start tag ends, as far up as one of the
// barriers.
var closers = func() map[string][2]string {
	return map[string][2]string{
		"li": {"li", "ul ol menu dir"}, "dt": {"dt dd", "dl"}, "dd": {"dt dd", "dl"},
		"option": {"option", "select datalist optgroup"}, "optgroup": {"option optgroup", "select"},
		"tr": {"tr td th caption colgroup", "table thead tbody tfoot"}, "td": {"td th", "tr table"}, "th": {"td th", "tr table"},
		"thead": {"tr td th thead tbody tfoot caption colgroup", "table"}, "tbody": {"tr td th thead tbody tfoot caption colgroup", "table"},
		"tfoot": {"tr td th thead tbody tfoot caption colgroup", "table"}, "colgroup": {"caption colgroup", "table"},
		"rt": {"rt rp rb", "ruby rtc"}, "rp": {"rt rp rb", "ruby rtc"}, "body": {"head", "html"},
	}
}()

func isOneOf(list, name string) bool {
	for list != "" {
		var word string
		word, list, _ = strings.Cut(list, " ")
		if word == name {
			return true
		}
	}
	return false
}

// close ends what the start tag of an element ends by itself.
func (n *nesting) close(name string, t trait) {
	if c, ok := closers[name]; ok {
		at := -1
		for i := len(n.stack) - 1; i >= 0 && !isOneOf(c[1], n.stack[i].name) && n.stack[i].name != "template"; i-- {
			if isOneOf(c[0], n.stack[i].name) {
				at = i
			}
		}
		if at >= 0 {
			n.cut(at, "<"+name+">")
		}
	}
	if t&block != 0 && n.top() == "p" {
		n.stack = n.stack[:len(n.stack)-1]
		n.endP, n.endAt = name, clean(string(n.near))
	} else if name == "p" {
		n.endP = ""
	}
}

// cut takes elements off the stack, down to one, and reports those that needed
// an end tag.
func (n *nesting) cut(to int, before string) {
	if to >= 0 && n.stack[to].child != nil {
		n.report(*n.stack[to].child)
	}
	for i := len(n.stack) - 1; i > to; i-- {
		if e := n.stack[i]; traits[e.name]&optional != 0 {
			if e.child != nil {
				n.report(*e.child)
			}
		} else {
			n.unclosed(e.name, before)
			if n.owed == nil {
				n.owed = make(map[string]int)
			}
			n.owed[e.name]++
		}
	}
	n.stack = n.stack[:max(0, to)]
}

func (n *nesting) unclosed(name, before string) {
	n.fault("unclosed "+name+" "+before, fmt.Sprintf("a <%s> is not closed before %s", name, before), fmt.Sprintf("write </%s> first", name), name)
}

// parents says what an element stands in, and nowhere else.
var parents = map[string]string{
	"li": "ul ol menu dir", "tr": "table thead tbody tfoot", "td": "tr", "th": "tr", "thead": "table", "tbody": "table", "tfoot": "table",
	"caption": "table", "colgroup": "table", "col": "colgroup table", "dt": "dl div", "dd": "dl div", "figcaption": "figure", "summary": "details",
	"optgroup": "select", "option": "select optgroup datalist", "source": "picture audio video", "track": "audio video", "legend": "fieldset",
}

// children says what else than themselves some elements hold.
var children = map[string]string{
	"ul": "li", "ol": "li", "dl": "dt dd div", "table": "caption colgroup col thead tbody tfoot tr", "thead": "tr", "tbody": "tr", "tfoot": "tr", "tr": "td th",
	"picture": "source img", "colgroup": "col",
}

// anywhere are elements that may stand in those of children too.
const anywhere = "script template noscript style slot"

func (n *nesting) checkParent(name string) {
	parent := n.top()
	if parent == "" || parent == "template" || parent == "slot" || parent == "noscript" || strings.Contains(parent, "-") {
		return
	}
	if want, ok := parents[name]; ok && !isOneOf(want, parent) {
		if name == "figcaption" && n.within("figure") || name == "legend" || name == "option" && n.within("select") || name == "summary" && n.within("details") {
			return // HTML is changing here, or a div in between does no harm
		}
		first, _, _ := strings.Cut(want, " ")
		n.fault(name+" in "+parent, fmt.Sprintf("a <%s> stands in <%s>", name, parent), fmt.Sprintf("put it into <%s>", first), name)
		return
	}
	if want, ok := children[parent]; ok && !isOneOf(want, name) && !isOneOf(anywhere, name) && !strings.Contains(name, "-") {
		if parent == "table" && (name == "td" || name == "th") {
			return
		}
		if e := &n.stack[len(n.stack)-1]; e.child == nil {
			first, _, _ := strings.Cut(want, " ")
			x := newFault(clean(string(n.near)), name+" in "+parent, fmt.Sprintf("a <%s> stands in <%s>", name, parent), fmt.Sprintf("put it into <%s>, or elsewhere", first), name)
			e.child = &x
		}
	}
}

func (n *nesting) within(name string) bool {
	for i := len(n.stack) - 1; i >= 0 && n.stack[i].name != "template"; i-- {
		if n.stack[i].name == name {
			return true
		}
	}
	return false
}

// checkAround looks for elements that must not be around another.
func (n *nesting) checkAround(name string, attrs []csp.Attr, t trait) {
	inside := func(outer, hint string) {
		n.fault(name+" in "+outer, fmt.Sprintf("a <%s> stands in <%s>", name, outer), hint, name)
	}
	switch {
	case name == "a" && n.within("a"):
		inside("a", "browsers end the first link there: take one of them out")
		return
	case name == "form" && n.within("form"):
		inside("form", "browsers drop the second form: close the first before it")
		return
	case name == "a" && n.within("button"):
		inside("button", "give the link the look of a button instead")
		return
	case t&control != 0 || name == "input" && !hiddenInput(attrs):
		for _, outer := range []string{"a", "button"} {
			if n.within(outer) {
				inside(outer, "put one behind the other")
				return
			}
		}
	}
	if t&block == 0 {
		return
	}
	for i := len(n.stack) - 1; i >= 0; i-- {
		outer := n.stack[i].name
		ot := traits[outer]
		if ot&phrasing != 0 {
			n.fault(name+" in "+outer, fmt.Sprintf("a <%s> stands in <%s>", name, outer), fmt.Sprintf("<%s> holds text alone: end it first, or use <span>", outer), name)
		}
		if ot&transparent == 0 {
			return
		}
	}
}

func hiddenInput(attrs []csp.Attr) bool {
	t, _ := csp.Find(attrs, "type")
	return bytes.EqualFold(t, []byte("hidden"))
}

func (n *nesting) end(name string) {
	t := traits[name]
	if !n.foreign() && t&void != 0 {
		if name != "br" {
			n.fault("end "+name, fmt.Sprintf("</%s> stands behind an element that has no end", name), "remove the end tag", "/"+name)
		}
		return
	}
	at := len(n.stack) - 1
	for at >= 0 && n.stack[at].name != name {
		at--
	}
	switch {
	case at >= 0:
		n.cut(at, "</"+name+">")
	case n.owed[name] > 0:
		n.owed[name]--
	case name == "p" && n.endP != "":
		n.faultAfter(n.endAt, n.endP+" in p", fmt.Sprintf("a <%s> stands in <p>, which ends there", n.endP), "end the paragraph first; a shortcode or picture of its own stands between empty lines", n.endP)
		n.endP = ""
	case name == "p":
		n.fault("end p", "</p> ends no paragraph: browsers make an empty one", "remove it", "/p")
	case name == "body" || name == "html" || name == "head":
		// Minifiers leave out the start tags alone.
	default:
		n.fault("end "+name, fmt.Sprintf("</%s> ends nothing", name), "remove it, or write the start tag", "/"+name)
	}
	if t&phrasing == 0 && t&transparent == 0 || t&block != 0 {
		n.near = n.near[:0]
	}
}

// finish reports what is open at the end of the page.
func (n *nesting) finish() { n.cut(-1, "the end") }
