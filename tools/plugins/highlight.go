package plugins

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"duskpress/tools/highlight"
	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "highlight",
		Summary: "renders code with goldmark-highlighting",
		Alone:   true,
		Compat:  true,
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			h := highlighter{verify: !s.Compat}
			return pipeline.Hooks{Code: h.render, Cached: func(*pipeline.File) bool { return true }}, nil
		},
	})
}

// highlighter renders code. Where it need not give Hugo's bytes it looks whether
// the text came through: there are lexers that repeat or lose a character.
type highlighter struct{ verify bool }

// attributeEscaper leaves what is a reference already.
var attributeEscaper = strings.NewReplacer(`"`, "&#34;", "<", "&lt;", ">", "&gt;")

func (h highlighter) render(c pipeline.Code) (pipeline.CodeHTML, error) {
	if h.verify {
		// Hugo writes the value of an attribute as it is: a quote in a title ends it.
		c.Attributes = slices.Clone(c.Attributes)
		for i, a := range c.Attributes {
			c.Attributes[i].Value = attributeEscaper.Replace(a.Value)
		}
	}
	out, err := renderCode(c)
	if err != nil || !h.verify || c.Options.LineNos != nil || sameText(out.HTML, c.Text) {
		return out, err
	}
	if c.Problem != nil {
		c.Problem(pipeline.Warning, "language",
			fmt.Sprintf("highlighting as %q changes this code, so it is shown without colours", c.Language),
			"give the block another language, or none")
	}
	c.Language, c.Options.GuessSyntax = "", false
	return renderCode(c)
}

// sameText reports whether the text of the HTML is the code, line ends and the
// last of them aside.
func sameText(out, code string) bool {
	var b strings.Builder
	for out != "" {
		open := strings.IndexByte(out, '<')
		if open < 0 {
			b.WriteString(out)
			break
		}
		b.WriteString(out[:open])
		end := strings.IndexByte(out[open:], '>')
		if end < 0 {
			return false
		}
		out = out[open+end+1:]
	}
	text := html.UnescapeString(b.String())
	fold := func(s string) string {
		return strings.TrimRight(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"), "\n")
	}
	return fold(text) == fold(code)
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
