package pipeline

import (
	"reflect"
	"strings"

	"duskpress/tools/cache"
)

// Conversions keep what bodies of Markdown became, between builds.
type Conversions struct {
	cache   *cache.Store
	settled string // what it depends on beside the body
}

// A Conversion is what became of a body: its HTML and its table of contents.
type Conversion struct {
	HTML     string
	Contents *Contents // nil where the engine made none
	// Asked are the templates that might have rendered a part of the body, had they
	// been there, and the languages whose code no template renders.
	Asked []Asked
}

// Contents are the headings of a body, and the identifiers of all that can be
// linked to.
type Contents struct {
	Headings    []Heading
	Identifiers []string
}

// A Heading in a table of contents.
type Heading struct {
	ID, Title string
	Level     int
	Headings  []Heading
}

// Asked is one question for a template: the engine's number for what is rendered,
// and the kind of that, such as the language of code, where it has one.
type Asked struct {
	Renderer int
	HasKind  bool
	Kind     string
}

// conversions is nil where nothing may be kept: there is no cache, a plugin has not
// said that its Markdown hook may be left out, or who changed what is to be known.
func (p *Pipeline) conversions() *Conversions {
	if !p.caching() || p.Trace != nil {
		return nil
	}
	var b strings.Builder
	for _, s := range p.steps {
		if s.hooks.Markdown != nil && !s.hooks.CachedMarkdown || s.hooks.Code != nil && s.hooks.Cached == nil {
			return nil
		}
		if s.hooks.Markdown != nil || s.hooks.Code != nil {
			b.WriteString(p.settled(s) + "\x00\x00")
		}
	}
	return &Conversions{p.Cache, p.Identity + "\x00" + b.String()}
}

// A ConversionKey stands for a body and for all that its conversion depends on.
type ConversionKey = cache.Key

// Key stands for a body and for all that the engine knows of its conversion.
func (c *Conversions) Key(body []byte, known ...string) ConversionKey {
	return cache.Sum("markdown", c.settled).Int(int64(len(known))).String(known...).Bytes(body).Key()
}

// Get finds a conversion.
func (c *Conversions) Get(key ConversionKey) (conv Conversion, ok bool) {
	data, ok := c.cache.Get(MarkdownKind, key)
	if !ok {
		return conv, false
	}
	d := newDecoder(data)
	conv.HTML = d.string()
	if d.bool() {
		conv.Contents = new(Contents)
		d.value(reflect.ValueOf(conv.Contents).Elem())
	}
	d.value(reflect.ValueOf(&conv.Asked).Elem())
	return conv, d.end() == nil
}

// Put keeps a conversion whose HTML was packed.
func (c *Conversions) Put(key ConversionKey, conv Conversion) {
	var e encoder
	e.string(conv.HTML)
	e.bool(conv.Contents != nil)
	if conv.Contents != nil {
		e.value(reflect.ValueOf(conv.Contents).Elem())
	}
	e.value(reflect.ValueOf(&conv.Asked).Elem())
	c.cache.Put(MarkdownKind, key, e.buf)
}

// Pack makes HTML that is full of code smaller, and Unpack makes that HTML again.
func Pack(html string) string   { return squeeze(html) }
func Unpack(html string) string { return unsqueeze(html) }
