package report

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Bar shows how far a transfer has come: a bar with files and bytes on a
// terminal, a plain line a stage elsewhere.
type Bar struct {
	Out      io.Writer
	Terminal bool
	Quiet    bool

	mu    sync.Mutex
	stage string
	last  time.Time
	shown bool
}

// Report takes note of how much is done; it may be called often and from any
// goroutine. Totals of 0 are not known.
func (b *Bar) Report(stage string, files, ofFiles int, n, of int64) {
	if b.Quiet {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	changed := stage != b.stage
	b.stage = stage
	if !b.Terminal {
		if changed {
			fmt.Fprintln(b.Out, stage)
		}
		return
	}
	now := time.Now()
	if !changed && now.Sub(b.last) < 50*time.Millisecond && files < ofFiles {
		return
	}
	b.last, b.shown = now, true
	fmt.Fprintf(b.Out, "\r\x1b[K%s", barLine(stage, files, ofFiles, n, of))
}

const barWidth = 24

func barLine(stage string, files, ofFiles int, n, of int64) string {
	if ofFiles == 0 && of == 0 {
		return stage
	}
	part := 0.0
	switch {
	case of > 0:
		part = float64(n) / float64(of)
	case ofFiles > 0:
		part = float64(files) / float64(ofFiles)
	}
	full := int(min(max(part, 0), 1) * barWidth)
	line := fmt.Sprintf("%-10s [%s%s] %d/%s", stage, strings.Repeat("#", full), strings.Repeat(".", barWidth-full), files, plural(ofFiles, "file"))
	if of > 0 {
		line += fmt.Sprintf(", %s of %s", bytes(n), bytes(of))
	}
	return line
}

// Done removes the bar from a terminal.
func (b *Bar) Done() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shown {
		fmt.Fprint(b.Out, "\r\x1b[K")
		b.shown = false
	}
}

// Size is a number of bytes as people write it.
func Size(n int64) string { return bytes(n) }

// Count is a number of things.
func Count(n int, noun string) string { return plural(n, noun) }
