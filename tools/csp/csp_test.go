package csp

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"duskpress/tools/pipeline"
)

// uses writes what a page asks for, a line each.
func uses(list []pipeline.Use) []string {
	var lines []string
	for _, u := range list {
		s := u.Directive
		for _, part := range []string{u.Source, u.Address} {
			if part != "" {
				s += " " + part
			}
		}
		if u.Inline != "" {
			s += fmt.Sprintf(" %s[%s]=%s", u.Element, u.Attribute, u.Inline)
		}
		lines = append(lines, s)
	}
	slices.Sort(lines)
	return lines
}

func TestPage(t *testing.T) {
	alert := Hash([]byte("alert(1)"))
	for _, c := range []struct {
		html string
		want []string
	}{
		{`<p>text, and <a href="https://example.org">a link</a>`, nil},
		{`<script src=/a.js></script><script src="b.js" defer></script>`, []string{"script-src 'self'"}},
		{`<script src="https://x.example/a.js"></script>`, []string{"script-src https://x.example https://x.example/a.js"}},
		{`<script src="//x.example/a.js"></script>`, []string{"script-src //x.example //x.example/a.js"}},
		{"<script src=\" ht\ntps:\\\\X.example/a.js\"></script>", []string{"script-src https://x.example ht\ntps:\\\\X.example/a.js"}},
		{`<script>alert(1)</script>`, []string{"script-src " + alert}},
		{`<SCRIPT TYPE=Module>alert(1)</SCRIPT>`, []string{"script-src " + alert}},
		{`<script type=importmap>alert(1)</script>`, []string{"script-src " + alert}},
		{`<script type=speculationrules>alert(1)</script>`, []string{"script-src " + alert}},
		{`<script type="application/ld+json">{"@context": "https://schema.org"}</script><script type=text/plain src=//x.example/a></script>`, nil},
		{`<script type="text/javascript; charset=utf-8">alert(1)</script>`, nil},
		{`<script type="">alert(1)</script>`, []string{"script-src " + alert}},
		{`<script language=JavaScript>alert(1)</script>`, []string{"script-src " + alert}},
		{`<script language=vbscript>alert(1)</script>`, nil},
		{`<script></script>`, nil},
		{"<script>a\r\nb</script>", []string{"script-src " + Hash([]byte("a\nb"))}},
		{`<script>if (a < b && c) "<\/p>"</script>`, []string{"script-src " + Hash([]byte(`if (a < b && c) "<\/p>"`))}},
		{`<style>p{color:red}</style>`, []string{"style-src " + Hash([]byte("p{color:red}"))}},
		{`<style type=text/plain>x</style>`, nil},
		{`<svg><style>a&gt;b{}</style></svg>`, []string{"style-src " + Hash([]byte("a>b{}"))}},
		{`<svg><style><![CDATA[a>b{}]]></style></svg>`, []string{"style-src " + Hash([]byte("a>b{}"))}},
		{`<style>@import "https://x.example/a.css"; @font-face{src:url(/f.woff2)} p{background:url(data:image/png;base64,AA)}</style>`, []string{
			"font-src 'self'", "img-src data:", "style-src " + Hash([]byte(`@import "https://x.example/a.css"; @font-face{src:url(/f.woff2)} p{background:url(data:image/png;base64,AA)}`)),
			"style-src https://x.example https://x.example/a.css"}},
		{`<p style="color:red"><p style="color:blue"><b style>`, []string{"style-src", "style-src p[style]=color:red"}},
		{`<button onclick="go()" one=1 once=2>`, []string{"script-src button[onclick]=go()"}},
		{`<a href=" java&#115;cript:void(0)">`, []string{"script-src a[href]= javascript:void(0)"}},
		{"<a href=\"java\tscript:x\">", []string{"script-src a[href]=java\tscript:x"}},
		{`<img src=a.png srcset="b.png 1x, https://x.example/c.png 2x,d.png"><img src="data:image/gif;base64,R0">`, []string{"img-src 'self'", "img-src data:", "img-src https://x.example https://x.example/c.png"}},
		{`<picture><source srcset="//x.example/a.avif 100w"></picture><video poster=p.jpg src=v.mp4><track src=t.vtt></video><audio src="blob:x"></audio>`, []string{"img-src 'self'", "img-src //x.example //x.example/a.avif", "media-src 'self'", "media-src blob: blob:x"}},
		{`<iframe src=https://www.youtube.com/embed/x></iframe><iframe src=about:blank></iframe>`, []string{"frame-src https://www.youtube.com https://www.youtube.com/embed/x"}},
		{`<iframe srcdoc="<p onclick='x()'><img src=a.png>"></iframe>`, []string{"img-src 'self'", "script-src p[onclick]=x()"}},
		{`<object data=a.pdf></object><embed src=b.pdf>`, []string{"object-src 'self'"}},
		{`<form><input type=image src=a.png><button formaction=https://x.example/>`, []string{"form-action 'self'", "form-action https://x.example https://x.example/", "img-src 'self'"}},
		{`<form action="mailto:a@example.org">`, []string{"form-action 'self'", "form-action mailto: mailto:a@example.org"}},
		{`<base href=https://x.example/>`, []string{"base-uri https://x.example https://x.example/"}},
		{`<a href=/x ping="https://x.example/p /q">`, []string{"connect-src 'self'", "connect-src https://x.example https://x.example/p"}},
		{`<link rel="alternate stylesheet" href=a.css><link rel=icon href=i.svg><link rel=manifest href=m.webmanifest><link rel=canonical href=https://x.example/><link rel=modulepreload href=m.js><link rel=preload as=font href=f.woff2><link rel=preload as=image imagesrcset="//x.example/i.png 1x">`, []string{
			"font-src 'self'", "img-src 'self'", "img-src //x.example //x.example/i.png", "manifest-src 'self'", "script-src 'self'", "style-src 'self'"}},
		{`<svg><use href="#a"/><use href="s.svg#a"/><image xlink:href="https://x.example/i.png"/></svg>`, []string{"img-src 'self'", "img-src https://x.example https://x.example/i.png"}},
		{`<img src="" alt=""><img src="#x">`, nil},
		{`<img src=a.png src=https://x.example/b.png>`, []string{"img-src 'self'"}},
		{`<!-- <script>alert(1)</script> --><textarea><img src=//x.example/y></textarea>`, nil},
	} {
		var p Page
		p.Read([]byte(c.html))
		if d := cmp.Diff(c.want, uses(p.Uses)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.html, d)
		}
	}
}

