package page

import (
	"bytes"
	"fmt"
	"strings"

	"duskpress/tools/csp"
	"duskpress/tools/pipeline"
)

// An outline is the headings of a page.
type outline struct {
	headings []heading
	open     bool
}

type heading struct {
	level    int
	id, text string
	caption  bool // of a figure: no part of the page begins there
}

// longestHeading is how many bytes of a heading are kept.
const longestHeading = 200

func level(element string) int {
	if len(element) == 2 && element[0] == 'h' && element[1] >= '1' && element[1] <= '6' {
		return int(element[1] - '0')
	}
	return 0
}

func (o *outline) start(element string, attrs []csp.Attr, hidden int, caption bool) {
	n := level(element)
	if n == 0 || hidden > 0 {
		return
	}
	if _, ok := csp.Find(attrs, "hidden"); ok {
		return
	}
	id, _ := csp.Find(attrs, "id")
	o.headings = append(o.headings, heading{level: n, id: string(id), caption: caption})
	o.open = true
}

func (o *outline) addText(text []byte) {
	if !o.open {
		return
	}
	h := &o.headings[len(o.headings)-1]
	if n := longestHeading - len(h.text); n > 0 {
		h.text += string(text[:min(n, len(text))])
	}
}

func (o *outline) end(element string) {
	if level(element) > 0 {
		o.open = false
	}
}

func clean(text string) string {
	return strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "")
}

// second is the text of the second heading with an id, and else of the only
// one; nothing if no heading has it.
func (o *outline) second(id string) string {
	text := ""
	for n, h := range o.headings {
		if h.id == id {
			text = clean(h.text)
			for _, g := range o.headings[n+1:] {
				if g.id == id {
					return clean(g.text)
				}
			}
			break
		}
	}
	return text
}

func (o *outline) check(r *reader) {
	var first []string
	before := 0
	for _, h := range o.headings {
		text := clean(h.text)
		if h.level == 1 {
			first = append(first, text)
		}
		if h.caption {
			continue
		}
		if before > 0 && h.level > before+1 {
			r.report(pipeline.Fault{
				Rule: "skipped-heading", Severity: pipeline.Warning, Cause: fmt.Sprint(before, h.level),
				Message: fmt.Sprintf("the heading %s is an h%d behind an h%d", quote(text), h.level, before),
				Hint:    "readers that listen to a page use the levels to find their way; use one level fewer at a time",
				Subject: pipeline.HeadingSubject, Texts: []string{text},
			})
		}
		before = h.level
	}
	switch {
	case len(first) == 0 && r.facts.Shows:
		r.report(pipeline.Fault{
			Rule: "main-heading", Severity: pipeline.Warning, Cause: "none", Message: "the page has no h1, by which its readers know what it is about",
			Hint: "let the template print the title as <h1>",
		})
	case len(first) > 1:
		r.report(pipeline.Fault{
			Rule: "main-heading", Severity: pipeline.Warning, Cause: "many",
			Message: fmt.Sprintf("the page has %d h1: %s and %s", len(first), quote(first[0]), quote(first[1])),
			Hint:    "the template prints the title; begin the headings of the text with ##",
			Subject: pipeline.HeadingSubject, Texts: append(first[1:], first[0]),
		})
	}
}

// quote shows some words of the page in a message.
func quote(text string) string { return pipeline.Quote(text, 60) }

// looksLeaky reports whether a page has any of the texts that leaks have. Few
// pages do, so that the others are spared the rest.
func looksLeaky(data []byte) bool {
	for _, s := range leakMarks {
		if bytes.Contains(data, s) {
			return true
		}
	}
	return false
}
