package pipeline

import (
	"bytes"
	"os"
	"path"
	"strings"
	"time"
)

// Content is one content file: what its front matter says and where everything
// in it stands. Plugins may change the fields in Collect; after that nobody
// does.
type Content struct {
	// Path is slash-separated and relative to the source directory; for a file
	// of a theme or module it is the path an author would recognise.
	Path string
	// Filename is where the file lies.
	Filename string
	// Logical is the path in the content tree, such as /posts/a.md.
	Logical string
	// Root is the directory of the content tree that holds the file.
	Root string
	// Language is the code of the language the file belongs to.
	Language string
	// Format is yaml, toml, json or org, or empty where there is no front matter.
	Format string
	// Adapter says that the file is a template that makes pages: _content.gotmpl.
	Adapter bool
	// FrontMatter is as its format decodes it, keys in lower case. Nil when
	// there is none, or none that can be read.
	FrontMatter map[string]any
	// Keys has the places of the top-level keys in front matter.
	Keys map[string]Place
	// BodyLine is the line on which the body begins.
	BodyLine int
	// Size is how many bytes the file has.
	Size int64
	// Blank files have nothing but white space in their body.
	Blank bool
	// Shortcodes are the calls of shortcodes, in order.
	Shortcodes []Shortcode
	// HeadingShift is added to the level of every heading of the body.
	HeadingShift int
	// LeftOut says why the page is not published; empty if it is.
	LeftOut string
	// Held says why a page would be left out but for flags such as
	// --buildDrafts; empty if it would not.
	Held string

	read func() ([]byte, error)
}

// A Place is a line and a column in characters, both from 1.
type Place struct{ Line, Column int }

// A Shortcode is one call in a content file.
type Shortcode struct {
	Place
	// Name begins with / where it closes.
	Name       string
	SelfClosed bool
	// ToEnd is how many bytes of the file follow from its closing delimiter on.
	ToEnd  int
	Params map[string]Param // by name, or "0", "1" … by position
}

// A Param of a shortcode and its place.
type Param struct {
	Place
	Value string
}

// Read returns the file's bytes as they lie on disk.
func (c *Content) Read() ([]byte, error) {
	if c.read != nil {
		return c.read()
	}
	return os.ReadFile(c.Filename)
}

// WithReader sets where Read reads from.
func (c *Content) WithReader(read func() ([]byte, error)) { c.read = read }

// IsMarkdown reports whether the file is Markdown by its name.
func (c *Content) IsMarkdown() bool {
	switch strings.ToLower(path.Ext(c.Base())) {
	case ".md", ".markdown", ".mdown":
		return true
	}
	return false
}

// Section is the first element of the logical path, "" at the top.
func (c *Content) Section() string {
	first, _, found := strings.Cut(strings.TrimPrefix(c.Logical, "/"), "/")
	if !found {
		return ""
	}
	return first
}

// Base is the file's name.
func (c *Content) Base() string {
	return c.Logical[strings.LastIndexByte(c.Logical, '/')+1:]
}

// Problem makes a problem at a place in the file.
func (c *Content) Problem(at Place, severity Severity, rule, message, hint string) Problem {
	return Problem{File: c.Path, Line: at.Line, Column: at.Column, Severity: severity, Rule: rule, Message: message, Hint: hint}
}

