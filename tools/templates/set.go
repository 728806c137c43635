package templates

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A Set is all templates of a site, by name. Names of partials are relative to
// layouts/, such as _partials/a.html.
type Set map[string]*Reads

// partials finds the templates that a call may name. Hugo takes the nearest of
// several that differ in language, format or suffix, minds neither case nor how a
// path is written, and takes a blank for a hyphen; so all that are alike count.
func (s Set) partials(name string) (found []string) {
	alike := func(name string) string {
		name = path.Clean("/" + strings.ReplaceAll(strings.ToLower(name), " ", "-"))
		dir, base := path.Split(name)
		base, _, _ = strings.Cut(base, ".")
		return dir + base
	}
	want := alike(name)
	for _, at := range slices.Sorted(maps.Keys(s)) {
		names := []string{at}
		for define := range s[at].Defines {
			names = append(names, define)
		}
		for _, n := range names {
			n = "/" + strings.ToLower(n)
			if i := strings.Index(n, "partials/"); i >= 0 && alike(n[i+len("partials/"):]) == want {
				found = append(found, at)
				break
			}
		}
	}
	return found
}

// Closure is what a template reads with all partials that it calls, and these
// call. A partial that is in no file of its own may stand in any. Where it has a text
// converted, that may have any shortcode or hook.
func (s Set) Closure(name string) *Reads { return s.closure(name, true) }

func (s Set) closure(name string, texts bool) *Reads {
	all := newReads()
	seen := make(map[string]bool)
	var visit func(string)
	visit = func(at string) {
		if seen[at] {
			return
		}
		seen[at] = true
		r := s[at]
		if r == nil {
			all.doubt("the template %s is not there to be read", at)
			return
		}
		maps.Copy(all.Names, r.Names)
		maps.Copy(all.Keys, r.Keys)
		all.Pages = all.Pages || r.Pages
		all.AnyPartial = all.AnyPartial || r.AnyPartial
		all.Current, all.Converts = all.Current || r.Current, all.Converts || r.Converts
		all.Unnoted, all.Assets, all.Formats, all.Builds = all.Unnoted || r.Unnoted, all.Assets || r.Assets, all.Formats || r.Formats, all.Builds || r.Builds
		for _, d := range r.Doubts {
			all.doubt("%s", d)
		}
		any := r.AnyPartial
		for _, p := range slices.Sorted(maps.Keys(r.Partials)) {
			all.Partials[p] = true
			list := s.partials(p)
			for _, found := range list {
				visit(found)
			}
			if len(list) == 0 { // one of Hugo's own, or one that Hugo finds in another way
				maps.Copy(all.Names, Body)
				all.Assets, any = true, true
			}
		}
		if any {
			for _, other := range slices.Sorted(maps.Keys(s)) {
				if holdsPartials(other, s[other]) {
					visit(other)
				}
			}
		}
	}
	visit(name)
	if all.Converts && texts {
		for _, at := range slices.Sorted(maps.Keys(s)) {
			if !InContent(at) {
				continue
			}
			c := s.closure(at, false)
			maps.Copy(all.Names, c.Names)
			maps.Copy(all.Keys, c.Keys)
			all.Pages, all.Current, all.Assets = all.Pages || c.Pages, all.Current || c.Current, all.Assets || c.Assets
			all.Formats, all.Builds = all.Formats || c.Formats, all.Builds || c.Builds
			for _, d := range c.Doubts {
				all.doubt("%s", d)
			}
		}
	}
	if all.Unnoted {
		maps.Copy(all.Keys, all.Names)
	}
	return all
}

func holdsPartials(name string, r *Reads) bool {
	if strings.Contains("/"+strings.ToLower(name), "partials/") {
		return true
	}
	for define := range r.Defines {
		if strings.Contains("/"+define, "partials/") {
			return true
		}
	}
	return false
}

var inContent = regexp.MustCompile(`(?i)(^|/)(_shortcodes|shortcodes|_markup)/`)

// InContent tells templates that run while a body is converted.
func InContent(name string) bool { return inContent.MatchString(name) }

// Whole says what in the templates makes one output depend on that another was
// rendered, or cannot be told; empty if nothing does.
func (s Set) Whole(off func(line string) bool) string {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if !strings.Contains(path.Base(name), ".") {
			continue
		}
		if d := s[name].Doubts; len(d) > 0 && !off("doubts") {
			return fmt.Sprintf("the template %s: %s", name, d[0])
		}
		for _, p := range slices.Sorted(maps.Keys(s[name].Cached)) {
			for _, found := range s.partials(p) {
				if s.Closure(found).Current && !off("current") {
					return fmt.Sprintf("the template %s keeps what %s makes, which asks for the page that is being rendered", name, found)
				}
			}
		}
		// An alias is written with its page, whatever its template reads beside.
		alias := strings.HasPrefix(strings.ToLower(path.Base(name)), "alias.")
		if !InContent(name) && !alias {
			continue
		}
		c := s.closure(name, false)
		if c.Converts && c.Pages { // else the text is of this page, and each in it is looked at by itself
			c = s.Closure(name)
		}
		switch {
		case alias && (len(c.Keys) > 0 || len(c.Names) > 0 && c.Pages) && !off("alias"):
			return fmt.Sprintf("the template %s may read other pages", name)
		case alias:
		case (c.Current || c.Formats) && !off("formats of a body"):
			return fmt.Sprintf("the template %s is part of a body, and asks which page or format is being rendered", name)
		case len(c.Keys) > 0 && !off("content keys"):
			return fmt.Sprintf("the template %s chooses pages by what is in them", name)
		case len(c.Names) > 0 && c.Pages && !off("content"):
			return fmt.Sprintf("the template %s is part of a body and may read another", name)
		}
	}
	return ""
}
