package deploy

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// A Status holds what three witnesses say: the directory, the journal, the host.
type Status struct {
	Local struct {
		Files       int    `json:"files"`
		Bytes       int64  `json:"bytes"`
		Fingerprint string `json:"fingerprint,omitempty"`
		Error       string `json:"error,omitempty"`
	} `json:"local"`
	Journal struct {
		Verified *Receipt `json:"-"`
		ID       string   `json:"verified,omitempty"`
		At       string   `json:"verified_at,omitempty"`
		Last     *Entry   `json:"last,omitempty"`
		Open     []Entry  `json:"open,omitempty"` // of a run that has no end
		Earlier  []string `json:"earlier,omitempty"`
	} `json:"journal"`
	Host struct {
		Name        string `json:"name,omitempty"`
		URL         string `json:"url,omitempty"`
		Live        string `json:"live,omitempty"`
		Locked      bool   `json:"locked"`
		Title       string `json:"title,omitempty"`
		Published   string `json:"published,omitempty"`
		Fingerprint string `json:"fingerprint,omitempty"`
		Error       string `json:"error,omitempty"`
	} `json:"host"`
	// Flags are where the witnesses disagree, the worst first.
	Flags []string `json:"flags"`
	Next  string   `json:"next"` // the command for the first flag that has one
	Exit  int      `json:"exit"`
}

// statusTime is how long the host has to answer. A status that keeps one
// waiting is not looked at.
const statusTime = 1500 * time.Millisecond

var titleMark = regexp.MustCompile(`\[fp:([0-9a-f]{40})(:direct)?\]`)

