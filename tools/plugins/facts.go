package plugins

import (
	"context"

	"duskpress/tools/page"
	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "facts",
		Summary: "parses each HTML page once, for all checks: title, language, ids, links, what a policy decides on, faults",
		Alone:   true,
		After:   []string{"minify"},
		Compat:  true,
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{File: func(_ context.Context, f *pipeline.File, _ *pipeline.Problems) error {
				if f.MediaType == "text/html" {
					var faults []pipeline.Fault
					f.Facts, faults = page.Read(f.Data)
					f.Faults = append(f.Faults, faults...)
				}
				return nil
			}, Cached: func(*pipeline.File) bool { return true }}, nil
		},
	})
}
