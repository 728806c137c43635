package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// direct marks deploys that publish themselves.
const direct = ":direct"

// uploaders is how many files are sent at once.
const uploaders = 8

// errGone says that the host no longer has the deploy that was worked on.
var errGone = errors.New("the deploy is gone")

// ready brings a deploy with the manifest's content to readiness: found, which
// may be nil, or a new one.
func (r *run) ready(ctx context.Context, found *Deploy, kind string) (Deploy, error) {
	for range 3 {
		var d Deploy
		var err error
		if found != nil {
			d = *found
		} else if d, err = r.create(ctx, kind); err != nil {
			return d, err
		}
		r.out.ID = d.ID
		d, err = r.fill(ctx, d, kind)
		if !errors.Is(err, errGone) {
			return d, err
		}
		if err := r.journal.Write(Entry{Do: "wait", What: result, Fingerprint: r.fp + kind, ID: d.ID, State: "gone"}); err != nil {
			return d, err
		}
		r.note("deploy " + d.ID + " vanished; a new one was begun")
		r.out.ID, found = "", nil
	}
	return Deploy{}, &Ending{Exit: HostRefused, Rule: "refused", Message: "three deploys vanished while files were sent"}
}

func (r *run) spec(kind string) Spec {
	title := strings.TrimSpace(r.Message)
	if title != "" {
		title += " "
	}
	return Spec{Title: title + r.mark(kind), Draft: kind != direct && r.Alias == "", Alias: r.Alias}
}

// create makes an empty deploy. After a lost answer the list is read before
// the call is repeated.
func (r *run) create(ctx context.Context, kind string) (d Deploy, err error) {
	e := Entry{Do: "create", What: intent, Fingerprint: r.fp + kind}
	if err := r.journal.Write(e); err != nil {
		return d, err
	}
	e.What = result
	lost := false
	err = r.call(ctx, policy{
		op: "create a deploy",
		lost: func(ctx context.Context) (bool, error) {
			lost = true
			for range 3 {
				if err := r.Pace.Sleep(ctx, r.Pace.Jitter(3*time.Second)); err != nil {
					return false, err
				}
				found, err := r.search(ctx, kind, r.journal.entries)
				if err != nil {
					return false, err
				}
				if found != nil {
					d = *found
					return true, nil
				}
			}
			lost = false
			return false, nil
		},
		absent: func(ctx context.Context, f *Failure) (bool, error) {
			// Reading the site looks it up by name and suggests others.
			if _, err := r.readSite(ctx); err != nil {
				return false, err
			}
			return false, refusedEnding(f)
		},
	}, func(ctx context.Context) error {
		var err error
		d, err = r.Host.Create(ctx, r.spec(kind))
		return err
	})
	if err == nil {
		r.created = true
		e.ID = d.ID
		return d, r.journal.Write(e)
	}
	e.Error = err.Error()
	if lost || failure(err).Kind == Lost || ctx.Err() != nil {
		e.Error = lostWords
	}
	return d, errors.Join(err, r.journal.Write(e))
}

// fill offers the manifest, sends what is missing and waits.
func (r *run) fill(ctx context.Context, d Deploy, kind string) (Deploy, error) {
	id := d.ID
	var err error
	if d.State == Empty || d.State == Waiting || d.State == Compared {
		if kind == direct {
			// From here on the host may publish it by itself.
			r.sent, r.out.Production = true, Unread
		}
		if d, err = r.offer(ctx, id, kind); err != nil {
			return Deploy{ID: id}, err
		}
		if err = r.send(ctx, d, kind); err != nil {
			return Deploy{ID: id}, err
		}
	}
	d, err = r.wait(ctx, id, kind)
	d.ID = id
	return d, err
}

// reread are the policies that begin with reading the deploy. has says whether
// the deploy shows that the call did its work.
func (r *run) reread(op, id, kind string, has func(Deploy) bool) policy {
	look := func(ctx context.Context) (Deploy, error) {
		d, err := r.get(ctx, id)
		var f *Failure
		if errors.As(err, &f) && f.Kind == Absent {
			err = r.gone(ctx, id, kind)
		}
		if err == nil && d.State == Failed {
			err = r.failed(d, kind)
		}
		return d, err
	}
	return policy{
		op: op,
		lost: func(ctx context.Context) (bool, error) {
			d, err := look(ctx)
			return err == nil && has(d), err
		},
		denied: func(ctx context.Context) error {
			_, err := look(ctx)
			return err
		},
		absent: func(ctx context.Context, _ *Failure) (bool, error) {
			d, err := look(ctx)
			return err == nil && has(d), err
		},
		refused: func(ctx context.Context, f *Failure) (bool, error) {
			d, err := look(ctx)
			if err != nil {
				return false, err
			}
			if d.State == Processing || d.State == Ready {
				return true, nil
			}
			return false, refusedEnding(f)
		},
	}
}

