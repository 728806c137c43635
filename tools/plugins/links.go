package plugins

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"

	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "links",
		Summary: "resolves links to other content files, such as ./other.md#part, to their pages and anchors",
		Alone:   true,
		After:   []string{"facts"},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			l := &links{fragments: make(map[fragment]string)}
			return pipeline.Hooks{Markdown: l.markdown, CachedMarkdown: true, Check: l.check}, nil
		},
	})
}

// A fragment is one link to a part of another page.
type fragment struct {
	content *pipeline.Content
	at      pipeline.Place
	target  string // the page's address
	id      string
}

// links is Alone though its check needs what was found in each page: of a page that
// is left out nothing can have become wrong, as everything is rendered where an
// anchor goes.
type links struct {
	mu        sync.Mutex
	contents  []string
	fragments map[fragment]string // to the link as written
}

func (l *links) markdown(c *pipeline.Collection) goldmark.Extender {
	for _, content := range c.Contents {
		l.contents = append(l.contents, content.Path)
	}
	return transformer{linksAt, l.resolve}
}

// resolve rewrites the destinations of links to content files.
func (l *links) resolve(d *pipeline.Document, doc *ast.Document, src []byte) {
	ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		link, ok := n.(*ast.Link)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		written := string(link.Destination)
		u, err := url.Parse(written)
		if err != nil || u.Scheme != "" || u.Host != "" || !contentExt[strings.ToLower(path.Ext(u.Path))] {
			return ast.WalkContinue, nil
		}
		at := d.At(src, destination(src, link))
		target, ok := d.Resolve(u.Path)
		if !ok && d.Content.Adapter {
			return ast.WalkContinue, nil // it may be a page of the adapter's: linkcheck knows
		}
		if !ok {
			d.Problems.Add(d.Content.Problem(at, pipeline.Error, "content-link",
				fmt.Sprintf("no page is made of %q", u.Path), l.hint(d.Content, u.Path)))
			return ast.WalkContinue, nil
		}
		u2 := url.URL{RawQuery: u.RawQuery, Fragment: u.Fragment}
		link.Destination = []byte(target + u2.String())
		if u.Fragment != "" {
			l.mu.Lock()
			l.fragments[fragment{d.Content, at, target, u.Fragment}] = written
			l.mu.Unlock()
		}
		return ast.WalkContinue, nil
	})
}

// destination is where a link's destination is written: behind its text, or
// else, for a reference, the link itself.
func destination(src []byte, link *ast.Link) int {
	pos := max(0, min(link.Pos(), len(src)))
	paragraph := src[pos:]
	if end := bytes.Index(paragraph, []byte("\n\n")); end >= 0 {
		paragraph = paragraph[:end]
	}
	if link.Reference == nil {
		if i := bytes.Index(paragraph, append([]byte("]("), link.Destination...)); i >= 0 {
			return pos + i + len("](")
		}
		if i := bytes.Index(paragraph, link.Destination); i >= 0 {
			return pos + i
		}
	}
	return pos
}

var contentExt = map[string]bool{".md": true, ".markdown": true, ".mdown": true, ".org": true, ".adoc": true, ".rst": true}

// hint names the content file that was probably meant, as it would be written
// in this file.
func (l *links) hint(from *pipeline.Content, ref string) string {
	want := path.Join(path.Dir(from.Path), ref)
	near := pipeline.Nearest(want, l.contents)
	if near == "" {
		for _, c := range l.contents {
			if path.Base(c) == path.Base(ref) {
				near = c
				break
			}
		}
	}
	if near == want {
		for _, c := range l.contents {
			if path.Dir(c) == path.Dir(want) && strings.HasPrefix(path.Base(c), "index.") {
				return fmt.Sprintf("the file is there, and belongs to the page of %s", c)
			}
		}
		return "the file is there, but left out: a draft, a date to come, or one in the past"
	}
	if near == "" {
		return "the path is relative to this file, or begins with / for the top of content/"
	}
	return fmt.Sprintf("did you mean %q?", relativePath(path.Dir(from.Path), near))
}

func relativePath(dir, to string) string {
	up := ""
	for dir != "." && dir != "/" && !strings.HasPrefix(to, dir+"/") {
		dir, up = path.Dir(dir), up+"../"
	}
	if dir != "." {
		to = strings.TrimPrefix(to, dir+"/")
	}
	if up == "" {
		up = "./"
	}
	return up + to
}

// check looks for the anchors in the pages that were made.
func (l *links) check(_ context.Context, s *pipeline.Site) error {
	base := ""
	if u, err := url.Parse(s.BaseURL); err == nil {
		base = strings.TrimSuffix(u.Path, "/")
	}
	for f, written := range l.fragments {
		target := f.target
		if u, err := url.Parse(target); err == nil {
			target = u.Path
		}
		p := strings.TrimPrefix(strings.TrimPrefix(target, base), "/")
		if p == "" || strings.HasSuffix(p, "/") {
			p += "index.html"
		}
		page := s.File(p)
		if page == nil || page.Facts == nil || page.Facts.HasID(f.id) {
			continue
		}
		s.Problems.Add(f.content.Problem(f.at, pipeline.Error, "content-link",
			fmt.Sprintf("%q leads to a page without that part", written), partHint(f.id, page.Facts.IDs)))
	}
	return nil
}

// partHint names the part of a page that was probably meant, or those that it has.
func partHint(id string, ids []string) string {
	if near := pipeline.Nearest(id, ids); near != "" {
		return fmt.Sprintf("did you mean #%s?", near)
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(ids) == 0 {
		return "that page has no part with an id"
	}
	return "its parts are #" + strings.Join(ids[:min(len(ids), 8)], ", #")
}
