package hugo

import (
	"context"
	"fmt"
	"html/template"
	"reflect"
	"strings"
	"unsafe"

	"github.com/gohugoio/hugo/common/hugio"
	"github.com/gohugoio/hugo/common/text"
	"github.com/gohugoio/hugo/markup"
	"github.com/gohugoio/hugo/markup/converter/hooks"
	"github.com/gohugoio/hugo/markup/highlight"
	"github.com/gohugoio/hugo/resources/page"
	"github.com/mitchellh/mapstructure"
	"github.com/spf13/cast"

	"duskpress/tools/pipeline"
)

// installHighlighter puts our highlighter where Hugo asks for one: fences, the
// highlight function and shortcode, and code block hooks that highlight.
func (e *Engine) installHighlighter() {
	for _, s := range e.sites.Sites {
		spec := s.Deps.ContentSpec
		spec.Converters = &converters{ConverterProvider: spec.Converters, highlighter: &highlighter{
			Highlighter: spec.Converters.GetHighlighter(),
			config:      spec.Converters.GetMarkupConfig().Highlight,
			engine:      e,
		}}
	}
}

func (e *Engine) setCodeHook(code func(pipeline.Code) (pipeline.CodeHTML, error)) {
	for _, s := range e.sites.Sites {
		if c, ok := s.Deps.ContentSpec.Converters.(*converters); ok {
			c.highlighter.code = code
		}
	}
}

type converters struct {
	markup.ConverterProvider
	highlighter *highlighter
}

func (c *converters) GetHighlighter() highlight.Highlighter { return c.highlighter }

// highlighter answers Hugo's four questions through the pipeline's Code hook,
// and through Hugo's own highlighter where no plugin has one.
type highlighter struct {
	highlight.Highlighter
	config highlight.Config
	code   func(pipeline.Code) (pipeline.CodeHTML, error)

	engine *Engine
}

// problem lets the Code hook report on a block, at its first line: Hugo tells
// the position of a block to templates alone.
func (h *highlighter) problem(ctx hooks.CodeblockContext) func(pipeline.Severity, string, string, string) {
	return func(severity pipeline.Severity, rule, message, hint string) {
		p := pipeline.Problem{Severity: severity, Rule: rule, Message: message, Hint: hint}
		if page, ok := ctx.Page().(page.Page); ok && page.File() != nil {
			filename := page.File().Filename()
			p.File = h.engine.log.relative(filename)
			if c := h.engine.byFilename[filename]; c != nil {
				first, _, _ := strings.Cut(strings.TrimLeft(ctx.Inner(), "\n"), "\n")
				at := c.Find(first, 1)
				p.Line, p.Column = at.Line, at.Column
			}
		}
		h.engine.problems.Add(p)
	}
}

func (h *highlighter) Highlight(code, lang string, opts any) (string, error) {
	if h.code == nil {
		return h.Highlighter.Highlight(code, lang, opts)
	}
	cfg := h.config
	if err := applyOptions(opts, &cfg, &lang, &code); err != nil {
		return "", err
	}
	out, err := h.code(pipeline.Code{Text: code, Language: lang, Options: codeOptions(cfg)})
	return out.HTML, err
}

func (h *highlighter) HighlightCodeBlock(ctx hooks.CodeblockContext, opts any) (highlight.HighlightResult, error) {
	if h.code == nil {
		return h.Highlighter.HighlightCodeBlock(ctx, opts)
	}
	var result highlight.HighlightResult
	cfg := h.config
	if err := decodeOptions(ctx.Options(), &cfg); err != nil {
		return result, err
	}
	lang, code := ctx.Type(), ctx.Inner()
	if err := applyOptions(opts, &cfg, &lang, &code); err != nil {
		return result, err
	}
	anchorBlock(ctx, &cfg)
	out, err := h.code(pipeline.Code{Text: code, Language: lang, Attributes: codeAttributes(ctx), Options: codeOptions(cfg), Problem: h.problem(ctx)})
	if err != nil {
		return result, err
	}
	return newHighlightResult(out)
}

func (h *highlighter) RenderCodeblock(cctx context.Context, w hugio.FlexiWriter, ctx hooks.CodeblockContext) error {
	if h.code == nil {
		return h.Highlighter.RenderCodeblock(cctx, w, ctx)
	}
	return h.renderCodeblock(w, ctx, func() {})
}

// renderCodeblock calls told when something is reported on the block.
func (h *highlighter) renderCodeblock(w hugio.FlexiWriter, ctx hooks.CodeblockContext, told func()) error {
	cfg := h.config
	if err := decodeOptions(ctx.Options(), &cfg); err != nil {
		return err
	}
	anchorBlock(ctx, &cfg)
	code := text.Puts(ctx.Inner())
	if whole, ok := strings.CutSuffix(ctx.Inner(), blankLinesMark); ok {
		code = whole
	}
	report := h.problem(ctx)
	problem := func(severity pipeline.Severity, rule, message, hint string) {
		told()
		report(severity, rule, message, hint)
	}
	out, err := h.code(pipeline.Code{Text: code, Language: ctx.Type(), Attributes: codeAttributes(ctx), Options: codeOptions(cfg), Problem: problem})
	if err != nil {
		return err
	}
	_, err = w.WriteString(out.HTML)
	return err
}

