package hugo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/gohugoio/hugo/markup/converter"
	"github.com/gohugoio/hugo/media"
	"github.com/spf13/afero"

	"github.com/gohugoio/hugo/resources/page"

	"duskpress/tools/pipeline"
)

// Render builds the site. Static files go first, so that their paths are known
// when pages are assembled.
func (e *Engine) Render(ctx context.Context, job pipeline.RenderJob) (pages int, err error) {
	static, err := e.staticFiles(ctx)
	if err != nil {
		return 0, err
	}
	var rendered atomic.Int64
	if job.Partial != nil {
		e.part = &part{Partial: job.Partial}
	}
	e.prepare(job, func(p string, data []byte) error {
		e.noteValues(p)
		e.noteWrite(p)
		e.release(p)
		f := e.outputFile(p, data)
		if e.only.drops(f) {
			return nil
		}
		if f.Kind == pipeline.Rendered {
			rendered.Add(1)
		}
		return job.Sink(f)
	})
	if e.only != nil {
		job.Ahead = nil // of what is rendered there is little
	}
	stop := e.highlightAhead(ctx, job)
	built := e.build(ctx)
	stop()
	if err := ctx.Err(); err != nil {
		return 0, context.Cause(ctx)
	}
	if e.part != nil && e.part.doubt != nil {
		return 0, e.part.doubt
	}
	if err := e.destination.failure(); err != nil && !errors.Is(err, pipeline.ErrProblems) {
		return 0, err
	}
	if errors.Is(built, errHung) {
		if built = e.sampleErrors(ctx, job); built == nil {
			return 0, pipeline.ErrProblems
		}
		return 0, built
	}
	e.log.flush(built)
	noTemplate := e.noTemplates()
	if e.problems.Failed() {
		return 0, pipeline.ErrProblems
	}
	if built != nil {
		return 0, fmt.Errorf("hugo: %w", built)
	}
	if err := e.destination.flush(); err != nil {
		return 0, err
	}
	if e.only != nil {
		return int(rendered.Load()), nil
	}
	if e.part != nil {
		if err := e.carry(); err != nil {
			return 0, err
		}
	}
	e.emptyOutput(noTemplate)
	for _, s := range static {
		if err := job.Sink(s); err != nil {
			return 0, err
		}
	}
	if e.problems.Failed() {
		return 0, pipeline.ErrProblems
	}
	return int(rendered.Load()), nil
}

// prepare connects the engine with the plugins and with where files go.
func (e *Engine) prepare(job pipeline.RenderJob, sink func(string, []byte) error) {
	e.source.setContent(func(filename string) ([]byte, bool, error) { return e.readContent(filename, job.Source) }, job.Collection.Virtual())
	e.setCodeHook(job.Code)
	e.markdown.extenders = job.Extenders
	e.markdown.problems = e.problems
	e.markdown.hasCodeHook = nil
	if job.Code != nil && !e.settings.Compat {
		e.markdown.hasCodeHook = job.Collection.HasCodeHook
	}
	e.markdown.document = e.document
	e.markdown.keeping, e.markdown.settled = job.Conversions, e.allSettings()
	e.destination.written = job.Written
	e.destination.twice = e.publishedTwice
	e.destination.sink = sink
}

// readContent is what Hugo reads of a content file.
func (e *Engine) readContent(filename string, source func(*pipeline.Content, []byte) ([]byte, error)) ([]byte, bool, error) {
	c := e.byFilename[filename]
	if c == nil {
		return nil, false, nil
	}
	src, err := os.ReadFile(filename)
	if err != nil {
		return nil, false, err
	}
	if sum, ok := e.pages.sums[filename]; ok && sum != hash(src) {
		e.problems.Add(c.Problem(pipeline.Place{}, pipeline.Error, "source", "changed while the site was being built", "build again"))
		return nil, false, errors.New("changed while the site was being built")
	}
	out, err := source(c, src)
	if err != nil {
		return nil, false, err
	}
	return out, true, nil
}

// document tells Markdown plugins where they are.
func (e *Engine) document(ctx converter.DocumentContext) *pipeline.Document {
	content := e.byFilename[ctx.Filename]
	if content == nil && ctx.Filename != "" {
		lang := ""
		if p, ok := ctx.Document.(page.Page); ok {
			lang = p.Lang()
		}
		content = e.adapterOf(ctx.Filename, lang)
	}
	return pipeline.NewDocument(content, func(ref string) (string, bool) {
		if content == nil {
			return "", false
		}
		return e.resolve(content, ref)
	}, e.problems)
}

