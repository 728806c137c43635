// Package watch notices when the files below some directories change.
//
// In go directories; out come the paths of files whose bytes are no longer what
// they were. What the system tells of changes is only a hint to look again: a
// look compares sizes, times and, where they differ, hashes, so a file that was
// written anew with the same bytes is no change, and one that an editor renamed
// into place, a checkout brought, or another machine wrote is never missed.
package watch

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// settle is for how long nothing may happen before a look: editors write a
	// file in several steps.
	settle = 25 * time.Millisecond
	// patience is for how long steps may follow each other.
	patience = 400 * time.Millisecond
	// A look without a hint comes at least after eldest, and takes at most one
	// twentieth of the time.
	eldest = time.Second
	share  = 20
)

// Options say what is watched.
type Options struct {
	// Roots are directories. What is below one that is not there is watched
	// from when it is.
	Roots []string
	// Skip passes over a file, or a directory and all that is in it.
	Skip func(path string) bool
	// Log is told where the system gives no hints.
	Log *slog.Logger
	// Hints can be turned off, for file systems without them.
	NoHints bool
}

// A Watcher watches until its context ends.
type Watcher struct {
	options Options
	changes chan []string
	seen    *snapshot
	hints   *fsnotify.Watcher
	told    bool
}

// Start takes the files as they are. Its first change is against that.
func Start(o Options) *Watcher {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Skip == nil {
		o.Skip = func(string) bool { return false }
	}
	w := &Watcher{options: o, changes: make(chan []string)}
	if !o.NoHints {
		hints, err := fsnotify.NewWatcher()
		if err != nil {
			w.noHints("", err)
		}
		w.hints = hints
	}
	w.seen = new(snapshot)
	w.look(nil)
	return w
}

// Changes has the paths, sorted, of what has changed since it was last
// received from: files written, new, or gone. What changes while nobody
// receives is not lost.
func (w *Watcher) Changes() <-chan []string { return w.changes }

// Run looks until the context ends.
func (w *Watcher) Run(ctx context.Context) error {
	var events chan fsnotify.Event
	var errs chan error
	if w.hints != nil {
		defer w.hints.Close()
		events, errs = w.hints.Events, w.hints.Errors
	}
	pending := make(map[string]bool) // changes that nobody has received
	hinted := make(map[string]bool)  // paths that the system named
	var first time.Time              // of the hints not followed yet
	timer := time.NewTimer(eldest)
	defer timer.Stop()
	for {
		var out chan []string
		var list []string
		if len(pending) > 0 {
			out = w.changes
			for p := range pending {
				list = append(list, p)
			}
			slices.Sort(list)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case out <- list:
			clear(pending)
		case err := <-errs:
			// An overflow, for example: some hints are lost.
			w.options.Log.Debug("watching", "err", err)
			timer.Reset(settle)
		case e := <-events:
			if e.Op == fsnotify.Chmod || w.options.Skip(e.Name) {
				continue
			}
			hinted[e.Name] = true
			now := time.Now()
			if first.IsZero() {
				first = now
			}
			timer.Reset(min(settle, max(0, patience-now.Sub(first))))
		case <-timer.C:
			begin := time.Now()
			for _, p := range w.look(hinted) {
				pending[p] = true
			}
			clear(hinted)
			first = time.Time{}
			timer.Reset(max(eldest, share*time.Since(begin)))
		}
	}
}

// look compares the files with those of the last look.
func (w *Watcher) look(hinted map[string]bool) []string {
	next, changed := w.seen.next(w.options, hinted)
	if w.hints != nil {
		for dir := range next.dirs {
			if !w.seen.dirs[dir] || hinted[dir] { // made anew, it needs a watch of its own
				if err := w.hints.Add(dir); err != nil {
					w.noHints(dir, err)
				}
			}
		}
	}
	w.seen = next
	return changed
}

func (w *Watcher) noHints(dir string, err error) {
	if !w.told {
		w.told = true
		w.options.Log.Warn("the system does not tell of changes, so they are seen a second later", "dir", dir, "err", err)
	}
}
