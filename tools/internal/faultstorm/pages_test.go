package faultstorm

// showing: what finished pages and files show (12, 15, 16, 19 to 23).
var showing = []fault{
	{15, "script that cannot be read", check, false, "", func(s *site) {
		s.end(`{{ if .IsHome }}{{ (resources.FromString "bad.js" "` + s.warn("minify", "bad.js") + `nor = = script").Publish }}{{ end }}`)
	}},
	{15, "a page that the minifier cannot read", check, false, "", func(s *site) {
		s.head("<script>{{ `" + s.warn("minify", "cannot read") + "no = = script` | safeJS }}</script>")
	}},
	{16, "refused address", check, true, "", func(s *site) {
		s.whole("unrendered", "error", "", "ZgotmplZ")
		s.end(`<p><a href="{{ print "javascript:" "x()" }}">x</a></p>`)
	}},
	{16, "value that is not there", check, true, "", func(s *site) {
		s.whole("unrendered", "error", "", "<no value>")
		s.end(`<p>{{ printf "%sno value>" "<" }}</p>`)
	}},
	{16, "format without its value", check, true, "", func(s *site) {
		s.whole("unrendered", "error", "", "printf got other values")
		s.end(`<p>{{ printf "%d posts" "no" }}</p>`)
	}},
	{16, "map of Go", check, false, "", func(s *site) {
		s.whole("unrendered", "warning", "", "map of Go")
		s.end(`<p>{{ dict "a" 1 }}</p>`)
	}},
	{16, "action that was not carried out", check, false, "", func(s *site) {
		s.whole("unrendered", "warning", "", "not carried out")
		s.end("<p>{{ `{{ .Title }}` }}</p>")
	}},
	{16, "placeholder in a feed", check, true, "plain", func(s *site) {
		s.whole("unrendered", "error", "layouts/rss.xml", "placeholder")
		s.change("layouts/rss.xml", "<description>{{ .Plain", "<description>HAHAHUGOSHORTCODE1s0HBHB {{ .Plain")
	}},
	{19, "page without h1", check, false, "plain", func(s *site) {
		s.whole("main-heading", "warning", "", "h1")
		s.change("layouts/page.html", "<h1>{{ .Title }}</h1>", "<p>{{ .Title }}</p>")
	}},
	{20, "one id twice in a template", check, false, "", func(s *site) {
		s.whole("duplicate-id", "warning", "", "twice-same")
		s.end(`<p id="twice-same">x</p><p id="twice-same">y</p>`)
	}},
	{20, "one id twice in content", check, false, "plain", func(s *site) {
		n := s.name("i")
		s.post().block(`<b id="` + n + `">x</b> <b ` + s.warn("duplicate-id", n) + `id="` + n + `">y</b>`)
	}},
	{20, "wrong nesting in a template", check, false, "", func(s *site) {
		s.whole("html", "warning", "", "<ul> stands in <p>")
		s.end(`<p>é<ul><li>x</li></ul></p>`)
	}},
	{20, "wrong nesting in content", check, false, "plain", func(s *site) {
		s.post().block("Before it <b>bold " + s.warn("html", "<i> is not closed") + "<i>both " + s.name("x") + "</b> italic</i>.")
	}},
	{20, "tag that is not closed", check, false, "plain", func(s *site) {
		s.alone("toml", "yaml", "json").last(s.warn("html", "<div> is not closed") + "<div class=\"note\">never closed " + s.name("n"))
	}},
	{20, "attribute twice", check, false, "plain", func(s *site) {
		s.post().block(s.warn("html", "class twice") + "<div class=\"a\" class=\"b\">" + s.name("n") + "</div>")
	}},
	{20, "no language", check, false, "plain", func(s *site) {
		s.change("layouts/baseof.html", `<html lang="en">`, s.warn("html", "language")+"<html>")
	}},
	{20, "no doctype", check, false, "plain", func(s *site) {
		s.whole("html", "warning", "*", "doctype") // other templates may have the same tag
		s.change("layouts/baseof.html", "<!doctype html>\n", "")
	}},
	{20, "no charset", check, false, "plain", func(s *site) {
		s.change("layouts/baseof.html", `<head><meta charset="utf-8">`, s.warn("html", "UTF-8")+`<head>`)
	}},
	{20, "feed without description", check, true, "plain", func(s *site) {
		s.whole("feed", "error", "layouts/rss.xml", "no description")
		s.change("layouts/rss.xml", "<description>Notes</description>", "")
	}},
	{20, "feed that is no XML", check, true, "plain", func(s *site) {
		s.whole("feed", "error", "layouts/rss.xml", "no reader of XML")
		s.change("layouts/rss.xml", "<description>Notes</description>", "<description>a&nbsp;b</description>")
		// Nobody can tell what else is wrong with it.
		s.change("layouts/rss.xml", `"Mon, 02 Jan 2006 15:04:05 -0700"`, "`Mon, 02 Jan 2006 15:04:05 -0700`")
	}},
	{20, "feed with a wrong date", check, false, "plain", func(s *site) {
		s.whole("feed", "warning", "layouts/rss.xml", "pubDate")
		s.change("layouts/rss.xml", `"Mon, 02 Jan 2006 15:04:05 -0700"`, `"2006-01-02"`)
	}},
	{20, "sitemap without addresses", check, true, "plain", func(s *site) {
		s.whole("sitemap", "error", "layouts/sitemap.xml", "no loc")
		s.change("layouts/sitemap.xml", "</urlset>", "<url><lastmod>2026-01-02</lastmod></url></urlset>")
	}},
	{20, "JSON that is none", check, true, "plain", func(s *site) {
		s.whole("json", "error", "layouts/home.feed.json", "no JSON")
		s.change("layouts/home.feed.json", `{{ .Title | jsonify }}`, `{{ .Title }}`)
	}},
	{20, "JSON-LD that is none", check, true, "plain", func(s *site) {
		s.head("<script type=\"" + s.err("json", "no JSON") + "application/ld+json\">{{ `{\"a\": nope}` | safeJS }}</script>")
	}},
	{20, "XML that is none", check, false, "", func(s *site) {
		name := "static/" + s.name("x") + ".xml"
		s.extra(name, "<a><b></a>")
		s.whole("xml", "warning", name, "")
	}},
	{20, "JSON of the author that is none", check, false, "", func(s *site) {
		name := "static/" + s.name("x") + ".json"
		s.extra(name, "{\"a\": 1,}")
		s.whole("json", "warning", name, "")
	}},
	{21, "style attribute in content", check, false, "", func(s *site) {
		s.post().block("Some {{< raw >}}<b style=\"" + s.warn("csp", "inline style") + "color:red\">" + s.name("red") + "</b>{{< /raw >}}.")
	}},
	{21, "handler in content", check, false, "", func(s *site) {
		s.post().block("Some {{< raw >}}<b onclick=\"" + s.warn("csp", "handler") + "go('" + s.name("h") + "')\">x</b>{{< /raw >}}.")
	}},
	{21, "connection to a third party", check, false, "", func(s *site) {
		s.head(`<link rel="preconnect" href="` + s.warn("csp", "connect to") + `https://` + s.name("far") + `.example">`)
	}},
	{21, "picture of a third party", check, false, "", func(s *site) {
		s.post().block("See ![far](" + s.warn("csp", "images.example") + "https://images.example/" + s.name("p") + ".png).")
	}},
	{21, "script of a third party", check, false, "", func(s *site) {
		s.head(`<script src="` + s.warn("csp", "scripts.example") + `https://scripts.example/a.js"></script>`)
	}},
	{21, "style attribute in a template", check, false, "", func(s *site) {
		s.end(`<p style="` + s.warn("csp", "color:blue") + `color:blue">x</p>`)
	}},
	{21, "address that is a script", check, false, "", func(s *site) {
		s.end(`<p><a href="` + s.warn("csp", "javascript:history.back()") + `javascript:history.back()">back</a></p>`)
	}},
	{21, "font of a third party", check, false, "", func(s *site) {
		name := "static/" + s.name("far") + ".css"
		s.extra(name, "@font-face { font-family: f; src: url(https://fonts.example/f.woff2) }")
		s.whole("csp", "warning", name, "fonts.example")
	}},
	{10, "table of posts of a tag that is not there", collect, true, "theme", func(s *site) {
		s.post("toml", "yaml", "json").block("{{< toc tag=\"" + s.err("toc", "nosuch") + "nosuch\" >}}")
	}},
	{23, "page of too many bytes", check, false, "", func(s *site) {
		s.after = append(s.after, "[params.duskpress.plugins.budget]", "images = 90000")
		p := s.alone()
		name := s.name("big") + ".gif"
		s.files["static/"+name] = gif + string(make([]byte, 95000))
		p.block("{{< raw >}}<img src=\"" + s.base + name + "\" alt=\"x\" width=\"1\" height=\"1\">{{< /raw >}}")
		p.begin(s.warn("budget", "pictures"))
	}},
}

// gif is the head of a picture of one pixel.
const gif = "GIF89a\x01\x00\x01\x00\x00\x00\x00"
