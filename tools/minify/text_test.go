package minify

import (
	"strings"
	"testing"
)

func TestSameText(t *testing.T) {
	same := [][2]string{
		{"<p>a  <b>b</b>\n c</p>\n<p>d</p>", "<p>a <b>b</b> c<p>d"},
		{"<!doctype html><!-- x --><ul>\n<li>a</li>\n<li>b</li>\n</ul>", "<!doctype html><ul><li>a<li>b</ul>"},
		{"a &gt; b &amp;&quot;", `a > b &amp;"`},
		{"<pre>\n x\n</pre>", "<pre> x\n</pre>"},
		{"<style>\na  b</style>x", "<style>a b</style>x"},
		{`<p title="a > b">x</p>`, `<p title="a > b">x`},
		{"<code>a  b</code>", "<code>a  b</code>"},
		{"1 < 2", "1 < 2"},
	}
	for _, s := range same {
		if ok, before, after := SameText([]byte(s[0]), []byte(s[1])); !ok {
			t.Errorf("%q and %q: %q, %q", s[0], s[1], before, after)
		}
	}
	differ := []struct{ a, b, before, after string }{
		{"<p>a <b>b</b></p>", "<p>a<b>b</b></p>", "a b", "ab"},
		{"<code>a  b</code>", "<code>a b</code>", "a  b\n", "a b\n"},
		{"<pre>a\n\nb</pre>", "<pre>a\nb</pre>", "a\n\nb\n", "a\nb\n"},
		{"<p>a</p><p>b</p>", "<p>ab</p>", "a\nb", "ab"},
		{"<textarea>a  b</textarea>", "<textarea>a b</textarea>", "a  b\n", "a b\n"},
		{"<p>one two three</p>", "<p>one three</p>", "one two three", "one three"},
		{"<p>x</p>", "", "x", ""},
	}
	for _, d := range differ {
		ok, before, after := SameText([]byte(d.a), []byte(d.b))
		if ok || before != d.before || after != d.after {
			t.Errorf("%q and %q: same %v, %q and %q, want %q and %q", d.a, d.b, ok, before, after, d.before, d.after)
		}
	}
}

// Of what the minifier makes, the scan alone is to tell that it is the same:
// the parse is slow.
func TestScanKnowsMinified(t *testing.T) {
	m := New(Default())
	for _, src := range []string{
		"<!doctype html><html lang=en><head>\n<title> T </title>\n</head><body>\n<main>\n<h1>A  <code>b  c</code> d</h1>\n<p>x <a href='/'> y </a>, z\n<br>\nw</p>\n<ul>\n<li>a\n<ul><li> b </li></ul></li></ul><table><tr><td> 1 </td><td>2</td></tr></table><pre><code>a\n  b\n</code></pre></main></body></html>",
		"<p>a &lt; b &amp; c&nbsp;d &quot;e&quot; é</p><script>a  =  1</script><p>end</p>",
		"<pre>a</pre>\n<pre><code>b</code></pre>\n<table><tr><td><pre>1</pre></td></tr></table> c",
		"<div>a</div> <span>b</span> <em>c</em><hr>d",
	} {
		out, _, err := m.Minify("text/html", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if !quickly([]byte(src), out) {
			t.Errorf("not the same to a scan:\n%s\n%s", src, out)
		}
	}
}

func BenchmarkSameText(b *testing.B) {
	page := []byte(strings.Repeat("<p>Some words, a <code>code  span</code> &amp; a <a href=\"/x/\">link</a>.</p>\n<ul><li>one</li><li>two</li></ul>\n", 100))
	out, _, err := New(Default()).Minify("text/html", page)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(page)))
	for b.Loop() {
		if same, _, _ := SameText(page, out); !same {
			b.Fatal("differs")
		}
	}
}

func FuzzSameText(f *testing.F) {
	f.Add("<p>a  <b>b</b></p>", "<p>a <b>b</b>")
	f.Add("<pre>\n x</pre><!-- -->", "<textarea>&lt;")
	f.Fuzz(func(t *testing.T, a, b string) {
		if same, _, _ := SameText([]byte(a), []byte(a)); !same {
			t.Errorf("%q is not the same as itself", a)
		}
		SameText([]byte(a), []byte(b))
	})
}
