package hugo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	slashpath "path"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gohugoio/hugo/common/herrors"
	"github.com/gohugoio/hugo/hugofs"
	"github.com/gohugoio/hugo/media"
	"github.com/gohugoio/hugo/parser/metadecoders"
	"github.com/gohugoio/hugo/parser/pageparser"
	"golang.org/x/sync/errgroup"

	"duskpress/tools/frontmatter"
	"duskpress/tools/pipeline"
)

// Collect finds all content files and reads what can be known of them without
// rendering. Every file that cannot be read becomes a problem, all in one run.
func (e *Engine) Collect(ctx context.Context) (*pipeline.Collection, error) {
	e.lookForAllowances()
	e.checkConfigKeys()
	c := &pipeline.Collection{Settings: e.settings, Problems: e.problems}
	c.HasShortcode = func(name string) bool {
		return e.sites.Sites[0].TemplateStore.LookupShortcodeByName(name) != nil
	}
	c.ShortcodeNames = e.shortcodeNames()
	c.Embedded = e.embeddedShortcode
	hooks := e.codeHooks()
	c.Published = e.published
	c.Date = func(content *pipeline.Content) (time.Time, bool) { return e.date(content, dateKeys...) }
	c.InTemplates = e.templateWords()
	c.Template = e.findInTemplates()
	c.TemplateNames = e.templateNames()
	c.DateOf = e.dateOf
	c.HasCodeHook = func(lang string) bool { return hooks[""] || hooks[strings.ToLower(lang)] }
	e.byFilename = make(map[string]*pipeline.Content)
	e.resources = make(map[string]bool)
	e.leafDirs = make(map[string]bool)

	var (
		mu    sync.Mutex
		group errgroup.Group
		pages = make(map[string][]*pipeline.Content) // by language and path
	)
	group.SetLimit(runtime.GOMAXPROCS(0))
	walk := func(_ context.Context, path string, info hugofs.FileMetaInfo) error {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if info.IsDir() {
			return nil
		}
		meta := info.Meta()
		if meta.PathInfo == nil || !meta.PathInfo.IsContent() || meta.PathInfo.IsContentData() {
			mu.Lock()
			e.resources[meta.Filename] = true
			if meta.PathInfo != nil && meta.PathInfo.IsContentData() {
				e.adapter(c, meta.Filename, path, e.language(meta))
			}
			mu.Unlock()
			return nil
		}
		content := &pipeline.Content{
			Path:     e.log.relative(meta.Filename),
			Filename: meta.Filename,
			Logical:  "/" + strings.TrimPrefix(filepath.ToSlash(path), "/"),
			Language: e.language(meta),
		}
		content.Root = strings.TrimSuffix(meta.Filename, filepath.FromSlash(content.Logical))
		mu.Lock()
		_, seen := e.byFilename[meta.Filename]
		if !seen {
			if meta.IsProject {
				key := content.Language + "\x00" + pagePath(content.Logical, meta.PathInfo)
				pages[key] = append(pages[key], content)
			}
			e.byFilename[meta.Filename] = content
			if strings.HasPrefix(content.Base(), "index.") {
				e.leafDirs[slashpath.Dir(content.Logical)] = true
			}
			c.Contents = append(c.Contents, content)
		}
		mu.Unlock()
		if !seen {
			group.Go(func() error { e.parse(content); return nil })
		}
		return nil
	}
	err := hugofs.NewWalkway(hugofs.WalkwayConfig{
		Fs:             e.sites.BaseFs.Content.Fs,
		Root:           "",
		Logger:         e.sites.Log,
		IgnoreFile:     func(name string) bool { return e.ignore(c, name) },
		PathParser:     e.sites.Conf.PathParser(),
		SortDirEntries: true,
		Ctx:            ctx,
		WalkFn:         walk,
	}).Walk()
	group.Wait()
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return nil, err
		}
		return nil, fmt.Errorf("reading content: %w", err)
	}
	e.findHidden(c, pages)
	e.checkSamePage(pages)
	slices.SortFunc(c.Contents, func(a, b *pipeline.Content) int { return strings.Compare(a.Path, b.Path) })
	e.checkShortcodes(c)
	e.checkSymlinks()
	e.checkGoMod()
	e.checkPassedOver(c)
	e.checkShallow()
	e.collection = c
	return c, nil
}

// ignore asks Hugo, and notes a content file that it passes over in silence. A
// name that begins with .# or ends with ~ is an editor's copy.
func (e *Engine) ignore(c *pipeline.Collection, filename string) bool {
	if !e.sites.SourceSpec.IgnoreFile(filename) {
		return false
	}
	base := filepath.Base(filename)
	ext := strings.TrimPrefix(filepath.Ext(base), ".")
	if strings.HasPrefix(base, ".#") || !e.sites.Conf.ContentTypes().(media.ContentTypes).IsContentSuffix(ext) {
		return true
	}
	reason := "ignored by ignoreFiles in the configuration"
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "#") {
		reason = fmt.Sprintf("ignored: its name begins with %c", base[0])
	}
	c.Ignored = append(c.Ignored, pipeline.Ignored{Path: e.log.relative(filename), Reason: reason})
	return true
}

