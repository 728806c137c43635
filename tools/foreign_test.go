package main

import (
	"context"
	"os"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"duskpress/tools/pipeline"
)

// registerTestPlugins adds plugins that only scripts use, by what
// DUSKPRESS_TEST_PLUGIN names: "foreign", a goldmark extender that knows
// nothing of Hugo or this project, or one that panics in the hook named.
func registerTestPlugins() {
	name := os.Getenv("DUSKPRESS_TEST_PLUGIN")
	if name == "" {
		return
	}
	hooks := pipeline.Hooks{}
	switch name {
	case "foreign":
		hooks.Markdown = func(*pipeline.Collection) goldmark.Extender { return foreign{} }
	case "panic-collect":
		hooks.Collect = panicCollect
	case "panic-source":
		hooks.Source = panicSource
	case "panic-file":
		hooks.File = panicFile
	case "panic-check":
		hooks.Check = panicSite
	case "panic-parser":
		hooks.Markdown = func(*pipeline.Collection) goldmark.Extender { return panicking{} }
	case "panic-code":
		hooks.Code = func(pipeline.Code) (pipeline.CodeHTML, error) { panic("planted") }
	case "code":
		hooks.Code = func(pipeline.Code) (pipeline.CodeHTML, error) {
			return pipeline.CodeHTML{HTML: "<pre>planted</pre>", InnerLow: 5, InnerHigh: 12}, nil
		}
	case "impure": // it says that its results may be kept, and they may not
		hooks.File = func(_ context.Context, f *pipeline.File, _ *pipeline.Problems) error {
			if f.MediaType == "text/html" {
				f.Data = append(f.Data, os.Getenv("DUSKPRESS_TEST_TEXT")...)
			}
			return nil
		}
		hooks.Cached = func(*pipeline.File) bool { return true }
	case "lines":
		hooks.Source = dropLine
	default:
		panic("unknown test plugin " + name)
	}
	after := []string{"highlight"}
	pipeline.Register(pipeline.Plugin{
		Name: "under-test", Summary: "a plugin of the tests", After: after,
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) { return hooks, s.Decode(&struct{}{}) },
	})
}

// foreign adds an inline node, @name, and a block node, a paragraph that begins
// with a plus sign and a bar.
type foreign struct{}

func (foreign) Extend(md goldmark.Markdown) {
	md.Parser().AddOptions(
		parser.WithInlineParsers(util.Prioritized(mentionParser{}, 500)),
		parser.WithBlockParsers(util.Prioritized(asideParser{}, 50)),
	)
	md.Renderer().AddOptions(renderer.WithNodeRenderers(util.Prioritized(foreignRenderer{}, 500)))
}

var (
	kindMention = ast.NewNodeKind("Mention")
	kindAside   = ast.NewNodeKind("Aside")
)

type mention struct {
	ast.BaseInline
	name []byte
}

func (*mention) Kind() ast.NodeKind            { return kindMention }
func (m *mention) Dump(source []byte, lvl int) { ast.DumpHelper(m, source, lvl, nil, nil) }

type mentionParser struct{}

func (mentionParser) Trigger() []byte { return []byte{'@'} }

func (mentionParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	end := 1
	for end < len(line) && (line[end] >= 'a' && line[end] <= 'z') {
		end++
	}
	if end == 1 {
		return nil
	}
	block.Advance(end)
	return &mention{name: line[1:end]}
}

type aside struct{ ast.BaseBlock }

func (*aside) Kind() ast.NodeKind            { return kindAside }
func (a *aside) Dump(source []byte, lvl int) { ast.DumpHelper(a, source, lvl, nil, nil) }

type asideParser struct{}

func (asideParser) Trigger() []byte { return []byte{'+'} }

func (asideParser) Open(_ ast.Node, reader text.Reader, _ parser.Context) (ast.Node, parser.State) {
	line, segment := reader.PeekLine()
	if len(line) < 3 || string(line[:3]) != "+| " {
		return nil, parser.NoChildren
	}
	a := &aside{}
	a.Lines().Append(segment.WithStart(segment.Start + 3))
	reader.AdvanceToEOL()
	return a, parser.NoChildren
}

func (asideParser) Continue(ast.Node, text.Reader, parser.Context) parser.State { return parser.Close }
func (asideParser) Close(ast.Node, text.Reader, parser.Context)                 {}
func (asideParser) CanInterruptParagraph() bool                                 { return true }
func (asideParser) CanAcceptIndentedLine() bool                                 { return false }

type foreignRenderer struct{}

func (foreignRenderer) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(kindMention, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			w.WriteString(`<span class="mention">` + string(n.(*mention).name) + `</span>`)
		}
		return ast.WalkContinue, nil
	})
	r.Register(kindAside, func(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			w.WriteString("<aside>")
		} else {
			w.WriteString("</aside>\n")
		}
		return ast.WalkContinue, nil
	})
}
