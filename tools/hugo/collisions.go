package hugo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/gohugoio/hugo/cache/dynacache"
	"github.com/gohugoio/hugo/resources/page"

	"duskpress/tools/pipeline"
)

// assembled runs when Hugo knows every page and has rendered none. It indexes
// the pages, says what was left out, and refuses what would be published by
// chance. It reports whether rendering may begin.
func (e *Engine) assembled() bool {
	pages := e.allPages()
	if err := e.settle(pages); err != nil {
		e.problems.Errorf("hugo", "%v", err)
		return false
	}
	e.forgetOrder()
	idx := &e.pages
	idx.all = pages
	idx.owners = make(map[string]owner)
	idx.byFile = make(map[string]page.Page)
	idx.bundleDirs = make(map[string]string)
	idx.pages = make(map[string]string)
	for path, file := range idx.static {
		rel := e.log.relative(file)
		idx.owners[path] = owner{what: "the static file " + rel, at: pipeline.Problem{File: rel}}
	}
	type claim struct {
		path string
		owner
	}
	var claims []claim
	var html []wantedTarget
	for _, p := range pages {
		if f := p.File(); f != nil {
			if _, ok := idx.byFile[f.Filename()]; !ok {
				idx.byFile[f.Filename()] = p
			}
		}
		list, err := targets(p)
		if err != nil {
			e.problems.Errorf("hugo", "%v", err)
			return false
		}
		what, content := e.describePage(p)
		o := owner{what: what, content: content, page: p, left: new(atomic.Int32)}
		o.left.Store(int32(len(list)))
		if content != nil {
			o.at = content.Problem(keyPlace(content, "url", "slug", "title"), pipeline.Error, "", "", "")
		}
		for _, t := range list {
			if idx.sample != nil {
				idx.sample.add(p.Path(), t)
			}
			if e.only != nil && t.html {
				w := wantedTarget{page: p.Path(), format: t.format, path: t.path}
				if content != nil {
					w.source = content.Path
				}
				html = append(html, w)
			}
			o.format = t.format
			if t.format == "html" {
				idx.pages[t.dir] = t.path
			}
			claims = append(claims, claim{t.path, o})
			if f := p.File(); f != nil && t.dir != "" || p.IsHome() {
				if f := p.File(); f != nil {
					idx.bundleDirs[t.dir] = strings.TrimSuffix(f.Filename(), f.LogicalName())
				}
			}
			if t.html && !e.configs.Base.DisableAliases {
				a := o
				a.what, a.alias = "an alias of "+what, true
				if content != nil {
					a.at = content.Problem(keyPlace(content, "aliases", "alias"), pipeline.Error, "", "", "")
				}
				for _, path := range aliasTargets(p, t) {
					claims = append(claims, claim{path, a})
				}
			}
		}
	}
	told := make(map[[2]string]bool) // pages have several files, and collide once
	once := func(a, b owner) bool {
		pair := [2]string{a.what, b.what}
		if told[pair] {
			return false
		}
		told[pair] = true
		return true
	}
	slices.SortStableFunc(claims, func(a, b claim) int {
		return cmp.Or(cmp.Compare(a.path, b.path), compareBool(a.alias, b.alias), cmp.Compare(a.what, b.what))
	})
	folded := make(map[string]string)
	for path := range idx.owners {
		folded[strings.ToLower(path)] = path
	}
	for _, c := range claims {
		before, taken := idx.owners[c.path]
		switch {
		case !taken:
			if other, ok := folded[strings.ToLower(c.path)]; ok && other != c.path && once(idx.owners[other], c.owner) {
				e.caseCollision(c.path, c.owner, other, idx.owners[other])
			}
			folded[strings.ToLower(c.path)] = c.path
			idx.owners[c.path] = c.owner
		case before.page != nil && before.page == c.page:
			// An alias to itself or a format of one path: Hugo writes them in a
			// fixed order, so that nothing is left to chance.
			if before.alias {
				idx.owners[c.path] = c.owner
			}
		case once(before, c.owner):
			e.collide(c.path, before, c.owner)
		}
	}
	e.recording.renders()
	if e.only != nil {
		e.only.choose(html, e.opts.Only())
	}
	return !e.problems.Failed()
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// collide reports two owners of one path, at the one an author can mend best.
func (e *Engine) collide(path string, a, b owner) {
	if b.at.File == "" || (a.alias && !b.alias) {
		a, b = b, a
	}
	p := b.at
	p.Severity, p.Rule = pipeline.Error, "collision"
	p.Message = fmt.Sprintf("%s and %s both publish %s", b.what, a.what, path)
	p.Hint = "give one of them another slug, url, alias or name: which one wins would be chance"
	e.problems.Add(p)
}

func (e *Engine) caseCollision(path string, o owner, other string, before owner) {
	if o.at.File == "" {
		o, before, path, other = before, o, other, path
	}
	p := o.at
	p.Severity, p.Rule = pipeline.Error, "collision"
	if e.settings.Compat {
		p.Severity, p.Rule = pipeline.Warning, "hugo-warning"
	}
	p.Message = fmt.Sprintf("%s publishes %s, and %s publishes %s: on a host that ignores letter case one hides the other", o.what, path, before.what, other)
	p.Hint = "write both in lower case and give one another name"
	e.problems.Add(p)
}

// keyPlace is the place of the first of the keys that front matter has, else
// of the first line.
func keyPlace(c *pipeline.Content, keys ...string) pipeline.Place {
	for _, k := range keys {
		if at, ok := c.Keys[k]; ok {
			return at
		}
	}
	return pipeline.Place{Line: 1, Column: 1}
}

// allPages lists the pages of every site, those that are in no list too.
func (e *Engine) allPages() []page.Page {
	var pages []page.Page
	seen := make(map[page.Page]bool)
	add := func(p page.Page) {
		if p != nil && p != page.NilPage && !seen[p] {
			seen[p] = true
			pages = append(pages, p)
		}
	}
	for _, s := range e.sites.Sites {
		add(s.Home())
		for _, p := range s.Pages() {
			add(p)
		}
	}
	e.collection.HeldPages, e.collection.HeldAt, e.collection.MadeKeys = e.heldPages(), e.heldAt, e.madeKeys()
	published := make(map[string]bool)
	for _, p := range pages {
		if f := p.File(); f != nil {
			published[f.Filename()] = true
		}
	}
	for _, c := range e.collection.Contents {
		c.Held = e.held(c, false, false, false)
		if strings.HasPrefix(c.Base(), "_index.") {
			c.LeftOut = e.heldBack(c) // Hugo keeps the page, for those below it, and does not render it
		}
		if published[c.Filename] {
			continue
		}
		for _, s := range e.sites.Sites {
			if p, err := s.GetPage(c.Logical); err == nil {
				if f := p.File(); f != nil && f.Filename() == c.Filename {
					add(p)
					published[c.Filename] = true
				}
			}
		}
		if !published[c.Filename] {
			c.LeftOut = e.whyLeftOut(c)
		}
	}
	return pages
}

// forgetOrder drops the lists of pages that Hugo keeps, since it sorts them by
// the rules of the language that it is rendering: before rendering, for every
// site by those of the first.
func (e *Engine) forgetOrder() {
	e.sites.MemCache.ClearMatching(
		func(name string, _ dynacache.PartitionManager) bool { return strings.HasPrefix(name, "/pag") },
		func(_, _ any) bool { return true },
	)
}