// gone returns errGone for a deploy that cannot be read, unless the list has it:
// then the host is only of two minds, and may be asked again.
func (r *run) gone(ctx context.Context, id, kind string) error {
	var list []Deploy
	if err := r.read(ctx, "list the deploys", func(ctx context.Context) error {
		var err error
		list, err = r.Host.Find(ctx, r.mark(kind))
		return err
	}); err != nil {
		return err
	}
	if slices.ContainsFunc(list, func(d Deploy) bool { return d.ID == id }) {
		return nil
	}
	return errGone
}

// failed ends a run whose deploy the host has given up.
func (r *run) failed(d Deploy, kind string) error {
	e := &Ending{Exit: HostRefused, Rule: "refused", call: d.Asked,
		Message: fmt.Sprintf("the host gave the deploy up, state %s: %s", d.Raw, orWord(d.Error, "it does not say why")),
		Hint:    "a rerun begins a new attempt"}
	return errors.Join(e, r.journal.Write(Entry{Do: "wait", What: result, Fingerprint: r.fp + kind, ID: d.ID, State: "failed", Error: d.Error}))
}

// offer sends the list of files and returns the deploy with what is missing.
func (r *run) offer(ctx context.Context, id, kind string) (d Deploy, err error) {
	r.Progress("offering", 0, len(r.manifest.Files), 0, r.manifest.Bytes)
	e := Entry{Do: "offer", What: intent, Fingerprint: r.fp + kind, ID: id, Files: len(r.manifest.Files)}
	if err := r.journal.Write(e); err != nil {
		return d, err
	}
	p := r.reread("send the list of files", id, kind, func(d Deploy) bool { return d.State == Processing || d.State == Ready })
	p.timeout = 2 * time.Minute
	// A policy that is done without an answer leaves d empty: read it then.
	err = r.call(ctx, p, func(ctx context.Context) error {
		var err error
		d, err = r.Host.Offer(ctx, id, r.manifest, r.spec(kind))
		return err
	})
	for n := 0; err == nil && (d.ID == "" || d.State == Empty || d.State == Waiting || d.State == Unknown); n++ {
		if d.ID != "" {
			if err = r.tick(ctx, n, d); err != nil {
				break
			}
		}
		d, err = r.get(ctx, id)
		var f *Failure
		if errors.As(err, &f) && f.Kind == Absent {
			d, err = Deploy{ID: id, Raw: "not found"}, r.gone(ctx, id, kind)
		}
	}
	if err == nil && d.State == Failed {
		err = r.failed(d, kind)
	}
	if err != nil {
		return d, err
	}
	e.What, e.State, e.Files = result, d.Raw, len(d.Missing)
	return d, r.journal.Write(e)
}

// tick waits between two looks at a deploy that is not ready.
func (r *run) tick(ctx context.Context, n int, d Deploy) error {
	wait := r.Pace.Jitter(min(time.Second+time.Duration(n)*time.Second/2, 5*time.Second))
	if r.Pace.Since()+wait > r.Timeout {
		return &Ending{Exit: Unfinished, Rule: "unfinished", call: d.Asked,
			Message: fmt.Sprintf("deploy %s is still in state %s after %s", d.ID, orWord(d.Raw, "unknown"), r.Timeout),
			Hint:    "run it again: it goes on from here"}
	}
	return r.Pace.Sleep(ctx, wait)
}

