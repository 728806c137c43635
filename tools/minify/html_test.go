package minify

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeptText(t *testing.T) {
	m := New(Default())
	for _, tt := range []struct{ name, in, want string }{
		{"runs", "<p>a <code>b  c</code>  d", "<p>a <code>b  c</code> d"},
		{"edges", "<p>a <code> b </code> <code> </code> c", "<p>a <code> b </code> <code> </code> c"},
		{"tabs and newlines", "<code>\ta\n\n b\r\n</code>", "<code>\ta\n\n b\r\n</code>"},
		{"kbd and samp", "<kbd>a  b</kbd> <samp>  c</samp>", "<kbd>a  b</kbd> <samp>  c</samp>"},
		{"upper case", "<CODE>a  b</CODE>  c  d", "<code>a  b</code> c d"},
		{"attributes", "<code class='x'  id=y>a  b</code>", "<code class=x id=y>a  b</code>"},
		{"nested", "<code><span>a  b</span> <em> c</em></code>  d", "<code><span>a  b</span> <em> c</em></code> d"},
		{"code in kbd", "<kbd>a  <code> b</code>  c</kbd>  d  e", "<kbd>a  <code> b</code>  c</kbd> d e"},
		{"code in pre", "<pre>\n\n<code> a\n\n b</code>\n</pre>\n\nx  y", "<pre>\n\n<code> a\n\n b</code>\n</pre>x y"},
		{"comment after pre", "<pre><!-- x --><!---->\na <!----> b</pre>", "<pre>\n\na  b</pre>"},
		{"pre in pre", "<pre> a<pre>  b</pre>  c  d</pre>  e  f", "<pre> a<pre>  b</pre>  c  d</pre>e f"},
		{"textarea", "<textarea>\n a  b </textarea>", "<textarea>\n a  b </textarea>"},
		{"textarea in code", "<code><textarea>\n a  b </textarea>  </code>", "<code><textarea>\n a  b </textarea>  </code>"},
		{"references", "<code>a&#32;&#x20;&Tab;&NewLine;b&#13;</code>", "<code>a&#32;&#x20;&Tab;&NewLine;b&#13;</code>"},
		{"no-break space", "<code> &nbsp; &nbsp;</code>", "<code> &nbsp; &nbsp;</code>"},
		{"escaped reference", "<code>&amp;#32;  &amp;amp;  &lt;code>  </code>", "<code>&amp;#32;  &amp;amp;  &lt;code>  </code>"},
		{"in a comment", "a  <!-- <code> -->b  c", "a b c"},
		{"comment inside", "<code>a <!-- x --> b</code>", "<code>a  b</code>"},
		{"in an attribute", `<p title="<code>">a  b`, `<p title="<code>">a b`},
		{"in a script", "<script>x =  '<code>'</script>a  b", `<script>x="<code>"</script>a b`},
		{"script inside", "<code>a  <script>x =  1</script>  b</code>", "<code>a  <script>x=1</script>  b</code>"},
		{"script of html", `<script type="text/html"><p>a  <code>b  c</code></script>`, `<script type=text/html><p>a <code>b  c</code></script>`},
		{"unclosed", "<p><code>a  b<p>c  d", "<p><code>a  b<p>c  d"},
		{"closed twice", "<code>a  b</code></code>  c  d", "<code>a  b</code></code> c d"},
		{"wrongly nested", "<kbd>a<code></kbd>  b  c</code>", "<kbd>a<code></kbd>  b  c</code>"},
		{"end in a cell", "<code><table><tr><td></code>a  b</table>", "<code><table><tr><td></code>a  b</table>"},
		{"slash in tag", "<code/>a  b</code>", "<code>a  b</code>"},
		{"svg text", "<svg><text> a  <tspan>b</tspan> c</text> </svg>", "<svg><text> a <tspan>b</tspan> c</text></svg>"},
		{"svg with code", "<svg><foreignObject><p>see  <b>this</b> <code>a  b</code></p></foreignObject></svg>", "<svg><foreignObject><p>see  <b>this</b> <code>a  b</code></p></foreignObject></svg>"},
		{"svg in code", "<code> <svg><text>a  b</text> <path/></svg>  c</code>  d  e", "<code> <svg><text>a  b</text> <path/></svg>  c</code> d e"},
		{"svg in pre", "<pre><svg><text>a  b</text></svg>  c</pre>", "<pre><svg><text>a  b</text></svg>  c</pre>"},
		{"code left open in svg", "<svg><code></svg>a  b", "<svg><code/>a  b"},
		{"math", "<math><mtext><code>a  b</code></mtext></math>  c  d", "<math><mtext><code>a  b</code></mtext></math> c d"},
		{"spare bytes in use", "<code>\xff  \xfd</code>  b", "<code>\xff  \xfd</code> b"},
		{"reference before a comment", "<p>a&amp;<!-- x -->#65; &amp;<!----><!---->lt;", "<p>a&amp;#65; &amp;lt;"},
		{"less before a comment", "<p>a&lt;<!-- x -->b> &#60;<!-- y -->b>", "<p>a&lt;b> &#60;b>"},
		{"no spare bytes", "<code>a  b</code>  \xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", "<code>a  b</code>  \xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8"},
		{"references to spare bytes", "<code>a  b</code>&#255;&#xff;&yuml;", "<code>a  b</code>&#255;&#255;&yuml;"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := m.Minify("text/html", []byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, string(got)); d != "" {
				t.Errorf("%s\ngot %q", d, got)
			}
			// x/net/html drops a newline after a comment too.
			if d := cmp.Diff(keptText(t, tt.in), keptText(t, string(got))); d != "" && !strings.HasPrefix(tt.name, "comment") {
				t.Errorf("the text of code differs:\n%s", d)
			}
		})
	}
}

