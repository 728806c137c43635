package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"duskpress/tools/cache"
	"duskpress/tools/hugo"
	"duskpress/tools/inputs"
	"duskpress/tools/pipeline"
	"duskpress/tools/publish"
	"duskpress/tools/report"
)

// buildFlags are the flags that build and check share: Hugo's, under Hugo's
// names, and our own.
type buildFlags struct {
	minify     bool
	configFile string
	configDir  string
	clock      string
	hugo       *pflag.FlagSet
	// baseURL, unless empty, is used in place of the configured one.
	baseURL string
	// external lets checks ask other hosts.
	external bool
	// noCache has everything made anew, and nothing kept.
	noCache bool
	// verifyCache has the site built twice, with and without the cache.
	verifyCache bool
	// list is a file to write the made files to, with their sums.
	list string
	// incremental renders only what changed, where that can be told; full everything,
	// though the site asks for that.
	incremental, full bool
	// profile, unless empty, is a file for what the processor did.
	profile string
}

// hugoFlags maps a flag to the key that it sets in Hugo's configuration.
var hugoFlags = map[string]string{
	"baseURL":           "baseURL",
	"buildDrafts":       "buildDrafts",
	"buildFuture":       "buildFuture",
	"buildExpired":      "buildExpired",
	"destination":       "publishDir",
	"contentDir":        "contentDir",
	"layoutDir":         "layoutDir",
	"theme":             "theme",
	"themesDir":         "themesDir",
	"cacheDir":          "cacheDir",
	"ignoreVendorPaths": "ignoreVendorPaths",
	"enableGitInfo":     "enableGitInfo",
}

func (b *buildFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&b.minify, "minify", true, "minify what is rendered")
	f.StringVar(&b.configFile, "config", "", "configuration file, or several with commas")
	f.StringVar(&b.configDir, "configDir", "config", "configuration directory")
	f.StringVar(&b.clock, "clock", "", "build as at this time, such as 2026-11-06T22:30:00Z")
	f.StringP("baseURL", "b", "", "address of the site's root")
	f.BoolP("buildDrafts", "D", false, "include drafts")
	f.BoolP("buildFuture", "F", false, "include content that is to be published later")
	f.BoolP("buildExpired", "E", false, "include content that has expired")
	f.StringP("destination", "d", "", "directory to publish to (default public)")
	f.StringP("contentDir", "c", "", "directory of the content")
	f.StringP("layoutDir", "l", "", "directory of the layouts")
	f.StringSliceP("theme", "t", nil, "themes to use")
	f.String("themesDir", "", "directory of the themes")
	f.String("cacheDir", "", "directory of Hugo's caches")
	f.String("ignoreVendorPaths", "", "glob of module paths whose _vendor copy is ignored")
	f.Bool("enableGitInfo", false, "give pages their git revision")
	f.BoolVar(&b.noCache, "no-cache", false, "make everything anew, and keep nothing for the next build")
	b.hugo = f
}

// settings are the Hugo flags that were given, by configuration key.
func (b *buildFlags) settings() map[string]any {
	m := make(map[string]any)
	if b.baseURL != "" {
		m["baseURL"] = b.baseURL
	}
	for name, key := range hugoFlags {
		f := b.hugo.Lookup(name)
		if !f.Changed {
			continue
		}
		switch f.Value.Type() {
		case "bool":
			m[key] = f.Value.String() == "true"
		case "stringSlice":
			m[key], _ = b.hugo.GetStringSlice(name)
		default:
			m[key] = f.Value.String()
		}
	}
	return m
}

func (c *cli) build() *cobra.Command {
	var flags buildFlags
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build the site into public/, all or nothing",
		Example: "  duskpress build\n" +
			"  duskpress build --source ../blog --destination /srv/www\n" +
			"  duskpress build --buildDrafts --baseURL https://preview.example.org/",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.underNetlify(&flags); err != nil {
				return err
			}
			return c.press(cmd.Context(), &flags, true)
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&flags.verifyCache, "verify-cache", false, "build twice, with the cache and without, and compare")
	cmd.Flags().BoolVar(&flags.incremental, "incremental", false, "experimental: after a change of bodies alone, render only what that changes")
	cmd.Flags().BoolVar(&flags.full, "full", false, "render everything, though the site asks for --incremental")
	cmd.MarkFlagsMutuallyExclusive("incremental", "full")
	flags.addProfile(cmd)
	return cmd
}

