package minify

import (
	"bytes"
	"slices"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/html"
)

// htmlMask masks white space in HTML, using the library's own lexer, so that
// both see the same tokens.
type htmlMask struct{ templateDelims [2]string }

// kept are the elements whose text stays as it is. The library keeps that of
// pre and textarea by itself in all but odd cases.
var kept = names("code", "kbd", "pre", "samp")

// gaps are elements that are not shown, but take the space around them along.
var gaps = names("noscript", "style", "template")

// inline elements stand in a line of text.
var inline = names("a", "abbr", "b", "bdi", "bdo", "button", "cite", "code", "data", "del", "dfn", "em", "i", "img", "input", "ins", "kbd",
	"label", "mark", "math", "meter", "output", "picture", "progress", "q", "ruby", "s", "samp", "select", "small", "span", "strong", "sub",
	"sup", "svg", "textarea", "time", "u", "var")

var void = names("area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "image", "img", "input", "keygen", "link",
	"meta", "param", "source", "track", "wbr")

// raw elements have text in other languages.
var raw = names("iframe", "script", "style", "textarea")

// integration elements of SVG and MathML contain HTML.
var integration = names("annotation-xml", "desc", "foreignobject", "mi", "mn", "mo", "ms", "mtext", "title")

func names(list ...string) map[string]bool {
	set := map[string]bool{}
	for _, name := range list {
		set[name] = true
	}
	return set
}

func (htmlMask) needed(doc []byte) bool {
	inBody := bytes.Contains(doc, []byte("<body"))
	for {
		i := bytes.IndexByte(doc, '<')
		if i < 0 || i+1 == len(doc) {
			return false
		}
		doc = doc[i+1:]
		switch doc[0] | 0x20 {
		case 'b':
			if hasPrefixFold(doc, "body") {
				inBody = false
			}
		case 'c':
			if hasPrefixFold(doc, "code") && !plain(doc[4:]) {
				return true
			}
		case 'k':
			if hasPrefixFold(doc, "kbd") && !plain(doc[3:]) {
				return true
			}
		case 'p':
			if hasPrefixFold(doc, "pre") {
				return true
			}
		case 's':
			if hasPrefixFold(doc, "samp") && !plain(doc[4:]) || !inBody && hasPrefixFold(doc, "style") {
				return true
			}
		case 'n':
			if !inBody && hasPrefixFold(doc, "noscript") {
				return true
			}
		case 't':
			if !inBody && hasPrefixFold(doc, "template") {
				return true
			}
		}
	}
}

// plain reports whether rest, what follows <code, is ">", text that the library
// does not change, and an end tag. Even where this is no tag but part of a
// comment or an attribute, nothing else has been skipped.
func plain(rest []byte) bool {
	if len(rest) == 0 || rest[0] != '>' {
		return false
	}
	end := bytes.IndexByte(rest, '<')
	if end < 2 || end+1 >= len(rest) || rest[end+1] != '/' {
		return false
	}
	text := rest[1:end]
	if text[0] == ' ' || text[len(text)-1] == ' ' {
		return false
	}
	for i, c := range text {
		switch c {
		case '\t', '\n', '\r', '\f':
			return false
		case ' ':
			if text[i-1] == ' ' {
				return false
			}
		case '&':
			if !harmless(text[i+1:]) {
				return false
			}
		}
	}
	return true
}

func hasPrefixFold(b []byte, lower string) bool {
	return len(b) >= len(lower) && parse.EqualFold(b[:len(lower)], []byte(lower))
}

func (h htmlMask) mask(doc []byte, m *mask) {
	w := htmlWalk{mask: m, delims: h.templateDelims}
	w.walk(doc, doc)
}

// An htmlWalk goes through the tokens of a document.
//
// The elements since the first kept one are on a stack, from which an end tag
// takes its element only if that is the innermost. Where tags are nested
// wrongly this keeps more than browsers would, to the end of the document, and
// never less.
type htmlWalk struct {
	mask   *mask
	delims [2]string

	open    []string
	inPre   bool // the library's own view, in which it keeps text anyway
	foreign int  // depth of the SVG and MathML elements around

	// For the space around gaps.
	before     neighbour // of what comes next
	pending    []byte    // a text of which only the neighbour before is known
	beforeText neighbour
}

type neighbour int

const (
	other neighbour = iota
	line            // text or an inline element
	gap
)

