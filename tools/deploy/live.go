package deploy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// bringLive takes a deploy that is ready to its readers: proven at its own
// address first, then published, then proven where it is live.
func (r *run) bringLive(ctx context.Context, d Deploy) error {
	r.out.ID, r.out.URL = d.ID, d.URL
	if r.target() == "production" && !d.Published.IsZero() && d.ID != r.site.Live {
		r.note("deploy " + d.ID + " held this content before: it is published again")
	}
	seen, err := r.prove(ctx, d.URL, "at its own address", false)
	if err != nil {
		return err
	}
	r.out.Proof = seen
	switch {
	case r.Alias != "":
		if d.AliasURL == "" {
			return &Ending{Exit: Unfinished, Rule: "unfinished", Message: "the host does not say where the alias is seen"}
		}
		proof, err := r.prove(ctx, d.AliasURL, "at its alias", true)
		if err != nil {
			return err
		}
		r.out.Proof, r.out.URL = proof, d.AliasURL
		return r.receipt(d, d.AliasURL, proof, "verified at the alias "+r.Alias)
	case r.Draft:
		return r.receipt(d, d.URL, seen, "the draft is verified")
	case r.Direct:
		err = r.publishDirect(ctx, &d)
	default:
		err = r.publish(ctx, &d)
	}
	if err != nil {
		return err
	}
	return r.proveLive(ctx, d, "published")
}

// publish tells the host to make the deploy live, and does not believe it: the
// site is read until it says so.
func (r *run) publish(ctx context.Context, d *Deploy) error {
	r.Progress("publishing", 0, 0, 0, 0)
	site, err := r.readSite(ctx)
	if err != nil {
		return err
	}
	switch {
	case site.Live == d.ID: // by an earlier run, or another hand
		return nil
	case site.Locked:
		return lockedEnding(site)
	case site.Live != r.before:
		return superseded(site.Live, "while this one was prepared")
	}
	if err := r.journal.Write(Entry{Do: "publish", What: intent, Fingerprint: r.fp, ID: d.ID, Note: "live is " + orWord(site.Live, "nothing")}); err != nil {
		return err
	}
	err = r.tellPublish(ctx, d.ID)
	if errors.Is(err, errDraftRefused) {
		r.note("the host does not publish drafts: the same content was sent as a deploy that publishes itself")
		return r.publishDirect(ctx, d)
	}
	if err != nil {
		return err
	}
	return r.journal.Write(Entry{Do: "publish", What: result, Fingerprint: r.fp, ID: d.ID, State: "published"})
}

// errDraftRefused says that the host will not publish a draft, because it is one.
var errDraftRefused = errors.New("the host does not publish drafts")

// tellPublish makes the call until the host's own record of the site shows the
// deploy, and sets what is known of production.
func (r *run) tellPublish(ctx context.Context, id string) error {
	isLive := func(ctx context.Context) (bool, error) {
		site, err := r.readSite(ctx)
		if err != nil {
			return false, err
		}
		switch {
		case site.Live == id:
			r.out.Production = Changed
			return true, nil
		case site.Live != r.before:
			// It may have been ours for a moment: readers see another one now.
			r.out.Production = Changed
			return false, superseded(site.Live, "at the same time")
		case site.Locked:
			r.out.Production = Unchanged
			return false, lockedEnding(site)
		}
		r.out.Production = Unchanged
		return false, nil
	}
	err := r.call(ctx, policy{
		op:   "publish deploy " + id,
		lost: isLive,
		absent: func(ctx context.Context, f *Failure) (bool, error) {
			if done, err := isLive(ctx); done || err != nil {
				return done, err
			}
			_, err := r.get(ctx, id)
			if g := (*Failure)(nil); errors.As(err, &g) && g.Kind == Absent {
				return false, errors.Join(refusedEnding(f), r.journal.Write(Entry{Do: "publish", What: result, Fingerprint: r.fp, ID: id, State: "gone"}))
			}
			return false, err // it is there: the next try may find it
		},
		refused: func(ctx context.Context, f *Failure) (bool, error) {
			if done, err := isLive(ctx); done || err != nil {
				return done, err
			}
			d, err := r.get(ctx, id)
			if err != nil {
				return false, err
			}
			if d.Draft && draftWords.MatchString(f.Message) {
				return false, errDraftRefused
			}
			e := refusedEnding(f)
			if d.Draft {
				e.Hint = "if the host never publishes drafts, add --direct"
			}
			return false, e
		},
	}, func(ctx context.Context) error {
		r.sent = true
		before := r.out.Production
		r.out.Production = Unread
		err := r.Host.Publish(ctx, id)
		if err != nil && failure(err).Kind != Lost && failure(err).Kind != Local {
			r.out.Production = before // it was not done, and we know it
		}
		return err
	})
	if err != nil {
		return err
	}
	// The host has said yes; its own record may take a moment.
	for n := 0; ; n++ {
		done, err := isLive(ctx)
		if done || err != nil {
			return err
		}
		r.out.Production = Unread
		if err := r.tick(ctx, n, Deploy{ID: id, Raw: "published, and not yet shown"}); err != nil {
			return err
		}
		if n == 20 {
			// A minute: ask once more, since repeating it does no harm.
			try, cancel := context.WithTimeout(ctx, r.Pace.Real(time.Minute))
			if err := r.Host.Publish(try, id); err != nil {
				r.Log.Debug("publish", "stage", "deploy", "err", err)
			}
			cancel()
		}
	}
}

