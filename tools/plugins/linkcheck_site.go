package plugins

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"duskpress/tools/headers"
	"duskpress/tools/linkcheck"
	"duskpress/tools/pipeline"
)

// checkBase looks at the address of the site. A run that names one knows what
// it does, and other environments are not published.
func (r *linkRun) checkBase() {
	r.noBase = true
	for _, l := range r.Languages {
		if u, err := url.Parse(l.BaseURL); err == nil && u.Host != "" {
			r.noBase, r.local = false, r.local || loopback(u.Hostname())
		}
	}
	baseProblems(r.Settings, r.Problems, func(base string) (message, hint string) {
		switch u, err := url.Parse(base); {
		case strings.Trim(base, "/") == "":
			return "the site has no baseURL: feeds, the sitemap and previews need one", baseHint
		case err == nil && loopback(u.Hostname()):
			return fmt.Sprintf("the baseURL %q is this machine: readers cannot go there", base), "set it to where the site will be; `serve` uses an address of its own"
		}
		return "", ""
	})
}

const baseHint = `set baseURL = "https://…/" to where the site will be, or give it with --baseURL`

// collectBase reports a baseURL of which no address can be made. It comes before
// rendering, since each address of each page would be a fault of its own.
func collectBase(_ context.Context, c *pipeline.Collection) error {
	baseProblems(c.Settings, c.Problems, func(base string) (message, hint string) {
		u, err := url.Parse(base)
		switch {
		case strings.Trim(base, "/") == "":
			return "", ""
		case err != nil || u.Host == "":
			return fmt.Sprintf("the baseURL %q is no address with a host: feeds, the sitemap and previews need one", base), baseHint
		case u.Scheme != "http" && u.Scheme != "https":
			return fmt.Sprintf("the baseURL %q does not begin with https://", base), baseHint
		case u.User != nil:
			return fmt.Sprintf("the baseURL %q has a user in it, whom every page would name", u.Redacted()), "leave out what stands before the @"
		case u.RawQuery != "" || u.ForceQuery || strings.Contains(base, "#"):
			return fmt.Sprintf("the baseURL %q has more than a path: addresses are made by adding to its end", base), "leave out what follows the path"
		case strings.Contains(u.Path, "//"):
			return fmt.Sprintf("the baseURL %q has an empty element in its path", base), "write one / only"
		}
		return "", ""
	})
	return nil
}

// baseProblems judges the address of each language, at its place.
func baseProblems(s pipeline.Settings, problems *pipeline.Problems, judge func(base string) (message, hint string)) {
	if s.Environment != "production" || s.BaseURLGiven {
		return
	}
	seen := make(map[string]bool)
	for _, l := range s.Languages {
		if seen[l.BaseURL] {
			continue
		}
		seen[l.BaseURL] = true
		p := pipeline.Problem{Severity: pipeline.Error, Rule: "base-url", File: s.ConfigFile}
		if p.Message, p.Hint = judge(l.BaseURL); p.Message == "" {
			continue
		}
		if s.Locate != nil {
			for _, key := range []string{"languages." + l.Code + ".baseurl", "baseurl"} {
				// A key that is not there is located at a table around it.
				if file, line, column := s.Locate(key); file != "" && (l.Dir != "" || key == "baseurl") {
					p.File, p.Line, p.Column = file, line, column
					break
				}
			}
		}
		problems.Add(p)
	}
}

func loopback(host string) bool {
	host = strings.ToLower(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.IsLoopback() || ip.IsUnspecified())
}

// examples are hosts that nobody has, and that stand in templates to be changed.
var examples = []string{"example.org", "example.com", "example.net", "www.example.org", "www.example.com", "www.example.net"}

// foreign reports whether an address of another host was left over from where
// the site was written. A link that a reader is told about may lead to the
// reader's own machine, unless it is to Hugo's server.
func foreign(address string, link pipeline.Link, local, production bool) bool {
	u, err := url.Parse(address)
	if err != nil || local || !production {
		return false
	}
	led := link.Element == "a" || link.Element == "area" || strings.HasPrefix(link.Element, "<a ") || link.Element == "a link" || link.Attribute == "action"
	if loopback(u.Hostname()) {
		return !led || u.Port() == "1313"
	}
	whole := link.Rel == "canonical" || link.Attribute == "og:url" || slices.Contains([]string{"<loc>", "<guid>", "Sitemap", "home_page_url", "feed_url"}, link.Element)
	return whole && slices.Contains(examples, u.Hostname())
}

