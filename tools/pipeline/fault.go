package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Fault is something wrong with an output file that its bytes show. Check
// hooks make problems of faults: see Causes.
type Fault struct {
	Rule     string
	Severity Severity
	// Cause is the same for faults that one template causes in many files.
	Cause string
	// Message is one sentence about the file, without its name.
	Message, Hint string
	// Subject says how an author may have written what is wrong, and Texts are
	// what to look for, the best first.
	Subject Subject
	Texts   []string
	// Needles are texts that a template has if it causes the fault.
	Needles []string
	// Nth counts, from 0, the faults of this rule, cause and texts in the file.
	Nth int
	// More is how many further faults of the cause the file has that are not kept.
	More int
	// Example finds one of the places in content at which the template's fault is
	// seen, for where the template is not known. It may be nil.
	Example func(*File) Found
}

// A Subject is a kind of thing in a content file.
type Subject int

const (
	NoSubject Subject = iota // only templates write it
	HeadingSubject
	ImageSubject
	MarkupSubject // HTML, or an attribute, as it is written
	TextSubject   // words
	FirstSubject  // the file as a whole
	ItemSubject   // a page, by its address or its title
)

// A TemplatePlace is a place in a template.
type TemplatePlace struct {
	File         string
	Line, Column int
}

// Causes makes problems of what is wrong with output files: what stands in a
// content file is reported there, each for itself; what does not was written by
// a template, and is reported once for all its files.
type Causes struct {
	// Find looks for a fault in content.
	Find func(*File, Fault) Found
	// Template finds the one template that has a text. It may be nil.
	Template func(needle string) (TemplatePlace, bool)
	// Origin finds a text in the source that a file which is no page was made of.
	// It may be nil.
	Origin func(f *File, needle string) (TemplatePlace, bool)
	// MadeBy is the template that wrote the file at a path. It may be nil.
	MadeBy func(path string) string
	// Call finds the call of a shortcode of the engine's own that made what is wrong
	// with a file. It may be nil.
	Call func(*File, Fault) Found

	order []string
	by    map[string]*cause
}

// Found is where a fault stands in content.
type Found struct {
	Content *Content // nil: nowhere
	Place   Place
	// Weak places count only where each file of the cause has one.
	Weak bool
	// Guess says that words alone show the place, and no tag.
	Guess bool
	// Drop says that another check reports it, or that it is no fault.
	Drop bool
}

type cause struct {
	files  []*File
	faults map[*File]Fault
	// further faults of a file count where they stand in content.
	further map[*File][]Fault
}

// A spot in content.
type spot struct {
	*Content
	Place
}

// Add takes one fault of a file. Of the same cause, those behind the first are
// told only where they stand at a place of their own in content.
func (c *Causes) Add(f *File, x Fault) {
	key := x.Rule + "\x00" + x.Cause
	if c.by == nil {
		c.by = make(map[string]*cause)
	}
	at := c.by[key]
	if at == nil {
		at = &cause{faults: make(map[*File]Fault), further: make(map[*File][]Fault)}
		c.by[key] = at
		c.order = append(c.order, key)
	}
	if _, ok := at.faults[f]; !ok {
		at.files = append(at.files, f)
		at.faults[f] = x
	} else {
		at.further[f] = append(at.further[f], x)
	}
}

