package plugins

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"duskpress/tools/frontmatter"
	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "tags",
		Summary: "makes tags a set: one title and one page for every spelling, with a path that works on a web host",
		Alone:   true,
		After:   []string{"headings"},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			cfg := tagsConfig{Aliases: map[string]string{}, Slugs: map[string]string{}}
			if err := s.Decode(&cfg); err != nil {
				return pipeline.Hooks{}, err
			}
			t, err := newTagSet(cfg)
			if err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{Collect: t.collect, Source: t.source}, nil
		},
	})
}

type tagsConfig struct {
	// Aliases maps a spelling to the title of the tag that it means.
	Aliases map[string]string `json:"aliases"`
	// Slugs maps a tag to the last element of its page's path.
	Slugs map[string]string `json:"slugs"`
}

// builtinSlugs are names that would otherwise lose what tells them apart.
var builtinSlugs = map[string]string{
	"c++":     "cpp",
	"c#":      "csharp",
	"f#":      "fsharp",
	".net":    "dotnet",
	"asp.net": "aspnet",
	"node.js": "nodejs",
}

const taxonomy = "tags"

type tagSet struct {
	slugs   map[string]string // folded spelling to slug
	aliases map[string]string // folded spelling to title
	// edits are the tags a file shall have, where they differ from what it says.
	edits map[*pipeline.Content][]string
}

func newTagSet(cfg tagsConfig) (*tagSet, error) {
	t := &tagSet{slugs: make(map[string]string), aliases: make(map[string]string), edits: make(map[*pipeline.Content][]string)}
	for tag, slug := range builtinSlugs {
		t.slugs[tag] = slug
	}
	for tag, slug := range cfg.Slugs {
		if slug == "" || plainSlug(slug) != slug {
			return nil, fmt.Errorf("slugs: %q for %q: want lower-case letters, digits and hyphens", slug, tag)
		}
		t.slugs[fold(tag)] = slug
	}
	for alias, title := range cfg.Aliases {
		if strings.TrimSpace(title) == "" {
			return nil, fmt.Errorf("aliases: %q stands for no tag", alias)
		}
		t.aliases[fold(alias)] = clean(title)
	}
	return t, nil
}

// clean trims a tag, folds inner white space and composes its characters.
func clean(tag string) string { return norm.NFC.String(strings.Join(strings.Fields(tag), " ")) }

// fold is the spelling under which tags are compared.
func fold(tag string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '_' {
			return '-'
		}
		return unicode.ToLower(r)
	}, clean(tag))
}

// slug is a tag's identity and the last element of its page's path. It is
// empty where the tag has no letter and no digit.
func (t *tagSet) slug(tag string) string {
	f := fold(tag)
	if title, ok := t.aliases[f]; ok {
		f = fold(title)
	}
	if s, ok := t.slugs[f]; ok {
		return s
	}
	return plainSlug(f)
}

// plainSlug keeps letters, marks and digits and joins the rest with single
// hyphens.
func plainSlug(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		} else {
			gap = true
		}
	}
	return b.String()
}

// A tagUse is one tag in one file.
type tagUse struct {
	content  *pipeline.Content
	spelling string
	at       pipeline.Place
}

// A tagGroup is all uses of one tag in one language.
type tagGroup struct {
	slug     string
	language string
	title    string
	spelling string // how posts should write it
	fixed    bool   // by the configuration
	uses     []tagUse
}

