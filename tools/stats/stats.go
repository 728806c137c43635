// Package stats counts what a site has: words and posts, tags and which of them
// go together, outside links and how they are, large files, slow pages.
//
// What enters: the collected content, what other hosts answered when they were
// last asked, and the published directory. What leaves: figures, sorted, which
// are the same for the same input. It asks no host and builds nothing.
package stats

import (
	"bytes"
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"duskpress/tools/external"
	"duskpress/tools/pipeline"
)

// Site is everything that is counted.
type Site struct {
	Posts  int `json:"posts"` // pages of a main section that are published
	Pages  int `json:"pages"` // other content files
	Drafts int `json:"left_out"`
	// Words of posts, without code; the middle post has Median of them.
	Words  int     `json:"words"`
	Median int     `json:"median_words"`
	Years  []Year  `json:"years"`
	Tags   []Tag   `json:"tags"`
	Long   []Post  `json:"longest_posts"`
	Links  Links   `json:"outside_links"`
	Large  []File  `json:"largest_pages"`
	Images []File  `json:"largest_images"`
	Slow   []Times `json:"slowest_pages"`
}

// A Year of posts; 0 is none.
type Year struct {
	Year  int `json:"year"`
	Posts int `json:"posts"`
	Words int `json:"words"`
}

// A Tag, and the tags that stand beside it most.
type Tag struct {
	Title string      `json:"title"`
	Posts int         `json:"posts"`
	With  []Neighbour `json:"with"`
}

// A Neighbour of a tag, and how many posts have both.
type Neighbour struct {
	Title string `json:"title"`
	Posts int    `json:"posts"`
}

// A Post and its words.
type Post struct {
	File  string `json:"file"`
	Words int    `json:"words"`
}

// Links to other sites, as they were when last asked.
type Links struct {
	Asked  int    `json:"asked"`
	Broken []Link `json:"broken"`
	Moved  []Link `json:"moved"`
	// Old were asked longer ago than their answer counts.
	Old int `json:"old"`
	// Oldest is when the oldest of the answers was given.
	Oldest *time.Time `json:"oldest,omitempty"`
}

// A Link and the content files that have its address.
type Link struct {
	URL   string   `json:"url"`
	Why   string   `json:"why"`
	Asked string   `json:"asked"` // a date
	Files []string `json:"files"`
}

// A File that is published.
type File struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
}

// Times is what the text of a page took to be made.
type Times struct {
	File         string  `json:"file"`
	Milliseconds float64 `json:"milliseconds"`
}

// Options are what is counted.
type Options struct {
	Collection *pipeline.Collection
	Main       []string // sections of posts
	Cache      *external.Cache
	Fresh      time.Duration // how long an answer counts
	Now        time.Time
	Public     string // the published directory
	Times      map[string]time.Duration
	Most       int // entries of a list
}

// Count counts.
func Count(o Options) (*Site, error) {
	s := &Site{Years: []Year{}, Tags: []Tag{}, Long: []Post{}, Large: []File{}, Images: []File{}, Slow: []Times{}}
	if err := s.content(o); err != nil {
		return nil, err
	}
	if err := s.links(o); err != nil {
		return nil, err
	}
	if err := s.files(o); err != nil {
		return nil, err
	}
	for file, d := range o.Times {
		s.Slow = append(s.Slow, Times{file, float64(d.Microseconds()) / 1000})
	}
	slices.SortFunc(s.Slow, func(a, b Times) int {
		return cmp.Or(cmp.Compare(b.Milliseconds, a.Milliseconds), strings.Compare(a.File, b.File))
	})
	s.Slow = most(s.Slow, o.Most)
	return s, nil
}

func most[T any](list []T, n int) []T { return list[:min(n, len(list))] }

func (s *Site) content(o Options) error {
	years := make(map[int]*Year)
	tags := make(map[string]*Tag)
	together := make(map[string]map[string]int)
	var counts []int
	for _, c := range o.Collection.Contents {
		if strings.HasPrefix(c.Base(), "_index.") || !slices.Contains(o.Main, c.Section()) {
			s.Pages++
			continue
		}
		date, published := o.Collection.Published(c)
		if !published {
			s.Drafts++
			continue
		}
		src, err := c.Read()
		if err != nil {
			return err
		}
		n := Words(body(src, c.BodyLine))
		s.Posts++
		s.Words += n
		counts = append(counts, n)
		s.Long = append(s.Long, Post{c.Path, n})
		year := date.Year()
		if date.IsZero() {
			year = 0
		}
		if years[year] == nil {
			years[year] = &Year{Year: year}
		}
		years[year].Posts++
		years[year].Words += n
		if o.Collection.TagUses == nil {
			continue
		}
		var own []string
		for _, use := range o.Collection.TagUses(c) {
			if title := cmp.Or(use.Title, use.Written); !slices.Contains(own, title) {
				own = append(own, title)
			}
		}
		for _, a := range own {
			if tags[a] == nil {
				tags[a], together[a] = &Tag{Title: a, With: []Neighbour{}}, make(map[string]int)
			}
			tags[a].Posts++
			for _, b := range own {
				if a != b {
					together[a][b]++
				}
			}
		}
	}
	slices.Sort(counts)
	if len(counts) > 0 {
		s.Median = counts[len(counts)/2]
	}
	for _, y := range years {
		s.Years = append(s.Years, *y)
	}
	slices.SortFunc(s.Years, func(a, b Year) int { return b.Year - a.Year })
	for title, tag := range tags {
		for other, n := range together[title] {
			tag.With = append(tag.With, Neighbour{other, n})
		}
		slices.SortFunc(tag.With, func(a, b Neighbour) int {
			return cmp.Or(b.Posts-a.Posts, strings.Compare(a.Title, b.Title))
		})
		tag.With = most(tag.With, 5)
		s.Tags = append(s.Tags, *tag)
	}
	slices.SortFunc(s.Tags, func(a, b Tag) int { return cmp.Or(b.Posts-a.Posts, strings.Compare(a.Title, b.Title)) })
	slices.SortFunc(s.Long, func(a, b Post) int { return cmp.Or(b.Words-a.Words, strings.Compare(a.File, b.File)) })
	s.Long = most(s.Long, o.Most)
	return nil
}

