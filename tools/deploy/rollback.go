package deploy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"
)

// Rollback says what to go back to, and why.
type Rollback struct {
	To string // id of a deploy; "" is the last verified one before the live one
	// Reproduce runs the probe that shows the failure at an address. It is nil if
	// the rollback is forced.
	Reproduce func(ctx context.Context, at string) (*Evidence, error)
	Because   string // name of the probe's file
	Why       string // of a forced one
	Lock      bool   // so that nothing else is published
}

// RunRollback publishes an earlier deploy. The failure is reproduced first: a
// probe that does not fail on what is live, or does not pass on the target, is
// no reason.
func RunRollback(ctx context.Context, o Options, b Rollback) *Outcome {
	o.defaults()
	r := &run{Options: o, out: &Outcome{}}
	return r.finish(ctx, "rollback", r.rollback(ctx, b))
}

func (r *run) rollback(ctx context.Context, b Rollback) error {
	var err error
	if r.site, err = r.readSite(ctx); err != nil {
		return err
	}
	r.before = r.site.Live
	if r.site.Live == "" {
		return bad("rollback", "nothing is live", "")
	}
	if r.site.Locked && b.To != r.site.Live {
		return lockedEnding(r.site)
	}
	rec, err := r.rollbackTarget(b.To)
	if err != nil {
		return err
	}
	d, err := r.get(ctx, rec.ID)
	if f := (*Failure)(nil); errors.As(err, &f) && f.Kind == Absent {
		return &Ending{Exit: HostRefused, Rule: "refused", Message: "the host no longer has deploy " + rec.ID, Hint: "name another one with --to; `duskpress status` lists those that were verified", Err: err}
	}
	if err != nil {
		return err
	}
	if d.State != Ready {
		return &Ending{Exit: HostRefused, Rule: "refused", Message: fmt.Sprintf("deploy %s is in state %s", d.ID, d.Raw)}
	}
	in := &Incident{Time: time.Now(), Command: "rollback", Host: r.HostName, Site: r.site.ID, Failing: r.site.Live, Target: d.ID, Why: b.Why, Forced: b.Reproduce == nil}
	if err := r.reproduce(ctx, b, d, in); err != nil {
		return err
	}
	dir, err := in.keep(r.State, map[string]string{"report.txt": in.text(b)})
	if err != nil {
		return fmt.Errorf("keeping the incident: %w", err)
	}
	r.note("the incident is kept in " + filepath.Join(filepath.Base(r.State), "incidents", filepath.Base(dir)))
	if r.journal, err = OpenJournal(r.State); err != nil {
		return err
	}
	r.created, r.fp = true, rec.Fingerprint
	if err := r.journal.Write(Entry{Do: "run", What: intent, Fingerprint: r.fp, ID: d.ID, Host: r.HostName + " " + r.site.ID, Note: fmt.Sprintf("rollback from %s; because %s; forced %v; why %q", r.before, orWord(b.Because, "no probe"), b.Reproduce == nil, b.Why)}); err != nil {
		return err
	}
	if err := r.goBack(ctx, rec, d); err != nil {
		return err
	}
	if b.Lock {
		return r.lock(ctx, d.ID)
	}
	return nil
}

// rollbackTarget is the receipt of the deploy to go back to; a deploy that was
// never verified from here has one without files.
func (r *run) rollbackTarget(to string) (*Receipt, error) {
	if to == "" {
		rec, err := lastVerified(r.State, r.HostName, r.site.ID, "production", r.site.Live)
		if err == nil && rec == nil {
			err = bad("rollback", "no other deploy was verified from here", "name one with --to")
		}
		return rec, err
	}
	if to == r.site.Live {
		return nil, bad("rollback", "deploy "+to+" is live", "name another one with --to")
	}
	rec, err := ReadReceipt(r.State, to)
	if errors.Is(err, fs.ErrNotExist) {
		if !idPattern.MatchString(to) {
			return nil, bad("rollback", fmt.Sprintf("%q is no id of a deploy", to), "")
		}
		return &Receipt{ID: to}, nil
	}
	return rec, err
}

// reproduce wants the probe to fail on what is live and to pass on the target.
func (r *run) reproduce(ctx context.Context, b Rollback, d Deploy, in *Incident) error {
	if b.Reproduce == nil {
		return nil
	}
	var err error
	r.Progress("reproducing", 0, 0, 0, 0)
	if in.Live, err = b.Reproduce(ctx, r.site.URL); err != nil {
		return err
	}
	if in.Live.Passed {
		return bad("not-reproduced", fmt.Sprintf("%s passes on what is live, %s: there is nothing to go back from", b.Because, r.site.URL),
			"write an expectation that fails, or take --force --why \"...\"")
	}
	if in.OnTarget, err = b.Reproduce(ctx, d.URL); err != nil {
		return err
	}
	if !in.OnTarget.Passed {
		return bad("not-reproduced", fmt.Sprintf("%s fails on deploy %s too: going back would not help", b.Because, d.ID), "name another deploy with --to")
	}
	return nil
}

