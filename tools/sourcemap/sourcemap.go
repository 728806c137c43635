// Package sourcemap finds where in a Markdown file a link, a picture or a
// heading stands that was seen in the finished page.
//
// What enters: the bytes of a content file and the line on which its body
// begins. What leaves: lines and columns. It is for pages with which something
// is wrong, so it reads a file again instead of burdening every build; it never
// decides what is wrong.
package sourcemap

import (
	"bytes"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// A Place is a line and a column in characters, both from 1.
type Place struct{ Line, Column int }

// A Map knows the places of one file.
type Map struct {
	src      []byte // the whole file
	body     int    // where the body begins
	links    map[string][]int
	images   map[string][]int
	headings []heading
	code     [][2]int // ranges in which an address is only shown
}

type heading struct {
	level  int
	text   string
	offset int
}

var engine = goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList),
	goldmark.WithParserOptions(parser.WithAttribute()))

// New reads a file.
func New(src []byte, bodyLine int) *Map {
	m := &Map{src: src, links: make(map[string][]int), images: make(map[string][]int)}
	for line := 1; line < bodyLine; line++ {
		n := bytes.IndexByte(src[m.body:], '\n')
		if n < 0 {
			break
		}
		m.body += n + 1
	}
	body := src[m.body:]
	doc := engine.Parser().Parse(text.NewReader(body))
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			m.links[string(n.Destination)] = append(m.links[string(n.Destination)], m.destination(body, n.Pos(), n.Destination))
		case *ast.AutoLink:
			m.links[string(n.URL(body))] = append(m.links[string(n.URL(body))], m.body+n.Pos()+leading(body[max(0, min(n.Pos(), len(body))):]))
		case *ast.Image:
			m.images[string(n.Destination)] = append(m.images[string(n.Destination)], m.destination(body, n.Pos(), n.Destination))
		case *ast.Heading:
			at := n.Pos()
			if n.Lines().Len() > 0 {
				at = n.Lines().At(0).Start
			}
			at = bytes.LastIndexByte(body[:max(0, min(at, len(body)))], '\n') + 1
			m.headings = append(m.headings, heading{n.Level, plainText(n, body), m.body + at})
		case *ast.CodeSpan:
			if c := n.FirstChild(); c != nil {
				if t, ok := c.(*ast.Text); ok {
					m.code = append(m.code, [2]int{m.body + t.Segment.Start, m.body + n.LastChild().(*ast.Text).Segment.Stop})
				}
			}
			return ast.WalkSkipChildren, nil
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			if l := n.Lines(); l.Len() > 0 {
				m.code = append(m.code, [2]int{m.body + l.At(0).Start, m.body + l.At(l.Len()-1).Stop})
			}
		}
		return ast.WalkContinue, nil
	})
	return m
}

// leading counts white space, at which a bare address may begin for goldmark.
func leading(b []byte) int { return len(b) - len(bytes.TrimLeft(b, " \t\n<")) }

// destination is where an address is written: behind the text of its link, or,
// where that only names it, the link.
func (m *Map) destination(body []byte, pos int, address []byte) int {
	pos = max(0, min(pos, len(body)))
	rest := body[pos:]
	if end := bytes.Index(rest, []byte("\n\n")); end >= 0 {
		rest = rest[:end]
	}
	if i := bytes.Index(rest, append([]byte("]("), address...)); i >= 0 {
		return m.body + pos + i + len("](")
	}
	return m.body + pos
}

