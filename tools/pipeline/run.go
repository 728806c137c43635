package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/yuin/goldmark"
	"golang.org/x/sync/errgroup"

	"duskpress/tools/cache"
)

// An Engine makes the files of a site. Its problems go to the Problems that it
// was made with.
type Engine interface {
	// Settings tells what the configuration says.
	Settings() Settings
	// Collect finds the content files. The error is nil if problems are all
	// that is wrong.
	Collect(context.Context) (*Collection, error)
	// Render reads content through Source, renders, and hands every output file
	// to Sink, static files included.
	Render(context.Context, RenderJob) (pages int, err error)
}

// A RenderJob is what the pipeline asks of an Engine.
type RenderJob struct {
	Collection *Collection
	Source     func(*Content, []byte) ([]byte, error)
	Extenders  []Extender
	Code       func(Code) (CodeHTML, error)
	// Ahead takes blocks that Code will likely be asked for, and has them made
	// if they are not in the cache. It may be nil.
	Ahead func(Code)
	// Sink takes a finished file. It blocks while too many wait.
	Sink func(*File) error
	// Written reads a file that Sink took.
	Written func(path string) ([]byte, error)
	// Conversions has what bodies became in builds before. It may be nil.
	Conversions *Conversions
	// Progress is called with pages done, possibly often.
	Progress func(done int)
	// Partial, where it is set, leaves out what a change cannot change.
	Partial *Partial
}

// An Extender is a goldmark extender and the plugin it came from.
type Extender struct {
	Plugin string
	goldmark.Extender
}

// A Pipeline is a set of configured plugins in order.
type Pipeline struct {
	steps    []step
	disabled []string
	settings Settings
	problems *Problems
	log      *slog.Logger
	// Progress is told the stage and how many files are done, possibly often
	// and from several goroutines. It may be nil.
	Progress func(stage string, done int)
	// Collected, where it is set, is told what there is before anything is rendered.
	Collected func(*Collection)
	// Trace, where it is set, keeps which plugin changed what.
	Trace *Trace
	// Cache keeps results between builds, under keys that begin with Identity:
	// what the tool is. Without either nothing is kept.
	Cache    *cache.Store
	Identity string

	// Partial, where it is set, has a build before to take files over from.
	Partial *Partial
	// Recording keeps of each file what a partial build may take over.
	Recording bool

	// files are the steps with a File hook, and what their results depend on.
	files        []step
	settledFiles string

	// told are the problems from before pages are rendered, and those that the File
	// phase found, which are kept with files; unquiet says what else was told while pages were rendered.
	toldMu  sync.Mutex
	told    map[Problem]bool
	unquiet string
}

type step struct {
	Plugin
	hooks Hooks
}

// New orders and configures the plugins of a registry for a site. Every fault
// of the configuration becomes a problem; the pipeline is nil if there is one.
func New(r *Registry, settings Settings, problems *Problems, log *slog.Logger) (*Pipeline, error) {
	ordered, err := r.order()
	if err != nil {
		return nil, err
	}
	p := &Pipeline{settings: settings, problems: problems, log: log}
	fault := func(key string, err error) {
		pr := Problem{Severity: Error, Rule: "config", Message: err.Error()}
		var unknown *unknownKeyError
		if errors.As(err, &unknown) {
			key += "." + unknown.name
		}
		pr.File = settings.ConfigFile
		if settings.Locate != nil {
			if file, line, column := settings.Locate("params.duskpress." + key); file != "" {
				pr.File, pr.Line, pr.Column = file, line, column
			}
		}
		pr.Message = "[params.duskpress]: " + pr.Message
		problems.Add(pr)
	}
	rules, err := settings.rules(r.Rules())
	if err != nil {
		var ce *ConfigError
		errors.As(err, &ce)
		fault(ce.Key, err)
	}
	problems.Configure(rules, settings.Compat)
	problems.Allow(settings.Source, r.Rules())
	p.checkTables(r, fault)
	for _, plugin := range ordered {
		if settings.Compat && !plugin.Compat {
			continue
		}
		table, disabled, err := settings.pluginTable(plugin.Name)
		if err != nil {
			var ce *ConfigError
			errors.As(err, &ce)
			fault(ce.Key, err)
			continue
		}
		if disabled {
			p.disabled = append(p.disabled, plugin.Name)
			continue
		}
		hooks, err := p.configure(plugin, table)
		if err != nil {
			key := "plugins." + plugin.Name
			var ce *ConfigError
			if errors.As(err, &ce) && ce.Key != "" {
				key += "." + ce.Key
			}
			fault(key, fmt.Errorf("plugin %q: %w", plugin.Name, err))
			continue
		}
		if settings.Compat {
			hooks.Source, hooks.Generate = nil, nil
		}
		p.steps = append(p.steps, step{plugin, hooks})
	}
	if problems.Failed() {
		return nil, nil
	}
	return p, nil
}

func (p *Pipeline) configure(plugin Plugin, table map[string]any) (hooks Hooks, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return plugin.New(&Setup{Settings: p.settings, name: plugin.Name, raw: table})
}

