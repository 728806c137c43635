package plugins

import (
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"duskpress/tools/pipeline"
)

// The order in which plugins get a document. Levels are moved first, and all of
// this is done before Hugo makes its table of contents, at 100.
const (
	headingShiftAt = 90 + iota
	marksAt
	rawHTMLAt
	linksAt
	languagesAt
	listsAt
)

// A transformer extends Markdown with a function that gets each document of a
// content file once it is parsed, to report or to change. Markdown that stands
// in no content file is left alone.
type transformer struct {
	priority  int
	transform func(d *pipeline.Document, doc *ast.Document, src []byte)
}

// markdown is t as a hook.
func (t transformer) markdown(*pipeline.Collection) goldmark.Extender { return t }

// Extend implements goldmark.Extender.
func (t transformer) Extend(md goldmark.Markdown) {
	md.Parser().AddOptions(parser.WithASTTransformers(util.Prioritized(t, t.priority)))
}

// Transform implements parser.ASTTransformer.
func (t transformer) Transform(doc *ast.Document, reader text.Reader, pc parser.Context) {
	if d := pipeline.DocumentOf(pc); d.Content != nil {
		t.transform(d, doc, reader.Source())
	}
}
