package codetext

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/alecthomas/chroma/v2/lexers"
)

// Post is a made-up post.
type Post struct {
	Meta string // front matter, or headings that stand for it
	Body string
}

// Source is the file.
func (p Post) Source() string { return p.Meta + p.Body }

// Generate makes the post number n of a seed. It has a title, a date and a tag,
// and nothing that would stop a build: no shortcodes and no relative links.
func Generate(seed uint64, n int) Post {
	g := &generator{rand.New(rand.NewPCG(seed, uint64(n)))}
	post := Post{Meta: g.meta(n)}
	var b strings.Builder
	b.WriteString("Post " + fmt.Sprint(n) + ".\n\n")
	if g.IntN(4) == 0 {
		for range 2 + g.IntN(4) {
			b.WriteString(g.soup())
			b.WriteString("\n\n")
		}
	} else {
		for range 4 + g.IntN(8) {
			b.WriteString(strings.Join(g.block(0), "\n"))
			b.WriteString("\n\n")
		}
		b.WriteString("[^1]: A note with " + g.span() + "\n\n[ref]: https://example.org/ref\n")
	}
	post.Body = noShortcode.Replace(b.String())
	switch g.IntN(6) {
	case 0:
		post.Meta, post.Body = crlf(post.Meta), crlf(post.Body)
	case 1:
		post.Body = strings.TrimRight(post.Body, "\n") // the file's last line has no end
	}
	return post
}

var noShortcode = strings.NewReplacer("{{<", "{{ <", "{{%", "{{ %")

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

type generator struct{ *rand.Rand }

func (g *generator) pick(from ...string) string { return from[g.IntN(len(from))] }

// join makes a text of some pieces.
func (g *generator) join(most int, from []string) string {
	var b strings.Builder
	for range 1 + g.IntN(most) {
		b.WriteString(g.pick(from...))
	}
	return b.String()
}

func (g *generator) meta(n int) string {
	switch g.IntN(5) {
	case 0:
		return fmt.Sprintf("+++\ntitle = \"Post %d\"\ndate = 2021-02-04\ntags = [\"code\"]\n+++\n", n)
	case 1:
		return fmt.Sprintf("---\ntitle: Post %d\ndate: 2021-02-04\ntags: [code]\n---\n\n", n)
	case 2:
		return fmt.Sprintf("{\n \"title\": \"Post %d\",\n \"date\": \"2021-02-04\",\n \"tags\": [\"code\"]\n}\n", n)
	}
	return fmt.Sprintf("%s Post %d with `a  title`\n#### 2021-02-04\n###### code\n\n", g.pick("#", "##"), n)
}

// What code is made of.
var (
	spaces  = []string{" ", "  ", "   ", "\t", " \t ", "\u00a0", "\u2003", "\u3000"}
	letters = []string{"a", "x", "0", "word", "é", "e\u0301", "日本語", "العربية", "👩‍👩‍👧", "\u200b", "\u200d", "\ufeff", "\u2028", "\u0085", "\U0001d11e", "ﬁ", "\u00ad", "\u202e", "\x0c", "\x0b", "\x1b[1m", "\x7f", "\ufffd"}
	marks   = []string{"<", ">", "&", "\"", "'", "<b>", "</b>", "</code>", "</pre>", "</code></pre>", "<pre>", "<code>", "<!--", "-->", "<![CDATA[", "]]>", "<script>", "</script>", "</style>", "<br>", "<?php", "?>",
		"&amp;", "&lt;", "&amp;lt;", "&nbsp;", "&#32;", "&#x9;", "&Tab;", "&copy", "&bogus;", "{{ x }}", "{{ . | safeHTML }}", "{{", "}}", "{%", "{#", "${x}", "$$", "\\", "\\\\", "\\n", "\\|", "\\`", "*", "**", "_", "~~", "~", "[x](https://example.org)", "![x]", "[^1]", "https://example.org", "--", "...", "(c)", "\"q\"", "|", "#", "+", "-", "=", ":::", ":smile:", ";", "@", "%s", "\\(", "\\)", "//", "/*", "*/", "#{x}", "{x}", "{.c}", "{", "}", "(", ")", "[", "]"}
)