// knownParams are the keys below [params.duskpress]. "theme" belongs to the
// theme's templates.
var knownParams = []string{"incremental", "plugins", "rules", "theme"}

func (p *Pipeline) checkTables(r *Registry, fault func(string, error)) {
	for _, key := range slices.Sorted(maps.Keys(p.settings.Params)) {
		if !slices.Contains(knownParams, key) {
			fault(key, fmt.Errorf("unknown key %q%s", key, didYouMean(key, knownParams)))
		}
	}
	if value, said := p.settings.Params["incremental"]; said {
		if _, ok := value.(bool); !ok {
			fault("incremental", fmt.Errorf("incremental must be true or false, not %v", value))
		}
	}
	raw, ok := p.settings.Params["plugins"]
	if !ok {
		return
	}
	tables, ok := raw.(map[string]any)
	if !ok {
		fault("plugins", errors.New("plugins must be a table of plugin names"))
		return
	}
	names := r.Names()
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		if !slices.Contains(names, name) {
			fault("plugins."+name, fmt.Errorf("unknown plugin %q%s", name, didYouMean(name, names)))
		}
	}
}

// A Line of the resolved pipeline: a phase and a plugin with a hook in it.
type Line struct {
	Phase  Phase
	Plugin Plugin
}

// Lines lists the hooks in the order in which they run.
func (p *Pipeline) Lines() []Line {
	var lines []Line
	for _, phase := range Phases {
		for _, s := range p.steps {
			if s.hooks.has(phase) {
				lines = append(lines, Line{phase, s.Plugin})
			}
		}
	}
	return lines
}

// Disabled lists the plugins that the configuration switched off.
func (p *Pipeline) Disabled() []string { return p.disabled }

// ErrProblems is returned by Run when the site has errors, all of which are in
// Problems.
var ErrProblems = errors.New("the site has problems")

// Run makes the site in store. It returns ErrProblems if the site has errors,
// and another error if the machine, Hugo or a plugin failed otherwise.
func (p *Pipeline) Run(ctx context.Context, engine Engine, store Store) (*Site, error) {
	site, err := p.Preview(ctx, engine, store)
	if err != nil {
		return site, err
	}
	site.add = func(f *File) error { return p.file(ctx, site, f) }
	whole := []struct {
		phase Phase
		call  func(step) error
	}{
		{PhaseGenerate, func(s step) error { p.traceSite(site, PhaseGenerate, s); return s.hooks.Generate(ctx, site) }},
		{PhaseFinish, func(s step) error { p.traceSite(site, PhaseFinish, s); return s.hooks.Finish(ctx, site) }},
		{PhaseCheck, func(s step) error { return s.hooks.Check(ctx, site) }},
	}
	for _, w := range whole {
		p.report(strings.ToLower(string(w.phase)), 0)
		if err := p.each(ctx, w.phase, w.call); err != nil {
			return site, err
		}
	}
	if !p.problems.Failed() {
		p.problems.Unused()
	}
	if p.problems.Failed() {
		return site, ErrProblems
	}
	return site, ctx.Err()
}

// Preview makes what the engine renders, each file by itself, and stops before
// the phases that need the whole site. Its errors are those of Run.
func (p *Pipeline) Preview(ctx context.Context, engine Engine, store Store) (*Site, error) {
	p.report("collect", 0)
	site := &Site{Settings: p.settings, Problems: p.problems, Cache: p.Cache, Identity: p.Identity, store: store, files: make(map[string]*File)}
	p.files, p.settledFiles = p.fileSteps()
	collection, err := engine.Collect(ctx)
	if err != nil {
		return site, err
	}
	site.Collection = collection
	if p.Collected != nil {
		p.Collected(collection)
	}
	if err := p.each(ctx, PhaseCollect, func(s step) error { return s.hooks.Collect(ctx, collection) }); err != nil {
		return site, err
	}
	if p.problems.Failed() {
		return site, ErrProblems
	}

	if p.Recording {
		p.noteTold(p.problems.Sorted()) // each build tells these
	}
	p.report("render", 0)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	var done atomic.Int64
	sink := func(f *File) error {
		if gctx.Err() != nil {
			return context.Cause(gctx)
		}
		g.Go(func() error {
			if err := p.file(gctx, site, f); err != nil {
				return err
			}
			if n := done.Add(1); n%64 == 0 {
				p.report("render", int(n))
			}
			return nil
		})
		return nil
	}
	code, ahead := p.code()
	job := RenderJob{
		Collection: collection,
		Source:     func(c *Content, src []byte) ([]byte, error) { return p.source(ctx, c, src) },
		Extenders:  p.extenders(collection),
		Code:       code,
		Ahead:      ahead,
		Sink:       sink,
		Written:    store.Read,
		Partial:    p.Partial,

		Conversions: p.conversions(),
	}
	var taken *carried
	if p.Partial != nil {
		taken = &carried{pipeline: p, site: site, before: p.Partial.Before}
		p.Partial.Carry = taken.take
	}
	site.Pages, err = engine.Render(ctx, job)
	if werr := g.Wait(); werr != nil && !errors.Is(werr, context.Canceled) {
		err = werr // what the engine says is that a file could not be written
	}
	if err != nil {
		return site, err
	}
	if err := ctx.Err(); err != nil {
		return site, context.Cause(ctx)
	}
	if p.Recording {
		p.unquiet = p.quiet()
	}
	if taken != nil {
		if p.unquiet != "" {
			return site, Doubtf("%s", p.unquiet)
		}
		if err := taken.end(p.Partial.Rendered); err != nil {
			return site, err
		}
		site.Pages = p.Partial.Before.Pages
	}
	if p.problems.Failed() {
		return site, ErrProblems
	}
	return site, nil
}