func TestStylesheet(t *testing.T) {
	const sheet = `@charset "utf-8"; @namespace svg url(http://www.w3.org/2000/svg);
@import url("https://x.example/a.css") screen; @IMPORT '/b.css';
/* url(https://comment.example/) */
@font-face { font-family: "https://name.example"; src: url( 'https://fonts.example/f.woff2' ) format("woff2"), url(f.woff) }
@media print { p::before { content: "https://text.example"; background: image-set("https://img.example/1.png" 1x, url(2.png) 2x) } }
q { background: url(//x.example/q.png); cursor: url(\68ttps://esc.example/c.cur) }`
	want := []string{
		"font-src 'self'",
		"font-src https://fonts.example https://fonts.example/f.woff2",
		"img-src 'self'",
		"img-src //x.example //x.example/q.png",
		"img-src https://esc.example https://esc.example/c.cur",
		"img-src https://img.example https://img.example/1.png",
		"style-src 'self'",
		"style-src https://x.example https://x.example/a.css",
	}
	if d := cmp.Diff(want, uses(Stylesheet([]byte(sheet)))); d != "" {
		t.Error(d)
	}
}

func FuzzStylesheet(f *testing.F) {
	f.Add(`@import url("a");@font-face{src:url(x)}`)
	f.Add(`a{b:url(\`)
	f.Add(`url(`)
	f.Fuzz(func(t *testing.T, s string) { Stylesheet([]byte(s)) })
}

func FuzzPage(f *testing.F) {
	f.Add(`<svg><style>x</svg><script>`)
	f.Add(`<img srcset=",,a 1x,b, c (,) 2x"><iframe srcdoc="<p style=x>">`)
	f.Fuzz(func(t *testing.T, s string) {
		var p Page
		p.Read([]byte(s))
		for _, u := range p.Uses {
			if u.Directive == "" || strings.ContainsAny(u.Source, ";,\n ") && u.Source == Self {
				t.Errorf("%+v", u)
			}
		}
	})
}

func TestCheckSource(t *testing.T) {
	for source, want := range map[string]string{
		"https://example.org": "", "https://*.example.org": "", "https://example.org:8443/a/": "", "data:": "", "blob:": "", Self: "",
		"wss://example.org": "", "http://localhost:*": "", "'sha256-" + strings.Repeat("A", 43) + "='": "",
		"'unsafe-inline'": "not allowed", "'unsafe-eval'": "not allowed", "'wasm-unsafe-eval'": "not allowed",
		"*": "every host", "https:": "every host", "http://example.org": "not encrypted", "example.org": "write https://example.org",
		"https://a.example https://b.example": "more than one", "https://a.example;": "more than one", "": "no source",
		"'none'": "no source", "'nonce-x'": "no source", "https://": "no source", "javascript:": "no source", "https://a.example/'": "no source",
	} {
		err := CheckSource(source)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", source, err, want)
		}
	}
}

func TestAllows(t *testing.T) {
	for _, c := range []struct {
		allowed, address string
		want             bool
	}{
		{"https://example.org", "https://example.org/a", true},
		{"https://example.org", "https://example.org:443/a", true},
		{"https://example.org", "https://example.org:444/a", false},
		{"https://example.org", "http://example.org/a", false},
		{"https://example.org", "https://sub.example.org/a", false},
		{"https://*.example.org", "https://a.b.example.org/a", true},
		{"https://*.example.org", "https://example.org/a", false},
		{"https://*.example.org", "https://badexample.org/a", false},
		{"https://example.org/a/", "https://example.org/a/b", true},
		{"https://example.org/a/", "https://example.org/b", false},
		{"https://example.org/a", "https://example.org/a", true},
		{"https://example.org/a", "https://example.org/a/b", false},
		{"http://localhost:*", "http://localhost:8080/", true},
		{"blob:", "blob:x", true},
		{"data:", "https://data/", false},
	} {
		if got := Allows(c.allowed, Source(c.address), c.address); got != c.want {
			t.Errorf("%s for %s: %v", c.allowed, c.address, got)
		}
	}
}

func TestGrant(t *testing.T) {
	const origin = "https://site.example"
	for _, c := range []struct {
		use     pipeline.Use
		allowed []string
		want    string
	}{
		{pipeline.Use{Directive: "img-src", Source: Self}, nil, Self},
		{pipeline.Use{Directive: "img-src", Source: "https://site.example", Address: "https://site.example/a"}, nil, Self},
		{pipeline.Use{Directive: "img-src", Source: "//site.example", Address: "//site.example/a"}, nil, Self},
		{pipeline.Use{Directive: "img-src", Source: "http://site.example", Address: "http://site.example/a"}, nil, ""},
		{pipeline.Use{Directive: "img-src", Source: "data:"}, nil, "data:"},
		{pipeline.Use{Directive: "script-src", Source: "data:"}, nil, ""},
		{pipeline.Use{Directive: "style-src", Source: Hash(nil)}, nil, Hash(nil)},
		{pipeline.Use{Directive: "style-src", Inline: "x", Attribute: "style"}, nil, ""},
		{pipeline.Use{Directive: "img-src", Source: "//x.example", Address: "//x.example/a/b"}, []string{"https://x.example/a/"}, "https://x.example/a/"},
		{pipeline.Use{Directive: "img-src", Source: "https://y.example", Address: "https://y.example/"}, []string{"https://x.example"}, ""},
	} {
		if got := Grant(c.use, origin, c.allowed); got != c.want {
			t.Errorf("%+v: %q, want %q", c.use, got, c.want)
		}
	}
}

func TestPolicy(t *testing.T) {
	var p Policy
	if got, want := p.String(), "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"; got != want {
		t.Errorf("nothing: %s", got)
	}
	for _, s := range []string{"'sha256-b'", "https://b.example", "data:", Self, "'sha256-a'", "https://a.example"} {
		p.Add("img-src", s)
	}
	p.Add("form-action", Self)
	p.TrustedTypes, p.Upgrade = true, true
	want := "default-src 'none'; img-src 'self' data: https://a.example https://b.example 'sha256-a' 'sha256-b'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; upgrade-insecure-requests"
	if got := p.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
