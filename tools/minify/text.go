package minify

import (
	"bytes"
	"strings"
	"sync"

	"golang.org/x/net/html"
)

// SameText reports whether two HTML documents show the same text, code to the
// character, and all else but for the number of spaces. Where they do not, it
// returns the beginning of what differs.
//
// Documents are compared by what one scan of each gathers. Where that differs,
// the documents are parsed as browsers parse them, which decides.
func SameText(a, b []byte) (same bool, before, after string) {
	if quickly(a, b) {
		return true, "", ""
	}
	wordsA, codeA, errA := shownText(a)
	wordsB, codeB, errB := shownText(b)
	switch {
	case errA != nil || errB != nil:
		return false, "", "" // nested deeper than browsers follow
	case wordsA != wordsB:
		before, after = firstDifference(wordsA, wordsB)
		return false, before, after
	case codeA != codeB:
		before, after = firstDifference(codeA, codeB)
		return false, before, after
	}
	return true, "", ""
}

// firstDifference are some bytes from where two texts begin to differ.
func firstDifference(a, b string) (string, string) {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	i = max(0, i-15)
	cut := func(s string) string {
		return strings.ToValidUTF8(strings.ReplaceAll(s[min(i, len(s)):min(i+50, len(s))], "\x00", "\n"), "")
	}
	return cut(a), cut(b)
}

var (
	// inLine are elements that do not part words, beside those with a trait.
	inLine = map[string]bool{"image": true, "font": true, "tt": true, "wbr": true, "script": true, "object": true}
	// unseen are elements whose text nobody sees, or sees elsewhere.
	unseen = map[string]bool{"script": true, "style": true, "template": true, "noscript": true, "iframe": true}
	// verbatim are elements whose text has to stay to the character.
	verbatim = map[string]bool{"code": true, "pre": true, "kbd": true, "samp": true, "textarea": true}
)

func partsWords(name string) bool { return traits[name]&line == 0 && !inLine[name] }

// What an element is to a scan.
type scanTrait uint8

const (
	isInLine scanTrait = 1 << iota
	isUnseen
	isVerbatim
	dropsNewline // the first one of its text
)

// scanTraits has the elements that are more than blocks.
var scanTraits = func() map[string]scanTrait {
	all := map[string]scanTrait{"pre": dropsNewline, "textarea": dropsNewline}
	for name := range traits {
		if !partsWords(name) {
			all[name] |= isInLine
		}
	}
	for name := range inLine {
		all[name] |= isInLine
	}
	for name := range unseen {
		all[name] |= isUnseen
	}
	for name := range verbatim {
		all[name] |= isVerbatim
	}
	return all
}()

// A scan gathers what a document shows: its words, NUL between blocks, and the
// text of its code.
type scan struct {
	words, code []byte
	space, gap  bool // what waits before the next word
	verbatim    int
}

var scans = sync.Pool{New: func() any { return new(scan) }}

// quickly reports whether two documents are the same for a scan. Of documents
// that show the same, few are not.
func quickly(a, b []byte) bool {
	x, y := scans.Get().(*scan), scans.Get().(*scan)
	defer scans.Put(x)
	defer scans.Put(y)
	x.read(a)
	y.read(b)
	return bytes.Equal(x.words, y.words) && bytes.Equal(x.code, y.code)
}

func (d *scan) read(doc []byte) {
	*d = scan{words: d.words[:0], code: d.code[:0]}
	for len(doc) > 0 {
		i := bytes.IndexByte(doc, '<')
		if i < 0 {
			d.text(doc)
			return
		}
		d.text(doc[:i])
		doc = doc[i:]
		doc = doc[d.markup(doc):]
	}
}

