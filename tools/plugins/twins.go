package plugins

import (
	"context"
	"net/url"
	"path"
	"strings"

	"duskpress/tools/pipeline"
	"duskpress/tools/twin"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "twins",
		Summary: "gives the Markdown twin of a page its headings as the page has them, and whole addresses",
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{File: mendTwin}, nil
		},
	})
}

func mendTwin(_ context.Context, f *pipeline.File, _ *pipeline.Problems) error {
	if f.Kind != pipeline.Rendered || f.MediaType != "text/markdown" || f.Content == nil || f.Resolve == nil {
		return nil
	}
	page, err := url.Parse(f.URL)
	if err != nil {
		return nil // Hugo made it; there is no author to tell
	}
	edit := twin.Edit{Shift: f.Content.HeadingShift, Address: func(written string) string {
		u, err := url.Parse(written)
		if err != nil || u.Scheme != "" || u.Host != "" {
			return written
		}
		if contentExt[strings.ToLower(path.Ext(u.Path))] {
			target, ok := f.Resolve(u.Path)
			if !ok {
				return written // the plugin links reports it
			}
			to, err := url.Parse(target)
			if err != nil {
				return written
			}
			to.RawQuery, to.Fragment = u.RawQuery, u.Fragment
			u = to
		}
		// An open parenthesis would have to be closed in there.
		return strings.NewReplacer("(", "%28", ")", "%29").Replace(page.ResolveReference(u).String())
	}}
	f.Data = edit.Apply(f.Data)
	return nil
}
