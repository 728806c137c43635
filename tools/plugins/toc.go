package plugins

import (
	"context"
	"fmt"
	"strconv"

	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "toc",
		Summary: "checks what {{< toc >}} asks for",
		After:   []string{"tags"},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{Collect: checkTocs}, nil
		},
	})
}

func checkTocs(_ context.Context, c *pipeline.Collection) error {
	titles := make(map[string][]string)
	slugs := make(map[string]bool)
	for _, t := range c.Tags {
		titles[t.Language] = append(titles[t.Language], t.Title)
		slugs[t.Language+"\x00"+t.Slug] = true
	}
	for _, content := range c.Contents {
		for _, s := range content.Shortcodes {
			if s.Name != "toc" {
				continue
			}
			for name, p := range s.Params {
				var message, hint string
				switch name {
				case "tag":
					if c.TagSlug == nil || slugs[content.Language+"\x00"+c.TagSlug(p.Value)] {
						continue
					}
					message = fmt.Sprintf("toc: unknown tag %q", p.Value)
					if near := pipeline.Nearest(p.Value, titles[content.Language]); near != "" {
						hint = fmt.Sprintf("did you mean %q?", near)
					}
				case "group":
					if p.Value == "year" || p.Value == "tag" {
						continue
					}
					message, hint = fmt.Sprintf("toc: unknown group %q", p.Value), `write group="year" or group="tag"`
				case "limit":
					if n, err := strconv.Atoi(p.Value); err == nil && n > 0 {
						continue
					}
					message = fmt.Sprintf("toc: limit must be a number above 0, not %q", p.Value)
				default:
					message, hint = fmt.Sprintf("toc: unknown parameter %q", name), "it takes tag, group and limit"
				}
				c.Problems.Add(content.Problem(p.Place, pipeline.Error, "toc", message, hint))
			}
		}
	}
	return nil
}
