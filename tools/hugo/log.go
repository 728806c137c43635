package hugo

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/bep/logg"
	"github.com/gohugoio/hugo/common/herrors"
	"github.com/gohugoio/hugo/common/loggers"
	"github.com/gohugoio/hugo/hugofs"

	"duskpress/tools/pipeline"
)

type hugoFileMeta = hugofs.FileMeta

// logCapture turns what Hugo logs and returns into problems.
type logCapture struct {
	source   string
	problems *pipeline.Problems

	mu     sync.Mutex
	errors []string // logged at error level; Hugo then returns "logged N error(s)"
	// locate finds a key in the configuration, once that is loaded; until then
	// deprecations wait.
	locate  func(key string) (file string, line, column int)
	waiting []pipeline.Problem
	// uses finds a name of Hugo's in templates, and hasKey the content files with
	// a key in their front matter.
	uses   func(name string) []pipeline.TemplatePlace
	hasKey func(key string) []pipeline.Problem
	// calls finds where content calls a shortcode.
	calls func(name string) []pipeline.Problem
	// layouts are the warnings about templates that are not there.
	layouts []string
}

func newLogCapture(source string, problems *pipeline.Problems) *logCapture {
	return &logCapture{source: source, problems: problems}
}

// logger makes a logger for Hugo. Only one given to DepsCfg.TestLogger sees the
// build.
func (l *logCapture) logger(ignored map[string]bool) loggers.Logger {
	return loggers.New(loggers.Options{
		Level:              logg.LevelInfo,
		DistinctLevel:      logg.LevelWarn,
		StdOut:             io.Discard,
		StdErr:             io.Discard,
		SuppressStatements: ignored,
		HandlerPost: func(e *logg.Entry) error {
			l.entry(e.Level, e.Message)
			return nil
		},
	})
}

var (
	leadingDeprecated = regexp.MustCompile(`^(?i:deprecated): `)
	deprecatedKey     = regexp.MustCompile(`^(?:project|site) config key (\S+) was deprecated`)
	deprecatedName    = regexp.MustCompile(`^([A-Za-z]*\.[\w.]+)(?: and \S+)? was deprecated`)
	deprecatedMeta    = regexp.MustCompile(`^The "([\w.]+)" front matter key was deprecated`)
	themeOption       = regexp.MustCompile(`^theme: .*\b(params\.duskpress\.theme[.\w]*)`)
)

// deprecated reports a deprecation, at its key if it is one of the configuration.
func (l *logCapture) deprecated(p pipeline.Problem) {
	l.mu.Lock()
	locate := l.locate
	if locate == nil {
		l.waiting = append(l.waiting, p)
	}
	l.mu.Unlock()
	if locate == nil {
		return
	}
	if m := deprecatedKey.FindStringSubmatch(p.Message); m != nil && p.File == "" {
		p.File, p.Line, p.Column = locate(m[1])
	}
	if m := deprecatedName.FindStringSubmatch(p.Message); m != nil && p.File == "" && l.uses != nil {
		if at := l.uses(m[1]); len(at) > 0 {
			p.File, p.Line, p.Column = at[0].File, at[0].Line, at[0].Column
			if len(at) > 1 {
				p.Message += fmt.Sprintf(" It is used in %d places; this is the first.", len(at))
			}
		}
	}
	l.problems.Add(p)
}

// configured lets waiting deprecations be placed.
func (l *logCapture) configured(locate func(string) (string, int, int)) {
	l.mu.Lock()
	l.locate = locate
	waiting := l.waiting
	l.waiting = nil
	l.mu.Unlock()
	for _, p := range waiting {
		l.deprecated(p)
	}
}

var deprecation = regexp.MustCompile(`was deprecated in Hugo v|^(?i:deprecated)\b`)

func (l *logCapture) entry(level logg.Level, message string) {
	deprecated := deprecation.MatchString(message)
	switch {
	case level >= logg.LevelError:
		l.mu.Lock()
		l.errors = append(l.errors, message)
		l.mu.Unlock()
	case deprecated:
		l.deprecated(l.place(pipeline.Problem{Severity: pipeline.Warning, Rule: "deprecated", Message: leadingDeprecated.ReplaceAllString(message, "")}))
	case level >= logg.LevelWarn && noLayout.MatchString(message):
		l.mu.Lock()
		defer l.mu.Unlock()
		l.layouts = append(l.layouts, message) // which pages, is told after the build
	case level >= logg.LevelWarn:
		l.problems.Add(classify(l.place(pipeline.Problem{Severity: pipeline.Warning, Rule: "hugo-warning", Message: message})))
	}
}

