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

// Blocked collects what a policy makes browsers block, by cause.
type Blocked struct {
	order  []pipeline.Use
	causes map[pipeline.Use]*cause
}

type cause struct {
	files []*pipeline.File
	uses  map[*pipeline.File]pipeline.Use
}

// Add takes one use of a page that was not granted. What an author wrote into a content file is a cause of its
// own, with its place; what a template writes is one for all its pages.
func (b *Blocked) Add(f *pipeline.File, u pipeline.Use) {
	key := u
	key.Inline, key.Address = "", ""
	if b.causes == nil {
		b.causes = make(map[pipeline.Use]*cause)
	}
	c := b.causes[key]
	if c == nil {
		c = &cause{uses: make(map[*pipeline.File]pipeline.Use)}
		b.causes[key] = c
		b.order = append(b.order, key)
	}
	if _, ok := c.uses[f]; !ok {
		c.files = append(c.files, f)
		c.uses[f] = u
	}
}

// Report gives each cause a warning of the rule csp.
func (b *Blocked) Report(problems *pipeline.Problems) {
	for _, key := range b.order {
		c := b.causes[key]
		var rest []*pipeline.File
		for _, f := range c.files {
			u := c.uses[f]
			at, ok := placeOf(f, u)
			if !ok {
				rest = append(rest, f)
				continue
			}
			problems.Add(f.Content.Problem(at, pipeline.Warning, "csp", message(u, f.Path, 0), hint(u)))
		}
		if len(rest) == 0 {
			continue
		}
		u := c.uses[rest[0]]
		pr := pipeline.Problem{Severity: pipeline.Warning, Rule: "csp", Message: message(u, rest[0].Path, len(rest)-1), Hint: hint(u)}
		switch f := rest[0]; {
		case len(rest) > 1:
		case f.Content != nil:
			pr.File = f.Content.Path
		case f.Kind == pipeline.Static:
			pr.File = f.Origin
		}
		problems.Add(pr)
	}
}

// placeOf finds what is blocked in the content file that the page was made of.
func placeOf(f *pipeline.File, u pipeline.Use) (pipeline.Place, bool) {
	needle := u.Inline + u.Address
	if f.Content == nil || len(needle) < 3 {
		return pipeline.Place{}, false
	}
	src, err := f.Content.Read()
	if err != nil || !bytes.Contains(src, []byte(needle)) {
		return pipeline.Place{}, false
	}
	return f.Content.Find(needle, 1), true
}

func message(u pipeline.Use, path string, more int) string {
	where := path
	switch {
	case more == 1:
		where += " and another page"
	case more > 1:
		where += fmt.Sprintf(" and %d other pages", more)
	}
	element := "<" + u.Element + " " + u.Attribute + ">"
	switch {
	case u.Element == "style":
		element = "url() in <style>"
	case u.Attribute == "url":
		element = "url()"
	}
	switch {
	case u.Source != "":
		return fmt.Sprintf("%s: browsers block %s with %s: the Content-Security-Policy allows no %s of %s", where, element, shorten(u.Address), u.Directive, strings.TrimPrefix(u.Source, "//"))
	case u.Attribute == "style":
		return fmt.Sprintf("%s: browsers ignore %s with %s: the Content-Security-Policy allows no inline style", where, element, shorten(u.Inline))
	case strings.HasPrefix(u.Attribute, "on"):
		return fmt.Sprintf("%s: browsers ignore %s with %s: the Content-Security-Policy allows no inline handler", where, element, shorten(u.Inline))
	}
	return fmt.Sprintf("%s: browsers block %s with %s: the Content-Security-Policy allows no address that is a script", where, element, shorten(u.Inline))
}

func hint(u pipeline.Use) string {
	switch {
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

// shorten quotes the beginning of a text.
func shorten(s string) string {
	r := []rune(s)
	if len(r) > 60 {
		return fmt.Sprintf("%q…", string(r[:60]))
	}
	return fmt.Sprintf("%q", s)
}
