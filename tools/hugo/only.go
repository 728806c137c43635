package hugo

import (
	"path"

	"github.com/gohugoio/hugo/hugolib/segments"

	"duskpress/tools/pipeline"
)

// only is what a preview renders: a few pages of a site that is assembled whole.
// Hugo's render filter knows a page by its logical path and an output format's
// name, and an author knows it by the file that it is published as.
type only struct {
	pages map[string]bool // logical path and format
	files map[string]bool // what they are published as
	dirs  map[string]bool // where they are
}

// choose asks for each page in HTML whether it is wanted. It is called when
// pages are assembled, and may wait.
func (o *only) choose(targets []wantedTarget, wanted func(file, source string) bool) {
	o.pages, o.files, o.dirs = make(map[string]bool), make(map[string]bool), make(map[string]bool)
	for _, t := range targets {
		if wanted(t.path, t.source) {
			o.pages[t.page+"\x00"+t.format] = true
			o.files[t.path] = true
			o.dirs[path.Dir(t.path)] = true
		}
	}
}

type wantedTarget struct{ page, format, path, source string }

func (o *only) excludes(q segments.SegmentQuery) bool {
	return o != nil && !o.pages[q.Path+"\x00"+q.Output]
}

// drops reports whether a file that Hugo made is not of these pages: it makes
// sitemaps, and publishes the files of bundles, whatever the filter says.
func (o *only) drops(f *pipeline.File) bool {
	switch {
	case o == nil:
		return false
	case f.Kind == pipeline.Rendered:
		return !o.files[f.Path]
	case f.Kind != pipeline.Bundled:
		return false
	}
	dir := path.Dir(f.Path)
	for ; dir != "." && !o.dirs[dir]; dir = path.Dir(dir) {
		if path.Dir(dir) == "." {
			return true // the home page's own are beside it
		}
	}
	return !o.dirs[dir]
}
