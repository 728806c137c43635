package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func (c *corpus) editBody(dir string, round int) error {
	return c.writePost(dir, (c.Posts/2+round)%c.Posts, fmt.Sprintf("This was added in round %d.\n\n", round))
}

// addLine leaves the summary as it is.
func (c *corpus) addLine(dir string, round int) error {
	name := c.name(dir, (c.Posts/4+round)%c.Posts)
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, fmt.Appendf(data, "\nThis line was added in round %d.\n", round), 0o666)
}

func (c *corpus) addPost(dir string, round int) error {
	return c.writePost(dir, c.Posts+round, "")
}

func (c *corpus) editTag(dir string, round int) error {
	return c.writePost(dir, (c.Posts/3+round)%c.Posts, "", "tag-0", fmt.Sprintf("tag-%d", 1+round%max(c.Tags-1, 1)))
}

// editTemplate changes what every page shows.
func (c *corpus) editTemplate(dir string, round int) error {
	name := filepath.Join(dir, "layouts", "baseof.html")
	if c.Theme == "duskpress" {
		name = filepath.Join(dir, "theme", "layouts", "baseof.html")
	}
	return replace(name, "</body>", fmt.Sprintf("<p>round %d</p></body>", round))
}

// editConfig changes a title that every page shows.
func (c *corpus) editConfig(dir string, round int) error {
	name := filepath.Join(dir, "config.toml")
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	lines := strings.Split(string(data), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "title = ") {
			lines[i] = fmt.Sprintf("title = \"Round %d\"", round)
			return os.WriteFile(name, []byte(strings.Join(lines, "\n")), 0o666)
		}
	}
	return fmt.Errorf("%s has no title", name)
}

func replace(name, old, new string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !strings.Contains(string(data), old) {
		return fmt.Errorf("%s has no %s", name, old)
	}
	return os.WriteFile(name, []byte(strings.Replace(string(data), old, new, 1)), 0o666)
}

// The plain templates: a page with its tags and table of contents, lists with
// a pager and a feed.
const (
	plainConfig = `baseURL = "https://bench.example.org/"
title = "Bench"
disableKinds = []
[taxonomies]
  tag = "tags"
[pagination]
  pagerSize = 50
[services.rss]
  limit = 20
[markup.highlight]
  noClasses = false
[params.duskpress]
`
	plainBase = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{{ .Title }} | {{ site.Title }}</title>
  {{ with .Description }}<meta name="description" content="{{ . }}">{{ end }}
  {{ with resources.Get "css/base.css" | fingerprint }}<link rel="stylesheet" href="{{ .RelPermalink }}">{{ end }}
  {{ range .AlternativeOutputFormats }}<link rel="{{ .Rel }}" type="{{ .MediaType.Type }}" href="{{ .Permalink }}">{{ end }}
</head>
<body>
  <header><a href="{{ site.Home.RelPermalink }}">{{ site.Title }}</a></header>
  <main>{{ block "main" . }}{{ end }}</main>
</body>
</html>
`
	plainStyle = "body { max-width: 60rem; margin: auto; font: 1.1rem/1.5 sans-serif }\n"
	plainPage  = `{{ define "main" }}
<article>
  <h1>{{ .Title }}</h1>
  <time datetime="{{ .Date.Format "2006-01-02" }}">{{ .Date.Format "2 January 2006" }}</time>
  {{ partial "tags.html" . }}
  {{ .TableOfContents }}
  {{ .Content }}
  {{ with .PrevInSection }}<a rel="prev" href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}
  {{ with .NextInSection }}<a rel="next" href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}
</article>
{{ end }}
`
	plainList = `{{ define "main" }}
<h1>{{ .Title }}</h1>
{{ $pager := .Paginate .RegularPagesRecursive }}
{{ range $pager.Pages }}
<section>
  <h2><a href="{{ .RelPermalink }}">{{ .Title }}</a></h2>
  {{ partial "tags.html" . }}
  <p>{{ .Summary | plainify }}</p>
</section>
{{ end }}
{{ with $pager.Prev }}<a href="{{ .URL }}">newer</a>{{ end }}
{{ with $pager.Next }}<a href="{{ .URL }}">older</a>{{ end }}
{{ end }}
`
	plainTags = `<ul>{{ range .GetTerms "tags" }}<li><a href="{{ .RelPermalink }}">{{ .LinkTitle }}</a></li>{{ end }}</ul>
`
)