// walk masks target at the tokens of doc, which are equal but for the case of
// names. The lexer writes to doc.
func (w *htmlWalk) walk(doc, target []byte) {
	in := parse.NewInputBytes(doc)
	defer in.Restore()
	lexer := html.NewTemplateLexer(in, w.delims)
	inRaw, pushed := false, false
	for {
		start := in.Offset()
		token, data := lexer.Next()
		switch token {
		case html.ErrorToken:
			w.next(other)
			return
		case html.TextToken:
			if !inRaw {
				w.text(target[start : start+len(data)])
			}
		case html.SVGToken, html.MathToken, html.XMLToken:
			w.next(line)
			w.embedded(target[start:start+len(data)], token != html.XMLToken)
			w.before = line
		case html.TemplateToken:
			w.next(line)
		case html.StartTagToken:
			name := tagName(lexer.Text())
			inRaw = raw[name]
			w.inPre = w.inPre || string(lexer.Text()) == "pre"
			switch {
			case gaps[name]:
				w.next(gap)
				w.before = other
			case inline[name]:
				w.next(line)
			default:
				w.next(other)
			}
			if pushed = (len(w.open) > 0 || kept[name]) && !void[name]; pushed {
				w.open = append(w.open, name)
			}
		case html.StartTagVoidToken:
			// HTML ignores the slash; SVG and MathML do not.
			if n := len(w.open) - 1; pushed && w.foreign > 0 && !kept[w.open[n]] && !slices.ContainsFunc(w.open, isIntegration) {
				w.open = w.open[:n]
			}
		case html.EndTagToken:
			name := tagName(lexer.Text())
			inRaw = false
			w.inPre = w.inPre && string(lexer.Text()) != "pre"
			switch {
			case gaps[name]:
				w.next(other)
				w.before = gap
			case inline[name]:
				w.next(line)
			default:
				w.next(other)
			}
			if n := len(w.open) - 1; n >= 0 && w.open[n] == name {
				w.open = w.open[:n]
			}
		}
	}
}

func isIntegration(name string) bool { return integration[name] }

// tagName cuts what the lexer, unlike browsers, takes for part of a name.
func tagName(text []byte) string {
	if i := bytes.IndexAny(text, "/ \t\n\r\f"); i >= 0 {
		text = text[:i]
	}
	return string(text)
}

func (w *htmlWalk) text(text []byte) {
	switch {
	case len(w.open) > 0 && (!w.inPre || w.foreign > 0):
		w.mask.text(text)
		w.next(line)
	case w.inPre || w.foreign > 0:
		w.next(line)
	default:
		w.settle(line)
		w.pending, w.beforeText = text, w.before
	}
}

// next says what stands after the pending text, and before what comes.
func (w *htmlWalk) next(n neighbour) {
	w.settle(n)
	w.before = n
}

// settle decides about the pending text, which is followed by after.
func (w *htmlWalk) settle(after neighbour) {
	text := w.pending
	if text == nil {
		return
	}
	w.pending = nil
	if len(bytes.TrimLeft(text, whitespace)) > 0 {
		w.before = line
		if w.beforeText == gap {
			w.mask.leading(text)
		}
		if after == gap {
			w.mask.trailing(text)
		}
		return
	}
	switch {
	case w.beforeText == line && after == gap:
		w.mask.trailing(text)
	case w.beforeText == gap && after == line:
		w.mask.leading(text)
	}
}

// embedded walks through an SVG or MathML element, which the lexer gives as
// one token. Its own text is svgMask's affair; here it matters when it is part
// of a kept element, or has one that is not closed inside.
func (w *htmlWalk) embedded(element []byte, foreign bool) {
	if len(w.open) == 0 && !mentionsKept(element) {
		return
	}
	doc := withRoom(element)
	doc[1] = 'x' // or it would again be one token
	outer, inPre := len(w.open), w.inPre
	if foreign {
		w.foreign++
		defer func() { w.foreign-- }()
	}
	w.walk(doc, element)
	w.inPre = inPre
	// The element itself was pushed, under its changed name, if others were.
	if outer > 0 && len(w.open) == outer+1 {
		w.open = w.open[:outer]
	}
}

func mentionsKept(element []byte) bool {
	for name := range kept {
		for rest := element; ; {
			i := bytes.IndexByte(rest, '<')
			if i < 0 {
				break
			}
			rest = rest[i+1:]
			if hasPrefixFold(rest, name) {
				return true
			}
		}
	}
	return false
}