// checkRedirects follows the author's redirections, in the order in which a host
// takes them: those of _redirects, then those of netlify.toml.
func (r *linkRun) checkRedirects() {
	first := make(map[string]string)
	circles := make(map[string]bool) // what lies on a circle that was told
	if f := r.File(headers.RedirectsFile); f != nil && f.Kind != pipeline.Generated {
		data, add := r.authors(f)
		list, _ := headers.ParseRedirects(data)
		r.redirects(list, headers.RedirectsFile, first, circles, add)
	}
	r.redirects(netlifyRedirects(r.Source), netlifyFile, first, circles, func(p pipeline.Problem) {
		p.File = netlifyFile
		r.Problems.Add(p)
	})
}

// redirects judges the redirections of one file.
func (r *linkRun) redirects(list []headers.Redirect, file string, first map[string]string, circles map[string]bool, add func(pipeline.Problem)) {
	for _, d := range list {
		fault := func(severity pipeline.Severity, message, hint string) {
			add(pipeline.Problem{Line: d.Line, Column: d.Column, Severity: severity, Rule: "redirect", Message: message, Hint: hint})
		}
		if !strings.HasPrefix(d.From, "/") {
			continue
		}
		always := len(d.Query)+len(d.Conditions) == 0
		from := strings.TrimSuffix(d.From, "/")
		if before, ok := first[from]; ok {
			fault(pipeline.Warning, fmt.Sprintf("%s is for %s too, and comes first", strings.TrimPrefix(before, file+", "), d.From), "remove one of them")
			continue
		}
		if always {
			first[from] = fmt.Sprintf("%s, line %d", file, d.Line)
		}
		if always && r.shadows(d, fault) {
			continue
		}
		r.leads(d, circles, fault)
	}
}

// authors is a file of static/ as its author wrote it, and a way to report what
// is wrong with its lines. Plugins have added to what is published.
func (r *linkRun) authors(f *pipeline.File) (data []byte, add func(pipeline.Problem)) {
	if f.Kind == pipeline.Static {
		if data, err := os.ReadFile(filepath.Join(r.Source, filepath.FromSlash(f.Origin))); err == nil {
			return data, func(p pipeline.Problem) {
				p.File = f.Origin
				r.Problems.Add(p)
			}
		}
	}
	data, err := r.Read(f.Path)
	if err != nil {
		data = nil // the publisher will meet it too
	}
	return data, func(p pipeline.Problem) {
		p.Message, p.Line, p.Column = fmt.Sprintf("%s, line %d: %s", f.Path, p.Line, p.Message), 0, 0
		r.Problems.Add(p)
	}
}

// shadows tells of a redirection that hides pages, or that one hides: such a one
// is never used.
func (r *linkRun) shadows(d headers.Redirect, fault func(pipeline.Severity, string, string)) (unused bool) {
	if linkcheck.Plain(d) {
		t := r.links.Resolve(headers.RedirectsFile, "", r.links.PathOf("")+strings.TrimPrefix(d.From, "/"))
		if t.Kind != linkcheck.Here {
			return false
		}
		page := r.File(t.File)
		if page.Facts != nil && page.Facts.Refresh != "" {
			return false // an alias, of which the plugin redirects tells
		}
		if d.Force {
			fault(pipeline.Error, fmt.Sprintf("nobody can read %s: this redirection comes before it", page.Path), "remove the redirection, or the page")
		} else {
			fault(pipeline.Warning, fmt.Sprintf("this is never used: the site has %s", page.Path), "remove it; to have it come before the file, write the status with a !, such as 301!")
		}
		return !d.Force
	}
	if !d.Force || strings.HasPrefix(d.To, "http") && d.From == "/*" {
		return false // a site that has moved
	}
	hidden := 0
	example := ""
	for _, f := range r.Files() {
		if f.Kind != pipeline.Rendered || f.MediaType != "text/html" || f.Facts != nil && f.Facts.Refresh != "" {
			continue
		}
		if _, ok := d.Match("/"+strings.TrimSuffix(f.Path, "index.html"), nil); ok {
			if hidden++; example == "" {
				example = f.Path
			}
		}
	}
	before := "the page " + example
	if hidden > 1 {
		before = fmt.Sprintf("%d pages, such as %s", hidden, example)
	}
	if hidden > 0 {
		fault(pipeline.Warning, "this redirection comes before "+before, "without the ! it is for paths that are not there")
	}
	return false
}

