package hugo

import (
	"fmt"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"

	"github.com/gohugoio/hugo/resources/page"

	"duskpress/tools/pipeline"
)

// A target is a file that a page will be rendered to.
type target struct {
	path   string // slash-separated, relative to the site
	dir    string // where the page's resources are published
	format string
	// mediaType and plain are the format's.
	mediaType string
	plain     bool
	alias     bool // only for looking its template up
	html      bool // and permalinkable, so that Hugo writes the page's aliases with it
}

// targets tells where a page will be rendered to. Hugo keeps this in
// unexported fields of its page; they are only read.
func targets(p page.Page) ([]target, error) {
	v := reflect.ValueOf(p)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("hugo seam Targets: page is a %T", p)
	}
	outputs := v.Elem().FieldByName("pageOutputs")
	if outputs.Kind() != reflect.Slice {
		return nil, fmt.Errorf("hugo seam Targets: %T has no slice pageOutputs", p)
	}
	var list []target
	seen := make(map[string]bool)
	for i := range outputs.Len() {
		po := outputs.Index(i)
		if po.Kind() != reflect.Pointer || po.IsNil() {
			continue
		}
		po = po.Elem()
		render := po.FieldByName("render")
		format := po.FieldByName("f")
		providers := po.FieldByName("pagePerOutputProviders")
		if render.Kind() != reflect.Bool || format.Kind() != reflect.Struct || providers.Kind() != reflect.Interface {
			return nil, fmt.Errorf("hugo seam Targets: %s has other fields than expected", po.Type())
		}
		if !render.Bool() || providers.IsNil() {
			continue
		}
		pather := providers.Elem().FieldByName("targetPather")
		if pather.Kind() != reflect.Interface || pather.IsNil() {
			return nil, fmt.Errorf("hugo seam Targets: %s has no targetPather", providers.Elem().Type())
		}
		paths := pather.Elem().FieldByName("paths")
		if paths.Type() != reflect.TypeFor[page.TargetPaths]() {
			return nil, fmt.Errorf("hugo seam Targets: %s has no paths", pather.Elem().Type())
		}
		t := target{
			path:      cleanTarget(paths.FieldByName("TargetFilename").String()),
			dir:       cleanTarget(paths.FieldByName("SubResourceBaseTarget").String()),
			format:    format.FieldByName("Name").String(),
			mediaType: format.FieldByName("MediaType").FieldByName("Type").String(),
			plain:     format.FieldByName("IsPlainText").Bool(),
			html:      format.FieldByName("IsHTML").Bool() && format.FieldByName("Permalinkable").Bool(),
		}
		if !seen[t.format+"\x00"+t.path] {
			seen[t.format+"\x00"+t.path] = true
			list = append(list, t)
		}
	}
	return list, nil
}

func cleanTarget(p string) string {
	return strings.TrimPrefix(path.Clean("/"+filepath.ToSlash(p)), "/")
}

// aliasTargets are the files that Hugo writes for a page's aliases.
func aliasTargets(p page.Page, format target) []string {
	ext := path.Ext(format.path)
	var list []string
	for _, a := range p.Aliases() {
		clean := path.Clean(filepath.ToSlash(a))
		if clean == "." || clean == "/" || strings.HasPrefix(clean, "..") {
			continue // Hugo refuses it with a message of its own
		}
		clean = strings.TrimPrefix(clean, "/")
		if path.Ext(clean) != ext && path.Ext(clean) != ".html" && path.Ext(clean) != ".htm" {
			clean = path.Join(clean, "index"+ext)
		}
		list = append(list, clean)
	}
	return list
}

// pageIndex is what is known of pages between assembly and publishing.
type pageIndex struct {
	before *beforeRender
	sums   map[string]uint64 // content files as Collect read them
	fronts map[string]string // of their front matter, if there is to be a record
	static map[string]string // published path -> source file
	sample *sample           // where only some pages shall be rendered
	// chooseMain has the languages whose main section Hugo chooses.
	chooseMain map[string]bool

	all        []page.Page      // those of every site
	owners     map[string]owner // published path -> what will write it
	byFile     map[string]page.Page
	bundleDirs map[string]string // published directory -> content directory of a bundle
	pages      map[string]string // published directory -> the page's file in HTML
}

// An owner of a path, for messages.
type owner struct {
	what    string // "the page content/a.md", "an alias of …", "the static file …"
	content *pipeline.Content
	at      pipeline.Problem // where to mend it
	alias   bool
	format  string // of the page's file
	page    page.Page
	left    *atomic.Int32 // how many of its page's files are not written yet
}

// describePage says what a page is to its author.
func (e *Engine) describePage(p page.Page) (string, *pipeline.Content) {
	if f := p.File(); f != nil {
		c := e.byFilename[f.Filename()]
		if c == nil {
			c = e.adapterOf(f.Filename(), p.Lang())
		}
		return "the page " + e.log.relative(f.Filename()), c
	}
	switch p.Kind() {
	case "term", "taxonomy", "section":
		return fmt.Sprintf("the %s page %q", p.Kind(), p.Title()), nil
	}
	return "the " + p.Kind() + " page", nil
}
