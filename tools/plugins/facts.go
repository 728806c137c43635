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

func readFacts(data []byte) *pipeline.Facts {
	facts := new(pipeline.Facts)
	var page csp.Page
	var attrs []csp.Attr
	z := html.NewTokenizer(bytes.NewReader(data))
	inTitle := false
	var more linkFacts
	for {
		switch z.Next() {
		case html.ErrorToken:
			facts.Uses = page.Uses
			return facts
		case html.TextToken:
			text := z.Text()
			page.Text(text)
			more.text(facts, text)
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
			name, has := z.TagName()
			element := string(name)
			inTitle = element == "title" && facts.Title == ""
			attrs = attrs[:0]
			for has {
				var a csp.Attr
				a.Key, a.Value, has = z.TagAttr()
				attrs = append(attrs, a)
				switch k := string(a.Key); {
				case k == "id", k == "name" && element == "a":
					facts.IDs = append(facts.IDs, string(a.Value))
				case k == "lang" && element == "html":
					facts.Lang = string(a.Value)
				}
			}
			if element == "meta" {
				facts.Refresh += refresh(attrs)
			}
			more.start(facts, element, attrs)
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
