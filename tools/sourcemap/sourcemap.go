// Package sourcemap finds where in a Markdown file a link, a picture or a
// heading stands that was seen in the finished page.
//
// What enters: the bytes of a content file and the line on which its body
// begins. What leaves: lines and columns. It is for pages with which something
// is wrong, so it reads a file again instead of burdening every build; it never
// decides what is wrong.
package sourcemap

import (
	"bytes"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// A Place is a line and a column in characters, both from 1.
type Place struct{ Line, Column int }

// A Map knows the places of one file.
type Map struct {
	src      []byte // the whole file
	body     int    // where the body begins
	links    map[string][]int
	images   map[string][]int
	headings []heading
	code     [][2]int // ranges in which an address is only shown
}

type heading struct {
	level  int
	text   string
	offset int
}

var engine = goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList),
	goldmark.WithParserOptions(parser.WithAttribute()))

// New reads a file.
func New(src []byte, bodyLine int) *Map {
	m := &Map{src: src, links: make(map[string][]int), images: make(map[string][]int)}
	for line := 1; line < bodyLine; line++ {
		n := bytes.IndexByte(src[m.body:], '\n')
		if n < 0 {
			break
		}
		m.body += n + 1
	}
	body := src[m.body:]
	doc := engine.Parser().Parse(text.NewReader(body))
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			m.links[string(n.Destination)] = append(m.links[string(n.Destination)], m.destination(body, n.Pos(), n.Destination))
		case *ast.AutoLink:
			m.links[string(n.URL(body))] = append(m.links[string(n.URL(body))], m.body+n.Pos()+leading(body[max(0, min(n.Pos(), len(body))):]))
		case *ast.Image:
			m.images[string(n.Destination)] = append(m.images[string(n.Destination)], m.destination(body, n.Pos(), n.Destination))
		case *ast.Heading:
			at := n.Pos()
			if n.Lines().Len() > 0 {
				at = n.Lines().At(0).Start
			}
			at = bytes.LastIndexByte(body[:max(0, min(at, len(body)))], '\n') + 1
			m.headings = append(m.headings, heading{n.Level, plainText(n, body), m.body + at})
		case *ast.CodeSpan:
			if c := n.FirstChild(); c != nil {
				if t, ok := c.(*ast.Text); ok {
					m.code = append(m.code, [2]int{m.body + t.Segment.Start, m.body + n.LastChild().(*ast.Text).Segment.Stop})
				}
			}
			return ast.WalkSkipChildren, nil
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			if l := n.Lines(); l.Len() > 0 {
				m.code = append(m.code, [2]int{m.body + l.At(0).Start, m.body + l.At(l.Len()-1).Stop})
			}
		}
		return ast.WalkContinue, nil
	})
	return m
}

// leading counts white space, at which a bare address may begin for goldmark.
func leading(b []byte) int { return len(b) - len(bytes.TrimLeft(b, " \t\n<")) }

// destination is where an address is written: behind the text of its link, or,
// where that only names it, the link.
func (m *Map) destination(body []byte, pos int, address []byte) int {
	pos = max(0, min(pos, len(body)))
	rest := body[pos:]
	if end := bytes.Index(rest, []byte("\n\n")); end >= 0 {
		rest = rest[:end]
	}
	if i := bytes.Index(rest, append([]byte("]("), address...)); i >= 0 {
		return m.body + pos + i + len("](")
	}
	return m.body + pos
}

func plainText(n ast.Node, src []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(src))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		} else if s, ok := n.(*ast.String); ok && entering {
			b.Write(s.Value)
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// Link returns where links to an address stand, given as it is in the page:
// those of Markdown, else wherever the file has the address outside of code,
// such as in raw HTML or in a shortcode.
func (m *Map) Link(address string) []Place { return m.find(m.links, address) }

// Image is Link for pictures.
func (m *Map) Image(address string) []Place { return m.find(m.images, address) }

// Text returns where a text stands outside of code.
func (m *Map) Text(s string) []Place { return m.places(m.occurrences(s)) }

// Heading returns where headings with a text stand.
func (m *Map) Heading(text string) []Place {
	var at []int
	want := strings.Join(strings.Fields(text), " ")
	for _, h := range m.headings {
		if strings.Join(strings.Fields(h.text), " ") == want {
			at = append(at, h.offset)
		}
	}
	return m.places(at)
}

// First returns the place at which the body begins.
func (m *Map) First() Place { return m.place(m.body) }

func (m *Map) find(in map[string][]int, address string) []Place {
	for _, s := range spellings(address) {
		if at := in[s]; len(at) > 0 {
			return m.places(at)
		}
	}
	for _, s := range spellings(address) {
		if at := m.occurrences(s); len(at) > 0 {
			return m.places(at)
		}
	}
	return nil
}

// spellings are the ways in which an address of a page may stand in a file.
func spellings(address string) []string {
	all := []string{address}
	if plain, err := url.PathUnescape(address); err == nil && plain != address {
		all = append(all, plain)
	}
	if u, err := url.Parse(address); err == nil && u.String() != address {
		all = append(all, u.String())
	}
	if rest, ok := strings.CutPrefix(address, "./"); ok {
		all = append(all, rest)
	}
	return append(all, strings.ReplaceAll(address, "&", "&amp;"))
}

// occurrences are the offsets in the body at which a text stands outside of
// code and is no part of a longer address.
func (m *Map) occurrences(s string) []int {
	if s == "" {
		return nil
	}
	var at []int
	for off := m.body; ; {
		i := bytes.Index(m.src[off:], []byte(s))
		if i < 0 {
			return at
		}
		begin, end := off+i, off+i+len(s)
		off = end
		if begin > m.body && isAddress(m.src[begin-1]) || end < len(m.src) && isAddress(m.src[end]) && m.src[end] != '.' {
			continue
		}
		shown := false
		for _, c := range m.code {
			shown = shown || begin >= c[0] && end <= c[1]
		}
		if !shown {
			at = append(at, begin)
		}
	}
}

func isAddress(c byte) bool {
	return c == '/' || c == '-' || c == '_' || c == '%' || c == '#' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

func (m *Map) places(at []int) []Place {
	var list []Place
	for _, off := range at {
		list = append(list, m.place(off))
	}
	return list
}

func (m *Map) place(off int) Place {
	off = max(0, min(off, len(m.src)))
	begin := bytes.LastIndexByte(m.src[:off], '\n') + 1
	return Place{Line: 1 + bytes.Count(m.src[:off], []byte("\n")), Column: 1 + utf8.RuneCount(m.src[begin:off])}
}
