package pipeline

import (
	"bytes"
	"strings"
)

// Opening is where a call of a shortcode begins, with its delimiter.
func (c *Content) Opening(s Shortcode) Place {
	src, err := c.Read()
	if err != nil {
		return s.Place
	}
	lines := bytes.SplitAfterN(src, []byte("\n"), s.Line+1)
	if s.Line < 1 || s.Line > len(lines) {
		return s.Place
	}
	line := []rune(string(lines[s.Line-1]))
	before := string(line[:min(max(s.Column-1, 0), len(line))])
	i := strings.LastIndex(before, "{{")
	if i < 0 || strings.ContainsAny(before[i:], "}") {
		return s.Place // the delimiter stands in a line of its own
	}
	return PlaceAt([]byte(before), i).inLine(s.Line)
}

func (p Place) inLine(n int) Place { return Place{Line: n, Column: p.Column} }

// Makes reports whether a shortcode may write a tag of an element, as far as that
// is known: of those that the engine brings along it is.
func (c *Collection) Makes(shortcode, element string) bool {
	if c == nil || c.Embedded == nil {
		return true
	}
	text := c.Embedded(shortcode)
	return text == "" || strings.Contains(text, "<"+element)
}

// OwnCall finds in a file's content the first call of a shortcode that the engine
// brings along and whose template has the tag that a fault is about.
func (c *Collection) OwnCall(f *File, x Fault) Found {
	if c == nil || c.Embedded == nil || f.Content == nil || f.MediaType != "text/html" {
		return Found{}
	}
	var tags [][]string // of each the words that the template has
	for _, text := range append(append([]string(nil), x.Texts...), x.Needles...) {
		if strings.HasPrefix(text, "<") {
			words := strings.Fields(text)
			for i := range words {
				words[i] = strings.Trim(words[i], `"'`)
			}
			tags = append(tags, words)
		}
	}
	for _, s := range f.Content.Shortcodes {
		text := c.Embedded(s.Name)
		_, alt := s.Params["alt"]
		_, caption := s.Params["caption"]
		if text == "" || x.Rule == "image-alt" && (alt || caption) {
			continue
		}
	tag:
		for _, words := range tags {
			for _, word := range words {
				if !strings.Contains(text, word) {
					continue tag
				}
			}
			return Found{Content: f.Content, Place: f.Content.Opening(s)}
		}
	}
	return Found{}
}
