package pipeline

import (
	"sync/atomic"

	"github.com/yuin/goldmark/parser"
)

// Code is one block of code to render. CodeOptions has the site's and the
// block's options applied.
type Code struct {
	Text       string
	Language   string
	Attributes []CodeAttribute
	Options    CodeOptions
	// Problem reports on the block, at its place where that is known. It may be
	// nil.
	Problem func(severity Severity, rule, message, hint string)
}

// A CodeAttribute is an attribute for the element around the code.
type CodeAttribute struct{ Name, Value string }

// CodeOptions are Hugo's highlight options, documented at
// https://gohugo.io/functions/transform/highlight/#options.
type CodeOptions struct {
	Style              string
	WrapperClass       string
	NoClasses          bool
	LineNos            any
	LineNumbersInTable bool
	AnchorLineNos      bool
	LineAnchors        string
	LineNoStart        int
	HlLines            string
	HlLinesParsed      [][2]int
	HlInline           bool
	TabWidth           int
	GuessSyntax        bool
}

// CodeHTML is rendered code. HTML[InnerLow:InnerHigh] is what stands inside
// the innermost element.
type CodeHTML struct {
	HTML                string
	InnerLow, InnerHigh int
}

// A Document is what Markdown extenders may know of the text being parsed.
type Document struct {
	// Content is the content file, nil for text that has none.
	Content *Content
	// Resolve returns the address of the page that a content file's path, as an
	// author writes it in this document, leads to.
	Resolve func(path string) (link string, ok bool)
	// Problems takes what is wrong with the text.
	Problems *Problems

	places   *placeMap // of the text that At was asked about last
	uncached atomic.Bool
}

// NewDocument is the document of a content file. What it reports goes on to
// problems; a document of which anything was reported, or that looks at other
// pages, is converted anew by each build.
func NewDocument(content *Content, resolve func(path string) (string, bool), problems *Problems) *Document {
	d := &Document{Content: content}
	d.Problems = &Problems{to: problems, told: d.Uncached}
	d.Resolve = func(path string) (string, bool) {
		d.Uncached()
		return resolve(path)
	}
	return d
}

// Uncached says that what becomes of the document may not be kept for a build to
// come.
func (d *Document) Uncached() { d.uncached.Store(true) }

// MayCache reports whether nobody has said Uncached.
func (d *Document) MayCache() bool { return !d.uncached.Load() }

var documentKey = parser.NewContextKey()

// DocumentOf returns the document that is being parsed, for use in parsers and
// transformers of an extender. It is never nil.
func DocumentOf(pc parser.Context) *Document {
	if d, ok := pc.Get(documentKey).(*Document); ok {
		return d
	}
	return &Document{Problems: new(Problems)}
}

// WithDocument puts the document into a parser's context.
func WithDocument(pc parser.Context, d *Document) { pc.Set(documentKey, d) }
