package hugo

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Hugo cuts the blank lines at the end of a fence before it asks for its HTML.
// A last line of very many spaces, which takes no byte of the source, keeps them
// from it; the highlighter takes that line away again.
const blankLinesPadding = 4099

var blankLinesMark = strings.Repeat(" ", blankLinesPadding)

// keepBlankLines does so for fences in languages that no template renders.
type keepBlankLines struct{ hasHook func(lang string) bool }

func (k keepBlankLines) extend(md goldmark.Markdown) {
	md.Parser().AddOptions(parser.WithASTTransformers(util.Prioritized(k, 98)))
}

// Transform implements parser.ASTTransformer.
func (k keepBlankLines) Transform(doc *ast.Document, reader text.Reader, _ parser.Context) {
	src := reader.Source()
	ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		block, ok := n.(*ast.FencedCodeBlock)
		if !ok || !entering || block.Lines().Len() == 0 {
			return ast.WalkContinue, nil
		}
		last := block.Lines().At(block.Lines().Len() - 1)
		if len(bytes.Trim(last.Value(src), "\n")) > 0 || k.hasHook(string(block.Language(src))) {
			return ast.WalkContinue, nil
		}
		block.Lines().Append(text.NewSegmentPadding(last.Stop, last.Stop, blankLinesPadding))
		return ast.WalkContinue, nil
	})
}