// flush adds the errors that were logged and that Hugo's Build returned.
func (l *logCapture) flush(err error) {
	l.mu.Lock()
	logged := l.errors
	l.errors = nil
	l.mu.Unlock()
	if len(logged) > 0 || err != nil {
		l.problems.Restore("shortcode", "front-matter", "encoding")
	}
	removed := make(map[string]bool)
	for _, message := range logged {
		if l.removedShortcode(message, removed) {
			continue
		}
		p := l.place(classify(pipeline.Problem{Rule: "hugo", Message: message}))
		if m := themeOption.FindStringSubmatch(p.Message); m != nil && l.locate != nil && p.File == "" {
			p.Rule = "config"
			p.File, p.Line, p.Column = l.locate(m[1])
		}
		if m := deprecatedMeta.FindStringSubmatch(p.Message); m != nil && l.hasKey != nil && p.File == "" {
			if at := l.hasKey(m[1]); len(at) > 0 {
				for _, at := range at {
					p.File, p.Line, p.Column = at.File, at.Line, at.Column
					l.problems.Failure(p)
				}
				continue
			}
		}
		l.problems.Failure(p)
	}
	if err == nil || len(logged) > 0 && countOnly.MatchString(err.Error()) {
		return
	}
	for _, p := range l.fromErrors(err, "hugo") {
		if errors.Is(err, pipeline.ErrProblems) && p.Message == pipeline.ErrProblems.Error() {
			continue
		}
		l.problems.Failure(p)
	}
}

// removedShortcodes is what Hugo says of those that it had once, without a place.
var removedShortcodes = regexp.MustCompile(`^The (".*") shortcodes? (?:was|were) deprecated in \S+ and removed in`)

// removedShortcode reports such a message at each call, once.
func (l *logCapture) removedShortcode(message string, told map[string]bool) bool {
	m := removedShortcodes.FindStringSubmatch(message)
	if m == nil || l.calls == nil || told[message] {
		return told[message]
	}
	for _, quoted := range quotedName.FindAllStringSubmatch(m[1], -1) {
		for _, p := range l.calls(quoted[1]) {
			p.Message = message
			l.problems.Failure(p)
			told[message] = true
		}
	}
	return told[message]
}

var quotedName = regexp.MustCompile(`"(\w+)"`)

var countOnly = regexp.MustCompile(`^logged \d+ error\(s\)$`)

// fromErrors makes a problem of each error that err joins.
func (l *logCapture) fromErrors(err error, rule string) []pipeline.Problem {
	var list []pipeline.Problem
	var split func(error)
	split = func(err error) {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range joined.Unwrap() {
				split(e)
			}
			return
		}
		for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
			if _, ok := inner.(interface{ Unwrap() []error }); ok {
				split(inner)
				return
			}
		}
		if errors.Is(err, pipeline.ErrProblems) || countOnly.MatchString(err.Error()) {
			return
		}
		list = append(list, l.fromError(err, rule))
	}
	split(err)
	return list
}

// fromError makes one problem of an error and the positions that Hugo wrapped
// it in.
func (l *logCapture) fromError(err error, rule string) pipeline.Problem {
	p := pipeline.Problem{Severity: pipeline.Error, Rule: rule}
	var at []herrors.FileError
	cause := err
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		if fe, ok := inner.(herrors.FileError); ok && fe.Position().Filename != "" {
			at = append(at, fe)
		}
		cause = inner
	}
	p.Message = strings.TrimSpace(cause.Error())
	if len(at) > 0 {
		// Content that calls a template comes first: its author reads this. Else
		// the innermost template, in which the fault is.
		inner := at[len(at)-1].Position()
		pos := inner
		for _, fe := range at {
			if !isTemplate(fe.Position().Filename) {
				pos = fe.Position()
				break
			}
		}
		p.File, p.Line, p.Column = l.relative(pos.Filename), max(pos.LineNumber, 1), max(pos.ColumnNumber, 1)
		if !isTemplate(pos.Filename) {
			p.Column = runeColumn(pos.Filename, p.Line, p.Column-1)
		}
		if f := l.relative(inner.Filename); f != p.File {
			p.Hint = fmt.Sprintf("it comes from %s:%d:%d", f, inner.LineNumber, runeColumn(inner.Filename, inner.LineNumber, inner.ColumnNumber))
		} else {
			l.relocate(&p, pos.Filename)
		}
		p.Message = l.shorten(p.Message)
		return classify(p)
	}
	p.Message = l.shorten(strings.TrimSpace(err.Error()))
	return classify(l.place(p))
}

