package hugo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bep/clocks"
	"github.com/bep/logg"
	"github.com/gohugoio/hugo/common/hmaps"
	"github.com/gohugoio/hugo/common/htime"
	hugoinfo "github.com/gohugoio/hugo/common/hugo"
	"github.com/gohugoio/hugo/common/loggers"
	"github.com/gohugoio/hugo/config"
	"github.com/gohugoio/hugo/config/allconfig"
	"github.com/gohugoio/hugo/deps"
	"github.com/gohugoio/hugo/hugofs"
	"github.com/gohugoio/hugo/hugolib"

	"duskpress/tools/pipeline"
)

// Options are the flags of a build. Flags holds Hugo's own, by the key they
// have in a configuration.
type Options struct {
	Source      string // absolute
	Environment string
	ConfigFile  string // --config, relative to Source
	ConfigDir   string // --configDir
	Clock       string
	Minify      bool
	Flags       map[string]any
	CacheDir    string // where Hugo's own caches go
	Resources   string // where what Hugo makes of pictures and the like goes
	Account     bool   // note what each page is made with, for Account
	Record      bool   // note what each page reads, for Record
	MayRecord   bool   // do so if the site asks for it
	// Only, where it is set, is called once all pages are known and none is
	// rendered, and may wait. What it returns chooses, by the file that a page is
	// published as and its content file, the HTML that is rendered; nothing else
	// is, no feeds, no static files.
	Only     func() func(file, source string) bool
	Log      *slog.Logger
	Problems *pipeline.Problems
}

// Version is the version of Hugo that is linked in.
func Version() string { return hugoinfo.CurrentVersion.String() }

// An Engine is one loaded site, ready for one build.
type Engine struct {
	opts     Options
	configs  *allconfig.Configs
	sites    *hugolib.HugoSites
	settings pipeline.Settings
	log      *logCapture

	source      *sourceFs
	destination *destinationFs
	markdown    *markdownSeam
	problems    *pipeline.Problems

	collection *pipeline.Collection
	byFilename map[string]*pipeline.Content
	resources  map[string]bool              // files in content/ that are no content
	adapters   map[string]*pipeline.Content // by file and language
	made       madePages                    // by adapters
	leafDirs   map[string]bool              // logical directories of leaf bundles
	// templateFiles are the templates of the site and its theme, by path.
	templateFiles func() map[string][]byte

	mu    sync.Mutex
	pages pageIndex
	only  *only // of a preview
	// recording is what Record needs; part what a change of bodies changes.
	recording recording
	part      *part
	// released counts what Release put out of date; releasing is why it could not.
	released  atomic.Int64
	releasing atomic.Pointer[error]
}

// A UsageError is a fault of the configuration or of a flag: exit code 2.
type UsageError struct {
	Problem pipeline.Problem
	Err     error
}

func (e *UsageError) Error() string { return e.Problem.Message }
func (e *UsageError) Unwrap() error { return e.Err }

