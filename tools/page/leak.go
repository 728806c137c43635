package page

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"duskpress/tools/csp"
	"duskpress/tools/pipeline"
)

// leakMarks are texts one of which stands wherever there is a leak, as it may
// be escaped.
var leakMarks = [][]byte{
	[]byte("ZgotmplZ"), []byte("HAHAHUGO"), []byte("HUGOMORE42"), []byte("__hdeferred"), []byte("__h_pp_l1"),
	[]byte("no value"), []byte("%!"), []byte("{{"), []byte("map["), []byte("nil>"), []byte("nil&gt;"),
}

// A leak is what a template or Hugo left behind in the place of what was meant.
type leak struct {
	pattern       *regexp.Regexp
	name          string
	severity      pipeline.Severity
	inAttributes  bool
	message, hint string
}

var leaks = []leak{
	{regexp.MustCompile(`ZgotmplZ`), "ZgotmplZ", pipeline.Error, true, "a template refused a value as unsafe", "mark it with safeURL, safeCSS or safeHTMLAttr, or mend the value"},
	{regexp.MustCompile(`HAHAHUGO\w*`), "HAHAHUGO", pipeline.Error, true, "a placeholder of a shortcode was not filled in", "the template cuts or changes what a shortcode makes before it is rendered: use .Content, or .Summary"},
	{regexp.MustCompile(`HUGOMORE42`), "HUGOMORE42", pipeline.Error, true, "the placeholder of <!--more--> was not filled in", "the template takes apart what is not yet rendered: use .Summary and .Content"},
	{regexp.MustCompile(`__hdeferred\w*|__h_pp_l1\w*`), "__hdeferred", pipeline.Error, true, "a placeholder of Hugo's was not filled in", "templates.Defer and resources.PostProcess work in pages alone, not in what other functions change"},
	{regexp.MustCompile(`<no value>`), "<no value>", pipeline.Error, true, "a template printed a value that is not there", "test it with {{ with }} first"},
	{regexp.MustCompile(`%!([a-zA-Z]\(|\(EXTRA |\(BADINDEX\)|\(NOVERB\))`), "%!", pipeline.Error, true, "printf got other values than its format asks for", "compare the verbs of the format with its values"},
	{regexp.MustCompile(`\{\{[<%]-?\s*/?\s*[\pL_]`), "{{<", pipeline.Error, true, "a shortcode was not rendered", "shortcodes work in the text of content files alone: not in front matter, data or templates"},
	{regexp.MustCompile(`\{\{-?\s*(\.[A-Z]|partial(Cached)?\s+"|template\s+"|with\s+\.|range\s+\.|if\s+\.|end\s*-?\}\})`), "{{ .", pipeline.Warning, false, "an action of a template was not carried out", "a file of data or text is printed without ExecuteAsTemplate, or the action was escaped"},
	{regexp.MustCompile(`\bmap\[[\pL_][\w-]*:`), "map[", pipeline.Warning, false, "a template printed a map of Go's", "print its values, one by one"},
	{regexp.MustCompile(`<nil>`), "<nil>", pipeline.Warning, false, "a template printed a value that is not there", "test it with {{ with }} first"},
}

func (r *reader) leakText(text []byte) {
	for _, x := range Leaks(text) {
		r.report(x)
	}
}

// leakIn looks at an attribute. Those that scripts of a page read may hold
// anything.
func (r *reader) leakIn(element string, a csp.Attr) {
	key := string(a.Key)
	if strings.HasPrefix(key, "data-") || strings.HasPrefix(key, "x-") || strings.HasPrefix(key, "v-") || strings.ContainsAny(key, "@:.") {
		return
	}
	for _, l := range leaks {
		if !l.inAttributes {
			continue
		}
		if at := l.pattern.FindIndex(a.Value); at != nil {
			x := l.fault(a.Value, at)
			x.Cause += " " + element + " " + key
			x.Message = fmt.Sprintf("%s: <%s %s> has %s", l.message, element, key, quote(around(a.Value, at)))
			r.report(x)
		}
	}
}

// noValue knows "<no value>" where nothing escaped it.
func (r *reader) noValue(element, key string) {
	if element == "no" && key == "value" && r.code == 0 {
		r.leakText([]byte("<no value>"))
	}
}

// Leaks finds what templates left behind in a text, without escapes, of any
// kind of file.
func Leaks(text []byte) []pipeline.Fault {
	var faults []pipeline.Fault
	for _, l := range leaks {
		if at := l.pattern.FindIndex(text); at != nil {
			faults = append(faults, l.fault(text, at))
		}
	}
	return faults
}

func (l leak) fault(text []byte, at []int) pipeline.Fault {
	found := string(text[at[0]:at[1]])
	// What an author wrote is found by its beginning, however it goes on.
	texts := []string{clean(around(text, at)), found}
	if l.name == "{{<" {
		texts = append(texts, strings.TrimRight(found, " "))
	}
	return pipeline.Fault{
		Rule: "unrendered", Severity: l.severity, Cause: l.name, Message: fmt.Sprintf("%s: %s", l.message, quote(clean(around(text, at)))), Hint: l.hint,
		Subject: pipeline.TextSubject, Texts: texts,
	}
}

// around is a match with a few words beside it.
func around(text []byte, at []int) string {
	begin, end := max(0, at[0]-20), min(len(text), at[1]+25)
	return strings.ToValidUTF8(string(text[begin:end]), "")
}

// LeaksInFile finds leaks in a file that is no HTML: what stands in code within
// HTML that it quotes is left alone.
func LeaksInFile(data []byte, xml bool) []pipeline.Fault {
	if !looksLeaky(data) {
		return nil
	}
	r := &reader{facts: new(pipeline.Facts), leaks: true}
	r.nesting.report = func(pipeline.Fault) {}
	text := data
	if xml {
		// For HTML an empty title in this form would take in all that follows.
		data = bytes.ReplaceAll(data, []byte("<title/>"), nil)
		text = []byte(html.UnescapeString(string(bytes.ReplaceAll(data, []byte("<![CDATA["), nil))))
	}
	z := html.NewTokenizer(bytes.NewReader(text))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return r.faults
		case html.TextToken:
			if r.code == 0 {
				r.leakText(z.Text())
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			r.depth(intern(name), -1)
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			element := intern(name)
			r.attrs = csp.Attrs(z, more, r.attrs[:0])
			for _, a := range r.attrs {
				r.leakIn(element, a)
				r.noValue(element, string(a.Key))
			}
			r.depth(element, 1)
		}
	}
}