func (t *tagSet) collect(_ context.Context, c *pipeline.Collection) error {
	if !hasTaxonomy(c.Settings) {
		return nil
	}
	type key struct{ language, slug string }
	groups := make(map[key]*tagGroup)
	group := func(language, slug string) *tagGroup {
		k := key{language, slug}
		if groups[k] == nil {
			groups[k] = &tagGroup{slug: slug, language: language}
		}
		return groups[k]
	}
	ownPage := make(map[key]bool)
	for _, content := range c.Contents {
		if slug, ok := t.termPage(content); ok {
			ownPage[key{content.Language, slug}] = true
			if title, ok := content.FrontMatter["title"].(string); ok && title != "" {
				g := group(content.Language, slug)
				g.title = title
			}
		}
	}
	t.refuseTermPosts(c)
	slugsOf := make(map[*pipeline.Content][]string)
	repeats := make(map[*pipeline.Content][]pipeline.TagUse)
	for _, content := range c.Contents {
		tags, ok := tagsOf(content)
		if !ok {
			continue
		}
		places := tagPlaces(content, tags)
		first := make(map[string]string)
		for i, tag := range tags {
			slug := t.slug(tag)
			if slug == "" {
				c.Problems.Add(content.Problem(places[i], pipeline.Error, "tag-slug",
					fmt.Sprintf("tag %q has no letter or digit to make a path of", tag), "name it in [params.duskpress.plugins.tags.slugs]"))
				continue
			}
			if before, ok := first[slug]; ok {
				repeats[content] = append(repeats[content], pipeline.TagUse{Place: places[i], Written: clean(tag), Slug: slug, Why: fmt.Sprintf("it repeats %q", before)})
				c.Problems.Add(content.Problem(places[i], pipeline.Warning, "tag-repeated",
					fmt.Sprintf("tag %q repeats %q", tag, before), "remove one of them"))
				continue
			}
			first[slug] = tag
			slugsOf[content] = append(slugsOf[content], slug)
			g := group(content.Language, slug)
			g.uses = append(g.uses, tagUse{content, clean(tag), places[i]})
		}
	}
	for k, g := range groups {
		t.decideTitle(g)
		for _, u := range g.uses {
			if u.spelling != g.spelling {
				c.Problems.Add(u.content.Problem(u.at, pipeline.Warning, "tag-variant",
					fmt.Sprintf("tag %q is spelt %q%s", u.spelling, g.spelling, because(g)), fmt.Sprintf("write %q", g.spelling)))
			}
		}
		if !ownPage[k] && len(g.uses) > 0 && t.needsPage(g, c.Settings) {
			addTermPage(c, g)
		}
	}
	for content, slugs := range slugsOf {
		want := make([]string, 0, len(slugs))
		for _, slug := range slugs {
			want = append(want, t.term(groups[key{content.Language, slug}]))
		}
		if have, _ := tagsOf(content); !slices.Equal(have, want) {
			t.edits[content] = want
		}
		content.FrontMatter["tags"] = anySlice(want)
	}
	var used []*tagGroup
	for _, g := range groups {
		if len(g.uses) > 0 {
			used = append(used, g)
			c.Tags = append(c.Tags, pipeline.Tag{Language: g.language, Slug: g.slug, Title: g.title, Count: len(g.uses)})
		}
	}
	c.TagUses = func(content *pipeline.Content) []pipeline.TagUse { return tagUses(content, used, repeats[content]) }
	t.reportNear(used, func(g *tagGroup) bool { return g.fixed || ownPage[key{g.language, g.slug}] }, c.Problems)
	slices.SortFunc(c.Tags, func(a, b pipeline.Tag) int {
		return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.Slug, b.Slug))
	})
	c.TagSlug = t.slug
	return nil
}

func hasTaxonomy(s pipeline.Settings) bool {
	return slices.Contains(s.Taxonomies, taxonomy)
}

// termPage reports the tag that a file such as content/tags/go/_index.md is
// the page of.
func (t *tagSet) termPage(c *pipeline.Content) (slug string, ok bool) {
	if !strings.HasPrefix(c.Base(), "_index.") {
		return "", false
	}
	parts := strings.Split(strings.Trim(c.Logical, "/"), "/")
	if len(parts) != 3 || parts[0] != taxonomy {
		return "", false
	}
	return t.slug(parts[1]), true
}

// refuseTermPosts reports pages that lie where a tag's page would be made, such
// as content/tags/go.md: Hugo takes either, by chance.
func (t *tagSet) refuseTermPosts(c *pipeline.Collection) {
	used := make(map[string]bool)
	for _, content := range c.Contents {
		if tags, ok := tagsOf(content); ok {
			for _, tag := range tags {
				used[content.Language+"\x00"+t.slug(tag)] = true
			}
		}
	}
	for _, content := range c.Contents {
		rest, ok := strings.CutPrefix(content.Logical, "/"+taxonomy+"/")
		if !ok || strings.HasPrefix(content.Base(), "_index.") {
			continue
		}
		name, _, _ := strings.Cut(rest, "/")
		name, _, _ = strings.Cut(name, ".")
		if used[content.Language+"\x00"+t.slug(name)] {
			c.Problems.Add(content.Problem(pipeline.Place{Line: 1, Column: 1}, pipeline.Error, "collision",
				fmt.Sprintf("this page lies where the page of the tag %q is made", name),
				fmt.Sprintf("move it to %s/%s/_index.md, or out of %s/", taxonomy, name, taxonomy)))
		}
	}
}

// tagsOf returns the tags as the file has them.
func tagsOf(c *pipeline.Content) ([]string, bool) {
	switch v := c.FrontMatter["tags"].(type) {
	case string:
		return []string{v}, true
	case []any:
		tags := make([]string, len(v))
		for i, tag := range v {
			tags[i] = fmt.Sprint(tag)
		}
		return tags, true
	case []string:
		return v, true
	}
	return nil, false
}

// tagPlaces finds each tag in the file. Where one cannot be found the place of
// the key stands for it.
func tagPlaces(c *pipeline.Content, tags []string) []pipeline.Place {
	places := make([]pipeline.Place, len(tags))
	for i := range places {
		places[i] = c.Keys["tags"]
	}
	src, err := c.Read()
	if err != nil {
		return places
	}
	var from, to int
	if c.Format == "headings" {
		for range c.Keys["tags"].Line - 1 {
			from += bytes.IndexByte(src[from:], '\n') + 1
		}
		to = len(src)
		if n := bytes.IndexByte(src[from:], '\n'); n >= 0 {
			to = from + n
		}
	} else {
		data, offset := frontMatterBytes(src, c.Format)
		for _, f := range frontmatter.Fields(c.Format, data) {
			if f.Name == "tags" {
				from, to = offset+f.Value.Start, offset+f.Value.End
			}
		}
	}
	for i, tag := range tags {
		at := indexWord(src[from:to], tag)
		if at < 0 {
			continue
		}
		line, column := frontmatter.Place(src, from+at)
		places[i] = pipeline.Place{Line: line, Column: column}
		from += at + len(tag)
	}
	return places
}

