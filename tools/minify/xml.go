package minify

import (
	"bytes"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/xml"
)

// xmlMask masks white space in XML, where the library collapses it in every
// text and drops it before every tag. Feeds have HTML in there: escaped, or as
// elements of the XHTML namespace below their root.
type xmlMask struct{}

func (xmlMask) needed(doc []byte) bool {
	return bytes.Contains(doc, []byte("1999/xhtml")) || escapedCode(doc) >= 0
}

func (xmlMask) mask(doc []byte, m *mask) {
	depth, xhtml := 0, 0 // xhtml: the depth of the outermost XHTML element
	walkXML(doc, func(t xmlToken) {
		switch t.kind {
		case xmlOpen:
			depth++
			if t.xhtml && xhtml == 0 && depth > 1 {
				xhtml = depth
			}
		case xmlClose:
			if depth == xhtml {
				xhtml = 0
			}
			depth--
		case xmlText:
			if xhtml > 0 {
				m.text(t.text)
			} else if i := escapedCode(t.text); i >= 0 {
				m.text(bytes.TrimRight(t.text[i:], whitespace))
			}
		}
	})
}

// escapedCode returns the index of the first escaped start tag of an element
// whose white space counts, or -1.
func escapedCode(text []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(text[at:], '&')
		if i < 0 {
			return -1
		}
		at += i + 1
		rest := text[at:]
		for _, lt := range []string{"lt;", "#60;", "#x3c;", "#x3C;"} {
			if !bytes.HasPrefix(rest, []byte(lt)) {
				continue
			}
			for _, name := range keptNames {
				if hasPrefixFold(rest[len(lt):], name) {
					return at - 1
				}
			}
		}
	}
}

type xmlTokenKind int

const (
	xmlText xmlTokenKind = iota
	xmlOpen
	xmlClose
)

type xmlToken struct {
	kind  xmlTokenKind
	name  string // of an element, in lower case, without prefix
	xhtml bool   // of an element that names the XHTML namespace
	text  []byte // of a text, part of the document
}

// walkXML calls visit for the elements and texts of doc. An empty element
// that ends with a slash is left out.
func walkXML(doc []byte, visit func(xmlToken)) {
	in := parse.NewInputBytes(doc)
	defer in.Restore()
	lexer := xml.NewLexer(in)
	var element xmlToken
	for {
		start := in.Offset()
		token, data := lexer.Next()
		switch token {
		case xml.ErrorToken:
			return
		case xml.TextToken:
			visit(xmlToken{kind: xmlText, text: doc[start : start+len(data)]})
		case xml.StartTagToken:
			element = xmlToken{kind: xmlOpen, name: localName(lexer.Text())}
		case xml.AttributeToken:
			if bytes.HasPrefix(lexer.Text(), []byte("xmlns")) && bytes.Contains(lexer.AttrVal(), []byte("1999/xhtml")) {
				element.xhtml = true
			}
		case xml.StartTagCloseToken:
			visit(element)
		case xml.EndTagToken:
			visit(xmlToken{kind: xmlClose, name: localName(lexer.Text())})
		}
	}
}

func localName(name []byte) string {
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	return strings.ToLower(string(bytes.TrimSpace(name)))
}
