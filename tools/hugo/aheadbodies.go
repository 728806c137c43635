package hugo

import (
	"runtime"
	"slices"
	"strings"

	"github.com/gohugoio/hugo/resources/page"
	"golang.org/x/sync/errgroup"

	"duskpress/tools/pipeline"
)

// A list that shows something of every post has all of them converted, one after
// the other, by the worker that renders it. Where little else is rendered, the
// others have nothing to do. So bodies that such lists are known to read are
// converted before, by all processors. That is done where no template has a part in
// a body, so that nothing happens that would not, or in another order.

// convertAhead converts what the outputs that a change of bodies changes read.
func (e *Engine) convertAhead(outputs []*pipeline.OutputRecord, before *pipeline.Record) {
	if len(e.settings.Languages) > 1 || e.hasRenderHooks() {
		return
	}
	contents := make(map[string]*pipeline.Content)
	for _, c := range e.collection.Contents {
		contents[c.Path] = c
	}
	wanted := make(map[page.Page]bool)
	for _, o := range outputs {
		if len(o.Body) == 0 || !o.HTML {
			continue
		}
		for _, source := range o.Names {
			c := contents[before.Sources[source]]
			if c == nil || !c.IsMarkdown() || len(c.Shortcodes) > 0 {
				continue
			}
			if p := e.pages.byFile[c.Filename]; p != nil && currentFormat(p) == "html" {
				wanted[p] = true
			}
		}
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for p := range wanted {
		group.Go(func() error {
			_ = p.Summary(e.renderContext(p)) // an error comes again, at its place
			return nil
		})
	}
	_ = group.Wait()
}

// hasRenderHooks reports whether a template may have a part in a body.
func (e *Engine) hasRenderHooks() bool {
	return slices.ContainsFunc(e.templateNames(), func(name string) bool { return strings.Contains("/"+name, "/_markup/") })
}
