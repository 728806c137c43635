// Package twin edits Markdown that is to be read away from its site.
//
// In goes a document of CommonMark, with GitHub's extensions, footnotes and
// definition lists; out comes the same document with its headings moved and its
// addresses replaced. Every other byte stays, and nothing inside code is ever
// touched. The package knows no site: where an address leads is for the caller.
package twin

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// An Edit says what is to change.
type Edit struct {
	// Shift is added to the level of every heading but a first one of level 1,
	// the document's title.
	Shift int
	// Address returns what is to stand for an address of a link, an image or an
	// attribute of HTML; the same, to leave it.
	Address func(string) string
}

var engine = goldmark.New(
	goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList),
	goldmark.WithParserOptions(parser.WithAttribute()),
)

// Apply returns src as the edit has it.
func (e Edit) Apply(src []byte) []byte {
	pc := parser.NewContext()
	doc := engine.Parser().Parse(text.NewReader(src), parser.WithContext(pc))
	d := &document{src: src, addresses: make(map[string]bool)}
	for _, ref := range pc.References() {
		d.addresses[string(ref.Destination())] = true
	}
	first := true
	ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			title := first && n.Level == 1 && n.Parent() == doc
			first = false
			if !title && e.Shift != 0 {
				d.heading(n, max(1, min(6, n.Level+e.Shift)))
			}
		case *ast.Link:
			d.addresses[string(n.Destination)] = true
		case *ast.Image:
			d.addresses[string(n.Destination)] = true
		case *ast.CodeSpan:
			for c := n.FirstChild(); c != nil; c = c.NextSibling() {
				if t, ok := c.(*ast.Text); ok {
					d.code = append(d.code, t.Segment)
				}
			}
		case *ast.FencedCodeBlock:
			if n.Info != nil {
				d.code = append(d.code, n.Info.Segment)
			}
			d.code = append(d.code, n.Lines().Sliced(0, n.Lines().Len())...)
		case *ast.CodeBlock:
			d.code = append(d.code, n.Lines().Sliced(0, n.Lines().Len())...)
		case *ast.HTMLBlock:
			d.html = append(d.html, n.Lines().Sliced(0, n.Lines().Len())...)
			if n.HasClosure() {
				d.html = append(d.html, n.ClosureLine)
			}
		case *ast.RawHTML:
			d.html = append(d.html, n.Segments.Sliced(0, n.Segments.Len())...)
		}
		return ast.WalkContinue, nil
	})
	if e.Address != nil {
		d.findAddresses(e.Address)
	}
	return d.apply()
}

type document struct {
	src        []byte
	addresses  map[string]bool // of all links and images, as the parser has them
	code, html []text.Segment
	changes    []change
}

// A change replaces the bytes from start to stop.
type change struct {
	start, stop int
	text        string
}

// heading writes a heading with another level. One that is underlined becomes
// one with number signs, on one line, since only two levels can be underlined.
func (d *document) heading(n *ast.Heading, level int) {
	lines := n.Lines()
	if lines.Len() == 0 {
		return // ## without a text: where it stands is not known, and nobody sees it
	}
	signs := strings.Repeat("#", level)
	start := lines.At(0).Start
	open := start
	for open > 0 && (d.src[open-1] == ' ' || d.src[open-1] == '\t') {
		open--
	}
	hashes := open
	for hashes > 0 && d.src[hashes-1] == '#' {
		hashes--
	}
	if hashes < open {
		d.changes = append(d.changes, change{hashes, open, signs})
		return
	}
	d.changes = append(d.changes, change{start, start, signs + " "})
	stop := 0
	for i := range lines.Len() {
		s := lines.At(i)
		end := s.Start + len(bytes.TrimRight(d.src[s.Start:s.Stop], " \t\r\n"))
		if i > 0 {
			d.changes = append(d.changes, change{stop, s.Start, " "})
		}
		stop = end
	}
	// What marks the level is the run at the end of the next line.
	if nl := bytes.IndexByte(d.src[stop:], '\n'); nl >= 0 {
		from := stop + nl + 1
		to := len(d.src)
		if end := bytes.IndexByte(d.src[from:], '\n'); end >= 0 {
			to = from + end
		}
		line := bytes.TrimRight(d.src[from:to], " \t\r")
		run := len(bytes.TrimRight(line, "=-"))
		d.changes = append(d.changes, change{from + run, from + len(line), ""})
	}
}

var (
	opening    = regexp.MustCompile(`\]\([ \t]*\n?[ \t>]*`)
	definition = regexp.MustCompile(`(?m)^[ \t>]*(?:[-+*][ \t]+)*\[[^\]\n^][^\]\n]*\]:[ \t]*(?:<([^<>\n]*)>|(\S+))`)
	attribute  = regexp.MustCompile(`\s(?:href|src|poster)="([^"]*)"`)
)

// findAddresses looks for the addresses in the text: the parser's tree does not
// say where they stand. What looks like one counts only if the tree has a link
// or an image that leads there, and never in code.
func (d *document) findAddresses(address func(string) string) {
	slices.SortFunc(d.code, func(a, b text.Segment) int { return a.Start - b.Start })
	for _, at := range opening.FindAllIndex(d.src, -1) {
		start := at[1]
		if rest := d.src[start:]; len(rest) > 0 && rest[0] == '<' {
			if n := bytes.IndexAny(rest, ">\n"); n > 0 {
				d.address(start+1, start+n, address)
			}
			continue
		}
		d.address(start, start+closing(d.src[start:]), address)
	}
	for _, at := range definition.FindAllSubmatchIndex(d.src, -1) {
		start, stop := at[2], at[3]
		if start < 0 {
			start, stop = at[4], at[5]
		}
		d.address(start, stop, address)
	}
	for _, s := range d.html {
		for _, at := range attribute.FindAllSubmatchIndex(d.src[s.Start:s.Stop], -1) {
			d.replace(s.Start+at[2], s.Start+at[3], address)
		}
	}
}

func (d *document) address(start, stop int, address func(string) string) {
	written := d.src[start:stop]
	if d.addresses[string(written)] || d.addresses[string(util.UnescapePunctuations(written))] {
		d.replace(start, stop, address)
	}
}

// closing is the length of an address that ends at white space or at the
// parenthesis that closes its link.
func closing(s []byte) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ', '\t', '\r', '\n':
			return i
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return i
			}
		}
	}
	return len(s)
}

// replace writes the address that is to stand there, but in code.
func (d *document) replace(start, stop int, address func(string) string) {
	i, _ := slices.BinarySearchFunc(d.code, start, func(s text.Segment, at int) int { return s.Stop - 1 - at })
	if i < len(d.code) && d.code[i].Start <= start {
		return
	}
	written := string(d.src[start:stop])
	if to := address(written); to != written {
		d.changes = append(d.changes, change{start, stop, to})
	}
}

func (d *document) apply() []byte {
	if len(d.changes) == 0 {
		return d.src
	}
	slices.SortStableFunc(d.changes, func(a, b change) int { return a.start - b.start })
	var out bytes.Buffer
	at := 0
	for _, c := range d.changes {
		if c.start < at {
			continue
		}
		out.Write(d.src[at:c.start])
		out.WriteString(c.text)
		at = c.stop
	}
	out.Write(d.src[at:])
	return out.Bytes()
}