// text is code without line ends and, unless fenced, without backticks.
func (g *generator) text(most int, backticks bool) string {
	var b strings.Builder
	for range g.IntN(most + 1) {
		switch g.IntN(5) {
		case 0:
			b.WriteString(g.pick(spaces...))
		case 1, 2:
			b.WriteString(g.pick(marks...))
		default:
			b.WriteString(g.pick(letters...))
		}
		if backticks && g.IntN(8) == 0 {
			b.WriteString(strings.Repeat("`", 1+g.IntN(5)))
		}
	}
	return b.String()
}

// span is a code span, at times over two lines.
func (g *generator) span() string {
	inner := g.text(8, false)
	for range g.IntN(3) {
		inner = g.pick(inner+g.pick(spaces...), g.pick(spaces...)+inner, inner+"  "+inner)
	}
	length := 1
	if g.IntN(3) == 0 { // backticks in it, so more of them around it
		length = 1 + g.IntN(4)
		others := []string{"`", "``", "```", "````", "`````"}
		others = append(others[:length-1], others[length:]...)
		inner += g.pick("a", " ", "  ") + g.pick(others...) + g.pick(" ", "  ", "b", "")
		if strings.HasSuffix(inner, "`") {
			inner += " "
		}
		if g.IntN(2) == 0 {
			inner = " " + g.pick(others...) + " " + inner
		}
	}
	if strings.TrimSpace(inner) == "" {
		inner = g.pick(" ", "  ", "\t", "a", " a ", "  a  ", "\u00a0")
	}
	fence := strings.Repeat("`", length)
	return fence + inner + fence
}

var words = []string{"A", "note", "on", "code,", "which", "“keeps”", "its", "*spaces*", "**or**", "~~not~~", "& so", "1 < 2", "[a link](https://example.org/a)", "[ref]", "<https://example.org/b>", "https://example.org/c", "H~2~O", "(c)", "it's", "\"quoted\"", "a\\`b", "&copy;", "note[^1]", "<i>", "</i>", "<!-- c -->", "![alt `x  y`](https://example.org/i.png)"}

// line is a line of text with code in it.
func (g *generator) line(most int) string {
	var parts []string
	for range 1 + g.IntN(most) {
		switch g.IntN(7) {
		case 0, 1, 2:
			parts = append(parts, g.span())
		case 3:
			span := g.span()
			parts = append(parts, g.pick("*"+span+"*", "**"+span+"**", "~~"+span+"~~", "["+span+"](https://example.org/d)", "("+span+")", span+"s", "x"+span))
		default:
			parts = append(parts, g.pick(words...))
		}
	}
	return strings.Join(parts, g.pick(" ", " ", " ", "  "))
}

// broken breaks a line at some of its spaces, in spans too.
func (g *generator) broken(line string) []string {
	var lines []string
	for field := range strings.SplitSeq(line, " ") {
		// A line must not begin as a block does.
		if len(lines) == 0 || g.IntN(6) > 0 || field == "" || strings.ContainsAny(field[:1], "#>+-*=|:~`0123456789{[<\t\\") || strings.HasSuffix(lines[len(lines)-1], " ") {
			if len(lines) == 0 {
				lines = append(lines, field)
			} else {
				lines[len(lines)-1] += " " + field
			}
			continue
		}
		lines = append(lines, field)
	}
	return lines
}

