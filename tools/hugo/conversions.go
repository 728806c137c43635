package hugo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/gohugoio/hugo/common/hmaps"
	"github.com/gohugoio/hugo/common/hugio"
	"github.com/gohugoio/hugo/markup/converter"
	"github.com/gohugoio/hugo/markup/converter/hooks"
	"github.com/gohugoio/hugo/markup/tableofcontents"

	"duskpress/tools/pipeline"
)

// A body of Markdown that no template has a part in becomes the same HTML in each
// build. So it is kept, with its table of contents, under a key of the text, the
// content file, all of the configuration, and what the pipeline adds to that.
//
// Hugo looks for a template at each link, image, heading, quote, table and block of
// code. What it asked is kept too, and asked again before the HTML is taken: since
// a template may be there now, and since Hugo counts what it found to decide
// whether two formats can share a body. A body is converted anew if a template
// answers, if a shortcode has a part in it, or if anything was reported of it.

// keep is nil where what becomes of a document is not kept.
func (s *markdownSeam) keep(ctx converter.DocumentContext, d *pipeline.Document) *keptDocument {
	if s.keeping == nil || s.settled == "" || s.timings != nil || d.Content == nil || d.Content.Adapter {
		return nil
	}
	c := d.Content
	return &keptDocument{s.keeping, d, []string{
		s.settled, ctx.DocumentID, ctx.DocumentName, c.Path, c.Logical, c.Language, c.Format,
		strconv.Itoa(c.HeadingShift), strconv.Itoa(c.BodyLine), fmt.Sprint(c.Blank),
	}}
}

// forTemplates are settings that templates alone read. Those of plugins, below
// params, count with the plugins.
var forTemplates = []string{"params", "title", "copyright", "menu", "menus"}

// allSettings sums all of the configuration that a conversion might depend on; "" if
// that cannot be told.
func (e *Engine) allSettings() string {
	all, ok := e.configs.LoadingInfo.Cfg.Get("").(hmaps.Params)
	if !ok || len(all) == 0 {
		return ""
	}
	all = maps.Clone(all)
	for _, key := range forTemplates {
		delete(all, key)
	}
	settings, err := json.Marshal(all)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(settings)
	return string(sum[:])
}

// A keptDocument knows what the conversion of a content file depends on.
type keptDocument struct {
	keeping  *pipeline.Conversions
	document *pipeline.Document
	known    []string
}

// A keptBody is one text of a document.
type keptBody struct {
	*keptDocument
	key        pipeline.ConversionKey
	conversion pipeline.Conversion
}

// What Hugo puts where a shortcode, or another page's text, will stand.
var insertions = [][]byte{[]byte("HAHAHUGOSHORTCODE"), []byte("{{__hugo_ctx")}

// body is nil where what becomes of a text is not kept.
func (k *keptDocument) body(ctx converter.RenderContext) *keptBody {
	if k == nil {
		return nil
	}
	for _, s := range insertions {
		if bytes.Contains(ctx.Src, s) {
			return nil
		}
	}
	return &keptBody{keptDocument: k, key: k.keeping.Key(ctx.Src, append(slices.Clip(k.known), strconv.FormatBool(ctx.RenderTOC))...)}
}

// find reads what a build before made of the body.
func (b *keptBody) find() (*tableofcontents.Fragments, bool) {
	if b == nil {
		return nil, false
	}
	var ok bool
	if b.conversion, ok = b.keeping.Get(b.key); !ok {
		return nil, false
	}
	return fragments(b.conversion.Contents), true
}

func (b *keptBody) hasContents(f *tableofcontents.Fragments) {
	if b != nil {
		b.conversion.Contents = contents(f)
	}
}

// html is what was found, if still no template has a part in it.
func (b *keptBody) html(ctx converter.RenderContext) (converter.ResultRender, bool) {
	if b == nil {
		return nil, false
	}
	// All are asked, as a conversion would.
	pure := true
	for _, a := range b.conversion.Asked {
		var kind any
		if a.HasKind {
			kind = a.Kind
		}
		pure = ours(ctx.GetRenderer(hooks.RendererType(a.Renderer), kind)) && pure
	}
	if !pure {
		return nil, false
	}
	return converter.Bytes(pipeline.Unpack(b.conversion.HTML)), true
}

// ours says of what Hugo renders a part of a body with that it is no template.
func ours(renderer any) bool {
	if renderer == nil {
		return true
	}
	h, ok := renderer.(*highlighter)
	return ok && h.code != nil
}

// watch notes what a conversion asks for and what is reported on its code; at its
// end the HTML is kept, if it may be.
func (b *keptBody) watch(ctx converter.RenderContext) (converter.RenderContext, func(html []byte)) {
	if b == nil {
		return ctx, func([]byte) {}
	}
	var (
		mu    sync.Mutex
		asked = make(map[pipeline.Asked]bool)
		pure  = true
		get   = ctx.GetRenderer
	)
	ctx.GetRenderer = func(t hooks.RendererType, id any) any {
		renderer := get(t, id)
		a := pipeline.Asked{Renderer: int(t)}
		a.Kind, a.HasKind = id.(string)
		mu.Lock()
		defer mu.Unlock()
		if pure = pure && ours(renderer) && (id == nil || a.HasKind); !pure {
			return renderer
		}
		if !asked[a] {
			asked[a] = true
			b.conversion.Asked = append(b.conversion.Asked, a)
		}
		if h, ok := renderer.(*highlighter); ok {
			return watchedHighlighter{h, b.document.Uncached}
		}
		return renderer
	}
	return ctx, func(html []byte) {
		mu.Lock()
		defer mu.Unlock()
		if !pure || !b.document.MayCache() || bytes.Contains(html, []byte("raw HTML omitted")) {
			return
		}
		b.conversion.HTML = pipeline.Pack(string(html))
		b.keeping.Put(b.key, b.conversion)
	}
}

// watchedHighlighter says when something is reported on a block of code.
type watchedHighlighter struct {
	*highlighter
	told func()
}

func (w watchedHighlighter) RenderCodeblock(cctx context.Context, out hugio.FlexiWriter, ctx hooks.CodeblockContext) error {
	return w.highlighter.renderCodeblock(out, ctx, w.told)
}

// contents and fragments turn Hugo's table of contents into ours and back.
func contents(f *tableofcontents.Fragments) *pipeline.Contents {
	if f == nil {
		return nil
	}
	return &pipeline.Contents{Headings: headings(f.Headings), Identifiers: f.Identifiers}
}

func headings(list tableofcontents.Headings) []pipeline.Heading {
	if list == nil {
		return nil
	}
	out := make([]pipeline.Heading, len(list))
	for i, h := range list {
		out[i] = pipeline.Heading{ID: h.ID, Title: h.Title, Level: h.Level, Headings: headings(h.Headings)}
	}
	return out
}

func fragments(c *pipeline.Contents) *tableofcontents.Fragments {
	if c == nil {
		return nil
	}
	byID := make(map[string]*tableofcontents.Heading)
	return &tableofcontents.Fragments{Headings: tree(c.Headings, byID), Identifiers: c.Identifiers, HeadingsMap: byID}
}

func tree(list []pipeline.Heading, byID map[string]*tableofcontents.Heading) tableofcontents.Headings {
	if list == nil {
		return nil
	}
	out := make(tableofcontents.Headings, len(list))
	for i, h := range list {
		out[i] = &tableofcontents.Heading{ID: h.ID, Title: h.Title, Level: h.Level}
		if h.ID != "" {
			byID[h.ID] = out[i]
		}
		out[i].Headings = tree(h.Headings, byID)
	}
	return out
}
