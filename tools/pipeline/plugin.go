package pipeline

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
)

// A Phase is one step of the flow. Phases run in the order of the constants;
// Markdown and File interleave with rendering.
type Phase string

const (
	PhaseCollect  Phase = "Collect"
	PhaseSource   Phase = "Source"
	PhaseMarkdown Phase = "Markdown"
	PhaseGenerate Phase = "Generate"
	PhaseFile     Phase = "File"
	PhaseFinish   Phase = "Finish"
	PhaseCheck    Phase = "Check"
)

// Phases lists the phases in their order.
var Phases = []Phase{PhaseCollect, PhaseSource, PhaseMarkdown, PhaseGenerate, PhaseFile, PhaseFinish, PhaseCheck}

// A Plugin is one concern of the press. It lives in one file of tools/plugins
// and registers itself there.
type Plugin struct {
	// Name is what configuration and After call it: lower case, digits, hyphens.
	Name string
	// Summary is one line for the list of plugins.
	Summary string
	// After names plugins that run before this one wherever both have a hook in
	// the same phase. A name that no plugin has is an error.
	After []string
	// Rules are the rules that only this plugin reports, with what they are for.
	Rules map[string]string
	// Compat lets the plugin run for a site without [params.duskpress] too.
	// Source and Generate hooks never do.
	Compat bool
	// Alone says that what its Source, Markdown, Code and File hooks do with one
	// page or file looks at no other page's body, and leaves nothing behind that a
	// later hook needs. Only then may a build leave pages out.
	Alone bool
	// New reads the configuration and returns the hooks. It runs once a build,
	// before any phase, and touches nothing outside its arguments.
	New func(*Setup) (Hooks, error)
}

// Hooks are what a plugin does, by phase. A nil hook is not called. An error
// returned from a hook is a fault of the plugin or the machine and ends the
// build; what an author did wrong goes to Problems.
type Hooks struct {
	// Collect sees all content files once, before Hugo.
	Collect func(context.Context, *Collection) error
	// Source gets the bytes of one content file and returns those that Hugo
	// shall read. It must keep the number of lines. It runs in parallel and
	// may run more than once a file.
	Source func(ctx context.Context, c *Content, src []byte) ([]byte, error)
	// Markdown returns an extender for Hugo's Markdown engine.
	Markdown func(*Collection) goldmark.Extender
	// CachedMarkdown says that what the Markdown hook makes of a document depends
	// on nothing but its text, what is known of its content file, which templates
	// render code and the plugin's own table of settings, and that it leaves nothing
	// behind that a later hook needs, but for what it reports and for documents of
	// which it says Uncached. Without it no conversion is kept between builds.
	CachedMarkdown bool
	// Code renders one block of code. The last plugin in order that has the
	// hook renders all blocks. It runs in parallel.
	Code func(Code) (CodeHTML, error)
	// Generate sees the whole rendered site and may add files.
	Generate func(context.Context, *Site) error
	// File gets one output file and may change its Data and set its Facts. It
	// runs in parallel, must be pure, and is not called for static files.
	File func(context.Context, *File, *Problems) error
	// Cached says of which files the result of the File hook may be kept between
	// builds, and that those of the Code hook may be: because they depend on
	// nothing but the file's fields or the block, the plugin's own table of
	// settings, Compat, Minify and the section minify. A file's Resolve, and of
	// its Content all but Path and Blank, are not part of that. Nil: none.
	Cached func(*File) bool
	// Finish sees the whole site after File and may rewrite files.
	Finish func(context.Context, *Site) error
	// Check sees the finished site, reads, and reports.
	Check func(context.Context, *Site) error
}

func (h Hooks) has(p Phase) bool {
	switch p {
	case PhaseCollect:
		return h.Collect != nil
	case PhaseSource:
		return h.Source != nil
	case PhaseMarkdown:
		return h.Markdown != nil || h.Code != nil
	case PhaseGenerate:
		return h.Generate != nil
	case PhaseFile:
		return h.File != nil
	case PhaseFinish:
		return h.Finish != nil
	case PhaseCheck:
		return h.Check != nil
	}
	return false
}

// A Registry holds plugins until a build puts them in order.
type Registry struct {
	plugins []Plugin
}

// Default is the registry that files in tools/plugins register with.
var Default = new(Registry)

// Register adds a plugin to Default. It panics on a plugin that could never
// run, so that the mistake shows at once and not in somebody's build.
func Register(p Plugin) { Default.Register(p) }

var pluginName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// Register adds a plugin; see the function Register.
func (r *Registry) Register(p Plugin) {
	switch {
	case !pluginName.MatchString(p.Name):
		panic(fmt.Sprintf("pipeline: plugin name %q: want lower-case letters, digits and hyphens", p.Name))
	case p.New == nil:
		panic(fmt.Sprintf("pipeline: plugin %q has no New", p.Name))
	case slices.ContainsFunc(r.plugins, func(q Plugin) bool { return q.Name == p.Name }):
		panic(fmt.Sprintf("pipeline: plugin %q is registered twice", p.Name))
	}
	r.plugins = append(r.plugins, p)
}

// Names returns the registered names, sorted.
func (r *Registry) Names() []string {
	var names []string
	for _, p := range r.plugins {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names
}

// Rules lists all rules, those of the press and those of plugins, with what they
// are for.
func (r *Registry) Rules() map[string]string {
	all := maps.Clone(KnownRules)
	for _, p := range r.plugins {
		maps.Copy(all, p.Rules)
	}
	return all
}

// order sorts the plugins so that each comes after those it names; among
// plugins that are free the name decides, never the order of registration.
func (r *Registry) order() ([]Plugin, error) {
	byName := make(map[string]Plugin)
	waits := make(map[string]map[string]bool)
	for _, p := range r.plugins {
		byName[p.Name] = p
		waits[p.Name] = make(map[string]bool)
	}
	for _, p := range r.plugins {
		for _, a := range p.After {
			if _, ok := byName[a]; !ok {
				return nil, fmt.Errorf("plugin %q wants to run after %q, which is not there%s", p.Name, a, didYouMean(a, r.Names()))
			}
			waits[p.Name][a] = true
		}
	}
	var sorted []Plugin
	for len(waits) > 0 {
		var free []string
		for name, w := range waits {
			if len(w) == 0 {
				free = append(free, name)
			}
		}
		if len(free) == 0 {
			return nil, fmt.Errorf("plugins wait for each other: %s", cycle(waits))
		}
		first := slices.Min(free)
		sorted = append(sorted, byName[first])
		delete(waits, first)
		for _, w := range waits {
			delete(w, first)
		}
	}
	return sorted, nil
}

// cycle names one circle among plugins that all wait, from its smallest name.
func cycle(waits map[string]map[string]bool) string {
	at := ""
	for name := range waits {
		if at == "" || name < at {
			at = name
		}
	}
	var path []string
	for !slices.Contains(path, at) {
		path = append(path, at)
		next := ""
		for name := range waits[at] {
			if next == "" || name < next {
				next = name
			}
		}
		at = next
	}
	path = append(path[slices.Index(path, at):], at)
	return strings.Join(path, " after ")
}
