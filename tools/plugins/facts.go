package plugins

import (
	"bytes"
	"context"

	"golang.org/x/net/html"

	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "facts",
		Summary: "parses each HTML page once, for all checks: title, language, ids, links",
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
	z := html.NewTokenizer(bytes.NewReader(data))
	inTitle := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			return facts
		case html.TextToken:
			if inTitle {
				facts.Title += string(z.Text())
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == "title" {
				inTitle = false
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			element := string(name)
			inTitle = element == "title" && facts.Title == ""
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				switch k := string(key); {
				case k == "id", k == "name" && element == "a":
					facts.IDs = append(facts.IDs, string(value))
				case k == "lang" && element == "html":
					facts.Lang = string(value)
				case linkAttributes[k]:
					facts.Links = append(facts.Links, pipeline.Link{Element: element, Attribute: k, URL: string(value)})
				}
			}
		}
	}
}