func (c *cli) checkCommand() *cobra.Command {
	var flags buildFlags
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Say everything that build would say of the site, and leave public/ alone",
		Example: "  duskpress check\n" +
			"  duskpress check --external",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.press(cmd.Context(), &flags, false)
		},
	}
	flags.add(cmd)
	flags.addProfile(cmd)
	cmd.Flags().BoolVar(&flags.external, "external", false, "ask other hosts whether what the site links to is still there")
	return cmd
}

// A press is one run of a command that makes the site.
type press struct {
	*cli
	flags   *buildFlags
	publish bool
	account bool // note what each page is made with
	// only chooses the pages of a preview; see hugo.Options.
	only  func() func(file, source string) bool
	cache *cache.Store
	// resources is where Hugo keeps pictures and the like, if not in the cache.
	resources string
	before    *inputs.List // of the last good build
	last      *lastBuild   // what it was, if it can be trusted
	partial   *pipeline.Partial
	whole     string       // why everything is rendered
	inputs    *inputs.List // of this one
	log       *slog.Logger
	start     time.Time
	problems  *pipeline.Problems
	progress  *report.Progress
	summary   report.Summary
}

// press makes the site and, if that is asked and it is good, publishes it.
func (c *cli) press(ctx context.Context, flags *buildFlags, publishIt bool) error {
	p := c.newPress(flags, publishIt)
	err := p.anew()
	if err == nil {
		err = p.profiled(func() error {
			err := p.run(ctx)
			if doubt, ok := errors.AsType[*pipeline.DoubtError](err); ok {
				return p.renderAll(ctx, doubt)
			}
			return err
		})
	}
	if p.resources != "" {
		os.RemoveAll(p.resources)
	}
	p.progress.Done()
	return p.finish(ctx, err)
}

func (c *cli) newPress(flags *buildFlags, publishIt bool) *press {
	return &press{
		cli: c, flags: flags, publish: publishIt, log: c.log(), start: time.Now(), problems: new(pipeline.Problems),
		progress: &report.Progress{Out: c.stderr, Terminal: isTerminal(c.stderr), Quiet: c.quiet || report.Format(c.format) == report.JSON},
		summary:  report.Summary{Command: c.command, Verbose: c.verbose},
	}
}

func (p *press) run(ctx context.Context) error {
	if !p.flags.full && p.sameAsLast(ctx) {
		return errUnchanged
	}
	p.beginPartial()
	p.beginInputs()
	p.progress.Report("load", 0)
	engine, pl, err := p.load(ctx)
	if engine != nil {
		defer engine.Close()
	}
	if err != nil {
		return err
	}
	pl.Progress, pl.Collected = p.progress.Report, expect
	pl.Partial, pl.Recording = p.partial, engine.Records()
	p.openCache(pl)
	defer p.closeCache()
	if !p.publish {
		dir, err := p.workDir("check-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		site, err := p.make(ctx, pl, engine, pipeline.NewDirStore(dir))
		p.count(site)
		if err == nil && p.flags.list != "" {
			err = writeList(p.flags.list, site)
		}
		return err
	}
	p.summary.Destination = engine.PublishDir()
	session, err := publish.Open(ctx, publish.Options{Source: p.source, Destination: engine.PublishDir(), Holder: p.command, Log: p.log})
	if err != nil {
		return err
	}
	defer func() {
		if err := session.Close(); err != nil {
			p.log.Warn("closing the publish session", "err", err)
		}
	}()
	if note := session.Recovered(); note != "" {
		p.summary.Notes = append(p.summary.Notes, note)
	}
	store := pipeline.NewDirStore(session.Staging())
	if !p.flags.noCache {
		store.Link = session.Link
		session.Furnish()
	}
	site, err := p.make(ctx, pl, engine, store)
	p.count(site)
	if err == nil && p.flags.verifyCache {
		err = p.verify(ctx, site)
	}
	tree := ""
	if err == nil {
		tree, err = p.commit(ctx, session, site)
	}
	if err == nil {
		p.endInputs(engine, tree)
		p.endRecord(pl, engine, site)
	}
	if _, doubt := errors.AsType[*pipeline.DoubtError](err); err != nil && !doubt && !errors.Is(err, context.Canceled) {
		p.keepFailed(session, err)
	}
	return err
}

func (p *press) options() hugo.Options {
	return hugo.Options{
		Source: p.source, Environment: p.environment, ConfigFile: p.flags.configFile, ConfigDir: p.flags.configDir,
		Clock: p.flags.clock, Minify: p.flags.minify, Flags: p.flags.settings(), CacheDir: p.cacheDir(), Resources: p.resources, Account: p.account, Record: p.flags.incremental, MayRecord: p.publish && !p.flags.noCache, Only: p.only, Log: p.log, Problems: p.problems,
	}
}

// load reads configuration and templates and sets the plugins up.
func (p *press) load(ctx context.Context) (*hugo.Engine, *pipeline.Pipeline, error) {
	engine, err := hugo.Load(ctx, p.options())
	if err != nil {
		return engine, nil, err
	}
	settings := engine.Settings()
	settings.External, settings.CacheDir = p.flags.external, p.cacheDir()
	settings.Note = func(note string) {
		if ctx.Err() == nil { // a check that was interrupted may go on for a moment
			p.summary.Notes = append(p.summary.Notes, note)
		}
	}
	pl, err := pipeline.New(pipeline.Default, settings, p.problems, p.log)
	if err == nil && pl == nil {
		err = exitCode(exitUsage)
	}
	return engine, pl, err
}

// workDir is a place for the files of a site that is not published.
func (p *press) workDir(prefix string) (string, error) {
	state := filepath.Join(p.source, ".duskpress")
	if err := os.MkdirAll(state, 0o777); err != nil {
		return "", err
	}
	// What a killed command left is removed a day later: another may be running.
	old, _ := filepath.Glob(filepath.Join(state, prefix+"*"))
	for _, dir := range old {
		if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			os.RemoveAll(dir)
		}
	}
	return os.MkdirTemp(state, prefix)
}