func TestVisibleSpace(t *testing.T) {
	m := New(Default())
	for _, tt := range []struct{ in, want string }{
		{"<b>a</b> <i>b</i>", "<b>a</b> <i>b</i>"},
		{"<b>a </b><i> b</i>", "<b>a </b><i>b</i>"},
		{"a <code>b</code> c", "a <code>b</code> c"},
		{"a <!-- x --> b", "a b"},
		{"a <noscript><img src=x></noscript> b", "a <noscript><img src=x></noscript> b"},
		{"a  <noscript> x </noscript>  b", "a <noscript>x</noscript> b"},
		{"<b>a</b> <noscript>x</noscript> <b>c</b>", "<b>a</b> <noscript>x</noscript> <b>c</b>"},
		{"<p>a</p> <noscript>x</noscript> <p>c</p>", "<p>a</p><noscript>x</noscript><p>c</p>"},
		{"a\n<style>p { color: red }</style>\nb", "a\n<style>p{color:red}</style>\nb"},
		{"a <template>x</template> b", "a <template>x</template> b"},
		{"<body>\n<style>p { color: red }</style>\n<p>b", "<body><style>p{color:red}</style><p>b"},
	} {
		got, _, err := m.Minify("text/html", []byte(tt.in))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tt.want, string(got)); d != "" {
			t.Errorf("%q:\n%s", tt.in, d)
		}
	}
}

func TestOtherwiseTheLibrarysOutput(t *testing.T) {
	m := New(Default())
	for _, in := range []string{
		"<!doctype html><html><head><title> a  b </title>\n<style> a { b: c } </style></head><body> <p> a  b </p>\n<pre> c\n  d</pre> <code>e</code></body>",
		"<ul>\n<li> a <code>b c</code>\n<li>\td</ul><table> <tr> <td> x </table>",
		"<p>a &amp; b &lt; c &#39; &quot;<code>&quot;x&quot;</code>",
		"<svg viewBox='0 0 1 1'> <g> <path d='M 0 0 L 10 10'/> </g> </svg> <math> <mi> x </mi></math>",
	} {
		got, _, err := m.Minify("text/html", []byte(in))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(without(t, in), string(got)); d != "" {
			t.Errorf("%q:\n%s", in, d)
		}
	}
}

func TestXML(t *testing.T) {
	m := New(Default())
	for _, tt := range []struct{ name, mediaType, in, want string }{
		{"escaped pre", "application/rss+xml", "<d>\n &lt;p>a  b&lt;/p> &lt;pre>a\n  b&lt;/pre> \n</d>", "<d>&lt;p>a b&lt;/p> &lt;pre>a\n  b&lt;/pre></d>"},
		{"escaped code", "application/rss+xml", "<d>&#60;CODE>a  b</d>", "<d>&#60;CODE>a  b</d>"},
		{"no code", "application/rss+xml", "<d> &lt;p>a  b&lt;/p> </d>", "<d>&lt;p>a b&lt;/p></d>"},
		{"cdata", "application/rss+xml", "<d><![CDATA[<pre>a\n  b</pre>]]></d>", "<d>&lt;pre>a\n  b&lt;/pre></d>"},
		{"xhtml", "application/atom+xml", "<f> <c> <div xmlns='http://www.w3.org/1999/xhtml'>see <b>this</b> <pre> x</pre></div> </c> </f>",
			"<f><c><div xmlns='http://www.w3.org/1999/xhtml'>see <b>this</b> <pre> x</pre></div></c></f>"},
		{"sitemap links", "application/xml", "<urlset xmlns:xhtml=\"http://www.w3.org/1999/xhtml\"> <url> <loc> x </loc> </url> </urlset>",
			"<urlset xmlns:xhtml=\"http://www.w3.org/1999/xhtml\"><url><loc>x</loc></url></urlset>"},
		{"svg", "image/svg+xml", "<svg> <text>one <tspan>two</tspan>\n three</text> <g> </g></svg>", "<svg><text>one <tspan>two</tspan> three</text><g/></svg>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := m.Minify(tt.mediaType, []byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, string(got)); d != "" {
				t.Error(d)
			}
		})
	}
}