// publishDirect sends the same content, which the host has by now, as a deploy
// that publishes itself.
func (r *run) publishDirect(ctx context.Context, d *Deploy) error {
	found, err := r.find(ctx, direct)
	if err != nil {
		return err
	}
	if found != nil && found.State == Ready && found.ID != r.site.Live {
		// It was live once. Publishing it again is no draft's matter.
		*d = *found
		return r.tellPublish(ctx, d.ID)
	}
	own, err := r.ready(ctx, found, direct)
	if err != nil {
		return err
	}
	*d = own
	for n := 0; ; n++ {
		site, err := r.readSite(ctx)
		if err != nil {
			return err
		}
		switch {
		case site.Live == d.ID:
			r.out.Production = Changed
			return nil
		case site.Live != r.before:
			r.out.Production = Changed
			return superseded(site.Live, "at the same time")
		case site.Locked:
			r.out.Production = Unchanged
			return lockedEnding(site)
		}
		r.out.Production = Unread
		if err := r.tick(ctx, n, Deploy{ID: d.ID, Raw: "ready, and not yet published"}); err != nil {
			return err
		}
	}
}

func superseded(id, when string) *Ending {
	return &Ending{Exit: NotPublished, Rule: "superseded", Message: fmt.Sprintf("deploy %s was published %s", id, when),
		Hint: "look at what it holds; running this again publishes yours over it"}
}

// proveLive reads the live site back and writes the receipt.
func (r *run) proveLive(ctx context.Context, d Deploy, done string) error {
	r.out.URL = r.site.URL
	proof, err := r.prove(ctx, r.site.URL, "live", true)
	if err != nil {
		// Another deploy may have come after ours.
		var e *Ending
		if errors.As(err, &e) && e.Exit == LiveDiffers {
			if site, serr := r.readSite(ctx); serr == nil && site.Live != d.ID {
				r.out.Production = Changed
				return superseded(site.Live, "after this one")
			}
		}
		return err
	}
	r.out.Proof = proof
	return r.receipt(d, r.site.URL, proof, done+", and verified live")
}

// receipt records what was proven.
func (r *run) receipt(d Deploy, url string, proof *Proof, done string) error {
	rec := &Receipt{
		ID: d.ID, Host: r.HostName, Site: r.site.ID, Name: r.site.Name, Target: r.target(), Fingerprint: r.fp, URL: url, Seen: d.URL,
		Verified: time.Now().UTC(), Published: d.Published, Proof: *proof, Files: r.manifest.Files,
		Rules: map[string][]byte{},
	}
	if old, err := ReadReceipt(r.State, d.ID); err == nil && !old.Published.IsZero() {
		rec.Published = old.Published
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.Log.Warn("an old receipt cannot be read", "err", err)
	}
	if rec.Published.IsZero() && r.target() == "production" {
		rec.Published = rec.Verified
	}
	for _, name := range ruleFiles {
		if data := r.manifest.read(name); data != nil {
			rec.Rules[name] = data
		}
	}
	if err := writeReceipt(r.State, rec); err != nil {
		return fmt.Errorf("the site is verified, and its receipt could not be written: %w", err)
	}
	r.out.URL, r.out.Done = url, done
	return nil
}
