package hugo

import (
	"testing"

	"github.com/gohugoio/hugo/markup/converter"
	"github.com/gohugoio/hugo/markup/tableofcontents"
)

// countingConverter gives what it was asked to parse, and counts.
type countingConverter struct{ parsed, rendered int }

type countedTree struct{ text string }

func (t *countedTree) Doc() any                                  { return t }
func (*countedTree) TableOfContents() *tableofcontents.Fragments { return tableofcontents.Empty }

func (c *countingConverter) Convert(ctx converter.RenderContext) (converter.ResultRender, error) {
	return converter.Bytes("converted " + string(ctx.Src)), nil
}

func (c *countingConverter) Parse(ctx converter.RenderContext) (converter.ResultParse, error) {
	c.parsed++
	return &countedTree{string(ctx.Src)}, nil
}

func (c *countingConverter) Render(_ converter.RenderContext, doc any) (converter.ResultRender, error) {
	c.rendered++
	return converter.Bytes(doc.(*countedTree).text), nil
}

func (*countingConverter) SanitizeAnchorName(s string) string { return "safe " + s }

// A tree is given away when it is rendered, and made anew if it is asked for
// again, with the same result.
func TestTreesAreHeldOnce(t *testing.T) {
	inner := new(countingConverter)
	conv := renderOnce(inner, nil)
	parser, ok := conv.(converter.ParseRenderer)
	if !ok {
		t.Fatal("Hugo no longer sees that the converter can parse alone")
	}
	if names, ok := conv.(converter.AnchorNameSanitizer); !ok || names.SanitizeAnchorName("x") != "safe x" {
		t.Error("Hugo no longer sees that the converter can make anchors")
	}
	ctx := converter.RenderContext{Src: []byte("text")}
	r, err := parser.Parse(ctx)
	if err != nil || r.TableOfContents() != tableofcontents.Empty {
		t.Fatalf("%v, %v", r, err)
	}
	doc := r.Doc()
	for i := range 3 {
		if got, err := parser.Render(ctx, doc); err != nil || string(got.Bytes()) != "text" {
			t.Errorf("time %d: %v, %v", i+1, got, err)
		}
		if doc.(*onceTree).doc != nil {
			t.Error("the tree is still held")
		}
	}
	if inner.parsed != 3 || inner.rendered != 3 {
		t.Errorf("parsed %d times and rendered %d, want 3 and 3", inner.parsed, inner.rendered)
	}
	if got, err := conv.Convert(ctx); err != nil || string(got.Bytes()) != "converted text" {
		t.Errorf("%v, %v", got, err)
	}
	if renderOnce(converter.NopConverter, nil) != converter.NopConverter {
		t.Error("a converter that keeps no tree is wrapped")
	}
}
