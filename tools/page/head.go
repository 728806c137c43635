package page

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"duskpress/tools/csp"
	"duskpress/tools/formats"
	"duskpress/tools/pipeline"
)

// head is what a whole page says of itself.
type head struct {
	doctype, charset, html bool
}

func (h *head) start(element string, attrs []csp.Attr) {
	switch element {
	case "html":
		h.html = true
	case "meta":
		if _, ok := csp.Find(attrs, "charset"); ok {
			h.charset = true
		} else if name, _ := csp.Find(attrs, "http-equiv"); strings.EqualFold(string(name), "content-type") {
			h.charset = true
		}
	}
}

func (h *head) check(r *reader, data []byte) {
	warn := func(cause, message, hint string, needles ...string) {
		r.report(pipeline.Fault{Rule: "html", Severity: pipeline.Warning, Cause: cause, Message: message, Hint: hint, Needles: needles})
	}
	if !h.doctype {
		warn("doctype", "the page has no doctype: browsers lay it out as those of 1998 did", "begin the template with <!doctype html>", "<html")
	}
	if h.html && strings.TrimSpace(r.facts.Lang) == "" {
		warn("lang", "the page does not say its language, so it is read aloud and hyphenated by chance", `write <html lang="{{ site.Language.Locale }}">`, "<html")
	}
	if strings.TrimSpace(r.facts.Title) == "" {
		warn("title", "the page has no title", "the template's head needs <title>", "</head>", "<head>")
	}
	if !h.charset && !ascii(data) && !bytes.HasPrefix(data, []byte("\ufeff")) {
		warn("charset", "the page does not say that it is UTF-8, and has other letters than those of ASCII", `begin the head with <meta charset="utf-8">`, "<head>")
	}
}

func ascii(data []byte) bool {
	return !slices.ContainsFunc(data, func(c byte) bool { return c >= utf8.RuneSelf })
}

// attribute matches one attribute with a value.
var attribute = regexp.MustCompile(`[\s"'/]([^\s"'<>/=]+)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+)`)

// twice looks for an attribute that stands twice, of which the tokenizer shows
// the first.
func (r *reader) twice(element string, tag []byte) {
	seen := make(map[string]bool)
	for _, m := range attribute.FindAllSubmatch(tag, -1) {
		key := strings.ToLower(string(m[1]))
		if seen[key] {
			r.report(pipeline.Fault{
				Rule: "html", Severity: pipeline.Warning, Cause: "twice " + element + " " + key,
				Message: fmt.Sprintf("a <%s> has the attribute %s twice, and browsers drop the second", element, key), Hint: "keep one",
				Subject: pipeline.MarkupSubject, Texts: []string{"<" + element}, Needles: []string{string(m[0][1:])},
			})
		}
		seen[key] = true
	}
}

// mostIDs is how many ids of one page are reported.
const mostIDs = 5

// sameIDs reports the ids that stand twice. Those of headings are reported with
// their text.
func (r *reader) sameIDs() {
	if len(r.ids) < 2 {
		return
	}
	sorted := slices.Sorted(slices.Values(r.ids))
	reported := 0
	for i := 1; i < len(sorted); i++ {
		id := sorted[i]
		if id == "" || sorted[i-1] != id || i > 1 && sorted[i-2] == id {
			continue
		}
		if reported++; reported > mostIDs {
			r.more++
			continue
		}
		x := pipeline.Fault{
			Rule: "duplicate-id", Severity: pipeline.Warning, Cause: id,
			Message: fmt.Sprintf("two elements have the id %q, and links lead to the first", id), Hint: "give one another id",
			Subject: pipeline.MarkupSubject, Texts: []string{`id="` + id + `"`, `id='` + id + `'`, "id=" + id, "#" + id},
			Needles: []string{`id="` + id + `"`, `id='` + id + `'`, "id=" + id},
		}
		if text := r.outline.second(id); text != "" {
			x.Message = fmt.Sprintf("two headings have the id %q, and links lead to the first", id)
			x.Hint = fmt.Sprintf("give this one another: {#%s-2} behind it, or other words", id)
			x.Subject, x.Texts = pipeline.HeadingSubject, append([]string{text}, x.Texts...)
		}
		r.report(x)
	}
}

// isData reports whether a script is JSON.
func isData(attrs []csp.Attr) bool {
	t, _ := csp.Find(attrs, "type")
	switch strings.ToLower(string(bytes.TrimSpace(t))) {
	case "application/ld+json", "application/json", "importmap", "speculationrules":
		return true
	}
	return false
}

// endData looks at the text of a script that has to be JSON.
func (r *reader) endData() {
	if !r.inData {
		return
	}
	text := r.data
	r.inData, r.data = false, r.data[:0]
	wrong := formats.JSONError(text)
	if wrong == "" {
		return
	}
	r.report(pipeline.Fault{
		Rule: "json", Severity: pipeline.Error, Cause: "script", Message: "a script of data is no JSON: " + wrong,
		Hint: "let the template print it with jsonify", Needles: []string{"application/ld+json", "importmap"},
	})
}