// Load reads the site's configuration, theme and templates.
func Load(ctx context.Context, o Options) (*Engine, error) {
	if err := checkSource(o.Source); err != nil {
		return nil, err
	}
	if !hasConfig(o) {
		return nil, noConfig(o.Source)
	}
	e := &Engine{opts: o, problems: o.Problems}
	e.log = newLogCapture(o.Source, o.Problems)
	logger := e.log.logger(nil)
	loggers.SetGlobalLogger(logger)

	configs, cfg, err := readConfig(o, logger)
	if err != nil {
		return nil, &UsageError{e.placeBaseURL(e.placeTheme(e.log.fromError(err, "config"))), err}
	}
	if len(configs.LoadingInfo.ConfigFiles) == 0 {
		return nil, noConfig(o.Source)
	}
	if !configs.Base.C.Clock.IsZero() {
		htime.Clock = clocks.Start(configs.Base.C.Clock)
	}
	e.configs = configs
	e.waitForPages()
	e.settings = e.readSettings()
	if want, said := e.settings.Incremental(); said && want != o.Record && (o.Record || o.MayRecord) {
		o.Record = want
		if configs, cfg, err = readConfig(o, logger); err != nil {
			return nil, &UsageError{e.log.fromError(err, "config"), err} // it was changed since
		}
		e.opts, e.configs = o, configs
		e.settings = e.readSettings()
	}
	e.log.configured(e.locateConfig)

	base := configs.Base
	cfg.Set("publishDir", base.PublishDir)
	cfg.Set("publishDirStatic", base.PublishDir)
	cfg.Set("publishDirDynamic", base.PublishDir)
	publishDir := base.PublishDir
	if !filepath.IsAbs(publishDir) {
		publishDir = filepath.Join(o.Source, publishDir)
	}
	e.source = newSourceFs(o.Source, base.ResourceDir, o.CacheDir, cmp.Or(o.Resources, filepath.Join(o.CacheDir, "resources")))
	e.destination = newDestinationFs(publishDir)
	e.markdown = installMarkdownSeam()
	fs := hugofs.NewFromSourceAndDestination(e.source, e.destination, cfg)

	buildLogger := e.log.logger(base.C.IgnoredLogs)
	loggers.SetGlobalLogger(buildLogger)
	restore := shareMemoryLimit()
	e.sites, err = hugolib.NewHugoSites(deps.DepsCfg{
		Configs:    configs,
		Fs:         fs,
		TestLogger: buildLogger,
		LogLevel:   logg.LevelWarn,
		StdOut:     io.Discard,
		StdErr:     io.Discard,
	})
	restore()
	if err != nil {
		for _, p := range e.log.fromErrors(err, "hugo") {
			o.Problems.Add(p)
		}
		return e, pipeline.ErrProblems
	}
	e.templateFiles = e.readTemplates()
	e.log.uses, e.log.hasKey, e.log.calls = e.usesInTemplates, e.haveKey, e.callsOf
	if o.Record {
		e.source.looked = e.lookedAt
	}
	if err := e.watchAdapters(); err != nil {
		return e, err
	}
	e.installHighlighter()
	e.installFilter(ctx)
	e.noteUnsettled()
	return e, nil
}

// readConfig reads the site's configuration, with the flags over it.
func readConfig(o Options, logger loggers.Logger) (*allconfig.Configs, config.Provider, error) {
	cfg := config.New()
	cfg.Set("workingDir", o.Source)
	cfg.Set("environment", o.Environment)
	cfg.Set("internal", hmaps.Params{"running": false, "watch": o.Account || o.Record, "verbose": false})
	cfg.Set("minify.minifyOutput", false)
	if o.Clock != "" {
		cfg.Set("internal.clock", o.Clock)
	}
	for key, value := range o.Flags {
		cfg.Set(key, value)
	}
	if _, ok := o.Flags["cacheDir"]; !ok && os.Getenv("HUGO_CACHEDIR") == "" {
		cfg.Set("cacheDir", filepath.Join(o.CacheDir, "hugo"))
	}
	configDir := o.ConfigDir
	if configDir == "" {
		configDir = "config"
	}
	configs, err := allconfig.LoadConfig(allconfig.ConfigSourceDescriptor{
		Flags:       cfg,
		Fs:          hugofs.Os,
		Filename:    o.ConfigFile,
		ConfigDir:   configDir,
		Environment: o.Environment,
		Logger:      logger,
	})
	return configs, cfg, err
}

// pageTimeout is how long the text of one page may take where the site does not
// say it. Hugo's minute is for a machine with nothing else to do: it counts the
// wait for other pages and for pictures too, and a build that fails because
// something else runs beside it looks failed when nothing is wrong.
const pageTimeout = 5 * time.Minute

func (e *Engine) waitForPages() {
	if e.configs.LoadingInfo.Cfg.IsSet("timeout") {
		return
	}
	e.configs.Base.C.Timeout = pageTimeout
	for _, conf := range e.configs.LanguageConfigMap {
		conf.C.Timeout = pageTimeout
	}
}

// BaseURL is the address of the site's root as the configuration has it, empty
// where that cannot be read: Load says why.
func BaseURL(o Options) string {
	if checkSource(o.Source) != nil || !hasConfig(o) {
		return ""
	}
	configs, _, err := readConfig(o, newLogCapture(o.Source, new(pipeline.Problems)).logger(nil))
	if err != nil {
		return ""
	}
	return configs.Base.C.BaseURL.String()
}

func checkSource(dir string) error {
	usage := func(message, hint string) error {
		return &UsageError{pipeline.Problem{Severity: pipeline.Error, Rule: "config", Message: message, Hint: hint}, nil}
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return usage(fmt.Sprintf("the source directory %s does not exist", dir), "name the site's directory with --source")
	case err != nil:
		return usage(fmt.Sprintf("the source directory cannot be read: %v", err), "")
	case !info.IsDir():
		return usage(fmt.Sprintf("the source %s is not a directory", dir), "name the directory that holds the configuration")
	}
	return nil
}