func isTemplate(name string) bool {
	return strings.Contains(filepath.ToSlash(name), "/layouts/")
}

var templatePosition = regexp.MustCompile(`^template: ([^:\s]+):(\d+)(?::(\d+))?: `)

// relocate points a fault of a template at that template. Hugo names the base
// template that it was put into, with a line of the other one.
func (l *logCapture) relocate(p *pipeline.Problem, filename string) {
	m := templatePosition.FindStringSubmatch(p.Message)
	if m == nil {
		return
	}
	const layouts = string(filepath.Separator) + "layouts" + string(filepath.Separator)
	roots := []string{filepath.Join(l.source, "layouts")}
	if i := strings.LastIndex(filename, layouts); i >= 0 {
		roots = append([]string{filename[:i+len(layouts)]}, roots...)
	}
	for _, root := range roots {
		file := filepath.Join(root, filepath.FromSlash(m[1]))
		if _, err := os.Stat(file); err != nil {
			continue
		}
		if rel := l.relative(file); rel != p.File {
			p.File = rel
			p.Line, _ = strconv.Atoi(m[2])
			p.Column, _ = strconv.Atoi(m[3])
		}
		if m[3] != "" && m[2] == strconv.Itoa(p.Line) {
			p.Column, _ = strconv.Atoi(m[3])
			p.Column = runeColumn(file, p.Line, p.Column)
		}
		return
	}
}

// runeColumn makes a column of runes, from 1 on, of one of bytes from 0 on, as Go's
// templates have it; Hugo's own count from 1.
func runeColumn(file string, line, column int) int {
	data, err := os.ReadFile(file)
	if err != nil {
		return column + 1
	}
	lines := strings.Split(string(data), "\n")
	if line < 1 || line > len(lines) || column > len(lines[line-1]) {
		return column + 1
	}
	return 1 + utf8.RuneCountInString(lines[line-1][:column])
}

// wrappers is what Hugo says around every error, in which nothing is said.
var wrappers = regexp.MustCompile(`^(failed to (load|create|init) \S+( from \S+)?( config)?: |render: |process: |assemble: |initSites: |\[?\w*\]? ?failed to render pages: |template: [^ ]+: )+`)

func (l *logCapture) shorten(message string) string {
	message = wrappers.ReplaceAllString(message, "")
	return strings.ReplaceAll(message, l.source+string(filepath.Separator), "")
}

var quotedPosition = regexp.MustCompile(`:? ?"([^"\n]+?):(\d+)(?::(\d+))?"`)

// renderedFile is how Hugo names a content file without a line.
var renderedFile = regexp.MustCompile(`while rendering "([^"\n]+)"`)

// place takes the position out of a message in which it is written.
func (l *logCapture) place(p pipeline.Problem) pipeline.Problem {
	if p.File == "" {
		if m := quotedPosition.FindStringSubmatchIndex(p.Message); m != nil {
			sub := func(i int) string {
				if m[2*i] < 0 {
					return ""
				}
				return p.Message[m[2*i]:m[2*i+1]]
			}
			p.File = l.relative(sub(1))
			p.Line, _ = strconv.Atoi(sub(2))
			p.Column, _ = strconv.Atoi(sub(3))
			if !isTemplate(sub(1)) && p.Column > 0 {
				p.Column = runeColumn(sub(1), p.Line, p.Column-1)
			}
			p.Message = strings.TrimSpace(p.Message[:m[0]] + p.Message[m[1]:])
			p.Message = strings.TrimSuffix(strings.TrimSuffix(p.Message, ":"), " See")
		} else if m := renderedFile.FindStringSubmatch(p.Message); m != nil {
			p.File = l.relative(m[1])
		}
	}
	p.Message = l.shorten(strings.TrimSpace(p.Message))
	return p
}

