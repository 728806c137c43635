package hugo

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"duskpress/tools/pipeline"
)

// emptyOutput reports the pages that were to be written and were not, though
// there is a template: it printed nothing at all. For those that are said there
// was none.
func (e *Engine) emptyOutput(said map[string]bool) {
	e.collection.NoFile = func(path string) bool { return said[path] }
	e.collection.LinkOnly = e.linkOnly()
	e.collection.MadeBy = e.madeBy
	if len(e.configs.Base.RenderSegments) > 0 {
		return
	}
	// Pages of one kind, type and layout have one template, and are told at once.
	nothing := make(map[string][]string)
	for path, o := range e.pages.owners {
		if o.page != nil && !o.alias && !said[path] && !e.destination.wrote(path) && o.page.Kind() != "404" {
			template := strings.Join([]string{o.format, o.page.Kind(), o.page.Type(), o.page.Layout()}, " ")
			nothing[template] = append(nothing[template], path)
			said[path] = true
		}
	}
	for _, template := range slices.Sorted(maps.Keys(nothing)) {
		e.printedNothing(nothing[template])
	}
}

func (e *Engine) printedNothing(paths []string) {
	slices.Sort(paths)
	p := e.placeOfAll(paths, "pages")
	p.Severity, p.Rule = pipeline.Warning, "empty-output"
	p.Message = fmt.Sprintf("the template for %s printed nothing, and so there is no file: %s", p.Message, paths[0])
	p.Hint = `if that is meant, set build.render = "never" in front matter`
	e.problems.Add(p)
}

// noTemplates reports the pages for which Hugo found no template, once a build is
// done. Hugo says which kind of page it was, and not which: those are the pages
// of that kind and output format that were to be written and were not.
func (e *Engine) noTemplates() (said map[string]bool) {
	said = make(map[string]bool)
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
				said[path] = true
			}
		}
		slices.Sort(missing)
		e.problems.Add(e.noLayoutProblem(format, layout, kind, missing))
	}
	return said
}

// placeOfAll places a problem of several files at the first content file among
// them. Its message is what they are.
func (e *Engine) placeOfAll(paths []string, what string) pipeline.Problem {
	p := pipeline.Problem{Message: what}
	for _, path := range paths {
		o := e.pages.owners[path]
		if o.content == nil {
			continue
		}
		at := o.content.Problem(keyPlace(o.content, "layout", "type"), 0, "", "", "")
		p.File, p.Line, p.Column = at.File, at.Line, at.Column
		p.Message = "this page"
		switch more := len(paths) - 1; {
		case more == 1:
			p.Message += " and another one"
		case more > 1:
			p.Message += fmt.Sprintf(" and %d others", more)
		}
		break
	}
	return p
}

// noLayoutProblem is one problem for all pages that want one template.
func (e *Engine) noLayoutProblem(format, layout, kind string, missing []string) pipeline.Problem {
	name := kind
	if kind == "page" && layout != "" {
		name = layout
	}
	p := e.placeOfAll(missing, fmt.Sprintf("pages of the kind %q", kind))
	p.Severity, p.Rule, p.Hint = pipeline.Warning, "no-layout", fmt.Sprintf("add layouts/%s.html, or layouts/all.html for pages of every kind", name)
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
	p.Message = fmt.Sprintf("there is no template for %s, and so no file", p.Message)
	if len(missing) > 0 {
		p.Message += ": " + missing[0]
	}
	return p
}
