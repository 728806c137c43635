package faultstorm

// themed are files of a site with the repository's theme, beside its posts.
var themed = map[string]string{
	"content/_index.md":            "+++\ntitle = \"Notes\"\n+++\n",
	"content/about.md":             "+++\ntitle = \"About\"\n+++\n\nWho writes here.\n\n## A part\n\nMore.\n",
	"content/posts/_index.md":      "+++\ntitle = \"Posts\"\n+++\n",
	"content/archive/_index.md":    "+++\ntitle = \"Archive\"\nlayout = \"archive\"\n+++\n",
	"content/search.md":            "+++\ntitle = \"Search\"\nlayout = \"search\"\n+++\n",
	"content/tags/_index.md":       "+++\ntitle = \"Tags\"\n+++\n",
	"static/pic.svg":               pic,
	"layouts/_shortcodes/raw.html": "{{ .Inner | safeHTML }}\n",
	"layouts/_shortcodes/go.html":  "<a href=\"{{ .Get \"to\" }}\">go</a>\n",
}

const pic = `<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8" viewBox="0 0 8 8"><path d="M0 0h8v8z"/></svg>` + "\n"

// plain is a site with few templates of its own, in which HTML in Markdown is
// passed through.
var plain = map[string]string{
	"config.toml": `title = "Plain"
locale = "en"
capitalizeListTitles = false
enableRobotsTXT = true
mainSections = ["posts"]
[taxonomies]
tag = "tags"
[outputs]
home = ["html", "rss", "feed"]
section = ["html"]
taxonomy = ["html"]
term = ["html"]
[outputFormats.feed]
mediaType = "application/json"
baseName = "feed"
isPlainText = true
[markup.goldmark.renderer]
unsafe = true
[markup.goldmark.parser.attribute]
block = true
[markup.highlight]
noClasses = false
[params.duskpress.plugins.linkcheck]
ignore = ["/api/*"]
`,
	"content/_index.md":       "+++\ntitle = \"Notes\"\n+++\n",
	"content/about.md":        themed["content/about.md"],
	"content/posts/_index.md": "+++\ntitle = \"Posts\"\n+++\n",
	"static/pic.svg":          pic,
	"layouts/baseof.html": `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ .Title }}</title>
<link rel="stylesheet" href="{{ "site.css" | relURL }}"><link rel="canonical" href="{{ .Permalink }}">
<meta property="og:image" content="{{ "pic.svg" | absURL }}">
{{ partial "custom/head.html" . }}</head>
<body><main>{{ block "main" . }}{{ end }}</main>
{{ partial "custom/body-end.html" . }}</body></html>
`,
	"layouts/_partials/custom/head.html":     "",
	"layouts/_partials/custom/body-end.html": "",
	"layouts/home.html": `{{ define "main" }}<h1>{{ .Title }}</h1>{{ range .Site.RegularPages }}<div><a href="{{ .RelPermalink }}">{{ .Title }}</a> {{ .Plain | truncate 120 }}</div>{{ end }}
<a href="{{ "tags/" | relURL }}">Tags</a>{{ end }}
`,
	"layouts/page.html": `{{ define "main" }}<h1>{{ .Title }}</h1>{{ range .GetTerms "tags" }}<a href="{{ .RelPermalink }}">{{ .LinkTitle }}</a>{{ end }}
<nav>{{ .TableOfContents }}</nav><article>{{ .Content }}</article>{{ end }}
`,
	"layouts/section.html":  `{{ define "main" }}<h1>{{ .Title }}</h1>{{ range .Pages }}<p><a href="{{ .RelPermalink }}">{{ .Title }}</a></p>{{ end }}{{ end }}` + "\n",
	"layouts/taxonomy.html": `{{ define "main" }}<h1>{{ .Title }}</h1>{{ range .Pages }}<p><a href="{{ .RelPermalink }}">{{ .LinkTitle }}</a></p>{{ end }}{{ end }}` + "\n",
	"layouts/term.html":     `{{ define "main" }}<h1>{{ .Title }}</h1>{{ range .Pages }}<p><a href="{{ .RelPermalink }}">{{ .Title }}</a></p>{{ end }}{{ end }}` + "\n",
	"layouts/404.html":      `{{ define "main" }}<h1>Not found</h1>{{ end }}` + "\n",
	"layouts/robots.txt":    "User-agent: *\nSitemap: {{ \"sitemap.xml\" | absURL }}\n",
	"layouts/sitemap.xml": `{{ printf "<?xml version=\"1.0\" encoding=\"utf-8\"?>" | safeHTML }}
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{{ range .Pages }}
<url><loc>{{ .Permalink }}</loc>{{ if not .Lastmod.IsZero }}<lastmod>{{ .Lastmod.Format "2006-01-02T15:04:05-07:00" }}</lastmod>{{ end }}</url>{{ end }}
</urlset>
`,
	"layouts/rss.xml": `{{ printf "<?xml version=\"1.0\" encoding=\"utf-8\"?>" | safeHTML }}
<rss version="2.0"><channel><title>{{ .Title }}</title><link>{{ .Permalink }}</link><description>Notes</description>
{{ range site.RegularPages }}<item><title>{{ .Title }}</title><link>{{ .Permalink }}</link>
<guid>{{ .Permalink }}</guid>{{ if not .Date.IsZero }}<pubDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" | safeHTML }}</pubDate>{{ end }}
<description>{{ .Plain | html }}</description></item>
{{ end }}</channel></rss>
`,
	"layouts/home.feed.json": `{"version": "https://jsonfeed.org/version/1.1", "title": {{ .Title | jsonify }}, "items": [
{{ range $i, $p := site.RegularPages }}{{ if $i }},{{ end }}{"id": {{ .Permalink | jsonify }}, "url": {{ .Permalink | jsonify }}, "content_text": {{ .Plain | jsonify }}}
{{ end }}]}
`,
	"layouts/_shortcodes/raw.html": "{{ .Inner | safeHTML }}\n",
	"layouts/_shortcodes/go.html":  "<a href=\"{{ .Get \"to\" }}\">go</a>\n",
	"static/site.css":              "main { max-width: 40rem }\n",
}
