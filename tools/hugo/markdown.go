package hugo

import (
	"fmt"
	"reflect"
	"sync"
	"time"
	"unsafe"

	"github.com/gohugoio/hugo/markup/converter"
	hugogoldmark "github.com/gohugoio/hugo/markup/goldmark"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"duskpress/tools/pipeline"
)

// markdownSeam stands between Hugo and its Markdown engine: it lets plugins
// extend the engine and tells their parsers which document they are in. The
// door is goldmark.Provider, an assignable variable, and the unexported field
// md of the converter behind it.
type markdownSeam struct {
	extenders []pipeline.Extender
	document  func(converter.DocumentContext) *pipeline.Document
	problems  *pipeline.Problems
	// hasCodeHook reports whether a template renders a language; nil where
	// blank lines need not be kept.
	hasCodeHook func(lang string) bool
	timings     *timings // nil where nobody asks
	// keeping has what bodies became in builds before, nil where nothing is kept;
	// settled is all of the configuration.
	keeping *pipeline.Conversions
	settled string
}

var theMarkdownSeam *markdownSeam

// installMarkdownSeam replaces Hugo's Markdown provider, once a process.
func installMarkdownSeam() *markdownSeam {
	if theMarkdownSeam == nil {
		theMarkdownSeam = &markdownSeam{}
		hugogoldmark.Provider = markdownProviders{hugogoldmark.Provider, theMarkdownSeam}
	}
	return theMarkdownSeam
}

type markdownProviders struct {
	inner converter.ProviderProvider
	seam  *markdownSeam
}

func (p markdownProviders) New(cfg converter.ProviderConfig) (converter.Provider, error) {
	inner, err := p.inner.New(cfg)
	if err != nil {
		return nil, err
	}
	return &markdownProvider{Provider: inner, seam: p.seam}, nil
}

type markdownProvider struct {
	converter.Provider
	seam *markdownSeam
	once sync.Once
	err  error
}

// New makes the converter of one document. The first real document extends the
// engine, which all documents of a site share; before that the extenders are
// not known.
func (p *markdownProvider) New(ctx converter.DocumentContext) (converter.Converter, error) {
	conv, err := p.Provider.New(ctx)
	if err != nil {
		return nil, err
	}
	if ctx.Document == nil || len(p.seam.extenders) == 0 {
		return renderOnce(conv, nil), nil
	}
	field, err := markdownField(conv)
	if err != nil {
		return nil, err
	}
	p.once.Do(func() { p.err = p.seam.extend(*field) })
	if p.err != nil {
		return nil, p.err
	}
	document := p.seam.document(ctx)
	*field = documentMarkdown{Markdown: *field, document: document, name: ctx.DocumentName, problems: p.seam.problems, timings: p.seam.timings}
	return renderOnce(conv, p.seam.keep(ctx, document)), nil
}

// markdownField is the address of the converter's field md.
func markdownField(conv converter.Converter) (*goldmark.Markdown, error) {
	v := reflect.ValueOf(conv)
	if v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct {
		f := v.Elem().FieldByName("md")
		if f.IsValid() && f.Type() == reflect.TypeFor[goldmark.Markdown]() {
			return (*goldmark.Markdown)(unsafe.Pointer(f.UnsafeAddr())), nil
		}
	}
	return nil, fmt.Errorf("hugo seam Markdown: converter %T has no field md of type goldmark.Markdown", conv)
}

func (s *markdownSeam) extend(md goldmark.Markdown) (err error) {
	plugin := ""
	defer func() {
		if v := recover(); v != nil {
			s.problems.Add(pluginPanic(plugin, "", v))
			err = pipeline.ErrProblems
		}
	}()
	var extenders []goldmark.Extender
	for _, e := range s.extenders {
		plugin = e.Plugin
		e.Extend(md)
		extenders = append(extenders, e.Extender)
	}
	if s.hasCodeHook != nil {
		keepBlankLines{s.hasCodeHook}.extend(md)
	}
	plugin = "headings of a table of contents"
	mendTableOfContents(md, extenders)
	return nil
}

func pluginPanic(plugin, file string, v any) pipeline.Problem {
	return pipeline.Problem{
		File: file, Severity: pipeline.Error, Rule: "panic",
		Message: fmt.Sprintf("Markdown plugin %s: panic: %v", plugin, v),
		Hint:    "this is a fault of a plugin with a Markdown hook; `duskpress plugins` lists them",
	}
}

// documentMarkdown is Hugo's engine for one document.
type documentMarkdown struct {
	goldmark.Markdown
	document *pipeline.Document
	name     string
	problems *pipeline.Problems
	timings  *timings
}

func (m documentMarkdown) Parser() parser.Parser {
	return documentParser{m.Markdown.Parser(), m}
}

type documentParser struct {
	parser.Parser
	markdown documentMarkdown
}

// Parse gives the document to the plugins, and turns a panic of theirs into a
// problem: the build goes on to find more, and then fails.
func (p documentParser) Parse(reader text.Reader, opts ...parser.ParseOption) (doc ast.Node) {
	defer func() {
		if v := recover(); v != nil {
			file := p.markdown.name
			if c := p.markdown.document.Content; c != nil {
				file = c.Path
			}
			p.markdown.problems.Add(pluginPanic("", file, v))
			doc = ast.NewDocument()
		}
	}()
	defer p.markdown.timings.since(p.markdown.file(), time.Now())
	var cfg parser.ParseConfig
	for _, o := range opts {
		o(&cfg)
	}
	if cfg.Context == nil {
		cfg.Context = parser.NewContext()
		opts = append(opts, parser.WithContext(cfg.Context))
	}
	pipeline.WithDocument(cfg.Context, p.markdown.document)
	return p.Parser.Parse(reader, opts...)
}
