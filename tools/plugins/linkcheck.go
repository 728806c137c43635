package plugins

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"duskpress/tools/csp"
	"duskpress/tools/headers"
	"duskpress/tools/linkcheck"
	"duskpress/tools/page"
	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "linkcheck",
		Summary: "follows every link of the finished site: pages, style sheets, feeds, sitemaps, redirections",
		After:   []string{"facts", "headers", "links", "redirects"},
		Compat:  true,
		Rules: map[string]string{
			"link":         "a link, picture or file that is not on the site",
			"anchor":       "a link to a part that the page does not have",
			"relative-url": "an address without a host where readers need a whole one: feeds, sitemaps, canonical, Open Graph",
			"base-url":     "a baseURL that is missing or wrong, or an address of the author's machine in the site",
			"redirect":     "a redirection that leads nowhere, in a circle, over a detour, or hides a page",
			"upper-case":   "a page with upper-case letters in its path, which some hosts turn into lower case",
		},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			l := linkChecks{}
			if err := s.Decode(&l); err != nil {
				return pipeline.Hooks{}, err
			}
			for _, p := range l.Ignore {
				if _, err := path.Match(p, ""); err != nil || !strings.HasPrefix(p, "/") {
					return pipeline.Hooks{}, &pipeline.ConfigError{Key: "ignore", Err: fmt.Errorf("ignore: %q is no pattern of a path, such as /api/*", p)}
				}
			}
			return pipeline.Hooks{Collect: collectBase, Check: l.check}, nil
		},
	})
}

// linkChecks is the plugin's configuration.
type linkChecks struct {
	// Ignore are paths that something else than the site answers: /api/*.
	Ignore []string `json:"ignore"`
}

// ignores reports whether a path is one that the owner knows of. A star at the
// end takes in what lies below.
func (l linkChecks) ignores(p string) bool {
	return slices.ContainsFunc(l.Ignore, func(pattern string) bool {
		if dir, ok := strings.CutSuffix(pattern, "*"); ok && !strings.ContainsAny(dir, "*?[") && strings.HasPrefix(p, dir) {
			return true
		}
		ok, err := path.Match(pattern, p)
		return ok && err == nil
	})
}

// linkSite makes what answers for the finished site.
func linkSite(s *pipeline.Site) (*linkcheck.Site, error) {
	var bases []linkcheck.Base
	for _, l := range s.Languages {
		if b := linkcheck.NewBase(l.BaseURL, l.Dir); !slices.Contains(bases, b) {
			bases = append(bases, b)
		}
	}
	if len(bases) == 0 {
		bases = append(bases, linkcheck.NewBase(s.BaseURL, ""))
	}
	var names []string
	refresh := make(map[string]string)
	for _, f := range s.Files() {
		names = append(names, f.Path)
		if f.Facts != nil && f.Facts.Refresh != "" {
			refresh[f.Path] = f.Facts.Refresh
		}
	}
	var redirects []headers.Redirect
	if s.File(headers.RedirectsFile) != nil {
		data, err := s.Read(headers.RedirectsFile)
		if err != nil {
			return nil, err
		}
		redirects, _ = headers.ParseRedirects(data)
	}
	redirects = append(redirects, netlifyRedirects(s.Source)...)
	return linkcheck.New(bases, names, redirects, refresh), nil
}

// netlifyRedirects are those of a netlify.toml, which the host reads after
// _redirects.
func netlifyRedirects(source string) []headers.Redirect {
	data, err := os.ReadFile(filepath.Join(source, netlifyFile))
	if err != nil {
		return nil
	}
	var conf struct {
		Redirects []struct {
			From, To   string
			Status     int
			Force      bool
			Query      map[string]any
			Conditions map[string]any
		}
	}
	if toml.Unmarshal(data, &conf) != nil {
		return nil // the host will say so
	}
	at := netlifyPlaces(data)
	if len(at) != len(conf.Redirects) {
		at = make([]pipeline.Place, len(conf.Redirects)) // they are written in one list
	}
	words := func(m map[string]any) map[string]string {
		list := make(map[string]string, len(m))
		for k, v := range m {
			list[k] = fmt.Sprint(v)
		}
		return list
	}
	var list []headers.Redirect
	for i, r := range conf.Redirects {
		if strings.HasPrefix(r.From, "/") && r.To != "" {
			list = append(list, headers.Redirect{
				From: r.From, To: r.To, Status: cmp.Or(r.Status, 301), Force: r.Force, Query: words(r.Query), Conditions: words(r.Conditions),
				Line: at[i].Line, Column: at[i].Column,
			})
		}
	}
	return list
}