func (e *Engine) language(meta *hugofs.FileMeta) string {
	if lang := meta.PathInfo.Lang(); lang != "" {
		return lang
	}
	if meta.SitesMatrix != nil {
		for i, l := range e.configs.Languages {
			if meta.SitesMatrix.HasLanguage(i) {
				return l.Lang
			}
		}
	}
	return e.settings.Languages[0].Code
}

// parse reads one content file as Hugo will.
func (e *Engine) parse(c *pipeline.Content) {
	add := func(at pipeline.Place, rule, message, hint string) {
		e.problems.Add(c.Problem(at, pipeline.Error, rule, message, hint))
	}
	src, err := os.ReadFile(c.Filename)
	if err != nil {
		add(pipeline.Place{}, "source", fmt.Sprintf("cannot be read: %v", errors.Unwrap(err)), "")
		return
	}
	sum := hash(src)
	c.Size = int64(len(src))
	e.mu.Lock()
	if e.pages.sums == nil {
		e.pages.sums = make(map[string]uint64)
	}
	e.pages.sums[c.Filename] = sum
	e.mu.Unlock()
	if off := invalidUTF8(src); off >= 0 {
		line := 1 + bytes.Count(src[:off], []byte("\n"))
		begin := bytes.LastIndexByte(src[:off], '\n') + 1
		add(pipeline.Place{Line: line, Column: 1 + utf8.RuneCount(src[begin:off])}, "encoding",
			fmt.Sprintf("not UTF-8: byte 0x%02X", src[off]), "save the file as UTF-8")
		return
	}
	if bytes.Contains(src, pipeline.AllowWord) {
		e.problems.Look(c.Path)
	}
	items, err := pageparser.ParseBytes(src, pageparser.Config{})
	if err != nil {
		add(pipeline.Place{Line: 1}, "front-matter", err.Error(), "")
		return
	}
	if e.opts.Record {
		sum := frontMatterSum(src, items)
		e.mu.Lock()
		if e.pages.fronts == nil {
			e.pages.fronts = make(map[string]string)
		}
		e.pages.fronts[c.Path] = sum
		e.mu.Unlock()
	}
	c.BodyLine = 1
	c.Blank = len(bytes.TrimSpace(src)) == 0
	open := -1 // where a shortcode began that has not ended
	for i, item := range items {
		switch {
		case item.IsFrontMatter():
			e.frontMatter(c, src, item, add)
			if i+1 < len(items) {
				c.BodyLine, _ = frontmatter.Place(src, items[i+1].Pos())
				c.Blank = len(bytes.TrimSpace(src[items[i+1].Pos():])) == 0
			}
		case item.IsLeftShortcodeDelim():
			open = item.Pos()
		case item.IsRightShortcodeDelim():
			open = -1
		case item.IsShortcodeName(), item.IsInlineShortcodeName():
			c.Shortcodes = append(c.Shortcodes, shortcodeAt(src, items, i))
		case item.IsError():
			line, column := frontmatter.Place(src, item.Pos())
			if open >= 0 {
				line, column = frontmatter.Place(src, open)
			}
			rule := "shortcode"
			if i == 0 || c.Format == "" && strings.Contains(item.Err.Error(), "front matter") {
				rule = "front-matter"
			}
			add(pipeline.Place{Line: line, Column: column}, rule, strings.TrimSpace(item.Err.Error()), "")
		}
	}
}

func (e *Engine) frontMatter(c *pipeline.Content, src []byte, item pageparser.Item, add func(pipeline.Place, string, string, string)) {
	format := pageparser.FormatFromFrontMatterType(item.Type)
	c.Format = string(format)
	data := item.Val(src)
	first, _ := frontmatter.Place(src, item.Pos())
	m, err := metadecoders.Default.UnmarshalToMap(data, format)
	if err != nil {
		fe := herrors.UnwrapFileError(err)
		if fe == nil {
			fe = herrors.NewFileError(err)
		}
		at := pipeline.Place{Line: first - 1 + max(fe.Position().LineNumber, 1), Column: max(fe.Position().ColumnNumber, 1)}
		if off := fe.Position().Offset; format == metadecoders.JSON && off > 0 {
			at.Line, at.Column = frontmatter.Place(src, item.Pos()+off-1)
		}
		add(at, "front-matter", "front matter: "+cleanDecodeError(err), "")
		return
	}
	c.FrontMatter = make(map[string]any, len(m))
	for key, value := range m {
		c.FrontMatter[strings.ToLower(key)] = plain(value)
	}
	c.Keys = make(map[string]pipeline.Place)
	for _, f := range frontmatter.Fields(c.Format, data) {
		line, column := frontmatter.Place(src, item.Pos()+f.Key.Start)
		c.Keys[f.Name] = pipeline.Place{Line: line, Column: column}
	}
}

