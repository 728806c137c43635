package report

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progressDelay is how long a build may take before it shows its progress.
const progressDelay = 500 * time.Millisecond

// Progress shows the stage of a build and the files done: as one line that is
// rewritten on a terminal, as a plain line a stage elsewhere.
type Progress struct {
	Out      io.Writer
	Terminal bool
	Quiet    bool

	mu    sync.Mutex
	start time.Time
	last  time.Time
	stage string
	shown bool
}

// Report takes note of a stage; it may be called often and from any goroutine.
func (p *Progress) Report(stage string, done int) {
	if p.Quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.start.IsZero() {
		p.start = now
	}
	changed := stage != p.stage
	p.stage = stage
	if now.Sub(p.start) < progressDelay || p.Terminal && !changed && now.Sub(p.last) < 100*time.Millisecond || !p.Terminal && !changed {
		return
	}
	p.last = now
	line := stage
	if done > 0 {
		line += fmt.Sprintf(": %d files", done)
	}
	if p.Terminal {
		fmt.Fprintf(p.Out, "\r\x1b[K%s", line)
		p.shown = true
		return
	}
	fmt.Fprintf(p.Out, "%s\n", line)
}

// Done removes the line from a terminal.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.Out, "\r\x1b[K")
		p.shown = false
	}
}
