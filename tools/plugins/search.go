package plugins

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"duskpress/tools/pipeline"
	"duskpress/tools/search"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "search",
		Summary: "makes the index that the search page reads, one for each language that has such a page",
		After:   []string{"facts"},
		Rules:   map[string]string{"search": "a published page that the search index does not have"},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			p := &searchIndex{taxonomies: s.Taxonomies}
			if err := s.Decode(&p.searchConfig); err != nil {
				return pipeline.Hooks{}, err
			}
			if d := p.Dir; d != "" && (d != path.Clean(d) || path.IsAbs(d) || strings.HasPrefix(d, "..") || d == ".") {
				return pipeline.Hooks{}, fmt.Errorf("dir is %q, want a directory below the site's, such as \"search\"", d)
			}
			return pipeline.Hooks{Generate: p.generate, Check: p.check}, nil
		},
	})
}

type searchConfig struct {
	// Dir is where the index goes if no page says so: DIR/LANGUAGE/. Empty, and
	// without such a page, there is no index.
	Dir string `json:"dir"`
}

type searchIndex struct {
	searchConfig
	taxonomies []string
	// pages are those that an index may have.
	pages []*pipeline.File
	// in has the pages that are in an index, by the path of their file.
	in map[string]bool
	// languages are those that have an index.
	languages map[string]bool
}

// generate makes the indexes. Pages are read again from where they are kept:
// what a File hook keeps beside a file's bytes would be lost if its result came
// from a cache.
func (p *searchIndex) generate(ctx context.Context, s *pipeline.Site) error {
	p.in, p.languages = make(map[string]bool), make(map[string]bool)
	p.pages = regularPages(s)
	dirs, err := p.dirs(s, p.pages)
	if err != nil {
		return err
	}
	byLanguage := make(map[string][]*pipeline.File)
	for _, f := range p.pages {
		if lang := f.Content.Language; dirs[lang] != "" {
			byLanguage[lang] = append(byLanguage[lang], f)
		}
	}
	for _, l := range s.Languages {
		if dir := dirs[l.Code]; dir != "" {
			p.languages[l.Code] = true
			if err := p.index(ctx, s, dir, byLanguage[l.Code]); err != nil {
				return fmt.Errorf("index %s: %w", dir, err)
			}
		}
	}
	return nil
}

// regularPages are the pages that content files were made into, one file each,
// by path: no lists, and of several formats the one with the shortest path.
func regularPages(s *pipeline.Site) []*pipeline.File {
	first := make(map[*pipeline.Content]*pipeline.File)
	var pages []*pipeline.File
	for _, f := range s.Files() {
		if f.Kind != pipeline.Rendered || f.MediaType != "text/html" || f.Content == nil || strings.HasPrefix(f.Content.Base(), "_index.") {
			continue
		}
		// A content adapter makes many pages of one file.
		if strings.HasPrefix(f.Content.Base(), "_content.") {
			pages = append(pages, f)
		} else if before := first[f.Content]; before == nil || alias(before) || !alias(f) && len(f.Path) < len(before.Path) {
			first[f.Content] = f
		}
	}
	for _, f := range first {
		pages = append(pages, f)
	}
	slices.SortFunc(pages, func(a, b *pipeline.File) int { return strings.Compare(a.Path, b.Path) })
	return pages
}

// alias reports whether a file only sends its reader to the page that its content
// file made.
func alias(f *pipeline.File) bool { return f.Facts != nil && f.Facts.Refresh != "" }

// dirs finds where the index of each language is wanted.
func (p *searchIndex) dirs(s *pipeline.Site, pages []*pipeline.File) (map[string]string, error) {
	dirs := make(map[string]string)
	for _, f := range pages {
		if f.Facts != nil && !f.Facts.HasID("search-index") || dirs[f.Content.Language] != "" {
			continue
		}
		data, err := s.Read(f.Path)
		if err != nil {
			return nil, err
		}
		if dir := search.Extract(data).IndexDir; dir != "" {
			at := path.Join(path.Dir(f.Path), dir)
			if strings.HasPrefix(at, "..") || at == "." {
				return nil, fmt.Errorf("%s wants its index in %q, which is outside the site", f.Path, dir)
			}
			dirs[f.Content.Language] = at
		}
	}
	for _, l := range s.Languages {
		if p.Dir != "" && dirs[l.Code] == "" {
			dirs[l.Code] = path.Join(p.Dir, l.Code)
		}
	}
	return dirs, nil
}

