package plugins

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"

	"duskpress/tools/highlight"
	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "languages",
		Summary: "reports fences in a language that nothing can highlight",
		Alone:   true,
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			cfg := languagesConfig{Plain: []string{"goat", "math", "text", "txt", "plain", "console-output", "output"}}
			if err := s.Decode(&cfg); err != nil {
				return pipeline.Hooks{}, err
			}
			plain := make(map[string]bool)
			for _, name := range cfg.Plain {
				plain[strings.ToLower(name)] = true
			}
			return pipeline.Hooks{Markdown: func(c *pipeline.Collection) goldmark.Extender {
				return transformer{languagesAt, fences{plain, c.HasCodeHook}.check}
			}, CachedMarkdown: true}, nil
		},
	})
}

type languagesConfig struct {
	// Plain are names for blocks that are meant to stay without colours.
	Plain []string `json:"plain"`
}

type fences struct {
	plain   map[string]bool
	hasHook func(string) bool
}

// firstWord is what stands before the first space, as goldmark takes it.
func firstWord(info string) string {
	word, _, _ := strings.Cut(strings.TrimLeft(info, " \t"), " ")
	return strings.TrimSpace(word)
}

// check reports, and changes nothing.
func (f fences) check(d *pipeline.Document, doc *ast.Document, src []byte) {
	ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		block, ok := n.(*ast.FencedCodeBlock)
		if !ok || !entering || block.Info == nil {
			return ast.WalkContinue, nil
		}
		info := string(block.Info.Segment.Value(src))
		lang, _, _ := strings.Cut(firstWord(info), "{")
		if lang == "" || f.plain[strings.ToLower(lang)] || highlight.Known(lang) || f.hasHook != nil && f.hasHook(lang) {
			return ast.WalkContinue, nil
		}
		hint := "leave the language out, or add it to `plain` in [params.duskpress.plugins.languages]"
		if near := pipeline.Nearest(lang, highlight.Languages()); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		d.Problems.Add(d.Content.Problem(d.At(src, block.Info.Segment.Start), pipeline.Warning, "language",
			fmt.Sprintf("nothing can highlight %q", lang), hint))
		return ast.WalkContinue, nil
	})
}
