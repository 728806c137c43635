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
}

// renderOnce wraps a converter that keeps trees; others are as they were.
func renderOnce(conv converter.Converter) converter.Converter {
	p, ok := conv.(converter.ParseRenderer)
	if !ok {
		return conv
	}
	names, ok := conv.(converter.AnchorNameSanitizer)
	if !ok {
		return conv
	}
	return onceConverter{conv, p, names}
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
}

func (t *onceTree) take() any {
	t.mu.Lock()
	defer t.mu.Unlock()
	doc := t.doc
	t.doc = nil
	return doc
}

func (c onceConverter) Parse(ctx converter.RenderContext) (converter.ResultParse, error) {
	r, err := c.ParseRenderer.Parse(ctx)
	if err != nil {
		return nil, err
	}
	return onceResult{r.TableOfContents(), &onceTree{doc: r.Doc()}}, nil
}

func (c onceConverter) Render(ctx converter.RenderContext, doc any) (converter.ResultRender, error) {
	tree, ok := doc.(*onceTree)
	if !ok {
		return c.ParseRenderer.Render(ctx, doc)
	}
	doc = tree.take()
	if doc == nil {
		r, err := c.ParseRenderer.Parse(ctx)
		if err != nil {
			return nil, err
		}
		doc = r.Doc()
	}
	return c.ParseRenderer.Render(ctx, doc)
}