// block returns the lines of a block.
func (g *generator) block(depth int) []string {
	kind := g.IntN(14)
	if depth > 3 && kind >= 9 {
		kind = g.IntN(9)
	}
	switch kind {
	case 0, 1:
		return g.broken("Text " + g.line(8))
	case 2:
		return []string{strings.Repeat("#", 2+g.IntN(4)) + " Heading " + g.line(3)}
	case 3, 4, 5, 6:
		return g.fence()
	case 7:
		return g.indented()
	case 8:
		return g.table()
	case 9:
		return g.quote(depth)
	case 10:
		return append([]string{"Term " + g.span()}, prefixed(g.blocks(depth), ":   ", "    ")...)
	}
	return g.list(depth)
}

func (g *generator) blocks(depth int) []string {
	lines := g.broken("In " + g.line(4))
	for range g.IntN(3) {
		if g.IntN(3) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, g.block(depth+1)...)
	}
	return lines
}

// prefixed indents lines, but blank ones.
func prefixed(lines []string, first, rest string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		switch {
		case i == 0:
			out[i] = first + line
		case line != "":
			out[i] = rest + line
		}
	}
	return out
}

func (g *generator) list(depth int) []string {
	marker := g.pick("+", "-", "*", "1.", "10)")
	indent := len(marker) + 1
	if g.IntN(2) == 0 {
		indent = 4
	}
	pad := marker + " "
	if g.IntN(3) == 0 {
		pad = marker + strings.Repeat(" ", max(1, indent-len(marker)))
	}
	var lines []string
	for i := range 1 + g.IntN(3) {
		if i > 0 && g.IntN(3) == 0 {
			lines = append(lines, "")
		}
		item := g.blocks(depth)
		if g.IntN(5) == 0 {
			item = g.fence()
		}
		if g.IntN(6) == 0 {
			item[0] = g.pick("[ ] ", "[x] ") + item[0]
		}
		rest := strings.Repeat(" ", indent)
		if g.IntN(8) == 0 {
			rest = "\t"
		}
		lines = append(lines, prefixed(item, pad, rest)...)
	}
	return lines
}

func (g *generator) quote(depth int) []string {
	lines := g.blocks(depth)
	if g.IntN(4) == 0 {
		lines = append([]string{"[!" + g.pick("NOTE", "WARNING", "OTHER") + "]"}, lines...)
	}
	mark := g.pick("> ", "> ", ">", ">\t")
	for i, line := range lines {
		if line == "" {
			lines[i] = ">"
		} else {
			lines[i] = mark + line
		}
	}
	return lines
}

func (g *generator) table() []string {
	cell := func() string { return strings.ReplaceAll(strings.ReplaceAll(g.line(2), `\|`, "|"), "|", `\|`) }
	lines := []string{"| " + cell() + " | h |", g.pick("|---|---|", "| :-: | --: |")}
	for range 1 + g.IntN(3) {
		lines = append(lines, "| "+cell()+" | "+cell()+" |")
	}
	return lines
}

// code is some lines of code for a block.
func (g *generator) code() []string {
	var lines []string
	for range g.IntN(7) {
		switch g.IntN(8) {
		case 0:
			lines = append(lines, "")
		case 1:
			lines = append(lines, g.pick(spaces...))
		case 2:
			lines = append(lines, g.pick(`if a  && b < c { return "x\ty" } // why`, "def f(x):  return x  # <b>", `<a href="x">&amp;</a>  <!-- c -->`, "$ ls  -l | wc", "key:   [1,  2]  ", "-- a  -> b", "SELECT  *  FROM t;", "> quoted", "# heading", "+ added", "- removed", "@@ -1 +1 @@", "```", "~~~", "    deeper", "\tmain:", "---", "+++", "{{ not a shortcode }}", "[^1]: x", "####"))
		default:
			lines = append(lines, g.pick("", "", "  ", "\t", "      ")+g.text(12, true)+g.pick("", "", " ", "  ", "\t"))
		}
	}
	if g.IntN(12) == 0 {
		lines = append(lines, strings.Repeat(g.text(20, true)+"  ", 200))
	}
	return lines
}

