package hugo

import (
	"bytes"
	"context"
	"maps"
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
// more than one.
func (e *Engine) findInTemplates() func(string) (pipeline.TemplatePlace, bool) {
	return func(text string) (at pipeline.TemplatePlace, ok bool) {
		for name, data := range e.templateFiles() {
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

// usesInTemplates finds a name of Hugo's, such as .Site.Data, in templates: as it
// is, in small letters as a function, and else behind whatever has it. A parameter
// of the same name is another thing.
func (e *Engine) usesInTemplates(name string) []pipeline.TemplatePlace {
	of, field := "", name
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		of, field = strings.TrimPrefix(name[:i], "."), name[i+1:]
	}
	for _, re := range []*regexp.Regexp{
		regexp.MustCompile(`\.?\b(?i:` + regexp.QuoteMeta(of) + `)\.` + regexp.QuoteMeta(field) + `\b`),
		regexp.MustCompile(`\.` + regexp.QuoteMeta(field) + `\b`),
	} {
		var list []pipeline.TemplatePlace
		for _, file := range slices.Sorted(maps.Keys(e.templateFiles())) {
			data := e.templateFiles()[file]
			for _, at := range re.FindAllIndex(data, -1) {
				if bytes.HasSuffix(data[:at[0]], []byte("Params")) {
					continue
				}
				place := pipeline.TemplatePlace{File: file}
				place.Line, place.Column = frontmatter.Place(data, at[0])
				list = append(list, place)
			}
		}
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

// readTemplates returns a function that reads the templates of the site and its
// theme, when it is first asked.
func (e *Engine) readTemplates() func() map[string][]byte {
	return sync.OnceValue(func() map[string][]byte {
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
}

// templateNames lists the templates of the site and its theme by their paths,
// such as posts/page.html.
func (e *Engine) templateNames() []string {
	var names []string
	e.layouts("", func(rel string) { names = append(names, rel) })
	slices.Sort(names)
	return slices.Compact(names)
}

// haveKey finds the content files with a key in their front matter.
func (e *Engine) haveKey(key string) []pipeline.Problem {
	if e.collection == nil {
		return nil
	}
	var list []pipeline.Problem
	for _, c := range e.collection.Contents {
		if at, ok := c.Keys[strings.ToLower(key)]; ok {
			list = append(list, c.Problem(at, pipeline.Error, "hugo", "", ""))
		}
	}
	return list
}