// indexWord finds s where no letter or digit touches it.
func indexWord(b []byte, s string) int {
	if s == "" {
		return -1
	}
	for from := 0; ; {
		n := bytes.Index(b[from:], []byte(s))
		if n < 0 {
			return -1
		}
		at := from + n
		before, _ := utf8.DecodeLastRune(b[:at])
		after, _ := utf8.DecodeRune(b[at+len(s):])
		if !isWord(before) && !isWord(after) {
			return at
		}
		from = at + len(s)
	}
}

func isWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// frontMatterBytes cuts the front matter out of a file and says where it
// begins.
func frontMatterBytes(src []byte, format string) (data []byte, offset int) {
	if bytes.HasPrefix(src, []byte("\ufeff")) {
		offset = len("\ufeff")
	}
	for offset < len(src) && (src[offset] == ' ' || src[offset] == '\t' || src[offset] == '\r' || src[offset] == '\n') {
		offset++
	}
	if format == "json" {
		var raw json.RawMessage
		if err := json.NewDecoder(bytes.NewReader(src[offset:])).Decode(&raw); err != nil {
			return nil, offset
		}
		return raw, offset
	}
	fence := map[string]string{"toml": "+++", "yaml": "---"}[format]
	if fence == "" {
		return nil, offset
	}
	n := bytes.IndexByte(src[offset:], '\n')
	if !bytes.HasPrefix(src[offset:], []byte(fence)) || n < 0 {
		return nil, offset
	}
	offset += n + 1
	for at := offset; at < len(src); {
		if bytes.HasPrefix(src[at:], []byte(fence)) {
			return src[offset:at], offset
		}
		n := bytes.IndexByte(src[at:], '\n')
		if n < 0 {
			break
		}
		at += n + 1
	}
	return nil, offset
}

// decideTitle picks the spelling, which the configuration decides, else use,
// ties bytewise; and the title, which is that spelling unless the tag's own
// page has one.
func (t *tagSet) decideTitle(g *tagGroup) {
	counts := make(map[string]int)
	for _, u := range g.uses {
		counts[u.spelling]++
	}
	for _, title := range slices.Sorted(maps.Values(t.aliases)) {
		if t.slug(title) == g.slug {
			g.spelling, g.fixed = title, true
		}
	}
	for spelling, n := range counts {
		if best := counts[g.spelling]; !g.fixed && (g.spelling == "" || n > best || n == best && spelling < g.spelling) {
			g.spelling = spelling
		}
	}
	if g.title == "" {
		g.title = g.spelling
	}
}

func because(g *tagGroup) string {
	if g.fixed {
		return " in the configuration"
	}
	n := 0
	for _, u := range g.uses {
		if u.spelling == g.spelling {
			n++
		}
	}
	return fmt.Sprintf(" in %d of %d posts", n, len(g.uses))
}

// term is what stands in front matter: the title where Hugo makes the slug of
// it by itself, else the slug.
func (t *tagSet) term(g *tagGroup) string {
	if strings.ReplaceAll(strings.ToLower(g.title), " ", "-") == g.slug {
		return g.title
	}
	return g.slug
}

// needsPage reports whether Hugo would title the tag's page otherwise.
func (t *tagSet) needsPage(g *tagGroup, s pipeline.Settings) bool {
	if t.term(g) != g.title {
		return true
	}
	capitalize, _ := s.Section("capitalizeListTitles").(bool)
	return capitalize
}

// addTermPage gives the tag a page that says nothing but its title.
func addTermPage(c *pipeline.Collection, g *tagGroup) {
	for i, lang := range c.Languages {
		if lang.Code != g.language || len(lang.ContentRoots) == 0 {
			continue
		}
		title, err := json.Marshal(map[string]string{"title": g.title})
		if err != nil {
			return
		}
		root := lang.ContentRoots[0]
		name := "_index.md"
		if i > 0 && slices.Contains(c.Languages[0].ContentRoots, root) {
			name = "_index." + lang.Code + ".md"
		}
		c.AddContent(filepath.Join(root, taxonomy, g.slug, name), append(title, '\n'))
	}
}

// source puts the set of tags in the place of what the file says, on as many
// lines.
func (t *tagSet) source(_ context.Context, c *pipeline.Content, src []byte) ([]byte, error) {
	want, ok := t.edits[c]
	if !ok {
		return src, nil
	}
	format := c.Format
	if format == "headings" {
		format = "json"
	}
	value, err := json.Marshal(want)
	if err != nil {
		return nil, err
	}
	data, offset := frontMatterBytes(src, format)
	for _, f := range frontmatter.Fields(format, data) {
		if f.Name != "tags" {
			continue
		}
		out := append([]byte(nil), src[:offset]...)
		out = append(out, frontmatter.Replace(data, f, value)...)
		return append(out, src[offset+len(data):]...), nil
	}
	return src, nil
}
