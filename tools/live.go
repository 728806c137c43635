package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"duskpress/tools/hugo"
	"duskpress/tools/pipeline"
	"duskpress/tools/report"
	"duskpress/tools/serve"
)

// A live is a site that is built again whenever its sources change.
type live struct {
	*cli
	flags  *serveFlags
	base   *url.URL
	site   *serve.Site
	pages  *serve.Live
	editor editor
	notes  []string // for the first summary

	builds int
	dir    string // of the newest good build
	before string // and of the one before, where a request may still be reading
	files  map[string]built
	state  serve.State
	told   []pipeline.Problem // of the newest build
	failed bool

	contents  int    // content files that there are
	previewed bool   // open pages are as new as the newest sources
	ahead     *ahead // a preview that waits for a style sheet, or nil
}

// built is what is remembered of a file of the newest good build.
type built struct {
	sum    [32]byte
	html   bool
	source string // the content file of a page
}

// run builds now, and after each change until the context ends.
func (l *live) run(ctx context.Context, changes <-chan []string) error {
	defer func() {
		l.drop()
		for _, dir := range []string{l.before, l.dir} {
			if dir != "" {
				os.RemoveAll(dir)
			}
		}
	}()
	if err := l.build(ctx, nil); err != nil {
		return err
	}
	l.prepare(ctx)
	alive := time.NewTicker(time.Hour)
	defer alive.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-alive.C:
			l.touch()
		case changed := <-changes:
			l.touch()
			l.preview(ctx, changed)
			if err := l.build(ctx, changed); err != nil {
				return err
			}
			l.prepare(ctx)
		}
	}
}

// touch shows that the directories are in use: old ones are taken for those of a
// command that was killed, and removed.
func (l *live) touch() {
	now := time.Now()
	dirs := []string{l.before, l.dir}
	if l.ahead != nil {
		dirs = append(dirs, l.ahead.dir)
	}
	for _, dir := range dirs {
		if dir != "" {
			_ = os.Chtimes(dir, now, now) // it matters once in 24 hours
		}
	}
}

// build builds once. Whatever is wrong with the sources is said in the terminal
// and in the pages; the error is one of this machine, or an interrupt.
func (l *live) build(ctx context.Context, changed []string) error {
	p := l.newPress(&l.flags.buildFlags, false)
	p.summary.Running, p.summary.Notes = true, l.notes
	l.notes = nil
	if len(changed) > 0 && report.Format(l.format) == report.Text && !l.quiet {
		fmt.Fprintf(l.stdout, "serve: %s\n", l.changed(changed))
	}
	p.progress.Report("load", 0)
	dir, err := p.workDir("serve-")
	if err != nil {
		return err
	}
	site, err := p.makeIn(ctx, dir)
	p.progress.Done()
	if ctx.Err() != nil {
		os.RemoveAll(dir)
		return ctx.Err()
	}
	list := p.problems.Sorted()
	if err != nil {
		os.RemoveAll(dir)
		list = append(list, p.said(err)...)
	} else {
		l.take(dir, site, changed)
	}
	l.tell(list, err != nil)
	return l.say(p, list, err != nil)
}

// said are the problems of an error that the list does not have yet.
func (p *press) said(err error) []pipeline.Problem {
	var usage *hugo.UsageError
	var code exitCode
	switch {
	case errors.As(err, &usage):
		return []pipeline.Problem{usage.Problem}
	case errors.As(err, &code), errors.Is(err, pipeline.ErrProblems):
		return nil
	}
	return []pipeline.Problem{{Severity: pipeline.Error, Rule: "machine", Message: oneLine(err.Error())}}
}

// take serves a new build from the next request on.
func (l *live) take(dir string, site *pipeline.Site, changed []string) {
	files := make(map[string]built)
	s := l.changes(site, changed, files)
	l.site.SetDir(dir)
	if l.before != "" {
		os.RemoveAll(l.before)
	}
	l.before, l.dir, l.files, l.state, l.previewed = l.dir, dir, files, s, false
	l.contents = len(site.Collection.Contents)
}

// changes is what pages are told of new files, which it notes in files.
func (l *live) changes(site *pipeline.Site, changed []string, files map[string]built) serve.State {
	l.builds++
	s := serve.State{Build: l.builds, Marks: make(map[string]string)}
	sources := l.sources(changed)
	for _, f := range site.Files() {
		b := built{sum: f.SHA256, html: f.MediaType == "text/html"}
		if f.Content != nil {
			b.source = f.Content.Path
		}
		was, there := l.files[f.Path]
		files[f.Path] = b
		if there && was.sum != b.sum && !b.html {
			s.Changed = append(s.Changed, l.base.Path+f.Path)
		}
		if !b.html || f.Content == nil {
			continue
		}
		held := f.Content.Held
		if f.Content.Adapter {
			held = site.Collection.HeldAt(f.Path)
		}
		if held != "" {
			s.Marks[f.Path] = held
		}
		if sources[b.source] && was.sum != b.sum && s.Go == "" {
			s.Go = l.base.Path + strings.TrimSuffix(f.Path, "index.html")
		}
	}
	return s
}

// sources are files of the site as the pipeline names them.
func (l *live) sources(names []string) map[string]bool {
	list := make(map[string]bool)
	for _, name := range names {
		if rel, err := filepath.Rel(l.source, name); err == nil {
			list[filepath.ToSlash(rel)] = true
		}
	}
	return list
}

