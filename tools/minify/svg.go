package minify

import "bytes"

// svgMask masks white space in SVG, where the library trims every text, and so
// joins the words of <text>one <tspan>two</tspan></text>.
type svgMask struct{}

var (
	svgText = names("text", "foreignobject")
	svgKept = names("code", "kbd", "pre", "samp", "textarea")
)

func (svgMask) needed(doc []byte) bool {
	return bytes.Contains(doc, []byte("text")) || bytes.Contains(doc, []byte("oreign"))
}

func (svgMask) mask(doc []byte, m *mask) {
	texts, codes := 0, 0
	walkXML(doc, func(t xmlToken) {
		n := 0
		switch t.kind {
		case xmlOpen:
			n = 1
		case xmlClose:
			n = -1
		case xmlText:
			switch {
			case codes > 0:
				m.text(t.text)
			case texts == 0:
			case len(bytes.TrimLeft(t.text, whitespace)) == 0:
				m.leading(t.text)
			default:
				m.leading(t.text)
				m.trailing(t.text)
			}
		}
		if svgText[t.name] {
			texts = max(0, texts+n)
		}
		if svgKept[t.name] {
			codes = max(0, codes+n)
		}
	})
}
