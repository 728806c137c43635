package search

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExtract(t *testing.T) {
	for _, tt := range []struct {
		name, html string
		want       *Page
	}{
		{"marked, minified", `<!doctype html><title>T · Site</title><header><a href=/>Site</a></header><main><article><h1>T &amp; U</h1><time datetime=2026-01-02>2026</time><nav>contents</nav><div class=prose data-search=text><p>One<p>two <code>a.b</code><h2 id=x>X<a class=anchor href=#x>#</a></h2><ul><li>three<li>four</ul><div>five</div><pre><span class=ln>7</span>six()</pre></div><footer>neighbours</footer></article></main>`,
			&Page{Title: "T & U", Date: "2026-01-02", Sections: []Section{{Text: "One two a.b"}, {"x", "X", "three · four five six()"}}}},
		{"an article", `<title>T</title><main>not this<article><p>Text<script>alert(1)</script><svg><text>no</text></svg></p></article><article>nor this</article></main>`,
			&Page{Title: "T", Sections: []Section{{Text: "Text"}}}},
		{"only a body", `<body><h1>H</h1><h2>no id</h2>Text<h3 id="a">A</h3></body>`,
			&Page{Title: "H", Sections: []Section{{Text: "no id Text"}, {"a", "A", ""}}}},
		{"nothing for robots, and moved", `<meta name=robots content="NOINDEX, follow"><meta http-equiv=refresh content="0; url=/x/"><title>x</title>`,
			&Page{Title: "x", NoIndex: true, Redirect: true, Sections: []Section{}}},
		{"left out", `<article><p hidden>kept, since its end may be anywhere</p><div hidden>a<div>b</div></div><span aria-hidden=true>c</span><button>d</button>e</article>`,
			&Page{Sections: []Section{{Text: "kept, since its end may be anywhere e"}}}},
		{"lists", `<article><p>Seen:<ul><li><p>one</p><ul><li>two <b>three</b></ul><li></li></ul><h2 id=a>A</h2><ol><li>four</ol></article>`,
			&Page{Sections: []Section{{Text: "Seen: · one · two three ·"}, {"a", "A", "four"}}}},
		{"a search page", `<main><div id=search-index data-dir=en/><h1>Search</h1></div></main>`,
			&Page{Title: "Search", IndexDir: "en/", Sections: []Section{}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, Extract([]byte(tt.html))); d != "" {
				t.Error(d)
			}
		})
	}
}

func FuzzExtract(f *testing.F) {
	f.Add("<article><h2 id=a>A</h2>b</article>")
	f.Add("<div data-search=text><p>a<nav>b")
	f.Add("<h1><h2 id=x></h1><title>")
	f.Fuzz(func(t *testing.T, html string) {
		p := Extract([]byte(html))
		for i, s := range p.Sections {
			if i > 0 && s.ID == "" {
				t.Fatalf("section %d of %q has no id", i, html)
			}
		}
	})
}

// TestRecord cuts the longest sections of a long post, and notes where a word
// that the record lacks stands.
func TestRecord(t *testing.T) {
	p := &Page{Title: "T", Sections: []Section{
		{Text: "short"},
		{"a", "A", strings.Repeat("ä b ", 3000)},
		{"b", "B", strings.Repeat("c ", 900) + "needle"},
		{"c", "C", strings.Repeat("d ", 9000) + "pin"},
	}}
	data, whole, err := encodeRecord("../../t/", p)
	if err != nil || whole {
		t.Fatalf("whole %v, %v", whole, err)
	}
	if len(data) > recordText+300 || !strings.Contains(string(data), "short") || !strings.Contains(string(data), `"x":1`) || strings.Contains(string(data), "�") {
		t.Errorf("%d bytes: %.80s", len(data), data)
	}
	words := pageWords(p, true)
	if got := words["pin"].section; got != sectionHash("c") || got == 0 {
		t.Errorf("pin is in %d, want %d", got, sectionHash("c"))
	}
	if got := words["short"].section; got != 0 {
		t.Errorf("short is in %d", got)
	}
}
