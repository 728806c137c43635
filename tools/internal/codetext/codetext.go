// Package codetext says what the text of code in a post has to be, and what it
// is in the published page.
//
// In goes the Markdown of a post, or a page's HTML; out comes the text of each
// code and pre element in the order of the document. It also makes posts with
// the nastiest code that an author could write, from a seed, so that a test
// can compare the two. It never looks at anything but code.
package codetext

import (
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
	"golang.org/x/net/html"
)

// Element is a code or pre element.
type Element struct {
	Name string // "code" or "pre"
	Text string

	// Only known of what is Expected:
	Fenced bool // part of a fenced block
}

// The dialect is Hugo's, as far as it decides where code is.
var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList))

// Expected returns the elements of a Markdown text, without its front matter,
// as CommonMark has it. A block is a pre with a code in it.
//
// Line ends are read as LF, and a line end in a span is a space. Everything
// else is as it is in the nodes. (goldmark leaves the carriage returns of spans
// in them, and takes white space off lines of an indented fence that are blank
// only where they end in CRLF.)
func Expected(source string) []Element {
	src := []byte(strings.ReplaceAll(source, "\r\n", "\n"))
	all := []Element{}
	block := func(n ast.Node, fenced bool) {
		var b strings.Builder
		for i := range n.Lines().Len() {
			line := n.Lines().At(i)
			b.Write(line.Value(src))
		}
		text := b.String()
		all = append(all, Element{Name: "pre", Text: text, Fenced: fenced}, Element{Name: "code", Text: text, Fenced: fenced})
	}
	ast.Walk(markdown.Parser().Parse(text.NewReader(src)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Image:
			return ast.WalkSkipChildren, nil // its text is an attribute
		case *ast.FencedCodeBlock:
			block(n, true)
		case *ast.CodeBlock:
			block(n, false)
		case *ast.CodeSpan:
			all = append(all, span(n, src))
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
	return all
}

// span reads a code span.
func span(n *ast.CodeSpan, src []byte) Element {
	var b strings.Builder
	for c := range children(n) {
		segment := c.(*ast.Text).Segment
		b.Write(segment.Value(src))
	}
	return Element{Name: "code", Text: strings.ReplaceAll(b.String(), "\n", " ")}
}

func children(n ast.Node) func(func(ast.Node) bool) {
	return func(yield func(ast.Node) bool) {
		for c := n.FirstChild(); c != nil && yield(c); c = c.NextSibling() {
		}
	}
}

// Published returns the elements of a page, as a browser has them, but for
// line numbers.
func Published(page string) ([]Element, error) {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil, err
	}
	all := []Element{}
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if lineNumbers(n) {
			return
		}
		if n.Type == html.ElementNode && (n.Data == "code" || n.Data == "pre") {
			var b strings.Builder
			writeText(&b, n)
			all = append(all, Element{Name: n.Data, Text: b.String()})
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
	}
	walk(doc)
	return all, nil
}

func writeText(b *strings.Builder, n *html.Node) {
	if lineNumbers(n) {
		return
	}
	if n.Type == html.TextNode {
		b.WriteString(n.Data)
	}
	for c := range n.ChildNodes() {
		writeText(b, c)
	}
}

// lineNumbers reports whether a node is a line number, or the column of a
// table that holds them: a cell beside another one, each with a pre, which no
// table in Markdown has. Without classes, numbers differ from code only in
// that they cannot be selected.
func lineNumbers(n *html.Node) bool {
	if n.Type != html.ElementNode {
		return false
	}
	switch n.Data {
	case "span":
		classes := strings.Fields(attribute(n, "class"))
		return slices.Contains(classes, "ln") || strings.Contains(attribute(n, "style"), "user-select:none")
	case "td":
		return nextElement(n) != nil && hasPre(n) && hasPre(nextElement(n))
	}
	return false
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func nextElement(n *html.Node) *html.Node {
	for n = n.NextSibling; n != nil && n.Type != html.ElementNode; n = n.NextSibling {
	}
	return n
}

func hasPre(n *html.Node) bool {
	for d := range n.Descendants() {
		if d.Data == "pre" && d.Type == html.ElementNode {
			return true
		}
	}
	return false
}
