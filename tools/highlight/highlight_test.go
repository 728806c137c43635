package highlight

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

// golden is what Hugo's markup/highlight wrote for each case. It was recorded
// once, with testdata/record.txt, from Hugo v0.165.0 and chroma v2.27.0.
type golden struct {
	Codes []string
	Cases []struct {
		Code      int // index into Codes
		Lang      string
		Attrs     []Attribute
		Options   Options
		HTML      string
		Low, High int
		Error     bool
	}
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	f, err := os.Open("testdata/hugo.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(&g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestHugosBytes(t *testing.T) {
	g := readGolden(t)
	if len(g.Cases) < 500 {
		t.Fatalf("only %d cases", len(g.Cases))
	}
	failed := 0
	for _, c := range g.Cases {
		got, err := Render(g.Codes[c.Code], c.Lang, c.Attrs, c.Options)
		if (err != nil) != c.Error {
			t.Errorf("%q %+v: error %v, want one: %v", c.Lang, c.Options, err, c.Error)
			failed++
		} else if d := cmp.Diff(c.HTML, got.HTML); d != "" || got.InnerLow != c.Low || got.InnerHigh != c.High {
			t.Errorf("%q %+v: inner [%d:%d], want [%d:%d]\n%s", c.Lang, c.Options, got.InnerLow, got.InnerHigh, c.Low, c.High, d)
			failed++
		}
		if failed > 5 {
			t.FailNow()
		}
	}
}

func TestHugosBytesConcurrently(t *testing.T) {
	g := readGolden(t)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 100 {
				c := g.Cases[(i+worker*7)%len(g.Cases)]
				if got, err := Render(g.Codes[c.Code], c.Lang, c.Attrs, c.Options); got.HTML != c.HTML {
					t.Errorf("case %d: %v, other bytes than alone", i, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestRenderKeepsItsArguments(t *testing.T) {
	ranges := [][2]int{{9, 9}, {1, 2}}
	if _, err := Render("a\n", "go", nil, Options{HlLinesParsed: ranges}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([][2]int{{9, 9}, {1, 2}}, ranges); d != "" {
		t.Error(d)
	}
}

func TestResult(t *testing.T) {
	tests := []struct {
		name, code, lang string
		options          Options
		inner, language  string
		highlighted      bool
	}{
		{"lexed", "x", "go", Options{}, `<span class="line"><span class="cl"><span class="nx">x</span></span></span>`, "go", true},
		{"unknown", "it's", "blub", Options{}, "it&#39;s", "blub", false},
		{"none", "x", "", Options{}, "x", "", false},
		{"guessed", "#!/bin/bash\n", "", Options{GuessSyntax: true},
			`<span class="line"><span class="cl"><span class="cp">#!/bin/bash</span></span></span>`, "bash", true},
		{"not guessed", "x", "blub", Options{GuessSyntax: true}, `<span class="line"><span class="cl">x</span></span>`, "fallback", true},
		{"inline", "x", "go", Options{HlInline: true}, `<code class="code-inline language-go"><span class="nx">x</span></code>`, "go", true},
		{"space", "x", "Common Lisp", Options{HlInline: true}, `<code class="code-inline language-Common Lisp"><span class="nv">x</span></code>`, "Common Lisp", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Render(tt.code, tt.lang, nil, tt.options)
			if err != nil {
				t.Fatal(err)
			}
			inner := strings.ReplaceAll(got.HTML[got.InnerLow:got.InnerHigh], "\n", "")
			if d := cmp.Diff(tt.inner, inner); d != "" {
				t.Error(d)
			}
			if got.Language != tt.language || got.Highlighted != tt.highlighted {
				t.Errorf("language %q, highlighted %v", got.Language, got.Highlighted)
			}
		})
	}
}

func TestBadLineNumbers(t *testing.T) {
	_, err := Render("x", "go", nil, Options{LineNos: "inlined"})
	if want := `highlighting "go": line numbers are true, false, "inline" or "table", not inlined (string)`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if _, err := Render("x", "blub", nil, Options{LineNos: "inlined"}); err != nil {
		t.Errorf("a block without a lexer has no line numbers: %v", err)
	}
}

// goldmark-highlighting answers a lexer whose rules do not compile with plain text.
func TestLexerFailure(t *testing.T) {
	lexer := chroma.MustNewLexer(&chroma.Config{Name: "Broken", Aliases: []string{"broken-in-test"}}, func() chroma.Rules {
		return chroma.Rules{"root": {{Pattern: `(`, Type: chroma.Text}}}
	})
	lexers.Register(lexer)
	if got, err := Render("x", "broken-in-test", nil, Options{}); err == nil {
		t.Errorf("no error, but %q", got.HTML)
	} else {
		t.Log(err)
	}
}

func BenchmarkRender(b *testing.B) {
	code := strings.Repeat("\tif x := f(\"it's\", 12); x > 0 { // say so\n\t\treturn fmt.Errorf(\"no %d\", x)\n\t}\n", 20)
	for _, lang := range []string{"go", "unknown-language"} {
		b.Run(lang, func(b *testing.B) {
			b.SetBytes(int64(len(code)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Render(code, lang, nil, Options{Style: "monokai", LineNoStart: 1, TabWidth: 4}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// FuzzText checks that a reader of the page finds the author's code, but for
// what HTML and chroma change: CRLF and CR are LF, and some lexers add a final
// newline. NUL and invalid UTF-8, which HTML cannot carry, are left out.
func FuzzText(f *testing.F) {
	langs := []string{"go", "html", "Common Lisp", "diff", "text", "unknown", "", "c++", "main.go", "bash", "python", "yaml", "js"}
	for i, code := range []string{"", "\n", "\n\n x", "a\tb  \n", "a\r\nb\rc", "it's </code></pre> &amp; \"q\" &#32;", "<p>\n<script>a<b</script>", "+ a\n- b", "'''\n\"\"\" `x", "日本語 🦄\u00a0"} {
		f.Add(code, uint8(i), uint8(i*37))
	}
	f.Fuzz(func(t *testing.T, code string, lang, bits uint8) {
		code = strings.ReplaceAll(strings.ToValidUTF8(code, ""), "\x00", "")
		o := Options{Style: "monokai", WrapperClass: "highlight", LineNoStart: 1, TabWidth: 4,
			LineNos: bits&1 != 0, LineNumbersInTable: bits&2 != 0, AnchorLineNos: bits&4 != 0, HlInline: bits&8 != 0, GuessSyntax: bits&16 != 0}
		if bits&32 != 0 {
			o.HlLines = "1 3-4"
		}
		slow := time.AfterFunc(20*time.Second, func() { panic(fmt.Sprintf("%q does not end: %q", langs[int(lang)%len(langs)], code)) })
		defer slow.Stop()
		r, err := Render(code, langs[int(lang)%len(langs)], nil, o)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := html.Parse(strings.NewReader(r.HTML))
		if err != nil {
			t.Fatal(err)
		}
		got, want := codeText(doc), strings.ReplaceAll(strings.ReplaceAll(code, "\r\n", "\n"), "\r", "\n")
		if got != want && got != want+"\n" {
			t.Errorf("text differs\n got %q\nwant %q\nhtml %q", got, want, r.HTML)
		}
	})
}

// codeText returns the text of the last code element, without line numbers.
func codeText(n *html.Node) string {
	var last *html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == "code" {
			last = d
		}
	}
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		for _, a := range n.Attr {
			if a.Key == "class" && a.Val == "ln" {
				return
			}
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
	}
	if last != nil {
		walk(last)
	}
	return b.String()
}
