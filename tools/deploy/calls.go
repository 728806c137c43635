package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A policy says what follows the failures of one call. A function that is nil
// means what the comment says.
type policy struct {
	op      string
	timeout time.Duration // of one try; 0: a minute
	// lost finds out whether a call whose answer is missing did its work. nil:
	// the call is simply repeated.
	lost func(context.Context) (done bool, err error)
	// denied is asked after a 401 or 403. nil: the run ends.
	denied func(context.Context) error
	// absent and refused decide after 404 and after 400, 422 and the like. nil:
	// the failure is returned, and the run ends, respectively.
	absent  func(context.Context, *Failure) (done bool, err error)
	refused func(context.Context, *Failure) (done bool, err error)
}

// denials is how often a call may be let in by halves: refused itself, while
// reading is allowed.
const denials = 4

// grace is what a call gets however late it is.
const grace = 5 * time.Second

// call makes a call until it has worked, a policy ends it, or time is up.
func (r *run) call(ctx context.Context, p policy, f func(context.Context) error) error {
	if p.timeout == 0 {
		p.timeout = time.Minute
	}
	denied, absent := 0, 0
	for n := 0; ; n++ {
		if err := r.gate(ctx); err != nil {
			return err
		}
		begin := time.Now()
		// Past the deadline there is still time to read back what was done.
		try, cancel := context.WithTimeout(ctx, r.Pace.Real(min(p.timeout, max(r.Timeout-r.Pace.Since(), grace))))
		err := f(try)
		cancel()
		r.Log.Debug("call", "stage", "deploy", "op", p.op, "try", n+1, "duration", time.Since(begin).Round(time.Microsecond), "err", err)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		fail := failure(err)
		if fail.Op == "" {
			fail.Op = p.op
		}
		wait := r.Pace.backoff(n)
		var done bool
		var end error
		switch fail.Kind {
		case Unsent:
		case Lost:
			if p.lost != nil {
				done, end = p.lost(ctx)
			}
		case Throttled:
			if wait = fail.Wait; wait <= 0 {
				wait = 5 * time.Second << min(n, 4)
			}
			wait = r.Pace.Jitter(wait)
			r.pause(wait)
		case Unauthorised:
			denied++
			switch {
			case p.denied == nil || denied > denials:
				end = deniedEnding(fail)
			default:
				end = p.denied(ctx)
			}
		case Absent:
			absent++
			if p.absent == nil || absent > denials {
				return fail
			}
			done, end = p.absent(ctx, fail)
		case Refused:
			if p.refused == nil {
				return refusedEnding(fail)
			}
			done, end = p.refused(ctx, fail)
		default:
			return err
		}
		if done || end != nil {
			return end
		}
		if r.Pace.Since()+wait > r.Timeout {
			return r.deadline(fail)
		}
		if err := r.Pace.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// read is a call that changes nothing.
func (r *run) read(ctx context.Context, op string, f func(context.Context) error) error {
	return r.call(ctx, policy{op: op}, f)
}

// gate waits while the host has asked for silence: one worker that is told to
// wait stops them all.
func (r *run) gate(ctx context.Context) error {
	for {
		r.mu.Lock()
		wait := r.paused - r.Pace.Since()
		r.mu.Unlock()
		if wait <= 0 {
			return ctx.Err()
		}
		if err := r.Pace.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func (r *run) pause(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paused = max(r.paused, min(r.Pace.Since()+d, r.Timeout))
}

func (r *run) readSite(ctx context.Context) (s Site, err error) {
	err = r.read(ctx, "read the site", func(ctx context.Context) error {
		s, err = r.Host.Site(ctx)
		return err
	})
	var f *Failure
	if errors.As(err, &f) && f.Kind == Absent {
		return s, refusedEnding(f)
	}
	return s, err
}

func (r *run) get(ctx context.Context, id string) (d Deploy, err error) {
	err = r.read(ctx, "read deploy "+id, func(ctx context.Context) error {
		d, err = r.Host.Get(ctx, id)
		return err
	})
	return d, err
}

func deniedEnding(f *Failure) *Ending {
	return &Ending{Exit: NotLetIn, Rule: "not-let-in", Message: f.Error(), Err: f,
		Hint: "the token may be wrong, expired, or of an account that cannot see this site"}
}

func refusedEnding(f *Failure) *Ending {
	return &Ending{Exit: HostRefused, Rule: "refused", Message: f.Error(), Err: f}
}

// deadline ends a run whose time is up. What came before decides whether there
// is something to resume.
func (r *run) deadline(f *Failure) *Ending {
	e := &Ending{Exit: Unreachable, Rule: "unreachable", Err: f,
		Message: fmt.Sprintf("%s; given up after %s", f.Error(), r.Timeout)}
	if r.created {
		e.Exit, e.Rule = Unfinished, "unfinished"
		e.Hint = "run it again: it goes on from here"
	}
	return e
}
