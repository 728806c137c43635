package plugins

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "faults",
		Summary: "reports what a look at each page showed: nesting, ids, headings, what templates failed to fill in, empty pages",
		After:   []string{"facts", "formats"},
		Compat:  true,
		Rules: map[string]string{
			"html":         "HTML that browsers have to mend, each in its own way",
			"duplicate-id": "two elements of a page with one id",
			"main-heading": "a page with no h1, or more than one",
			"unrendered":   "a shortcode, placeholder or refused value that readers would see",
		},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{Check: func(_ context.Context, s *pipeline.Site) error {
				p := newPlaces(s)
				causes := p.causes()
				for _, f := range s.Files() {
					checkEmpty(causes, f)
					for _, x := range f.Faults {
						// Only a text is sure to need a heading of its own.
						if x.Rule == "minify" && slices.ContainsFunc(f.Faults, func(o pipeline.Fault) bool {
							return o.Rule == "json" || o.Rule == "xml" || o.Rule == "feed" && strings.HasSuffix(o.Cause, "syntax")
						}) {
							continue // what is wrong with it is said
						}
						if x.Rule != "main-heading" || x.Cause != "none" || f.Content != nil && !f.Content.Blank {
							causes.Add(f, x)
						}
					}
				}
				causes.Report(s.Problems)
				return nil
			}}, nil
		},
	})
}

// checkEmpty looks for pages in which there is nothing to see. A page that
// sends its reader elsewhere, and what is no whole page, needs nothing.
func checkEmpty(causes *pipeline.Causes, f *pipeline.File) {
	if f.Facts == nil || f.Kind != pipeline.Rendered || f.Facts.Refresh != "" {
		return
	}
	written := f.Content != nil && !f.Content.Blank
	x := pipeline.Fault{Rule: "empty-output", Severity: pipeline.Warning}
	switch {
	case f.Size == 0:
		x.Cause, x.Message = "bytes", "the template printed nothing, and an empty file is published"
		x.Hint = "to have no page at all, set build.render = \"never\" in its front matter"
	case !f.Facts.Shows && (f.Facts.Whole || written):
		x.Cause, x.Message = "text", "there is nothing to see on this page"
		if written {
			x.Message = fmt.Sprintf("there is nothing to see on this page, though %s has a text", f.Content.Path)
		}
		x.Hint = "the template does not print .Content, or takes another block than baseof.html has"
	default:
		return
	}
	causes.Add(f, x)
}
