package linkcheck

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"duskpress/tools/headers"
)

var files = []string{
	"index.html", "404.html", "a/index.html", "a/pic.png", "b.html", "dir/file.txt", "space d.txt", "größe/index.html", "UPPER/index.html", "_redirects",
}

func TestResolve(t *testing.T) {
	s := New([]Base{NewBase("https://example.org/notes/", "")}, files, []headers.Redirect{
		{From: "/old/*", To: "/notes/a/", Status: 301}, {From: "/q", To: "/notes/a/", Status: 301, Query: map[string]string{"id": "1"}}, {From: "/*", To: "/404.html", Status: 404},
	}, nil)
	for _, w := range []struct {
		from, base, address string
		kind                Kind
		file                string
	}{
		{"a/index.html", "", "", Here, "a/index.html"},
		{"a/index.html", "", "#x", Here, "a/index.html"},
		{"a/index.html", "", "?q=1", Here, "a/index.html"},
		{"a/index.html", "", "pic.png", Here, "a/pic.png"},
		{"a/index.html", "", " pic.png\n", Here, "a/pic.png"},
		{"a/index.html", "", "./pic.png?v=1#x", Here, "a/pic.png"},
		{"a/index.html", "", "../b", Here, "b.html"},
		{"a/index.html", "", "../b.html", Here, "b.html"},
		{"b.html", "", "a", Here, "a/index.html"},
		{"b.html", "", "a/", Here, "a/index.html"},
		{"b.html", "", "a/index.html", Here, "a/index.html"},
		{"b.html", "", "pic.png", Missing, ""},
		{"b.html", "", "dir/", Missing, ""},
		{"b.html", "", "dir", Missing, ""},
		{"b.html", "", `dir\file.txt`, Here, "dir/file.txt"},
		{"b.html", "", "space%20d.txt", Here, "space d.txt"},
		{"b.html", "", "space d.txt", Here, "space d.txt"},
		{"b.html", "", "gr%C3%B6%c3%9Fe/", Here, "größe/index.html"},
		{"b.html", "", "gro\u0308ße/", OtherCase, "größe/index.html"},
		{"b.html", "", "A/", OtherCase, "a/index.html"},
		{"b.html", "", "upper", OtherCase, "UPPER/index.html"},
		{"b.html", "", "100%", Missing, ""},
		{"b.html", "", "../../../../notes/a/", Here, "a/index.html"},
		{"b.html", "", "/notes", Here, "index.html"},
		{"b.html", "", "/notes/", Here, "index.html"},
		{"b.html", "", "/a/", OutsideBase, ""},
		{"b.html", "", "/notesx/", OutsideBase, ""},
		{"b.html", "", "//example.org/notes/a", Here, "a/index.html"},
		{"b.html", "", "http://EXAMPLE.org:80/notes/a/", Here, "a/index.html"},
		{"b.html", "", "https://user@example.org/notes/c", Missing, ""},
		{"b.html", "", "https://example.org", OutsideBase, ""},
		{"b.html", "", "https://example.org:8443/notes/a/", Elsewhere, ""},
		{"b.html", "", "https://example.com/notes/a/", Elsewhere, ""},
		{"b.html", "", "https:///a", Malformed, ""},
		{"b.html", "", "https://a b/", Malformed, ""},
		{"b.html", "", "https:/a", Malformed, ""},
		{"b.html", "", "file:///a", Malformed, ""},
		{"b.html", "", "mailto:a@b", Nowhere, ""},
		{"b.html", "", "JavaScript:x()", Nowhere, ""},
		{"b.html", "", "data:,x", Nowhere, ""},
		{"b.html", "", "old/x/y", Moved, ""},
		{"b.html", "", "q?id=1", Moved, ""},
		{"b.html", "", "q?id=2", Missing, ""},
		{"b.html", "", "/.netlify/functions/x", Nowhere, ""},
		{"b.html", "", "_redirects", Here, "_redirects"}, // an output format's link to itself
		{"b.html", "/notes/a/", "pic.png", Here, "a/pic.png"},
		{"b.html", "a/", "pic.png", Here, "a/pic.png"},
		{"b.html", "https://example.org/notes/a/x.html", "pic.png", Here, "a/pic.png"},
		{"b.html", "https://cdn.example/", "pic.png", Nowhere, ""},
		{"b.html", "https://cdn.example/", "/notes/a/pic.png", Here, "a/pic.png"},
	} {
		got := s.Resolve(w.from, w.base, w.address)
		if got.Kind != w.kind || w.file != "" && got.File != w.file {
			t.Errorf("%q in %s (base %q): kind %d, file %q, path %q; want %d %q", w.address, w.from, w.base, got.Kind, got.File, got.Path, w.kind, w.file)
		}
	}
}