func plainText(n ast.Node, src []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(src))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		} else if s, ok := n.(*ast.String); ok && entering {
			b.Write(s.Value)
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// Link returns where links to an address stand, given as it is in the page:
// those of Markdown, else wherever the file has the address outside of code,
// such as in raw HTML or in a shortcode.
func (m *Map) Link(address string) []Place { return m.find(m.links, address) }

// Image is Link for pictures.
func (m *Map) Image(address string) []Place { return m.find(m.images, address) }

// Ending returns where an address stands that ends so, in a link, a picture, or
// a shortcode. What it begins with may have been made relative to something.
func (m *Map) Ending(suffix string) []Place {
	var at []int
	if suffix == "" {
		return nil
	}
	for _, in := range []map[string][]int{m.links, m.images} {
		for address, offsets := range in {
			if before, ok := strings.CutSuffix(address, suffix); ok && (before == "" || !isWord(before[len(before)-1]) || !isWord(suffix[0])) {
				at = append(at, offsets...)
			}
		}
	}
	for off := m.body; len(at) == 0; {
		i := bytes.Index(m.src[off:], []byte(suffix))
		if i < 0 {
			break
		}
		begin, end := off+i, off+i+len(suffix)
		off = end
		if end < len(m.src) && isAddress(m.src[end]) || begin > m.body && isWord(m.src[begin-1]) && isWord(suffix[0]) || m.shown(begin, end) {
			continue
		}
		for begin > m.body && isAddress(m.src[begin-1]) {
			begin--
		}
		if begin > m.body && strings.IndexByte("\"'(=<", m.src[begin-1]) >= 0 {
			at = append(at, begin)
		}
	}
	slices.Sort(at)
	return m.places(at)
}

func isWord(c byte) bool {
	return c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

// Value returns where an address stands as the value of an attribute or of a
// shortcode's parameter.
func (m *Map) Value(address string) []Place {
	for _, s := range spellings(address) {
		at := m.occurrences(s)
		at = slices.DeleteFunc(at, func(off int) bool { return off == 0 || !strings.ContainsRune("\"'`= ", rune(m.src[off-1])) })
		if len(at) > 0 {
			return m.places(at)
		}
	}
	return nil
}

// Text returns where a text stands outside of code.
func (m *Map) Text(s string) []Place { return m.places(m.occurrences(s)) }

// Heading returns where headings with a text stand.
func (m *Map) Heading(text string) []Place {
	var at []int
	want := fold(text)
	for _, h := range m.headings {
		if fold(h.text) == want && want != "" {
			at = append(at, h.offset)
		}
	}
	return m.places(at)
}

// Rest is what stands at a place, to the end of its line.
func (m *Map) Rest(p Place) string {
	line, _, _ := bytes.Cut(m.src[m.offset(p):], []byte("\n"))
	return string(line)
}

// offset is that of a place, or of the end of its line.
func (m *Map) offset(p Place) int {
	off := 0
	for range p.Line - 1 {
		i := bytes.IndexByte(m.src[off:], '\n')
		if i < 0 {
			return len(m.src)
		}
		off += i + 1
	}
	for column := 1; column < p.Column && off < len(m.src) && m.src[off] != '\n'; column++ {
		_, size := utf8.DecodeRune(m.src[off:])
		off += size
	}
	return off
}

// Has reports whether the file has a text in which a word stands, whatever stands
// between its words: the whole, or all but a few words at its ends, since lists
// cut texts, and an address or a note may stand there in the file. What is hardly
// more than the word is too common to tell.
func (m *Map) Has(text, word string) bool {
	whole := fold(html.UnescapeString(string(m.src)))
	words := strings.Fields(text)
	const ends = 3
	for first := range min(ends+1, len(words)) {
		for cut := range ends + 1 {
			part := words[first:max(first, len(words)-cut)]
			s := strings.Join(part, " ")
			if want := fold(s); len(part) > 1 && len(want) >= len(word)+4 && strings.Contains(s, word) && strings.Contains(whole, want) {
				return true
			}
		}
	}
	return false
}

// Tag returns where tags of an element stand outside of code: those behind some
// words, or all if there are none.
func (m *Map) Tag(element, words string) []Place {
	var at []int
	for _, off := range m.raw([]byte("<" + element)) {
		if end := off + 1 + len(element); end >= len(m.src) || !isAddress(m.src[end]) {
			at = append(at, off)
		}
	}
	if fold(words) == "" {
		return m.places(at)
	}
	return m.places(m.behind(at, words))
}

// Behind returns those of some places that stand behind some words.
func (m *Map) Behind(words string, places []Place) []Place {
	var at []int
	for _, p := range places {
		at = append(at, m.offset(p))
	}
	return m.places(m.behind(at, words))
}

// behind are the offsets before which most of the words stand, from the last on.
func (m *Map) behind(at []int, words string) (best []int) {
	want := fold(words)
	length := 0
	for _, off := range at {
		before := fold(markup.ReplaceAllString(string(m.src[max(m.body, off-200):max(m.body, off)]), ""))
		n := 0
		for n < len(want) && n < len(before) && want[len(want)-1-n] == before[len(before)-1-n] {
			n++
		}
		switch {
		case n > length:
			best, length = []int{off}, n
		case n == length && n > 0:
			best = append(best, off)
		}
	}
	if length < min(4, len(want)) {
		return nil
	}
	return best
}

// Twice returns where tags of an element stand outside of code that have an
// attribute twice.
func (m *Map) Twice(element, key string) []Place {
	tag, err := regexp.Compile(`(?i)<` + regexp.QuoteMeta(element) + `\s(?:[^<>]*\s)?` + regexp.QuoteMeta(key) + `[\s=](?:[^<>]*["'\s])?` + regexp.QuoteMeta(key) + `[\s=>]`)
	if err != nil {
		return nil
	}
	var list []Place
	for _, at := range tag.FindAllIndex(m.src[m.body:], -1) {
		if begin := m.body + at[0]; !m.shown(begin, m.body+at[1]) {
			list = append(list, m.place(begin))
		}
	}
	return list
}

// Child returns where tags of an element stand outside of code as the first thing
// in another.
func (m *Map) Child(element, parent string) (list []Place) {
	inside, err := regexp.Compile(`(?i)<` + regexp.QuoteMeta(parent) + `(?:\s[^<>]*)?>\s*(<` + regexp.QuoteMeta(element) + `)(?:[\s>])`)
	if err != nil {
		return nil
	}
	for _, at := range inside.FindAllSubmatchIndex(m.src[m.body:], -1) {
		if begin := m.body + at[2]; !m.shown(begin, m.body+at[3]) {
			list = append(list, m.place(begin))
		}
	}
	return list
}

// markup is what stands between the words of a page in its source: tags, and
// the addresses of links.
var markup = regexp.MustCompile(`<[^<>]*>|\]\([^()\s]*\)`)

// raw are the offsets in the body at which bytes stand outside of code.
func (m *Map) raw(b []byte) []int {
	var at []int
	for off := m.body; len(b) > 0; {
		i := bytes.Index(m.src[off:], b)
		if i < 0 {
			break
		}
		if off += i; !m.shown(off, off+len(b)) {
			at = append(at, off)
		}
		off += len(b)
	}
	return at
}

// fold keeps the letters and digits of a text: what goldmark's typographer,
// marks and links for headings change is left out.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// First returns the place at which the body begins.
func (m *Map) First() Place { return m.place(m.body) }

func (m *Map) find(in map[string][]int, address string) []Place {
	for _, s := range spellings(address) {
		if at := in[s]; len(at) > 0 {
			return m.places(at)
		}
	}
	// One that is escaped otherwise.
	var at []int
	for written, offsets := range in {
		if strings.Contains(written, "%") && unescaped(written) == unescaped(address) {
			at = append(at, offsets...)
		}
	}
	if slices.Sort(at); len(at) > 0 {
		return m.places(at)
	}
	for _, s := range spellings(address) {
		if at := m.occurrences(s); len(at) > 0 {
			return m.places(at)
		}
	}
	return nil
}

func unescaped(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// spellings are the ways in which an address of a page may stand in a file.
func spellings(address string) []string {
	all := []string{address}
	if plain, err := url.PathUnescape(address); err == nil && plain != address {
		all = append(all, plain)
	}
	if u, err := url.Parse(address); err == nil && u.String() != address {
		all = append(all, u.String())
	}
	if rest, ok := strings.CutPrefix(address, "./"); ok {
		all = append(all, rest)
	}
	return append(all, strings.ReplaceAll(address, "&", "&amp;"))
}

// occurrences are the offsets in the body at which a text stands outside of
// code and is no part of a longer address.
func (m *Map) occurrences(s string) []int {
	if s == "" {
		return nil
	}
	var at []int
	for off := m.body; ; {
		i := bytes.Index(m.src[off:], []byte(s))
		if i < 0 {
			return at
		}
		begin, end := off+i, off+i+len(s)
		off = end
		if begin > m.body && isAddress(m.src[begin-1]) || end < len(m.src) && isAddress(m.src[end]) && m.src[end] != '.' {
			continue
		}
		if !m.shown(begin, end) {
			at = append(at, begin)
		}
	}
}

// shown reports whether a range is code.
func (m *Map) shown(begin, end int) bool {
	for _, c := range m.code {
		if begin >= c[0] && end <= c[1] {
			return true
		}
	}
	return false
}

func isAddress(c byte) bool {
	return c == '/' || c == '-' || c == '_' || c == '%' || c == '#' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

func (m *Map) places(at []int) []Place {
	var list []Place
	for _, off := range at {
		list = append(list, m.place(off))
	}
	return list
}

func (m *Map) place(off int) Place {
	off = max(0, min(off, len(m.src)))
	begin := bytes.LastIndexByte(m.src[:off], '\n') + 1
	return Place{Line: 1 + bytes.Count(m.src[:off], []byte("\n")), Column: 1 + utf8.RuneCount(m.src[begin:off])}
}
