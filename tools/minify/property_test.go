package minify

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	gmhtml "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"
)

func parseHTML(t testing.TB, src string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// keptText returns the text of every element whose text must stay.
func keptText(t testing.TB, src string) []string {
	t.Helper()
	all := []string{}
	for n := range parseHTML(t, src).Descendants() {
		if n.Type == html.ElementNode && slices.Contains(keptNames, n.Data) {
			all = append(all, n.Data+": "+text(n))
		}
	}
	return all
}

// text is the text of n but for scripts and styles, which are minified.
func text(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := range n.ChildNodes() {
			if c.Data != "script" && c.Data != "style" && c.Data != "iframe" {
				walk(c)
			}
		}
	}
	walk(n)
	return b.String()
}

var spaces, breaks = regexp.MustCompile(`[ \t\r\n\f]+`), regexp.MustCompile(` *\x00[ \x00]*`)

// visible is the text that a reader sees: spaces collapsed, none at the edges
// of blocks.
func visible(t testing.TB, src string) string {
	t.Helper()
	shown := map[string]bool{"br": false, "image": true, "font": true, "tt": true, "wbr": true, "script": true, "object": true}
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			b.WriteString(spaces.ReplaceAllString(strings.ReplaceAll(n.Data, "\x00", "?"), " "))
			return
		case n.Type == html.ElementNode && slices.Contains([]string{"script", "style", "template", "noscript", "iframe"}, n.Data):
			return
		}
		inLine := n.Type != html.ElementNode || traits[n.Data]&line != 0 || shown[n.Data]
		if !inLine {
			b.WriteByte(0)
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
		if !inLine {
			b.WriteByte(0)
		}
	}
	walk(parseHTML(t, src))
	s := spaces.ReplaceAllString(b.String(), " ")
	return breaks.ReplaceAllString(s, "\n")
}

func checkProperties(t testing.TB, m *Minifier, src string) {
	t.Helper()
	out, _, err := m.Minify("text/html", []byte(src))
	if err != nil {
		t.Fatalf("%v\nin %q", err, src)
	}
	if d := cmp.Diff(keptText(t, src), keptText(t, string(out))); d != "" {
		t.Errorf("the text of code differs:\n%s\n in %q\nout %q", d, src, out)
	}
	if d := cmp.Diff(visible(t, src), visible(t, string(out))); d != "" {
		t.Errorf("the visible text differs:\n%s\n in %q\nout %q", d, src, out)
	}
	again, _, err := m.Minify("text/html", []byte(src))
	if err != nil || !bytes.Equal(out, again) {
		t.Errorf("not the same twice: %q, then %q, %v", out, again, err)
	}
}

var (
	commonMark = goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList))
	withHTML   = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(gmhtml.WithUnsafe()))
)

func render(t testing.TB, md goldmark.Markdown, source string) string {
	t.Helper()
	var b bytes.Buffer
	if err := md.Convert([]byte(source), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var markdownPieces = []string{"a", "b", "word", " ", " ", "  ", "\t", "\n", "\n\n", "\n    ", "\n- ", "\n+ ", "\n1. ", "\n> ", "\n# ", "`", "`", "``", "```\n", "\n```go\n",
	"`a  b`", "` `` `", "`  x `", "`\tx`", "*", "**", "_", "~~", "[", "](x)", "![", "<", ">", "&", "&amp;", "&nbsp;", "&#32;", "&lt;", "\"", "'", "\\", "|", "\n| - | - |\n", "| `x  y` | b |\n",
	"<http://x.y>", "https://example.org", "é", "日本語", "\u00a0", "\u200b", "<!-- c -->", "  \n", "\\\n", "~~~\n", "{", "}", "- [ ] ", "[^1]", "\n[^1]: note `n  n`\n", "\r\n"}

var htmlPieces = []string{"<code>", "</code>", "<code>", "</code>", "<kbd>", "</kbd>", "<samp class=x>", "</samp>", "<pre>", "</pre>", "<CODE >", "</Code >", "<b>", "</b>", "<span>", "</span>",
	"<p>", "</p>", "<div>", "</div>", "<em> x </em>", "<img src=x>", "<br>", "<!-- <code> -->", "<!---->", "<a href='<code>'>", "</a>", "<script>x  =  '<code>'</script>",
	"<textarea>\n a  b</textarea>", "<svg><text>a <tspan>b</tspan></text><path d='M0 0'/></svg>", "<noscript>no</noscript>", "<style>a { b: c }</style>",
	"<table><tr><td>", "</td></tr></table>", "<ul><li>", "</ul>", "&#32;", "&Tab;", "&#10;", "&amp;lt;", "&lt;", "<", "< ", "&", "a  b", " ", "\n", "  x ", "\t", "y", "z\n\n", "<i></i>", "<del>", "</del>"}

func pieces(r *rand.Rand, from []string) string {
	var b strings.Builder
	for range 3 + r.IntN(40) {
		b.WriteString(from[r.IntN(len(from))])
	}
	return b.String()
}

func TestMarkdown(t *testing.T) {
	m, r := New(Default()), rand.New(rand.NewPCG(1, 2))
	for range 1500 {
		checkProperties(t, m, render(t, commonMark, pieces(r, markdownPieces)))
		if t.Failed() {
			return
		}
	}
	both := append(slices.Clone(markdownPieces), "<code>x  y</code>", "<kbd> k </kbd>", "<b>", "</b>", "<span> s</span>", "<!-- c -->", "<samp>\n</samp>", "<CODE>\t", "</code>")
	for range 1500 {
		checkProperties(t, m, render(t, withHTML, pieces(r, both)))
		if t.Failed() {
			return
		}
	}
}

// TestTagSoup checks only that kept text stays: the library has its own ideas
// about the visible text of wrongly nested tags.
func TestTagSoup(t *testing.T) {
	m, r := New(Default()), rand.New(rand.NewPCG(3, 4))
	for range 6000 {
		// A < or & that only a comment parts from what would make it a tag or a
		// reference is lost. x/net/html, unlike browsers, drops a newline after
		// <pre><!----> and <pre></b> too; TestKeptText has those.
		src := strings.NewReplacer("<pre>", "<pre>x", "<<!--", "< <!--", "&<!--", "& <!--").Replace(pieces(r, htmlPieces)) + "<i>"
		out, _, err := m.Minify("text/html", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(keptText(t, src), keptText(t, string(out))); d != "" {
			t.Fatalf("the text of code differs:\n%s\n in %q\nout %q", d, src, out)
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		f.Add(pieces(r, markdownPieces))
	}
	m := New(Default())
	f.Fuzz(func(t *testing.T, source string) {
		src := render(t, commonMark, source)
		if _, err := html.Parse(strings.NewReader(src)); err != nil {
			// Elements are nested deeper than the judge goes.
			if _, _, err := m.Minify("text/html", []byte(src)); err != nil {
				t.Fatal(err)
			}
			return
		}
		checkProperties(t, m, src)
	})
}
