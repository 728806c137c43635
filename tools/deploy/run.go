package deploy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"duskpress/tools/headers"
)

// Options say what a run does.
type Options struct {
	Host     Host
	HostName string // such as netlify; part of receipts
	State    string // the directory of the journal and the receipts
	Freeze   FreezeOptions
	Message  string
	Draft    bool
	Alias    string
	Direct   bool // publish by a deploy that is no draft
	DryRun   bool
	Shrink   bool // allowed
	Timeout  time.Duration
	Pace     *Pace
	Log      *slog.Logger
	Progress func(stage string, files, of int, bytes, ofBytes int64) // may be nil
	Self     string                                                  // how the tool is called
	Where    []string                                                // flags that name the host, for the words of commands
	Again    string                                                  // the command as it was given; "" where nobody types it
}

// run is one run of deploy, rollback or verify.
type run struct {
	Options
	journal *Journal
	out     *Outcome
	fp      string

	site     Site
	manifest *Manifest
	before   string // what was live when the run began
	base     []string
	created  bool // a deploy of ours exists
	sent     bool // the host was told to publish
	locked   bool // and to publish nothing after it

	effects atomic.Int64 // of rules, that were seen

	mu     sync.Mutex
	paused time.Duration // of the pace: no call before it
}

// target is what the deploy is for, as it stands in fingerprints and receipts.
func (o *Options) target() string {
	switch {
	case o.Alias != "":
		return "alias:" + o.Alias
	case o.Draft:
		return "draft"
	}
	return "production"
}

func (o *Options) defaults() {
	if o.Pace == nil {
		o.Pace = &Pace{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Minute
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int, int64, int64) {}
	}
	o.Self = orWord(o.Self, "duskpress")
	o.Pace.init()
}

// Run deploys a site. It returns an outcome in every case.
func Run(ctx context.Context, o Options) *Outcome {
	o.defaults()
	r := &run{Options: o, out: &Outcome{}}
	return r.finish(ctx, "deploy", r.deploy(ctx))
}

// finish turns the end of a run into its outcome.
func (r *run) finish(ctx context.Context, command string, err error) *Outcome {
	r.out.end(ctx, err, r.created)
	r.conclude(command, err)
	if r.journal != nil {
		if err := r.journal.Close(); err != nil {
			r.Log.Warn("journal", "err", err)
		}
	}
	return r.out
}

func (r *run) deploy(ctx context.Context) error {
	var err error
	if r.site, err = r.readSite(ctx); err != nil {
		return err
	}
	r.before = r.site.Live
	if err := r.mayPublish(); err != nil {
		return err
	}
	r.Freeze.Site, r.Freeze.Target = r.site.ID, r.target()
	r.Progress("reading", 0, 0, 0, 0)
	if r.manifest, err = Freeze(ctx, r.Freeze); err != nil {
		return err
	}
	defer r.manifest.Close()
	r.fp = r.manifest.Fingerprint
	if skipped := slices.DeleteFunc(slices.Clone(r.manifest.Skipped), func(name string) bool { return name == ".duskpress" }); len(skipped) > 0 {
		r.note("not part of the site, and not deployed: " + strings.Join(skipped, ", "))
	}
	r.faultyRules()
	plan, err := r.plan(ctx)
	if err != nil {
		return err
	}
	r.out.Plan = plan
	found, err := r.find(ctx, "")
	if err != nil {
		return err
	}
	if r.DryRun {
		r.dryRun(plan, found)
		return nil
	}
	if plan.shrinks() && !r.Shrink && (found == nil || found.ID != r.site.Live) {
		return bad("shrink", fmt.Sprintf("%d of the %d files that are live would be gone, such as %s", len(plan.Gone), plan.Live, strings.Join(plan.Gone[:min(3, len(plan.Gone))], ", ")),
			"if that is meant, add --allow-shrink")
	}
	if r.journal, err = OpenJournal(r.State); err != nil {
		return err
	}
	if err := r.journal.Write(Entry{Do: "run", What: intent, Fingerprint: r.fp, Host: r.HostName + " " + r.site.ID, Files: len(r.manifest.Files), Bytes: r.manifest.Bytes, Note: r.target()}); err != nil {
		return err
	}
	if found != nil && found.ID == r.site.Live && r.target() == "production" {
		r.out.ID, r.created = found.ID, true
		return r.proveLive(ctx, *found, "it was live already")
	}
	d, err := r.ready(ctx, found, "")
	if err != nil {
		return err
	}
	err = r.bringLive(ctx, d)
	if found == nil || !r.spoilt(d) {
		return err
	}
	if err := r.journal.Write(Entry{Do: "wait", What: result, Fingerprint: r.fp, ID: d.ID, State: "spoilt"}); err != nil {
		return err
	}
	r.note("deploy " + d.ID + " does not have what was sent, now as before: a new one was begun")
	r.out.ID = ""
	if d, err = r.ready(ctx, nil, ""); err != nil {
		return err
	}
	return r.bringLive(ctx, d)
}