const netlifyFile = "netlify.toml"

var (
	netlifyTable = regexp.MustCompile(`^\s*\[\[\s*redirects\s*\]\]`)
	netlifyFrom  = regexp.MustCompile(`^\s*from\s*=`)
)

// netlifyPlaces are the places of the redirections of a netlify.toml: where each
// says from where it leads.
func netlifyPlaces(data []byte) []pipeline.Place {
	var at []pipeline.Place
	in := false
	for n, line := range strings.Split(string(data), "\n") {
		place := pipeline.Place{Line: n + 1, Column: headers.Indent(line)}
		switch {
		case netlifyTable.MatchString(line):
			at, in = append(at, place), true
		case strings.HasPrefix(strings.TrimSpace(line), "["):
			in = false
		case in && netlifyFrom.MatchString(line):
			at[len(at)-1] = place
		}
	}
	return at
}

// A linkRun is one check of one site.
type linkRun struct {
	linkChecks
	*pipeline.Site
	links    *linkcheck.Site
	faults   []linkFault
	relative bool // the site wants relative addresses
	noBase   bool // without a baseURL nothing is whole
	local    bool // the site itself is at a loopback address
	known    map[string]linkcheck.Target
	ids      map[*pipeline.File]map[string]bool
	facts    map[string]*pipeline.Facts // of pages that passed no File hook
}

func (l linkChecks) check(ctx context.Context, s *pipeline.Site) error {
	links, err := linkSite(s)
	if err != nil {
		return err
	}
	r := &linkRun{
		linkChecks: l, Site: s, links: links, known: make(map[string]linkcheck.Target),
		ids: make(map[*pipeline.File]map[string]bool), facts: make(map[string]*pipeline.Facts),
	}
	r.relative, _ = section[bool](s, "relativeURLs")
	r.checkBase()
	for _, f := range s.Files() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := r.file(f); err != nil {
			return err
		}
	}
	r.report()
	r.checkRedirects()
	r.checkHeaders()
	r.checkCase()
	return nil
}

func section[T any](s *pipeline.Site, name string) (T, bool) {
	var zero T
	if s.Section == nil {
		return zero, false
	}
	v, ok := s.Section(name).(T)
	return v, ok
}

// mostRead bounds the size of a file that is looked into; a page of it is no
// page that anyone reads.
const mostRead = 50 << 20

// file takes the addresses of one file.
func (r *linkRun) file(f *pipeline.File) error {
	if f.MediaType == "text/html" {
		facts, err := r.factsOf(f)
		if err != nil || facts == nil {
			return err
		}
		for _, link := range facts.Links {
			r.page(f, facts, link)
		}
		return nil
	}
	if f.Size > mostRead {
		return nil
	}
	var read func([]byte) []linkcheck.Ref
	reader := "" // which one it is
	base := path.Base(f.Path)
	switch ext := strings.ToLower(path.Ext(f.Path)); {
	case ext == ".xml", ext == ".rss", ext == ".atom":
		reader, read = "XML", linkcheck.XML
	case ext == ".webmanifest", base == "manifest.json":
		reader, read = "manifest", func(data []byte) []linkcheck.Ref { return linkcheck.JSON(data, true) }
	case ext == ".json":
		reader, read = "JSON", func(data []byte) []linkcheck.Ref {
			if !bytes.Contains(data[:min(len(data), 400)], []byte("jsonfeed.org")) {
				return nil
			}
			return linkcheck.JSON(data, false)
		}
	case f.Path == "robots.txt", strings.HasSuffix(f.Path, "/robots.txt"):
		reader, read = "robots", linkcheck.Robots
	case (ext == ".md" || base == "llms.txt" || base == "llms-full.txt") && (f.Kind == pipeline.Rendered || f.Kind == pipeline.Generated):
		reader, read = "Markdown", linkcheck.Markdown
	case f.MediaType == "text/css":
		reader, read = "CSS", func(data []byte) (refs []linkcheck.Ref) {
			csp.Addresses(data, func(_, address string) {
				refs = append(refs, linkcheck.Ref{What: "url()", Address: address, Image: true})
			})
			return refs
		}
	default:
		return nil
	}
	refs, err := pipeline.Kept(r.Site, pipeline.LinkKind, "refs "+reader, f, func() ([]linkcheck.Ref, error) {
		data, err := r.Read(f.Path)
		if err != nil {
			return nil, err
		}
		return read(data), nil
	})
	if err != nil {
		return err
	}
	for _, ref := range refs {
		r.ref(f, ref)
	}
	return nil
}

