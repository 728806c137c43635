package explain

import (
	"encoding/json"
	"fmt"
	"strings"
)

// shown is how many of a list a reader gets; JSON has them all.
const shown = 12

// Text writes an answer for a terminal.
func (a *Answer) Text() string {
	w := new(writer)
	summary := a.Summary
	if len(a.Reasons) > 0 { // which follows, with its place
		summary = strings.TrimSuffix(summary, ": "+a.Reasons[0].Text)
	}
	w.line(0, "%s: %s", a.title(), summary)
	for _, n := range a.Notes {
		w.line(1, "note: %s", n)
	}
	w.reasons(a.Reasons)
	if p := a.Page; p != nil {
		title := ""
		if p.Title != "" {
			title = fmt.Sprintf(" %q", p.Title)
		}
		w.line(1, "page %s: %s%s, language %s", p.Path, p.Kind, title, p.Language)
		if p.Render != "always" || p.List != "always" {
			w.line(2, "build options: render = %q, list = %q", p.Render, p.List)
		}
	}
	if len(a.Metadata) > 0 {
		form := "front matter (" + a.Form + ")"
		if a.Form == "headings" {
			form = "headings as metadata"
		}
		w.line(1, "%s", form)
		for _, m := range a.Metadata {
			at := ""
			if m.Line > 0 {
				at = fmt.Sprintf(" (line %d)", m.Line)
			} else if a.Form == "headings" {
				at = " (read from the body or the name)"
			}
			w.line(2, "%s = %s%s", m.Key, value(m.Value), at)
		}
	}
	if len(a.Tags) > 0 {
		w.line(1, "tags")
		for _, t := range a.Tags {
			text := t.Title
			if t.Page != "" {
				text += ", " + t.Page
			}
			if t.Written != t.Title {
				text += fmt.Sprintf("; written %q at %d:%d", t.Written, t.Line, t.Column)
			}
			if t.Why != "" {
				text += ": " + t.Why
			}
			w.line(2, "%s", text)
		}
	}
	w.list(1, "translations", a.Translations)
	if len(a.Source)+len(a.Markdown) > 0 {
		w.line(1, "on the way to the page")
		for _, t := range a.Source {
			w.line(2, "Source: %s changed the file, %d to %d bytes", t.Plugin, t.Before, t.After)
		}
		if len(a.Markdown) > 0 {
			w.line(2, "Markdown: %s", strings.Join(a.Markdown, ", "))
		}
	}
	w.outputs(a.Outputs)
	w.list(1, "used by", a.Uses)
	w.links(a.Links)
	if len(a.Problems) > 0 {
		w.line(1, "problems in the file")
		for _, p := range a.Problems {
			w.line(2, "%d:%d: %s: %s [%s]", p.Line, p.Column, p.Severity, p.Message, p.Rule)
		}
	}
	return w.String()
}

func (a *Answer) title() string {
	name := a.File
	if a.What == "output file" || a.What == heldPage || name == "" {
		name = a.Asked
		if len(a.Outputs) == 1 {
			name = a.Outputs[0].Path
		}
	}
	return name + " (" + a.What + ")"
}

type writer struct{ strings.Builder }

