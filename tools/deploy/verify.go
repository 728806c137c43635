package deploy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"duskpress/tools/headers"
)

// draftWords find out whether a host refuses to publish a deploy because it is
// a draft; it has no code for that.
var draftWords = regexp.MustCompile(`(?i)draft|never been published|not been published`)

// ruleFiles are not served; what they say is tried.
var ruleFiles = []string{headers.File, headers.RedirectsFile}

const (
	readers  = 16               // at once
	sample   = 25               // files that did not change
	patience = 60 * time.Second // for the edge to show what is new

	leastRounds = 4 // however slow they are
)

// A Proof is what was read back, byte for byte.
type Proof struct {
	At      string `json:"at"`
	Files   int    `json:"files"` // read back
	Of      int    `json:"of"`
	Bytes   int64  `json:"bytes"`
	Effects int    `json:"effects"` // of headers and redirections
}

func (p *Proof) String() string {
	s := fmt.Sprintf("%d of %d files read back at %s, each byte as it was sent", p.Files, p.Of, p.At)
	if p.Effects > 0 {
		s += fmt.Sprintf("; %d effects of headers and redirections seen", p.Effects)
	}
	return s
}

// A miss says what is wrong with what was read back; the zero one says nothing.
type miss struct {
	what string
	// changed: the file is there, and a server gives other bytes for it.
	changed bool
}

// A check is one thing to read back.
type check struct {
	name  string
	size  int64 // of the file, or -1 for an effect of rules
	do    func(context.Context) (miss, error)
	html  bool
	probe string // the same, as a request with what is expected of its answer
}

