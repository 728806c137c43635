package minify

import (
	"bytes"
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/html"
)

// htmlMask masks white space in HTML, using the library's own lexer, so that
// both see the same tokens.
type htmlMask struct {
	templateDelims [2]string
	keepComments   bool
}

// What an element is to this package; tags not in the list are 0.
type trait uint8

const (
	kept        trait = 1 << iota // its text stays as it is
	gap                           // not shown, but the library drops the space around it
	line                          // stands in a line of text, as text does
	void                          // has no end tag
	raw                           // its text is in another language, or kept by the library
	integration                   // contains HTML within SVG or MathML
)

// The library keeps the text of pre by itself in all but odd cases.
var traits = func() map[string]trait {
	all := map[string]trait{}
	for t, names := range map[trait]string{
		kept: "code kbd pre samp",
		gap:  "noscript style template",
		line: `a abbr b bdi bdo button cite code data del dfn em i img input ins kbd label mark math meter output picture progress
			q ruby s samp select small span strong sub sup svg textarea time u var`,
		void:        "area base basefont bgsound br col embed frame hr image img input keygen link meta param source track wbr",
		raw:         "iframe script style textarea",
		integration: "annotation-xml desc foreignobject mi mn mo ms mtext title",
	} {
		for _, name := range strings.Fields(names) {
			all[name] |= t
		}
	}
	return all
}()

