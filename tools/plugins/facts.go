package plugins

import (
	"bytes"
	"context"
	"strings"

	"golang.org/x/net/html"

	"duskpress/tools/csp"
	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "facts",
		Summary: "parses each HTML page once, for all checks: title, language, ids, links, what a policy decides on",
		After:   []string{"minify"},
		Compat:  true,
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{File: func(_ context.Context, f *pipeline.File, _ *pipeline.Problems) error {
				if f.MediaType == "text/html" {
					f.Facts = readFacts(f.Data)
				}
				return nil
			}}, nil
		},
	})
}

// linkAttributes are the attributes that hold one address.
var linkAttributes = map[string]bool{"href": true, "src": true, "poster": true, "data": true, "action": true, "cite": true, "formaction": true}

func readFacts(data []byte) *pipeline.Facts {
	facts := new(pipeline.Facts)
	var page csp.Page
	var attrs []csp.Attr
	z := html.NewTokenizer(bytes.NewReader(data))
	inTitle := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			facts.Uses = page.Uses
			return facts
		case html.TextToken:
			text := z.Text()
			page.Text(text)
			if inTitle {
				facts.Title += string(text)
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			page.End(string(name))
			if string(name) == "title" {
				inTitle = false
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			element := string(name)
			inTitle = element == "title" && facts.Title == ""
			attrs = attrs[:0]
			for more {
				var a csp.Attr
				a.Key, a.Value, more = z.TagAttr()
				attrs = append(attrs, a)
				switch k := string(a.Key); {
				case k == "id", k == "name" && element == "a":
					facts.IDs = append(facts.IDs, string(a.Value))
				case k == "lang" && element == "html":
					facts.Lang = string(a.Value)
				case linkAttributes[k]:
					facts.Links = append(facts.Links, pipeline.Link{Element: element, Attribute: k, URL: string(a.Value)})
				}
			}
			if element == "meta" {
				facts.Refresh += refresh(attrs)
			}
			page.Start(element, attrs)
		}
	}
}

// refresh is where a meta element sends the reader at once, or nothing.
func refresh(attrs []csp.Attr) string {
	content, is := "", false
	for _, a := range attrs {
		switch string(a.Key) {
		case "http-equiv":
			is = strings.EqualFold(string(a.Value), "refresh")
		case "content":
			content = string(a.Value)
		}
	}
	seconds, rest, ok := strings.Cut(content, ";")
	if !is || !ok || strings.TrimSpace(seconds) != "0" {
		return ""
	}
	key, address, ok := strings.Cut(strings.TrimSpace(rest), "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(key), "url") {
		return ""
	}
	return strings.Trim(strings.TrimSpace(address), `"'`)
}