// TestHosts has a host for each language, one below a path, and what they share.
func TestHosts(t *testing.T) {
	s := New([]Base{NewBase("https://en.example/", "en/"), NewBase("https://fr.example/site/", "fr/")},
		[]string{"en/a/index.html", "fr/a/index.html", "fr/p.png", "shared.css"}, nil, nil)
	for _, w := range []struct {
		from, address string
		kind          Kind
		file          string
	}{
		{"en/a/index.html", "/a/", Here, "en/a/index.html"},
		{"fr/a/index.html", "/site/a/", Here, "fr/a/index.html"},
		{"fr/a/index.html", "/a/", OutsideBase, ""},
		{"fr/a/index.html", "../p.png", Here, "fr/p.png"},
		{"fr/a/index.html", "/site/shared.css", Here, "shared.css"},
		{"en/a/index.html", "https://fr.example/site/a/", Here, "fr/a/index.html"},
		{"en/a/index.html", "https://fr.example/site/b/", Missing, ""},
		{"en/a/index.html", "/p.png", Missing, ""},
	} {
		got := s.Resolve(w.from, "", w.address)
		if got.Kind != w.kind || w.file != "" && got.File != w.file {
			t.Errorf("%q in %s: kind %d, file %q; want %d %q", w.address, w.from, got.Kind, got.File, w.kind, w.file)
		}
	}
}

func TestFollow(t *testing.T) {
	s := New([]Base{NewBase("https://example.org/", "")}, files, []headers.Redirect{
		{From: "/one", To: "/two", Status: 301}, {From: "/two", To: "/a/", Status: 301}, {From: "/x", To: "/y", Status: 301}, {From: "/y", To: "/x", Status: 302},
		{From: "/grow/*", To: "/grow/x/:splat", Status: 301}, {From: "/in-place", To: "/a/", Status: 200}, {From: "/out", To: "https://example.com/", Status: 301},
	}, map[string]string{"b.html": "https://example.org/two"})
	for _, w := range []struct {
		address string
		hops    int
		loop    bool
		kind    Kind
	}{
		{"/a/", 0, false, Here}, {"/two", 1, false, Here}, {"/one", 2, false, Here}, {"/b.html", 2, false, Here}, {"/x", 2, true, Moved},
		{"/grow/a", 21, true, Moved}, {"/in-place", 0, false, Moved}, {"/out", 1, false, Elsewhere}, {"/none", 0, false, Missing},
	} {
		end := s.Follow("_redirects", w.address)
		if len(end.Hops) != w.hops || end.Loop != w.loop || end.Kind != w.kind {
			t.Errorf("%s: %d hops %v, loop %v, kind %d; want %d, %v, %d", w.address, len(end.Hops), end.Hops, end.Loop, end.Kind, w.hops, w.loop, w.kind)
		}
	}
}

func TestNearest(t *testing.T) {
	s := New([]Base{NewBase("https://example.org/", "")}, []string{
		"index.html", "posts/first-note/index.html", "posts/second/index.html", "about/index.html", "img/dusk.png", "img/dusk.jpg", "posts/go/index.html",
	}, nil, nil)
	for missing, want := range map[string]string{
		"posts/frist-note/": "/posts/first-note/", "post/second/": "/posts/second/", "abuot": "/about/", "img/duks.png": "/img/dusk.png",
		"dusk.jpg": "/img/dusk.jpg", "posts/xy/": "", "nothing-like-it/": "", "img/dusk.gif": "",
	} {
		if got := s.Nearest(missing); got != want {
			t.Errorf("%s: %q, want %q", missing, got, want)
		}
	}
}

