package hugo

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/gohugoio/hugo/hugofs"
	"github.com/gohugoio/hugo/tpl/tplimpl"

	"duskpress/tools/pipeline"
	"duskpress/tools/templates"
)

// reading is what templates read.
type reading struct {
	set      templates.Set
	logical  map[string]string // by file
	closures map[string]*templates.Reads
}

// readingOf reads all templates of the site, its theme and its modules.
func (e *Engine) readingOf() (*reading, error) {
	r := &reading{set: make(templates.Set), logical: make(map[string]string), closures: make(map[string]*templates.Reads)}
	var failed error
	err := hugofs.NewWalkway(hugofs.WalkwayConfig{
		Fs: e.sites.BaseFs.Layouts.Fs, Root: "", Logger: e.sites.Log, PathParser: e.sites.Conf.PathParser(),
		WalkFn: func(_ context.Context, name string, info hugofs.FileMetaInfo) error {
			if info.IsDir() {
				return nil
			}
			data, err := readFile(info)
			if err != nil {
				failed = err
				return nil
			}
			logical := strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/")
			r.set[logical] = templates.Of(logical, string(data))
			r.logical[info.Meta().Filename] = logical
			return nil
		},
	}).Walk()
	if failed != nil {
		err = failed
	}
	return r, err
}

func readFile(info hugofs.FileMetaInfo) ([]byte, error) {
	f, err := info.Meta().Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// inContent are templates that run while a body is converted.
var inContent = regexp.MustCompile(`(^|/)(_shortcodes|shortcodes|_markup)/`)

func (r *reading) closure(name string) *templates.Reads {
	c := r.closures[name]
	if c == nil {
		c = r.set.Closure(name)
		r.closures[name] = c
	}
	return c
}

// of is what a template reads, with its partials. Hugo's own are read as they are
// linked in.
func (r *reading) of(t *tplimpl.TemplInfo) (*templates.Reads, error) {
	if name, ok := r.logical[t.Filename()]; ok && t.Filename() != "" {
		return r.closure(name), nil
	}
	name := "hugo's own " + t.PathInfo.Path()
	if r.set[name] == nil {
		content := within(reflect.ValueOf(t), "content")
		if content.Kind() != reflect.String {
			return nil, fmt.Errorf("hugo seam Record: %T has no text content", t)
		}
		r.set[name] = templates.Of(name, content.String())
	}
	return r.closure(name), nil
}

// wholeSite says what in templates makes one output depend on that another was
// rendered, or cannot be told.
func (r *reading) wholeSite() string {
	for _, name := range slices.Sorted(maps.Keys(r.set)) {
		if !strings.Contains(path.Base(name), ".") || path.Ext(name) == ".go" {
			continue
		}
		if d := r.set[name].Doubts; len(d) > 0 && !pipeline.Seeded("doubts") {
			return fmt.Sprintf("the template %s: %s", name, d[0])
		}
		if inContent.MatchString(name) {
			switch c := r.closure(name); {
			case len(c.Keys) > 0 && !pipeline.Seeded("content keys"):
				return fmt.Sprintf("the template %s chooses pages by what is in them", name)
			case len(c.Names) > 0 && c.Pages && !pipeline.Seeded("content"):
				return fmt.Sprintf("the template %s is part of a body and may read another", name)
			}
		}
	}
	return ""
}
