package hugo

import (
	"path/filepath"
	"strings"

	"duskpress/tools/pipeline"
)

// adapter notes a template that makes pages. It is no content file: nothing of it
// is published, and what its pages say may come from data.
func (e *Engine) adapter(c *pipeline.Collection, filename, path, language string) {
	for _, a := range c.Adapters {
		if a.Filename == filename {
			return
		}
	}
	a := &pipeline.Content{
		Path: e.log.relative(filename), Filename: filename, Logical: "/" + strings.TrimPrefix(filepath.ToSlash(path), "/"),
		Language: language, BodyLine: 1, Adapter: true,
	}
	a.Root = strings.TrimSuffix(filename, filepath.FromSlash(a.Logical))
	c.Adapters = append(c.Adapters, a)
}

// adapterOf is the adapter that is a file, as one of a language: it may make
// pages in several. Nil if the file is none.
func (e *Engine) adapterOf(filename, language string) *pipeline.Content {
	if e.collection == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range e.collection.Adapters {
		switch key := language + "\x00" + filename; {
		case a.Filename != filename:
		case a.Language == language:
			return a
		case e.adapters[key] != nil:
			return e.adapters[key]
		default:
			if e.adapters == nil {
				e.adapters = make(map[string]*pipeline.Content)
			}
			other := *a
			other.Language = language
			e.adapters[key] = &other
			return &other
		}
	}
	return nil
}
