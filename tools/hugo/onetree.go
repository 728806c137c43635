package hugo

import (
	"sync"

	"github.com/gohugoio/hugo/markup/converter"
	"github.com/gohugoio/hugo/markup/tableofcontents"
)

// Hugo keeps the syntax tree of each page to the end of the build, though it
// renders it once: a quarter of its memory, and, since trees are nothing but
// pointers, most of what the collector walks through again and again. Here a
// tree is given away when it is rendered. In the rare case that Hugo asks for it
// again, since its cache dropped the HTML and not the tree, the text is parsed
// again, as Hugo does if its cache dropped both.

// onceConverter is a converter that parses and renders apart from each other.
type onceConverter struct {
	converter.Converter
	converter.ParseRenderer
	converter.AnchorNameSanitizer
	kept *keptDocument // nil where no conversion is kept
}

// renderOnce wraps a converter that keeps trees; others are as they were.
func renderOnce(conv converter.Converter, kept *keptDocument) converter.Converter {
	p, ok := conv.(converter.ParseRenderer)
	if !ok {
		return conv
	}
	names, ok := conv.(converter.AnchorNameSanitizer)
	if !ok {
		return conv
	}
	return onceConverter{conv, p, names, kept}
}

// onceResult is what Parse found, with a tree that is given away once. It does
// not hold the result behind it, which holds the tree.
type onceResult struct {
	contents *tableofcontents.Fragments
	tree     *onceTree
}

func (r onceResult) Doc() any                                    { return r.tree }
func (r onceResult) TableOfContents() *tableofcontents.Fragments { return r.contents }

type onceTree struct {
	mu  sync.Mutex
	doc any // nil when it was given away
	// kept is what a build before made of it, in place of a tree; parsed is what
	// may be kept of it for a build to come.
	kept, parsed *keptBody
}

func (t *onceTree) take() (doc any, kept, parsed *keptBody) {
	t.mu.Lock()
	defer t.mu.Unlock()
	doc, kept, parsed = t.doc, t.kept, t.parsed
	t.doc, t.kept, t.parsed = nil, nil, nil
	return doc, kept, parsed
}

func (c onceConverter) Parse(ctx converter.RenderContext) (converter.ResultParse, error) {
	body := c.kept.body(ctx)
	if contents, ok := body.find(); ok {
		return onceResult{contents, &onceTree{kept: body}}, nil
	}
	r, err := c.ParseRenderer.Parse(ctx)
	if err != nil {
		return nil, err
	}
	body.hasContents(r.TableOfContents())
	return onceResult{r.TableOfContents(), &onceTree{doc: r.Doc(), parsed: body}}, nil
}

func (c onceConverter) Render(ctx converter.RenderContext, doc any) (converter.ResultRender, error) {
	tree, ok := doc.(*onceTree)
	if !ok {
		return c.ParseRenderer.Render(ctx, doc)
	}
	doc, kept, parsed := tree.take()
	if html, ok := kept.html(ctx); ok {
		return html, nil
	}
	if doc == nil {
		r, err := c.ParseRenderer.Parse(ctx)
		if err != nil {
			return nil, err
		}
		doc = r.Doc()
	}
	ctx, end := parsed.watch(ctx)
	r, err := c.ParseRenderer.Render(ctx, doc)
	if err == nil {
		end(r.Bytes())
	}
	return r, err
}
