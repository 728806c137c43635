package minify

import (
	"bytes"
	"strings"
	"testing"
)

// BenchmarkHTML measures a page of prose with code, by the library alone and
// with what this package adds; "plain" has no white space to keep.
func BenchmarkHTML(b *testing.B) {
	page := func(inline, fence string) []byte {
		p := "<p>Some prose of <em>usual</em> length, with a <a href=\"https://example.org/\">link</a>, and\n  " + inline + " in it. It's here &amp; there.</p>\n"
		line := `<span class="line"><span class="cl"><span class="kd">func</span> <span class="nf">main</span><span class="p">()</span> <span class="p">{</span>` + "\n</span></span>"
		if fence != "" {
			fence = `<div class="highlight"><pre tabindex="0" class="chroma"><code class="language-go" data-lang="go">` + strings.Repeat(line, 15) + "</code></pre></div>\n"
		}
		return []byte("<!doctype html><html><head><title>x</title></head><body>" + strings.Repeat(strings.Repeat(p, 5)+fence, 12) + "</body></html>")
	}
	for _, bb := range []struct {
		name string
		page []byte
	}{{"plain", page("<code>a b</code>", "")}, {"spaces", page("<code>a  b</code>", "")}, {"fences", page("<code>a b</code>", "go")}} {
		b.Run(bb.name, func(b *testing.B) {
			c := Default()
			m := New(c)
			b.Run("library", func(b *testing.B) {
				b.SetBytes(int64(len(bb.page)))
				for b.Loop() {
					out := bytes.NewBuffer(make([]byte, 0, len(bb.page)))
					if err := c.HTML.Minify(m.library, out, scratch(bb.page), nil); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("kept", func(b *testing.B) {
				b.SetBytes(int64(len(bb.page)))
				for b.Loop() {
					if _, _, err := m.Minify("text/html", bb.page); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