// classify gives known messages their rule and hint. Each is held by a canary
// test.
func classify(p pipeline.Problem) pipeline.Problem {
	switch {
	case strings.Contains(p.Message, "REF_NOT_FOUND"):
		p.Rule = "ref"
		p.Message = strings.TrimSpace(p.Message[strings.Index(p.Message, "REF_NOT_FOUND:")+len("REF_NOT_FOUND:"):])
	case strings.HasPrefix(p.Message, "Raw HTML omitted while rendering"):
		p.Rule = "raw-html"
		p.Message = "HTML in this page is dropped"
		p.Hint = "write it in Markdown, put it into a shortcode, or set markup.goldmark.renderer.unsafe = true"
	case wrongHugo.MatchString(p.Message):
		m := wrongHugo.FindStringSubmatch(p.Message)
		p.Rule = "hugo-version"
		p.Message = fmt.Sprintf("the theme or module %q wants another version of Hugo: %s", m[1], strings.TrimSpace(m[2]))
		p.Hint = fmt.Sprintf("this is Hugo %s; take a version of the theme that goes with it", Version())
		if m[1] == "project" {
			p.Message = fmt.Sprintf("[module.hugoVersion] in the configuration wants another version of Hugo: %s", strings.TrimSpace(m[2]))
			p.Hint = fmt.Sprintf("this is Hugo %s", Version())
		}
	case wrongGo.MatchString(p.Message):
		p.Rule = "go-version"
		m := wrongGo.FindStringSubmatch(p.Message)
		p.Message = fmt.Sprintf("a module of the site wants Go %s, and this is %s", m[1], m[2])
		p.File, p.Line, p.Column = "", 0, 0
		p.Hint = "install that Go, or lower the line `go` in the module's go.mod"
	case p.File == "" && unreadable.MatchString(p.Message):
		m := unreadable.FindStringSubmatch(p.Message)
		p.Rule, p.File = "source", m[1]
		p.Message = "cannot be read: " + m[2]
	case pageTimedOut.MatchString(p.Message):
		took := strings.TrimPrefix(p.Message, "timeout after ")
		p.Message = "the text of the page was not there after " + took
		p.Hint = "a shortcode or hook that asks for the text of its own page waits for ever; if the machine was busy, build again, or set `timeout` in the configuration"
	case deniedPolicy.MatchString(p.Message):
		m := deniedPolicy.FindStringSubmatch(p.Message)
		p.Message, _, _ = strings.Cut(p.Message, "; the current security configuration is")
		p.Hint = fmt.Sprintf("allow it in the configuration: %s", m[1])
		if m[1] == "security.allowContent" {
			p.Hint = "Hugo publishes such a file as it is: if you trust who writes it, set allowContent = ['.*'] in [security]"
		}
	case strings.HasPrefix(p.Message, "toc: "):
		p.Rule = "toc"
	case strings.HasPrefix(p.Message, "mono: "), strings.HasPrefix(p.Message, "sidenote: "), ownShortcode.MatchString(p.Message):
		p.Rule = "shortcode"
	case strings.HasPrefix(p.Message, "image: "):
		p.Rule = "image"
	case strings.Contains(p.Message, "template for shortcode") || strings.Contains(p.Message, "must be closed or self-closed") || strings.Contains(p.Message, "unclosed shortcode"):
		p.Rule = "shortcode"
	case strings.Contains(p.Message, "module") && strings.Contains(p.Message, "not found"):
		if m := missingModule.FindStringSubmatch(p.Message); m != nil {
			p.Message = fmt.Sprintf("theme or module %q is not there", m[1])
		}
		p.Hint = "put the theme where the configuration says, or mend `theme` and `themesDir` there"
	}
	message, rest, more := strings.Cut(p.Message, "\n")
	p.Message = message
	if more && p.Hint == "" && strings.TrimSpace(rest) != "" {
		p.Hint = strings.Join(strings.Fields(rest), " ")
	}
	return p
}

var (
	ownShortcode = regexp.MustCompile(`^(The "\w+" (argument passed to the "\w+" )?shortcode |Param ".*" not found|Missing param key)`)
	unreadable   = regexp.MustCompile(`^(?:[\w ]+: )*open ([^:"\n]+): (permission denied)$`)
	pageTimedOut = regexp.MustCompile(`^timeout after [\d.hms]+$`)
	deniedPolicy = regexp.MustCompile(`^access denied: .* is not whitelisted in policy "([\w.]+)"; the current security configuration is`)
	wrongHugo    = regexp.MustCompile(`^Module "([^"]+)" is not compatible with this Hugo version: ([^;]*);`)
	wrongGo      = regexp.MustCompile(`requires go >= ([\w.]+) \(running go ([\w.]+)`)
	noLayout     = regexp.MustCompile(`^found no layout file for "([^"]+)"(?: for layout "([^"]*)")?(?: for kind "([^"]+)")?`)
)

var missingModule = regexp.MustCompile(`module "([^"]+)" not found`)

// relative is a file's path as an author writes it.
func (l *logCapture) relative(name string) string {
	if !filepath.IsAbs(name) {
		return filepath.ToSlash(name)
	}
	rel, err := filepath.Rel(l.source, name)
	if err != nil || strings.HasPrefix(rel, "..") {
		return filepath.ToSlash(name)
	}
	return filepath.ToSlash(rel)
}