// prove reads a deploy back at an address: every file that changed, some of the
// others, always the same, and what rules say. What differs is read again for a
// minute, because an edge may be behind.
func (r *run) prove(ctx context.Context, at, words string, live bool) (*Proof, error) {
	if err := r.journal.Write(Entry{Do: "verify", What: intent, Fingerprint: r.fp, ID: r.out.ID, Note: at}); err != nil {
		return nil, err
	}
	list := r.checks(at)
	proof := &Proof{At: at, Of: len(r.manifest.Files)}
	for _, c := range list {
		if c.size >= 0 {
			proof.Files++
			proof.Bytes += c.size
		}
	}
	r.effects.Store(0)
	effects := len(list) - proof.Files
	begin := r.Pace.Since()
	wrong := make(map[string]miss)
	for n := 0; ; n++ {
		clear(wrong)
		var err error
		if list, err = r.round(ctx, list, wrong, words); err != nil {
			return nil, err
		}
		if len(list) == 0 {
			break
		}
		wait := r.Pace.backoff(n + 1)
		if n >= leastRounds && r.Pace.Since()+wait-begin > patience {
			return nil, r.differs(at, words, live, list, wrong)
		}
		if err := r.Pace.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
	proof.Effects = int(r.effects.Load())
	if effects > 0 && proof.Effects == 0 {
		r.noteOnce("what _headers and _redirects say was not tried: it is for the server that shows these files")
	}
	return proof, r.journal.Write(Entry{Do: "verify", What: result, Fingerprint: r.fp, ID: r.out.ID, Files: proof.Files, Bytes: proof.Bytes, State: "verified", Note: at})
}

// round makes the checks and returns those that failed.
func (r *run) round(ctx context.Context, list []check, wrong map[string]miss, words string) ([]check, error) {
	var mu sync.Mutex
	var left []check
	var count atomic.Int64
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for _, c := range list {
		if gctx.Err() != nil {
			break
		}
		g.Go(func() error {
			m, err := c.do(gctx)
			if err != nil {
				return err
			}
			r.Progress("verifying "+words, int(count.Add(1)), len(list), 0, 0)
			if m.what != "" {
				mu.Lock()
				defer mu.Unlock()
				left = append(left, c)
				wrong[c.name] = m
			}
			return nil
		})
	}
	err := g.Wait()
	slices.SortFunc(left, func(a, b check) int { return cmp.Compare(a.name, b.name) })
	return left, err
}

// differs ends a run that read something else than it sent.
func (r *run) differs(at, words string, live bool, list []check, wrong map[string]miss) error {
	var lines []string
	html := true
	for i, c := range list {
		html = html && c.html && wrong[c.name].changed
		if i < 5 {
			lines = append(lines, wrong[c.name].what)
		}
	}
	if len(list) > 5 {
		lines = append(lines, fmt.Sprintf("and %d more", len(list)-5))
	}
	e := &Ending{Exit: Unfinished, Rule: "differs", Message: fmt.Sprintf("what is seen %s, %s, is not what was sent: %s", words, at, strings.Join(lines, "; ")),
		Hint: "run it again; if it stays, something on the way changes the files", seen: asProbes(at, list)}
	if live {
		e.Exit = LiveDiffers
	}
	entry := Entry{Do: "verify", What: result, Fingerprint: r.fp, ID: r.out.ID, Files: len(list), Error: e.Message, Note: at}
	switch {
	case html && r.site.Rewrites:
		e.Hint = "the host rewrites pages: switch off \"pretty URLs\" in the site's post-processing settings"
	case html:
		e.Hint = "only pages of HTML differ: something on the way rewrites them, such as post-processing, or a script that is injected"
	case slices.ContainsFunc(list, func(c check) bool { return c.size >= 0 }):
		entry.State = otherFiles
	}
	return errors.Join(e, r.journal.Write(entry))
}

// otherFiles marks in the journal that a deploy had other files than were sent,
// and not only other pages or headers, which the host makes on the way.
const otherFiles = "other files"

// spoilt reports whether a deploy has now been read back in two runs, each with
// patience, and had other files: it will never be what was sent.
func (r *run) spoilt(d Deploy) bool {
	before, now := false, false
	for _, e := range r.journal.entries {
		if e.Do == "verify" && e.ID == d.ID && e.Note == d.URL && e.State == otherFiles {
			before = before || e.Run != r.journal.run
			now = now || e.Run == r.journal.run
		}
	}
	return before && now
}

// asProbes writes checks as requests that can be sent again, here or to another
// address.
func asProbes(at string, list []check) string {
	const most = 20
	var b strings.Builder
	fmt.Fprintf(&b, "# What is wrong where the deploy is seen. Each of these fails until it is mended.\n@base = %s\n", at)
	for _, c := range list[:min(most, len(list))] {
		fmt.Fprintf(&b, "\n### %s\n%s", c.name, c.probe)
	}
	return b.String()
}

// checks lists what to read back.
func (r *run) checks(at string) []check {
	redirects, _ := headers.ParseRedirects(r.manifest.read(headers.RedirectsFile))
	rules, _ := headers.Parse(r.manifest.read(headers.File))
	var list []check
	names := r.pick()
	for _, name := range names {
		p := readerPath(name)
		if plain, _ := url.PathUnescape(p); forced(redirects, plain) || name == "404.html" && matched(redirects, plain) {
			continue // readers are sent elsewhere
		}
		f := r.manifest.Files[name]
		list = append(list, check{name: name, size: f.Size, html: isPage(name), probe: fileProbe(f, p), do: func(ctx context.Context) (miss, error) {
			return r.checkFile(ctx, at, f, p)
		}})
	}
	list = append(list, r.headerChecks(at, names, rules, redirects)...)
	return append(list, r.redirectChecks(at, redirects)...)
}

// pick are the files to read back: the changed ones, the landmarks, and a sample
// that the fingerprint decides.
func (r *run) pick() []string {
	want := make(map[string]bool)
	for _, name := range r.base {
		want[name] = true
	}
	for _, name := range []string{"index.html", "404.html", BuildFile} {
		want[name] = true
	}
	type ranked struct{ key, name string }
	var rest []ranked
	var names []string
	for _, name := range r.manifest.Paths() {
		switch {
		case slices.Contains(ruleFiles, name):
		case want[name]:
			names = append(names, name)
		default:
			sum := sha256.Sum256([]byte(r.fp + name))
			rest = append(rest, ranked{string(sum[:]), name})
		}
	}
	slices.SortFunc(rest, func(a, b ranked) int { return cmp.Compare(a.key, b.key) })
	for _, x := range rest[:min(sample, len(rest))] {
		names = append(names, x.name)
	}
	slices.Sort(names)
	return names
}

// readerPath is the path at which readers find a file, escaped.
func readerPath(name string) string {
	if name == "404.html" {
		return "/duskpress-looks-for-no-page"
	}
	if name == "index.html" {
		name = ""
	} else if dir, ok := strings.CutSuffix(name, "/index.html"); ok {
		name = dir + "/"
	}
	elements := strings.Split(name, "/")
	for i, e := range elements {
		elements[i] = url.PathEscape(e)
	}
	return "/" + strings.Join(elements, "/")
}

func matched(redirects []headers.Redirect, p string) bool {
	return slices.ContainsFunc(redirects, func(rule headers.Redirect) bool { _, ok := rule.Match(p, nil); return ok })
}

func forced(redirects []headers.Redirect, p string) bool {
	for _, rule := range redirects {
		if rule.Force {
			if _, ok := rule.Match(p, nil); ok {
				return true
			}
		}
	}
	return false
}

// fetch reads one file as a reader, again while nobody answers.
func (r *run) fetch(ctx context.Context, q Request) (a *Answer, err error) {
	err = r.call(ctx, policy{
		op: "read " + q.At + q.Path,
		denied: func(context.Context) error {
			return &Ending{Exit: Unfinished, Rule: "unfinished", call: Call{Method: http.MethodGet, URL: q.At + q.Path, Page: true}, Message: q.At + q.Path + " wants a password", Hint: "a site that is protected cannot be read back: lift the protection, and run it again"}
		},
	}, func(ctx context.Context) error {
		a, err = r.Host.Fetch(ctx, q)
		if err == nil && a.Status == http.StatusUnauthorized {
			err = &Failure{Kind: Unauthorised, Status: a.Status}
		}
		return err
	})
	return a, err
}

func wantedStatus(f File) int {
	if f.Path == "404.html" {
		return http.StatusNotFound
	}
	return http.StatusOK
}

func fileProbe(f File, p string) string {
	s := fmt.Sprintf("# @expect status %d\n", wantedStatus(f))
	if f.SHA256 != "" {
		s += "# @expect sha256 " + f.SHA256 + "\n"
	}
	return s + "GET {{base}}" + p + "\nAccept-Encoding: identity\n"
}

func (r *run) checkFile(ctx context.Context, at string, f File, p string) (miss, error) {
	a, err := r.fetch(ctx, Request{At: at, File: f.Path, Path: p})
	if err != nil {
		return miss{}, err
	}
	// x.html may be at home at x.
	if to := sameHost(a); to != "" && strings.HasSuffix(f.Path, ".html") {
		if a, err = r.fetch(ctx, Request{At: at, File: f.Path, Path: to}); err != nil {
			return miss{}, err
		}
	}
	want := wantedStatus(f)
	switch {
	case a.Header != nil && a.Status != want:
		return miss{what: fmt.Sprintf("%s answers %d, not %d", p, a.Status, want)}, nil
	case f.SHA256 == "" && a.SHA1 != f.SHA1:
		return miss{fmt.Sprintf("%s has SHA-1 %s (%d bytes), the host lists %s (%d bytes)", p, short(a.SHA1), a.Size, short(f.SHA1), f.Size), a.Header != nil}, nil
	case f.SHA256 != "" && a.SHA256 != f.SHA256:
		return miss{fmt.Sprintf("%s has SHA-256 %s (%d bytes), sent was %s (%d bytes)", p, short(a.SHA256), a.Size, short(f.SHA256), f.Size), a.Header != nil}, nil
	}
	return miss{}, nil
}

func short(sum string) string { return sum[:min(16, len(sum))] }

// sameHost is the path that an answer sends its reader to, on the same host.
func sameHost(a *Answer) string {
	if a.Status < 301 || a.Status > 308 {
		return ""
	}
	from, err := url.Parse(a.URL)
	if err != nil {
		return ""
	}
	to, err := from.Parse(a.Header.Get("Location"))
	if err != nil || to.Host != from.Host {
		return ""
	}
	return to.EscapedPath()
}
