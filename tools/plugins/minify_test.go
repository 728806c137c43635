package plugins

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"duskpress/tools/pipeline"
)

// A minifier that changes the text of a page is told aloud, and the page is
// published as it was.
func TestMinifierThatChangesText(t *testing.T) {
	const page = "<p>a <b>b</b></p><pre>x  y</pre>"
	for _, tt := range []struct{ old, new, message string }{
		{"a <b>", "a<b>", `posts/a/index.html is published as it is, since minifying makes "ab\nx y" of its text "a b\nx y"`},
		{"x  y", "x y", `posts/a/index.html is published as it is, since minifying makes "x y\n" of its text "x  y\n"`},
		{"</p>", "", ""},
	} {
		m := minifier{func(_ string, src []byte) ([]byte, bool, error) {
			return bytes.Replace(src, []byte(tt.old), []byte(tt.new), 1), true, nil
		}}
		problems := new(pipeline.Problems)
		f := &pipeline.File{Path: "posts/a/index.html", MediaType: "text/html", Data: []byte(page), Content: &pipeline.Content{Path: "content/posts/a.md"}}
		if err := m.file(context.Background(), f, problems); err != nil {
			t.Fatal(err)
		}
		list := problems.Sorted()
		if tt.message == "" {
			if len(list) != 0 || strings.Contains(string(f.Data), "</p>") {
				t.Errorf("%q: %v, %s", tt.old, list, f.Data)
			}
			continue
		}
		if len(list) != 1 || list[0].Rule != "minify-text" || list[0].Message != tt.message || list[0].File != "content/posts/a.md" || string(f.Data) != page {
			t.Errorf("%q: %+v, %s", tt.old, list, f.Data)
		}
	}
}
