package hugo

import (
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gohugoio/hugo/resources/page"
)

// TestReachable holds the names that a template can write behind a dot, of all that
// a page and a site lead to: each was looked at, and is among those that package
// templates knows if it reads a body, or leads to one, or keeps anything. A new one
// has to be looked at, too.
func TestReachable(t *testing.T) {
	names := make(map[string]bool)
	seen := make(map[reflect.Type]bool)
	var visit func(reflect.Type)
	visit = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Slice, reflect.Array, reflect.Map:
			visit(typ.Elem())
		}
		of := typ
		if typ.Kind() == reflect.Pointer {
			of = typ.Elem()
		}
		if seen[typ] || !strings.HasPrefix(of.PkgPath(), "github.com/gohugoio/") {
			return
		}
		seen[typ] = true
		if of == typ && typ.Kind() != reflect.Interface {
			visit(reflect.PointerTo(typ))
		}
		for i := range typ.NumMethod() {
			m := typ.Method(i)
			names[m.Name] = true
			for j := range m.Type.NumOut() {
				visit(m.Type.Out(j))
			}
		}
		if of.Kind() == reflect.Struct {
			for _, f := range reflect.VisibleFields(of) {
				if f.IsExported() {
					names[f.Name] = true
					visit(f.Type)
				}
			}
		}
	}
	visit(reflect.TypeFor[page.Page]())
	visit(reflect.TypeFor[page.Site]())
	data, err := os.ReadFile("testdata/reachable.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Fields(string(data))
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !slices.Contains(known, name) {
			t.Errorf("%s is new: does it read a body, lead to another page, or keep anything?", name)
		}
	}
	for _, name := range known {
		if !names[name] {
			t.Errorf("%s is gone", name)
		}
	}
}
