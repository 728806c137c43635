package hugo

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlainFences(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       []string // ordinal, language, text
	}{
		{"none", "text\n\nmore `code`\n", nil},
		{"two", "```go\na\n```\n\ntext\n\n```\nb\n\nc\n```\n", []string{"0 go a\n", "1  b\n\nc\n"}},
		{"in front matter", "x\n```go\na\n```\n", []string{"0 go a\n"}},
		{"with attributes", "```go\na\n```\n```go {linenos=true}\nb\n```\n```go\nc\n```\n", []string{"0 go a\n"}},
		{"set in", "- x\n  ```go\n  a\n  ```\n", nil},
		{"quoted", "> ```go\n> a\n> ```\n\n```go\nb\n```\n", nil},
		{"longer", "````md\n```go\n```\n````\n", nil},
		{"waves", "~~~go\na\n~~~\n", nil},
		{"blank lines at the end", "```go\na\n\n```\n", nil},
		{"empty", "```go\n```\n", nil},
		{"not closed", "```go\na\n", nil},
		{"line ends of Windows", "```go\r\na\r\n```\r\n", nil},
		{"in a line", "text ``` text\n", nil},
	} {
		var got []string
		for _, f := range plainFences([]byte("---\ntitle: x\n---\n"+c.body), 4) {
			got = append(got, fmt.Sprintf("%d %s %s", f.ordinal, f.Language, f.Text))
		}
		if diff := cmp.Diff(strings.Join(c.want, "|"), strings.Join(got, "|")); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}
