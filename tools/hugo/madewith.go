package hugo

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"github.com/gohugoio/hugo/common/paths"
	"github.com/gohugoio/hugo/identity"
	"github.com/gohugoio/hugo/resources/page"
	"github.com/gohugoio/hugo/tpl/tplimpl"

	"duskpress/tools/pipeline"
)

// Hugo notes for its server what each page was made with, so that an edit makes
// the right pages again. The same notes tell an author which partials,
// shortcodes, hooks and resources a page has.

// madeWith adds the templates, but for its own, and the resources that a page
// was made with. Those of other pages, which it lists, are not among them.
func (e *Engine) madeWith(o *pipeline.Output, p page.Page, own ...*tplimpl.TemplInfo) error {
	if !e.opts.Account {
		return nil
	}
	templates := make(map[pipeline.Template]bool)
	files := make(map[string]bool)
	seen := make(map[identity.Identity]bool)
	var walk func(m identity.Manager) error
	note := func(id identity.Identity) error {
		if id == nil || seen[id] {
			return nil
		}
		seen[id] = true
		switch id := id.(type) {
		case *tplimpl.TemplInfo:
			format := id.D.OutputFormat
			if id.PathInfo != nil && id.SubCategory() != tplimpl.SubCategoryInline && (format == "" || format == "html" || format == o.Format) {
				templates[*e.template(id)] = true
			}
		case *paths.Path:
			if file := e.resourceFile(id); file != "" {
				files[file] = true
			}
		case page.Page:
		default:
			if inner := identity.GetDependencyManager(id); inner != nil {
				return walk(inner)
			}
		}
		return nil
	}
	walk = func(m identity.Manager) error {
		ids, err := identities(m)
		for _, id := range ids {
			// A resource made of others: itself, and what it was made of.
			if both, ok := id.(identity.FindFirstManagerIdentityProvider); ok && err == nil {
				if seen[id] {
					continue
				}
				seen[id] = true
				made := both.FindFirstManagerIdentity()
				if err = note(made.Identity); err == nil {
					err = walk(made.Manager)
				}
			} else if err == nil {
				err = note(id)
			}
		}
		return err
	}
	managers, err := dependencies(p, o.Format)
	if err != nil {
		return err
	}
	for _, m := range managers {
		if err := walk(m); err != nil {
			return err
		}
	}
	for _, t := range own {
		if t != nil {
			delete(templates, *e.template(t))
		}
	}
	for t := range templates {
		o.Used = append(o.Used, &t)
	}
	slices.SortFunc(o.Used, func(a, b *pipeline.Template) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.File, b.File))
	})
	for f := range files {
		o.Read = append(o.Read, f)
	}
	slices.Sort(o.Read)
	return nil
}

// dependencies are Hugo's notes on a page and on one of its formats.
func dependencies(p page.Page, format string) ([]identity.Manager, error) {
	var list []identity.Manager
	if d, ok := p.(identity.DependencyManagerProvider); ok {
		list = append(list, d.GetDependencyManager())
	}
	outputs := reflect.ValueOf(p).Elem().FieldByName("pageOutputs")
	for i := range outputs.Len() {
		po := outputs.Index(i)
		if po.IsNil() || po.Elem().FieldByName("f").FieldByName("Name").String() != format {
			continue
		}
		field := po.Elem().FieldByName("dependencyManagerOutput")
		if !field.IsValid() || field.Type() != reflect.TypeFor[identity.Manager]() {
			return nil, fmt.Errorf("hugo seam Account: %s has no dependencyManagerOutput", po.Type())
		}
		list = append(list, *(*identity.Manager)(unsafe.Pointer(field.UnsafeAddr())))
	}
	return list, nil
}

// identities are what a note names directly. Hugo's own walk goes into every
// page that is named, too, which would make a page of all that it links to.
func identities(m identity.Manager) ([]identity.Identity, error) {
	if m == nil || m == identity.Manager(identity.NopManager) {
		return nil, nil
	}
	v := reflect.ValueOf(m)
	if v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct {
		ids, more := v.Elem().FieldByName("ids"), v.Elem().FieldByName("forEachIds")
		if ids.IsValid() && ids.Type() == reflect.TypeFor[identity.Identities]() && more.IsValid() && more.Type() == reflect.TypeFor[[]identity.ForEeachIdentityProvider]() {
			list := slices.Collect(maps.Keys(*(*identity.Identities)(unsafe.Pointer(ids.UnsafeAddr()))))
			for _, each := range *(*[]identity.ForEeachIdentityProvider)(unsafe.Pointer(more.UnsafeAddr())) {
				each.ForEeachIdentity(func(id identity.Identity) bool {
					list = append(list, id)
					return false
				})
			}
			return list, nil
		}
	}
	return nil, fmt.Errorf("hugo seam Account: %T has no fields ids and forEachIds", m)
}

// resourceFile is the file of assets/ or of a bundle that a page read.
func (e *Engine) resourceFile(p *paths.Path) string {
	rel := strings.TrimPrefix(p.Path(), "/")
	switch p.Component() {
	case "assets":
		if file := realName(e.sites.BaseFs.Assets.Fs, filepath.FromSlash(rel)); file != "" {
			return e.log.relative(file)
		}
	case "content":
		if p.IsContent() {
			return ""
		}
		if file := realName(e.sites.BaseFs.Content.Fs, filepath.FromSlash(rel)); e.resources[file] {
			return e.log.relative(file)
		}
	}
	return ""
}
