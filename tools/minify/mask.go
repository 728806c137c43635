package minify

import (
	"bytes"
	"io"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/parse/v2/buffer"
)

// A keeper wraps one of the library's minifiers. Before the library runs,
// white space that must stay is replaced by bytes that the document does not
// contain and the library takes for letters; afterwards it is put back.
type keeper struct {
	library minify.Minifier
	masker  masker
}

// A masker masks in place what must stay in a document.
type masker interface {
	// needed is a fast look at whether mask could find anything.
	needed(doc []byte) bool
	mask(doc []byte, m *mask)
}

// Minify implements minify.Minifier.
func (k keeper) Minify(lib *minify.M, w io.Writer, r io.Reader, params map[string]string) error {
	doc, err := read(r)
	if err != nil {
		return err
	}
	if !k.masker.needed(doc) {
		return k.library.Minify(lib, w, buffer.NewReader(doc), params)
	}
	m, ok := newMask(doc)
	if !ok {
		// Only a binary file has no byte to spare.
		_, err := w.Write(doc)
		return err
	}
	k.masker.mask(doc, m)
	if !m.used {
		return k.library.Minify(lib, w, buffer.NewReader(doc), params)
	}
	out := bytes.NewBuffer(make([]byte, 0, len(doc)))
	if err := k.library.Minify(lib, out, buffer.NewReader(doc), params); err != nil {
		return err
	}
	m.restore(out.Bytes())
	_, err = w.Write(out.Bytes())
	return err
}

// read returns r's bytes to be written to. The library hands out readers of
// buffers that it owns and has no more use for; so does scratch.
func read(r io.Reader) ([]byte, error) {
	if b, ok := r.(interface{ Bytes() []byte }); ok {
		return b.Bytes(), nil
	}
	return io.ReadAll(r)
}

// scratch returns a reader of a copy of b with room for the NUL that the
// library's lexers put at the end; with it they work on the copy itself, which
// is how a masker's writes reach the document.
func scratch(b []byte) *buffer.Reader {
	return buffer.NewReader(withRoom(b))
}

func withRoom(b []byte) []byte {
	return append(make([]byte, 0, len(b)+1), b...)
}

// masked are the bytes that a mask can stand for.
const masked = " \t\n\r\f&"

// spare are bytes that occur nowhere in UTF-8. An entity or an escape in the
// document cannot turn into one either.
const spare = "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6\xf5\xc1\xc0"

type mask struct {
	hide, show [256]byte // 0: leave alone
	used       bool
}

// newMask chooses bytes that doc does not contain.
func newMask(doc []byte) (*mask, bool) {
	m, next := &mask{}, 0
	for i := range len(spare) {
		if next == len(masked) {
			break
		}
		if bytes.IndexByte(doc, spare[i]) < 0 {
			m.hide[masked[next]], m.show[spare[i]] = spare[i], masked[next]
			next++
		}
	}
	return m, next == len(masked)
}

// byte masks one byte, which is one of masked.
func (m *mask) byte(b *byte) {
	*b = m.hide[*b]
	m.used = true
}

// text masks all white space in text, and the references to characters that
// the library would write as white space or worse: &#32; can be collapsed,
// &amp; before &num; can become a new reference.
func (m *mask) text(text []byte) {
	for i, c := range text {
		switch c {
		case ' ', '\t', '\n', '\r', '\f':
			m.byte(&text[i])
		case '&':
			if !harmless(text[i+1:]) {
				m.byte(&text[i])
			}
		}
	}
}

// reference masks the reference that a text ends with. The library drops the
// comment behind it, and may write the character in its place: &amp; and #65; that
// a comment kept apart would become another reference, &lt; and b> a tag.
func (m *mask) reference(text []byte) {
	i := bytes.LastIndexByte(text, '&')
	if i >= 0 && bytes.IndexByte(text[i:], ';') == len(text)-i-1 {
		m.byte(&text[i])
	}
}

var harmlessReferences = [][]byte{[]byte("lt;"), []byte("gt;"), []byte("amp;"), []byte("quot;"), []byte("nbsp;")}

func harmless(reference []byte) bool {
	for _, h := range harmlessReferences {
		if bytes.HasPrefix(reference, h) {
			return true
		}
	}
	return false
}

// leading keeps the white space at the start of text visible, trailing that at
// its end: one masked byte beside the rest, which the library drops. A blank
// is preferred to a newline, which old SVG renderers drop too.
func (m *mask) leading(text []byte) {
	if n := len(text) - len(bytes.TrimLeft(text, whitespace)); n > 0 {
		m.edge(text[:n], n-1)
	}
}

func (m *mask) trailing(text []byte) {
	if n := len(bytes.TrimRight(text, whitespace)); n < len(text) {
		m.edge(text[n:], 0)
	}
}

func (m *mask) edge(run []byte, at int) {
	if bytes.ContainsAny(run, " \t") {
		run[at] = ' '
	}
	m.byte(&run[at])
}

func (m *mask) restore(out []byte) {
	for i, c := range out {
		if c >= 0xc0 && m.show[c] != 0 {
			out[i] = m.show[c]
		}
	}
}

const whitespace = " \t\n\r\f"
