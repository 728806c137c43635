package plugins

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"duskpress/tools/csp"
	"duskpress/tools/headers"
	"duskpress/tools/origin"
	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "headers",
		Summary: "writes _headers: a Content-Security-Policy made from the pages, hardening, caching, content types",
		After:   []string{"facts", "redirects"},
		Rules: map[string]string{
			"csp":     "a page has what its Content-Security-Policy makes a browser block",
			"headers": "a line of _headers or _redirects that has no effect, or hides another",
		},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			h := headersPlugin{}
			if err := s.Decode(&h); err != nil {
				return pipeline.Hooks{}, err
			}
			if err := h.check(); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{Finish: h.finish}, nil
		},
	})
}

// headersPlugin is the plugin and its configuration: the sources that pages may
// use beside the site itself, by directive.
type headersPlugin struct {
	ScriptSrc      []string `json:"script-src"`
	StyleSrc       []string `json:"style-src"`
	ImgSrc         []string `json:"img-src"`
	FontSrc        []string `json:"font-src"`
	ConnectSrc     []string `json:"connect-src"`
	MediaSrc       []string `json:"media-src"`
	ObjectSrc      []string `json:"object-src"`
	FrameSrc       []string `json:"frame-src"`
	WorkerSrc      []string `json:"worker-src"`
	ManifestSrc    []string `json:"manifest-src"`
	BaseURI        []string `json:"base-uri"`
	FormAction     []string `json:"form-action"`
	FrameAncestors []string `json:"frame-ancestors"`
	// TrustedTypes asks browsers to refuse innerHTML and the like.
	TrustedTypes bool `json:"trusted-types"`
	// Set are headers for every path, over the defaults; an empty one is left out.
	Set map[string]string `json:"set"`
}

// allowed are the configured sources by directive.
func (h *headersPlugin) allowed() map[string][]string {
	return map[string][]string{
		"script-src": h.ScriptSrc, "style-src": h.StyleSrc, "img-src": h.ImgSrc, "font-src": h.FontSrc, "connect-src": h.ConnectSrc,
		"media-src": h.MediaSrc, "object-src": h.ObjectSrc, "frame-src": h.FrameSrc, "worker-src": h.WorkerSrc, "manifest-src": h.ManifestSrc,
		"base-uri": h.BaseURI, "form-action": h.FormAction, "frame-ancestors": h.FrameAncestors,
	}
}

