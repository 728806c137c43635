package plugins

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"duskpress/tools/external"
	"duskpress/tools/linkcheck"
	"duskpress/tools/origin"
	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "external",
		Summary: "with check --external: asks other hosts whether what the site links to is still there",
		After:   []string{"facts", "linkcheck"},
		Compat:  true,
		Rules:   map[string]string{"external-link": "a link to another host that does not answer, or has nothing there"},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			e := externalLinks{MaxAge: 7, Retry: 60, Timeout: 10, Concurrency: 8, Pause: 500}
			if err := s.Decode(&e); err != nil {
				return pipeline.Hooks{}, err
			}
			if err := e.prepare(); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{Check: e.check}, nil
		},
	})
}

// externalLinks is the plugin's configuration.
type externalLinks struct {
	// Ignore are addresses that are not asked; a star is anything.
	Ignore []string `json:"ignore"`
	// Flaky are hosts of which only "there is nothing" is believed; *.host too.
	Flaky []string `json:"flaky"`
	// MaxAge is for how many days an address that answered is not asked again,
	// Retry for how many minutes one that did not.
	MaxAge int `json:"max-age"`
	Retry  int `json:"retry"`
	// Timeout is how many seconds a host may take.
	Timeout int `json:"timeout"`
	// Concurrency is how many hosts are asked at once, Pause how many
	// milliseconds lie between two requests to one of them.
	Concurrency int `json:"concurrency"`
	Pause       int `json:"pause"`
	// Strict makes an error of what is gone, and tells of hosts that refuse.
	Strict bool `json:"strict"`
	// Resolve has other addresses for hosts: host or host:port to IP:port.
	Resolve map[string]string `json:"resolve"`

	ignore *regexp.Regexp
}

func (e *externalLinks) prepare() error {
	for _, n := range []struct {
		key   string
		value int
	}{{"max-age", e.MaxAge}, {"retry", e.Retry}, {"pause", e.Pause}} {
		if n.value < 0 {
			return &pipeline.ConfigError{Key: n.key, Err: fmt.Errorf("%s is %d, and cannot be less than 0", n.key, n.value)}
		}
	}
	if e.Timeout < 1 || e.Timeout > 300 {
		return &pipeline.ConfigError{Key: "timeout", Err: fmt.Errorf("timeout is %d: it is 1 to 300 seconds", e.Timeout)}
	}
	if e.Concurrency < 1 || e.Concurrency > 64 {
		return &pipeline.ConfigError{Key: "concurrency", Err: fmt.Errorf("concurrency is %d: it is 1 to 64 hosts", e.Concurrency)}
	}
	for _, host := range slices.Sorted(maps.Keys(e.Resolve)) {
		if _, err := netip.ParseAddrPort(e.Resolve[host]); err != nil {
			return &pipeline.ConfigError{Key: "resolve", Err: fmt.Errorf("resolve: %q of %s is no address such as 192.0.2.1:443", e.Resolve[host], host)}
		}
	}
	var parts []string
	for _, p := range e.Ignore {
		parts = append(parts, strings.ReplaceAll(regexp.QuoteMeta(p), `\*`, ".*"))
	}
	if len(parts) > 0 {
		e.ignore = regexp.MustCompile("^(?:" + strings.Join(parts, "|") + ")$")
	}
	return nil
}

// A linkUse is where a site has an address of another host.
type linkUse struct {
	file *pipeline.File
	link pipeline.Link
	more int // other files that have it
}

func (e *externalLinks) check(ctx context.Context, s *pipeline.Site) error {
	if !s.External {
		return nil
	}
	uses, err := e.uses(s)
	if err != nil {
		return err
	}
	cache := external.Cache{MaxAge: time.Duration(e.MaxAge) * 24 * time.Hour, Retry: time.Duration(e.Retry) * time.Minute}
	name := filepath.Join(s.CacheDir, "external.jsonl")
	if err := cache.Load(name); err != nil {
		return fmt.Errorf("reading the results of earlier checks: %w", err)
	}
	now := time.Now()
	var results []external.Result
	var ask []string
	for _, address := range slices.Sorted(maps.Keys(uses)) {
		if r, ok := cache.Get(address, now); ok {
			results = append(results, r)
		} else {
			ask = append(ask, address)
		}
	}
	checker := external.Checker{
		Timeout: time.Duration(e.Timeout) * time.Second, Concurrency: e.Concurrency,
		Pause: max(time.Duration(e.Pause)*time.Millisecond, time.Millisecond), Resolve: e.Resolve,
	}
	asked, err := checker.Check(ctx, ask)
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	offline := offline(asked)
	for _, r := range asked {
		// What is not known for want of a network is no result, and neither is
		// what was not asked any more.
		if !offline && !r.Unreachable && err == nil {
			cache.Put(r)
		}
		if !offline {
			results = append(results, r)
		}
	}
	if serr := cache.Save(name, now); serr != nil {
		return fmt.Errorf("keeping the results of the check: %w", serr)
	}
	if err != nil {
		return err
	}
	if offline {
		s.Problems.Add(pipeline.Problem{
			Severity: pipeline.Warning, Rule: "external-link",
			Message: fmt.Sprintf("none of %d outside links could be asked: this machine seems to have no network", len(asked)),
			Hint:    "check again with one",
		})
	}
	e.report(s, uses, results, len(ask), now)
	return nil
}