// index makes the index of one language.
func (p *searchIndex) index(ctx context.Context, s *pipeline.Site, dir string, pages []*pipeline.File) error {
	var mu sync.Mutex
	each := func(do func(i int, f *pipeline.File) error) error {
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(runtime.GOMAXPROCS(0))
		for i, f := range pages {
			if gctx.Err() != nil {
				break
			}
			g.Go(func() error { return do(i, f) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
		return context.Cause(ctx)
	}
	addresses := make([]string, len(pages))
	for i, f := range pages {
		addresses[i] = relativeAddress(dir, f.Path)
	}
	x, err := search.New(addresses)
	if err != nil {
		return err
	}
	err = each(func(i int, f *pipeline.File) error {
		kept, err := pipeline.Kept(s, pipeline.SearchKind, "search", f, func() (search.Page, error) {
			data, err := s.Read(f.Path)
			if err != nil {
				return search.Page{}, err
			}
			return *search.Extract(data), nil
		})
		if err != nil {
			return err
		}
		page := &kept
		if page.NoIndex || page.Redirect {
			mu.Lock()
			p.in[f.Path] = true // nobody is to find it
			mu.Unlock()
			return nil
		}
		p.frontMatter(f.Content, page)
		if page.Title == "" && len(page.Sections) == 0 {
			return nil // check reports it
		}
		record, err := x.Add(i, page)
		if err != nil {
			return err
		}
		mu.Lock()
		p.in[f.Path] = true
		mu.Unlock()
		return s.Add(path.Join(dir, record.Path), record.Data)
	})
	if err != nil {
		return err
	}
	files, err := x.Files()
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := s.Add(path.Join(dir, f.Path), f.Data); err != nil {
			return err
		}
	}
	return nil
}

// frontMatter adds what a page shows in forms that differ between themes.
func (p *searchIndex) frontMatter(c *pipeline.Content, page *search.Page) {
	if strings.HasPrefix(c.Base(), "_content.") {
		return // of many pages
	}
	page.Description, _ = c.FrontMatter["description"].(string)
	if page.Title == "" {
		page.Title, _ = c.FrontMatter["title"].(string)
	}
	for _, plural := range p.taxonomies {
		switch terms := c.FrontMatter[plural].(type) {
		case string:
			page.Tags = append(page.Tags, terms)
		case []any:
			for _, term := range terms {
				if t, ok := term.(string); ok {
					page.Tags = append(page.Tags, t)
				}
			}
		}
	}
}

// relativeAddress is the address of a file's page as seen from a directory. It
// climbs no higher than it must: of a site with a host for each language, each
// has a directory of its own, and nothing is above that.
func relativeAddress(dir, file string) string {
	from, to := strings.Split(dir, "/"), strings.Split(file, "/")
	for len(from) > 0 && len(to) > 1 && from[0] == to[0] {
		from, to = from[1:], to[1:]
	}
	if last := len(to) - 1; to[last] == "index.html" {
		to[last] = ""
	}
	u := url.URL{Path: strings.Repeat("../", len(from)) + strings.Join(to, "/")}
	return u.EscapedPath()
}

// check reports published pages that no question finds.
func (p *searchIndex) check(_ context.Context, s *pipeline.Site) error {
	for _, f := range p.pages {
		if p.languages[f.Content.Language] && !p.in[f.Path] {
			s.Problems.Add(f.Content.Problem(pipeline.Place{Line: 1, Column: 1}, pipeline.Warning, "search",
				fmt.Sprintf("the page %s is not in the search index: it has neither title nor text", f.Path),
				"give it a title, or mark what is to be found with data-search=\"text\" in its template"))
		}
	}
	return nil
}