// resolve finds the page of a content file, as another one refers to it.
func (e *Engine) resolve(from *pipeline.Content, ref string) (string, bool) {
	filename := filepath.Join(filepath.Dir(from.Filename), filepath.FromSlash(ref))
	if strings.HasPrefix(ref, "/") {
		filename = filepath.Join(from.Root, filepath.FromSlash(ref))
	}
	p := e.pages.byFile[filename]
	if p == nil {
		return "", false
	}
	if p.Lang() != from.Language {
		for _, t := range p.Translations() {
			if t.Lang() == from.Language {
				p = t
				break
			}
		}
	}
	return p.RelPermalink(), p.RelPermalink() != ""
}

// staticFiles lists the files of static/, in Hugo's way: later mounts stand
// behind earlier ones, and each language of a multihost site has its own.
func (e *Engine) staticFiles(ctx context.Context) ([]*pipeline.File, error) {
	var files []*pipeline.File
	e.pages.static = make(map[string]string)
	for _, sfs := range e.sites.BaseFs.SourceFilesystems.Static {
		err := afero.Walk(sfs.Fs, "", func(name string, info os.FileInfo, err error) error {
			if err != nil {
				if errors.Is(err, os.ErrNotExist) {
					return nil // no static directory
				}
				return err
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if info.IsDir() {
				return nil
			}
			file := fileOf(info, name)
			p := path.Join(filepath.ToSlash(sfs.PublishFolder), strings.TrimPrefix(filepath.ToSlash(name), "/"))
			e.pages.static[p] = file
			files = append(files, &pipeline.File{
				Path: p, Kind: pipeline.Static, MediaType: e.mediaType(p), Origin: e.log.relative(file), Open: func() (io.ReadCloser, error) { return sfs.Fs.Open(name) },
			})
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading static files: %w", err)
		}
	}
	slices.SortFunc(files, func(a, b *pipeline.File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// fileOf is the file on the disk that a union of directories shows.
func fileOf(info os.FileInfo, name string) string {
	if m, ok := info.(interface{ Filename() string }); ok {
		return m.Filename()
	} else if m, ok := info.(interface{ Meta() *hugoFileMeta }); ok {
		return m.Meta().Filename
	}
	return name
}

// realName is the file that stands at a name in a union of directories, or "".
func realName(union afero.Fs, name string) string {
	info, err := union.Stat(name)
	if err != nil || info.IsDir() {
		return ""
	}
	return fileOf(info, "")
}

// outputFile says what is known of a file that Hugo closed.
func (e *Engine) outputFile(p string, data []byte) *pipeline.File {
	f := &pipeline.File{Path: p, Kind: pipeline.Asset, MediaType: e.mediaType(p), Data: data, Fingerprinted: fingerprinted(p)}
	if o, ok := e.pages.owners[p]; ok {
		f.Kind, f.Content, f.Origin = pipeline.Rendered, o.content, o.what
		if o.page == nil {
			e.publishedTwice(p) // a static file has the path
			return f
		}
		f.URL = o.page.Permalink()
		if o.content != nil {
			f.Resolve = func(ref string) (string, bool) { return e.resolve(o.content, ref) }
		}
		return f
	}
	_, bundled := e.bundleFile(p)
	switch {
	case bundled:
		f.Kind, f.Origin = pipeline.Bundled, "a file of a page bundle"
	case f.MediaType == "text/html" || path.Base(p) == "sitemap.xml" || p == "robots.txt":
		f.Kind, f.Origin = pipeline.Rendered, "a page of Hugo's"
	default:
		f.Origin = "a resource"
	}
	return f
}

// publishedTwice reports a path that two sources wrote, found while rendering.
func (e *Engine) publishedTwice(p string) {
	problem := pipeline.Problem{
		Severity: pipeline.Error, Rule: "collision",
		Message: "two templates or resources publish " + p + " with different bytes",
		Hint:    "look for resources.Publish, resources.Copy, pagers and output formats that use this path",
	}
	if o, ok := e.pages.owners[p]; ok {
		problem.File, problem.Line, problem.Column = o.at.File, o.at.Line, o.at.Column
		problem.Message = fmt.Sprintf("%s and a template, resource or page of Hugo's both publish %s", o.what, p)
	}
	e.problems.Add(problem)
}

func (e *Engine) mediaType(p string) string {
	suffix := strings.TrimPrefix(path.Ext(p), ".")
	if t, _, ok := e.configs.Base.MediaTypes.Config.GetFirstBySuffix(suffix); ok {
		return t.Type
	}
	if t, _, ok := media.DefaultTypes.GetFirstBySuffix(suffix); ok {
		return t.Type
	}
	return "application/octet-stream"
}

// fingerprint matches the names that Hugo's fingerprint gives (MD5 to SHA-512
// in hexadecimal digits) and those of chunks that js.Build makes.
var fingerprint = regexp.MustCompile(`\.([0-9a-f]{32}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})\.[^./]+$|-[A-Z0-9]{8}\.(js|css)(\.map)?$`)

func fingerprinted(p string) bool { return fingerprint.MatchString(path.Base(p)) }
