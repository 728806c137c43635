package plugins

import (
	"bytes"
	"context"

	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "mono",
		Summary: "lets {{< mono file=\"…\" >}} stand without a closing tag",
		Alone:   true,
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{Source: closeMono}, nil
		},
	})
}

// closeMono closes each call that shows a file. Hugo wants a shortcode that can
// have inner text closed everywhere. Places are counted from the end of the
// file, which other Source plugins leave alone.
func closeMono(_ context.Context, c *pipeline.Content, src []byte) ([]byte, error) {
	var open []int // offsets of closing delimiters to put a slash before
	for i, s := range c.Shortcodes {
		if s.Name != "mono" || s.SelfClosed || s.ToEnd == 0 {
			continue
		}
		if _, ok := s.Params["file"]; !ok {
			continue
		}
		if i+1 < len(c.Shortcodes) && c.Shortcodes[i+1].Name == "/mono" {
			continue
		}
		if at := len(src) - s.ToEnd; at > 0 {
			open = append(open, at)
		}
	}
	if open == nil {
		return src, nil
	}
	var b bytes.Buffer
	from := 0
	for _, at := range open {
		b.Write(src[from:at])
		b.WriteByte('/')
		from = at
	}
	b.Write(src[from:])
	return b.Bytes(), nil
}