func (p *Pipeline) report(stage string, done int) {
	if p.Progress != nil {
		p.Progress(stage, done)
	}
}

// each calls one hook of every plugin that has it, in order.
func (p *Pipeline) each(ctx context.Context, phase Phase, call func(step) error) error {
	for _, s := range p.steps {
		if !s.hooks.has(phase) {
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		start := time.Now()
		err := p.guard(s.Name, phase, "", func() error { return call(s) })
		p.log.Debug("plugin", "stage", phase, "plugin", s.Name, "duration", time.Since(start))
		if err != nil {
			return err
		}
	}
	return nil
}

// guard runs a hook and turns a panic in it into a problem that names the
// plugin; the stack goes to the log.
func (p *Pipeline) guard(plugin string, phase Phase, file string, call func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			p.log.Error("plugin panic", "plugin", plugin, "stage", phase, "file", file, "stack", string(debug.Stack()))
			p.problems.Add(Problem{
				File: file, Severity: Error, Rule: "panic",
				Message: fmt.Sprintf("plugin %q: panic in its %s hook: %v", plugin, phase, v),
				Hint:    "this is a fault of the plugin; switch it off with [params.duskpress.plugins." + plugin + "] disabled = true",
			})
			err = ErrProblems
		}
	}()
	if err := call(); err != nil {
		if errors.Is(err, ErrProblems) || errors.Is(err, context.Canceled) {
			return err
		}
		return fmt.Errorf("plugin %q, %s: %w", plugin, phase, err)
	}
	return nil
}

func (p *Pipeline) source(ctx context.Context, c *Content, src []byte) ([]byte, error) {
	var touches []Touch
	for _, s := range p.steps {
		if s.hooks.Source == nil {
			continue
		}
		before := src
		if p.Trace != nil {
			before = bytes.Clone(src)
		}
		err := p.guard(s.Name, PhaseSource, c.Path, func() error {
			out, err := s.hooks.Source(ctx, c, src)
			if err != nil {
				return err
			}
			if a, b := lines(src), lines(out); a != b {
				return fmt.Errorf("%s has %d lines, and %d after the hook: a Source hook must keep their number", c.Path, a, b)
			}
			src = out
			return nil
		})
		if err != nil {
			return nil, err
		}
		if p.Trace != nil && !bytes.Equal(before, src) {
			touches = append(touches, Touch{PhaseSource, s.Name, len(before), len(src)})
		}
	}
	if p.Trace != nil {
		p.Trace.setSource(c.Path, touches)
	}
	return src, nil
}

func lines(b []byte) int {
	n := 0
	for _, c := range b {
		if c == '\n' {
			n++
		}
	}
	return n
}

func (p *Pipeline) extenders(c *Collection) []Extender {
	var list []Extender
	for _, s := range p.steps {
		if s.hooks.Markdown == nil {
			continue
		}
		p.guard(s.Name, PhaseMarkdown, "", func() error {
			if e := s.hooks.Markdown(c); e != nil {
				list = append(list, Extender{s.Name, e})
			}
			return nil
		})
	}
	return list
}

// codeLimit is how long one block of code may take. Ten kilobytes that a lexer
// goes through quadratically take seconds, on a busy machine many times that.
const codeLimit = 2 * time.Minute

// code returns the Code hook of the last plugin that has one, or nil, and what
// fills the cache ahead of it.
func (p *Pipeline) code() (code func(Code) (CodeHTML, error), ahead func(Code)) {
	var last *step
	for i := range p.steps {
		if p.steps[i].hooks.Code != nil {
			last = &p.steps[i]
		}
	}
	if last == nil {
		return nil, nil
	}
	return p.cachedCode(*last, func(c Code) (html CodeHTML, err error) {
		type result struct {
			html CodeHTML
			err  error
		}
		// Some lexers never end on some text, and nothing can stop them: the
		// build fails, and the process takes them along.
		done := make(chan result, 1)
		var g errgroup.Group
		g.Go(func() error {
			var r result
			r.err = p.guard(last.Name, PhaseMarkdown, "", func() error {
				r.html, r.err = last.hooks.Code(c)
				return r.err
			})
			done <- r
			return nil
		})
		timer := time.NewTimer(codeLimit)
		defer timer.Stop()
		select {
		case r := <-done:
			return r.html, r.err
		case <-timer.C:
			return CodeHTML{}, fmt.Errorf("highlighting this code as %q does not end: give the block another language, or none", c.Language)
		}
	})
}
