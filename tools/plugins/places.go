package plugins

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"duskpress/tools/pipeline"
	"duskpress/tools/sourcemap"
)

// places finds what is wrong with output files in the content that they were
// made from. It reads content files again, and only where something is wrong.
type places struct {
	site *pipeline.Site
	maps map[*pipeline.Content]*sourcemap.Map
	text map[*pipeline.Content][]byte
	// pictures are the addresses that were looked for in all content.
	pictures map[string]bool
	// searches bounds how often all content is gone through.
	searches int
}

func newPlaces(s *pipeline.Site) *places {
	return &places{site: s, maps: make(map[*pipeline.Content]*sourcemap.Map), text: make(map[*pipeline.Content][]byte), searches: 200}
}

// causes makes problems of faults with these places.
func (p *places) causes() *pipeline.Causes {
	c := &pipeline.Causes{Find: p.find}
	if p.site.Collection != nil {
		c.Template, c.MadeBy, c.Call = p.site.Collection.Template, p.site.Collection.MadeBy, p.site.Collection.OwnCall
	}
	return c
}

func (p *places) source(c *pipeline.Content) []byte {
	src, ok := p.text[c]
	if !ok {
		src, _ = c.Read()
		p.text[c] = src
	}
	return src
}

func (p *places) sourceMap(c *pipeline.Content) *sourcemap.Map {
	m := p.maps[c]
	if m == nil {
		m = sourcemap.New(p.source(c), max(c.BodyLine, 1))
		p.maps[c] = m
	}
	return m
}

// found is one of the places of a thing in a file: the nth, or the last before.
func found(c *pipeline.Content, at []sourcemap.Place, nth int) pipeline.Found {
	if len(at) == 0 {
		return pipeline.Found{}
	}
	x := at[min(nth, len(at)-1)]
	return pipeline.Found{Content: c, Place: pipeline.Place{Line: x.Line, Column: x.Column}}
}

// find looks for a fault of a file.
func (p *places) find(f *pipeline.File, x pipeline.Fault) pipeline.Found {
	switch x.Subject {
	case pipeline.TextSubject:
		return p.findText(f, x)
	case pipeline.HeadingSubject:
		return p.findHeading(f, x)
	case pipeline.ItemSubject:
		return p.findItem(f, x)
	}
	if f.Content == nil {
		return pipeline.Found{}
	}
	switch x.Subject {
	case pipeline.FirstSubject:
		return pipeline.Found{Content: f.Content, Place: pipeline.Place{Line: 1, Column: 1}}
	case pipeline.ImageSubject:
		for _, t := range x.Texts {
			at := p.sourceMap(f.Content).Value(t)
			if len(at) == 0 && x.Rule == "image-large" {
				at = p.sourceMap(f.Content).Image(t) // Markdown always has an alt
			}
			if len(at) > 0 {
				return found(f.Content, at, 0)
			}
		}
	case pipeline.MarkupSubject:
		return p.findMarkup(f.Content, x)
	}
	return pipeline.Found{}
}

// findItem looks for the page that an item of a feed is of.
func (p *places) findItem(f *pipeline.File, x pipeline.Fault) pipeline.Found {
	address, title := x.Texts[0], x.Texts[1]
	var c *pipeline.Content
	if address != "" {
		file := localFile(p.site, f.Path, address)
		if file == nil {
			file = localFile(p.site, f.Path, strings.TrimSuffix(address, "/")+"/index.html")
		}
		if file != nil {
			c = file.Content
		}
	} else if p.site.Collection != nil {
		for _, other := range p.site.Collection.Contents {
			if other.FrontMatter["title"] != title {
				continue
			}
			if c != nil {
				return pipeline.Found{} // one of two
			}
			c = other
		}
	}
	if c == nil {
		return pipeline.Found{}
	}
	at := pipeline.Place{Line: 1, Column: 1}
	for _, key := range []string{"date", "title"} {
		if key == "date" && !strings.HasSuffix(x.Cause, " zero") {
			continue
		}
		if k, ok := c.Keys[key]; ok {
			at = k
			break
		}
	}
	if c.Adapter {
		if list := p.sourceMap(c).Text(title); len(list) > 0 && title != "" {
			at = pipeline.Place(list[0])
		}
	}
	return pipeline.Found{Content: c, Place: at}
}