func (w *writer) line(depth int, format string, args ...any) {
	fmt.Fprintf(w, "%s%s\n", strings.Repeat("  ", depth), strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", " "))
}

// list writes the beginning of a list, and how much more there is.
func (w *writer) list(depth int, name string, list []string) {
	if len(list) == 0 {
		return
	}
	if len(list) == 1 {
		w.line(depth, "%s %s", name, list[0])
		return
	}
	w.line(depth, "%s, %d", name, len(list))
	for _, item := range list[:min(len(list), shown)] {
		w.line(depth+1, "%s", item)
	}
	if n := len(list) - shown; n > 0 {
		w.line(depth+1, "and %d more", n)
	}
}

func (w *writer) reasons(list []Reason) {
	for _, r := range list {
		at := r.File
		if at != "" && r.Line > 0 {
			at += fmt.Sprintf(":%d", r.Line)
			if r.Column > 0 {
				at += fmt.Sprintf(":%d", r.Column)
			}
		}
		if at != "" {
			at += ": "
		}
		w.line(1, "%s%s", at, r.Text)
		if r.Hint != "" {
			w.line(2, "hint: %s", r.Hint)
		}
	}
}

// publics are the words for how public/ has a file.
var publics = map[string]string{
	"same":    "the published site has the same bytes",
	"other":   "the published site has other bytes: it is older, or was built otherwise",
	"missing": "the published site has not got it",
	"none":    "nothing is published yet",
}

// outputs writes pages, and a single file, at length, the others in a line each.
func (w *writer) outputs(list []Output) {
	rest := 0
	for _, o := range list {
		switch {
		case o.Kind == "page" || len(list) == 1:
			w.output(o)
		case rest < shown:
			rest++
			note := o.Kind
			if o.Written {
				note += fmt.Sprintf(", %d bytes", o.Bytes)
			}
			if o.Public == "other" || o.Public == "missing" {
				note += "; " + publics[o.Public]
			}
			if !o.Written {
				note += "; not written"
			}
			w.line(1, "%s (%s)", o.Path, note)
		default:
			rest++
		}
	}
	if n := rest - shown; n > 0 {
		w.line(1, "and %s more", plural(n, "file"))
	}
}

func (w *writer) output(o Output) {
	kind := o.Kind
	if o.Format != "" && kind == "page" {
		kind += " in the format " + o.Format
	}
	if o.MediaType != "" {
		kind += ", " + o.MediaType
	}
	w.line(1, "%s at %s", o.Path, o.Address)
	w.line(2, "%s", kind)
	if o.Origin != "" {
		w.line(2, "from %s", o.Origin)
	}
	if o.Template != "" {
		text := "template " + o.Template
		if o.Base != "" {
			text += ", laid over " + o.Base
		}
		w.line(2, "%s", text)
	}
	w.list(2, "with", o.Used)
	w.list(2, "reads", o.Read)
	if o.Rendered != "" {
		w.line(2, "last build: %s", o.Rendered)
	}
	for _, t := range o.Plugins {
		switch {
		case t.Before == 0:
			w.line(2, "%s: %s made it", t.Phase, t.Plugin)
		default:
			w.line(2, "%s: %s changed it, %d to %d bytes", t.Phase, t.Plugin, t.Before, t.After)
		}
	}
	if !o.Written {
		w.line(2, "not written")
		for _, r := range o.Reasons {
			w.line(2, "%s", r.Text)
			if r.Hint != "" {
				w.line(3, "hint: %s", r.Hint)
			}
		}
		return
	}
	size := fmt.Sprintf("%d bytes", o.Bytes)
	if o.RawBytes != o.Bytes {
		size += fmt.Sprintf(" (%d before minifying)", o.RawBytes)
	}
	if o.Fingerprinted {
		size += ", fingerprinted: never changed"
	}
	w.line(2, "%s, sha256 %.16s; %s", size, o.SHA256, publics[o.Public])
}

func (w *writer) links(l *Links) {
	if l == nil {
		return
	}
	if l.Unknown != "" {
		w.line(1, "what links here is not known: %s", l.Unknown)
		return
	}
	if len(l.Content)+len(l.Pages)+len(l.Redirects)+len(l.Named) == 0 {
		w.line(1, "nothing links here")
		return
	}
	var places []string
	for _, p := range l.Content {
		places = append(places, fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column))
	}
	w.list(1, "linked from", places)
	w.list(1, "linked by the templates of", l.Pages)
	w.list(1, "redirected from", l.Redirects)
	w.list(1, "named in", l.Named)
}

// value is a value of front matter, short.
func value(v any) string {
	text := fmt.Sprintf("%v", v)
	switch v := v.(type) {
	case string:
		text = fmt.Sprintf("%q", v)
	case map[string]any:
		if b, err := json.Marshal(v); err == nil {
			text = string(b)
		}
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, value(item))
		}
		text = "[" + strings.Join(items, ", ") + "]"
	}
	if r := []rune(text); len(r) > 100 {
		text = string(r[:99]) + "…"
	}
	return text
}

// Text writes what was asked and not found.
func (u *Unknown) Text() string {
	w := new(writer)
	w.line(0, "%s: %s", u.Asked, u.Reason)
	if len(u.Near) > 0 {
		w.line(1, "hint: did you mean %s?", strings.Join(u.Near, ", or "))
	}
	return w.String()
}
