package hugo

import (
	"bytes"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Hugo's table-of-contents transformer runs at priority 110 and drops inline
// nodes of kinds that it does not know from the titles of headings. While it
// runs, such a node is replaced by its own HTML.
const tableOfContentsPriority = 110

func mendTableOfContents(md goldmark.Markdown, extenders []goldmark.Extender) {
	probe := newProbe()
	for _, e := range extenders {
		e.Extend(probe)
	}
	if len(probe.kinds) == 0 {
		return
	}
	swap := &tocSwap{kinds: probe.kinds, renderer: probe.Markdown.Renderer()}
	md.Parser().AddOptions(parser.WithASTTransformers(
		util.Prioritized(tocBefore{swap}, tableOfContentsPriority-1),
		util.Prioritized(tocAfter{swap}, tableOfContentsPriority+1),
	))
}

// probe is a Markdown engine that learns which kinds of nodes extenders render.
type probe struct {
	goldmark.Markdown
	kinds map[ast.NodeKind]bool
}

func newProbe() *probe {
	return &probe{Markdown: goldmark.New(), kinds: make(map[ast.NodeKind]bool)}
}

func (p *probe) Renderer() renderer.Renderer { return probeRenderer{p.Markdown.Renderer(), p} }

type probeRenderer struct {
	renderer.Renderer
	probe *probe
}

func (r probeRenderer) AddOptions(opts ...renderer.Option) {
	cfg := renderer.NewConfig()
	for _, o := range opts {
		o.SetConfig(cfg)
	}
	for _, v := range cfg.NodeRenderers {
		if nr, ok := v.Value.(renderer.NodeRenderer); ok {
			nr.RegisterFuncs(r.probe)
		}
	}
	r.Renderer.AddOptions(opts...)
}

// Register implements renderer.NodeRendererFuncRegisterer. What goldmark
// itself renders, Hugo knows.
func (p *probe) Register(kind ast.NodeKind, _ renderer.NodeRendererFunc) {
	switch kind {
	case ast.KindText, ast.KindString, ast.KindCodeSpan, ast.KindLink, ast.KindImage, ast.KindEmphasis, ast.KindAutoLink, ast.KindRawHTML:
	default:
		p.kinds[kind] = true
	}
}

type tocSwap struct {
	kinds    map[ast.NodeKind]bool
	renderer renderer.Renderer
}

var tocSwapsKey = parser.NewContextKey()

type swapped struct{ node, stand ast.Node }

type tocBefore struct{ *tocSwap }

func (t tocBefore) Transform(doc *ast.Document, reader text.Reader, pc parser.Context) {
	var found []ast.Node
	ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering || n.Type() == ast.TypeDocument {
			return ast.WalkContinue, nil
		}
		if n.Type() == ast.TypeInline {
			if t.kinds[n.Kind()] {
				found = append(found, n)
				return ast.WalkSkipChildren, nil
			}
			return ast.WalkContinue, nil
		}
		if n.Kind() != ast.KindHeading && n.FirstChild() != nil && n.FirstChild().Type() == ast.TypeInline {
			return ast.WalkSkipChildren, nil // only headings matter
		}
		return ast.WalkContinue, nil
	})
	var swaps []swapped
	for _, n := range found {
		var b bytes.Buffer
		if err := t.renderer.Render(&b, reader.Source(), n); err != nil {
			continue
		}
		stand := ast.NewString(bytes.Clone(b.Bytes()))
		stand.SetCode(true) // written as it is
		n.Parent().ReplaceChild(n.Parent(), n, stand)
		swaps = append(swaps, swapped{n, stand})
	}
	if swaps != nil {
		pc.Set(tocSwapsKey, swaps)
	}
}

type tocAfter struct{ *tocSwap }

func (t tocAfter) Transform(_ *ast.Document, _ text.Reader, pc parser.Context) {
	swaps, _ := pc.Get(tocSwapsKey).([]swapped)
	for _, s := range swaps {
		s.stand.Parent().ReplaceChild(s.stand.Parent(), s.stand, s.node)
	}
	pc.Set(tocSwapsKey, nil)
}
