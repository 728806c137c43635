package hugo

import (
	"runtime"
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

// enoughAhead is how many bodies are worth it.
const enoughAhead = 32

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
	if len(wanted) < enoughAhead {
		return
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
	for name := range e.templateFiles() {
		if strings.Contains("/"+name, "/_markup/") {
			return true
		}
	}
	return false
}