// hasConfig reports whether there is something that Hugo would read, so that a
// wrong directory is told before Hugo makes its caches there.
func hasConfig(o Options) bool {
	if o.ConfigFile != "" {
		return true
	}
	names := []string{"config"}
	if o.ConfigDir != "" {
		names = []string{o.ConfigDir}
	}
	for _, base := range []string{"hugo", "config"} {
		for _, ext := range []string{".toml", ".yaml", ".yml", ".json"} {
			names = append(names, base+ext)
		}
	}
	for _, name := range names {
		if !filepath.IsAbs(name) {
			name = filepath.Join(o.Source, name)
		}
		if _, err := os.Stat(name); err == nil {
			return true
		}
	}
	return false
}

func noConfig(source string) error {
	return &UsageError{pipeline.Problem{
		Severity: pipeline.Error, Rule: "config",
		Message: "no configuration: there is no config.toml, hugo.toml, hugo.yaml, hugo.json or config/ in " + source,
		Hint:    "run it in the site's directory, or name that with --source",
	}, nil}
}

// Close releases what Hugo holds.
func (e *Engine) Close() error {
	if e == nil || e.sites == nil {
		return nil
	}
	return e.sites.Close()
}

// Settings tells what the configuration says.
func (e *Engine) Settings() pipeline.Settings { return e.settings }

// Records reports whether the engine notes what each output reads.
func (e *Engine) Records() bool { return e.opts.Record }

// PublishDir is the destination that the configuration names, absolute.
func (e *Engine) PublishDir() string { return e.destination.root }

func (e *Engine) readSettings() pipeline.Settings {
	base := e.configs.Base
	s := pipeline.Settings{
		Source:      e.opts.Source,
		BaseURL:     base.C.BaseURL.String(),
		Environment: e.opts.Environment,
		Minify:      e.opts.Minify,
		Now:         htime.Now(),
		Taxonomies:  e.taxonomies(),
		ConfigFile:  e.log.relative(e.configs.LoadingInfo.ConfigFiles[0]),
		Section: func(name string) any {
			switch name {
			case "minify":
				return minifyConfig(base.Minify)
			case "capitalizeListTitles":
				return base.CapitalizeListTitles
			case "unsafe":
				return base.Markup.Goldmark.Renderer.Unsafe
			case "dateFromName":
				return slices.Contains(base.Frontmatter.Date, ":filename")
			case "mainSections":
				return base.MainSections
			case "relativeURLs":
				return base.RelativeURLs
			case "disablePathToLower":
				return base.DisablePathToLower
			}
			return nil
		},
		Locate: e.locateConfig,
	}
	params, ok := plain(base.Params["duskpress"]).(map[string]any)
	s.Params, s.Compat = params, !ok
	if _, set := base.Params["duskpress"]; set {
		s.Compat = false
	}
	for _, lang := range e.configs.Languages {
		l := pipeline.Language{Code: lang.Lang, ContentRoots: e.contentRoots(lang.Lang), BaseURL: s.BaseURL}
		if e.configs.IsMultihost {
			l.Dir = lang.Lang + "/"
			l.BaseURL = e.configs.LanguageConfigMap[lang.Lang].C.BaseURL.String()
		}
		s.Languages = append(s.Languages, l)
	}
	_, flag := e.opts.Flags["baseURL"]
	s.BaseURLGiven = flag || os.Getenv("HUGO_BASEURL") != ""
	if s.Now.IsZero() {
		s.Now = time.Now()
	}
	return s
}

// contentRoots lists the directories of the project that hold content of a
// language.
func (e *Engine) contentRoots(lang string) []string {
	var roots []string
	for _, mod := range e.configs.Modules {
		if mod.Owner() != nil {
			continue
		}
		for _, mount := range mod.Mounts() {
			if mount.Target != "content" {
				continue
			}
			langs := mount.Sites.Matrix.Languages
			if mount.Lang != "" {
				langs = []string{mount.Lang}
			}
			match := len(langs) == 0
			for _, l := range langs {
				match = match || l == lang
			}
			if !match {
				continue
			}
			root := mount.Source
			if !filepath.IsAbs(root) {
				root = filepath.Join(e.opts.Source, root)
			}
			roots = append(roots, root)
		}
	}
	return roots
}

// plain turns Hugo's map type into the ordinary one, at every depth.
func plain(v any) any {
	switch v := v.(type) {
	case hmaps.Params:
		return plain(map[string]any(v))
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, val := range v {
			m[strings.ToLower(key)] = plain(val)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, val := range v {
			list[i] = plain(val)
		}
		return list
	}
	return v
}
