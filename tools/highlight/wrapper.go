package highlight

import (
	gohtml "html"

	highlighting "github.com/yuin/goldmark-highlighting/v2"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"

	chromahtml "github.com/alecthomas/chroma/v2/formatters/html"
)

const callAttribute = "duskpress-call"

// A call is the state of one Render. It is also the chroma PreWrapper of its
// block.
type call struct {
	lang    string
	attrs   []Attribute
	options Options
	format  []chromahtml.Option
	lexed   bool // a lexer is expected to run
	guess   bool // it is yet to be guessed

	out          output
	begun, ended bool // the lexer ran; the code element was closed
	low, high    int
}

func callOf(ctx highlighting.CodeBlockContext) *call {
	v, _ := ctx.Attributes().GetString(callAttribute)
	return v.(*call)
}

// begin is called once, before a block with a lexer is formatted.
func (c *call) begin(ctx highlighting.CodeBlockContext) []chromahtml.Option {
	c.begun = true
	if c.guess {
		guessed, _ := ctx.Language()
		c.lang = string(guessed)
	}
	return append(c.format, chromahtml.WithPreWrapper(c))
}

// wrap writes what stands around the formatted code: the div, or, where no
// lexer was found and chroma's formatter is not run, all elements.
func (c *call) wrap(entering bool) {
	switch {
	case c.begun && c.options.HlInline:
	case c.begun && entering:
		c.openDiv()
	case c.begun:
		c.out.WriteString("</div>")
	case entering:
		c.out.WriteString(c.Start(true, ""))
	default:
		c.out.WriteString(c.End(true))
	}
}

func (c *call) openDiv() {
	w := &c.out
	w.WriteString(`<div class="`)
	w.WriteString(c.options.WrapperClass)
	for _, a := range c.attrs {
		if a.Name == "class" {
			w.WriteString(" " + a.Value)
			break
		}
	}
	w.WriteString(`"`)
	for _, a := range c.attrs {
		if !isClass(a.Name) {
			w.WriteString(" " + a.Name + `="` + a.Value + `"`)
		}
	}
	w.WriteString(">")
}

// Start implements chroma's PreWrapper. Its result is written right after it
// returns, which the offset relies on.
func (c *call) Start(code bool, style string) string {
	if c.options.HlInline {
		if !code {
			return ""
		}
		return `<code class="code-inline language-` + gohtml.EscapeString(c.lang) + `">`
	}
	tag := `<pre tabindex="0"` + style + `><code`
	if code && c.lang != "" {
		lang := gohtml.EscapeString(c.lang)
		tag += ` class="language-` + lang + `" data-lang="` + lang + `"`
	}
	tag += ">"
	c.low = c.out.Len() + len(tag)
	return tag
}

// End implements chroma's PreWrapper.
func (c *call) End(code bool) string {
	c.ended = c.ended || code
	if c.options.HlInline {
		if !code {
			return ""
		}
		return "</code>"
	}
	c.high = c.out.Len()
	return "</code></pre>"
}

// rawWriter escapes the text of blocks without a lexer as Hugo does; goldmark's
// own writer leaves apostrophes and writes &quot;.
type rawWriter struct{ html.Writer }

var rawWriterOption = html.WithWriter(rawWriter{html.DefaultWriter})

func (rawWriter) RawWrite(w util.BufWriter, source []byte) {
	_, _ = w.WriteString(gohtml.EscapeString(string(source)))
}
