package plugins

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"duskpress/tools/linkcheck"
	"duskpress/tools/origin"
	"duskpress/tools/pipeline"
)

// A linkFault is one address in one file that is wrong.
type linkFault struct {
	file     *pipeline.File
	link     pipeline.Link
	target   linkcheck.Target
	rule     string
	severity pipeline.Severity
	text     bool   // in the text of an item, which is that of a page
	below    string // where the address would lead with the site's path
}

// what tells faults of one cause apart, wherever they are seen.
func (f linkFault) what() string {
	if f.target.Kind == linkcheck.Here && f.target.File != "" {
		return f.rule + "\x00" + f.target.File + "#" + f.target.Fragment
	}
	if f.target.Kind == linkcheck.Elsewhere || f.target.Path == "" {
		return f.rule + "\x00" + f.link.URL
	}
	return f.rule + "\x00" + f.target.Path + "#" + f.target.Fragment
}

// list reports whether the file shows texts of other pages.
func (f linkFault) list() bool {
	c := f.file.Content
	return f.text || f.file.MediaType == "text/html" && (c == nil || strings.HasPrefix(c.Base(), "_index."))
}

func (r *linkRun) fault(f linkFault) { r.faults = append(r.faults, f) }

// report finds for each fault its place in the sources. What an author wrote
// into content is one problem at each place there, through whatever it was seen;
// what a template wrote is one problem, with one of the files that show it.
func (r *linkRun) report() {
	if len(r.faults) == 0 {
		return
	}
	p := linkPlaces{
		linkRun: r, finder: origin.New(r.Site), taken: make(map[string]bool), placed: make(map[string]bool),
	}
	for _, pr := range r.Problems.Sorted() {
		if pr.Line > 0 && (pr.Rule == "content-link" || pr.Rule == "ref" || pr.Rule == "image" || pr.Rule == "raw-html") {
			p.taken[fmt.Sprintf("%s:%d:%d", pr.File, pr.Line, pr.Column)] = true
		}
	}
	var rest []linkFault
	for _, f := range r.faults {
		if !p.inOwn(f) {
			rest = append(rest, f)
		}
	}
	p.groups(rest)
}

type linkPlaces struct {
	*linkRun
	finder *origin.Finder
	taken  map[string]bool // places of problems that were told
	placed map[string]bool // what was found in content
}

// inOwn reports a fault at its place in the content file that its page was made
// of, if it is there.
func (p *linkPlaces) inOwn(f linkFault) bool {
	var at []origin.Place
	switch {
	case f.file.Content != nil && f.file.MediaType == "text/html" && f.rule != "relative-url":
		at = p.finder.Content(f.file.Content, isImage(f.link), p.spellings(f), endings(f))
	case f.file.Kind == pipeline.Static && f.file.Origin != "":
		at = p.finder.File(f.file.Origin, f.link.URL)
		at = at[:min(len(at), 1)]
	}
	if len(at) == 0 {
		return false
	}
	p.placed[f.what()] = true
	for _, a := range at {
		p.at(a, f)
	}
	return true
}

var toContent = regexp.MustCompile(`^[^\s)>"'{}]*\.(?:md|markdown|mdown|org|adoc|rst)(?:[#?][^\s)>"'{}]*)?[\s)>"']`)

// inShortcode reports whether a place is in a call of a shortcode, such as relref.
func (p *linkPlaces) inShortcode(a origin.Place) bool {
	begin := a
	begin.Column = 1
	line := []rune(p.finder.Line(begin))
	before := string(line[:min(max(a.Column-1, 0), len(line))])
	return strings.LastIndex(before, "{{") > strings.LastIndex(before, "}}")
}

func (p *linkPlaces) at(a origin.Place, f linkFault) {
	key := fmt.Sprintf("%s:%d:%d", a.File, a.Line, a.Column)
	if p.taken[key] {
		return
	}
	p.taken[key] = true
	if !p.Compat && toContent.MatchString(p.finder.Line(a)+" ") && !p.inShortcode(a) {
		return // a link to a content file is for the plugin links to judge, or for its author to allow
	}
	message, hint := p.message(f)
	p.Problems.Add(pipeline.Problem{File: a.File, Line: a.Line, Column: a.Column, Severity: f.severity, Rule: f.rule, Message: message, Hint: hint})
}