// anchorBlock gives the lines of a block anchors of their own.
func anchorBlock(ctx hooks.CodeblockContext, cfg *highlight.Config) {
	cfg.LineAnchors = lineAnchors(codeOptions(*cfg), ctx.Ordinal())
}

func lineAnchors(o pipeline.CodeOptions, ordinal int) string {
	if o.LineAnchors == "" {
		return fmt.Sprintf("hl-%d", ordinal)
	}
	return o.LineAnchors
}

func codeAttributes(ctx hooks.CodeblockContext) []pipeline.CodeAttribute {
	holder, ok := ctx.(hooks.AttributesOptionsSliceProvider)
	if !ok {
		return nil
	}
	slice := holder.AttributesSlice()
	if slice == nil {
		return nil
	}
	attrs := make([]pipeline.CodeAttribute, 0, len(slice))
	for _, a := range slice {
		attrs = append(attrs, pipeline.CodeAttribute{Name: a.Name, Value: a.ValueString()})
	}
	return attrs
}

func codeOptions(c highlight.Config) pipeline.CodeOptions {
	return pipeline.CodeOptions{
		Style: c.Style, WrapperClass: c.WrapperClass, NoClasses: c.NoClasses, LineNos: c.LineNos,
		LineNumbersInTable: c.LineNumbersInTable, AnchorLineNos: c.AnchorLineNos, LineAnchors: c.LineAnchors,
		LineNoStart: c.LineNoStart, HlLines: c.Hl_Lines, HlLinesParsed: c.HL_lines_parsed, HlInline: c.Hl_inline,
		TabWidth: c.TabWidth, GuessSyntax: c.GuessSyntax,
	}
}

// newHighlightResult fills the closed fields of Hugo's result.
func newHighlightResult(out pipeline.CodeHTML) (highlight.HighlightResult, error) {
	var r highlight.HighlightResult
	high := out.InnerHigh
	if high == 0 {
		high = len(out.HTML)
	}
	v := reflect.ValueOf(&r).Elem()
	for name, value := range map[string]any{
		"highlighted": template.HTML(out.HTML),
		"innerLow":    out.InnerLow,
		"innerHigh":   high,
	} {
		f := v.FieldByName(name)
		if !f.IsValid() || f.Type() != reflect.TypeOf(value) {
			return r, fmt.Errorf("hugo seam Highlighter: HighlightResult has no field %s of type %T", name, value)
		}
		reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem().Set(reflect.ValueOf(value))
	}
	return r, nil
}

// applyOptions reads the options of a call, a map or a string such as
// "linenos=table,hl_lines=2 4-6", which may also name the type and the code.
func applyOptions(opts any, cfg *highlight.Config, lang, code *string) error {
	if opts == nil {
		return nil
	}
	m := make(map[string]any)
	if given, ok := opts.(map[string]any); ok {
		for key, value := range given {
			m[strings.ToLower(key)] = value
		}
	} else {
		s, err := cast.ToStringE(opts)
		if err != nil {
			return err
		}
		if m, err = parseOptions(s); err != nil {
			return err
		}
	}
	if v, ok := m["type"]; ok {
		*lang = cast.ToString(v)
		delete(m, "type")
	}
	if v, ok := m["code"]; ok {
		*code = cast.ToString(v)
		delete(m, "code")
	}
	return decodeOptions(m, cfg)
}

func parseOptions(s string) (map[string]any, error) {
	m := make(map[string]any)
	if s = strings.Trim(s, " "); s == "" {
		return m, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		key, value, ok := strings.Cut(part, "=")
		if !ok || strings.Contains(value, "=") {
			return m, fmt.Errorf("invalid highlight option %q: want key=value", strings.TrimSpace(key))
		}
		m[strings.ToLower(strings.Trim(key, " "))] = value
	}
	return m, nil
}

// decodeOptions writes options over a configuration, after it normalised them
// in place as Hugo does, which a template can see: keys in lower case, linenos
// as a boolean beside lineNumbersInTable, hl_lines of a fence as ranges from 0
// that move with linenostart.
func decodeOptions(m map[string]any, cfg *highlight.Config) error {
	for key, value := range m {
		if lower := strings.ToLower(key); lower != key {
			delete(m, key)
			m[lower] = value
		}
	}
	if v, ok := m["linenos"]; ok {
		if v == "table" || v == "inline" {
			m["lineNumbersInTable"] = v == "table"
		}
		if s, ok := v.(string); ok {
			m["linenos"] = s != "false"
		}
	}
	if ranges, ok := m["hl_lines"].([][2]int); ok {
		base := 1
		if v, ok := m["linenostart"]; ok {
			base = cast.ToInt(v)
		}
		for i := range ranges {
			ranges[i][0] += base
			ranges[i][1] += base
		}
		delete(m, "hl_lines")
		m["hl_lines_parsed"] = ranges
	}
	return mapstructure.WeakDecode(m, cfg)
}