func (g *generator) fence() []string {
	code := g.code()
	mark := g.pick("`", "`", "~")
	longest := 2
	for _, line := range code {
		trimmed := strings.TrimLeft(line, " ")
		longest = max(longest, len(trimmed)-len(strings.TrimLeft(trimmed, mark)))
	}
	fence := strings.Repeat(mark, longest+1+g.IntN(3))
	indent := strings.Repeat(" ", max(0, g.IntN(8)-4))
	lines := []string{indent + fence + g.info(len(code) > 0)}
	for _, line := range code {
		if line != "" {
			line = indent + line
		}
		lines = append(lines, line)
	}
	return append(lines, g.pick("", indent, " ")+fence+g.pick("", "", "  "))
}

var (
	common = []string{"go", "python", "html", "diff", "text", "bash", "console", "json", "yaml", "markdown", "c++", "C#", "css", "js", "sql", "php", "xml", "toml", "rust", "make"}
	every  = languages()
)

// faulty are languages whose lexers, in chroma 2.27, never end on some texts,
// or very late (Jungle and JSONata on words that are not ASCII).
var faulty = []string{"JSONata", "Jungle", "TypoScriptHtmlData", "WebVTT", "reg"}

// languages are all that can be written after a fence, but for diagrams and
// the faulty ones.
func languages() []string {
	var names []string
	for _, name := range lexers.Names(true) {
		if lexer := lexers.Get(name); lexer == nil || slices.Contains(faulty, lexer.Config().Name) {
			continue
		}
		if !strings.ContainsAny(name, " \t`{}") && !slices.Contains([]string{"goat", "mermaid"}, strings.ToLower(name)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (g *generator) info(numbers bool) string {
	lang := ""
	switch g.IntN(6) {
	case 0, 1:
		lang = g.pick(common...)
	case 2, 3:
		lang = g.pick(every...)
	case 4:
		lang = g.pick("nosuchlanguage", "a&b", `"go"`, "<b>", "日本語", "go-text-template")
	}
	info := g.pick("", "", " ") + lang
	if lang != "" && numbers && g.IntN(4) == 0 {
		info += " {" + g.pick("linenos=true", "linenos=inline", "linenos=table", "linenos=inline hl_lines=[1]", `hl_lines=[1,"2-3"]`, "linenos=table linenostart=98 anchorLineNos=true", `title="a  b"`, `.cls #id`) + "}"
	} else if lang != "" && g.IntN(6) == 0 {
		info += g.pick("  more words", ` title="x"`, "\t", " &amp;")
	}
	return info
}

func (g *generator) indented() []string {
	// As CommonMark has it, blank lines at its ends are not part of the block.
	lines := []string{"Before it, " + g.span(), ""}
	indent := g.pick("    ", "    ", "\t", "  \t")
	for _, line := range append([]string{g.text(6, true) + "x"}, g.code()...) {
		if line != "" || g.IntN(2) == 0 {
			line = indent + line
		}
		lines = append(lines, line)
	}
	return lines
}

var soupPieces = append([]string{"a", "b", "word", " ", " ", "  ", "\t", "\n", "\n", "\n\n", "\n    ", "\n\t", "\n- ", "\n+ ", "\n1. ", "\n> ", "\n## ", "\n---\n", "`", "`", "``", "```", "```\n", "\n```go\n", "\n~~~\n", "\n  ```\n",
	"`a  b`", "` `` `", "`  x `", "`\tx`", "*", "**", "_", "~~", "[", "](https://example.org)", "![", "<", ">", "&", "&amp;", "&nbsp;", "&#32;", "\"", "'", "\\", "|", "\n| - | - |\n", "\n| `x  y` | b |\n|-|-|\n",
	"<http://x.y>", "https://example.org", "<!-- c -->", "  \n", "\\\n", "- [ ] ", "[^1]", "\n[^1]: note `n  n`\n", "\n: ", "</code>", "<code>", "`{{ x }}`", "`<b>`"}, letters...)

// soup is what a cat writes that knows Markdown.
func (g *generator) soup() string { return g.join(60, soupPieces) }