// send uploads what the host lacks.
func (r *run) send(ctx context.Context, d Deploy, kind string) error {
	var files []File
	var total int64
	for _, sha := range d.Missing {
		name, ok := r.manifest.bySHA1[sha]
		if !ok {
			return &Ending{Exit: HostRefused, Rule: "refused", call: d.Asked,
				Message: fmt.Sprintf("the host asks for a file with SHA-1 %s, which is not in the site; nothing was sent", sha),
				Hint:    "another program may be using the deploy; run it again"}
		}
		files = append(files, r.manifest.Files[name])
		total += r.manifest.Files[name].Size
	}
	if len(files) == 0 {
		return nil
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	files = slices.CompactFunc(files, func(a, b File) bool { return a.Path == b.Path })
	e := Entry{Do: "upload", What: intent, Fingerprint: r.fp + kind, ID: d.ID, Files: len(files), Bytes: total}
	if err := r.journal.Write(e); err != nil {
		return err
	}
	var count, sent atomic.Int64
	show := func() { r.Progress("uploading", int(count.Load()), len(files), sent.Load(), total) }
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(uploaders)
	for _, f := range files {
		if gctx.Err() != nil {
			break
		}
		g.Go(func() error {
			if err := r.upload(gctx, d.ID, kind, f, &sent, show); err != nil {
				return err
			}
			count.Add(1)
			show()
			return r.journal.Note(Entry{Do: "upload", What: result, ID: d.ID, Note: f.Path, Bytes: f.Size})
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	e.What = result
	return r.journal.Write(e)
}

func (r *run) upload(ctx context.Context, id, kind string, f File, sent *atomic.Int64, show func()) error {
	p := r.reread("send "+f.Path, id, kind, func(d Deploy) bool {
		switch d.State {
		case Processing, Ready:
			return true
		case Compared:
			// An empty list is no proof: a host may not keep it up to date.
			return len(d.Missing) > 0 && !slices.Contains(d.Missing, f.SHA1)
		}
		return false
	})
	p.timeout = time.Minute + time.Duration(f.Size/50_000)*time.Second
	return r.call(ctx, p, func(ctx context.Context) error {
		body, err := r.manifest.Open(f.Path)
		if err != nil {
			return err
		}
		defer body.Close()
		c := &counter{in: body, sum: sent, show: show}
		err = r.Host.Upload(ctx, id, f, c)
		n, cerr := c.stop()
		if cerr != nil {
			err = cerr // the file's own fault explains the broken request
		}
		if err != nil {
			sent.Add(-n)
		}
		return err
	})
}

// counter counts what is sent. A transport may go on reading for a moment after
// it has returned an error: then stop has ended the counting.
type counter struct {
	in   io.Reader
	sum  *atomic.Int64
	show func()

	mu      sync.Mutex
	n       int64
	err     error
	stopped bool
}

func (c *counter) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return 0, io.ErrClosedPipe
	}
	n, err := c.in.Read(p)
	c.n += int64(n)
	c.sum.Add(int64(n))
	if n > 0 {
		c.show()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

func (c *counter) stop() (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	return c.n, c.err
}

// stuck is how long a deploy may show no progress before its files are offered
// once more.
const stuck = 45 * time.Second

// wait polls until the deploy is ready. One that stands still is offered once
// more, in case the host has lost a file that it had taken.
func (r *run) wait(ctx context.Context, id, kind string) (Deploy, error) {
	r.Progress("processing", 0, 0, 0, 0)
	state, since, again := "", r.Pace.Since(), false
	for n := 0; ; n++ {
		d, err := r.get(ctx, id)
		var f *Failure
		switch {
		case errors.As(err, &f) && f.Kind == Absent:
			if err := r.gone(ctx, id, kind); err != nil {
				return d, err
			}
			d = Deploy{ID: id, Raw: "not found"}
		case err != nil:
			return d, err
		case d.State == Ready:
			return d, r.journal.Write(Entry{Do: "wait", What: result, Fingerprint: r.fp + kind, ID: id, State: d.Raw})
		case d.State == Failed:
			return d, r.failed(d, kind)
		}
		if d.Raw != state {
			state, since = d.Raw, r.Pace.Since()
			if d.State == Unknown {
				r.Progress("processing, in a state that is not known here: "+d.Raw, 0, 0, 0, 0)
			}
			r.Log.Debug("deploy", "stage", "wait", "id", id, "state", d.Raw)
		}
		if !again && n >= 5 && r.Pace.Since()-since > stuck {
			again = true
			if d.State != Processing {
				r.note("deploy " + id + " stood still in state " + orWord(d.Raw, "unknown") + "; its files were offered again")
				if d, err = r.offer(ctx, id, kind); err != nil {
					return d, err
				}
				if err = r.send(ctx, d, kind); err != nil {
					return d, err
				}
			}
		}
		if err := r.tick(ctx, n, d); err != nil {
			return d, err
		}
	}
}
