package csp

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"duskpress/tools/pipeline"
)

// Grant is the source that allows a use, or nothing if the policy does not.
// Hashes and the site itself are always allowed, and data: for what cannot run.
func Grant(u pipeline.Use, origin string, allowed []string) string {
	source := u.Source
	scheme, _, _ := strings.Cut(origin, "//")
	if strings.HasPrefix(source, "//") {
		source = scheme + source
	}
	switch {
	case source == "":
		return ""
	case source == Self, origin != "" && source == origin:
		return Self
	case strings.HasPrefix(source, "'sha256-"):
		return source
	case source == "data:" && slices.Contains([]string{"img-src", "font-src", "media-src"}, u.Directive):
		return source
	}
	for _, a := range allowed {
		if Allows(a, source, whole(scheme, u.Address)) {
			return a
		}
	}
	return ""
}

// whole gives an address without a scheme that of the site.
func whole(scheme, address string) string {
	if strings.HasPrefix(address, "//") {
		return scheme + address
	}
	return address
}

// Blocked collects what a policy makes browsers block, by cause: what an author
// wrote into a content file is a cause of its own, with its place; what a
// template writes is one for all its pages.
type Blocked struct {
	causes pipeline.Causes
	// Origin finds a text in the source of a file that no page is. It may be nil.
	Origin func(f *pipeline.File, text string) (pipeline.TemplatePlace, bool)
}

// Add takes one use of a page that was not granted.
func (b *Blocked) Add(f *pipeline.File, u pipeline.Use) {
	key := u
	key.Inline, key.Address = "", ""
	b.causes.Add(f, pipeline.Fault{
		Rule: "csp", Severity: pipeline.Warning, Cause: fmt.Sprintf("%q", key), Message: message(u), Hint: hint(u),
		Subject: pipeline.MarkupSubject, Texts: []string{u.Inline + u.Address, strings.ReplaceAll(u.Inline+u.Address, `"`, `'`)}, // as before minifying
		Needles: needles(u),
	})
}

// needles are texts that the template may have which made it. What is short may
// stand anywhere for anything, but not in such an attribute.
func needles(u pipeline.Use) []string {
	var list []string
	text := u.Inline + u.Address
	if len(text) >= 6 {
		list = append(list, text)
	}
	if u.Inline != "" {
		list = append(list, written(u)...)
		tag := "<" + u.Element + " " + u.Attribute + "="
		list = append(list, tag+`"`, tag+"'")
	}
	return list
}

// written are the ways to write an attribute.
func written(u pipeline.Use) []string {
	return []string{u.Attribute + `="` + u.Inline + `"`, u.Attribute + "='" + u.Inline + "'"}
}

// Report gives each cause a warning of the rule csp.
func (b *Blocked) Report(c *pipeline.Collection, problems *pipeline.Problems) {
	if c != nil {
		b.causes.Template, b.causes.Call = c.Template, c.OwnCall
	}
	b.causes.Find, b.causes.Origin = placeOf, b.Origin
	b.causes.Report(problems)
}

// placeOf finds what is blocked in the content file that the page was made of.
func placeOf(f *pipeline.File, x pipeline.Fault) pipeline.Found {
	needle := x.Texts[0]
	if f.Content == nil || len(needle) < 3 {
		return pipeline.Found{} // anything
	}
	src, err := f.Content.Read()
	if err == nil && !bytes.Contains(src, []byte(needle)) {
		needle = x.Texts[1]
	}
	if err != nil || !bytes.Contains(src, []byte(needle)) {
		return parameter(f.Content, x.Texts[0])
	}
	return pipeline.Found{Content: f.Content, Place: f.Content.Find(needle, 1)}
}

// parameter is the one of a shortcode that is a part of an address.
func parameter(c *pipeline.Content, address string) pipeline.Found {
	for _, s := range c.Shortcodes {
		for _, p := range s.Params {
			if len(p.Value) >= 6 && strings.Contains(address, p.Value) {
				return pipeline.Found{Content: c, Place: p.Place}
			}
		}
	}
	return pipeline.Found{}
}

// mostQuoted is how many characters of a page a message shows.
const mostQuoted = 60

func message(u pipeline.Use) string {
	element := "<" + u.Element + " " + u.Attribute + ">"
	switch {
	case u.Element == "style":
		element = "url() in <style>"
	case u.Attribute == "url":
		element = "url()"
	}
	switch {
	case u.Directive == Connection:
		return fmt.Sprintf("browsers connect to %s for %s, and nothing may be loaded from there", strings.TrimPrefix(u.Source, "//"), element)
	case u.Source != "":
		return fmt.Sprintf("browsers block %s with %s: the Content-Security-Policy allows no %s of %s", element, pipeline.Quote(u.Address, mostQuoted), u.Directive, strings.TrimPrefix(u.Source, "//"))
	case u.Attribute == "style":
		return fmt.Sprintf("browsers ignore %s with %s: the Content-Security-Policy allows no inline style", element, pipeline.Quote(u.Inline, mostQuoted))
	case strings.HasPrefix(u.Attribute, "on"):
		return fmt.Sprintf("browsers ignore %s with %s: the Content-Security-Policy allows no inline handler", element, pipeline.Quote(u.Inline, mostQuoted))
	}
	return fmt.Sprintf("browsers block %s with %s: the Content-Security-Policy allows no address that is a script", element, pipeline.Quote(u.Inline, mostQuoted))
}

func hint(u pipeline.Use) string {
	switch {
	case u.Directive == Connection:
		return "remove it: the other host learns of each reader"
	case u.Source != "" && u.Directive == "base-uri":
		return "write whole addresses instead of a <base> element"
	case u.Source != "":
		source := u.Source
		if strings.HasPrefix(source, "//") {
			source = "https:" + source
		}
		if CheckSource(source) != nil {
			return "keep a copy of it on the site"
		}
		return fmt.Sprintf("keep a copy of it on the site, or set [params.duskpress.plugins.headers] %s = [%q]", u.Directive, source)
	case u.Attribute == "style":
		return "give it a class, and style that in a style sheet; for code, set noClasses = false in [markup.highlight]"
	}
	return "let a script in a file add the listener"
}
