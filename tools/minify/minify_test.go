package minify

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tdewolff/minify/v2"
)

func TestMediaTypes(t *testing.T) {
	const (
		jsIn, jsOut     = " var  foo =1 ;   foo ++  ;  ", "var foo=1;foo++"
		jsonIn, jsonOut = "  { \"a\" : 123 , \"b\":2 } ", `{"a":123,"b":2}`
		xmlIn, xmlOut   = " <hello>  Hugo!   </hello>  ", "<hello>Hugo!</hello>"
	)
	m := New(Default())
	for _, tt := range []struct{ mediaType, in, want string }{
		{"text/html", "<p>a  b</p>\n<p>c</p>", "<p>a b</p><p>c</p>"},
		{"text/html; charset=utf-8", "<p>a  b", "<p>a b"},
		{"TEXT/HTML", "<p>a  b", "<p>a b"},
		{"text/css", " body { color: blue; }  ", "body{color:blue}"},
		{"text/css", " body { color: rgba(000, 000, 000, 0.7); }", "body{color:rgba(0,0,0,.7)}"},
		{"text/javascript", jsIn, jsOut},
		{"application/javascript", jsIn, jsOut},
		{"application/x-javascript", jsIn, jsOut},
		{"text/ecmascript", jsIn, jsOut},
		{"application/x-ecmascript", jsIn, jsOut},
		{"application/json", jsonIn, jsonOut},
		{"text/json", jsonIn, jsonOut},
		{"application/x-json", jsonIn, jsonOut},
		{"application/ld+json", jsonIn, jsonOut},
		{"application/manifest+json", jsonIn, jsonOut},
		{"application/feed+json", jsonIn, jsonOut},
		{"application/xml", xmlIn, xmlOut},
		{"text/xml", xmlIn, xmlOut},
		{"application/rss+xml", xmlIn, xmlOut},
		{"application/atom+xml", xmlIn, xmlOut},
		{"image/svg+xml", `<svg  version="1.1"> <use :href="myicon"/> </svg>`, `<svg><use :href="myicon"/></svg>`},
		{"image/svg+xml", `<use x-bind:href="myicon">`, `<use x-bind:href="myicon">`},
		{"text/html", "<i class='fas fa-tags fa-fw'></i> Tags", `<i class='fas fa-tags fa-fw'></i> Tags`},
		{"text/html", "<gcse:searchresults-only></gcse:searchresults-only>", `<gcse:searchresults-only></gcse:searchresults-only>`},
		{"text/html", `<div style="color: red;"><script> var  a = 1 </script>`, `<div style=color:red><script>var a=1</script>`},
		{"text/html", "", ""},
	} {
		src := []byte(tt.in)
		got, ok, err := m.Minify(tt.mediaType, src)
		if err != nil || !ok {
			t.Errorf("%s %q: registered %v, %v", tt.mediaType, tt.in, ok, err)
		}
		if d := cmp.Diff(tt.want, string(got)); d != "" {
			t.Errorf("%s %q:\n%s", tt.mediaType, tt.in, d)
		}
		if string(src) != tt.in {
			t.Errorf("%s: the source was changed to %q", tt.mediaType, src)
		}
	}
	for _, mediaType := range []string{"text/plain", "", "image/png", "application/xhtml+xml", "text/x-scss", "application/jsonl", ";;"} {
		if got, ok, err := m.Minify(mediaType, []byte(xmlIn)); ok || err != nil || string(got) != xmlIn {
			t.Errorf("%q: %q, registered %v, %v", mediaType, got, ok, err)
		}
	}
}

func TestDisabled(t *testing.T) {
	c := Default()
	c.DisableCSS, c.DisableXML = true, true
	m := New(c)
	const css = " a { color: blue } "
	if got, ok, _ := m.Minify("text/css", []byte(css)); ok || string(got) != css {
		t.Errorf("%v %q", ok, got)
	}
	got, _, _ := m.Minify("text/html", []byte("<p> a <style>"+css+"</style>"))
	if want := "<p>a <style>" + css + "</style>"; string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
	c = Default()
	c.HTML.KeepWhitespace = true
	if got, _, _ := New(c).Minify("text/html", []byte("<hello> Hugo! </hello>")); string(got) != "<hello> Hugo! </hello>" {
		t.Errorf("setting ignored: %q", got)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ mediaType, in, want string }{
		{"text/javascript", "var a;\nvar b = ;\n", "minifying text/javascript: line 2, column 9: unexpected ; in expression"},
		{"application/json", "{\n \"a\": }", "minifying application/json: line 2, column 7: "},
		{"text/html", "<p>\n<code> a  b </code>\n<script>var = 1</script>", "minifying text/html: line 3, column 13: "},
		{"text/html", "<p>日本</p>\n" + strings.Repeat("<p  class=\"a\n\n  b\">x   \n\n  y</p>\n", 9) + "<p>é</p><script>var x = <%= bad</script>", "minifying text/html: line 47, column 25: "},
		{"image/svg+xml", "<svg>\n\x00</svg>", "minifying image/svg+xml: line 2, column 1: "},
	} {
		got, ok, err := New(Default()).Minify(tt.mediaType, []byte(tt.in))
		if !ok || string(got) != tt.in {
			t.Errorf("%s: registered %v, %q", tt.mediaType, ok, got)
		}
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
}

// without minifies by the library alone.
func without(t testing.TB, src string) string {
	c := Default()
	m := New(c)
	m.library.Add("text/html", &c.HTML)
	m.library.Add("image/svg+xml", &c.SVG)
	var out bytes.Buffer
	if err := c.HTML.Minify(m.library, &out, scratch([]byte(src)), nil); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var _ minify.Minifier = keeper{}

func TestConcurrent(t *testing.T) {
	m := New(Default())
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 50 {
				in := fmt.Sprintf("<p>x <code> %d  %d </code> <svg><text>a <tspan>b</tspan></text></svg>\n\n<script>let  a%d</script>", worker, i, i)
				want := fmt.Sprintf("<p>x <code> %d  %d </code> <svg><text>a <tspan>b</tspan></text></svg>\n<script>let a%d</script>", worker, i, i)
				if got, _, err := m.Minify("text/html", []byte(in)); string(got) != want {
					t.Errorf("%q, want %q: %v", got, want, err)
				}
			}
		})
	}
	wg.Wait()
}