// tell shows the state in the pages.
func (l *live) tell(list []pipeline.Problem, failed bool) {
	l.told, l.failed = list, failed
	s := l.state
	s.Failed, s.Previewed = failed, l.previewed
	if failed && !l.previewed {
		s.Changed, s.Go = nil, ""
	}
	for _, p := range list {
		shown := serve.Problem{Place: p.Position(), Severity: p.Severity.String(), Rule: p.Rule, Message: p.Message, Hint: p.Hint}
		if p.File != "" && p.Line > 0 {
			file := filepath.FromSlash(p.File)
			if !filepath.IsAbs(file) {
				file = filepath.Join(l.source, file)
			}
			shown.Edit = l.editor.address(file, p.Line, max(p.Column, 1))
		}
		s.Problems = append(s.Problems, shown)
	}
	l.pages.Set(s)
}

// say tells the terminal how a build went.
func (l *live) say(p *press, list []pipeline.Problem, failed bool) error {
	if err := p.printer().Problems(list); err != nil {
		return err
	}
	p.summary.Errors, p.summary.Warnings = 0, 0
	for _, pr := range list {
		if pr.Severity == pipeline.Error {
			p.summary.Errors++
		} else {
			p.summary.Warnings++
		}
	}
	p.summary.Duration, p.summary.Destination = time.Since(p.start), l.base.String()
	switch {
	case failed && l.builds == 0:
		p.summary.Outcome = fmt.Sprintf("nothing could be built; waiting for a change, at %s; Ctrl-C ends it", l.base)
	case failed:
		p.summary.Outcome = fmt.Sprintf("not built; what was built before stays at %s", l.base)
	default:
		p.summary.Outcome = fmt.Sprintf("serving %s; Ctrl-C ends it", l.base)
	}
	if failed {
		p.summary.Files = 0
	}
	if !p.quiet || failed || len(p.summary.Notes) > 0 {
		p.printer().Summary(p.summary)
	}
	return nil
}

// changed names what has changed, shortly.
func (l *live) changed(list []string) string {
	const some = 3
	var names []string
	for _, name := range list[:min(some, len(list))] {
		if rel, err := filepath.Rel(l.source, name); err == nil {
			name = filepath.ToSlash(rel)
		}
		names = append(names, name)
	}
	text := strings.Join(names, ", ")
	if n := len(list) - some; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	if len(list) == 1 {
		return text + " has changed"
	}
	return text + " have changed"
}

// atTop are the files at the top of a site that builds depend on.
var atTop = regexp.MustCompile(`^(hugo|config)\.[a-z]+$|^go\.(mod|sum|work)$|^package.*\.json$|\.config\.[cm]?[jt]s$`)

// passOver reports files that are no source: what tools keep beside them, and
// what is made of them.
func passOver(source string) func(string) bool {
	return func(name string) bool {
		base := filepath.Base(name)
		switch base {
		case ".git", ".duskpress", "node_modules", ".hugo_build.lock", ".DS_Store", "4913": // Vim tries with 4913 whether it may write
			return true
		}
		if hidden := strings.HasPrefix(base, "."); strings.HasSuffix(base, "~") || strings.HasPrefix(base, ".#") || strings.HasPrefix(base, "#") && strings.HasSuffix(base, "#") ||
			hidden && slices.Contains([]string{".swp", ".swo", ".swx", ".duskpress"}, filepath.Ext(base)) {
			return true
		}
		if filepath.Dir(name) != source {
			return false
		}
		info, err := os.Stat(name)
		if err == nil && !info.IsDir() {
			return !atTop.MatchString(base) // else a log that somebody writes here would bring builds without end
		}
		// A published site, and what Hugo keeps.
		receipt, err := os.Stat(filepath.Join(name, ".duskpress"))
		return base == "public" || base == "resources" || err == nil && receipt.Mode().IsRegular()
	}
}

// An editor opens a file at a place when a browser follows an address.
type editor string

// editors are the addresses of those that have one; {file}, {line} and {column}
// are filled in.
var editors = map[string]editor{
	"vscode":   "vscode://file{file}:{line}:{column}",
	"vscodium": "vscodium://file{file}:{line}:{column}",
	"cursor":   "cursor://file{file}:{line}:{column}",
	"zed":      "zed://file{file}:{line}:{column}",
	"idea":     "idea://open?file={file}&line={line}&column={column}",
	"sublime":  "subl://open?url=file://{file}&line={line}&column={column}",
	"textmate": "txmt://open?url=file://{file}&line={line}&column={column}",
	"emacs":    "emacs://open?url=file://{file}&line={line}&column={column}",
}

func editorNamed(name string) (editor, bool) {
	if name == "" {
		return "", true
	}
	if e, ok := editors[name]; ok {
		return e, true
	}
	return editor(name), strings.Contains(name, "://") && strings.Contains(name, "{file}")
}

func editorNames() string { return strings.Join(slices.Sorted(maps.Keys(editors)), ", ") }

func (e editor) address(file string, line, column int) string {
	if e == "" {
		return ""
	}
	escaped := (&url.URL{Path: filepath.ToSlash(file)}).EscapedPath()
	return strings.NewReplacer("{file}", "/"+strings.TrimPrefix(escaped, "/"), "{line}", fmt.Sprint(line), "{column}", fmt.Sprint(column)).Replace(string(e))
}