// aliasPattern is what may stand before -- in a name of DNS, beside the name of
// a site: 37 characters, as Netlify's own command has it.
var aliasPattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,35}[A-Za-z0-9])?$`)

// mayPublish refuses what cannot end well, before anything is sent.
func (r *run) mayPublish() error {
	s := r.site
	if r.Alias != "" {
		if !aliasPattern.MatchString(r.Alias) {
			return bad("alias", fmt.Sprintf("the alias %q cannot be the beginning of an address", r.Alias), "a name has letters, digits and hyphens, 37 at most, and no hyphen at its ends")
		}
		branch := s.Branch
		if strings.EqualFold(r.Alias, branch) || branch == "" && (r.Alias == "main" || r.Alias == "master" || r.Alias == "production") {
			return bad("alias", fmt.Sprintf("the alias %q is the branch that publishes to production", r.Alias), "take another name")
		}
	}
	if r.target() != "production" || r.DryRun {
		return nil
	}
	if s.Locked {
		return lockedEnding(s)
	}
	if s.GitOnly {
		return &Ending{Exit: HostRefused, Rule: "refused", Message: "the site takes deploys to production from git alone", Hint: "push to " + orWord(s.Branch, "its branch") + ", or allow others in the site's settings"}
	}
	return nil
}

func lockedEnding(s Site) *Ending {
	return &Ending{Exit: NotPublished, Rule: "locked", Message: fmt.Sprintf("the site is locked to deploy %s", s.Live), Hint: "unlock it in the host's console, or with `status --unlock`, and run it again"}
}

func orWord(s, word string) string {
	if s == "" {
		return word
	}
	return s
}

// plan compares the manifest with what is live, and remembers what to look at.
func (r *run) plan(ctx context.Context) (*Plan, error) {
	var live []Remote
	if r.site.Live != "" {
		err := r.read(ctx, "list the files that are live", func(ctx context.Context) error {
			var err error
			live, err = r.Host.Files(ctx)
			return err
		})
		var f *Failure
		if errors.As(err, &f) && f.Kind == Absent {
			err = nil // a host that does not list them: all count as new
		}
		if err != nil {
			return nil, err
		}
	}
	p := makePlan(r.manifest, live)
	r.base = p.touched()
	last, err := lastVerified(r.State, r.HostName, r.site.ID, r.target(), "")
	if err != nil {
		return nil, err
	}
	// What is live may be ours already, after a kill: then the last proof tells
	// what has changed since.
	if last == nil && len(r.base) == 0 {
		r.base = r.manifest.Paths()
	}
	for _, name := range r.manifest.Paths() {
		if last != nil && last.Files[name].SHA1 != r.manifest.Files[name].SHA1 && !slices.Contains(p.New, name) && !slices.Contains(p.Changed, name) {
			r.base = append(r.base, name)
		}
	}
	return p, nil
}

// mark is how a deploy's title tells what it holds.
func (r *run) mark(kind string) string { return "[fp:" + r.fp + kind + "]" }

// find looks for an earlier attempt at the same content: in the journal, which
// is quick, then in the host's list, which is true.
func (r *run) find(ctx context.Context, kind string) (*Deploy, error) {
	entries, err := ReadJournal(r.State)
	if err != nil {
		return nil, err
	}
	ids, open := known(entries, r.fp+kind)
	for _, id := range ids {
		d, err := r.get(ctx, id)
		var f *Failure
		switch {
		case errors.As(err, &f) && f.Kind == Absent:
			continue
		case err != nil:
			return nil, err
		case d.State != Failed:
			r.created = true
			return &d, nil
		}
	}
	reads := 1
	if open {
		reads = 3 // the answer to a creation was lost: the list may be behind
	}
	for i := range reads {
		if i > 0 {
			if err := r.Pace.Sleep(ctx, r.Pace.Jitter(5*time.Second)); err != nil {
				return nil, err
			}
		}
		d, err := r.search(ctx, kind, entries)
		if err != nil || d != nil {
			return d, err
		}
	}
	return nil, nil
}

// search is one look at the host's list.
func (r *run) search(ctx context.Context, kind string, entries []Entry) (*Deploy, error) {
	var list []Deploy
	if err := r.read(ctx, "list the deploys", func(ctx context.Context) error {
		var err error
		list, err = r.Host.Find(ctx, r.mark(kind))
		return err
	}); err != nil {
		return nil, err
	}
	var best *Deploy
	for i, d := range list {
		if d.State == Failed || isGone(entries, d.ID) {
			continue
		}
		if d.ID == r.site.Live {
			best = &list[i]
			break
		}
		if best == nil || d.State > best.State {
			best = &list[i]
		}
	}
	if best != nil {
		r.created = true
	}
	return best, nil
}

func (r *run) dryRun(p *Plan, found *Deploy) {
	switch {
	case found != nil && found.ID == r.site.Live:
		p.Calls = []string{"nothing: this content is live already; it would be read back"}
	case found != nil && found.State == Ready:
		p.Calls = []string{"read deploy " + found.ID + " back, which holds this content", "publish it", "read the live site back"}
	default:
		switch {
		case found != nil:
		case r.Alias != "":
			p.Calls = append(p.Calls, "create an empty deploy for the alias "+r.Alias)
		default:
			p.Calls = append(p.Calls, "create an empty draft")
		}
		p.Calls = append(p.Calls, fmt.Sprintf("send the list of %d files", len(r.manifest.Files)),
			fmt.Sprintf("send at most %d files", p.Upload), "wait until it is ready", "read it back at its own address")
		switch {
		case r.Alias != "":
			p.Calls = append(p.Calls, "read it back at its alias")
		case r.Draft:
		case r.Direct:
			p.Calls = append(p.Calls, "send the same list as a deploy that publishes itself", "read the live site back")
		default:
			p.Calls = append(p.Calls, "publish it", "read the live site back")
		}
	}
	r.out.Done = "nothing was sent"
}

// faultyRules names lines of _headers and _redirects that a host passes over
// without a word. Who built the site may have been told, or not.
func (r *run) faultyRules() {
	_, ours := headers.Parse(r.manifest.read(headers.File))
	_, theirs := headers.ParseRedirects(r.manifest.read(headers.RedirectsFile))
	for name, faults := range map[string][]headers.Fault{headers.File: ours, headers.RedirectsFile: theirs} {
		for _, f := range faults {
			r.note(fmt.Sprintf("%s:%d: %s: this line has no effect", name, f.Line, f.Message))
		}
	}
	slices.Sort(r.out.Notes)
}

func (r *run) note(s string) { r.out.Notes = append(r.out.Notes, s) }

// noteOnce is for workers, who may see one thing several times.
func (r *run) noteOnce(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.out.Notes, s) {
		r.note(s)
	}
}

// command is a command of the tool, for the same host.
func (o *Options) command(words string) string {
	return strings.Join(append([]string{o.Self, words}, o.Where...), " ")
}

// next is the command to give now.
func (r *run) next(command string) string {
	again := orWord(r.Again, "the same command")
	switch r.out.Exit {
	case Verified:
		switch {
		case command == "rollback" && r.locked:
			return r.command("status --unlock") + ", then " + r.command("deploy") + ", once the site is mended"
		case command == "rollback":
			return r.command("deploy") + ", once the site is mended"
		case command == "unlock":
			return r.command("deploy")
		case r.DryRun:
			return again + " without --dry-run"
		case r.Draft:
			return again + " without --draft, to publish it"
		case r.Alias != "":
			return again + " without --alias, to publish it"
		}
		return r.command("status") + ", at any time"
	case BadInput, 1:
		return again + ", once that is mended"
	case NotLetIn:
		return again + ", with a token in NETLIFY_AUTH_TOKEN that is let in"
	case HostRefused:
		return again + ", once the host's reason is gone"
	case LiveDiffers:
		return r.command("verify") + "; if it stays, " + r.command("rollback --because PROBE.http")
	case NotPublished:
		if r.out.Rule == "locked" {
			return r.command("status --unlock") + ", then " + again
		}
	}
	return again
}

// conclude writes the end into the journal and says what to do next.
func (r *run) conclude(command string, err error) {
	o := r.out
	o.Next = r.next(command)
	r.keepRequest(command, err)
	if r.journal == nil {
		return
	}
	e := Entry{Do: "end", What: result, Fingerprint: r.fp, ID: o.ID, Exit: o.Exit, Note: command + ": " + o.Production.String()}
	if o.Exit == Verified {
		e.State = "verified"
	}
	var f *Failure
	if errors.As(err, &f) {
		e.Request = f.Request
	}
	if err != nil {
		e.Error = o.Message
	}
	if werr := r.journal.Write(e); werr != nil {
		r.Log.Warn("journal", "err", werr)
	}
}