// findHeading looks for a heading by its text, and for one that another page
// has made a list show.
func (p *places) findHeading(f *pipeline.File, x pipeline.Fault) pipeline.Found {
	skipped := x.Rule == "skipped-heading"
	if f.Content != nil {
		m := p.sourceMap(f.Content)
		for _, t := range x.Texts {
			if at := m.Heading(t); len(at) > 0 {
				at := found(f.Content, at, 1)
				// The plugin marks has seen it; the first may have any level.
				at.Drop = skipped
				return at
			}
		}
		if f.Content.Adapter { // headings stand there within texts of the template
			for _, t := range x.Texts {
				if at := m.Text(t); len(at) > 0 {
					at := found(f.Content, at, 0)
					at.Drop = skipped
					return at
				}
			}
		}
		if x.Rule == "duplicate-id" {
			return p.findMarkup(f.Content, x)
		}
		if at := p.call(f.Content, x.Texts[0]); at.Content != nil {
			return at
		}
	}
	drop := p.anywhere(x.Texts[0], func(c *pipeline.Content) bool { return c != f.Content && len(p.sourceMap(c).Heading(x.Texts[0])) > 0 })
	if list := f.Content == nil || strings.HasPrefix(f.Content.Base(), "_index."); list && !drop && p.site.Collection != nil {
		for _, c := range p.site.Collection.Contents {
			drop = drop || c != f.Content && p.call(c, x.Texts[0]).Content != nil
		}
	}
	return pipeline.Found{Drop: drop && x.Rule != "main-heading"}
}

// call looks for the shortcode that has made a text: one of its parameters is the
// text, or its template has it.
func (p *places) call(c *pipeline.Content, text string) pipeline.Found {
	if len(c.Shortcodes) == 0 || len(text) < 3 {
		return pipeline.Found{}
	}
	for _, s := range c.Shortcodes {
		for _, param := range s.Params {
			if param.Value == text {
				return pipeline.Found{Content: c, Place: param.Place}
			}
		}
	}
	if p.site.Collection == nil || p.site.Collection.Template == nil {
		return pipeline.Found{}
	}
	at, ok := p.site.Collection.Template(text)
	if !ok || !strings.Contains(at.File, "shortcodes/") {
		return pipeline.Found{}
	}
	name, _, _ := strings.Cut(path.Base(at.File), ".")
	for _, s := range c.Shortcodes {
		if path.Base(s.Name) == name && !strings.HasPrefix(s.Name, "/") {
			return pipeline.Found{Content: c, Place: s.Place}
		}
	}
	return pipeline.Found{}
}

// findMarkup looks for a tag, or for what else an author may have written that
// became one; the last text are the words before.
func (p *places) findMarkup(c *pipeline.Content, x pipeline.Fault) pipeline.Found {
	if len(x.Texts) == 0 {
		return pipeline.Found{}
	}
	m := p.sourceMap(c)
	if name, ok := strings.CutPrefix(x.Texts[0], "<"); ok {
		words := strings.Join(x.Texts[1:], " ")
		// The second of two alike is the second there, or not to be told.
		nth := func(list []sourcemap.Place) []sourcemap.Place { return list[min(x.Nth, len(list)):] }
		if child, parent, ok := strings.Cut(x.Cause, " in "); ok && words == "" {
			if at := nth(m.Child(child, parent)); len(at) > 0 {
				return found(c, at, 0)
			}
		}
		if key, ok := strings.CutPrefix(x.Cause, "twice "+name+" "); ok {
			if at := nth(m.Twice(name, key)); len(at) > 0 {
				return found(c, at, 0)
			}
		}
		if at := m.Tag(name, words); len(at) > 0 {
			if words == "" {
				at = at[:1]
			}
			found := found(c, nth(at), 0)
			found.Weak = words == ""
			return found
		}
		if at := nth(m.Behind(words, p.calls(c, name))); len(at) > 0 {
			found := found(c, at, 0)
			found.Guess = true
			return found
		}
		at := nth(p.words(c, words))
		found := found(c, at, 0)
		found.Weak, found.Guess = len(at) > 1, true
		if len(at) == 1 {
			found.Place = p.tagBefore(c, name, found.Place)
		}
		return found
	}
	for _, t := range x.Texts {
		if at := m.Text(t); len(at) > 0 {
			return found(c, at, 1)
		}
	}
	return pipeline.Found{}
}

