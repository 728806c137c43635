package plugins

import (
	"bytes"
	"context"

	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "newlines",
		Summary: "ends each line of content with a line feed, as CommonMark reads it",
		Alone:   true,
		After:   []string{"headings", "mono", "tags"},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{Source: func(_ context.Context, _ *pipeline.Content, src []byte) ([]byte, error) {
				if bytes.IndexByte(src, '\r') < 0 {
					return src, nil
				}
				return bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")), nil
			}}, nil
		},
	})
}