// markup takes what begins with <, and returns its length.
func (d *scan) markup(doc []byte) int {
	until := func(from int, end string) int {
		if from < len(doc) {
			if i := bytes.Index(doc[from:], []byte(end)); i >= 0 {
				return from + i + len(end)
			}
		}
		return len(doc)
	}
	switch {
	case bytes.HasPrefix(doc, []byte("<!--")):
		if bytes.HasPrefix(doc, []byte("<!-->")) {
			return len("<!-->")
		}
		return until(4, "-->")
	case len(doc) > 1 && (doc[1] == '!' || doc[1] == '?'):
		return until(2, ">")
	}
	at := 1
	end := len(doc) > 1 && doc[1] == '/'
	if end {
		at = 2
	}
	if at >= len(doc) || !letter(doc[at]) {
		d.text(doc[:1])
		return 1
	}
	var buf [16]byte
	name := buf[:0]
	for at < len(doc) && !isSpace(doc[at]) && doc[at] != '>' && doc[at] != '/' {
		c := doc[at]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		name = append(name, c)
		at++
	}
	at = tagEnd(doc, at)
	t := scanTraits[string(name)]
	if t&isInLine == 0 {
		d.gap, d.space = true, false
	}
	switch {
	case end && t&isVerbatim != 0:
		d.verbatim = max(0, d.verbatim-1)
		d.code = append(d.code, 0)
	case end:
	case t&isUnseen != 0:
		return at + rawEnd(doc[at:], string(name))
	case t&isVerbatim != 0:
		d.verbatim++
		if t&dropsNewline != 0 && at < len(doc) && doc[at] == '\n' {
			at++
		}
	}
	return at
}

// tagEnd is the offset behind the > of a tag, in whose attributes it may stand
// between quotation marks.
func tagEnd(doc []byte, at int) int {
	before := byte(0)
	for at < len(doc) {
		c := doc[at]
		switch {
		case c == '>':
			return at + 1
		case (c == '"' || c == '\'') && before == '=':
			i := bytes.IndexByte(doc[at+1:], c)
			if i < 0 {
				return len(doc)
			}
			at += i + 1
		}
		if !isSpace(c) {
			before = c
		}
		at++
	}
	return at
}

// rawEnd is where the end tag of an element that holds no HTML begins.
func rawEnd(doc []byte, name string) int {
	for at := 0; at < len(doc); {
		i := bytes.Index(doc[at:], []byte("</"))
		if i < 0 {
			break
		}
		at += i
		if hasPrefixFold(doc[at+2:], name) {
			return at
		}
		at += 2
	}
	return len(doc)
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }

func (d *scan) text(text []byte) {
	if len(text) == 0 {
		return
	}
	if bytes.IndexByte(text, '&') >= 0 {
		text = []byte(html.UnescapeString(string(text)))
	}
	if d.verbatim > 0 {
		d.code = append(d.code, text...)
	}
	for len(text) > 0 {
		n := 0
		for n < len(text) && isSpace(text[n]) {
			n++
		}
		if n > 0 {
			d.space = true
			text = text[n:]
			continue
		}
		for n < len(text) && !isSpace(text[n]) {
			n++
		}
		switch {
		case len(d.words) == 0:
		case d.gap:
			d.words = append(d.words, 0)
		case d.space:
			d.words = append(d.words, ' ')
		}
		d.space, d.gap = false, false
		d.words = append(d.words, text[:n]...)
		text = text[n:]
	}
}

// shownText parses a document and returns its words, NUL between blocks, and the
// text of its code.
func shownText(doc []byte) (words, code string, err error) {
	root, err := html.Parse(bytes.NewReader(doc))
	if err != nil {
		return "", "", err
	}
	var w, c strings.Builder
	var walk func(n *html.Node, kept bool)
	walk = func(n *html.Node, kept bool) {
		switch {
		case n.Type == html.TextNode:
			w.WriteString(strings.ReplaceAll(n.Data, "\x00", ""))
			if kept {
				c.WriteString(n.Data)
			}
			return
		case n.Type == html.ElementNode && unseen[n.Data]:
			return
		}
		parts := n.Type == html.ElementNode && partsWords(n.Data)
		if parts {
			w.WriteByte(0)
		}
		code := n.Type == html.ElementNode && verbatim[n.Data]
		for child := range n.ChildNodes() {
			walk(child, kept || code)
		}
		if code {
			c.WriteByte(0)
		}
		if parts {
			w.WriteByte(0)
		}
	}
	walk(root, false)
	var blocks []string
	for b := range strings.SplitSeq(w.String(), "\x00") {
		if f := strings.FieldsFunc(b, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) }); len(f) > 0 {
			blocks = append(blocks, strings.Join(f, " "))
		}
	}
	return strings.Join(blocks, "\x00"), c.String(), nil
}
