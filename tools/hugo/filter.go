package hugo

import (
	"context"
	"sync"

	"github.com/gohugoio/hugo/hugolib/segments"
)

// filter stands in the place of Hugo's render filter. Hugo asks it first when
// all pages are assembled and none is rendered, which is the moment to look for
// collisions; and it is asked for every page, which lets a cancelled build end.
type filter struct {
	segments.SegmentFilter
	ctx    context.Context
	before *beforeRender
	pages  *pageIndex
	only   *only
	leaves func(segments.SegmentQuery) bool
}

// beforeRender runs once, whichever site's filter is asked first.
type beforeRender struct {
	once sync.Once
	run  func() (goOn bool)
	goOn bool
	ran  bool
}

func (b *beforeRender) allow() bool {
	b.once.Do(func() {
		b.ran = true
		b.goOn = b.run == nil || b.run()
	})
	return b.goOn
}

func (e *Engine) installFilter(ctx context.Context) {
	before := &beforeRender{run: func() bool { return e.assembled() }}
	if e.opts.Only != nil {
		e.only = new(only)
	}
	e.pages.before = before
	for _, lang := range e.configs.Languages {
		conf := e.configs.LanguageConfigMap[lang.Lang]
		conf.Segments.Config.SegmentFilter = filter{conf.Segments.Config.SegmentFilter, ctx, before, &e.pages, e.only, e.leavesOut}
	}
}

func (f filter) ShouldExcludeCoarse(q segments.SegmentQuery) bool {
	if !f.before.allow() || f.ctx.Err() != nil {
		return true
	}
	return f.SegmentFilter.ShouldExcludeCoarse(q)
}

func (f filter) ShouldExcludeFine(q segments.SegmentQuery) bool {
	if f.ctx.Err() != nil {
		return true
	}
	return f.SegmentFilter.ShouldExcludeFine(q) || f.leaves(q) || f.only.excludes(q) || f.pages.sample != nil && f.pages.sample.excludes(q)
}