// Report adds the problems.
func (c *Causes) Report(problems *Problems) {
	type remainder struct {
		of    *cause
		files []*File
	}
	var unplaced []remainder
	said := make(map[string]bool) // by rule, the words at which something was found in content
	for _, key := range c.order {
		at := c.by[key]
		var rest []*File
		var in []Found
		var of []*File
		var what []Fault
		for _, f := range at.files {
			found := c.Find(f, at.faults[f])
			switch {
			case found.Drop:
			case found.Content == nil:
				rest = append(rest, f)
			default:
				in, of, what = append(in, found), append(of, f), append(what, at.faults[f])
			}
			for _, x := range at.further[f] {
				also := c.Find(f, x)
				if also.Content != nil && !also.Drop && !also.Weak && (!also.Guess || found.Content != nil && !found.Weak) {
					in, of, what = append(in, also), append(of, f), append(what, x)
				}
			}
		}
		placed := make(map[string]bool) // what was found in content
		bare := false                   // of what there is a tag alone, too
		// What stands at one place is told once, for the page made of that file.
		own := make(map[spot]*File)
		for i, found := range in {
			here := spot{found.Content, found.Place}
			if before := own[here]; before == nil || before.Content != found.Content && of[i].Content == found.Content {
				own[here] = of[i]
			}
		}
		// A tag alone may be the template's. But a list shows whole posts.
		doubt := slices.ContainsFunc(rest, func(f *File) bool { return !at.faults[f].bare() || !isList(f) })
		for i, found := range in {
			x, here := what[i], spot{found.Content, found.Place}
			if found.Weak && doubt {
				rest = append(rest, of[i])
				continue
			}
			for _, t := range x.Texts {
				placed[t] = !strings.HasPrefix(t, "<") // a tag alone may be any other
				said[x.Rule+"\x00"+t] = placed[t]
			}
			bare = bare || x.bare()
			if own[here] != of[i] {
				continue
			}
			own[here] = nil // it is told
			message := of[i].Path + ": " + x.Message
			if x.More > 0 {
				message += fmt.Sprintf("; of this kind the page has %d more, which are not told", x.More)
			}
			problems.Add(found.Content.Problem(found.Place, x.Severity, x.Rule, message, x.Hint))
		}
		// A list that shows a whole post has the post's faults.
		rest = slices.DeleteFunc(rest, func(f *File) bool {
			return bare && at.faults[f].bare() && isList(f) || slices.ContainsFunc(at.faults[f].Texts, func(t string) bool { return placed[t] })
		})
		unplaced = append(unplaced, remainder{at, rest})
	}
	for _, r := range unplaced {
		// A list may show a post with other levels of headings, so with other tags.
		rest := slices.DeleteFunc(r.files, func(f *File) bool {
			x := r.of.faults[f]
			return x.Subject == MarkupSubject && isList(f) && slices.ContainsFunc(x.Texts, func(t string) bool { return said[x.Rule+"\x00"+t] })
		})
		slices.SortFunc(rest, func(a, b *File) int { return cmp.Compare(a.Path, b.Path) })
		if len(rest) > 0 {
			problems.Add(c.once(rest, r.of.faults))
		}
	}
}

// bare reports whether nothing but a tag is known of a fault.
func (x Fault) bare() bool {
	return x.Subject == MarkupSubject && len(x.Texts) == 1 && strings.HasPrefix(x.Texts[0], "<")
}

// isList reports whether a file is a page that lists others.
func isList(f *File) bool {
	return f.Content == nil || strings.HasPrefix(f.Content.Base(), "_index.")
}

// once is the problem for all files of a cause that is not in their content.
func (c *Causes) once(files []*File, all map[*File]Fault) Problem {
	f := files[0]
	x := all[f]
	where := AndOthers(f.Path, len(files)-1, "page")
	p := Problem{Severity: x.Severity, Rule: x.Rule, Message: where + ": " + x.Message, Hint: x.Hint}
	if c.Origin != nil && (f.Kind == Static || f.Kind == Asset) {
		for _, needle := range x.Needles {
			if at, ok := c.Origin(f, needle); ok {
				p.File, p.Line, p.Column = at.File, at.Line, at.Column
				return p
			}
		}
	}
	if c.Template != nil && f.Kind != Static {
		for _, needle := range x.Needles {
			if at, ok := c.Template(needle); ok {
				p.File, p.Line, p.Column = at.File, at.Line, at.Column
				return p
			}
		}
	}
	for _, f := range files[:min(len(files), 20)] { // lists may come first
		x := all[f]
		if x.Example == nil {
			break
		}
		if found := x.Example(f); found.Content != nil {
			p.File, p.Line, p.Column = found.Content.Path, found.Place.Line, found.Place.Column
			return p
		}
	}
	if found := c.called(files, all); found.Content != nil {
		p.File, p.Line, p.Column = found.Content.Path, found.Place.Line, found.Place.Column
		return p
	}
	if c.MadeBy != nil && f.Kind == Rendered && f.MediaType != "text/html" {
		if p.File = c.MadeBy(f.Path); p.File != "" {
			return p
		}
	}
	switch {
	case len(files) > 1:
	case f.Content != nil && f.MediaType == "text/html":
		p.File = f.Content.Path // a feed is its template's
	case f.Kind == Static:
		p.File = f.Origin
	}
	return p
}

// called is the first call that made a fault of several files, if each of them has
// one, lists aside.
func (c *Causes) called(files []*File, all map[*File]Fault) (first Found) {
	if c.Call == nil {
		return Found{}
	}
	for _, f := range files {
		if isList(f) {
			continue
		}
		found := c.Call(f, all[f])
		if found.Content == nil {
			return Found{}
		}
		if first.Content == nil {
			first = found
		}
	}
	return first
}
