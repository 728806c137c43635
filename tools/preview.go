package main

import (
	"context"
	"errors"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"duskpress/tools/pipeline"
)

// A preview comes before the build that a save leads to. It loads and assembles
// the whole site as that does, and renders a few pages: those that a browser
// shows, and those whose content was saved. They are put into the site that is
// served, and the build that follows takes its place, so that a preview can be
// incomplete (a list that nobody looks at, the search index, _headers), but
// never for longer than that build takes.

// aheadPages is how many content files a site may have for a preview to be made
// ready ahead of a save: it holds all of them in memory.
const aheadPages = 3000

// An ahead is a preview on its way, from when its pages are assembled on waiting
// for what to render.
type ahead struct {
	choose chan func(file, source string) bool
	cancel context.CancelFunc
	group  errgroup.Group

	// What came of it, once the group is done.
	press *press
	dir   string
	site  *pipeline.Site
	err   error
}

// begin begins a preview of the sources as they are.
func (l *live) begin(ctx context.Context) *ahead {
	ctx, cancel := context.WithCancel(ctx)
	a := &ahead{choose: make(chan func(file, source string) bool, 1), cancel: cancel, press: l.newPress(&l.flags.buildFlags, false)}
	a.press.progress.Quiet = true
	a.press.only = func() func(file, source string) bool {
		select {
		case wanted := <-a.choose:
			return wanted
		case <-ctx.Done():
			return func(string, string) bool { return false }
		}
	}
	if a.dir, a.err = a.press.workDir("serve-"); a.err != nil {
		return a
	}
	a.group.Go(func() error {
		a.site, a.err = a.press.makeIn(ctx, a.dir)
		return nil
	})
	return a
}

// end waits for a preview. Its files are the caller's to remove.
func (a *ahead) end() {
	_ = a.group.Wait() // the error is in a.err
	a.cancel()
}

// prepare makes a preview ready. Style sheets are read when pages are rendered,
// and all else by then is as it was, so that a saved one is seen at once.
func (l *live) prepare(ctx context.Context) {
	if l.builds > 0 && !l.failed && l.contents <= aheadPages {
		l.ahead = l.begin(ctx)
	}
}

// drop gives up the preview that was made ready.
func (l *live) drop() {
	if l.ahead == nil {
		return
	}
	l.ahead.cancel()
	l.ahead.end()
	if l.ahead.dir != "" {
		os.RemoveAll(l.ahead.dir)
	}
	l.ahead = nil
}

// preview shows changed sources as soon as it can. Whatever goes wrong but the
// sources is left for the build to say.
func (l *live) preview(ctx context.Context, changed []string) {
	l.previewed = false // what was shown before is older than these sources
	wanted := l.wanted(changed)
	if wanted == nil {
		l.drop()
		return
	}
	if l.ahead != nil && !onlyStyles(changed) {
		l.drop()
	}
	a := l.ahead
	if a == nil {
		a = l.begin(ctx)
	}
	l.ahead = nil
	start := time.Now()
	a.choose <- wanted
	a.end()
	if a.dir != "" {
		defer os.RemoveAll(a.dir)
	}
	l.notes = append(l.notes, a.press.summary.Notes...)
	switch {
	case ctx.Err() != nil:
	case errors.Is(a.err, pipeline.ErrProblems):
		l.tell(a.press.problems.Sorted(), true) // the build finds all of them
	case a.err != nil:
		a.press.log.Debug("preview", "err", a.err)
	default:
		if err := l.show(a.dir, a.site, changed); err != nil {
			a.press.log.Debug("preview", "err", err)
			return
		}
		a.press.log.Debug("preview", "stage", "serve", "files", len(a.site.Files()), "duration", time.Since(start))
	}
}

// wanted chooses the pages of a preview. It is nil where there is none.
func (l *live) wanted(changed []string) func(file, source string) bool {
	open := l.pages.Open()
	sources := l.sources(changed)
	content := false // a new file may be content too
	for name := range sources {
		content = content || path.Ext(name) == ".md"
	}
	for _, f := range l.files {
		content = content || f.html && sources[f.source]
	}
	if l.dir == "" || len(open) == 0 && !content {
		return nil
	}
	return func(file, source string) bool { return sources[source] || slices.Contains(open, file) }
}

// onlyStyles reports whether style sheets that Hugo reads are all that changed.
func onlyStyles(changed []string) bool {
	for _, name := range changed {
		if path.Ext(name) != ".css" || !strings.Contains(filepath.ToSlash(name), "/assets/") {
			return false
		}
	}
	return len(changed) > 0
}

// show puts the files of a preview into the site that is served: pages last, so
// that what they refer to is there.
func (l *live) show(dir string, site *pipeline.Site, changed []string) error {
	var fresh []*pipeline.File
	for _, f := range site.Files() {
		if was, there := l.files[f.Path]; !there || was.sum != f.SHA256 {
			fresh = append(fresh, f)
		}
	}
	isPage := func(f *pipeline.File) bool { return f.MediaType == "text/html" }
	slices.SortStableFunc(fresh, func(a, b *pipeline.File) int {
		switch {
		case isPage(a) == isPage(b):
			return 0
		case isPage(a):
			return 1
		}
		return -1
	})
	for _, f := range fresh {
		to := filepath.Join(l.dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(dir, filepath.FromSlash(f.Path)), to); err != nil {
			return err
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	marks := maps.Clone(l.state.Marks)
	for _, f := range fresh {
		delete(marks, f.Path)
	}
	s := l.changes(site, changed, l.files)
	maps.Copy(marks, s.Marks)
	s.Marks = marks
	l.state, l.previewed = s, true
	l.tell(l.told, l.failed)
	return nil
}
