package deploy

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// A Pace is the clock of a run. Tests make it faster: with Haste 50 a minute of
// the clock takes a fiftieth of one, waiting included.
type Pace struct {
	Haste  int
	Jitter func(d time.Duration) time.Duration // nil adds up to a fifth

	once  sync.Once
	start time.Time
}

func (p *Pace) init() {
	p.once.Do(func() {
		p.start = time.Now()
		if p.Haste < 1 {
			p.Haste = 1
		}
		if p.Jitter == nil {
			p.Jitter = func(d time.Duration) time.Duration { return d + rand.N(d/5+1) }
		}
	})
}

// Since is how long ago the pace began.
func (p *Pace) Since() time.Duration {
	p.init()
	return time.Since(p.start) * time.Duration(p.Haste)
}

// Sleep waits, unless the context ends first.
func (p *Pace) Sleep(ctx context.Context, d time.Duration) error {
	p.init()
	t := time.NewTimer(d / time.Duration(p.Haste))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// busy is what a call gets on a machine that does much else, however hasty.
const busy = 10 * time.Second

// Real is how long a duration of this clock takes. It leaves a call enough time,
// so that haste does not make failures of its own.
func (p *Pace) Real(d time.Duration) time.Duration {
	p.init()
	return max(d/time.Duration(p.Haste), min(d, busy))
}

// backoff is how long to wait after the nth failure in a row, from 0.
func (p *Pace) backoff(n int) time.Duration {
	p.init()
	return p.Jitter(min(500*time.Millisecond<<min(n, 10), 20*time.Second))
}