// interruptGrace is how long a cancelled build may take to end by itself.
const interruptGrace = 3 * time.Second

// make runs the pipeline. Hugo cannot be stopped in the middle of a page, so a
// cancelled build is waited for only so long: it can touch nothing but staging.
func (p *press) make(ctx context.Context, pl *pipeline.Pipeline, engine *hugo.Engine, store pipeline.Store) (*pipeline.Site, error) {
	type result struct {
		site *pipeline.Site
		err  error
	}
	done := make(chan result, 1)
	var g errgroup.Group
	g.Go(func() error {
		run := pl.Run
		if p.only != nil {
			run = pl.Preview
		}
		site, err := run(ctx, engine, store)
		done <- result{site, err}
		return nil
	})
	select {
	case r := <-done:
		return r.site, r.err
	case <-ctx.Done():
	}
	select {
	case r := <-done:
		if r.err == nil {
			r.err = ctx.Err()
		}
		return r.site, r.err
	case <-time.After(interruptGrace):
		return nil, ctx.Err()
	}
}

func (p *press) commit(ctx context.Context, session *publish.Session, site *pipeline.Site) (tree string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	p.progress.Report("publish", 0)
	var files []publish.File
	for _, f := range site.Files() {
		files = append(files, publish.File{Path: f.Path, Size: f.Size, SHA256: f.SHA256})
	}
	result, err := session.Commit(ctx, files)
	if err != nil {
		return "", err
	}
	for _, ch := range result.Changed {
		note := fmt.Sprintf("%s had been %s by another hand since it was published", filepath.Join(p.summary.Destination, ch.Path), ch.Kind)
		if ch.Kind == publish.Unknown {
			note = p.summary.Destination + " was not as it had been published"
		}
		if ch.Kept != "" {
			note += "; what was there is kept as " + ch.Kept
		}
		p.summary.Notes = append(p.summary.Notes, note)
	}
	p.summary.Notes = append(p.summary.Notes, result.Warnings...)
	return result.Tree, nil
}

// count takes the figures of the summary from the site.
func (p *press) count(site *pipeline.Site) {
	if site == nil {
		return
	}
	p.summary.Pages = site.Pages
	for _, f := range site.Files() {
		p.summary.Files++
		p.summary.Bytes += f.Size
		p.summary.RawBytes += f.RawSize
	}
	if site.Collection == nil {
		return
	}
	for _, c := range site.Collection.Contents {
		if c.LeftOut != "" {
			p.summary.LeftOut = append(p.summary.LeftOut, report.LeftOut{File: c.Path, Reason: c.LeftOut})
		}
	}
	for _, i := range site.Collection.Ignored {
		p.summary.LeftOut = append(p.summary.LeftOut, report.LeftOut{File: i.Path, Reason: i.Reason})
	}
	for _, h := range site.Collection.HeldPages {
		l := report.LeftOut{File: h.Adapter.Path, Line: h.Line, Page: h.Path, Reason: h.Reason}
		if len(site.Languages) > 1 {
			l.Language = h.Language
		}
		p.summary.LeftOut = append(p.summary.LeftOut, l)
	}
	slices.SortStableFunc(p.summary.LeftOut, func(a, b report.LeftOut) int { return strings.Compare(a.File, b.File) })
}

