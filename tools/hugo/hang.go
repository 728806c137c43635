package hugo

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gohugoio/hugo/hugolib"
	"github.com/gohugoio/hugo/hugolib/segments"
	"golang.org/x/sync/errgroup"

	"duskpress/tools/pipeline"
)

// Hugo v0.165 can wait for itself for ever when ten pages fail to render: its
// collector stops reading errors while renderers still send pages. So its build
// is watched, and one that hangs is left behind and asked again for the errors
// of a few pages.

// hangGrace is how long Hugo may take to end after it has given up.
const hangGrace = 2 * time.Second

var errHung = errors.New("hugo does not end")

// build runs Hugo's build. It returns errHung if Hugo gave up and did not end.
func (e *Engine) build(ctx context.Context) error {
	done := make(chan error, 1)
	var g errgroup.Group
	g.Go(func() error {
		done <- func() (err error) {
			defer func() {
				if v := recover(); v != nil {
					e.opts.Log.Error("panic in hugo", "panic", v, "stack", string(debug.Stack()))
					err = fmt.Errorf("panic: %v", v)
				}
			}()
			return e.sites.Build(hugolib.BuildCfg{NoBuildLock: true})
		}()
		return nil
	})
	select {
	case err := <-done:
		return err
	case <-e.sites.Done():
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(hangGrace):
		return errHung
	}
}

// sampleErrors renders two pages of each kind and output format that the hung
// build has not written, a few kinds at a time, until some error shows.
func (e *Engine) sampleErrors(ctx context.Context, job pipeline.RenderJob) error {
	tried := make(map[string]bool)
	for range maxSamples {
		again, err := Load(ctx, e.opts)
		if err != nil {
			return err
		}
		s := &sample{tried: tried, now: make(map[string]int), written: e.destination.wrote}
		again.byFilename, again.collection, again.resources, again.leafDirs = e.byFilename, e.collection, e.resources, e.leafDirs
		again.pages.sums, again.pages.static, again.pages.sample = e.pages.sums, e.pages.static, s
		again.prepare(job, func(string, []byte) error { return nil })
		built := again.build(ctx)
		if errors.Is(built, errHung) {
			built = nil
		}
		again.log.flush(built)
		if e.problems.Failed() || ctx.Err() != nil {
			return nil
		}
		if len(s.now) == 0 {
			break
		}
		for key := range s.now {
			tried[key] = true
		}
	}
	return errors.New("hugo gave up rendering and named no error")
}

const (
	maxSamples     = 8
	kindsPerSample = 4
	pagesPerKind   = 2
)

// sample chooses the pages of one round.
type sample struct {
	mu      sync.Mutex
	tried   map[string]bool
	now     map[string]int
	written func(path string) bool
	targets map[string][]string // what each page and output format would write
}

func (s *sample) excludes(q segments.SegmentQuery) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	paths := s.targets[q.Path+"\x00"+q.Output]
	all := len(paths) > 0
	for _, p := range paths {
		all = all && s.written(p)
	}
	kind := q.Kind + "\x00" + q.Output
	if all || s.tried[kind] || s.now[kind] == 0 && len(s.now) == kindsPerSample || s.now[kind] == pagesPerKind {
		return true
	}
	s.now[kind]++
	return false
}

func (s *sample) add(path string, t target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.targets == nil {
		s.targets = make(map[string][]string)
	}
	key := path + "\x00" + t.format
	s.targets[key] = append(s.targets[key], t.path)
}