// factsOf are those of a page; one of static/ is parsed when it is asked for.
func (r *linkRun) factsOf(f *pipeline.File) (*pipeline.Facts, error) {
	if f.Facts != nil || f.MediaType != "text/html" || f.Size > mostRead {
		return f.Facts, nil
	}
	if facts, ok := r.facts[f.Path]; ok {
		return facts, nil
	}
	data, err := r.Read(f.Path)
	if err != nil {
		return nil, err
	}
	facts, _ := page.Read(data)
	r.facts[f.Path] = facts
	return facts, nil
}

// resolve finds where an address leads. Most stand in many pages, and those that
// begin with a slash or a scheme lead to one place from all of them.
func (r *linkRun) resolve(from, base, address string) linkcheck.Target {
	key := ""
	if base == "" && len(address) > 1 && (address[0] == '/' || strings.Contains(address, "://")) {
		key = address
		for _, l := range r.Languages {
			if l.Dir != "" && strings.HasPrefix(from, l.Dir) {
				key = l.Dir + "\x00" + address
			}
		}
		if t, ok := r.known[key]; ok {
			return t
		}
	}
	t := r.links.Resolve(from, base, address)
	if key != "" {
		r.known[key] = t
	}
	return t
}

// page takes an address of a page.
func (r *linkRun) page(f *pipeline.File, facts *pipeline.Facts, link pipeline.Link) {
	whole := false
	switch {
	case link.URL == "":
		return // the page itself, or nothing
	case link.Element == "meta" && link.Attribute != "refresh":
		whole = true
	case link.Rel == "canonical":
		whole = !r.relative
	case path.Base(f.Path) == "404.html" && !absoluteAddress(link.URL) && !strings.HasPrefix(link.URL, "#"):
		return // it is shown at any path
	}
	t := r.resolve(f.Path, facts.Base, link.URL)
	if whole && !r.noBase && isRelativeAddress(link.URL) {
		r.fault(linkFault{file: f, link: link, target: t, rule: "relative-url", severity: pipeline.Warning})
		return
	}
	r.judge(f, link, t, false)
}

// ref takes an address of a file that is no page.
func (r *linkRun) ref(f *pipeline.File, ref linkcheck.Ref) {
	link := pipeline.Link{Element: ref.What, URL: ref.Address}
	if ref.Image {
		link.Attribute = "src"
	}
	relative := isRelativeAddress(ref.Address) && !r.noBase
	if relative && ref.Whole {
		r.fault(linkFault{file: f, link: link, rule: "relative-url", severity: pipeline.Error})
		return
	}
	if ref.Text && strings.HasPrefix(ref.Address, "#") {
		return // a part of the item
	}
	if r.where(f, ref, link) && relative && ref.Text && strings.HasPrefix(ref.What, "<") && !r.Compat && !r.relative {
		r.fault(linkFault{file: f, link: link, rule: "relative-url", severity: pipeline.Warning, text: true})
	}
}

// where follows an address of a file that is no page. It reports false if that
// is a fault.
func (r *linkRun) where(f *pipeline.File, ref linkcheck.Ref, link pipeline.Link) bool {
	if ref.Text && (ref.Base == "" && !absoluteAddress(ref.Address) || r.relative && !strings.Contains(ref.Address, "://")) {
		return true // nobody knows what it begins with, or Hugo made it relative to another page
	}
	from := f.Path
	address := ref.Address
	if ref.Base != "" && !absoluteAddress(address) {
		b, err := url.Parse(ref.Base)
		if err != nil {
			return true
		}
		u, err := b.Parse(address)
		if err != nil {
			return true
		}
		address = u.String()
	}
	before := len(r.faults)
	r.judge(f, link, r.resolve(from, "", address), ref.Text)
	return len(r.faults) == before
}