// body is what follows front matter.
func body(src []byte, line int) []byte {
	for range line - 1 {
		_, rest, ok := bytes.Cut(src, []byte("\n"))
		if !ok {
			return nil
		}
		src = rest
	}
	return src
}

var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList))

// Words counts the words of a text in Markdown that are read as prose: code in
// blocks does not count, code in a line does. In scripts without spaces each
// character is a word, as Hugo counts them.
func Words(src []byte) int {
	n := 0
	_ = ast.Walk(markdown.Parser().Parse(text.NewReader(src)), func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if node.Type() != ast.TypeBlock || !entering || node.FirstChild() == nil || node.FirstChild().Type() != ast.TypeInline {
			return ast.WalkContinue, nil
		}
		var b strings.Builder
		_ = ast.Walk(node, func(in ast.Node, entering bool) (ast.WalkStatus, error) {
			if t, ok := in.(*ast.Text); ok && entering {
				b.Write(t.Segment.Value(src))
				if t.SoftLineBreak() || t.HardLineBreak() {
					b.WriteByte(' ')
				}
			}
			return ast.WalkContinue, nil
		})
		n += countWords(b.String())
		return ast.WalkSkipChildren, nil
	})
	return n
}

func countWords(s string) int {
	n := 0
	for word := range strings.FieldsSeq(s) {
		letters, other := 0, false
		for _, r := range word {
			switch {
			case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
				letters++
			case unicode.IsLetter(r) || unicode.IsDigit(r):
				other = true
			}
		}
		n += letters
		if other {
			n++
		}
	}
	return n
}

// links tells of the outside links that posts still have.
func (s *Site) links(o Options) error {
	s.Links = Links{Broken: []Link{}, Moved: []Link{}}
	if o.Cache == nil {
		return nil
	}
	results := o.Cache.Results()
	if len(results) == 0 {
		return nil
	}
	sources := make(map[string][]byte)
	for _, c := range o.Collection.Contents {
		src, err := c.Read()
		if err != nil {
			return err
		}
		sources[c.Path] = src
	}
	for _, r := range results {
		link := Link{URL: r.URL, Why: r.Why, Asked: r.Checked.UTC().Format(time.DateOnly), Files: []string{}}
		for _, c := range o.Collection.Contents {
			if hasAddress(sources[c.Path], r.URL) {
				link.Files = append(link.Files, c.Path)
			}
		}
		s.Links.Asked++
		if o.Now.Sub(r.Checked) > o.Fresh {
			s.Links.Old++
		}
		if at := r.Checked; s.Links.Oldest == nil || at.Before(*s.Links.Oldest) {
			s.Links.Oldest = &at
		}
		switch {
		case r.Outcome == external.Gone || r.Outcome == external.Failed:
			s.Links.Broken = append(s.Links.Broken, link)
		case r.Moved != "":
			link.Why = "moved to " + r.Moved
			s.Links.Moved = append(s.Links.Moved, link)
		}
	}
	return nil
}

// hasAddress reports whether an address stands in a text, and not only one that
// begins with it.
func hasAddress(src []byte, address string) bool {
	for at := 0; ; {
		i := bytes.Index(src[at:], []byte(address))
		if i < 0 {
			return false
		}
		at += i + len(address)
		if at == len(src) || bytes.IndexByte([]byte(" \t\r\n)>\"'#]`,;"), src[at]) >= 0 || src[at] == '.' && (at+1 == len(src) || src[at+1] <= ' ') {
			return true
		}
	}
}

var imageTypes = []string{".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".tif", ".tiff", ".webp"}

// files finds the largest of what is published. A site that was never built has
// none.
func (s *Site) files(o Options) error {
	if _, err := os.Stat(o.Public); err != nil {
		return nil
	}
	err := filepath.WalkDir(o.Public, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != o.Public && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(o.Public, name)
		if err != nil {
			return err
		}
		f := File{filepath.ToSlash(rel), info.Size()}
		switch ext := strings.ToLower(filepath.Ext(name)); {
		case ext == ".html":
			s.Large = append(s.Large, f)
		case slices.Contains(imageTypes, ext):
			s.Images = append(s.Images, f)
		}
		return nil
	})
	largest := func(a, b File) int { return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), strings.Compare(a.Path, b.Path)) }
	slices.SortFunc(s.Large, largest)
	slices.SortFunc(s.Images, largest)
	s.Large, s.Images = most(s.Large, o.Most), most(s.Images, o.Most)
	return err
}