func (in *Incident) text(b Rollback) string {
	s := fmt.Sprintf("Rollback of %s, site %s, at %s\nfrom deploy %s\nto deploy   %s\n", in.Host, in.Site, in.Time.UTC().Format(time.RFC3339), in.Failing, in.Target)
	if in.Forced {
		return s + "forced, because: " + in.Why + "\n"
	}
	s += "because of " + b.Because + "\n"
	return s + "\nOn what is live, " + in.Live.At + ":\n\n" + in.Live.Report + "\nOn the target, " + in.OnTarget.At + ":\n\n" + in.OnTarget.Report
}

// goBack publishes and proves.
func (r *run) goBack(ctx context.Context, rec *Receipt, d Deploy) error {
	r.out.ID, r.out.URL = d.ID, d.URL
	if rec.Files != nil {
		r.manifest = rec.manifest()
		r.base = r.since(r.before)
		if _, err := r.prove(ctx, d.URL, "at its own address", false); err != nil {
			return err
		}
	}
	if err := r.publish(ctx, &d); err != nil {
		return err
	}
	if rec.Files == nil {
		list, err := r.liveFiles(ctx)
		if err != nil {
			return err
		}
		r.manifest = listed(list)
		r.base = r.manifest.Paths()
		r.note("no receipt of this deploy is here: it was compared with the host's own list of files")
	}
	return r.proveLive(ctx, d, "rolled back to "+d.ID)
}

// since are the files of the manifest that another deploy has otherwise; all,
// where nobody knows what it has.
func (r *run) since(id string) []string {
	other, err := ReadReceipt(r.State, id)
	if err != nil {
		return r.manifest.Paths()
	}
	var names []string
	for _, name := range r.manifest.Paths() {
		if other.Files[name].SHA1 != r.manifest.Files[name].SHA1 {
			names = append(names, name)
		}
	}
	return names
}

func (r *run) liveFiles(ctx context.Context) (list []Remote, err error) {
	err = r.read(ctx, "list the files that are live", func(ctx context.Context) error {
		list, err = r.Host.Files(ctx)
		return err
	})
	return list, err
}

// lock is done after the proof: a lock that fails undoes nothing.
func (r *run) lock(ctx context.Context, id string) error {
	if err := r.journal.Write(Entry{Do: "lock", What: intent, ID: id}); err != nil {
		return err
	}
	locked := func(ctx context.Context) (bool, error) {
		s, err := r.readSite(ctx)
		return err == nil && s.Locked, err
	}
	if err := r.call(ctx, policy{op: "lock deploy " + id, lost: locked}, func(ctx context.Context) error {
		return r.Host.Lock(ctx, id, true)
	}); err != nil {
		return err
	}
	if done, err := locked(ctx); err != nil || !done {
		return errors.Join(err, &Ending{Exit: Unfinished, Rule: "unfinished", Message: "the site does not show as locked"})
	}
	r.locked = true
	r.out.Done += ", and locked"
	return r.journal.Write(Entry{Do: "lock", What: result, ID: id, State: "locked"})
}

// RunVerify proves a deploy again: id, or what is live.
func RunVerify(ctx context.Context, o Options, id string) *Outcome {
	o.defaults()
	r := &run{Options: o, out: &Outcome{}}
	return r.finish(ctx, "verify", r.verify(ctx, id))
}

func (r *run) verify(ctx context.Context, id string) error {
	var err error
	if r.site, err = r.readSite(ctx); err != nil {
		return err
	}
	if id == "" {
		if id = r.site.Live; id == "" {
			return bad("verify", "nothing is live", "deploy it first")
		}
	}
	r.before, r.out.ID = r.site.Live, id
	rec, err := ReadReceipt(r.State, id)
	live := id == r.site.Live
	at, words := r.site.URL, "live"
	what := "no receipt of this deploy is here"
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		what = "the receipt of this deploy cannot be read (" + err.Error() + ")"
	}
	switch {
	case err == nil:
		r.manifest, r.fp = rec.manifest(), rec.Fingerprint
	case !live && !errors.Is(err, fs.ErrNotExist):
		return bad("verify", err.Error()+", and it is not live", "")
	case !live:
		return bad("verify", "no receipt of deploy "+id+" is here, and it is not live", "`duskpress status` lists those that were verified")
	default:
		list, err := r.liveFiles(ctx)
		if err != nil {
			return err
		}
		r.manifest = listed(list)
		r.note(what + ": it is compared with the host's own list of files")
	}
	if !live {
		d, err := r.get(ctx, id)
		if f := (*Failure)(nil); errors.As(err, &f) && f.Kind == Absent {
			return &Ending{Exit: HostRefused, Rule: "refused", Message: "the host no longer has deploy " + id, Err: err}
		}
		if err != nil {
			return err
		}
		at, words = d.URL, "at its own address"
		if rec != nil && rec.Target != "production" {
			at = rec.URL
		}
	}
	if r.journal, err = OpenJournal(r.State); err != nil {
		return err
	}
	r.base = r.manifest.Paths() // all of it: there is time
	r.out.URL = at
	if r.out.Proof, err = r.prove(ctx, at, words, live); err != nil {
		return err
	}
	r.out.Done = "deploy " + id + " is what was sent"
	if live {
		r.out.Done = "what is live is what was sent"
	}
	return nil
}
