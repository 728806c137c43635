package twin

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

func whole(address string) string {
	if strings.Contains(address, ":") {
		return address
	}
	return "https://x.example/" + address
}

func TestApply(t *testing.T) {
	for _, c := range []struct {
		name, src, want string
		shift           int
	}{
		{"nothing to do", "# T\n\nText `](a)`.\n", "# T\n\nText `](a)`.\n", 0},
		{"title stays", "# T\n\n#### A\n\n##### B ####\n", "# T\n\n## A\n\n### B ####\n", -2},
		{"no title", "#### A\n", "## A\n", -2},
		{"a second title moves", "# T\n\n# A\n", "# T\n\n## A\n", 1},
		{"deepest", "# T\n\n###### A\n", "# T\n\n###### A\n", 1},
		{"tabs and spaces", "# T\n\n   ###\tA\n", "# T\n\n   #####\tA\n", 2},
		{"in a list and a quote", "# T\n\n- ### A\n\n> > ### B\n", "# T\n\n- # A\n\n> > # B\n", -2},
		{"underlined", "# T\n\nA\n===\n\nB\n---\n", "# T\n\n## A\n\n\n### B\n\n", 1},
		{"underlined, two lines", "# T\n\n> A\n> b \n> ==\n\nC\n", "# T\n\n> ## A b \n> \n\nC\n", 1},
		{"underlined at the end", "# T\n\nA\n-", "# T\n\n# A\n", -1},
		{"heading in code", "# T\n\n```\n#### A\n```\n\n    #### B\n", "# T\n\n```\n#### A\n```\n\n    #### B\n", -2},
		{"empty heading", "# T\n\n####\n\nA\n", "# T\n\n####\n\nA\n", -2},
		{"link", "[a](b)", "[a](https://x.example/b)", 0},
		{"with a title", "[a](b \"c\")", "[a](https://x.example/b \"c\")", 0},
		{"angle brackets", "[a](<b c>)", "[a](<https://x.example/b c>)", 0},
		{"parentheses", "[a](b(c)d) e)", "[a](https://x.example/b(c)d) e)", 0},
		{"escaped", "[a](b\\)d)", "[a](https://x.example/b\\)d)", 0},
		{"image in a link", "[![a](b)](c)", "[![a](https://x.example/b)](https://x.example/c)", 0},
		{"next line", "[a](\nb)", "[a](\nhttps://x.example/b)", 0},
		{"whole already", "[a](mailto:b) <https://c.example>", "[a](mailto:b) <https://c.example>", 0},
		{"definition", "[a][b] [b]\n\n[b]: c 'd'\n", "[a][b] [b]\n\n[b]: https://x.example/c 'd'\n", 0},
		{"definition unused", "[b]: <c>\n", "[b]: <https://x.example/c>\n", 0},
		{"footnote is no definition", "a[^1]\n\n[^1]: b\n", "a[^1]\n\n[^1]: b\n", 0},
		{"in a footnote", "a[^1]\n\n[^1]: [c](b)\n", "a[^1]\n\n[^1]: [c](https://x.example/b)\n", 0},
		{"in a table", "| [a](b) |\n|---|\n| `[a](b)` |\n", "| [a](https://x.example/b) |\n|---|\n| `[a](b)` |\n", 0},
		{"code", "[a](b) `[a](b)`\n\n```\n[a](b)\n[b]: b\n```\n", "[a](https://x.example/b) `[a](b)`\n\n```\n[a](b)\n[b]: b\n```\n", 0},
		{"code of two lines", "[a](b) `x\n[a](b)`", "[a](https://x.example/b) `x\n[a](b)`", 0},
		{"info of a fence", "[a](b)\n\n``` [a](b)\n```\n", "[a](https://x.example/b)\n\n``` [a](b)\n```\n", 0},
		{"no link", "a](b)", "a](b)", 0},
		{"html", "<a href=\"b\">c</a>\n\n<div>\n<img src=\"b\">\n</div>\n", "<a href=\"https://x.example/b\">c</a>\n\n<div>\n<img src=\"https://x.example/b\">\n</div>\n", 0},
		{"html in code", "`<a href=\"b\">`", "`<a href=\"b\">`", 0},
	} {
		got := string(Edit{Shift: c.shift, Address: whole}.Apply([]byte(c.src)))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

// seen is what the parser makes of a document: its code, and its links in order.
func seen(src []byte) (code, links []string) {
	ast.Walk(engine.Parser().Parse(text.NewReader(src)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			code = append(code, string(n.Lines().Value(src)))
		case *ast.CodeSpan:
			var b strings.Builder
			for c := n.FirstChild(); c != nil; c = c.NextSibling() {
				if t, ok := c.(*ast.Text); ok {
					b.Write(t.Segment.Value(src))
				}
			}
			code = append(code, b.String())
		case *ast.Link:
			links = append(links, string(n.Destination))
		case *ast.Image:
			links = append(links, string(n.Destination))
		}
		return ast.WalkContinue, nil
	})
	return code, links
}

// FuzzApply: whatever the document, an edit that changes nothing gives it back,
// and one that does never panics and leaves code alone.
func FuzzApply(f *testing.F) {
	for _, s := range []string{"# T\n\n#### A\n\n[a](b) `](c)`\n", "A\n=\n\n> B\n> -\n", "[a]: b\n[a]\n\n- x\n\n      code](b)\n", "<a href=\"b\">\n\n```\n[a](b)\n```", "[a](<b>) ![c](\nd)", "-\n\n  #\t#\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		src := []byte(s)
		if got := (Edit{Address: func(a string) string { return a }}).Apply(src); string(got) != s {
			t.Errorf("%q became %q", s, got)
		}
		Edit{Shift: -1, Address: whole}.Apply(src)
		// Of addresses alone: a heading that loses its underline can change what
		// stands around it.
		code, links := seen(src)
		newCode, newLinks := seen(Edit{Address: func(a string) string { return strings.Map(letters, a) }}.Apply(src))
		if diff := cmp.Diff(code, newCode); diff != "" {
			t.Errorf("%q: code\n%s", s, diff)
		}
		if len(links) != len(newLinks) {
			t.Errorf("%q: links %q became %q", s, links, newLinks)
		}
	})
}

// letters replaces each letter, and nothing that Markdown reads.
func letters(r rune) rune {
	if r >= 'a' && r <= 'z' {
		return 'q'
	}
	return r
}
