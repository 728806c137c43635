package minify

import (
	"bytes"
	"slices"
)

// svgMask masks white space in SVG, where the library trims every text, and so
// joins the words of <text>one <tspan>two</tspan></text>. It leaves what is
// in foreignObject alone.
type svgMask struct{}

func (svgMask) needed(doc []byte) bool {
	return bytes.Contains(doc, []byte("text")) || mentionsKept(doc)
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
		if t.name == "text" {
			texts = max(0, texts+n)
		}
		if slices.Contains(keptNames, t.name) {
			codes = max(0, codes+n)
		}
	})
}
