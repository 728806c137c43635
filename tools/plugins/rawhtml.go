package plugins

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer/html"

	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "rawhtml",
		Summary: "reports HTML in Markdown that is dropped, at its place",
		Alone:   true,
		Compat:  true,
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			if unsafe, _ := s.Section("unsafe").(bool); unsafe {
				return pipeline.Hooks{}, nil // it is passed through
			}
			return pipeline.Hooks{Markdown: transformer{rawHTMLAt, checkRawHTML}.markdown, CachedMarkdown: true}, nil
		},
	})
}

// checkRawHTML reports, and changes nothing. Comments are dropped on purpose, and
// of a piece that closes the one before only the first is told.
func checkRawHTML(d *pipeline.Document, doc *ast.Document, src []byte) {
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