// leads follows a redirection to its end.
func (r *linkRun) leads(d headers.Redirect, circles map[string]bool, fault func(pipeline.Severity, string, string)) {
	if strings.Contains(d.To, "/:") || strings.HasPrefix(d.To, "/.netlify/") || len(r.Languages) > 0 && r.Languages[0].Dir != "" {
		return // it depends on the request, or on the host
	}
	end := r.links.Follow(headers.RedirectsFile, d.To)
	t := end.Target
	switch {
	case end.Loop || linkcheck.Plain(d) && d.Status/100 == 3 && len(d.Query) == 0 && r.circle(d, end):
		if circles[strings.Trim(d.From, "/")] {
			return
		}
		for _, hop := range append([]string{d.To}, end.Hops...) {
			circles[strings.Trim("/"+strings.TrimPrefix(hop, r.links.PathOf("")), "/")] = true
		}
		fault(pipeline.Error, fmt.Sprintf("%s is led in a circle: %s", d.From, strings.Join(append([]string{d.To}, end.Hops...)[:min(len(end.Hops)+1, 5)], ", ")), "let it lead to a page")
	case r.ignores("/" + t.Path):
	case t.Kind == linkcheck.Missing, t.Kind == linkcheck.OtherCase:
		hint := ""
		if t.Kind == linkcheck.OtherCase {
			hint = "did you mean " + r.links.PathOf(t.File) + "?"
		} else if near := r.links.Nearest(t.Path); near != "" {
			hint = "did you mean " + near + "?"
		}
		fault(pipeline.Error, fmt.Sprintf("this leads to %s, which is not there", r.links.PathOf(t.Path)), hint)
	case t.Kind == linkcheck.Malformed:
		fault(pipeline.Error, fmt.Sprintf("%q is no address: %s", d.To, t.Why), "")
	case t.Kind == linkcheck.Here && t.Fragment != "" && !r.hasPart(nil, t):
		fault(pipeline.Warning, fmt.Sprintf("this leads to %s, which has no part #%s", r.links.PathOf(t.Path), t.Fragment), "give a heading there the id: {#"+t.Fragment+"}")
	case len(end.Hops) > 0 && d.Status/100 == 3 && d.To != "/":
		fault(pipeline.Warning, fmt.Sprintf("%s is a redirection itself, to %s: readers make a detour", d.To, end.Hops[len(end.Hops)-1]), "lead to "+end.Hops[len(end.Hops)-1]+" at once")
	}
}

// circle reports whether a redirection's end is itself.
func (r *linkRun) circle(d headers.Redirect, end linkcheck.End) bool {
	if !d.Force && end.Kind == linkcheck.Here {
		return false
	}
	return end.Kind != linkcheck.Elsewhere && end.Path != "" && strings.Trim("/"+end.Path, "/") == strings.Trim(d.From, "/")
}

// checkHeaders reports the author's rules of _headers that are for no file.
func (r *linkRun) checkHeaders() {
	f := r.File(headers.File)
	if f == nil || f.Kind != pipeline.Static {
		return
	}
	data, add := r.authors(f)
	rules, _ := headers.Parse(data)
	files := r.Files()
	for _, rule := range rules {
		if strings.HasPrefix(rule.Path, "/.") || strings.HasPrefix(rule.Path, "/*") || r.ignores(rule.Path) {
			continue
		}
		used := slices.ContainsFunc(files, func(f *pipeline.File) bool {
			p := "/" + f.Path
			return rule.Match(p) || rule.Match(strings.TrimSuffix(p, "index.html")) || rule.Match(strings.TrimSuffix(p, ".html"))
		})
		if !used {
			add(pipeline.Problem{Line: rule.Line, Column: rule.Column, Severity: pipeline.Warning, Rule: "headers", Message: fmt.Sprintf("no file of the site has the path %s", rule.Path), Hint: "mend the path, or remove the rule"})
		}
	}
}
