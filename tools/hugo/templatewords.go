package hugo

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/gohugoio/hugo/hugofs"
	"github.com/spf13/afero"

	"duskpress/tools/frontmatter"
	"duskpress/tools/pipeline"
)

var templateWord = regexp.MustCompile(`[\pL_][\pL\d_-]*`)

// templateWords returns a function that reports whether any template of the
// site or its theme has a word in it, whatever its case. It reads them when it
// is first asked.
func (e *Engine) templateWords() func(string) bool {
	words := sync.OnceValue(func() map[string]bool {
		all := make(map[string]bool)
		fs := e.sites.BaseFs.Layouts.Fs
		_ = afero.Walk(fs, "", func(name string, info os.FileInfo, err error) error {
			if err != nil || info.IsDir() {
				return nil
			}
			if data, err := afero.ReadFile(fs, name); err == nil {
				for _, w := range templateWord.FindAll(data, -1) {
					all[strings.ToLower(string(w))] = true
				}
			}
			return nil
		})
		return all
	})
	return func(word string) bool { return words()[strings.ToLower(word)] }
}

// findInTemplates returns a function that finds the one place at which a text
// stands in the templates of the site and its theme; not ok if there is none, or
// more than one. It reads them when it is first asked.
func (e *Engine) findInTemplates() func(string) (pipeline.TemplatePlace, bool) {
	files := sync.OnceValue(func() map[string][]byte {
		all := make(map[string][]byte)
		_ = hugofs.NewWalkway(hugofs.WalkwayConfig{
			Fs: e.sites.BaseFs.Layouts.Fs, Root: "", Logger: e.sites.Log, PathParser: e.sites.Conf.PathParser(),
			WalkFn: func(_ context.Context, _ string, info hugofs.FileMetaInfo) error {
				if info.IsDir() {
					return nil
				}
				if data, err := os.ReadFile(info.Meta().Filename); err == nil {
					all[e.log.relative(info.Meta().Filename)] = data
				}
				return nil
			},
		}).Walk()
		return all
	})
	return func(text string) (at pipeline.TemplatePlace, ok bool) {
		for name, data := range files() {
			switch n := bytes.Count(data, []byte(text)); {
			case n > 1 || n == 1 && ok:
				return pipeline.TemplatePlace{}, false
			case n == 1:
				at.File, ok = name, true
				at.Line, at.Column = frontmatter.Place(data, bytes.Index(data, []byte(text)))
			}
		}
		return at, ok
	}
}

// templateNames lists the templates of the site and its theme by their paths,
// such as posts/page.html.
func (e *Engine) templateNames() []string {
	var names []string
	e.layouts("", func(rel string) { names = append(names, rel) })
	slices.Sort(names)
	return slices.Compact(names)
}