func TestReaders(t *testing.T) {
	refs := func(list []Ref) (all []string) {
		for _, r := range list {
			all = append(all, r.What+" "+r.Address+" "+r.Base)
		}
		return all
	}
	for _, w := range []struct {
		name string
		got  []Ref
		want []string
	}{
		{"rss", XML([]byte(`<rss xmlns:atom="x"><channel><link>https://a/</link><atom:link href="https://a/f.xml" rel="self"/><image><url>https://a/i.png</url></image>
<item><description>&lt;a href="x"&gt;</description><guid isPermaLink="false">no</guid><link>https://a/1</link><enclosure url="https://a/e.ogg"/></item>
<item><guid>https://a/2</guid></item></channel></rss>`)), []string{
			"<link> https://a/ ", "<link> https://a/f.xml ", "<url> https://a/i.png ", "<a href> x https://a/1", "<link> https://a/1 ", "<enclosure> https://a/e.ogg ", "<guid> https://a/2 "}},
		{"atom", XML([]byte(`<feed><link href="https://a/"/><id>tag:x</id><entry><link href="https://a/1"/><id>https://a/no</id><content type="html"><![CDATA[<img src="p.png" srcset="q.png 2x">]]></content><summary>a < b</summary></entry></feed>`)), []string{
			"<link> https://a/ ", "<link> https://a/1 ", "<img src> p.png https://a/1", "<img srcset> q.png https://a/1"}},
		{"sitemap", XML([]byte(`<urlset><url><loc>https://a/</loc><xhtml:link rel="alternate" href="https://a/de/"/></url></urlset>`)), []string{"<loc> https://a/ ", "<xhtml:link> https://a/de/ "}},
		{"other", XML([]byte(`<svg><link href="x"/></svg>`)), nil},
		{"json feed", JSON([]byte(`{"version":"https://jsonfeed.org/version/1.1","feed_url":"u","items":[{"url":"v","content_html":"<a href=w>"}]}`), false), []string{"feed_url u ", "url v ", "<a href> w v"}},
		{"json", JSON([]byte(`{"url":"u"}`), false), nil},
		{"robots", Robots([]byte("User-agent: *\nSITEMAP: https://a/s.xml # x\n")), []string{"Sitemap https://a/s.xml "}},
		{"markdown", Markdown([]byte("[a](x.md \"t\") `[b](no)`\n```\n[c](no)\n```\n    [d](no)\n![e](<p.png>) [f](y_(z))\n")), []string{"a link x.md ", "a link p.png ", "a link y_(z) "}},
	} {
		if diff := cmp.Diff(w.want, refs(w.got)); diff != "" {
			t.Errorf("%s: %s", w.name, diff)
		}
	}
}

func FuzzResolve(f *testing.F) {
	f.Add("a/index.html", "", "../b?x#y")
	f.Add("b.html", "//a", "https:\\\\example.org/%zz")
	f.Add("x", "#", "?")
	s := New([]Base{NewBase("https://example.org/notes/", "")}, files, []headers.Redirect{{From: "/a/:b", To: "/:b", Status: 301}}, nil)
	f.Fuzz(func(t *testing.T, from, base, address string) {
		got := s.Resolve(from, base, address)
		if got.Kind == Here && got.File != from && !s.files[got.File] {
			t.Errorf("%q is said to be %q, which is not there", address, got.File)
		}
		s.Follow(from, address)
	})
}

func FuzzReaders(f *testing.F) {
	f.Add("<rss><item><link>x</link></rss>")
	f.Add("<feed xml:base='x'><entry><content type='html'>&lt;a href=x")
	f.Add("[a](b)\n```\n")
	f.Add(`{"version":"https://jsonfeed.org/","items":[{"content_html":"<a href=x>"},1]}`)
	f.Fuzz(func(t *testing.T, data string) {
		XML([]byte(data))
		JSON([]byte(data), false)
		JSON([]byte(data), true)
		Robots([]byte(data))
		Markdown([]byte(data))
	})
}