// RunStatus asks all three at once.
func RunStatus(ctx context.Context, o Options) (*Status, error) {
	o.defaults()
	s := &Status{Flags: []string{}}
	ctx, cancel := context.WithTimeout(ctx, statusTime)
	defer cancel()
	var (
		g        errgroup.Group // of no context: one that fails says nothing of the others
		site     Site
		hostErr  error
		built    *Manifest
		receipts []*Receipt
		damaged  []string
	)
	g.Go(func() error {
		site, hostErr = s.readHost(ctx, o.Host)
		return nil
	})
	g.Go(func() error {
		built = s.readLocal(ctx, o.Freeze)
		return nil
	})
	g.Go(func() error {
		entries, err := ReadJournal(o.State)
		if err != nil {
			return err
		}
		s.readJournal(entries)
		receipts, damaged, err = heads(o.State)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	id := site.ID
	for _, r := range receipts {
		if r.Host != o.HostName || r.Target != "production" || site.ID != "" && r.Site != site.ID {
			continue
		}
		if id == "" {
			id = r.Site // the host does not say: most likely it is this one
		}
		if s.Journal.Verified == nil {
			s.Journal.Verified, s.Journal.ID, s.Journal.At = r, r.ID, r.Verified.Format(time.RFC3339)
			continue
		}
		s.Journal.Earlier = append(s.Journal.Earlier, r.ID)
	}
	if built != nil {
		s.Local.Fingerprint = built.fingerprint(id, "production")
	}
	s.judge(hostErr, o.command)
	for _, id := range damaged {
		s.Flags = append(s.Flags, "the receipt of deploy "+id+" cannot be read: deploying or verifying it does without")
	}
	return s, nil
}

// readHost asks for the site, and for the deploy that is live.
func (s *Status) readHost(ctx context.Context, host Host) (Site, error) {
	site, err := host.Site(ctx)
	if err != nil {
		return site, err
	}
	s.Host.Name, s.Host.URL, s.Host.Live, s.Host.Locked = site.Name, site.URL, site.Live, site.Locked
	if site.Live == "" {
		return site, nil
	}
	d, err := host.Get(ctx, site.Live)
	if err != nil {
		return site, err
	}
	s.Host.Title = d.Title
	if !d.Published.IsZero() {
		s.Host.Published = d.Published.Format(time.RFC3339)
	}
	if m := titleMark.FindStringSubmatch(d.Title); m != nil {
		s.Host.Fingerprint = m[1]
	}
	return site, nil
}

// readLocal sums what is built here. Its fingerprint needs the site's id too.
func (s *Status) readLocal(ctx context.Context, o FreezeOptions) *Manifest {
	m, err := Freeze(ctx, o)
	if err != nil {
		s.Local.Error = err.Error()
		if errors.Is(err, context.DeadlineExceeded) {
			s.Local.Error = fmt.Sprintf("%s is too large to be read in %s", o.Dir, statusTime)
		}
		return nil
	}
	m.Close()
	s.Local.Files, s.Local.Bytes = len(m.Files), m.Bytes
	return m
}

// readJournal looks at the last run: its end, or what it has begun and not ended.
func (s *Status) readJournal(entries []Entry) {
	if len(entries) == 0 {
		return
	}
	last := entries[len(entries)-1].Run
	for _, e := range entries {
		switch {
		case e.Run != last:
		case e.Do == "end":
			s.Journal.Last, s.Journal.Open = &e, nil
		case e.What == intent:
			s.Journal.Open = append(s.Journal.Open, e)
		default:
			s.Journal.Open = slices.DeleteFunc(s.Journal.Open, func(o Entry) bool { return o.Do == e.Do })
		}
	}
}

// judge names disagreements, the worst first, and decides the exit code.
func (s *Status) judge(hostErr error, command func(string) string) {
	flag := func(exit int, next, format string, args ...any) {
		s.Flags = append(s.Flags, fmt.Sprintf(format, args...))
		if s.Exit == 0 {
			s.Exit = exit
		}
		if s.Next == "" {
			s.Next = next
		}
	}
	deploy, verify, status := command("deploy"), command("verify"), command("status")
	if hostErr != nil {
		s.Host.Error = hostErr.Error()
		exit, next := Unreachable, status+", later"
		switch f := failure(hostErr); f.Kind {
		case Unauthorised:
			exit, next = NotLetIn, status+", with a token in NETLIFY_AUTH_TOKEN that is let in"
		case Absent, Refused:
			exit, next = HostRefused, status+", once the host's reason is gone"
		}
		flag(exit, next, "the host cannot be asked: %v", hostErr)
	}
	v := s.Journal.Verified
	if hostErr == nil {
		switch {
		case v != nil && s.Host.Live != v.ID:
			flag(LiveDiffers, verify, "the journal has %s as the last one verified live, the host has published %s", v.ID, orWord(s.Host.Live, "nothing"))
		case v == nil && s.Host.Live != "":
			flag(0, verify, "no deploy was verified from here: what is live is known from the host alone")
		case v != nil && s.Host.Fingerprint != "" && v.Fingerprint != s.Host.Fingerprint:
			flag(LiveDiffers, verify, "the title of deploy %s has another fingerprint than its receipt", v.ID)
		}
		if s.Host.Locked {
			flag(0, command("status --unlock"), "the site is locked to deploy %s: nothing else is published", s.Host.Live)
		}
	}
	if s.Journal.Last == nil && len(s.Journal.Open) > 0 {
		flag(Unfinished, deploy, "the last run has no end in the journal: it was killed; run deploy again")
	}
	if l := s.Journal.Last; l != nil && l.Exit != Verified && l.Exit != BadInput {
		flag(0, deploy, "the last run ended with %d: %s", l.Exit, orWord(l.Error, l.Note))
	}
	if hostErr == nil && s.Local.Fingerprint != "" && s.Host.Fingerprint != "" && s.Local.Fingerprint != s.Host.Fingerprint {
		flag(0, deploy, "what is built here is not what is live")
	}
}

// RunUnlock lets the host publish again.
func RunUnlock(ctx context.Context, o Options) *Outcome {
	o.defaults()
	r := &run{Options: o, out: &Outcome{}}
	return r.finish(ctx, "unlock", r.unlock(ctx))
}

func (r *run) unlock(ctx context.Context) error {
	var err error
	if r.site, err = r.readSite(ctx); err != nil {
		return err
	}
	id := r.site.Live
	if r.out.ID, r.out.URL = id, r.site.URL; !r.site.Locked {
		r.out.Done = "the site is not locked"
		return nil
	}
	if r.journal, err = OpenJournal(r.State); err != nil {
		return err
	}
	if err := r.journal.Write(Entry{Do: "lock", What: intent, ID: id, Note: "unlock"}); err != nil {
		return err
	}
	if err := r.call(ctx, policy{op: "unlock deploy " + id}, func(ctx context.Context) error {
		return r.Host.Lock(ctx, id, false)
	}); err != nil {
		return err
	}
	if r.site, err = r.readSite(ctx); err != nil {
		return err
	}
	if r.site.Locked {
		return &Ending{Exit: Unfinished, Rule: "unfinished", Message: "the site still shows as locked"}
	}
	r.out.Done = "the site is unlocked"
	return r.journal.Write(Entry{Do: "lock", What: result, ID: id, State: "unlocked"})
}