// A Collection is all content of a site before Hugo reads it.
type Collection struct {
	Settings
	// Contents are sorted by path.
	Contents []*Content
	// Ignored are content files that the engine passes over by their name.
	Ignored []Ignored
	// HasShortcode reports whether a template for a shortcode is there.
	HasShortcode func(name string) bool
	// ShortcodeNames are those that could have been meant.
	ShortcodeNames []string
	// Embedded is the template of a shortcode that the engine brings along, "" of
	// any other. It may be nil.
	Embedded func(name string) string
	// HasCodeHook reports whether a template renders code of a language.
	HasCodeHook func(lang string) bool
	// Published is the date of the page that a file makes, zero if it has none,
	// as far as its own front matter tells; not ok if it is held back.
	Published func(*Content) (date time.Time, ok bool)
	// Adapters are the templates that make pages. What they write may be looked
	// for there; they have no front matter of their own.
	Adapters []*Content
	// HeldPages are those that adapters make and that are not published, sorted.
	// It is nil before rendering.
	HeldPages []HeldPage
	// HeldAt says why the page of an adapter at a published path would be left out
	// but for flags, "" if it would not. It is nil before rendering.
	HeldAt func(path string) string
	// MadeKeys are the keys that adapters set in pages. It is nil before rendering.
	MadeKeys []MadeKey
	// Date is the date in a file's front matter.
	Date func(*Content) (time.Time, bool)
	// DateOf reads the date in one key of a file's front matter.
	DateOf func(c *Content, key string) (time.Time, error)
	// Template finds the one template that has a text.
	Template func(text string) (TemplatePlace, bool)
	// TemplateNames are the paths of the site's and the theme's templates, sorted.
	TemplateNames []string
	// InTemplates reports whether a template has a word in it, in any case.
	InTemplates func(word string) bool
	Problems    *Problems
	// Tags is the set of tags, sorted by language and slug.
	Tags []Tag
	// TagSlug is the slug of a tag in any spelling; nil without tags.
	TagSlug func(tag string) string
	// TagUses are the tags of a file as it writes them, in order; nil without tags.
	TagUses func(*Content) []TagUse

	// NoFile reports whether a page was to be written at a path and was not, which
	// was told; nil before rendering.
	NoFile func(path string) bool
	// LinkOnly reports whether a page has an address and, as its author wants it,
	// no file there: build.render = link. It is nil before rendering.
	LinkOnly func(path string) bool
	// MadeBy is the file of the template that wrote the page at a path, "" where
	// it is none of the site's or not known. It is nil before rendering.
	MadeBy func(path string) string

	virtual map[string][]byte
}

// A HeldPage is a page of an adapter that is not published.
type HeldPage struct {
	Adapter *Content
	// Place is where the adapter names the page, if it can be told.
	Place
	// Path is the page's logical one, such as /posts/a.
	Path, Language, URL, Slug string
	// Reason says in a word why; Reasons at length, and what a cascade has to do
	// with it.
	Reason  string
	Reasons []Reason
}

// A MadeKey is a key, in lower case, of pages that an adapter makes, and where it
// stands there if it can be told.
type MadeKey struct {
	Adapter *Content
	Place
	Key string
}

// Ignored is a content file that is not read, and why.
type Ignored struct{ Path, Reason string }

// A Tag is one tag of one language, and how many posts have it.
type Tag struct {
	Language, Slug, Title string
	Count                 int
}

// A TagUse is one tag as one file writes it.
type TagUse struct {
	Place
	Written     string
	Slug, Title string // of the tag that it means
	// Why says why the tag is not titled as it is written; empty if it is.
	Why string
}

// AddContent adds a content file that lies on no disk, such as the page of a
// tag. A file that does lie there wins.
func (c *Collection) AddContent(filename string, data []byte) {
	if c.virtual == nil {
		c.virtual = make(map[string][]byte)
	}
	c.virtual[filename] = data
}

// Virtual returns the files that were added, by absolute name.
func (c *Collection) Virtual() map[string][]byte { return c.virtual }

// Find is the place at which s stands for the nth time in the body, counted
// from 1; the first line of the body if it does not.
func (c *Content) Find(s string, nth int) Place {
	src, err := c.Read()
	if err != nil || s == "" {
		return Place{Line: max(c.BodyLine, 1), Column: 1}
	}
	off := 0
	for range c.BodyLine - 1 {
		off += bytes.IndexByte(src[off:], '\n') + 1
	}
	for ; nth > 0; nth-- {
		n := bytes.Index(src[off:], []byte(s))
		if n < 0 {
			return Place{Line: max(c.BodyLine, 1), Column: 1}
		}
		if off += n; nth > 1 {
			off += len(s)
		}
	}
	return PlaceAt(src, off)
}