// cleanDecodeError keeps the reason and drops the frames and positions that
// the problem shows anyway.
func cleanDecodeError(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			break
		}
		err = inner
	}
	message, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	if strings.HasPrefix(message, "[") { // goccy/go-yaml: "[2:5] reason"
		if _, rest, ok := strings.Cut(message, "] "); ok {
			message = rest
		}
	}
	return strings.TrimPrefix(message, "toml: ")
}

func shortcodeAt(src []byte, items pageparser.Items, i int) pipeline.Shortcode {
	place := func(off int) pipeline.Place {
		line, column := frontmatter.Place(src, off)
		return pipeline.Place{Line: line, Column: column}
	}
	s := pipeline.Shortcode{Name: items[i].ValStr(src), Place: place(items[i].Pos()), Params: make(map[string]pipeline.Param)}
	if i > 0 && items[i-1].IsShortcodeClose() {
		s.Name = "/" + s.Name
	}
	n, key := 0, ""
	for _, item := range items[i+1:] {
		switch {
		case item.IsRightShortcodeDelim():
			s.ToEnd = len(src) - item.Pos()
			return s
		case item.IsDone():
			return s
		case item.IsShortcodeClose():
			s.SelfClosed = true
		case item.IsShortcodeParam():
			value := item.ValStr(src)
			s.Params[fmt.Sprint(n)] = pipeline.Param{Place: place(item.Pos()), Value: value}
			key = value
			n++
		case item.IsShortcodeParamVal():
			delete(s.Params, fmt.Sprint(n-1))
			n--
			s.Params[strings.ToLower(key)] = pipeline.Param{Place: place(item.Pos()), Value: item.ValStr(src)}
		}
	}
	return s
}

func invalidUTF8(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// checkShortcodes reports every unknown shortcode of the site in one run.
func (e *Engine) checkShortcodes(c *pipeline.Collection) {
	for _, content := range c.Contents {
		for _, s := range content.Shortcodes {
			name := strings.TrimPrefix(s.Name, "/")
			if strings.HasSuffix(name, ".inline") || c.HasShortcode(name) {
				continue
			}
			hint := "the templates of shortcodes are in layouts/_shortcodes"
			if near := pipeline.Nearest(name, c.ShortcodeNames); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			e.problems.Add(content.Problem(s.Place, pipeline.Error, "shortcode", fmt.Sprintf("no template for shortcode %q", name), hint))
		}
	}
}

// embeddedShortcodes are those that Hugo brings along.
var embeddedShortcodes = []string{"details", "figure", "gist", "highlight", "instagram", "param", "qr", "ref", "relref", "vimeo", "x", "youtube"}

// embeddedShortcode is the template of one of them, or "".
func (e *Engine) embeddedShortcode(name string) string {
	t := e.sites.Sites[0].TemplateStore.LookupShortcodeByName(name)
	if t == nil || t.Fi != nil {
		return ""
	}
	if content := within(reflect.ValueOf(t), "content"); content.Kind() == reflect.String {
		if name == "highlight" { // what it calls writes these
			return content.String() + "<div <pre <code <span <table class= style="
		}
		return content.String()
	}
	return ""
}

// callsOf are the places at which content calls a shortcode.
func (e *Engine) callsOf(name string) (list []pipeline.Problem) {
	if e.collection == nil {
		return nil
	}
	for _, c := range e.collection.Contents {
		for _, s := range c.Shortcodes {
			if s.Name == name {
				list = append(list, c.Problem(c.Opening(s), pipeline.Error, "shortcode", "", ""))
			}
		}
	}
	return list
}

func (e *Engine) shortcodeNames() []string {
	names := slices.Clone(embeddedShortcodes)
	for _, dir := range []string{"_shortcodes", "shortcodes"} {
		e.layouts(dir, func(rel string) {
			name, _, _ := strings.Cut(rel, ".")
			names = append(names, name)
		})
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// codeHooks are the languages that templates render, such as mermaid in
// _markup/render-codeblock-mermaid.html; "" stands for one that renders all.
func (e *Engine) codeHooks() map[string]bool {
	hooks := make(map[string]bool)
	e.layouts("", func(rel string) {
		if _, lang, ok := strings.Cut(rel, "_markup/render-codeblock"); ok {
			lang, _, _ = strings.Cut(lang, ".")
			hooks[strings.ToLower(strings.TrimPrefix(lang, "-"))] = true
		}
	})
	return hooks
}

// layouts walks the templates of project, theme and modules below a folder.
func (e *Engine) layouts(dir string, visit func(rel string)) {
	hugofs.NewWalkway(hugofs.WalkwayConfig{
		Fs: e.sites.BaseFs.Layouts.Fs, Root: dir, Logger: e.sites.Log, PathParser: e.sites.Conf.PathParser(),
		WalkFn: func(_ context.Context, path string, info hugofs.FileMetaInfo) error {
			if !info.IsDir() {
				rel := strings.TrimPrefix(filepath.ToSlash(path), "/")
				visit(strings.TrimPrefix(strings.TrimPrefix(rel, dir), "/"))
			}
			return nil
		},
	}).Walk()
}
