package hugo

import (
	"io"
	"sync"
	"time"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
)

// timings add up what turning the text of each content file into HTML takes:
// Markdown, code, and the hooks of links and pictures. It is time on the clock,
// so a page that waits for another one's picture counts that too.
type timings struct {
	mu sync.Mutex
	by map[string]time.Duration
}

func (t *timings) since(file string, start time.Time) {
	if t == nil || file == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.by[file] += time.Since(start)
}

// KeepTimes makes the engine note what each content file takes. It is to be
// called before Render.
func (e *Engine) KeepTimes() { e.markdown.timings = &timings{by: make(map[string]time.Duration)} }

// Times are what each content file took, by its path.
func (e *Engine) Times() map[string]time.Duration {
	if e.markdown.timings == nil {
		return nil
	}
	return e.markdown.timings.by
}

// Renderer is Hugo's, watched where times are kept.
func (m documentMarkdown) Renderer() renderer.Renderer {
	if m.timings == nil {
		return m.Markdown.Renderer()
	}
	return timedRenderer{m.Markdown.Renderer(), m}
}

type timedRenderer struct {
	renderer.Renderer
	markdown documentMarkdown
}

func (r timedRenderer) Render(w io.Writer, source []byte, n ast.Node) error {
	defer r.markdown.timings.since(r.markdown.file(), time.Now())
	return r.Renderer.Render(w, source, n)
}

// file is the path of the document's content file, or "".
func (m documentMarkdown) file() string {
	if m.document.Content == nil {
		return ""
	}
	return m.document.Content.Path
}
