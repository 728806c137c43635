package hugo

import (
	"context"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/gohugoio/hugo/hugofs"
	"github.com/gohugoio/hugo/parser/metadecoders"
	"github.com/gohugoio/hugo/tpl/tplimpl"

	"duskpress/tools/pipeline"
	"duskpress/tools/templates"
)

// reading is what templates read.
type reading struct {
	set      templates.Set
	logical  map[string]string // by file
	closures map[string]*templates.Reads
	// translations is what is not certain about them.
	translations string
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
			if r.set[logical] != nil {
				failed = pipeline.Doubtf("there are several templates %s", logical) // one for each language, say
				return nil
			}
			r.set[logical] = templates.Of(logical, string(data))
			r.logical[info.Meta().Filename] = logical
			return nil
		},
	}).Walk()
	if failed != nil {
		err = failed
	}
	if err == nil {
		r.translations, err = e.translationsOf()
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

// wholeSite says what in templates, or in translations, makes one output depend on
// that another was rendered, or cannot be told.
func (r *reading) wholeSite() string {
	if r.translations != "" && !pipeline.Seeded("translations") {
		return r.translations
	}
	return r.set.Whole(pipeline.Seeded)
}

// translationsOf says which translation reads more of what it is given than the
// words and numbers that it is meant for: it is a template that nobody calls by its
// file. Empty is none.
func (e *Engine) translationsOf() (string, error) {
	found := ""
	err := hugofs.NewWalkway(hugofs.WalkwayConfig{
		Fs: e.sites.BaseFs.I18n.Fs, Root: "", Logger: e.sites.Log, PathParser: e.sites.Conf.PathParser(),
		WalkFn: func(_ context.Context, name string, info hugofs.FileMetaInfo) error {
			if info.IsDir() || found != "" {
				return nil
			}
			data, err := readFile(info)
			if err != nil {
				return err
			}
			format := metadecoders.FormatFromString(filepath.Ext(info.Name()))
			m, err := metadecoders.Default.Unmarshal(data, format)
			if err != nil {
				return fmt.Errorf("%s: %w", info.Name(), err)
			}
			if why := translation(m); why != "" {
				found = fmt.Sprintf("a translation in %s %s", e.log.relative(info.Meta().Filename), why)
			}
			return nil
		},
	}).Walk()
	return found, err
}

func translation(v any) string {
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !rv.IsNil() {
			return translation(rv.Elem().Interface())
		}
	case reflect.Map:
		for _, key := range rv.MapKeys() {
			if k := strings.ToLower(fmt.Sprint(key.Interface())); k == "leftdelim" || k == "rightdelim" {
				return "has delimiters of its own"
			}
			if why := translation(rv.MapIndex(key).Interface()); why != "" {
				return why
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range rv.Len() {
			if why := translation(rv.Index(i).Interface()); why != "" {
				return why
			}
		}
	case reflect.String:
		if r := templates.Of("", rv.String()); len(r.Doubts) > 0 {
			return "is not certain: " + r.Doubts[0]
		} else if len(r.Names) > 0 || len(r.Keys) > 0 || r.Pages {
			return "may read a page"
		}
	}
	return ""
}

// publishes reports whether the body of a content file may publish a file that no
// page owns, by a shortcode or a hook.
func (r *reading) publishes(c *pipeline.Content) bool {
	for name := range r.set {
		lower := strings.ToLower(name)
		if strings.Contains("/"+lower, "/_markup/") && r.closure(name).Assets {
			return true
		}
	}
	for _, s := range c.Shortcodes {
		want, found := strings.ToLower(strings.TrimPrefix(s.Name, "/")), false
		for name := range r.set {
			if !templates.InContent(name) {
				continue
			}
			_, rest, _ := strings.Cut("/"+strings.ToLower(name), "shortcodes/")
			if rest == want || strings.HasPrefix(rest, want+".") {
				found = true
				if r.closure(name).Assets {
					return true
				}
			}
		}
		if !found {
			return true // one of Hugo's own
		}
	}
	return false
}

// embeddedHooks reports whether Hugo's own hooks for links and images may be used:
// they publish files.
func embeddedHooks(e *Engine) bool {
	hooks := e.configs.Base.Markup.Goldmark.RenderHooks
	for _, use := range []string{hooks.Image.UseEmbedded, hooks.Link.UseEmbedded} {
		if use != "never" && (use != "auto" || len(e.configs.Languages) > 1) {
			return true
		}
	}
	return false
}

// hasKey looks for a key at any depth, whatever its case.
func hasKey(v any, key string) bool {
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Interface, reflect.Pointer:
		return !rv.IsNil() && hasKey(rv.Elem().Interface(), key)
	case reflect.Map:
		for _, k := range rv.MapKeys() {
			if strings.EqualFold(fmt.Sprint(k.Interface()), key) || hasKey(rv.MapIndex(k).Interface(), key) {
				return true
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range rv.Len() {
			if hasKey(rv.Index(i).Interface(), key) {
				return true
			}
		}
	}
	return false
}

// importsContent is a script or style sheet that may import a content file: what
// puts those together reads the disk by itself.
func (e *Engine) importsContent(r *reading) (found string, err error) {
	builds := false
	for _, t := range r.set {
		builds = builds || t.Builds
	}
	if !builds {
		return "", nil
	}
	names := []string{".md", path.Base(filepath.ToSlash(e.configs.Base.ContentDir)) + "/"}
	err = hugofs.NewWalkway(hugofs.WalkwayConfig{
		Fs: e.sites.BaseFs.Assets.Fs, Root: "", Logger: e.sites.Log, PathParser: e.sites.Conf.PathParser(),
		WalkFn: func(_ context.Context, _ string, info hugofs.FileMetaInfo) error {
			switch strings.ToLower(filepath.Ext(info.Name())) {
			case ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".tsx", ".css", ".scss", ".sass":
			default:
				return nil
			}
			data, err := readFile(info)
			for _, name := range names {
				if strings.Contains(string(data), name) {
					found = e.log.relative(info.Meta().Filename)
				}
			}
			return err
		},
	}).Walk()
	return found, err
}