// spellings are the ways in which an author may have written an address that
// the page has: below the site's path or not, with its host or without.
func (p *linkPlaces) spellings(f linkFault) []string {
	list := []string{f.link.URL}
	add := func(s string) {
		if len(s) > 1 && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	u, err := url.Parse(f.link.URL)
	if err != nil || f.target.Path == "" || f.target.Kind == linkcheck.Elsewhere {
		return list
	}
	suffix := ""
	if u.RawQuery != "" {
		suffix = "?" + u.RawQuery
	}
	if f.target.Fragment != "" {
		suffix += "#" + f.target.Fragment
	}
	below := "/" + f.target.Path
	for _, s := range []string{p.links.PathOf(f.target.Path) + suffix, below + suffix, strings.TrimPrefix(below, "/") + suffix} {
		add(s)
		if suffix == "" {
			add(strings.TrimSuffix(s, "/"))
		}
	}
	if b, err := url.Parse(p.BaseURL); err == nil && b.Host != "" {
		add(b.Scheme + "://" + b.Host + p.links.PathOf(f.target.Path) + suffix)
	}
	return list
}

// endings are with what an address may end in the content file that a template,
// or Hugo, has made whole.
func endings(f linkFault) []string {
	last := path.Base(strings.TrimSuffix(f.target.Path, "/index.html"))
	var list []string
	if f.target.Fragment != "" {
		if len(last) > 1 {
			list = append(list, last+"#"+f.target.Fragment, last+"/#"+f.target.Fragment, last+".md#"+f.target.Fragment, last+"/index.md#"+f.target.Fragment)
		}
		return append(list, "#"+f.target.Fragment)
	}
	if len(last) > 3 && f.target.Path != "" && f.target.Kind != linkcheck.Elsewhere {
		list = append(list, last, last+"/")
	}
	return list
}

func isImage(l pipeline.Link) bool {
	return l.Element == "img" || l.Attribute == "src" || l.Attribute == "srcset"
}

// A linkGroup is one address that templates wrote, or texts of other pages.
type linkGroup struct {
	first linkFault
	files []string
	pages int // that are no lists and have content files of their own
	more  int // other addresses like it
}

// groups reports what is in no content file of its page.
func (p *linkPlaces) groups(rest []linkFault) {
	byKey := make(map[string]*linkGroup)
	var order []*linkGroup
	for _, f := range rest {
		address := f.link.URL
		if f.rule == "relative-url" {
			address = f.link.Rel // whatever the address is, the template has to make it whole
			if f.text {
				f.link.Element, f.link.Attribute = "a link in a text", ""
			}
		}
		key := strings.Join([]string{f.rule, f.link.Element, f.link.Attribute, address, fmt.Sprint(f.text)}, "\x00")
		g := byKey[key]
		if g == nil {
			g = &linkGroup{first: f}
			byKey[key] = g
			order = append(order, g)
		}
		if n := len(g.files); n == 0 || g.files[n-1] != f.file.Path {
			g.files = append(g.files, f.file.Path)
		}
		if !f.list() && f.file.Content != nil {
			g.pages++
		}
	}
	var unplaced []*linkGroup
	for _, g := range order {
		if g.first.rule == "anchor" {
			g.first.severity = pipeline.Warning // a script may make the part
		}
		f := g.first
		if g.pages == 0 && p.placed[f.what()] {
			continue // seen in a list or a feed, and told where it was written
		}
		if !p.group(g) {
			unplaced = append(unplaced, g)
		}
	}
	p.unplaced(unplaced)
}

// group reports at the place where a template, or the content of another page,
// has the address.
func (p *linkPlaces) group(g *linkGroup) bool {
	f := g.first
	fromText := f.list() && !strings.HasPrefix(f.link.URL, "/") && f.link.Rel == "" && f.link.Element != "meta"
	look := []func() bool{func() bool { return p.inSource(g) }, func() bool { return p.inContents(g) }}
	if fromText || f.text {
		slices.Reverse(look)
	}
	return slices.ContainsFunc(look, func(l func() bool) bool { return l() })
}

func (p *linkPlaces) inSource(g *linkGroup) bool {
	l := g.first.link
	spellings, only := p.spellings(g.first), ""
	switch {
	case l.URL == "#":
		return false
	case g.first.rule == "relative-url" && g.first.text:
		return false
	case g.first.rule == "relative-url":
		// The address is made, but what it is for is written.
		only = path.Ext(g.first.file.Path)
		spellings = []string{strings.TrimSuffix(l.Element, ">")}
		if l.Rel != "" {
			spellings = []string{`rel="` + l.Rel + `"`, "rel=" + l.Rel, "rel='" + l.Rel + "'"}
		} else if l.Element == "meta" {
			spellings = []string{`"` + l.Attribute + `"`, "'" + l.Attribute + "'", "=" + l.Attribute}
		} else if !strings.HasPrefix(l.Element, "<") {
			if only != ".txt" {
				return false
			}
			spellings = []string{l.URL}
		}
	}
	if only == "" {
		// A word alone may be anything: the name of a section, say.
		spellings = slices.DeleteFunc(spellings, func(s string) bool { return !strings.ContainsAny(s, "/.#:?") })
	}
	if g.first.rule == "relative-url" {
		return p.relativeIn(p.finder.Sources(only, spellings...), g)
	}
	a, ok := p.finder.Source(only, spellings...)
	if ok {
		p.groupAt(a, g)
	}
	return ok
}

var (
	makesRelative = regexp.MustCompile(`(?i)relpermalink|relurl|rellangurl|relref`)
	makesWhole    = regexp.MustCompile(`(?i)permalink|absurl|abslangurl`)
)

// relativeIn reports a group at the place that is most likely to write an
// address without a host, of those that write one for this purpose.
func (p *linkPlaces) relativeIn(list []origin.Place, g *linkGroup) bool {
	var best origin.Place
	most := -1
	for _, at := range list {
		rest := p.finder.Line(at)
		if i := strings.Index(rest, "</"); i >= 0 {
			rest = rest[:i]
		}
		if l := g.first.link; l.Rel != "" || l.Element == "meta" {
			rest, _, _ = strings.Cut(rest, ">")
		}
		likely := 1
		switch {
		case len(g.first.link.URL) > 1 && strings.Contains(rest, g.first.link.URL):
			likely = 3
		case makesRelative.MatchString(rest):
			likely = 2
		case makesWhole.MatchString(rest):
			likely = 0
		}
		if likely > most {
			best, most = at, likely
		}
	}
	if most >= 0 {
		p.groupAt(best, g)
	}
	return most >= 0
}

func (p *linkPlaces) inContents(g *linkGroup) bool {
	f := g.first
	if !f.list() || f.rule == "relative-url" && f.text {
		return false // it is the feed's template that has to make it whole
	}
	for _, s := range p.spellings(f) {
		if at := p.finder.Contents(s); len(at) > 0 {
			p.placed[f.what()] = true
			p.groupAt(at[0], g)
			return true
		}
	}
	return false
}

// groupAt reports a group at a place; the message has a file that shows it.
func (p *linkPlaces) groupAt(a origin.Place, g *linkGroup) {
	key := fmt.Sprintf("%s:%d:%d", a.File, a.Line, a.Column)
	if p.taken[key] {
		return
	}
	p.taken[key] = true
	message, hint := p.message(g.first)
	p.Problems.Add(pipeline.Problem{
		File: a.File, Line: a.Line, Column: a.Column, Severity: g.first.severity, Rule: g.first.rule, Message: g.where() + ": " + message, Hint: hint,
	})
}

func (g *linkGroup) where() string {
	return pipeline.AndOthers(g.files[0], len(g.files)-1, "file")
}

// fewLike is how many addresses of one kind are told one by one: a template can
// make a wrong one for each page.
const fewLike = 2

func (p *linkPlaces) unplaced(list []*linkGroup) {
	kind := func(g *linkGroup) string {
		f := g.first
		return strings.Join([]string{f.rule, f.link.Element, f.link.Attribute, f.link.Rel, fmt.Sprint(f.severity, f.target.Kind, f.text)}, "\x00")
	}
	count := make(map[string]int)
	firsts := make(map[string]*linkGroup)
	for _, g := range list {
		count[kind(g)]++
		if firsts[kind(g)] == nil {
			firsts[kind(g)] = g
		}
	}
	for _, g := range list {
		k := kind(g)
		if count[k] > fewLike {
			if firsts[k] != g {
				continue
			}
			g.more = count[k] - 1
		}
		message, hint := p.message(g.first)
		pr := pipeline.Problem{Severity: g.first.severity, Rule: g.first.rule, Message: g.where() + ": " + message, Hint: hint}
		if g.more == 1 {
			pr.Message += ", and so is another address"
		} else if g.more > 1 {
			pr.Message += fmt.Sprintf(", and so are %d other addresses", g.more)
		}
		switch f := g.first.file; {
		case len(g.files) > 1 || g.more > 0:
		case f.Content != nil && f.MediaType == "text/html":
			pr.File = f.Content.Path // a feed is its template's
		case f.Kind == pipeline.Static:
			pr.File = f.Origin
		}
		p.Problems.Add(pr)
	}
}

// message says what is wrong, and what was probably meant.
func (p *linkPlaces) message(f linkFault) (message, hint string) {
	l, t := f.link, f.target
	element := l.Element
	if !strings.HasPrefix(element, "<") && f.file.MediaType == "text/html" {
		element = "<" + l.Element + " " + l.Attribute + ">"
		if l.Rel != "" {
			element = "<link rel=" + l.Rel + ">"
		}
	}
	written := pipeline.Quote(l.URL, 80)
	switch f.rule {
	case "relative-url":
		return fmt.Sprintf("%s with %s has no host", element, written), "make it whole in the template: .Permalink, or absURL"
	case "base-url":
		return fmt.Sprintf("%s with %s leads to the machine that it was written on, or to an example", element, written), "leave out the host: the site has one"
	case "anchor":
		return p.anchorMessage(f, written)
	}
	switch t.Kind {
	case linkcheck.Malformed:
		return fmt.Sprintf("%s is no address: %s", written, t.Why), ""
	case linkcheck.OtherCase:
		return fmt.Sprintf("%s is there in other letters only: %s", written, p.links.PathOf(t.File)), "web hosts tell upper case from lower case; write " + p.links.PathOf(t.File)
	case linkcheck.OutsideBase:
		return fmt.Sprintf("%s is outside of the site, which begins at %s", written, strings.TrimSuffix(f.below, strings.TrimPrefix(t.Path, "/"))), "did you mean " + f.below + "?"
	}
	message = written + " leads to no page or file of the site"
	if !strings.HasPrefix(l.URL, "/") && !strings.Contains(l.URL, "://") {
		message += fmt.Sprintf(", where it means %s", p.links.PathOf(t.Path))
	}
	first, _, _ := strings.Cut(l.URL, "/")
	switch {
	case strings.HasPrefix(l.URL, "www.") || strings.Count(first, ".") > 0 && dotted.MatchString(first):
		return message, "for an address of another host write https://" + l.URL
	case strings.HasPrefix(l.URL, "http//"), strings.HasPrefix(l.URL, "https//"):
		return message, "there is a colon missing: " + strings.Replace(l.URL, "//", "://", 1)
	}
	if left := p.leftOut(t.Path); left != "" {
		return message, left
	}
	if near := p.links.Nearest(t.Path); near != "" {
		return message, fmt.Sprintf("did you mean %s?", near)
	}
	return message, ""
}

// dotted matches what is a host, and no file by its name.
var dotted = regexp.MustCompile(`(?i)^[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|org|net|io|dev|edu|gov|info|de|fr|uk|eu|ch|il|us|jp)$`)

func (p *linkPlaces) anchorMessage(f linkFault, written string) (message, hint string) {
	page := p.File(f.target.File)
	facts, err := p.factsOf(page)
	if err != nil || facts == nil {
		return written + " leads to a part that is not there", ""
	}
	message = fmt.Sprintf("%s leads to a part that %s does not have", written, p.links.PathOf(f.target.File))
	if page == f.file {
		message = fmt.Sprintf("%s leads to a part that the page does not have", written)
	}
	plain, err := url.PathUnescape(f.target.Fragment)
	if err != nil {
		plain = f.target.Fragment
	}
	return message, partHint(plain, facts.IDs)
}

// leftOut says so if a content file of that name is not published.
func (p *linkPlaces) leftOut(missing string) string {
	want := path.Base("/" + missing)
	for _, c := range p.Collection.Contents {
		if c.LeftOut == "" {
			continue
		}
		name := strings.TrimSuffix(c.Base(), path.Ext(c.Base()))
		if name == "index" || name == "_index" {
			name = path.Base(path.Dir(c.Logical))
		}
		if strings.EqualFold(name, want) {
			return fmt.Sprintf("%s is not published: %s", c.Path, c.LeftOut)
		}
	}
	for _, h := range p.Collection.HeldPages {
		if strings.EqualFold(path.Base(h.Path), want) {
			return fmt.Sprintf("%s, which %s makes, is not published: %s", h.Path, h.Adapter.Path, h.Reason)
		}
	}
	return ""
}

// checkCase reports pages whose paths have upper-case letters, which the site
// did not ask for.
func (r *linkRun) checkCase() {
	if keep, _ := section[bool](r.Site, "disablePathToLower"); keep || r.Compat {
		return
	}
	var pages []*pipeline.File
	for _, f := range r.Files() {
		if f.Kind == pipeline.Rendered && f.MediaType == "text/html" && strings.ToLower(f.Path) != f.Path && (f.Facts == nil || f.Facts.Refresh == "") {
			pages = append(pages, f)
		}
	}
	slices.SortStableFunc(pages, func(a, b *pipeline.File) int { return cmp.Compare(a.Path, b.Path) })
	const hint = "some hosts, Netlify among them, send readers on to the path in lower case; give the page a url or slug in lower case"
	for i, f := range pages {
		p := pipeline.Problem{Severity: pipeline.Warning, Rule: "upper-case", Message: fmt.Sprintf("the path %s has upper-case letters", r.links.PathOf(f.Path)), Hint: hint}
		if f.Content != nil {
			p.File = f.Content.Path
			for _, key := range []string{"url", "slug"} {
				if at, ok := f.Content.Keys[key]; ok {
					p.Line, p.Column = at.Line, at.Column
					break
				}
			}
		} else if i > 0 && pages[i-1].Content == nil {
			continue // generated pages: one is enough
		}
		r.Problems.Add(p)
	}
}