// calls are where the calls of shortcodes begin that may have made a tag.
func (p *places) calls(c *pipeline.Content, element string) (list []sourcemap.Place) {
	for _, s := range c.Shortcodes {
		if !strings.HasPrefix(s.Name, "/") && p.site.Collection.Makes(s.Name, element) {
			list = append(list, sourcemap.Place(c.Opening(s)))
		}
	}
	return list
}

// tagBefore is the tag that stands last before a place in its line, or the place.
func (p *places) tagBefore(c *pipeline.Content, name string, at pipeline.Place) pipeline.Place {
	lines := bytes.Split(p.source(c), []byte("\n"))
	if at.Line < 1 || at.Line > len(lines) {
		return at
	}
	line := []rune(string(lines[at.Line-1]))
	before := string(line[:min(max(at.Column-1, 0), len(line))])
	i := strings.LastIndex(before, "<"+name)
	if end := i + 1 + len(name); i < 0 || end < len(before) && strings.IndexByte(" \t/>", before[end]) < 0 {
		return at
	}
	at.Column = 1 + len([]rune(before[:i]))
	return at
}

// words looks for a text as a page has it; in Markdown its beginning may have
// other marks, so that the last words have to do.
func (p *places) words(c *pipeline.Content, text string) []sourcemap.Place {
	m := p.sourceMap(c)
	words := strings.Fields(text)
	for n := 0; n < len(words) && n < 6; n++ {
		tail := strings.Join(words[n:], " ")
		if len(tail) < 4 {
			break
		}
		if at := m.Text(tail); len(at) > 0 {
			return at
		}
	}
	return nil
}

// findText looks for a text that templates leave behind. What an author wrote
// about it is no fault, and neither is what a list quotes of that.
func (p *places) findText(f *pipeline.File, x pipeline.Fault) pipeline.Found {
	token := x.Texts[len(x.Texts)-1]
	if strings.HasPrefix(token, "{{<") || strings.HasPrefix(token, "{{%") {
		return p.findShortcode(f, token)
	}
	// Its own page may say it anywhere; elsewhere a few words have to be the same.
	word := strings.Trim(token, "<>")
	if c := f.Content; c != nil && bytes.Contains(p.source(c), []byte(word)) {
		escaped := bytes.Contains(p.source(c), []byte(strings.ReplaceAll(token, "<", "&lt;")))
		if escaped || len(p.sourceMap(c).Text(token)) > 0 || bytes.Contains(p.frontMatter(c), []byte(token)) || p.sourceMap(c).Has(x.Texts[0], token) {
			return pipeline.Found{Drop: true}
		}
	}
	return pipeline.Found{Drop: p.anywhere(word, func(c *pipeline.Content) bool { return p.sourceMap(c).Has(x.Texts[0], token) })}
}

// findShortcode looks for a shortcode that is not rendered: in front matter it
// never is, in the text only where its author wrote {{</* to show it.
func (p *places) findShortcode(f *pipeline.File, token string) pipeline.Found {
	var at pipeline.Found
	look := func(c *pipeline.Content) bool {
		if bytes.Contains(p.source(c), []byte(token[:3]+"/*")) {
			at = pipeline.Found{Drop: true}
			return true
		}
		i := bytes.Index(p.frontMatter(c), []byte(token))
		if i < 0 {
			return false
		}
		at = pipeline.Found{Content: c, Place: pipeline.PlaceAt(p.source(c), i)}
		return true
	}
	if f.Content != nil && look(f.Content) {
		return at
	}
	p.anywhere(token[:3], look)
	return at
}

// frontMatter is the head of a content file.
func (p *places) frontMatter(c *pipeline.Content) []byte {
	src := p.source(c)
	end := 0
	for range max(c.BodyLine, 1) - 1 {
		i := bytes.IndexByte(src[end:], '\n')
		if i < 0 {
			return src
		}
		end += i + 1
	}
	return src[:end]
}

// anywhere asks about each content file that has a text in it.
func (p *places) anywhere(text string, ask func(*pipeline.Content) bool) bool {
	if p.site.Collection == nil || p.searches == 0 {
		return false
	}
	p.searches--
	word := []byte(text)
	if i := strings.IndexByte(text, ' '); i > 0 {
		word = []byte(text[:i]) // marks may stand between words
	}
	for _, c := range slices.Concat(p.site.Collection.Contents, p.site.Collection.Adapters) {
		src, kept := p.text[c]
		if !kept {
			src, _ = c.Read()
		}
		if bytes.Contains(src, word) && ask(c) {
			return true
		}
	}
	return false
}