func isRelativeAddress(s string) bool {
	s = strings.TrimSpace(s)
	name, _, _ := strings.Cut(s, "/")
	return (csp.Source(s) == csp.Self || strings.HasPrefix(s, "#")) && !strings.Contains(name, ":")
}

func absoluteAddress(s string) bool { return strings.HasPrefix(s, "/") || strings.Contains(s, "://") }

// judge decides whether where an address leads is a fault.
func (r *linkRun) judge(f *pipeline.File, link pipeline.Link, t linkcheck.Target, text bool) {
	fault := linkFault{file: f, link: link, target: t, rule: "link", severity: severityOf(f, link), text: text}
	switch t.Kind {
	case linkcheck.Malformed:
		r.fault(fault)
	case linkcheck.Missing, linkcheck.OtherCase:
		if !r.ignores("/"+t.Path) && !r.linkOnly(t.Path) && !r.noFile(t.Path) {
			r.fault(fault)
		}
	case linkcheck.OutsideBase:
		if below := r.links.Below(f.Path, t.Path); below != "" && !r.ignores(t.Path) {
			fault.severity, fault.below = pipeline.Warning, below
			r.fault(fault)
		}
	case linkcheck.Elsewhere:
		if foreign(t.URL, link, r.local, r.Environment == "production") {
			fault.rule = "base-url"
			r.fault(fault)
		}
	case linkcheck.Here:
		if t.Fragment != "" && !r.hasPart(f, t) {
			fault.rule = "anchor"
			r.fault(fault)
		}
	}
}

// noFile reports whether the page at an address has no template, or one that
// printed nothing: that was told, and each link to it has the same cause.
func (r *linkRun) noFile(missing string) bool {
	no := r.Collection.NoFile
	name := strings.TrimSuffix(missing, "/")
	return no != nil && (no(name) || no(path.Join(name, "index.html")) || no(name+".html"))
}

// linkOnly reports whether the page at an address is to have no file.
func (r *linkRun) linkOnly(missing string) bool {
	only := r.Collection.LinkOnly
	return only != nil && only(missing)
}

// severityOf says what a missing target does to readers. What others wrote, or
// only machines and some browsers ask for, is doubtful.
func severityOf(f *pipeline.File, link pipeline.Link) pipeline.Severity {
	if (f.Kind == pipeline.Static || f.Kind == pipeline.Bundled) && f.MediaType == "text/html" {
		return pipeline.Warning
	}
	// A Markdown twin names a picture as its author did, and one of assets/ is
	// published under other names alone.
	if f.MediaType == "text/markdown" {
		return pipeline.Warning
	}
	switch link.Attribute {
	case "cite", "action", "formaction", "ld+json":
		return pipeline.Warning
	}
	if link.Element == "link" && link.Attribute == "href" {
		for word := range strings.FieldsSeq(link.Rel) {
			switch word {
			case "stylesheet", "canonical", "alternate", "next", "prev", "modulepreload":
				return pipeline.Error
			}
		}
		return pipeline.Warning
	}
	return pipeline.Error
}

// hasPart reports whether the page that a target is has the part that it names.
func (r *linkRun) hasPart(from *pipeline.File, t linkcheck.Target) bool {
	fragment, _, _ := strings.Cut(t.Fragment, ":~:")
	switch {
	case fragment == "", strings.EqualFold(fragment, "top"):
		return true
	case strings.IndexByte("!/?", fragment[0]) >= 0:
		return true // for a script
	case fragment == "ZgotmplZ":
		return true // what is wrong is another thing
	}
	page := r.File(t.File)
	if page == nil {
		return true
	}
	facts, err := r.factsOf(page)
	if err != nil || facts == nil || facts.Refresh != "" {
		return true
	}
	ids := r.ids[page]
	if ids == nil {
		ids = make(map[string]bool, len(facts.IDs))
		for _, id := range facts.IDs {
			ids[id] = true
		}
		if page == from { // others are rarely asked for again
			clear(r.ids)
		}
		r.ids[page] = ids
	}
	if ids[fragment] {
		return true
	}
	plain, err := url.PathUnescape(fragment)
	if err == nil && (ids[plain] || strings.EqualFold(plain, "top")) {
		return true
	}
	// A note that a list shows the reference of, and not the note.
	return page == from && (page.Content == nil || strings.HasPrefix(page.Content.Base(), "_index.")) && strings.HasPrefix(fragment, "fn")
}
