package csp

import (
	"cmp"
	"slices"
	"strings"
)

// Directives are the directives with sources that a policy may have, in the
// order in which they are written.
var Directives = []string{
	"script-src", "style-src", "img-src", "font-src", "connect-src", "media-src", "object-src", "frame-src",
	"worker-src", "manifest-src", "base-uri", "form-action", "frame-ancestors",
}

// closed are the directives that default-src does not stand in for: they are
// always written, and allow nothing unless a source was added.
var closed = []string{"base-uri", "form-action", "frame-ancestors"}

// A Policy allows what was added, and nothing else. The zero value is ready.
type Policy struct {
	sources map[string]map[string]bool
	// TrustedTypes asks browsers to refuse strings where a script would make
	// HTML or code of them.
	TrustedTypes bool
	// Upgrade asks browsers to fetch over https what is written with http.
	Upgrade bool
}

// Add allows a source.
func (p *Policy) Add(directive, source string) {
	if p.sources == nil {
		p.sources = make(map[string]map[string]bool)
	}
	if p.sources[directive] == nil {
		p.sources[directive] = make(map[string]bool)
	}
	p.sources[directive][source] = true
}

// Has reports whether a directive has a source at all.
func (p *Policy) Has(directive string) bool { return len(p.sources[directive]) > 0 }

// String is the value of the header.
func (p *Policy) String() string {
	parts := []string{"default-src 'none'"}
	for _, d := range Directives {
		switch {
		case p.Has(d):
			parts = append(parts, d+" "+strings.Join(p.list(d), " "))
		case slices.Contains(closed, d):
			parts = append(parts, d+" 'none'")
		}
	}
	if p.TrustedTypes {
		parts = append(parts, "require-trusted-types-for 'script'")
	}
	if p.Upgrade {
		parts = append(parts, "upgrade-insecure-requests")
	}
	return strings.Join(parts, "; ")
}

// list sorts sources: the site itself, schemes, hosts, hashes.
func (p *Policy) list(directive string) []string {
	rank := func(s string) int {
		switch {
		case s == Self:
			return 0
		case strings.HasSuffix(s, ":"):
			return 1
		case s[0] == '\'':
			return 3
		}
		return 2
	}
	var list []string
	for s := range p.sources[directive] {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	return list
}
