// Package minify makes rendered files smaller without changing what a reader
// sees.
//
// In goes the text of one HTML, CSS, JS, JSON, SVG or XML file and its media
// type; out comes what github.com/tdewolff/minify makes of it under the site's
// [minify] settings, with one difference: that library drops white space which
// a reader would miss, and here it stays. That is every character inside code,
// pre, kbd, samp and textarea elements; the space beside noscript, style and
// template elements between words; the space between words of an SVG text; and
// in feeds, code inside escaped or inline HTML.
//
// The package never writes to the text it is given or to files, never fetches
// anything, and never looks at a site's configuration. A document without such
// white space is minified exactly as by the library alone.
package minify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/html"
	"github.com/tdewolff/minify/v2/js"
	"github.com/tdewolff/minify/v2/json"
	"github.com/tdewolff/minify/v2/svg"
	"github.com/tdewolff/minify/v2/xml"
	"github.com/tdewolff/parse/v2"
)

// Config holds the settings of a site's [minify] section. A kind that is
// disabled is left alone inside HTML too.
type Config struct {
	DisableHTML, DisableCSS, DisableJS, DisableJSON, DisableSVG, DisableXML bool

	HTML html.Minifier
	CSS  css.Minifier
	JS   js.Minifier
	JSON json.Minifier
	SVG  svg.Minifier
	XML  xml.Minifier
}

// Default returns the settings that Hugo v0.165 uses where a site has none.
func Default() Config {
	return Config{
		HTML: html.Minifier{
			KeepDefaultAttrVals: true,
			KeepDocumentTags:    true,
			KeepEndTags:         true,
			KeepSpecialComments: true,
		},
		JS:  js.Minifier{Version: 2022},
		SVG: svg.Minifier{KeepNamespaces: []string{"", "x-bind"}},
	}
}

// Minifier minifies files. It is safe for concurrent use.
type Minifier struct {
	library  *minify.M // what HTML and SVG use for the languages inside them
	minifier map[kind]minify.Minifier
}

type kind string

const (
	htmlKind kind = "html"
	cssKind  kind = "css"
	jsKind   kind = "js"
	jsonKind kind = "json"
	svgKind  kind = "svg"
	xmlKind  kind = "xml"
)

var (
	jsType   = regexp.MustCompile(`^(application|text)/(x-)?(java|ecma)script$`)
	jsonType = regexp.MustCompile(`^(application|text)/(x-|(ld|manifest)\+)?json$`)
)

// New returns a Minifier with the settings of c.
func New(c Config) *Minifier {
	m := &Minifier{library: minify.New(), minifier: map[kind]minify.Minifier{}}
	add := func(k kind, disabled bool, min minify.Minifier) minify.Minifier {
		if disabled {
			return unchanged{}
		}
		m.minifier[k] = min
		return min
	}
	htmlMinifier := add(htmlKind, c.DisableHTML, keeper{&c.HTML, htmlMask{c.HTML.TemplateDelims, c.HTML.KeepComments}})
	cssMinifier := add(cssKind, c.DisableCSS, &c.CSS)
	jsMinifier := add(jsKind, c.DisableJS, &c.JS)
	jsonMinifier := add(jsonKind, c.DisableJSON, &c.JSON)
	svgMinifier := add(svgKind, c.DisableSVG, keeper{&c.SVG, svgMask{}})
	xmlMinifier := add(xmlKind, c.DisableXML, keeper{&c.XML, xmlMask{}})

	// These are the types that Hugo registers with its default media types.
	m.library.Add("text/html", htmlMinifier)
	m.library.Add("text/css", cssMinifier)
	m.library.AddRegexp(jsType, jsMinifier)
	m.library.AddRegexp(jsonType, jsonMinifier)
	m.library.Add("image/svg+xml", svgMinifier)
	m.library.Add("application/xml", xmlMinifier)
	m.library.Add("application/rss+xml", xmlMinifier)
	return m
}

// Minify returns src in fewer bytes, and whether there is a minifier for
// mediaType; without one it returns src itself. Media types are those that
// Hugo minifies, and every other +json and +xml type but MathML and XHTML. An
// output format that is HTML by another media type is for the caller to name
// text/html. The error is an *Error.
func (m *Minifier) Minify(mediaType string, src []byte) ([]byte, bool, error) {
	base, params, err := mime.ParseMediaType(mediaType)
	if err != nil {
		base, params = strings.ToLower(strings.TrimSpace(mediaType)), nil
	}
	min := m.minifier[kindOf(base)]
	if min == nil {
		return src, false, nil
	}
	out := bytes.NewBuffer(make([]byte, 0, len(src)))
	// The library writes to what it reads.
	if err := min.Minify(m.library, out, scratch(src), params); err != nil {
		return src, true, newError(base, src, err)
	}
	return out.Bytes(), true, nil
}

func kindOf(mediaType string) kind {
	switch {
	case mediaType == "text/html":
		return htmlKind
	case mediaType == "text/css":
		return cssKind
	case jsType.MatchString(mediaType):
		return jsKind
	case jsonType.MatchString(mediaType), strings.HasSuffix(mediaType, "+json"):
		return jsonKind
	case mediaType == "image/svg+xml":
		return svgKind
	case mediaType == "application/mathml+xml", mediaType == "application/xhtml+xml":
		return ""
	case mediaType == "application/xml", mediaType == "text/xml", strings.HasSuffix(mediaType, "+xml"):
		return xmlKind
	}
	return ""
}

// Error says where in the source minifying failed.
type Error struct {
	MediaType    string
	Line, Column int // counted from 1; 0 where the library does not say
	Err          error
	Text         string // the line, or a part of it; empty where the library does not say
}

func newError(mediaType string, src []byte, err error) *Error {
	e := &Error{MediaType: mediaType, Err: err}
	if p, ok := errors.AsType[*parse.Error](err); ok {
		e.Line, e.Column, e.Err = p.Line, p.Column, errors.New(p.Message)
		e.look(src, p.Context)
	}
	return e
}

var contextLine = regexp.MustCompile(`^\s*\d+: (\.\.\.)?(.*?)(\.\.\.)?\n( *)\^`)

// look finds the line that the library shows in the source. By its own count it
// may be another: it counts lines of what it has changed already.
func (e *Error) look(src []byte, context string) {
	m := contextLine.FindStringSubmatch(context)
	if m == nil {
		return
	}
	e.Text = m[2]
	if i := bytes.Index(src, []byte(m[2])); len(m[2]) >= 4 && i >= 0 && bytes.Count(src, []byte(m[2])) == 1 {
		line := bytes.LastIndexByte(src[:i], '\n') + 1
		before := strings.Index(context, ": ") + len(": ") + len(m[1])
		e.Line = 1 + bytes.Count(src[:i], []byte("\n"))
		e.Column = 1 + utf8.RuneCount(src[line:i]) + max(0, len(m[4])-before)
	} else if e.Line > 1+bytes.Count(src, []byte("\n")) {
		e.Line, e.Column = 0, 0
	}
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("minifying %s: %v", e.MediaType, e.Err)
	}
	return fmt.Sprintf("minifying %s: line %d, column %d: %v", e.MediaType, e.Line, e.Column, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// unchanged stands for a disabled minifier.
type unchanged struct{}

func (unchanged) Minify(_ *minify.M, w io.Writer, r io.Reader, _ map[string]string) error {
	_, err := io.Copy(w, r)
	return err
}