func (h *headersPlugin) check() error {
	allowed := h.allowed()
	for _, directive := range csp.Directives {
		for _, source := range allowed[directive] {
			if err := csp.CheckSource(source); err != nil {
				return &pipeline.ConfigError{Key: directive, Err: fmt.Errorf("%s: %w", directive, err)}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.Set)) {
		if strings.EqualFold(name, policyHeader) {
			return fmt.Errorf("set: %s is made from the pages: allow sources by directive, such as img-src = [\"https://example.org\"], or write the whole policy in static/_headers", name)
		}
		value := h.Set[name]
		if value == "" {
			value = "left out"
		}
		if message, _ := headers.CheckField(name, value); message != "" {
			return fmt.Errorf("set: %s", message)
		}
	}
	return nil
}

const policyHeader = "Content-Security-Policy"

func (h *headersPlugin) finish(_ context.Context, s *pipeline.Site) error {
	policy, err := h.policy(s)
	if err != nil {
		return err
	}
	rules := []headers.Rule{{Path: "/*", Fields: h.everywhere(s, policy)}}
	rules = append(rules, contentTypes(s)...)
	immutable, err := immutable(s)
	if err != nil {
		return err
	}
	rules = append(rules, immutable...)
	own := s.File(headers.File)
	if own == nil {
		return s.Add(headers.File, headers.Format(rules))
	}
	data, err := s.Read(headers.File)
	if err != nil {
		return err
	}
	rules = yield(rules, data, own, s.Problems)
	// The author's stand last, where they win.
	return s.Rewrite(own, slices.Concat(headers.Format(rules), []byte("\n"), data))
}

// longPolicy is how many bytes a policy may have without a warning: it goes
// with every response, and servers refuse long headers.
const longPolicy = 4 << 10

// policy makes the policy that all pages and style sheets need, and reports
// what it makes a browser block.
func (h *headersPlugin) policy(s *pipeline.Site) (string, error) {
	p := csp.Policy{TrustedTypes: h.TrustedTypes, Upgrade: strings.HasPrefix(s.BaseURL, "https://")}
	allowed := h.allowed()
	for directive, sources := range allowed {
		for _, source := range sources {
			p.Add(directive, source)
		}
	}
	// A browser asks for an icon by itself.
	p.Add("img-src", csp.Self)
	blocked := csp.Blocked{Origin: originOf(s)}
	for _, f := range s.Files() {
		uses, err := usesOf(s, f)
		if err != nil {
			return "", err
		}
		for _, u := range uses {
			sources := allowed[u.Directive]
			if u.Directive == csp.Connection {
				sources = slices.Concat(slices.Collect(maps.Values(allowed))...)
			}
			if source := csp.Grant(u, csp.Origin(s.BaseURL), sources); source != "" {
				if u.Directive != csp.Connection {
					p.Add(u.Directive, source)
				}
			} else {
				blocked.Add(f, u)
			}
		}
	}
	if p.Has("script-src") {
		p.Add("connect-src", csp.Self) // what a script of the site fetches from it
	}
	blocked.Report(s.Collection, s.Problems)
	value := p.String()
	if len(value) > longPolicy {
		s.Problems.Add(pipeline.Problem{
			Severity: pipeline.Warning, Rule: "csp",
			Message: fmt.Sprintf("the Content-Security-Policy has %d bytes, which go with every response", len(value)),
			Hint:    "move inline scripts and style sheets, each of which needs a hash of its own, into files",
		})
	}
	return value, nil
}

// originOf finds a text in the file of static/ that is published, or in a style
// sheet or script of which one was made. Sources are read when first asked for.
func originOf(s *pipeline.Site) func(*pipeline.File, string) (pipeline.TemplatePlace, bool) {
	finder := origin.New(s)
	return func(f *pipeline.File, text string) (pipeline.TemplatePlace, bool) {
		var list []origin.Place
		if f.Kind == pipeline.Static {
			list = finder.File(f.Origin, text)
		} else {
			for _, ext := range []string{path.Ext(f.Path), ".scss", ".sass"} {
				list = append(list, finder.Sources(ext, text)...)
			}
		}
		if len(list) == 0 {
			return pipeline.TemplatePlace{}, false
		}
		return pipeline.TemplatePlace{File: list[0].File, Line: list[0].Line, Column: list[0].Column}, true
	}
}

// usesOf is what a file asks of the policy.
func usesOf(s *pipeline.Site, f *pipeline.File) ([]pipeline.Use, error) {
	switch {
	case f.Facts != nil:
		return f.Facts.Uses, nil
	case f.MediaType == "text/html", f.MediaType == "text/css":
	default:
		return nil, nil
	}
	// A style sheet, a page of static/, or a site without the plugin facts.
	data, err := s.Read(f.Path)
	if err != nil {
		return nil, err
	}
	if f.MediaType == "text/css" {
		return csp.Stylesheet(data), nil
	}
	var page csp.Page
	page.Read(data)
	return page.Uses, nil
}

// yield takes out what the author's own rules for the same path say otherwise,
// so that no host has to choose, and reports what of them has no effect.
func yield(rules []headers.Rule, own []byte, f *pipeline.File, problems *pipeline.Problems) []headers.Rule {
	theirs, faults := headers.Parse(own)
	report := fileProblems(f, problems)
	for _, fault := range faults {
		report(fault)
	}
	for i := range rules {
		for _, t := range theirs {
			if t.Path != rules[i].Path {
				continue
			}
			for _, mine := range t.Fields {
				rules[i].Fields = slices.DeleteFunc(rules[i].Fields, func(f headers.Field) bool { return strings.EqualFold(f.Name, mine.Name) })
				if strings.EqualFold(mine.Name, policyHeader) {
					report(headers.Fault{
						Line: mine.Line, Column: mine.Column, Message: "this " + policyHeader + " takes the place of the one made from the pages",
						Hint: "to add to that one, use [params.duskpress.plugins.headers]; to have yours, set the rule headers to off",
					})
				}
			}
		}
	}
	return rules
}

// fileProblems reports faults of a file that the author wrote.
func fileProblems(f *pipeline.File, problems *pipeline.Problems) func(headers.Fault) {
	return func(fault headers.Fault) {
		p := pipeline.Problem{
			File: f.Origin, Line: fault.Line, Column: fault.Column, Severity: pipeline.Warning, Rule: "headers", Message: fault.Message, Hint: fault.Hint,
		}
		if f.Kind != pipeline.Static { // the line is one of what a template made
			p.File, p.Line, p.Column, p.Message = "", 0, 0, fmt.Sprintf("%s, line %d: %s", f.Path, fault.Line, fault.Message)
		}
		problems.Add(p)
	}
}

// everywhere are the headers of every response. Nothing here may also stand in
// a rule for fewer paths: hosts differ in which of two they send.
func (h *headersPlugin) everywhere(s *pipeline.Site, policy string) []headers.Field {
	set := map[string]string{
		policyHeader:                 policy,
		"Cross-Origin-Opener-Policy": "same-origin",
		// Only features that browsers know: others are a warning on the console.
		"Permissions-Policy":     "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()",
		"Referrer-Policy":        "strict-origin-when-cross-origin",
		"X-Content-Type-Options": "nosniff",
	}
	if len(h.FrameAncestors) == 0 {
		set["X-Frame-Options"] = "DENY"
	}
	if strings.HasPrefix(s.BaseURL, "https://") {
		// Without subdomains: those are not this site's to decide on.
		set["Strict-Transport-Security"] = "max-age=31536000"
	}
	for name, value := range h.Set {
		for known := range set {
			if strings.EqualFold(name, known) {
				name = known
			}
		}
		if set[canonical(name)] = value; value == "" {
			delete(set, canonical(name))
		}
	}
	var fields []headers.Field
	for _, name := range slices.Sorted(maps.Keys(set)) {
		fields = append(fields, headers.Field{Name: name, Value: set[name]})
	}
	return fields
}

// canonical is a header's name as it is usually written. Hugo hands the keys of
// its configuration on in lower case.
func canonical(name string) string {
	parts := strings.Split(strings.ToLower(name), "-")
	for i, p := range parts {
		if p != "" {
			parts[i] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "-")
}

// contentTypes are for files of which hosts think otherwise.
func contentTypes(s *pipeline.Site) []headers.Rule {
	var rules []headers.Rule
	add := func(path, value string) {
		rules = append(rules, headers.Rule{Path: path, Fields: []headers.Field{{Name: "Content-Type", Value: value}}})
	}
	// One feed of a name tells what those of other pages are: an output format
	// gives them their name.
	feeds := make(map[string]*pipeline.File)
	nested := make(map[string]bool)
	markdown := false
	for _, f := range s.Files() {
		base := path.Base(f.Path)
		switch {
		case f.Kind == pipeline.Static || f.Kind == pipeline.Bundled:
		case path.Ext(base) == ".md":
			markdown = true
		case f.Path == "llms.txt", f.Path == "llms-full.txt":
			add("/"+f.Path, "text/plain; charset=utf-8")
		case base == "feed.json", path.Ext(base) == ".xml" && base != "sitemap.xml", path.Ext(base) == ".atom", path.Ext(base) == ".rss":
			nested[base] = nested[base] || base != f.Path
			if old := feeds[base]; old == nil || len(f.Path) < len(old.Path) {
				feeds[base] = f
			}
		}
	}
	if markdown {
		add("/*.md", "text/markdown; charset=utf-8")
	}
	for _, base := range slices.Sorted(maps.Keys(feeds)) {
		data, err := s.Read(feeds[base].Path)
		if err != nil {
			continue // Check hooks and the publisher will meet it too
		}
		at := "/" + base
		if nested[base] {
			at = "/*/" + base // and at the root: the element may be missing
		}
		head := data[:min(len(data), 2000)]
		switch {
		case base == "feed.json":
			add(at, "application/feed+json; charset=utf-8")
		case bytes.Contains(head, []byte("<rss")):
			add(at, "application/rss+xml; charset=utf-8")
		case bytes.Contains(head, []byte("<feed")):
			add(at, "application/atom+xml; charset=utf-8")
		}
	}
	slices.SortFunc(rules, func(a, b headers.Rule) int { return cmp.Compare(a.Path, b.Path) })
	return rules
}

// processed matches the names that Hugo gives to images that it made.
var processed = regexp.MustCompile(`_hu_[0-9a-f]{12,16}\.[^./]+$`)

// manyImages is how many images are named one by one in _headers.
const manyImages = 200

// immutable marks the files whose names change with their bytes. Each is named
// in full, so that a missing one can never be kept as missing for a year.
func immutable(s *pipeline.Site) ([]headers.Rule, error) {
	var rules []headers.Rule
	add := func(path string) {
		// A name with a wildcard in it would mean other files too.
		if !strings.Contains(path, "/:") {
			rules = append(rules, headers.Rule{Path: path, Fields: []headers.Field{{Name: "Cache-Control", Value: "public, max-age=31536000, immutable"}}})
		}
	}
	images := make(map[string][]string) // by extension
	others := make(map[string]bool)     // extensions of files whose names only look like those of images
	for _, f := range s.Files() {
		if strings.Contains(f.Path, "*") {
			continue
		}
		ext := path.Ext(f.Path)
		switch {
		case f.Kind == pipeline.Asset && processed.MatchString(f.Path):
			images[ext] = append(images[ext], "/"+f.Path)
		case strings.Contains(f.Path, "_hu_"):
			others[ext] = true
		case f.Kind == pipeline.Asset && f.Fingerprinted:
			ok, err := sealed(s, f)
			if err != nil {
				return nil, err
			}
			if ok {
				add("/" + f.Path)
			}
		}
	}
	for ext, list := range images {
		if len(list) > manyImages && !others[ext] {
			list = []string{"/*_hu_*" + ext}
		}
		for _, path := range list {
			add(path)
		}
	}
	slices.SortFunc(rules, func(a, b headers.Rule) int { return cmp.Compare(a.Path, b.Path) })
	return rules, nil
}

// sealed reports whether the hash in a file's name is that of its bytes. Names
// that only look like it, and those whose hash is made otherwise, are not.
func sealed(s *pipeline.Site, f *pipeline.File) (bool, error) {
	name := path.Base(f.Path)
	if strings.Contains(name, "."+hex.EncodeToString(f.SHA256[:])+".") {
		return true, nil
	}
	data, err := s.Read(f.Path)
	if err != nil {
		return false, err
	}
	md5sum, sum384, sum512 := md5.Sum(data), sha512.Sum384(data), sha512.Sum512(data)
	for _, sum := range [][]byte{md5sum[:], sum384[:], sum512[:]} {
		if strings.Contains(name, "."+hex.EncodeToString(sum)+".") {
			return true, nil
		}
	}
	return false, nil
}