// machineProblem is what the machine refuses: a file of the site, where it is one,
// or something else.
func machineProblem(source string, err error) pipeline.Problem {
	if m := notReadable.FindStringSubmatch(err.Error()); m != nil {
		rel, err := filepath.Rel(source, m[1])
		if err == nil && filepath.IsLocal(rel) && !strings.HasPrefix(rel, ".") {
			return pipeline.Problem{File: filepath.ToSlash(rel), Rule: "source", Message: "cannot be read: permission denied"}
		}
	}
	return pipeline.Problem{Rule: "machine", Message: oneLine(err.Error())}
}

var notReadable = regexp.MustCompile(`(?:^|: )open ([^:"\n]+): permission denied$`)

// keepFailed moves what a failed build made to .duskpress/failed, with a
// report of why it failed.
func (p *press) keepFailed(session *publish.Session, cause error) {
	if diskFull(cause) {
		p.summary.Notes = append(p.summary.Notes, "what the build made is not kept, to leave the disk some room")
		return
	}
	var b strings.Builder
	printer := report.Printer{Out: &b, Format: report.Text, Source: p.source}
	printer.Problems(p.problems.Sorted())
	if !errors.Is(cause, pipeline.ErrProblems) {
		fmt.Fprintf(&b, "%v\n", cause)
	}
	dir, err := session.KeepFailed([]byte(b.String()))
	if err != nil {
		p.summary.Notes = append(p.summary.Notes, fmt.Sprintf("what the build made could not be kept: %v", err))
		return
	}
	if rel, err := filepath.Rel(p.source, dir); err == nil {
		dir = rel
	}
	p.summary.Notes = append(p.summary.Notes, "what the build made is kept in "+dir)
}

func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// finish prints what there is to say and turns the error into an exit code.
func (p *press) finish(ctx context.Context, err error) error {
	var (
		usage  *hugo.UsageError
		locked *publish.LockedError
		dest   *publish.DestinationError
		code   exitCode
		exit   = exitProblems
		extra  []pipeline.Problem
	)
	say := func(pr pipeline.Problem) { pr.Severity = pipeline.Error; extra = append(extra, pr) }
	unchanged := "nothing was published"
	if p.publish {
		unchanged = fmt.Sprintf("%s is as it was", p.destinationName())
	}
	if p.command == "serve" {
		unchanged = "nothing is served"
	}
	p.summary.Outcome = unchanged
	switch {
	case errors.Is(err, errUnchanged):
		exit = exitDone
		p.summary.Outcome = fmt.Sprintf("nothing changed since the last build, so Hugo was not run; %s is as it was published", p.destinationName())
	case err == nil:
		exit = exitDone
		p.summary.Outcome = "the site is good"
		if p.publish {
			p.summary.Outcome = "published to " + p.destinationName()
		}
	case ctx.Err() != nil:
		exit = exitInterrupted
		say(pipeline.Problem{Rule: "interrupted", Message: "interrupted"})
	case errors.As(err, &usage):
		exit = exitUsage
		say(usage.Problem)
	case errors.As(err, &dest):
		exit = exitUsage
		if diskFull(err) {
			exit = exitProblems // the machine's fault, and not the user's
		}
		p.summary.Outcome = "nothing was changed"
		say(pipeline.Problem{File: p.destinationName(), Rule: "destination", Message: dest.Reason, Hint: dest.Hint})
	case errors.As(err, &locked):
		say(pipeline.Problem{File: p.destinationName(), Rule: "locked", Message: err.Error(), Hint: locked.Hint})
	case errors.As(err, &code):
		exit = int(code)
	case errors.Is(err, pipeline.ErrProblems):
	default:
		say(machineProblem(p.source, err))
	}
	list := append(p.problems.Sorted(), extra...)
	p.summary.Exit, p.summary.Duration = exit, time.Since(p.start)
	p.summary.Errors, p.summary.Warnings = p.problems.Count()
	p.summary.Errors += len(extra)
	if perr := p.printer().Problems(list); perr != nil {
		fmt.Fprintln(p.stderr, perr)
	}
	if !p.quiet || exit != exitDone {
		p.printer().Summary(p.summary)
	}
	if exit == exitDone {
		return nil
	}
	return exitCode(exit)
}

// destinationName is the destination as its owner would write it.
func (p *press) destinationName() string {
	if p.summary.Destination == "" {
		return "the published site"
	}
	if rel, err := filepath.Rel(p.source, p.summary.Destination); err == nil && !strings.HasPrefix(rel, "..") {
		return rel + string(filepath.Separator)
	}
	return p.summary.Destination
}
