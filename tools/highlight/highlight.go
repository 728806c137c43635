// Package highlight renders one block of code to HTML, with the bytes that
// Hugo's own highlighter would have written.
//
// In goes the code as the author wrote it, the language of its fence, the
// attributes of the wrapping div, and the options that apply after those of
// the site, the fence and the call were merged. Out comes the HTML, with the
// offsets of its inner part, and the language that was really used.
//
// The work is done by github.com/yuin/goldmark-highlighting: each call builds
// a fenced code block and has it rendered. What that library leaves open or
// does otherwise than Hugo (wrapper elements, line numbers, the escaping of
// blocks without a lexer, languages with a space, swallowed errors) is settled
// here through its hooks.
//
// The package never reads a site's configuration or parses an option string,
// never adds the final newline that Hugo gives to a fence's code (that is the
// caller's, as in Hugo), and never changes a character of the code except as
// chroma does: CRLF and CR become LF, some lexers end the code with a newline.
// All functions are safe for concurrent use.
package highlight

import (
	"bytes"
	"errors"
	"fmt"

	highlighting "github.com/yuin/goldmark-highlighting/v2"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	chromahtml "github.com/alecthomas/chroma/v2/formatters/html"
	"github.com/alecthomas/chroma/v2/lexers"
)

// Options says how a block is rendered. The fields are those of Hugo's
// highlight.Config, which documents them; no default is applied here, so the
// zero value means classless wrapper, CSS classes, no line numbers.
type Options struct {
	Style        string // a chroma style; an unknown one means chroma's fallback
	WrapperClass string // class of the wrapping div, not escaped
	NoClasses    bool   // inline styles instead of CSS classes

	LineNos            any // nil, a bool, "inline" or "table"; the strings override LineNumbersInTable
	LineNumbersInTable bool
	AnchorLineNos      bool
	LineAnchors        string // prefix of the anchors' ids, without the hyphen
	LineNoStart        int

	HlLines       string   // ranges such as "3-8 10", counted from 1; ignored as a whole when malformed
	HlLinesParsed [][2]int // ranges in shown line numbers; wins over HlLines unless nil
	HlInline      bool     // a code element alone, without div and pre
	TabWidth      int
	GuessSyntax   bool // guess the language where the given one is empty or unknown
}

// Attribute is one attribute of the wrapping div. Value is written as it is,
// as Hugo does: what Hugo's Attribute.ValueString returns belongs here.
type Attribute struct {
	Name, Value string
}

// Result is a rendered block.
type Result struct {
	HTML string

	// HTML[InnerLow:InnerHigh] is the part inside the code element, or all of
	// it with Options.HlInline (as in Hugo).
	InnerLow, InnerHigh int

	Language    string // as given, or as guessed
	Highlighted bool   // a lexer was found
}

// The two renderers differ in what happens to a block without a language. The
// state of a call travels in its node's attributes.
var (
	plainRenderer    = newRenderer(false)
	guessingRenderer = newRenderer(true)
)

func newRenderer(guess bool) renderer.Renderer {
	r := highlighting.NewHTMLRenderer(
		highlighting.WithGuessLanguage(guess),
		highlighting.WithHTMLOptions(rawWriterOption),
		highlighting.WithCodeBlockOptions(func(ctx highlighting.CodeBlockContext) []chromahtml.Option {
			return callOf(ctx).begin(ctx)
		}),
		highlighting.WithWrapperRenderer(func(_ util.BufWriter, ctx highlighting.CodeBlockContext, entering bool) {
			callOf(ctx).wrap(entering)
		}),
	)
	return renderer.NewRenderer(renderer.WithNodeRenderers(util.Prioritized(r, 100)))
}

// Render renders code as lang. The error is an unusable Options.LineNos on a
// block that has a lexer, or a failure in chroma.
func Render(code, lang string, attrs []Attribute, o Options) (Result, error) {
	known := lookup(lang)
	c := &call{lang: lang, attrs: attrs, options: o}
	c.guess = o.GuessSyntax && known.lexer == nil
	c.lexed = c.guess || known.lexer != nil
	if c.lexed {
		var err error
		if c.format, err = o.formatOptions(); err != nil {
			return Result{}, fmt.Errorf("highlighting %q: %w", lang, err)
		}
	}

	// A block that has a lexer goes to the lexer of this package, which is told
	// the language within the text.
	source := make([]byte, 0, len(known.key)+1+len(code)+len(privateName))
	if known.lexer != nil {
		source = append(append(source, known.key...), 0)
	}
	source = append(source, code...)
	end := len(source)
	var info *ast.Text
	if known.lexer != nil {
		source = append(source, privateName...)
		info = ast.NewTextSegment(text.NewSegment(end, len(source)))
	}
	block := ast.NewFencedCodeBlock(info)
	block.Lines().Append(text.NewSegment(0, end))
	block.SetAttributeString(callAttribute, c)
	block.SetAttributeString("hl_style", []byte(o.Style))

	r := plainRenderer
	if c.guess {
		r = guessingRenderer
	}
	c.out.Grow(512 + 7*len(code)) // code becomes about so much HTML
	if err := r.Render(&c.out, source, block); err != nil {
		return Result{}, fmt.Errorf("highlighting %q: %w", lang, err)
	}
	if err := c.check(code, known); err != nil {
		return Result{}, fmt.Errorf("highlighting %q: %w", lang, err)
	}

	if c.high == 0 {
		c.high = c.out.Len()
	}
	return Result{HTML: c.out.String(), InnerLow: c.low, InnerHigh: c.high, Language: c.lang, Highlighted: c.lexed}, nil
}

// check finds the failures that the library does not report.
func (c *call) check(code string, known language) error {
	if c.lexed && !c.begun {
		// The library falls back to plain text when the lexer fails; the cause
		// is only to be had by asking the lexer again.
		lexer := known.lexer
		if lexer == nil {
			if lexer = lexers.Analyse(code); lexer == nil {
				lexer = lexers.Fallback
			}
		}
		if _, err := lexer.Tokenise(nil, code); err != nil {
			return err
		}
		return errors.New("the lexer failed")
	}
	if !c.ended {
		return errors.New("the formatter stopped before the end of the code")
	}
	return nil
}

// output is the util.BufWriter that goldmark writes to; its length is the
// offset that Hugo counts.
type output struct{ bytes.Buffer }

func (o *output) Buffered() int { return 0 }
func (o *output) Flush() error  { return nil }