func (htmlMask) needed(doc []byte) bool {
	inBody := bytes.Contains(doc, []byte("<body"))
	for {
		i := bytes.IndexByte(doc, '<')
		if i < 0 || i+1 == len(doc) {
			return false
		}
		if doc[i+1] == '!' && i > 0 && doc[i-1] == ';' {
			return true
		}
		doc = doc[i+1:]
		switch doc[0] | 0x20 {
		case 'b':
			if hasPrefixFold(doc, "body") {
				inBody = false
			}
		case 'c':
			if hasPrefixFold(doc, "code") && !plain(doc, "code") {
				return true
			}
		case 'k':
			if hasPrefixFold(doc, "kbd") && !plain(doc, "kbd") {
				return true
			}
		case 'p':
			if hasPrefixFold(doc, "pre") {
				return true
			}
		case 's':
			if hasPrefixFold(doc, "samp") && !plain(doc, "samp") || !inBody && hasPrefixFold(doc, "style") {
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

// plain reports whether rest, what follows a <, is no more than the element
// named, without attributes and with text that the library does not change.
// Even where this is no element but part of a comment or an attribute, nothing
// else has been skipped.
func plain(rest []byte, name string) bool {
	rest = rest[len(name):]
	end := bytes.IndexByte(rest, '<')
	if end < 2 || rest[0] != '>' || !bytes.HasPrefix(rest[end+1:], []byte("/"+name+">")) {
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
	w := htmlWalk{mask: m, delims: h.templateDelims, keepComments: h.keepComments}
	w.walk(doc, doc)
}

// An htmlWalk goes through the tokens of a document.
//
// The elements since the first kept one are on a stack, from which an end tag
// takes its element only if that is the innermost. Where tags are nested
// wrongly this keeps more than browsers would, to the end of the document, and
// never less.
type htmlWalk struct {
	mask         *mask
	delims       [2]string
	keepComments bool

	open    [][]byte
	inPre   bool // the library's own view, in which it keeps text anyway
	foreign int  // depth of the SVG and MathML elements around

	// For the space around gaps.
	before     trait  // line, gap, or 0: what stands before what comes next
	pending    []byte // a text of which only that is known
	beforeText trait
}

// walk masks target at the tokens of doc, which are equal but for the case of
// names. The lexer writes to doc.
func (w *htmlWalk) walk(doc, target []byte) {
	in := parse.NewInputBytes(doc)
	defer in.Restore()
	lexer := html.NewTemplateLexer(in, w.delims)
	inRaw, pushed, afterPre := false, false, false
	var last []byte // the text that stands just before what comes
	for {
		start := in.Offset()
		token, data := lexer.Next()
		text := last
		last = nil
		switch token {
		case html.CommentToken:
			if afterPre && !w.keepComments {
				w.comment(target[start : start+len(data)])
			}
			if !w.keepComments {
				w.mask.reference(text)
			}
			afterPre = false
			continue
		case html.AttributeToken, html.StartTagCloseToken:
			continue
		}
		afterPre = false
		switch token {
		case html.ErrorToken:
			w.next(0)
			return
		case html.TextToken:
			if !inRaw {
				last = target[start : start+len(data)]
				w.text(last)
			}
		case html.SVGToken, html.MathToken, html.XMLToken:
			w.next(line)
			w.embedded(target[start:start+len(data)], token != html.XMLToken)
			w.before = line
		case html.TemplateToken:
			w.next(line)
		case html.StartTagToken:
			name := tagName(lexer.Text())
			t := traits[string(name)]
			inRaw, afterPre = t&raw != 0, string(name) == "pre"
			w.inPre = w.inPre || string(lexer.Text()) == "pre"
			w.next(t & (gap | line))
			if t&gap != 0 {
				w.before = 0
			}
			if pushed = (len(w.open) > 0 || t&kept != 0) && t&void == 0; pushed {
				w.open = append(w.open, name)
			}
		case html.StartTagVoidToken:
			// HTML ignores the slash; SVG and MathML do not.
			if pushed && w.foreign > 0 && !w.isHTML() {
				w.open = w.open[:len(w.open)-1]
			}
		case html.EndTagToken:
			name := tagName(lexer.Text())
			t := traits[string(name)]
			inRaw = false
			w.inPre = w.inPre && string(lexer.Text()) != "pre"
			w.next(t & line)
			if t&gap != 0 {
				w.before = gap
			}
			if n := len(w.open) - 1; n >= 0 && bytes.Equal(w.open[n], name) {
				w.open = w.open[:n]
			}
		}
	}
}

// isHTML reports whether an element just opened within SVG or MathML is HTML,
// as far as it matters.
func (w *htmlWalk) isHTML() bool {
	return traits[string(w.open[len(w.open)-1])]&kept != 0 ||
		slices.ContainsFunc(w.open, func(name []byte) bool { return traits[string(name)]&integration != 0 })
}

// tagName cuts what the lexer, unlike browsers, takes for part of a name.
func tagName(text []byte) []byte {
	for i, c := range text {
		switch c {
		case '/', ' ', '\t', '\n', '\r', '\f':
			return text[:i]
		}
	}
	return text
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

// comment replaces the comment that follows a pre tag, and that the library
// drops, by a newline and another comment: a newline after the comment would
// become the one after the tag, which browsers drop.
func (w *htmlWalk) comment(c []byte) {
	if len(c) < 5 || c[len(c)-1] != '>' || bytes.Contains(c, []byte("[endif]")) || bytes.HasPrefix(c, []byte("<!--[")) || bytes.HasPrefix(c, []byte("<!--#")) {
		return
	}
	for i := range c {
		c[i] = '-'
	}
	c[0] = '\n'
	w.mask.byte(&c[0])
	copy(c[1:], "<!x")
	c[len(c)-1] = '>'
}

// next says what stands after the pending text, and before what comes.
func (w *htmlWalk) next(n trait) {
	w.settle(n)
	w.before = n
}

// settle decides about the pending text, which is followed by after.
func (w *htmlWalk) settle(after trait) {
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
	for {
		i := bytes.IndexByte(element, '<')
		if i < 0 {
			return false
		}
		element = element[i+1:]
		for _, name := range keptNames {
			if hasPrefixFold(element, name) {
				return true
			}
		}
	}
}

// keptNames are the elements whose text stays as it is.
var keptNames = []string{"code", "kbd", "pre", "samp", "textarea"}
