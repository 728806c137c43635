package faultstorm

import "strings"

// linking: links and media (6, 10, 12, 13).
var linking = []fault{
	{10, "link to no page", check, true, "", func(s *site) {
		s.post().say("[it](" + s.err("link", "no page") + s.base + "nowhere-" + s.name("n") + "/)")
	}},
	{10, "relative link to no page", check, true, "", func(s *site) {
		s.post().say("[it](" + s.err("link", "no page") + "../gone-" + s.name("n") + "/)")
	}},
	{10, "whole link to no page", check, true, "", func(s *site) {
		s.post().say("<" + s.err("link", "no page") + "https://notes.example" + s.base + "gone-" + s.name("n") + "/>")
	}},
	{10, "link by reference to no page", check, true, "", func(s *site) {
		n := s.name("r")
		s.post().block("See " + s.err("link", "no page") + "[x][" + n + "].\n\n[" + n + "]: " + s.base + "gone-" + n + "/")
	}},
	{10, "link to a page in other letters", check, true, "", func(s *site) {
		s.post().say("[it](" + s.err("link", "in other letters") + s.base + "About/)")
	}},
	{10, "link to no part", check, true, "", func(s *site) {
		s.post().say("[it](" + s.err("anchor", "a-prat") + s.base + "about/#a-prat)")
	}},
	{10, "link to no part of the page itself", check, true, "", func(s *site) {
		s.post().say("[it](" + s.err("anchor", "") + "#part-" + s.name("q") + ")")
	}},
	{10, "link to no content file", text, true, "", func(s *site) {
		s.post().say("[it](" + s.err("content-link", "no page is made of") + "./gone-" + s.name("c") + ".md)")
	}},
	{10, "link to no part of a content file", check, true, "", func(s *site) {
		s.post().say("[it](" + s.err("content-link", "without that part") + "/about.md#a-prat)")
	}},
	{10, "link to no file of the author", check, true, "plain", func(s *site) {
		s.post().say("[it](" + s.err("link", "author's machine") + "file:///home/x/" + s.name("f") + ")")
	}},
	{10, "link without its scheme", check, true, "", func(s *site) {
		s.post().say("[it](" + s.err("link", "no page") + "www.example.org/" + s.name("f") + ")")
	}},
	{10, "ref to no page", render, true, "", func(s *site) {
		s.post().block("See [it](" + s.err("ref", "gone") + "{{< ref \"gone-" + s.name("r") + ".md\" >}}).")
	}},
	{10, "relref to no part", check, true, "", func(s *site) {
		s.post().block("See [it]({{< relref \"" + s.err("anchor", "a-prat") + "about.md#a-prat\" >}}).")
	}},
	{10, "shortcode with a dead link", check, true, "", func(s *site) {
		s.post().block("Go {{< go to=\"" + s.err("link", "no page") + s.base + "gone-" + s.name("s") + "/\" >}} on.")
	}},
	{10, "picture that is not there", render, true, "theme", func(s *site) {
		s.post("toml", "yaml", "json").block("See " + s.err("image", "no file") + "![a thing](gone-" + s.name("p") + ".png).")
	}},
	{10, "picture that is not there, in Markdown", check, true, "plain", func(s *site) {
		s.post().say("![a thing](" + s.err("link", "no page") + s.base + "gone-" + s.name("p") + ".png)")
	}},
	{10, "link in HTML", check, true, "plain", func(s *site) {
		s.post().say(`<a href="` + s.err("link", "no page") + s.base + `gone-` + s.name("h") + `/">x</a>`)
	}},
	{10, "srcset", check, true, "plain", func(s *site) {
		s.post().say(`<img src="` + s.base + `pic.svg" alt="" width="8" height="8" srcset="` + s.base + "pic.svg 1x, " + s.err("link", "no page") + s.base + `gone-` + s.name("h") + `.svg 2x">`)
	}},
	{10, "poster", check, true, "plain", func(s *site) {
		s.post().say(`<video poster="` + s.err("link", "no page") + s.base + `gone-` + s.name("h") + `.png"></video>`)
	}},
	{10, "link in a template", check, true, "", func(s *site) {
		s.end(`<p><a href="` + s.err("link", "no page") + s.base + `gone-` + s.name("t") + `/">x</a></p>`)
	}},
	{10, "style sheet of a template", check, true, "", func(s *site) {
		s.head(`<link rel="stylesheet" href="` + s.err("link", "no page") + s.base + `gone-` + s.name("t") + `.css">`)
	}},
	{10, "script of a template", check, true, "", func(s *site) {
		s.head(`<script src="` + s.err("link", "no page") + s.base + `gone-` + s.name("t") + `.js"></script>`)
	}},
	{10, "icon of a template", check, false, "", func(s *site) {
		s.head(`<link rel="apple-touch-icon" href="` + s.warn("link", "no page") + s.base + `gone-` + s.name("t") + `.png">`)
	}},
	{10, "menu", check, true, "theme", func(s *site) {
		s.after = append(s.after, "[[menus.main]]", `name = "x"`, `url = "`+s.err("link", "no page")+`/gone-`+s.name("m")+`/"`, "weight = 40")
	}},
	{10, "url() of a style sheet", check, true, "", func(s *site) {
		s.extra("static/"+s.name("s")+".css", "p { color: red }\na { background: url("+s.err("link", "no page")+"gone-"+s.name("u")+".png) }")
	}},
	{10, "feed", check, true, "plain", func(s *site) {
		s.change("layouts/rss.xml", "<description>Notes", "<image><url>"+s.err("link", "no page")+"https://notes.example"+s.base+"gone-"+s.name("f")+".png</url></image><description>Notes")
	}},
	{10, "sitemap", check, true, "plain", func(s *site) {
		s.change("layouts/sitemap.xml", "</urlset>", "<url><loc>"+s.err("link", "no page")+"https://notes.example"+s.base+"gone-"+s.name("f")+"/</loc></url></urlset>")
	}},
	{10, "robots.txt", check, true, "plain", func(s *site) {
		s.change("layouts/robots.txt", `User-agent: *`, "Sitemap: "+s.err("link", "no page")+"https://notes.example"+s.base+"gone-"+s.name("f")+".xml")
	}},
	{10, "upper case in a path", check, false, "", func(s *site) {
		s.alone(front...).key(s.warn("upper-case", "upper-case"), "url", `"/Loud-`+s.name("u")+`/"`)
	}},
	{10, "Open Graph", check, true, "plain", func(s *site) {
		s.head(`<meta property="og:video" content="` + s.err("link", "no page") + `https://notes.example` + s.base + `gone-` + s.name("g") + `.mp4">`)
	}},
	{6, "this machine", check, true, "theme", func(s *site) {
		s.post().say("[it](" + s.err("base-url", "written on") + "http://localhost:1313" + s.base + "about/)")
	}},
	{6, "relative Open Graph", check, false, "", func(s *site) {
		s.head(`<meta property=` + s.warn("relative-url", "no host") + `"og:audio" content="` + s.base + `pic.svg">`)
	}},
	{6, "relative canonical", check, false, "plain", func(s *site) {
		s.change("layouts/baseof.html", `<link rel="canonical" href="{{ .Permalink }}">`, `<link `+s.warn("relative-url", "no host")+`rel="canonical" href="{{ .RelPermalink }}">`)
	}},
	{6, "relative address in a feed", check, true, "plain", func(s *site) {
		s.change("layouts/rss.xml", `<guid>{{ .Permalink }}`, s.err("relative-url", "no host")+`<guid>{{ .RelPermalink }}`)
	}},
	{6, "relative address in a sitemap", check, true, "plain", func(s *site) {
		s.change("layouts/sitemap.xml", `<loc>{{ .Permalink }}`, s.err("relative-url", "no host")+`<loc>{{ .RelPermalink }}`)
	}},
	{6, "relative address in robots.txt", check, true, "plain", func(s *site) {
		s.change("layouts/robots.txt", `{{ "sitemap.xml" | absURL }}`, s.err("relative-url", "no host")+s.base+"sitemap.xml")
	}},
	{12, "picture without alt", check, false, "plain", func(s *site) {
		pic := s.picture()
		s.post().say(`<img src="` + s.warn("image-alt", "no alt") + pic + `" width="8" height="8">`)
	}},
	{12, "picture without size", check, false, "plain", func(s *site) {
		pic := s.picture()
		s.post().say(`<img src="` + s.warn("image-size", "no width") + pic + `" alt="x">`)
	}},
	{12, "picture of a template without alt", check, false, "", func(s *site) {
		pic := s.picture()
		s.end(`<p><img ` + s.warn("image-alt", "no alt") + `src="` + pic + `" width="8" height="8"></p>`)
	}},
	{12, "picture far too large", check, false, "plain", func(s *site) {
		name := s.name("huge") + ".jpg"
		s.files["static/"+name] = strings.Repeat("x", 3<<20)
		s.post().say(`<img src="` + s.warn("image-large", "MB") + s.base + name + `" alt="x" width="8" height="8">`)
	}},
	{13, "redirection to nowhere", check, true, "", func(s *site) {
		s.extra("static/_redirects", s.err("redirect", "not there")+"/"+s.name("from")+" "+s.base+s.name("to")+"/ 301")
	}},
	{13, "redirections in a circle", check, true, "", func(s *site) {
		a, b := s.name("a"), s.name("b")
		s.extra("static/_redirects", s.err("redirect", "circle")+"/"+a+" "+s.base+b+" 301\n/"+b+" "+s.base+a+" 301")
	}},
	{13, "redirection to itself", check, true, "", func(s *site) {
		a := s.name("a")
		s.extra("static/_redirects", s.err("redirect", "circle")+"/"+a+" "+s.base+a+"/ 301")
	}},
	{13, "redirection before a page", check, true, "", func(s *site) {
		p := s.alone("toml")
		s.extra("static/_redirects", s.err("redirect", "nobody can read")+p.path()+" "+s.base+"about/ 301!")
	}},
	{13, "redirection that is never used", check, false, "", func(s *site) {
		p := s.alone("toml")
		s.extra("static/_redirects", s.warn("redirect", "never used")+p.path()+" "+s.base+"about/ 301")
	}},
	{13, "redirection over a detour", check, false, "", func(s *site) {
		a, b := s.name("a"), s.name("b")
		s.extra("static/_redirects", s.warn("redirect", "detour")+"/"+a+" "+s.base+b+" 301\n/"+b+" "+s.base+"about/ 301")
	}},
	{13, "line of _redirects without target", check, false, "", func(s *site) {
		s.extra("static/_redirects", s.warn("headers", "lead to")+"/"+s.name("bad"))
	}},
	{13, "line of _headers that is none", check, false, "", func(s *site) {
		s.extra("static/_headers", "/*\n\t"+s.warn("headers", "neither")+"oops-"+s.name("o")+"\n  X-Two: 2")
	}},
	{13, "path of _headers without a header", check, false, "", func(s *site) {
		s.extra("static/_headers", s.warn("headers", "no header follows")+"/*.css\n# nothing")
	}},
	{13, "redirection of netlify.toml to nowhere", check, true, "", func(s *site) {
		s.extra("netlify.toml", "[[redirects]]\n\t"+s.err("redirect", "not there")+"from = \"/"+s.name("from")+"\"\n  to = \""+s.base+s.name("to")+"/\"")
	}},
	{13, "redirection to a part that is not there", check, false, "", func(s *site) {
		s.extra("static/_redirects", " "+s.warn("redirect", "no part")+"/"+s.name("from")+" "+s.base+"about/#"+s.name("part")+" 301")
	}},
	{13, "line of _headers for no file", check, false, "", func(s *site) {
		s.extra("static/_headers", s.warn("headers", "no file")+"/"+s.name("gone")+"/\n  X-One: 1")
	}},
}

// picture adds a small picture and returns its address.
func (s *site) picture() string {
	name := s.name("pic") + ".svg"
	s.files["static/"+name] = pic
	return s.base + name
}
