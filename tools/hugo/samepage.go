package hugo

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gohugoio/hugo/common/paths"
	"github.com/gohugoio/hugo/media"

	"duskpress/tools/pipeline"
)

// pagePath is the path of the page that a content file makes: that of its
// directory if it is named index or _index.
func pagePath(logical string, info *paths.Path) string {
	if base := path.Base(logical); strings.HasPrefix(base, "index.") || strings.HasPrefix(base, "_index.") {
		return strings.ToLower(path.Dir(logical))
	}
	return info.Base()
}

// findHidden looks on the disk for content files of the project that Hugo did
// not list: of two that it takes for one page it may show one alone.
func (e *Engine) findHidden(c *pipeline.Collection, pages map[string][]*pipeline.Content) {
	known := make(map[string]bool)
	for _, i := range c.Ignored {
		known[i.Path] = true
	}
	types := e.sites.Conf.ContentTypes().(media.ContentTypes)
	parser := e.sites.Conf.PathParser()
	for _, mod := range e.configs.Modules {
		if mod.Owner() != nil {
			continue
		}
		for _, mount := range mod.Mounts() {
			if mount.Target != "content" && !strings.HasPrefix(mount.Target, "content/") {
				continue
			}
			root := mount.Source
			if !filepath.IsAbs(root) {
				root = filepath.Join(e.opts.Source, root)
			}
			filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
				if err != nil || !d.Type().IsRegular() || !types.IsContentSuffix(strings.TrimPrefix(filepath.Ext(name), ".")) {
					return nil
				}
				shown := e.log.relative(name)
				if e.byFilename[name] != nil || known[shown] || e.sites.SourceSpec.IgnoreFile(name) {
					return nil
				}
				known[shown] = true
				rel, err := filepath.Rel(root, name)
				if err != nil {
					return nil
				}
				logical := path.Join("/", strings.TrimPrefix(mount.Target, "content"), filepath.ToSlash(rel))
				info := parser.Parse("content", logical)
				hidden := &pipeline.Content{Path: shown, Filename: name, Logical: logical}
				for _, lang := range e.configs.Languages {
					if info.Lang() != "" && info.Lang() != lang.Lang {
						continue
					}
					if key := lang.Lang + "\x00" + pagePath(logical, info); len(pages[key]) > 0 {
						hidden.Language = lang.Lang
						pages[key] = append(pages[key], hidden)
						return nil
					}
				}
				c.Ignored = append(c.Ignored, pipeline.Ignored{Path: shown, Reason: "not taken: by a filter of its mount, its language, or a file that hides it"})
				return nil
			})
		}
	}
}

// checkSamePage reports content files of the project that Hugo would make one
// page of: post.md beside post/index.md, Post.md beside post.md, index.md beside
// _index.md. It takes one and drops the others.
func (e *Engine) checkSamePage(pages map[string][]*pipeline.Content) {
	for _, list := range pages {
		list = slices.DeleteFunc(slices.Clone(list), func(c *pipeline.Content) bool {
			return e.insideBundle(c) && !strings.HasPrefix(c.Base(), "_index.")
		})
		if len(list) < 2 {
			continue
		}
		slices.SortFunc(list, func(a, b *pipeline.Content) int { return strings.Compare(a.Path, b.Path) })
		for _, other := range list[1:] {
			// Of files that Hugo lists it takes either, by chance; of others, and
			// of index.md beside _index.md, always the same.
			rule := "collision"
			if e.byFilename[list[0].Filename] == nil || e.byFilename[other.Filename] == nil || strings.HasPrefix(list[0].Base(), "_index.") {
				rule = "same-page"
			}
			e.problems.Add(other.Problem(pipeline.Place{Line: 1, Column: 1}, pipeline.Error, rule,
				fmt.Sprintf("this and %s make one page, and one of them would be lost", list[0].Path),
				"rename or remove one of them"))
		}
	}
}
