package plugins

import (
	"bytes"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"

	"duskpress/tools/pipeline"
)

// The checks that look at an author's Markdown end on every text, point into
// the file, and change nothing of what is rendered.
func FuzzMarkdownChecks(f *testing.F) {
	f.Add("- a\n * b\n\n[x] (https://example.org/) **b **\n\n```go\nopen")
	f.Add("# a\n\n#### b\n\n> ~~~\n> x\n\n<b>\n{{ .X }}")
	f.Add("1. a\n\t- b\r\n\r\n__c __ (t)[/x] [d](/e")
	f.Fuzz(func(t *testing.T, src string) {
		render := func(d *pipeline.Document, extenders ...goldmark.Extender) string {
			md := goldmark.New(goldmark.WithExtensions(append(extenders, extension.GFM, extension.Footnote)...))
			pc := parser.NewContext()
			pipeline.WithDocument(pc, d)
			var b bytes.Buffer
			if err := md.Convert([]byte(src), &b, parser.WithContext(pc)); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
		c := &pipeline.Content{Path: "content/a.md", BodyLine: 1}
		c.WithReader(func() ([]byte, error) { return []byte(src), nil })
		d := &pipeline.Document{Content: c, Problems: new(pipeline.Problems)}
		plain := render(&pipeline.Document{Problems: new(pipeline.Problems)})
		if got := render(d, transformer{marksAt, checkMarks}, transformer{listsAt, checkLists}, transformer{rawHTMLAt, checkRawHTML}); got != plain {
			t.Errorf("%q, and without the checks %q", got, plain)
		}
		lines := 1 + bytes.Count([]byte(src), []byte("\n"))
		for _, p := range d.Problems.Sorted() {
			if p.Line < 1 || p.Line > lines || p.Column < 1 {
				t.Errorf("%s of %q", p.Position(), src)
			}
		}
	})
}
