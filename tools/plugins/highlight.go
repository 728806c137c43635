package plugins

import (
	"duskpress/tools/highlight"
	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "highlight",
		Summary: "renders code with goldmark-highlighting",
		Compat:  true,
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{Code: renderCode}, nil
		},
	})
}

func renderCode(c pipeline.Code) (pipeline.CodeHTML, error) {
	var attrs []highlight.Attribute
	if c.Attributes != nil {
		attrs = make([]highlight.Attribute, 0, len(c.Attributes))
		for _, a := range c.Attributes {
			attrs = append(attrs, highlight.Attribute(a))
		}
	}
	r, err := highlight.Render(c.Text, c.Language, attrs, highlight.Options(c.Options))
	if err != nil {
		return pipeline.CodeHTML{}, err
	}
	return pipeline.CodeHTML{HTML: r.HTML, InnerLow: r.InnerLow, InnerHigh: r.InnerHigh}, nil
}