// offline reports whether not one host was reached, and that for want of a
// network. One host alone that nobody knows is mistyped.
func offline(asked []external.Result) bool {
	unknown := make(map[string]bool)
	others := false
	for _, r := range asked {
		if !r.Unreachable {
			return false
		}
		if u, err := url.Parse(r.URL); err == nil && r.Why == external.NoHost {
			unknown[u.Hostname()] = true
		} else {
			others = true
		}
	}
	return others || len(unknown) > 1
}

// uses are the outside addresses of the site, without their fragments.
func (e *externalLinks) uses(s *pipeline.Site) (map[string]*linkUse, error) {
	links, err := linkSite(s)
	if err != nil {
		return nil, err
	}
	uses := make(map[string]*linkUse)
	for _, f := range s.Files() {
		if f.Facts == nil {
			continue
		}
		for _, link := range f.Facts.Links {
			if !strings.Contains(link.URL, "//") {
				continue
			}
			t := links.Resolve(f.Path, f.Facts.Base, link.URL)
			if t.Kind != linkcheck.Elsewhere || !outside(t.URL) || e.ignore != nil && e.ignore.MatchString(t.URL) {
				continue
			}
			u := uses[t.URL]
			switch {
			case u == nil:
				uses[t.URL] = &linkUse{file: f, link: link}
			case u.file != f:
				u.more++
				if u.file.Content == nil && f.Content != nil {
					u.file, u.link = f, link // where it was written, and no list
				}
			}
		}
	}
	return uses, nil
}

// outside reports whether an address is on a host that others can reach too.
func outside(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return false
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if ip := net.ParseIP(host); ip != nil {
		return !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsUnspecified() && !ip.IsLinkLocalUnicast() && !ip.IsMulticast()
	}
	return strings.Contains(host, ".") && !loopback(host) && !strings.HasSuffix(host, ".local") && !strings.HasSuffix(host, ".internal")
}

// mostNotes is how many links that have moved are named one by one.
const mostNotes = 20

func (e *externalLinks) report(s *pipeline.Site, uses map[string]*linkUse, results []external.Result, asked int, now time.Time) {
	slices.SortFunc(results, func(a, b external.Result) int { return strings.Compare(a.URL, b.URL) })
	finder := origin.New(s)
	note := func(format string, args ...any) {
		if s.Note != nil {
			s.Note(fmt.Sprintf(format, args...))
		}
	}
	refused, moved, flaky := 0, 0, 0
	for _, r := range results {
		u := uses[r.URL]
		p := u.problem(finder)
		p.Severity, p.Rule = pipeline.Warning, "external-link"
		age := ""
		if r.Cached {
			age = ", when last asked " + ago(now.Sub(r.Checked))
		}
		p.Message += fmt.Sprintf("%s: %s%s", r.URL, r.Why, age)
		switch r.Outcome {
		case external.OK:
			if r.Moved != "" && !onlySlash(r.URL, r.Moved) {
				if moved++; moved <= mostNotes {
					note("%s: %s has moved for good to %s", p.Position(), r.URL, r.Moved)
				}
			}
			continue
		case external.Refused:
			if refused++; !e.Strict {
				continue
			}
			p.Hint = "look yourself, and name the address in plugins.external ignore"
		case external.Gone:
			p.Hint = "find where it is now, or a copy in an archive of the web"
			if e.Strict {
				p.Severity = pipeline.Error
			}
		case external.Failed:
			if e.isFlaky(r.URL) {
				flaky++
				continue
			}
			p.Hint = "it may be for now only; check again later, or name the host in plugins.external flaky"
		}
		s.Problems.Add(p)
	}
	if moved > mostNotes {
		note("%d more outside links have moved for good", moved-mostNotes)
	}
	total := fmt.Sprintf("%d outside links, %d of them asked now", len(uses), asked)
	if refused > 0 && !e.Strict {
		total += fmt.Sprintf("; hosts let no machine look at %d", refused)
	}
	if flaky > 0 {
		total += fmt.Sprintf("; flaky hosts did not answer for %d", flaky)
	}
	note("%s", total)
}

// problem has the place of an address, as far as it is known.
func (u *linkUse) problem(finder *origin.Finder) pipeline.Problem {
	at := finder.Content(u.file.Content, isImage(u.link), []string{u.link.URL}, nil)
	if len(at) == 0 {
		if p, ok := finder.Source("", u.link.URL); ok {
			at = append(at, p)
		}
	}
	if len(at) == 0 && u.file.Content == nil {
		at = finder.Contents(u.link.URL)
	}
	if len(at) > 0 {
		return pipeline.Problem{File: at[0].File, Line: at[0].Line, Column: at[0].Column}
	}
	p := pipeline.Problem{Message: pipeline.AndOthers(u.file.Path, u.more, "file") + ": "}
	if u.file.Content != nil && u.more == 0 {
		p.File = u.file.Content.Path
	}
	return p
}

func (e *externalLinks) isFlaky(address string) bool {
	u, err := url.Parse(address)
	return err == nil && slices.ContainsFunc(e.Flaky, func(pattern string) bool {
		ok, err := path.Match(pattern, u.Hostname())
		return ok && err == nil
	})
}

// onlySlash reports whether two addresses differ in a slash at the end alone,
// which no author need be told.
func onlySlash(a, b string) bool { return strings.TrimSuffix(a, "/") == strings.TrimSuffix(b, "/") }

func ago(d time.Duration) string {
	switch {
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}
