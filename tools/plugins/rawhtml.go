package plugins

import (
	"bytes"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "rawhtml",
		Summary: "reports HTML in Markdown that is dropped, at its place",
		Compat:  true,
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			if unsafe, _ := s.Section("unsafe").(bool); unsafe {
				return pipeline.Hooks{}, nil // it is passed through
			}
			return pipeline.Hooks{Markdown: func(*pipeline.Collection) goldmark.Extender { return rawHTML{} }}, nil
		},
	})
}

type rawHTML struct{}

// Extend implements goldmark.Extender.
func (r rawHTML) Extend(md goldmark.Markdown) {
	md.Parser().AddOptions(parser.WithASTTransformers(util.Prioritized(r, 94)))
}

// Transform reports, and changes nothing. Comments are dropped on purpose, and
// of a piece that closes the one before only the first is told.
func (rawHTML) Transform(doc *ast.Document, reader text.Reader, pc parser.Context) {
	d := pipeline.DocumentOf(pc)
	if d.Content == nil {
		return
	}
	src := reader.Source()
	report := func(offset int, piece []byte) {
		piece = bytes.TrimSpace(piece)
		if len(piece) == 0 || bytes.HasPrefix(piece, []byte("<!--")) || bytes.HasPrefix(piece, []byte("</")) {
			return
		}
		if n := bytes.IndexAny(piece, "\n\r"); n >= 0 {
			piece = piece[:n]
		}
		short := []rune(string(piece))
		if len(short) > 40 {
			short = append(short[:40], '…')
		}
		d.Problems.Add(d.Content.Problem(d.At(src, offset), pipeline.Warning, "raw-html",
			"this HTML is dropped: "+string(short),
			"write it in Markdown, put it into a shortcode, or set markup.goldmark.renderer.unsafe = true"))
	}
	// An address that Markdown holds for dangerous becomes an empty one.
	emptied := func(offset int, address []byte) {
		if !html.IsDangerousURL(address) {
			return
		}
		offset = max(0, min(offset, len(src)))
		if i := bytes.Index(src[offset:], address); i >= 0 {
			offset += i
		}
		d.Problems.Add(d.Content.Problem(d.At(src, offset), pipeline.Warning, "raw-html",
			"this address is dropped, so that the link leads to the page itself: "+short(string(address)),
			"write one of http, https or mailto, or set markup.goldmark.renderer.unsafe = true"))
	}
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.HTMLBlock:
			if n.Lines().Len() > 0 {
				first := n.Lines().At(0)
				report(first.Start, src[first.Start:n.Lines().At(n.Lines().Len()-1).Stop])
			}
		case *ast.Link:
			emptied(n.Pos(), n.Destination)
		case *ast.Image:
			emptied(n.Pos(), n.Destination)
		case *ast.AutoLink:
			emptied(n.Pos(), n.URL(src))
		case *ast.RawHTML:
			if n.Segments.Len() > 0 {
				first := n.Segments.At(0)
				report(first.Start, first.Value(src))
			}
		}
		return ast.WalkContinue, nil
	})
}
