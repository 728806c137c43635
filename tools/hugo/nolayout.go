package hugo

import (
	"fmt"
	"slices"

	"duskpress/tools/pipeline"
)

// noLayouts reports the pages for which Hugo found no template, once a build is
// done. Hugo says which kind of page it was, and not which: those are the pages
// of that kind and output format that were to be written and were not.
func (e *Engine) noLayouts() {
	e.log.mu.Lock()
	messages := slices.Clone(e.log.layouts)
	e.log.mu.Unlock()
	slices.Sort(messages)
	for _, message := range slices.Compact(messages) {
		m := noLayout.FindStringSubmatch(message)
		format, layout, kind := m[1], m[2], m[3]
		var missing []string
		for path, o := range e.pages.owners {
			if o.page != nil && !o.alias && o.format == format && o.page.Kind() == kind && o.page.Layout() == layout && !e.destination.wrote(path) {
				missing = append(missing, path)
			}
		}
		slices.Sort(missing)
		e.problems.Add(e.noLayoutProblem(format, layout, kind, missing))
	}
}

// noLayoutProblem is one problem for all pages that want one template.
func (e *Engine) noLayoutProblem(format, layout, kind string, missing []string) pipeline.Problem {
	name := kind
	if kind == "page" && layout != "" {
		name = layout
	}
	p := pipeline.Problem{Severity: pipeline.Warning, Rule: "no-layout", Hint: fmt.Sprintf("add layouts/%s.html, or layouts/all.html for pages of every kind", name)}
	if format != "html" {
		p.Hint = fmt.Sprintf("add a template for the output format %q, or take it out of [outputs]", format)
	}
	switch kind {
	case "taxonomy", "term":
		// Many sites want no such pages.
		p.Hint += fmt.Sprintf("; to have no such pages, set disableKinds = [%q]", kind)
	case "page", "home":
		p.Severity = pipeline.Error
	}
	what := fmt.Sprintf("pages of the kind %q", kind)
	for _, path := range missing {
		o := e.pages.owners[path]
		if o.content == nil {
			continue
		}
		at := o.content.Problem(keyPlace(o.content, "layout", "type"), 0, "", "", "")
		p.File, p.Line, p.Column = at.File, at.Line, at.Column
		what = "this page"
		switch more := len(missing) - 1; {
		case more == 1:
			what += " and another one"
		case more > 1:
			what += fmt.Sprintf(" and %d others", more)
		}
		break
	}
	p.Message = fmt.Sprintf("there is no template for %s, and so no file", what)
	if len(missing) > 0 {
		p.Message += ": " + missing[0]
	}
	return p
}
